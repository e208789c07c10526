"""Gifts: from so much on, a product more, for nothing (V6)."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftTerms:
    """With goods of ``from_fen`` the order has ``quantity`` units of a sku more, at unit price 0."""

    kind: ClassVar[str] = "gift"
    is_line_offer: ClassVar[bool] = False

    from_fen: int
    sku: str
    quantity: int

    def to_row(self) -> dict[str, Any]:
        """Write the terms as plain values."""
        return {"from_fen": self.from_fen, "sku": self.sku, "quantity": self.quantity}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "GiftTerms":
        """Read the terms."""
        return cls(from_fen=row["from_fen"], sku=row["sku"], quantity=row["quantity"])
