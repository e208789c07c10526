"""The reports: who may read each, and what it is asked by (K7).

Whoever may read a report may take it along, and nobody else: the route that shows it and the one by which it
is exported both ask this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from functions.platform.roles import NOBODY, Role

SPAN = frozenset({"from", "until"})
"""The first and the last day of what a report is of."""
MONEY = Role.STAFF | Role.FINANCE
COUNTER = Role.STAFF | Role.CLERK | Role.FINANCE


@dataclass(frozen=True, slots=True)
class Report:
    """Who may read a report besides admins, and the filters that it has, as an export of it names them."""

    roles: Role
    filters: frozenset[str] = frozenset()

    @property
    def exporters(self) -> Role:
        """Who may take it along: readers, but for the old scope, which gains no route (K7)."""
        return self.roles & ~Role.STAFF


REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "sales": Report(Role.FINANCE, SPAN),
        "points-liability": Report(MONEY),
        "points-differences": Report(MONEY),
        "payment-differences": Report(MONEY, SPAN),
        "refunds": Report(MONEY, frozenset({"state"})),
        "unassigned-payments": Report(MONEY),
        "returns": Report(MONEY, SPAN),
        "cases": Report(COUNTER, SPAN),
        "late-deliveries": Report(COUNTER),
        "audit": Report(Role.ADMIN, SPAN | {"by", "value"}),
    }
)
"""By what each is called in its path: ``/reports/sales``, and ``/audit``."""


def exporters_of_any() -> Role:
    """Return who may export one report at least."""
    found = NOBODY
    for report in REPORTS.values():
        found |= report.exporters
    return found
