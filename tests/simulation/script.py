"""What a world is told to do: operations, the steps that they are done in, and how both are written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.faults import Kind


class Op:
    """Something that a shopper, the staff, the payment provider or AWS itself does.

    It is concrete: who, which id, how much. What it refers to may not be there, and then it is refused.
    """

    def __init__(self, do: str, **what: Any) -> None:
        self.do = do
        self.what = what

    def __getitem__(self, name: str) -> Any:
        return self.what[name]

    def __repr__(self) -> str:
        said = "".join(f", {name}={value!r}" for name, value in self.what.items())
        return f"Op({self.do!r}{said})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Op) and (self.do, self.what) == (other.do, other.what)

    def __hash__(self) -> int:
        return hash(repr(self))


@dataclass(frozen=True)
class Step:
    """Operations that run at once from a moment on (or at once, if that is over already).

    ``faults`` is how many of their calls to AWS fail. ``seed`` decides which and how, in what order the
    operations take turns, and what is delivered. ``meets`` names the faults instead, by the number of the
    call within the step: a test that is kept says what its calls meet, whatever a seed will come to mean.
    """

    at: str
    seed: int
    ops: tuple[Op, ...]
    faults: float = 0.0
    meets: Mapping[int, Kind] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When it begins."""
        return datetime.fromisoformat(self.at)


REST = Op("rest")
"""The world comes to rest and everything is checked; a step of its own."""


def as_test(name: str, steps: Sequence[Step]) -> str:
    """Write steps as a test that can be pasted into test_found.py."""
    lines = [f"def test_{name}() -> None:", "    replay("]
    for step in steps:
        named = "".join(f"{number}: Kind.{kind.name}, " for number, kind in step.meets.items())
        faults = f"meets={{{named}}}" if named else f"faults={step.faults}"
        lines.append(f"        Step({step.at!r}, seed={step.seed}, {faults}, ops=(")
        lines += [f"            {op!r}," for op in step.ops]
        lines.append("        )),")
    return "\n".join([*lines, "    )", ""])


class Violation(Exception):
    """Something that must always hold does not: ``name`` says what, the text where."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.name = name

    def __str__(self) -> str:
        return ": ".join(self.args)
