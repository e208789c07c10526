"""How an operation must end that meets nobody and no fault: the rules leave no choice."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from functions.domain import identifiers
from tests.oracle import calendar, pricing
from tests.oracle.tables import RULES, Refused
from tests.simulation.script import Op, Violation
from tests.simulation.world import Outcome, World, order_id_of

Json = dict[str, Any]
PAYMENT_WINDOW = timedelta(minutes=RULES.payment_window_minutes)
AUTO_RECEIPT = timedelta(days=RULES.auto_receipt_days)


class Foretold(ABC):
    """How an operation must end, as the rows before it decide; ``certain`` says whether they do."""

    certain: bool

    def __init__(self, op: Op, world: World) -> None:
        self._op = op
        self._cloud = world.cloud
        self._began = world.time.now()

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
        found = self._told(answer.body) if answer.status < 300 else answer.body["code"]
        expected = [self._expected(moment) for moment in (self._began, outcome.ended)]
        if found not in expected:
            raise Violation("not as foretold", f"{self._op}: expected {expected[0]}, found {found}")

    @abstractmethod
    def _told(self, body: Json) -> Any:
        """Return what is foretold of an answer that is no refusal."""

    @abstractmethod
    def _expected(self, moment: datetime) -> Any:
        """Return what is foretold, or the code of the refusal."""

    def _spendable(self, wallet: Json | None, moment: datetime) -> int:
        years = {} if wallet is None else wallet["available"]
        return sum(points for year, points in years.items() if calendar.points_usable(int(year), moment))


class Quoted(Foretold):
    """A quote, or the one that an order is placed at."""

    def __init__(self, op: Op, world: World, *, new: bool) -> None:
        super().__init__(op, world)
        self._member = op["member"]
        self._products = {sku: self._cloud.row("Catalog", sku=sku, item="PRODUCT") for sku in op["units"]}
        self._stock = {sku: world.stock_of(sku) for sku in op["units"]}
        self._standing = self._row("STANDING")
        self._wallet = self._row("WALLET")
        rows = [self._row(f"COUPON#BIRTHDAY#{year}") for year in self._years()]
        held = [row for row in rows if row is not None]
        self._coupon = max(held, key=lambda row: str(row["valid_from"]), default=None)
        self.certain = new and self._standing is not None and None not in self._products.values()

    def _told(self, body: Json) -> Json:
        quote = body if self._op.do == "quote" else body["quote"]
        return {name: value for name, value in quote.items() if name != "not_applied"}

    def _expected(self, moment: datetime) -> Any:
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
            available_points=self._spendable(self._wallet, moment),
            coupon=self._op["coupon"],
            points=self._op["points"],
            withdrawn=frozenset(each["sku"] for each in self._shelf() if each["status"] == "withdrawn"),
        )
        try:
            quote = pricing.quote(cart)
        except Refused as refused:
            return refused.code
        if self._op.do == "quote":
            return quote
        if any(self._stock[sku] < units for sku, _, _, units in lines):
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

    def _years(self) -> list[str]:
        """Return the years whose coupon can matter: a lunar one may be last year's still (B6)."""
        asked: str = self._op["coupon"]
        if asked not in ("none", "best"):
            return [identifiers.coupon_year(self._member, asked) or ""]
        year = calendar.store_time(self._began).year
        return [str(year), f"l{year}", f"l{year - 1}"]

    def _row(self, item: str) -> Json | None:
        return self._cloud.row("Members", member_id=self._member, item=item)


class Refusal(Foretold):
    """The code with which an order's transition, a payment, an adjustment or a stock movement is refused."""

    def __init__(self, op: Op, world: World, *, new: bool) -> None:
        super().__init__(op, world)
        self.certain = new
        self._order = self._wallet = self._product = None
        match op.do:
            case "adjust":
                self._wallet = self._cloud.row("Members", member_id=op["member"], item="WALLET")
            case "move_stock":
                self._product = self._cloud.row("Catalog", sku=op["sku"], item="PRODUCT")
                self._stock = world.stock_of(op["sku"])
            case _:
                self._order = self._cloud.row("Orders", order_id=order_id_of(op["order"]), item="ORDER")

    def _told(self, body: Json) -> None:
        return None

    def _expected(self, moment: datetime) -> str | None:
        op = self._op
        if op.do == "adjust":
            if self._wallet is None:
                return "member_not_found"
            missing = op["points"] < 0 and self._spendable(self._wallet, moment) + op["points"] < 0
            return "insufficient_points" if missing else None
        if op.do == "move_stock":
            if self._product is None:
                return "product_not_found"
            return "insufficient_stock" if self._stock + op["delta"] < 0 else None
        if self._order is None:
            return "order_not_found"
        return self._of_order(self._order, _status_at(self._order, moment))

    def _of_order(self, order: Json, status: str) -> str | None:
        op = self._op
        match op.do:
            case "pay":
                wrong = status == "placed" and op["amount_fen"] != order["quote"]["paid_fen"]
                return "amount_mismatch" if wrong and not op["received"] else None
            case "cancel":
                return None if status in ("placed", "paid", "cancelled") else "order_not_cancellable"
            case "ship":
                same = all(order.get(name) == value for name, value in op["told"].items())
                fits = status in ("paid", "shipped") or (order.get("shipped_at") and same)
                return None if fits else "order_not_shippable"
            case "receive":
                received = status in ("shipped", "received") or order.get("received_at")
                return None if received else "order_not_receivable"
            case "refuse":
                return None if status in ("shipped", "refused") else "order_not_refusable"
        return self._of_units(order, status)

    def _of_units(self, order: Json, status: str) -> str | None:
        """O5, O7: no more leave an order than stay in it, before its shipment or after its receipt."""
        wanted: dict[str, int] = self._op["units"]
        cancels = self._op.do == "cancel_units"
        exceeds = "cancel_exceeds_order" if cancels else "return_exceeds_order"
        stays = {line["sku"]: line["quantity"] for line in order["quote"]["lines"]}
        if any(units > stays.get(sku, 0) for sku, units in wanted.items()):
            return exceeds
        if status not in (("placed", "paid") if cancels else ("received",)):
            return "order_not_cancellable" if cancels else "order_not_returnable"
        for gone in (order.get("cancelled", []), order.get("returned", [])):
            for sku, units in zip(stays, gone, strict=False):
                stays[sku] -= units
        if any(units > stays[sku] for sku, units in wanted.items()):
            return exceeds
        whole = all(wanted.get(sku, 0) == units for sku, units in stays.items())
        return "order_not_cancellable" if cancels and status == "placed" and not whole else None


def _status_at(order: Json, moment: datetime) -> str:
    """Return what an order reads as (O2, O3)."""
    status: str = order["status"]
    if status == "placed" and moment >= datetime.fromisoformat(order["placed_at"]) + PAYMENT_WINDOW:
        return "lapsed"
    if status == "shipped" and moment >= datetime.fromisoformat(order["shipped_at"]) + AUTO_RECEIPT:
        return "received"
    return status
