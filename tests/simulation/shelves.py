"""What lies of each product in all rows of its stock, as an outsider adds it up (Z1)."""

from collections import Counter, defaultdict
from typing import Any

from functions.platform.dynamo import from_item
from tests.simulation.script import Violation

Json = dict[str, Any]
STOCK = ("PRODUCT", "STOCK")


def sku_of(row: Json) -> str:
    """Return the product whose stock a row is of: ``tea#3`` is a row of tea's."""
    return str(row["sku"]).partition("#")[0]


def told(product: Json) -> int:
    """Return the stock that a product's row tells of itself: all of it where that is one row."""
    return int(product["total"] if product.get("rows", 1) > 1 else product.get("stock", 0))


class Shelves:
    """The stock of all products by their rows, and the least that there was of each since one looked."""

    def __init__(self) -> None:
        self._units: dict[str, Counter[str]] = defaultdict(Counter)
        self._terms: dict[str, dict[str, int]] = defaultdict(dict)
        self._aside: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        self._offers: dict[str, dict[int, Json]] = defaultdict(dict)
        self.least: dict[str, int] = {}

    def begin(self) -> None:
        """From here on the least that there is of each product is noted."""
        self.least = {sku: self.of(sku) for sku in self._units}

    def of(self, sku: str) -> int:
        """Return what lies in all rows of a product."""
        return self._units[sku].total()

    def put(self, row: Json) -> str:
        """Take in a row as it is now; return its product."""
        sku, name = sku_of(row), str(row["sku"])
        if row["stock"] < 0:
            raise Violation("negative stock", f"{row}")
        closed = row["item"] == "STOCK" and "terms" not in row
        if closed and row["stock"]:
            raise Violation("units in a closed row", f"{row}")
        self._units[sku][name] = row["stock"]
        self._terms[sku].pop(name, None)
        if not closed:
            self._terms[sku][name] = row.get("terms", 0)
        if row["item"] == "PRODUCT":
            self._offers[sku][row.get("terms", 0)] = row
        return sku

    def put_aside(self, row: Json) -> str:
        """Take in a row of units that are set aside for a campaign as it is now; return the product (V2)."""
        name = str(row["sku"])
        _, holder, sku = name.partition("#")[0].split(":")
        self._aside[sku, holder].pop(name, None)
        if "terms" in row:
            self._aside[sku, holder][name] = row["terms"]
        return sku

    def committed(self, skus: set[str]) -> None:
        """Take in that a transaction is over, with all that it has moved."""
        for sku in skus:
            self.least[sku] = min(self.least.get(sku, self.of(sku)), self.of(sku))

    def offers(self, sku: str, holder: str | None = None) -> list[Json]:
        """Return what the product may be sold as: as its row says, or one that has not been told yet.

        Units that are set aside for a campaign, the ``holder``, go by what their own rows say.
        """
        rows = self._terms[sku] if holder is None else self._aside[sku, holder]
        return [self._offers[sku][terms] for terms in set(rows.values())]

    def check_offer(self, sku: str) -> None:
        """No row of a product's units is sold as anything but what was said of the product last."""
        holders = [None, *(holder for of, holder in [*self._aside] if of == sku)]
        offers = {
            (each["price_fen"], each["member_zone"], each["status"])
            for holder in holders
            for each in self.offers(sku, holder)
        }
        if len(offers) > 1:
            raise Violation("sold as before a change", f"{sku}: {offers}")

    def check_at_rest(self, products: list[Json]) -> None:
        """Where nothing is under way, a product's row tells the sum, and all rows go by its terms."""
        for product in products:
            sku = product["sku"]
            if told(product) != self.of(sku):
                raise Violation("sum not told", f"{product}: there are {self.of(sku)}")
            if len(set(self._terms[sku].values())) > 1:
                raise Violation("rows go by other terms", f"{product}: {self._terms[sku]}")
            if len(self._terms[sku]) != product.get("rows", 1):
                raise Violation("rows open that should not", f"{product}: {self._terms[sku]}")


def spreads(changes: list[Json]) -> Counter[str]:
    """Count how often stock came to lie in more rows or in fewer, and was levelled."""
    found: Counter[str] = Counter()
    for change in changes:
        images = change["dynamodb"]
        if images["Keys"]["item"]["S"] not in STOCK or "OldImage" not in images:
            continue
        before, after = from_item(images["OldImage"]), from_item(images["NewImage"])
        rows = before.get("rows", 1), after.get("rows", 1)
        found["in more rows"] += rows[0] < rows[1]
        found["in fewer rows"] += rows[0] > rows[1]
        levelled = before.get("shifted", 0) > after.get("shifted", 0) and "terms" in after
        found["levelled"] += rows[0] == rows[1] and levelled
    return found
