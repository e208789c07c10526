"""Spend and save: from so much on, so much off (V4)."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From how much, so much off, in fen."""

    from_fen: int
    off_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendSaveTerms:
    """1 to 10 steps, both amounts strictly rising; one step may ``repeat``, up to ``max_off_fen``."""

    kind: ClassVar[str] = "spend_save"
    is_line_offer: ClassVar[bool] = False

    steps: tuple[Step, ...]
    repeat: bool = False
    max_off_fen: int | None = None

    @property
    def from_fen(self) -> int:
        """From how much on anything is taken off."""
        return self.steps[0].from_fen

    def off_fen(self, base_fen: int) -> int:
        """Return what is taken off goods of this sum; 0 below the first step (V4)."""
        if self.repeat:
            (step,) = self.steps
            off = base_fen // step.from_fen * step.off_fen
            return off if self.max_off_fen is None else min(off, self.max_off_fen)
        return max((step.off_fen for step in self.steps if step.from_fen <= base_fen), default=0)

    def to_row(self) -> dict[str, Any]:
        """Write the terms as plain values."""
        steps = [{"from_fen": step.from_fen, "off_fen": step.off_fen} for step in self.steps]
        return {"steps": steps, "repeat": self.repeat, "max_off_fen": self.max_off_fen}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "SpendSaveTerms":
        """Read the terms."""
        return cls(
            steps=tuple(Step(**step) for step in row["steps"]),
            repeat=row["repeat"],
            max_off_fen=row["max_off_fen"],
        )
