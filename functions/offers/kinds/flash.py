"""Flash sales: a price for some units of some skus, set aside from the stock (V2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashItem:
    """What a unit of a sku costs, and how many there are in all."""

    price_fen: int
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashTerms:
    """Prices and units by sku; a member may have ``per_member`` units of each over the whole campaign."""

    kind: ClassVar[str] = "flash"
    is_line_offer: ClassVar[bool] = True

    items: Mapping[str, FlashItem]
    per_member: int

    def unit_price_fen(self, sku: str, _list_price_fen: int) -> int | None:
        """Return what a unit costs, None if the sku is not in the sale (V2)."""
        item = self.items.get(sku)
        return None if item is None else item.price_fen

    def to_row(self) -> dict[str, Any]:
        """Write the terms as plain values."""
        items = {
            sku: {"price_fen": item.price_fen, "units": item.units}
            for sku, item in sorted(self.items.items())
        }
        return {"items": items, "per_member": self.per_member}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "FlashTerms":
        """Read the terms."""
        return cls(
            items={sku: FlashItem(**item) for sku, item in row["items"].items()}, per_member=row["per_member"]
        )
