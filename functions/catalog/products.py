"""What a product is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from functions.counters.counter import ONE_ROW, Spread
from functions.domain.errors import ConflictError, NotFoundError

ProductStatus = Literal["on_sale", "withdrawn"]
ON_SALE: Literal["on_sale"] = "on_sale"
WITHDRAWN: Literal["withdrawn"] = "withdrawn"
EVERY_STATUS: tuple[ProductStatus, ...] = get_args(ProductStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as the catalogue has it. ``price_fen`` is the list price of one unit.

    A withdrawn one keeps its stock, and what comes back is added to it; nobody can buy it (O7). ``spread`` is
    how its stock lies: in one row, so that ``stock`` is exact, or in several, and it is of a moment ago (Z1).
    ``no_reason`` says whether it can be sent back for no reason (A3).
    """

    sku: str
    name: str
    price_fen: int
    member_zone: bool
    stock: int
    low_stock_threshold: int | None = None
    status: ProductStatus = ON_SALE
    stock_rows: int | None = None
    """In how many rows staff want its stock at least; None where the programme decides."""
    no_reason: bool = True
    spread: Spread = field(default=ONE_ROW, compare=False)
    holders: tuple[str, ...] = field(default=(), compare=False)
    """For whom units are set aside besides the stock (V2)."""

    @property
    def version(self) -> int | None:
        """How many puts have changed it; None of a row from before they were counted."""
        return self.spread.terms or None

    @property
    def in_stock(self) -> bool:
        """Whether a unit can be bought now."""
        return self.status == ON_SALE and self.stock > 0


def no_product() -> NotFoundError:
    """Return the refusal of a sku that the catalogue does not have."""
    return NotFoundError("product_not_found", "The catalogue has no such product.")


def insufficient_stock(skus: Sequence[str], left: Mapping[str, int] | None = None) -> ConflictError:
    """Return the refusal of more units than there are of these skus.

    ``left`` is how many of each could be had a moment ago, where whoever asks may know.
    """
    more = {} if left is None else {"left": dict(left)}
    return ConflictError("insufficient_stock", "There is not that much in stock.", skus=list(skus), **more)
