"""From which rows of their stock an order takes its units (Z1).

A product whose stock is one row is taken from there. Of one in several rows each order has its own, by its
id; which of the others has enough is looked up only after that one had too little, or where all together had
too little a moment ago. What an attempt finds out, the next one knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from functions.catalog.products import Product, insufficient_stock
from functions.catalog.rows import STOCK
from functions.catalog.stock import counter_of, sku_of
from functions.counters import counter, heat
from functions.counters.counter import TERMS
from functions.offers.quotes import QuoteLine
from functions.platform.deadline import Deadline
from functions.platform.dynamo import SENDS_MAX, Row, Tables, Transaction

SENDS_BEFORE_ANOTHER_ROW = 2
"""How often an order that looks for its rows sends one choice: of the last units many choose alike."""
Picked = Mapping[str, Mapping[int, int]]
"""Units by the row that they are taken from, by sku."""


@dataclass(slots=True)
class Picking:
    """The rows that one order takes its units from, over its attempts."""

    tables: Tables
    table: str
    order_id: str
    _looked_for: set[str] = field(default_factory=set)
    """Skus of which the order's own row could not give what was wanted."""
    _tries: int = 0
    """The attempts that others were in the way of: each has another row for its own."""

    def pick(
        self,
        lines: Sequence[QuoteLine],
        products: Mapping[str, Product],
        deadline: Deadline,
        *,
        surely: bool = False,
    ) -> Picked:
        """Return from which rows each line's units are taken.

        Parameters
        ----------
        surely
            Whether to look for every line's units; else the order's own row is trusted to have them.

        Raises
        ------
        ConflictError
            ``insufficient_stock``: all rows of a sku had too little together, at one moment. ``conflict``:
            they may have had, and changed too fast to tell.
        """
        found = {line.sku: self._rows(products[line.sku], line.quantity, deadline, surely) for line in lines}
        picked = {sku: rows for sku, rows in found.items() if rows is not None}
        if len(picked) < len(found):
            raise insufficient_stock([sku for sku in found if sku not in picked])
        return picked

    def learn(self, refusing: Sequence[Row], products: Mapping[str, Product], deadline: Deadline) -> None:
        """Take account of the rows that stood against an attempt.

        One that goes by older terms than the product's row, and still does at a later attempt, was left
        behind by a change of the product: it is told, and only it. A thousand orders that told all rows would
        be in the way of the change, which may be under way, and in each other's.
        """
        for row in refusing:
            sku = sku_of(row)
            if sku is None or products[sku].spread.is_one:
                continue
            again = sku in self._looked_for
            self._looked_for.add(sku)
            if again and row["item"] == STOCK and TERMS in row and row[TERMS] < products[sku].spread.terms:
                number = int(str(row["sku"]).partition("#")[2])
                spread = products[sku].spread
                counter.tell_terms(self.tables, counter_of(self.table, sku), spread, deadline, only=number)

    @property
    def sends_max(self) -> int:
        """How often an attempt is sent while others are in its way, before it is tried with other rows."""
        return SENDS_BEFORE_ANOTHER_ROW if self._looked_for else SENDS_MAX

    def elsewhere(self, products: Mapping[str, Product]) -> bool:
        """Have the next attempt look for other rows, if there are any; return whether there are."""
        spread = {sku for sku, product in products.items() if not product.spread.is_one}
        self._looked_for.update(spread)
        self._tries += 1
        return bool(spread)

    def feel(self, transaction: Transaction, picked: Picked, products: Mapping[str, Product]) -> None:
        """Let the stock be spread over more rows where others were in the way again and again."""
        if transaction.conflicts:
            for sku, rows in picked.items():
                heat.feel(self.tables, transaction, counter_of(self.table, sku), products[sku].spread, rows)

    def _rows(
        self, product: Product, units: int, deadline: Deadline, surely: bool
    ) -> Mapping[int, int] | None:
        """Return where a line's units are taken from; None if all rows have too little together."""
        if product.spread.is_one:
            return {0: units} if product.stock >= units else None
        if not surely and product.sku not in self._looked_for and product.stock >= units:
            return {product.spread.row_of(self.order_id): units}
        return counter.find(
            self.tables,
            counter_of(self.table, product.sku),
            product.spread,
            units,
            deadline,
            name=f"{self.order_id} {self._tries}" if self._tries else self.order_id,
        )
