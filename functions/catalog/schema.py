"""What the catalogue's routes take and answer: products and movements of stock."""

from typing import Annotated

from pydantic import Field, StringConstraints

from functions.catalog.products import ON_SALE, Product, ProductStatus
from functions.catalog.stock import StockMovement
from functions.counters.counter import ROWS_MAX
from functions.domain.policy import Policy
from functions.platform.shapes import Answer, CallerId, Printable, Request, StoreTime

PRICE_FEN_MAX = 100_000_000
STOCK_MAX = 1_000_000_000

Text = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


class ProductRequest(Request):
    """What the catalogue says of a product."""

    name: Text
    price_fen: Annotated[int, Field(ge=1, le=PRICE_FEN_MAX)]
    member_zone: bool
    low_stock_threshold: Annotated[int, Field(ge=0, le=STOCK_MAX)] | None = None
    status: ProductStatus = Field(
        default=ON_SALE, description="A withdrawn product cannot be bought; what is not said is on sale."
    )

    stock_rows: Annotated[int, Field(ge=1, le=ROWS_MAX)] | None = Field(
        default=None,
        description="In how many rows its stock is kept at least, for a sale at which many buy it at once: "
        "one for each 25 orders a second. Where it is not said the programme decides, by what it sees.",
    )
    no_reason: bool = Field(
        default=True,
        description="Whether it can be sent back for no reason. Orders keep what was said when placed.",
    )


class StockRequest(Request):
    """A movement of stock from outside, once per ``movement_id`` and sku."""

    movement_id: CallerId
    delta: Annotated[int, Field(ge=-STOCK_MAX, le=STOCK_MAX)]
    reason: Text


class ProductAnswer(Answer):
    """A product as the caller sees it; ``in_stock`` says whether it can be bought now.

    ``your_price_fen`` is that of one unit; ``price_of`` is what it is of: `list`, `member_day`, a campaign.
    ``no_reason`` is there where it is false: it cannot be sent back for no reason.

    ``stock`` is there for staff only, and so are ``low_stock_threshold`` and ``stock_rows``, where there is
    one, and ``stock_rows_now``, in how many rows the stock is, where it is in several; and ``version``, which
    counts the puts that changed it.
    """

    sku: str
    name: str
    price_fen: int
    your_price_fen: int
    price_of: str
    member_zone: bool
    status: ProductStatus
    in_stock: bool
    stock: int | None = Field(default=None, exclude_if=lambda stock: stock is None)
    low_stock_threshold: int | None = Field(default=None, exclude_if=lambda threshold: threshold is None)
    stock_rows: int | None = Field(default=None, exclude_if=lambda rows: rows is None)
    stock_rows_now: int | None = Field(default=None, exclude_if=lambda rows: rows is None)
    set_aside: dict[str, int] | None = Field(
        default=None,
        exclude_if=lambda units: units is None,
        description="Units of flash sales, by campaign, besides the stock; of one product, for staff.",
    )
    version: int | None = Field(default=None, exclude_if=lambda version: version is None)
    no_reason: bool = Field(default=True, exclude_if=lambda no_reason: no_reason)


class MovementAnswer(Answer):
    """A movement of a product's stock; ``operator`` is whose token recorded it.

    ``operator_name`` is what they sign in with: not of services, and of nothing from before it was kept.
    """

    movement_id: str
    delta: int
    reason: str
    operator: str
    operator_name: str | None = Field(default=None, exclude_if=lambda name: name is None)
    moved_at: StoreTime


def product_answer(product: Product, price: tuple[int, str], *, staff: bool) -> ProductAnswer:
    """Show a product to a caller with their own price, and what that is of; staff also see its stock."""
    your_price_fen, price_of = price
    return ProductAnswer(
        sku=product.sku,
        name=product.name,
        price_fen=product.price_fen,
        your_price_fen=your_price_fen,
        price_of=price_of,
        member_zone=product.member_zone,
        status=product.status,
        in_stock=product.in_stock,
        stock=product.stock if staff else None,
        low_stock_threshold=product.low_stock_threshold if staff else None,
        stock_rows=product.stock_rows if staff else None,
        stock_rows_now=product.spread.rows if staff and not product.spread.is_one else None,
        version=product.version if staff else None,
        no_reason=product.no_reason,
    )


def movement_answer(movement: StockMovement, policy: Policy) -> MovementAnswer:
    """Show a movement of stock, in store time."""
    return MovementAnswer(
        movement_id=movement.movement_id,
        delta=movement.delta,
        reason=movement.reason,
        operator=movement.operator,
        operator_name=movement.operator_name,
        moved_at=movement.moved_at.astimezone(policy.zone),
    )
