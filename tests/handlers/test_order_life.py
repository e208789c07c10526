"""The life of an order: what each state allows, what each end gives back, what an owner sees of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from functions.coupons import coupons
from functions.coupons.birthday import Coupon
from functions.platform.dynamo import Row
from tests.handlers.conftest import Suite
from tests.support import accounts
from tests.support.events import Answer, Call, Context, claims, staff, stream_record
from tests.support.orders import OrderWorkers
from tests.support.shop import Shop

MAY = datetime(2026, 4, 30, 16, 0, tzinfo=UTC)
END_OF_MAY = MAY + timedelta(days=31, seconds=-1)
NOTHING = {"order_amount_fen": 0, "paid_fen": 0, "redeemed_points": 0, "earned_points": 0}
DELIVERIES = ("each once", "the last alone", "each twice", "backwards")
"""How the stream may hand an order's rows to the posting (R2)."""


def store_time(text: str) -> datetime:
    """Return the instant of a wall-clock time in the shop."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def shop(suite: Suite, **prices_fen: int) -> None:
    """Put 10 units of each product into the catalogue."""
    for sku, price_fen in prices_fen.items():
        body = {"name": sku, "price_fen": price_fen, "member_zone": False}
        assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status == 201
        movement = {"movement_id": "m", "delta": 10, "reason": "delivery"}
        assert suite.call(Call("POST", f"/products/{sku}/stock", movement, staff())).status == 200


def units(suite: Suite, sku: str = "tea") -> int:
    """Return what is in stock."""
    stock: int = suite.call(Call("GET", f"/products/{sku}", who=staff())).body["stock"]
    return stock


def hold_coupon(suite: Suite) -> Coupon:
    """Give the member the birthday coupon of May 2026."""
    table = suite.settings.members_table
    return accounts.hold_coupon(
        suite.tables, table, "alice", face_fen=2_000, valid_from=MAY, valid_until=END_OF_MAY
    )


def user_of_coupon(suite: Suite) -> str | None:
    """Return the order that uses the member's coupon."""
    row = suite.tables.get(suite.settings.members_table, coupons.key("alice", 2026))
    assert row is not None
    return coupons.coupon_of(row).order_id


def job(suite: Suite, name: str) -> None:
    """Run a scheduled job."""
    assert OrderWorkers(Shop(suite.tables, suite.settings, suite.policy)).do(name, suite.now) == []


@dataclass
class Life:
    """One order of the member alice, and what the stream has of it."""

    suite: Suite
    order_id: str
    placed: dict[str, Any]
    held: dict[str, int]
    rows: list[Row] = field(default_factory=list)

    def send(self, what: str, body: Any = None, who: dict[str, str] | None = None) -> Answer:
        """Ask for something to be done with the order; staff do, unless somebody else is named."""
        answer = self.suite.call(Call("POST", f"/orders/{self.order_id}/{what}", body, who or staff()))
        self.keep_row()
        return answer

    def keep_row(self) -> None:
        """Keep what the stream has of the order now."""
        key = {"order_id": self.order_id, "item": "ORDER"}
        row = self.suite.tables.get(self.suite.settings.orders_table, key)
        assert row is not None
        self.rows.append(row)

    def must(self, what: str, body: Any = None, who: dict[str, str] | None = None) -> dict[str, Any]:
        """Have something done with the order."""
        answer = self.send(what, body, who)
        assert answer.status == 200, answer.body
        return answer.body

    def pay(self, payment_id: str = "p1", amount_fen: int | None = None) -> dict[str, Any]:
        """Pay the order, by its amount unless told."""
        amount_fen = self.placed["paid_fen"] if amount_fen is None else amount_fen
        return self.must("payment", {"payment_id": payment_id, "amount_fen": amount_fen})

    def ship(self) -> dict[str, Any]:
        """Ship the order a day later."""
        self.suite.pass_time(days=1)
        return self.must("shipment", {"tracking_no": "SF1"})

    def receive(self) -> dict[str, Any]:
        """Let the owner confirm the receipt a day later."""
        self.suite.pass_time(days=1)
        return self.must("receipt", who=claims("alice"))

    def received(self) -> "Life":
        """Let the order go the whole way."""
        self.pay()
        self.ship()
        self.receive()
        return self

    def give_back(self, return_id: str, **quantities: int) -> dict[str, Any]:
        """Return units an hour later."""
        self.suite.pass_time(hours=1)
        return self.must("returns", returned(return_id, **quantities))

    def run(self, name: str) -> None:
        """Run a job that may change the order."""
        job(self.suite, name)
        self.keep_row()

    def seen(self) -> dict[str, Any]:
        """Return the order as staff see it."""
        answer = self.suite.call(Call("GET", f"/orders/{self.order_id}", who=staff()))
        assert answer.status == 200
        # What is due back is shown with the order alone, and stands in other tests (Y7).
        return {name: value for name, value in answer.body.items() if name != "refunds"}

    def deliver(self, how: str = "each once") -> None:
        """Deliver what has become of the order to the posting."""
        rows = {
            "each once": self.rows,
            "the last alone": self.rows[-1:],
            "each twice": [row for row in self.rows for _ in range(2)],
            "backwards": self.rows[::-1],
        }[how]
        records = [stream_record(row, sequence=number) for number, row in enumerate(rows)]
        assert self.suite.posting({"Records": records}, Context()) == {"batchItemFailures": []}

    def entries(self) -> list[dict[str, Any]]:
        """Return the member's ledger, oldest first."""
        call = Call("GET", "/members/me/points/entries", who=claims("alice"), query={"limit": "100"})
        found: list[dict[str, Any]] = self.suite.call(call).body["items"]
        return found[::-1]

    def kinds(self) -> list[str]:
        """Return the kinds of the ledger's entries, oldest first."""
        return [entry["kind"] for entry in self.entries()]

    def by_year(self) -> dict[str, int]:
        """Return the stored available points by earn year: what was held, and every entry since (E9)."""
        years = dict(self.held)
        for entry in self.entries():
            assert sum(entry["available_by_year_delta"].values()) == entry["available_delta"]
            for year, delta in entry["available_by_year_delta"].items():
                years[year] = years.get(year, 0) + delta
        return {year: points for year, points in years.items() if points}

    def wallet(self) -> dict[str, int]:
        """Return the balances that the member sees."""
        body = self.suite.call(Call("GET", "/members/me/points", who=claims("alice"))).body
        return {name: body[name] for name in ("available", "frozen", "debt")}

    def standing(self) -> tuple[str, int]:
        """Return the member's tier and effective order amount."""
        body = self.suite.call(Call("GET", "/members/me", who=claims("alice"))).body
        return body["tier"], body["effective_amount_fen"]

    def everything(self) -> dict[str, Any]:
        """Return all that a transition may touch."""
        stock = {line["sku"]: units(self.suite, line["sku"]) for line in self.placed["lines"]}
        return {
            "order": self.seen(),
            "stock": stock,
            "wallet": self.wallet(),
            "entries": self.entries(),
            "standing": self.standing(),
        }


def returned(return_id: str, **quantities: int) -> dict[str, Any]:
    """Return the body of a return."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    return {"return_id": return_id, "lines": lines}


def cancelled(cancel_id: str, **quantities: int) -> dict[str, Any]:
    """Return the body of a cancel of units."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    return {"cancel_id": cancel_id, "lines": lines}


def life(
    suite: Suite,
    quantities: dict[str, int],
    *,
    tier: str = "J0",
    held: dict[str, int] | None = None,
    key: str = "k1",
    **offers: Any,
) -> Life:
    """Let alice, who holds a tier and points, place an order."""
    suite.member("alice")
    table = suite.settings.members_table
    accounts.hold_tier(suite.tables, table, "alice", tier, suite.policy)
    if held is not None:
        accounts.hold_points(suite.tables, table, "alice", held)
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    answer = suite.order(claims("alice"), key, {"lines": lines, **offers})
    assert answer.status == 201, answer.body
    order = Life(suite, answer.body["order_id"], answer.body, held or {})
    order.keep_row()
    return order


# --- every state and every call ---

STATES = (
    "placed",
    "lapsed by time",
    "lapsed by job",
    "paid",
    "shipped",
    "received",
    "partly returned",
    "returned",
    "cancelled unpaid",
    "cancelled paid",
    "refused",
)

NOT_FOUND = ("order_not_found",) * len(STATES)
CANCEL = (
    "-> cancelled",
    *("order_not_cancellable",) * 2,
    "-> cancelled",
    *("order_not_cancellable",) * 4,
    *("as it is",) * 2,
    "order_not_cancellable",
)
NOT_RECEIVABLE = ("order_not_receivable",)
RECEIPT = (
    *NOT_RECEIVABLE * 4,
    "-> received",
    *("as it is",) * 3,
    *NOT_RECEIVABLE * 3,
)
SHIPMENT = (
    *("order_not_shippable",) * 3,
    "-> shipped",
    *("as it is",) * 4,
    *("order_not_shippable",) * 2,
    "as it is",
)
CORRECTION = (
    *("order_not_shippable",) * 3,
    "-> shipped",
    "-> shipped",
    *("order_not_shippable",) * 6,
)
PART = (
    *("order_not_cancellable",) * 3,
    "-> paid",
    *("order_not_cancellable",) * 7,
)
REFUSAL = (
    *("order_not_refusable",) * 4,
    "-> refused",
    *("order_not_refusable",) * 5,
    "as it is",
)
RETURN = (
    *("order_not_returnable",) * 5,
    "-> received",
    "-> returned",
    *("order_not_returnable",) * 4,
)
TABLE: dict[str, tuple[str, ...]] = {
    "cancel by the owner": CANCEL,
    "cancel by staff": CANCEL,
    "cancel by another member": NOT_FOUND,
    "cancel of one unit": PART,
    "cancel of one unit by another member": NOT_FOUND,
    "payment": ("-> paid", *("recorded",) * 10),
    "payment of another amount": ("amount_mismatch", *("recorded",) * 10),
    "payment of another amount that arrived": ("recorded",) * 11,
    "shipment": SHIPMENT,
    "shipment under another number": CORRECTION,
    "receipt by the owner": RECEIPT,
    "receipt by staff": RECEIPT,
    "receipt by another member": NOT_FOUND,
    "refusal": REFUSAL,
    "return of one unit": RETURN,
}
STATUS_OF = {"order_not_found": 404, "amount_mismatch": 422}
"""The status of a refusal; of the others it is 409."""

TOUCHED = {
    ("placed", "cancelled"): {"status", "closed_at", "retained"},
    ("placed", "paid"): {"status", "paid_at", "payments", "retained"},
    ("paid", "cancelled"): {"status", "closed_at", "retained", "refunded_fen"},
    ("paid", "paid"): {"lines", "retained", "refunded_fen"},
    ("paid", "shipped"): {"status", "shipped_at", "tracking_no"},
    ("shipped", "shipped"): {"tracking_no"},
    ("shipped", "received"): {"status", "received_at"},
    ("shipped", "refused"): {"status", "closed_at", "retained", "refunded_fen"},
    ("received", "received"): {"lines", "retained", "refunded_fen"},
    ("received", "returned"): {"status", "closed_at", "lines", "retained", "refunded_fen"},
}
"""What a transition changes of an order."""


def reach(suite: Suite, state: str) -> Life:
    """Return an order of two teas, with 500 points, in a state."""
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2}, held={"2025": 300, "2026": 700}, points=500)
    if state in ("lapsed by time", "lapsed by job"):
        suite.pass_time(minutes=30)
        if state == "lapsed by job":
            order.run("lapse-unpaid")
    elif state == "cancelled unpaid":
        order.must("cancel")
    elif state != "placed":
        order.pay()
        reach_from_paid(order, state)
    suite.pass_time(minutes=1)
    order.deliver()
    return order


def reach_from_paid(order: Life, state: str) -> None:
    """Take a paid order to a state."""
    if state == "cancelled paid":
        order.must("cancel")
    elif state != "paid":
        order.ship()
        if state == "refused":
            order.must("refusal")
        elif state != "shipped":
            order.receive()
    if state in ("partly returned", "returned"):
        order.give_back("r1", tea=1 if state == "partly returned" else 2)


def perform(order: Life, call: str) -> Answer:
    """Send one of the table's calls."""
    alice, bob = claims("alice"), claims("bob")
    paid_fen = order.placed["paid_fen"]
    arguments: dict[str, tuple[str, Any, dict[str, str]]] = {
        "cancel by the owner": ("cancel", None, alice),
        "cancel by staff": ("cancel", None, staff()),
        "cancel by another member": ("cancel", None, bob),
        "payment": ("payment", {"payment_id": "p9", "amount_fen": paid_fen}, staff()),
        "payment of another amount": ("payment", {"payment_id": "p9", "amount_fen": paid_fen - 1}, staff()),
        "cancel of one unit": ("cancel", cancelled("c9", tea=1), alice),
        "cancel of one unit by another member": ("cancel", cancelled("c9", tea=1), bob),
        "payment of another amount that arrived": (
            "payment",
            {"payment_id": "p9", "amount_fen": paid_fen - 1, "received": True},
            staff(),
        ),
        "shipment": ("shipment", {"tracking_no": "SF1"}, staff()),
        "shipment under another number": ("shipment", {"tracking_no": "SF9"}, staff()),
        "receipt by the owner": ("receipt", None, alice),
        "receipt by staff": ("receipt", None, staff()),
        "receipt by another member": ("receipt", None, bob),
        "refusal": ("refusal", None, staff()),
        "return of one unit": ("returns", returned("r9", tea=1), staff()),
    }
    return order.send(*arguments[call])


def as_order(body: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what only a return's answer says."""
    return {name: value for name, value in body.items() if name not in ("refund_fen", "points_restored")}


TRANSITIONS = [
    (state, call, expected.removeprefix("-> "))
    for call, row in TABLE.items()
    for state, expected in zip(STATES, row, strict=True)
    if expected.startswith("-> ")
]


def outcome(answer: Answer, before: dict[str, Any]) -> str:
    """Return in the table's words what a call that is no transition came to."""
    if answer.status == 200:
        return "as it is" if answer.body == before else "changed"
    problem = answer.headers["content-type"].startswith("application/problem+json")
    as_told = problem and answer.status == STATUS_OF.get(answer.code, 409)
    return answer.code if as_told else f"{answer.status} {answer.code}"


@pytest.mark.parametrize("state", STATES)
def test_what_an_order_refuses_and_what_it_has_behind_it_leaves_it_as_it_is(suite: Suite, state: str) -> None:
    suite.member("bob")
    order = reach(suite, state)
    row = {call: expected[STATES.index(state)] for call, expected in TABLE.items()}
    unmoving = {
        call: expected
        for call, expected in row.items()
        if not expected.startswith("-> ") and expected != "recorded"
    }
    before = order.everything()
    found = {}
    for call in unmoving:
        found[call] = outcome(perform(order, call), before["order"])
        assert order.seen() == before["order"], call
    assert found == unmoving
    order.deliver()
    assert order.everything() == before


@pytest.mark.parametrize(("state", "call", "status"), TRANSITIONS)
def test_what_an_order_allows_changes_its_status_and_what_belongs_to_it(
    suite: Suite, state: str, call: str, status: str
) -> None:
    order = reach(suite, state)
    before = order.seen()
    check_transition(perform(order, call), before, order.seen(), status)


def check_transition(answer: Answer, before: dict[str, Any], after: dict[str, Any], status: str) -> None:
    """Check that an order changed its status, and nothing that it does not take."""
    assert (answer.status, answer.body["status"]) == (200, status), answer.body
    assert as_order(answer.body) == after
    changed = {name for name, value in after.items() if value != before[name]}
    assert changed == TOUCHED[before["status"], status]


@pytest.mark.parametrize("state", ["lapsed by time", "lapsed by job", "placed"])
def test_an_orders_owner_and_staff_see_the_same_order(suite: Suite, state: str) -> None:
    order = reach(suite, state)
    own = suite.call(Call("GET", f"/orders/{order.order_id}", who=claims("alice")))
    assert own.body == order.seen()


def test_what_staff_do_is_forbidden_to_the_owner_whatever_the_body(suite: Suite) -> None:
    order = reach(suite, "shipped")
    before = order.everything()
    for what in ("payment", "shipment", "refusal", "returns"):
        for body in (None, {}, {"nonsense": 1}, returned("r1", tea=1)):
            answer = order.send(what, body, claims("alice"))
            assert (answer.status, answer.code) == (403, "forbidden"), (what, body)
    assert order.everything() == before


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("cancel", None),
        ("receipt", None),
        ("refusal", None),
        ("shipment", None),
        ("payment", {"payment_id": "p1", "amount_fen": 1}),
        ("returns", returned("r1", tea=1)),
    ],
)
def test_an_order_that_does_not_exist_is_not_found(suite: Suite, what: str, body: Any) -> None:
    suite.member()
    answer = suite.call(Call("POST", f"/orders/ord_none/{what}", body, staff()))
    assert (answer.status, answer.code) == (404, "order_not_found")


# --- bodies ---


@pytest.mark.parametrize(
    ("state", "what"),
    [("placed", "cancel"), ("paid", "cancel"), ("shipped", "receipt"), ("shipped", "refusal")],
)
def test_a_transition_without_a_body_refuses_any_field(suite: Suite, state: str, what: str) -> None:
    order = reach(suite, state)
    before = order.everything()
    answer = order.send(what, {"reason": "x"})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert order.everything() == before


@pytest.mark.parametrize("what", ["cancel", "receipt", "refusal", "shipment"])
def test_a_body_is_checked_before_the_order_is_looked_for(suite: Suite, what: str) -> None:
    answer = suite.call(Call("POST", f"/orders/ord_none/{what}", {"nonsense": 1}, staff()))
    assert (answer.status, answer.code) == (422, "invalid_request")


@pytest.mark.parametrize("body", [None, {}, {"tracking_no": "SF1"}])
def test_a_shipment_needs_no_tracking_number(suite: Suite, body: Any) -> None:
    assert reach(suite, "paid").must("shipment", body)["status"] == "shipped"


@pytest.mark.parametrize(
    "body",
    [
        {"tracking_no": 1},
        {"tracking_no": "SF 1"},
        {"carrier": ""},
        {"carrier": "   "},
        {"carrier": "S" * 101},
        {"carrier": 1},
        [],
        "SF1",
    ],
)
def test_what_a_shipment_says_is_checked(suite: Suite, body: Any) -> None:
    order = reach(suite, "paid")
    before = order.everything()
    assert (order.send("shipment", body).status, order.everything()) == (422, before)


TEA_BACK = {"line_id": "tea", "sku": "tea", "quantity": 1}
TWO_LINES = [{"sku": "tea", "quantity": 1}, {"sku": "tea", "quantity": 1}]


BAD_RETURNS: list[Any] = [
    {},
    {"return_id": "r9"},
    {"lines": TWO_LINES[:1]},
    {"return_id": "r9", "lines": []},
    {"return_id": "r9", "lines": TWO_LINES},
    {"return_id": "r9", "lines": [{"sku": f"s{n}", "quantity": 1} for n in range(51)]},
    *[
        {"return_id": "r9", "lines": [{"sku": "tea", "quantity": quantity}]}
        for quantity in (0, -1, 1.0, 1.5, "1", True, None)
    ],
    {"return_id": "r9", "lines": [{"sku": "tea"}]},
    {"return_id": "r9", "lines": [{"sku": "te#a", "quantity": 1}]},
    {"return_id": "r9", "lines": [{"sku": "tea", "quantity": 1, "why": "x"}]},
    {"return_id": "r9", "lines": TWO_LINES[:1], "reason": "x"},
    {"return_id": 9, "lines": TWO_LINES[:1]},
    {"return_id": None, "lines": TWO_LINES[:1]},
]


def test_what_a_return_says_is_checked(suite: Suite) -> None:
    order = reach(suite, "received")
    before = order.everything()
    for body in BAD_RETURNS:
        answer = order.send("returns", body)
        assert (answer.status, answer.code) == (422, "invalid_request"), body
    assert order.everything() == before


BAD_CANCELS: list[Any] = [
    {"cancel_id": "c9"},
    {"lines": TWO_LINES[:1]},
    {"cancel_id": None, "lines": TWO_LINES[:1]},
    *(
        {**{name: value for name, value in body.items() if name != "return_id"}, "cancel_id": "c9"}
        for body in BAD_RETURNS
        if isinstance(body.get("return_id"), str) and "lines" in body
    ),
]


@pytest.mark.parametrize("body", BAD_CANCELS)
def test_what_a_cancel_of_units_says_is_checked(suite: Suite, body: Any) -> None:
    order = reach(suite, "paid")
    before = order.everything()
    answer = order.send("cancel", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert order.everything() == before


# --- what comes back ---


def ended_unpaid(suite: Suite, end: str, **offers: Any) -> Life:
    """Let an order of two teas end before it was paid."""
    order = life(suite, {"tea": 2}, **offers)
    if end == "cancel":
        suite.pass_time(minutes=29, seconds=59)
        order.must("cancel", who=claims("alice"))
    else:
        suite.pass_time(minutes=33)
        order.run("lapse-unpaid")
    return order


UNPAID_ENDS = [
    ("cancel", "cancelled", "2026-05-01T12:29:59+08:00"),
    ("lapse", "lapsed", "2026-05-01T12:30:00+08:00"),
]


@pytest.mark.parametrize("how", DELIVERIES)
@pytest.mark.parametrize(("end", "status", "closed_at"), UNPAID_ENDS)
def test_O2_O4_an_unpaid_order_that_ends_gives_stock_and_points_back(
    suite: Suite, end: str, status: str, closed_at: str, how: str
) -> None:
    shop(suite, tea=9_950)
    held = {"2025": 300, "2026": 900}
    order = ended_unpaid(suite, end, held=held, points=1_000)
    order.deliver(how)
    placed = dict(order.placed)
    assert placed.pop("lapses_at") == "2026-05-01T12:30:00+08:00"
    assert order.seen() == placed | {"status": status, "closed_at": closed_at, "retained": NOTHING}
    assert order.seen()["refunded_fen"] == 0
    assert units(suite) == 10
    assert order.wallet() == {"available": 1_200, "frozen": 0, "debt": 0}
    assert order.by_year() == held
    redeem, restore = order.entries()
    assert (redeem["kind"], redeem["available_by_year_delta"]) == ("redeem", {"2025": -300, "2026": -700})
    assert (restore["kind"], restore["available_by_year_delta"]) == ("restore", {"2025": 300, "2026": 700})
    assert (restore["occurred_at"], restore["order_id"]) == (closed_at, order.order_id)
    assert order.standing() == ("J0", 0)


@pytest.mark.parametrize(("end", "status", "closed_at"), UNPAID_ENDS)
def test_B5_an_unpaid_order_that_ends_gives_its_coupon_back(
    suite: Suite, end: str, status: str, closed_at: str
) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    order = ended_unpaid(suite, end, tier="J2", coupon=coupon.coupon_id)
    assert (order.seen()["status"], order.seen()["closed_at"]) == (status, closed_at)
    assert (user_of_coupon(suite), units(suite)) == (None, 10)
    again = life(suite, {"tea": 2}, tier="J2", key="k2", coupon=coupon.coupon_id)
    assert user_of_coupon(suite) == again.order_id


def test_B5_a_coupon_is_used_while_its_order_is_open(suite: Suite) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    order = life(suite, {"tea": 2}, tier="J2", coupon=coupon.coupon_id)
    for step in (order.pay, order.ship, order.receive):
        step()
        assert user_of_coupon(suite) == order.order_id


def ended_paid(order: Life, end: str) -> str:
    """Let a paid order come back as a whole; return the status in which it ends."""
    suite = order.suite
    order.pay()
    if end == "cancel":
        suite.pass_time(hours=1)
        order.must("cancel", who=claims("alice"))
        return "cancelled"
    order.ship()
    if end == "refusal":
        suite.pass_time(days=1)
        order.must("refusal")
        return "refused"
    order.receive()
    order.give_back("r1", **{line["sku"]: line["quantity"] for line in order.placed["lines"]})
    return "returned"


PAID_ENDS = ("cancel", "refusal", "return")


@pytest.mark.parametrize("how", DELIVERIES)
@pytest.mark.parametrize("end", PAID_ENDS)
def test_O4_a_paid_order_that_comes_back_leaves_nothing_but_J1(suite: Suite, end: str, how: str) -> None:
    shop(suite, tea=9_950, cup=3_333)
    held = {"2025": 300, "2026": 900}
    order = life(suite, {"tea": 1, "cup": 2}, held=held, points=1_000)
    assert order.placed["paid_fen"] == 9_950 + 6_666 + 1_000 - 200
    status = ended_paid(order, end)
    order.deliver(how)
    seen = order.seen()
    assert (seen["status"], seen["retained"]) == (status, NOTHING)
    assert seen["refunded_fen"] == seen["paid_fen"] == 17_416
    assert datetime.fromisoformat(seen["closed_at"]) == suite.now
    assert seen["quote"] == order.placed["quote"]
    assert (units(suite, "tea"), units(suite, "cup")) == (10, 10)
    assert order.wallet() == {"available": 1_200, "frozen": 0, "debt": 0}
    assert order.by_year() == held
    assert order.standing() == ("J1", 0)
    _, earn, restore, reverse = order.entries()
    assert (earn["kind"], earn["frozen_delta"], earn["occurred_at"]) == ("earn", 174, seen["paid_at"])
    assert (restore["kind"], restore["available_by_year_delta"]) == ("restore", {"2025": 300, "2026": 700})
    assert (reverse["kind"], reverse["frozen_delta"]) == ("reverse", -174)
    assert restore["occurred_at"] == reverse["occurred_at"] == seen["closed_at"]


def test_O4_a_paid_order_counts_until_it_is_cancelled(suite: Suite) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2}, held={"2026": 500}, points=500)
    assert (units(suite), order.wallet()["available"]) == (8, 0)
    order.pay()
    order.deliver()
    assert (order.wallet(), order.standing()) == (
        {"available": 0, "frozen": 198, "debt": 0},
        ("J1", 19_900),
    )
    order.must("cancel")
    order.deliver()
    assert (order.wallet(), order.standing()) == ({"available": 500, "frozen": 0, "debt": 0}, ("J1", 0))
    assert units(suite) == 10


@pytest.mark.parametrize("end", PAID_ENDS)
def test_B5_a_paid_order_that_comes_back_gives_its_coupon_back(suite: Suite, end: str) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    order = life(suite, {"tea": 2}, tier="J2", coupon=coupon.coupon_id)
    ended_paid(order, end)
    assert order.seen()["refunded_fen"] == 19_900 - 2_000 + 1_000
    assert user_of_coupon(suite) is None


def test_B5_a_coupon_that_comes_back_after_its_end_is_expired(suite: Suite) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    suite.now = END_OF_MAY
    order = life(suite, {"tea": 2}, tier="J2", coupon=coupon.coupon_id)
    order.pay()
    suite.pass_time(seconds=1)
    cart = {"lines": [{"sku": "tea", "quantity": 2}], "coupon": coupon.coupon_id}
    ask = Call("POST", "/quotes", cart, claims("alice"))
    assert suite.call(ask).code == "coupon_used"
    order.must("cancel")
    answer = suite.call(ask)
    assert (answer.status, answer.code, answer.body["reason"]) == (422, "coupon_not_applicable", "expired")


def test_O5_the_coupon_stays_used_while_anything_stays(suite: Suite) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    order = life(suite, {"tea": 3}, tier="J2", coupon=coupon.coupon_id).received()
    for number in range(2):
        order.give_back(f"r{number}", tea=1)
        assert user_of_coupon(suite) == order.order_id
    order.give_back("r2", tea=1)
    assert user_of_coupon(suite) is None


def test_E6_points_whose_year_has_expired_lapse_when_a_paid_order_is_cancelled(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time("2026-12-31T20:00:00")
    order = life(suite, {"tea": 2}, held={"2025": 300, "2026": 900}, points=1_000)
    order.pay()
    suite.now = store_time("2027-01-02T12:00:00")
    order.must("cancel")
    order.deliver()
    assert order.kinds() == ["redeem", "earn", "restore", "lapse", "reverse"]
    _, _, restore, lapse, _ = order.entries()
    assert (restore["available_by_year_delta"], restore["lapsed_points"]) == ({"2026": 700}, 0)
    assert (lapse["lapsed_points"], lapse["available_by_year_delta"]) == (300, {})
    assert (lapse["available_delta"], lapse["frozen_delta"], lapse["debt_delta"]) == (0, 0, 0)
    assert order.wallet() == {"available": 900, "frozen": 0, "debt": 0}
    assert order.seen()["retained"] == NOTHING


# --- units that leave before the shipment ---


def paid_three(suite: Suite) -> Life:
    """Return a paid order of three at 66.67, with 2 000 points of two years: paid 196.01."""
    shop(suite, tea=6_667)
    order = life(suite, {"tea": 3}, tier="J2", held={"2025": 700, "2026": 1_500}, points=2_000)
    order.pay()
    return order


@pytest.mark.parametrize("how", DELIVERIES)
def test_O7_units_that_leave_before_the_shipment_give_back_what_they_would_if_they_came_back(
    suite: Suite, how: str
) -> None:
    order = paid_three(suite)
    first = order.must("cancel", cancelled("c1", tea=1), claims("alice"))
    assert (first["status"], first["refund_fen"], first["points_restored"]) == ("paid", 6_534, 667)
    assert first["retained"] == {
        "order_amount_fen": 13_334,
        "paid_fen": 13_067,
        "redeemed_points": 1_333,
        "earned_points": 131,
    }
    (line,) = first["lines"]
    assert (line["quantity"], line["cancelled_quantity"], line["returned_quantity"]) == (3, 1, 0)
    assert units(suite) == 8
    order.ship()
    order.receive()
    back = order.give_back("r1", tea=1)
    assert (back["refund_fen"], back["points_restored"]) == (6_533, 666)
    last = order.give_back("r2", tea=1)
    assert (last["status"], last["refund_fen"], last["points_restored"]) == ("returned", 6_534, 667)
    assert (last["refunded_fen"], last["retained"]) == (19_601, NOTHING)
    assert [line["returned_quantity"] for line in last["lines"]] == [2]
    order.deliver(how)
    assert (order.by_year(), order.wallet()["frozen"]) == ({"2025": 700, "2026": 1_500}, 0)
    assert units(suite) == 10


def test_O7_more_than_stays_cannot_leave_nor_come_back(suite: Suite) -> None:
    order = paid_three(suite)
    order.must("cancel", cancelled("c1", tea=1))
    for quantities in ({"tea": 3}, {"tea": 4}, {"cup": 1}):
        answer = order.send("cancel", cancelled("c2", **quantities))
        assert (answer.status, answer.code) == (422, "cancel_exceeds_order")
        assert answer.body["skus"] == list(quantities)
    order.ship()
    order.receive()
    answer = order.send("returns", returned("r1", tea=3))
    assert (answer.status, answer.code) == (422, "return_exceeds_order")


def test_R1_a_cancel_of_units_counts_once_and_its_id_is_its_orders_own(suite: Suite) -> None:
    order = paid_three(suite)
    first = order.must("cancel", cancelled("c1", tea=1))
    order.must("cancel", cancelled("c2", tea=1))
    before = order.everything()
    again = order.must("cancel", cancelled("c1", tea=1))
    assert (again["refund_fen"], again["points_restored"]) == (first["refund_fen"], first["points_restored"])
    answer = order.send("cancel", cancelled("c1", tea=2))
    assert (answer.status, answer.code) == (422, "cancel_id_reused")
    assert order.everything() == before
    order.ship()
    order.receive()
    assert order.give_back("c1", tea=1)["refund_fen"] == 6_534  # a return id is another id
    assert order.must("cancel", cancelled("c1", tea=1))["refund_fen"] == first["refund_fen"]


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("how", DELIVERIES)
def test_O7_all_units_that_are_left_are_the_cancellation(suite: Suite, whole: bool, how: str) -> None:
    order = paid_three(suite)
    order.must("cancel", cancelled("c1", tea=1))
    suite.pass_time(minutes=1)
    last = order.must("cancel", cancelled("c2", tea=2)) if whole else order.must("cancel")
    assert (last["status"], last["retained"], last["refunded_fen"]) == ("cancelled", NOTHING, 19_601)
    assert ("refund_fen" in last) is whole
    if whole:
        assert (last["refund_fen"], last["points_restored"]) == (13_067, 1_333)
    assert [line["cancelled_quantity"] for line in last["lines"]] == [3 if whole else 1]
    order.deliver(how)
    assert order.by_year() == {"2025": 700, "2026": 1_500}
    assert order.wallet() == {"available": 2_200, "frozen": 0, "debt": 0}
    assert units(suite) == 10


@pytest.mark.parametrize("how", ["as it happens", *DELIVERIES])
def test_E6_a_debt_is_paid_from_the_same_years_whenever_the_units_that_left_before_are_posted(
    suite: Suite, how: str
) -> None:
    order = paid_three(suite)
    accounts.hold_debt(suite.tables, suite.settings.members_table, "alice", 1_000)
    order.must("cancel", cancelled("c1", tea=1))
    if how == "as it happens":
        order.deliver()
    suite.pass_time(minutes=1)
    order.must("cancel")
    order.deliver(how if how in DELIVERIES else "each once")
    assert order.by_year() == {"2025": 700, "2026": 500}  # the newest year came back first, and paid it
    assert order.wallet() == {"available": 1_200, "frozen": 0, "debt": 0}


def test_O7_all_units_of_an_order_that_waits_for_its_money_are_its_cancellation(suite: Suite) -> None:
    order = reach(suite, "placed")
    answer = order.must("cancel", cancelled("c1", tea=2), claims("alice"))
    assert (answer["status"], answer["refund_fen"], answer["points_restored"]) == ("cancelled", 0, 500)
    assert units(suite) == 10


def test_O7_the_coupon_stays_used_while_anything_is_to_be_shipped(suite: Suite) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    order = life(suite, {"tea": 3}, tier="J2", coupon=coupon.coupon_id)
    order.pay()
    order.must("cancel", cancelled("c1", tea=2))
    assert user_of_coupon(suite) == order.order_id
    order.must("cancel", cancelled("c2", tea=1))
    assert user_of_coupon(suite) is None


def test_O4_a_refused_parcel_gives_back_what_was_in_it(suite: Suite) -> None:
    order = paid_three(suite)
    order.must("cancel", cancelled("c1", tea=1))
    order.ship()
    order.must("refusal")
    assert (units(suite), order.seen()["refunded_fen"]) == (10, 19_601)


# --- how a parcel is found ---


def history(order: Life, who: dict[str, str] | None = None, **query: str) -> Answer:
    """Ask what has happened to an order."""
    path = f"/orders/{order.order_id}/history"
    return order.suite.call(Call("GET", path, who=who or claims("alice"), query=query))


def test_a_shipment_is_read_as_it_was_told_and_corrected(suite: Suite) -> None:
    order = reach(suite, "paid")
    suite.pass_time(hours=1)
    told = order.must("shipment", {"tracking_no": "SF-1", "carrier": "顺丰"})
    assert (told["tracking_no"], told["carrier"]) == ("SF-1", "顺丰")
    suite.pass_time(hours=1)
    corrected = order.must("shipment", {"tracking_no": "SF-2"})
    assert (corrected["tracking_no"], corrected["carrier"]) == ("SF-2", "顺丰")
    assert corrected["shipped_at"] == told["shipped_at"]
    assert order.must("shipment", {"tracking_no": "SF-2"}) == order.must("shipment") == corrected
    suite.pass_time(hours=1)
    assert order.must("shipment", {"carrier": None})["carrier"] is None
    items = history(order).body["items"]
    assert [each["what"] for each in items] == ["shipment_corrected"] * 2 + ["shipped", "paid", "placed"]
    assert items[1]["former"] == {"carrier": "顺丰", "tracking_no": "SF-1"}
    assert items[1]["shipment"] == items[0]["former"] == {"carrier": "顺丰", "tracking_no": "SF-2"}
    assert items[0]["shipment"] == {"carrier": None, "tracking_no": "SF-2"}


def test_an_orders_history_tells_all_that_happened_newest_first_page_by_page(suite: Suite) -> None:
    order = paid_three(suite)
    order.must("cancel", cancelled("c1", tea=1))  # in the same second as the payment
    order.ship()
    order.must("shipment", {"tracking_no": "SF9"})
    order.receive()
    order.give_back("r1", tea=1)
    order.must("returns", returned("r2", tea=1))  # closes it in the same second
    whole = history(order).body
    assert [each["what"] for each in whole["items"]] == [
        "returned",
        "units_returned",
        "units_returned",
        "received",
        "shipment_corrected",
        "shipped",
        "units_cancelled",
        "paid",
        "placed",
    ]
    _, second, first, *_ = whole["items"]
    assert (second["return_id"], second["cancel_id"], second["refund_fen"]) == ("r2", None, 6_534)
    assert (first["lines"], first["points_restored"]) == ([TEA_BACK], 666)
    (left,) = [each for each in whole["items"] if each["what"] == "units_cancelled"]
    assert (left["cancel_id"], left["return_id"], left["refund_fen"]) == ("c1", None, 6_534)
    for limit in range(1, 10):
        found, cursor = [], None
        for _ in range(9):
            page = history(order, limit=str(limit), **({"cursor": cursor} if cursor else {})).body
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert (found, cursor) == (whole["items"], None), limit


def test_an_orders_history_is_its_owners_and_staffs(suite: Suite) -> None:
    order = reach(suite, "shipped")
    assert history(order, staff()).body == history(order).body
    answer = history(order, suite.member("bob"))
    assert (answer.status, answer.code) == (404, "order_not_found")
    cursor = history(order, limit="1").body["next_cursor"]
    for who, query in ((staff(), {"cursor": cursor}), (claims("alice"), {"cursor": cursor + "x"})):
        answer = history(order, who, **query)
        assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_O2_O3_a_history_tells_what_an_order_reads_as_before_a_job_has_written_it(suite: Suite) -> None:
    assert history(reach(suite, "lapsed by time")).body["items"][0]["what"] == "lapsed"


# --- money of another amount ---


def test_O6_money_that_arrived_for_an_order_that_waits_for_another_amount_is_recorded(suite: Suite) -> None:
    order = reach(suite, "placed")
    body = {"payment_id": "p1", "amount_fen": order.placed["paid_fen"] - 1}
    for _ in range(2):
        assert order.send("payment", body).code == "amount_mismatch"
        assert order.send("payment", body | {"received": False}).code == "amount_mismatch"
    for _ in range(2):
        seen = order.must("payment", body | {"received": True})
        assert (seen["status"], seen["paid_at"]) == ("placed", None)
        assert [(each["payment_id"], each["applied"]) for each in seen["payments"]] == [("p1", False)]
    assert order.must("payment", body)["status"] == "placed"  # the id is spent: the same contents again
    assert order.pay("p2")["status"] == "paid"
    row = suite.tables.get(suite.settings.orders_table, {"order_id": "payment:p1", "item": "PAYMENT"})
    assert row is not None
    assert (row["applied"], row["amount_fen"]) == (False, body["amount_fen"])


# --- partial returns ---

J2_FEN = 100_001
"""The effective order amount of a member who holds J2 to begin with."""


def three_at_66_67(suite: Suite) -> Life:
    """Return the received order of the worked example."""
    shop(suite, tea=6_667)
    held = {"2025": 700, "2026": 1_500}
    order = life(suite, {"tea": 3}, tier="J2", held=held, points=2_000)
    assert (order.placed["order_amount_fen"], order.placed["paid_fen"]) == (20_001, 19_601)
    return order.received()


def two_at_1_60(suite: Suite) -> Life:
    """Return the received order of the worked example in which points pay for shipping."""
    shop(suite, tea=160)
    order = life(suite, {"tea": 2}, tier="J2", held={"2026": 2_000}, points=2_000)
    assert (order.placed["order_amount_fen"], order.placed["paid_fen"]) == (1_320, 920)
    return order.received()


def test_O5_three_of_66_67_come_back_one_at_a_time(suite: Suite) -> None:
    order = three_at_66_67(suite)
    order.deliver()
    assert (order.wallet()["frozen"], order.standing()) == (196, ("J2", J2_FEN + 20_001))
    steps = [
        # refund, restored, retained: order amount, paid, redeemed, earned; available by year
        (6_534, 667, (13_334, 13_067, 1_333, 131), {"2026": 200 + 667}),
        (6_533, 666, (6_667, 6_534, 667, 65), {"2025": 33, "2026": 1_500}),
        (6_534, 667, (0, 0, 0, 0), {"2025": 700, "2026": 1_500}),
    ]
    refunded = 0
    for number, (refund_fen, restored, kept, years) in enumerate(steps, 1):
        body = order.give_back(f"r{number}", tea=1)
        refunded += refund_fen
        assert (body["refund_fen"], body["points_restored"]) == (refund_fen, restored)
        assert body["refunded_fen"] == refunded
        assert body["retained"] == dict(zip(NOTHING, kept, strict=True))
        assert (body["lines"][0]["quantity"], body["lines"][0]["returned_quantity"]) == (3, number)
        assert (body["status"], body["closed_at"] is None) == (
            ("returned", False) if number == 3 else ("received", True)
        )
        order.deliver()
        assert order.by_year() == years
        assert order.wallet() == {"available": sum(years.values()), "frozen": kept[3], "debt": 0}
        assert order.standing() == ("J2", J2_FEN + kept[0])
        assert units(suite) == 7 + number
    assert refunded == 19_601
    assert order.kinds() == ["redeem", "earn", *["restore", "reverse"] * 3]


def test_O5_points_that_paid_for_shipping_stay_with_it(suite: Suite) -> None:
    order = two_at_1_60(suite)
    one = order.give_back("r1", tea=1)
    assert (one["refund_fen"], one["points_restored"], one["refunded_fen"]) == (0, 800, 0)
    assert one["retained"] == {
        "order_amount_fen": 1_160,
        "paid_fen": 920,
        "redeemed_points": 1_200,
        "earned_points": 9,
    }
    order.deliver()
    assert order.wallet() == {"available": 800, "frozen": 9, "debt": 0}
    assert order.standing() == ("J2", J2_FEN + 1_160)
    other = order.give_back("r2", tea=1)
    assert (other["refund_fen"], other["points_restored"], other["refunded_fen"]) == (920, 1_200, 920)
    assert (other["status"], other["retained"]) == ("returned", NOTHING)
    order.deliver()
    assert order.wallet() == {"available": 2_000, "frozen": 0, "debt": 0}
    assert order.standing() == ("J2", J2_FEN)


@pytest.mark.parametrize(
    ("example", "how"),
    [
        (three_at_66_67, "each once"),
        (three_at_66_67, "the last alone"),
        (two_at_1_60, "each twice"),
        (two_at_1_60, "backwards"),
    ],
)
def test_O5_one_return_of_everything_ends_at_the_same_as_one_at_a_time(
    suite: Suite, example: Any, how: str
) -> None:
    order: Life = example(suite)
    body = order.give_back("r1", tea=order.placed["lines"][0]["quantity"])
    assert (body["refund_fen"], body["points_restored"]) == (order.placed["paid_fen"], 2_000)
    assert (body["status"], body["retained"]) == ("returned", NOTHING)
    order.deliver(how)
    assert order.by_year() == order.held
    assert order.wallet() == {"available": sum(order.held.values()), "frozen": 0, "debt": 0}
    assert order.standing() == ("J2", J2_FEN)
    assert units(suite) == 10


@pytest.mark.parametrize(
    ("parts", "how"),
    [
        ([{"tea": 2, "cup": 3}], "each once"),
        ([{"tea": 1}, {"tea": 1}, {"cup": 1}, {"cup": 1}, {"cup": 1}], "backwards"),
        ([{"cup": 1}, {"tea": 1}, {"cup": 1}, {"tea": 1}, {"cup": 1}], "each twice"),
        ([{"cup": 3}, {"tea": 2}], "the last alone"),
        ([{"cup": 2, "tea": 1}, {"cup": 1, "tea": 1}], "each once"),
    ],
)
def test_O5_any_sequence_of_returns_ends_at_the_same_fen_and_point(
    suite: Suite, parts: Sequence[dict[str, int]], how: str
) -> None:
    shop(suite, tea=4_999, cup=333)
    held = {"2025": 333, "2026": 1_900}
    order = life(suite, {"tea": 2, "cup": 3}, held=held, points=1_500).received()
    answers = [order.give_back(f"r{number}", **part) for number, part in enumerate(parts)]
    order.deliver(how)
    assert sum(answer["refund_fen"] for answer in answers) == order.placed["paid_fen"] == 11_697
    assert sum(answer["points_restored"] for answer in answers) == 1_500
    assert all(answer["refund_fen"] >= 0 and answer["points_restored"] >= 0 for answer in answers)
    for earlier, later in pairwise(answers):
        assert later["refund_fen"] == earlier["retained"]["paid_fen"] - later["retained"]["paid_fen"]
        assert later["refund_fen"] == later["refunded_fen"] - earlier["refunded_fen"]
    assert (order.seen()["status"], order.seen()["retained"]) == ("returned", NOTHING)
    assert (order.by_year(), order.standing()) == (held, ("J1", 0))
    assert order.wallet() == {"available": 2_233, "frozen": 0, "debt": 0}
    assert (units(suite, "tea"), units(suite, "cup")) == (10, 10)


def test_O5_there_is_no_time_limit_for_a_return(suite: Suite) -> None:
    order = three_at_66_67(suite)
    suite.pass_time(days=800)
    assert order.give_back("r1", tea=3)["refund_fen"] == 19_601


def test_R1_a_repeated_return_answers_its_original_figures_and_the_order_as_it_is(suite: Suite) -> None:
    order = three_at_66_67(suite)
    first = order.give_back("r1", tea=1)
    order.give_back("r2", tea=1)
    last = order.give_back("r3", tea=1)
    order.deliver()
    before = order.everything()
    suite.pass_time(days=100)
    for return_id, figures in (("r1", (6_534, 667)), ("r2", (6_533, 666)), ("r3", (6_534, 667))):
        body = order.must("returns", returned(return_id, tea=1))
        assert (body["refund_fen"], body["points_restored"]) == figures
        assert as_order(body) == before["order"] == as_order(last)
    order.deliver()
    assert order.everything() == before
    assert first["refunded_fen"] == 6_534


def test_R1_a_return_id_with_other_contents_is_refused(suite: Suite) -> None:
    shop(suite, tea=9_950, cup=1_000)
    order = life(suite, {"tea": 3, "cup": 3}).received()
    order.give_back("r1", tea=1)
    before = order.everything()
    for others in ({"tea": 2}, {"cup": 1}, {"tea": 1, "cup": 1}, {"tea": 9}):
        answer = order.send("returns", returned("r1", **others))
        assert (answer.status, answer.code) == (422, "return_id_reused"), others
    assert order.everything() == before


def test_R1_the_same_return_id_on_another_order_is_another_return(suite: Suite) -> None:
    shop(suite, tea=9_950)
    orders = [life(suite, {"tea": 2}, key=key) for key in ("k1", "k2")]
    for number, order in enumerate(orders):
        order.pay(f"p{number}")
    for order in orders:
        order.ship()
        order.receive()
    assert [order.give_back("r1", tea=count)["refund_fen"] for count, order in enumerate(orders, 1)] == [
        8_950 + 1_000,
        19_900,
    ]
    assert [order.seen()["status"] for order in orders] == ["received", "returned"]


def test_O5_a_return_of_more_than_stays_is_refused_and_uses_no_id_up(suite: Suite) -> None:
    shop(suite, tea=9_950, cup=1_000)
    order = life(suite, {"tea": 3}).received()
    order.give_back("r1", tea=1)
    before = order.everything()
    for asked in ({"tea": 3}, {"tea": 999}, {"gone": 1}, {"tea": 1, "gone": 1}, {"cup": 1}):
        answer = order.send("returns", returned("r2", **asked))
        assert (answer.status, answer.code) == (422, "return_exceeds_order"), asked
    assert order.everything() == before
    assert order.give_back("r2", tea=2)["status"] == "returned"


# --- payments ---


def test_O2_a_payment_in_the_last_second_is_in_time(suite: Suite) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2})
    suite.pass_time(minutes=29, seconds=59)
    paid = order.pay()
    assert (paid["status"], paid["paid_at"]) == ("paid", "2026-05-01T12:29:59+08:00")
    assert paid["payments"] == [
        {
            "payment_id": "p1",
            "provider": "manual",
            "amount_fen": 19_900,
            "received_at": "2026-05-01T12:29:59+08:00",
            "applied": True,
        }
    ]
    suite.pass_time(hours=1)
    order.run("lapse-unpaid")
    assert (order.seen(), units(suite)) == (paid, 8)


@pytest.mark.parametrize("state", STATES[1:])
def test_O6_late_payments_are_recorded_once_each_and_change_nothing_else(suite: Suite, state: str) -> None:
    order = reach(suite, state)
    before = order.everything()
    paid_fen = order.placed["paid_fen"]
    late = [("late-1", paid_fen), ("late-2", 1), ("late-1", paid_fen), ("late-3", paid_fen + 1)]
    for payment_id, amount_fen in late:
        suite.pass_time(seconds=1)
        assert order.pay(payment_id, amount_fen) == order.seen()
    order.deliver()
    after = order.everything()
    recorded = after["order"].pop("payments")
    earlier = before["order"].pop("payments")
    assert recorded[: len(earlier)] == earlier
    assert [
        (each["payment_id"], each["amount_fen"], each["applied"]) for each in recorded[len(earlier) :]
    ] == [
        ("late-1", paid_fen, False),
        ("late-2", 1, False),
        ("late-3", paid_fen + 1, False),
    ]
    assert after == before


def test_R1_the_payment_that_paid_is_repeated_for_ever(suite: Suite) -> None:
    order = reach(suite, "returned")
    before = order.everything()
    suite.pass_time(days=100)
    assert order.pay() == before["order"]
    assert order.everything() == before


def test_O6_a_payment_id_belongs_to_one_order_and_amount(suite: Suite) -> None:
    order = reach(suite, "cancelled unpaid")
    order.pay("late", 5)
    other = life(suite, {"tea": 1}, key="k2")
    before = order.everything(), other.everything()
    answers = [
        order.send("payment", {"payment_id": "late", "amount_fen": 6}),
        other.send("payment", {"payment_id": "late", "amount_fen": 5}),
        other.send("payment", {"payment_id": "late", "amount_fen": other.placed["paid_fen"]}),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(422, "payment_id_reused")}
    assert (order.everything(), other.everything()) == before


def test_a_payment_of_another_amount_uses_no_id_up(suite: Suite) -> None:
    order = reach(suite, "placed")
    answer = order.send("payment", {"payment_id": "p1", "amount_fen": 1})
    assert (answer.status, answer.code) == (422, "amount_mismatch")
    assert order.pay("p1")["status"] == "paid"


# --- one's own orders ---


def orders_of(suite: Suite, who: dict[str, str], **query: str) -> Answer:
    """List somebody's orders."""
    return suite.call(Call("GET", "/orders", who=who, query=query))


def placed_orders(suite: Suite, count: int, who: dict[str, str], *, apart: int = 1) -> list[str]:
    """Place orders of one tea, so many seconds apart; return their ids, newest first."""
    order_ids = []
    for number in range(count):
        order_ids.append(suite.order(who, f"k{number}").body["order_id"])
        suite.pass_time(seconds=apart)
    return order_ids[::-1]


def pages(suite: Suite, who: dict[str, str], limit: int) -> list[list[str]]:
    """Return the ids of all pages of somebody's orders."""
    found: list[list[str]] = []
    query = {"limit": str(limit)}
    while len(found) < 20:
        page = orders_of(suite, who, **query).body
        found.append([order["order_id"] for order in page["items"]])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("apart", [0, 1])
def test_own_orders_are_listed_newest_first_in_pages(suite: Suite, apart: int) -> None:
    suite.stocked(10)
    alice, bob = suite.member(), suite.member("bob")
    theirs = placed_orders(suite, 2, bob)
    own = placed_orders(suite, 5, alice, apart=apart)
    for limit in (2, 5):
        found = [order_id for page in pages(suite, alice, limit) for order_id in page]
        assert sorted(found) == sorted(own)
        if apart:
            assert found == own
    assert [len(page) for page in pages(suite, alice, 2)][:3] == [2, 2, 1]
    assert pages(suite, bob, 20) == [theirs]


def test_a_listed_order_is_the_order_as_it_reads_now(suite: Suite) -> None:
    shop(suite, tea=9_950)
    unpaid = life(suite, {"tea": 1}, key="k1")
    suite.pass_time(minutes=1)
    order = life(suite, {"tea": 2}, key="k2").received()
    order.give_back("r1", tea=1)
    assert orders_of(suite, claims("alice")).body == {
        "items": [order.seen(), unpaid.seen()],
        "next_cursor": None,
    }
    assert unpaid.seen()["status"] == "lapsed"


def test_a_page_has_20_orders_unless_told(suite: Suite) -> None:
    suite.stocked(30)
    alice = suite.member()
    own = placed_orders(suite, 21, alice)
    page = orders_of(suite, alice).body
    assert [order["order_id"] for order in page["items"]] == own[:20]
    rest = orders_of(suite, alice, cursor=page["next_cursor"]).body
    assert ([order["order_id"] for order in rest["items"]], rest["next_cursor"]) == (own[20:], None)


def test_a_page_goes_on_where_it_ended_when_orders_are_placed_in_between(suite: Suite) -> None:
    suite.stocked(10)
    alice = suite.member()
    own = placed_orders(suite, 4, alice)
    page = orders_of(suite, alice, limit="2").body
    suite.order(alice, "later")
    rest = orders_of(suite, alice, limit="2", cursor=page["next_cursor"]).body
    assert [order["order_id"] for order in rest["items"]] == own[2:]


def test_a_registered_member_without_orders_has_an_empty_list(suite: Suite) -> None:
    suite.stocked()
    suite.order(suite.member())
    assert orders_of(suite, suite.member("bob")).body == {"items": [], "next_cursor": None}


def test_a_limit_of_orders_is_1_to_100(suite: Suite) -> None:
    who = suite.member()
    for limit in ("0", "101", "-1", "1.0", "x", "", "1_0", "１"):
        answer = orders_of(suite, who, limit=limit)
        assert (answer.status, answer.code) == (422, "invalid_request"), limit
    assert [orders_of(suite, who, limit=limit).status for limit in ("1", "100")] == [200, 200]


def test_case_43_a_cursor_of_orders_is_its_members_and_its_lists(suite: Suite) -> None:
    suite.stocked(10)
    alice, bob = suite.member(), suite.member("bob")
    placed_orders(suite, 3, alice)
    placed_orders(suite, 3, bob)
    cursor = orders_of(suite, alice, limit="1").body["next_cursor"]
    ledger = Call("GET", "/members/me/points/entries", who=alice, query={"cursor": cursor})
    answers = [
        orders_of(suite, bob, cursor=cursor),
        orders_of(suite, staff(), cursor=cursor),
        orders_of(suite, alice, cursor=cursor[:-1]),
        orders_of(suite, alice, cursor="x"),
        suite.call(ledger),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(400, "invalid_cursor")}
    assert orders_of(suite, alice, cursor=cursor).status == 200


@pytest.mark.parametrize("who", [claims("nobody"), staff()])
def test_before_registration_there_is_no_list_of_orders(suite: Suite, who: dict[str, str]) -> None:
    answer = orders_of(suite, who)
    assert (answer.status, answer.code) == (409, "not_registered")


def test_staff_see_their_own_orders_in_the_list_and_any_by_its_id(suite: Suite) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 1})
    suite.call(Call("PUT", "/members/me", {"name": "Clerk"}, staff()))
    assert orders_of(suite, staff()).body["items"] == []
    assert order.seen()["member_id"] == "alice"
