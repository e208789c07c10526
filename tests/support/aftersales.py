"""Cases as members and staff meet them: orders that were bought, what is asked after them, what is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.aftersales import jobs
from functions.aftersales.queue import Worker
from functions.platform.fanout import Task
from tests.support.events import Answer, Call, Context, claims, staff, stream_record
from tests.support.paying import Paying
from tests.support.points import Workers
from tests.support.shop import Shop

if TYPE_CHECKING:
    from tests.handlers.conftest import Suite

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FOLLOW_CASES = "follow-cases"
Body = dict[str, Any]
TEA_FEN, CUP_FEN = 6_667, 9_950
UNITS = 20
PAGES_MAX = 50


@dataclass
class CaseWorkers(Workers):
    """The functions of the jobs on cases, and the queue between them."""

    def tasks(self, job: str, at: datetime) -> list[Task]:
        """Return the tasks of a job that starts at a moment."""
        return jobs.tasks(job, at)

    def worker(self) -> Callable[..., dict[str, Any]]:
        """Return a new worker."""
        return Worker(self.shop.tables, self.shop.settings, self.box.queue, self.shop.policy)


def when(text: str) -> datetime:
    """Return the instant that an answer names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def store_time(text: str) -> datetime:
    """Return the instant of a wall-clock time in the shop."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def code(answer: Answer) -> tuple[int, str | None]:
    """Return an answer's status, and the code of a refusal."""
    return answer.status, answer.body.get("code") if answer.status >= 400 else None


def lines_of(quantities: Mapping[str, int]) -> list[Body]:
    """Return the lines that name so many units of each sku."""
    return [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]


@dataclass
class Desk:
    """The counter over which members and staff speak of orders and cases."""

    suite: "Suite"
    member: str = "alice"

    @classmethod
    def opened(cls, suite: "Suite") -> "Desk":
        """Return the desk of a stocked shop with alice and bob."""
        desk = cls(suite)
        desk.stock(UNITS, tea=TEA_FEN, cup=CUP_FEN, mug=CUP_FEN)
        suite.member("alice")
        suite.member("bob")
        return desk

    @property
    def owner(self) -> dict[str, str]:
        """The member's claims."""
        return claims(self.member)

    def post(self, path: str, body: Any = None, who: dict[str, str] | None = None) -> Answer:
        """Send a request, as staff unless told."""
        return self.suite.call(Call("POST", path, body, who or staff()))

    def get(self, path: str, who: dict[str, str] | None = None, **query: str) -> Body:
        """Read something, as staff unless told."""
        answer = self.suite.call(Call("GET", path, None, who or staff(), query=query))
        assert answer.status == 200, answer.body
        return answer.body

    def must(self, path: str, body: Any = None, who: dict[str, str] | None = None) -> Body:
        """Send a request that is done."""
        answer = self.post(path, body, who)
        assert answer.status in (200, 201), answer.body
        return answer.body

    # --- the catalogue and orders ---

    def stock(self, units: int = 10, *, no_reason: bool = True, **prices_fen: int) -> None:
        """Put products into the catalogue, or change their prices."""
        for sku, price_fen in prices_fen.items():
            body = {"name": sku, "price_fen": price_fen, "member_zone": False, "no_reason": no_reason}
            there = self.suite.call(Call("PUT", f"/products/{sku}", body, staff())).status
            assert there in (200, 201)
            if there == 201 and units:
                self.move(sku, units, "delivery")

    def move(self, sku: str, delta: int, movement_id: str) -> None:
        """Move stock by hand."""
        self.must(f"/products/{sku}/stock", {"movement_id": movement_id, "delta": delta, "reason": "by hand"})

    def units(self, sku: str = "tea") -> int:
        """Return what is in stock."""
        stock: int = self.get(f"/products/{sku}")["stock"]
        return stock

    def movements(self, sku: str = "tea") -> list[tuple[str, int]]:
        """Return the movements of a product's stock that have a row, the newest first."""
        items = self.get(f"/products/{sku}/movements", limit="100")["items"]
        return [(each["movement_id"], each["delta"]) for each in items]

    def buy(self, key: str = "k1", *, offers: Body | None = None, **quantities: int) -> str:
        """Place an order; return its id."""
        self.suite.member(self.member)
        answer = self.suite.order(self.owner, key, {"lines": lines_of(quantities), **(offers or {})})
        assert answer.status == 201, answer.body
        order_id: str = answer.body["order_id"]
        return order_id

    def pay(self, order_id: str, payment_id: str | None = None) -> Body:
        """Pay an order by its amount."""
        paid_fen = self.order(order_id)["paid_fen"]
        return self.must(
            f"/orders/{order_id}/payment",
            {"payment_id": payment_id or f"pay-{order_id}", "amount_fen": paid_fen},
        )

    def shipped(self, key: str = "k1", *, offers: Body | None = None, **quantities: int) -> str:
        """Let an order be bought, paid and shipped."""
        order_id = self.buy(key, offers=offers, **quantities)
        self.pay(order_id)
        self.must(f"/orders/{order_id}/shipment", {"tracking_no": "SF1"})
        return order_id

    def received(self, key: str = "k1", *, offers: Body | None = None, **quantities: int) -> str:
        """Let an order go the whole way."""
        order_id = self.shipped(key, offers=offers, **quantities)
        self.must(f"/orders/{order_id}/receipt", None, self.owner)
        return order_id

    def through_provider(self, key: str = "k1", **quantities: int) -> str:
        """Let an order be paid through a provider, and go the whole way."""
        order_id = self.buy(key, offers=None, **quantities)
        paying = Paying(Shop(self.suite.tables, self.suite.settings, self.suite.policy))
        by_id: Any = order_id  # that is all that is asked of an order there
        paying.through(by_id, at=self.now)
        self.must(f"/orders/{order_id}/shipment", {})
        self.must(f"/orders/{order_id}/receipt", None, self.owner)
        return order_id

    def order(self, order_id: str) -> Body:
        """Return an order as staff see it."""
        return self.get(f"/orders/{order_id}")

    def line(self, order_id: str, line_id: str = "tea") -> Body:
        """Return one line of an order."""
        (line,) = [each for each in self.order(order_id)["lines"] if each["line_id"] == line_id]
        found: Body = line
        return found

    def in_cases(self, order_id: str, line_id: str = "tea") -> int:
        """Return how many units of a line are in open cases."""
        units: int = self.line(order_id, line_id).get("in_cases", 0)
        return units

    def refunds(self, order_id: str) -> list[tuple[int, str]]:
        """Return what is due back of an order: amounts and states."""
        refunds = self.order(order_id).get("refunds", [])
        return [(each["amount_fen"], each["state"]) for each in refunds]

    def give_back(self, order_id: str, return_id: str, **quantities: int) -> Answer:
        """Let staff take units back directly."""
        body = {"return_id": return_id, "lines": lines_of(quantities)}
        return self.post(f"/orders/{order_id}/returns", body)

    def post_order(self, order_id: str) -> None:
        """Let the stream hand an order to the posting, as it is now."""
        key = {"order_id": order_id, "item": "ORDER"}
        row = self.suite.tables.get(self.suite.settings.orders_table, key)
        assert row is not None
        assert self.suite.posting({"Records": [stream_record(row)]}, Context()) == {"batchItemFailures": []}

    # --- cases ---

    def ask(
        self,
        order_id: str,
        request_id: str,
        kind: str = "return",
        units: Mapping[str, int] | None = None,
        **said: Any,
    ) -> Answer:
        """Ask for something after buying, for a defect unless told."""
        body: Body = {"request_id": request_id, "kind": kind, "reason": "defective", **said}
        if units is not None:
            body["lines"] = lines_of(units)
        who = body.pop("who", self.owner)
        return self.post(f"/orders/{order_id}/cases", body, who)

    def open(self, order_id: str, request_id: str, kind: str = "return", *units: Any, **said: Any) -> str:
        """Have a case opened; return its id."""
        answer = self.ask(order_id, request_id, kind, *units, **said)
        assert answer.status == 201, answer.body
        case_id: str = answer.body["case_id"]
        return case_id

    def act(self, case_id: str, what: str, body: Any = None, who: dict[str, str] | None = None) -> Answer:
        """Send one of a case's calls, as who may."""
        of_member = what in ("withdraw", "shipment", "escalate")
        return self.post(f"/cases/{case_id}/{what}", body, who or (self.owner if of_member else staff()))

    def do(self, case_id: str, what: str, body: Any = None, who: dict[str, str] | None = None) -> Body:
        """Have one of a case's calls done."""
        answer = self.act(case_id, what, body, who)
        assert answer.status == 200, (what, answer.body)
        return answer.body

    def refuse(self, case_id: str, clerk: str = "clerk") -> Body:
        """Let staff refuse a case."""
        return self.do(case_id, "refuse", {"reason": "It was worn."}, staff(clerk))

    def case(self, case_id: str) -> Body:
        """Return a case as staff see it."""
        return self.get(f"/cases/{case_id}")

    def state(self, case_id: str) -> str:
        """Return where a case stands."""
        state: str = self.case(case_id)["state"]
        return state

    def steps(self, case_id: str) -> list[tuple[str, str, str | None]]:
        """Return a case's history: by whom, to which state, and why."""
        return [(each["by"], each["state"], each["reason"]) for each in self.case(case_id)["history"]]

    def cases(self, who: dict[str, str] | None = None, limit: int = 100, **query: str) -> list[str]:
        """Return the ids of a list of cases, page by page: staff's, or the member's own."""
        path = "/cases" if who is None else "/members/me/cases"
        found: list[str] = []
        for _ in range(PAGES_MAX):
            page = self.get(path, who, limit=str(limit), **query)
            assert len(page["items"]) <= limit
            found += [each["case_id"] for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]
        raise AssertionError("the list comes to no end")

    # --- time ---

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.suite.now

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.suite.now += span

    def until(self, at: datetime) -> None:
        """Let it be a moment."""
        self.suite.now = at

    def follow(self) -> None:
        """Run the job that writes passed deadlines."""
        shop = Shop(self.suite.tables, self.suite.settings, self.suite.policy)
        assert CaseWorkers(shop).do(FOLLOW_CASES, self.now) == []


# --- cases in each state ---

ACTIONS: dict[str, Body | None] = {
    "approve": None,
    "refuse": {"reason": "It was worn."},
    "receive": None,
    "answer": {"text": "We are sorry."},
    "settle": {"points": 100, "reason": "sorry"},
    "withdraw": None,
    "shipment": {"tracking_no": "SF9"},
    "escalate": {"reason": "It was not."},
}
"""A body for each of a case's calls."""

STATES = (
    "requested",
    "approved",
    "shipped_back",
    "refused",
    "disputed",
    "refused again",
    "refused and left",
    "withdrawn",
    "not sent back",
    "closed",
)
"""The states of a case of goods, and the ways into them that differ."""


def reach(desk: Desk, case_id: str, state: str) -> None:
    """Take an open case of goods to a state; two clerks decide."""
    if state in ("approved", "shipped_back", "not sent back", "closed"):
        desk.do(case_id, "approve")
    if state in ("shipped_back", "closed"):
        desk.do(case_id, "shipment", {"tracking_no": "SF2"})
    if state == "closed":
        desk.do(case_id, "receive")
    if state == "not sent back":
        desk.wait(7 * DAY)
    if state == "withdrawn":
        desk.do(case_id, "withdraw")
    if state.startswith("refused") or state == "disputed":
        desk.refuse(case_id)
    if state in ("disputed", "refused again"):
        desk.do(case_id, "escalate", {"reason": "It was not."})
    if state == "refused again":
        desk.refuse(case_id, "another")
    if state == "refused and left":
        desk.wait(7 * DAY)
