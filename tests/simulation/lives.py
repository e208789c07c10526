"""An order as the model has it, and how two things are compared."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.oracle import tables
from tests.simulation.offers_priced import Priced
from tests.simulation.script import Violation

Json = dict[str, Any]


def differ(name: str, what: str, expected: object, found: object) -> None:
    """Complain unless two things are equal.

    Raises
    ------
    Violation
        They are not.
    """
    if expected != found:
        raise Violation(name, f"{what}: expected {expected}, found {found}")


@dataclass
class Life:
    """An order as the model has it: what it was placed at, and what has become of it.

    ``changes`` are those after the payment: when, what it earns from then on, and how many redeemed points
    have come back by then.
    """

    name: str
    member: str
    shown: Json
    row: Json
    order: Priced
    status: str
    paid_at: datetime | None
    staying: list[int]
    changes: list[tuple[datetime, int, int]] = field(default_factory=list)
    released_from: datetime | None = None

    @property
    def retained(self) -> dict[str, int]:
        """What is kept of it (O4, O5)."""
        return self.order.retained(self.staying)

    @property
    def earned_first(self) -> int:
        """What it earned when it was paid (E1)."""
        return tables.earned_points(self.order.paid_fen)


def at(text: str | None) -> datetime | None:
    """Read a time of an answer."""
    return None if text is None else datetime.fromisoformat(text)
