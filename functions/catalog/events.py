"""What the outside is told of the catalogue: stock that has become low."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.catalog.products import WITHDRAWN
from functions.counters.counter import told
from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event
from functions.platform.dynamo import Row
from functions.platform.streams import RowChange


@dataclass(frozen=True, kw_only=True)
class StockLow(Event):
    """A product on sale has its threshold in stock, or less; told again only after it was not so.

    Where the stock lies in several rows it is their sum of a moment ago, as the product's row has it (Z1).
    """

    sku: str
    stock: int
    low_stock_threshold: int


def of_product(change: RowChange, policy: Policy) -> Iterator[Event]:
    """Give the event of a product whose stock has become low; a new product has none yet, and is not.

    A withdrawn product is never low (O7): back on sale with too little, it has become so.
    """
    if change.before is not None and _low(change.after) and not _low(change.before):
        row = change.after
        yield StockLow(
            event_id=identifiers.event_id(StockLow.__name__, row["sku"], change.sequence_number),
            occurred_at=change.at.astimezone(policy.zone),
            sku=row["sku"],
            stock=told(row, "stock"),
            low_stock_threshold=row["low_stock_threshold"],
        )


def _low(row: Row) -> bool:
    threshold = row["low_stock_threshold"]
    return threshold is not None and told(row, "stock") <= threshold and row.get("status") != WITHDRAWN
