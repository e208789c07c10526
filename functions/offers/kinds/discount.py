"""Discounts: a factor of the list price (V1)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from functions.domain.money import rated


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountTerms:
    """Every unit costs ``rhu(list * rate)``; 0 < rate < 1, with four decimals at most."""

    kind: ClassVar[str] = "discount"
    is_line_offer: ClassVar[bool] = True

    rate: Decimal

    def unit_price_fen(self, _sku: str, list_price_fen: int) -> int | None:
        """Return what a unit costs (V1)."""
        return rated(list_price_fen, self.rate)

    def to_row(self) -> dict[str, Any]:
        """Write the terms as plain values."""
        return {"rate": str(self.rate)}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "DiscountTerms":
        """Read the terms."""
        return cls(rate=Decimal(row["rate"]))
