"""What a quote or an order must come to that meets nobody and no fault: the rules leave no choice (P9)."""

from datetime import datetime
from typing import Any

from functions.domain import identifiers
from tests.oracle import calendar, pricing
from tests.oracle.tables import Refused
from tests.simulation.script import Op, Violation
from tests.simulation.world import Outcome, World, order_id_of

Json = dict[str, Any]


class Foretold:
    """The shop's shelves and the member's rows before an operation, and what follows from them."""

    def __init__(self, op: Op, world: World) -> None:
        self._op = op
        self._cloud = world.cloud
        self._member = op["member"]
        self._products = {sku: self._cloud.row("Catalog", sku=sku, item="PRODUCT") for sku in op["units"]}
        self._standing = self._row("STANDING")
        self._wallet = self._row("WALLET")
        self._began = world.time.now()
        self._coupon = self._row(f"COUPON#BIRTHDAY#{self._year()}")
        new = op.do == "quote" or not self._there(f"{self._member}/{op['key']}")
        self.certain = new and self._standing is not None and None not in self._products.values()

    def compare(self, outcome: Outcome) -> None:
        """Compare with what was answered.

        Raises
        ------
        Violation
            It was something else.
        """
        answer = outcome.answer
        if answer is None:
            raise Violation("no answer", f"{self._op}")
        if answer.status < 300:
            quote = answer.body if self._op.do == "quote" else answer.body["quote"]
            found: Any = {name: value for name, value in quote.items() if name != "not_applied"}
        else:
            found = answer.body["code"]
        expected = [self._expected(moment) for moment in (self._began, outcome.ended)]
        if found not in expected:
            raise Violation("quoted otherwise", f"{self._op}: expected {expected[0]}, found {found}")

    def _expected(self, moment: datetime) -> Any:
        """Return the quote, or the code of the refusal."""
        lines = [
            (sku, product["price_fen"], product["member_zone"], self._op["units"][sku])
            for sku, product in self._products.items()
            if product is not None
        ]
        assert self._standing is not None
        cart = pricing.Cart(
            lines,
            self._standing["tier"],
            moment,
            held=self._held(),
            available_points=self._spendable(moment),
            coupon=self._op["coupon"],
            points=self._op["points"],
        )
        try:
            quote = pricing.quote(cart)
        except Refused as refused:
            return refused.code
        if self._op.do == "quote":
            return quote
        if any(
            product["stock"] < units for product, (_, _, _, units) in zip(self._shelf(), lines, strict=True)
        ):
            return "insufficient_stock"
        if self._op["expects"] not in (None, quote["paid_fen"]):
            return "quote_changed"
        return quote

    def _shelf(self) -> list[Json]:
        return [product for product in self._products.values() if product is not None]

    def _held(self) -> pricing.HeldCoupon | None:
        row = self._coupon
        if row is None:
            return None
        begins, ends = map(datetime.fromisoformat, (row["valid_from"], row["valid_until"]))
        return pricing.HeldCoupon(
            row["coupon_id"], row["face_value_fen"], begins, ends, used=bool(row["order_id"])
        )

    def _spendable(self, moment: datetime) -> int:
        years = {} if self._wallet is None else self._wallet["available"]
        return sum(points for year, points in years.items() if calendar.points_usable(int(year), moment))

    def _year(self) -> int:
        asked: str = self._op["coupon"]
        if asked not in ("none", "best"):
            return identifiers.coupon_year(self._member, asked) or 0
        return calendar.store_time(self._began).year

    def _row(self, item: str) -> Json | None:
        return self._cloud.row("Members", member_id=self._member, item=item)

    def _there(self, name: str) -> bool:
        return self._cloud.row("Orders", order_id=order_id_of(name), item="ORDER") is not None
