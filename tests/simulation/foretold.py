"""How an operation must end that meets nobody and no fault: the rules leave no choice."""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import Any

from tests.oracle import calendar
from tests.oracle.tables import RULES
from tests.simulation.calls import order_id_of
from tests.simulation.facts import units_of
from tests.simulation.offers_rows import line_id_of, staying_of
from tests.simulation.script import Op, Violation
from tests.simulation.watch import Watch
from tests.simulation.world import Outcome, World

Json = dict[str, Any]
PAYMENT_WINDOW = timedelta(minutes=RULES.payment_window_minutes)
AUTO_RECEIPT = timedelta(days=RULES.auto_receipt_days)


class Foretold(ABC):
    """How an operation must end, as the rows before it decide; ``certain`` says whether they do."""

    certain: bool

    def __init__(self, op: Op, world: World, watch: Watch) -> None:
        self._op = op
        self._cloud = world.cloud
        self._watch = watch
        self._began = world.time.now()

    @abstractmethod
    def compare(self, outcome: Outcome) -> None:
        """Compare with what was answered.

        Raises
        ------
        Violation
            It was something else.
        """

    def _spendable(self, wallet: Json | None, moment: datetime) -> int:
        years = {} if wallet is None else wallet["available"]
        return sum(points for year, points in years.items() if calendar.points_usable(int(year), moment))


class Refusal(Foretold):
    """The code with which an order's transition, a payment, an adjustment or a stock movement is refused."""

    def __init__(self, op: Op, world: World, watch: Watch, *, new: bool) -> None:
        super().__init__(op, world, watch)
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

    def compare(self, outcome: Outcome) -> None:
        """Compare with what was answered."""
        answer = outcome.answer
        if answer is None:
            raise Violation("no answer", f"{self._op}")
        found = None if answer.status < 300 else answer.body["code"]
        expected = [self._expected(moment) for moment in (self._began, outcome.ended)]
        if found not in expected:
            raise Violation("not as foretold", f"{self._op}: expected {expected[0]}, found {found}")

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
        cancels = self._op.do == "cancel_units"
        exceeds = "cancel_exceeds_order" if cancels else "return_exceeds_order"
        lines = order["quote"]["lines"]
        bought = [line["sku"] for line in lines]
        if not self._op.what.get("by_line") and any(bought.count(sku) > 1 for sku in self._op["units"]):
            return "line_id_needed"  # V6
        line_ids = [line_id_of(line) for line in lines]
        wanted = units_of(self._op, line_ids)
        stays = dict(zip(line_ids, (line["quantity"] for line in lines), strict=True))
        if any(units > stays.get(line_id, 0) for line_id, units in wanted.items()):
            return exceeds
        if status not in (("placed", "paid") if cancels else ("received",)):
            return "order_not_cancellable" if cancels else "order_not_returnable"
        stays = dict(zip(line_ids, staying_of(order), strict=True))
        if any(units > stays[line_id] for line_id, units in wanted.items()):
            return exceeds
        whole = all(wanted.get(line_id, 0) == units for line_id, units in stays.items())
        return "order_not_cancellable" if cancels and status == "placed" and not whole else None


def _status_at(order: Json, moment: datetime) -> str:
    """Return what an order reads as (O2, O3)."""
    status: str = order["status"]
    if status == "placed" and moment >= datetime.fromisoformat(order["placed_at"]) + PAYMENT_WINDOW:
        return "lapsed"
    if status == "shipped" and moment >= datetime.fromisoformat(order["shipped_at"]) + AUTO_RECEIPT:
        return "received"
    return status
