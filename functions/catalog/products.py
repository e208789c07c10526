"""What a product is."""

from dataclasses import dataclass
from typing import Literal, get_args

from functions.domain.errors import NotFoundError

ProductStatus = Literal["on_sale", "withdrawn"]
ON_SALE: Literal["on_sale"] = "on_sale"
WITHDRAWN: Literal["withdrawn"] = "withdrawn"
EVERY_STATUS: tuple[ProductStatus, ...] = get_args(ProductStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as the catalogue has it. ``price_fen`` is the list price of one unit.

    A withdrawn one keeps its stock, and what comes back is added to it; nobody can buy it (O7).
    """

    sku: str
    name: str
    price_fen: int
    member_zone: bool
    stock: int
    low_stock_threshold: int | None = None
    status: ProductStatus = ON_SALE

    @property
    def in_stock(self) -> bool:
        """Whether a unit can be bought now."""
        return self.status == ON_SALE and self.stock > 0


def no_product() -> NotFoundError:
    """Return the refusal of a sku that the catalogue does not have."""
    return NotFoundError("product_not_found", "The catalogue has no such product.")
