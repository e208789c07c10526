"""What is asked in the shop's days, in order: a member's way from the registration to the erasure.

A value such as ``$first`` stands for what an answer before was kept as; ``$erin`` is that user's member id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

ERIN = "erin"
FRANK = "frank"
"""Has signed up and never registered."""
CLERK = "clerk"
STAFF = frozenset({CLERK})
TEA, KETTLE, CANDLE, TOWEL = "tea-longjing-100", "kettle-iron", "candle-osmanthus", "towel-bamboo"
TRAY = "tray-bamboo"
NO_ORDER = "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa"
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to the API, and how it is to be answered."""

    operation: str
    """Its ``operationId``."""
    who: str
    status: int
    name: str | None = None
    """What the example is called, once per operation; none is a call that is no example."""
    says: str = ""
    at: Mapping[str, str] = field(default_factory=dict)
    """The ids in the path."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    keeps: Mapping[str, str] = field(default_factory=dict)
    """Fields of the answer that are kept, by the names under which later calls use them."""
    id_token: bool = False
    """Whether it is sent with an ID token, which says who somebody is and is no key to an API."""


@dataclass(frozen=True, slots=True)
class At:
    """The clock goes on to this moment of the story's year, in store time."""

    month: int
    day: int
    hour: int

    def in_year(self, year: int, now: datetime) -> datetime:
        """Return the moment in a year, in the time zone of ``now``."""
        return datetime(year, self.month, self.day, self.hour, tzinfo=now.tzinfo)


@dataclass(frozen=True, slots=True)
class Local:
    """A command of the local cloud: ``settle``, or a job that is fired."""

    arguments: tuple[str, ...]


Step = Call | At | Local


def _cart(*lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines], **more}


def _product(name: str, price_fen: int, *, zone: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": name, "price_fen": price_fen, "member_zone": zone, **more}


@dataclass
class _Story:
    """Steps, said in short."""

    steps: list[Step] = field(default_factory=list)

    def call(
        self, operation: str, who: str, status: int, name: str = "", says: str = "", **more: Any
    ) -> None:
        self.steps.append(
            Call(operation=operation, who=who, status=status, name=name or None, says=says, **more)
        )

    def settle(self) -> None:
        self.steps.append(Local(("settle",)))

    def clock(self, month: int, day: int, hour: int) -> None:
        self.steps.append(At(month, day, hour))
        self.settle()

    def fire(self, job: str) -> None:
        self.steps.append(Local(("fire", job)))

    def placed(self, key: str, kept: str, body: Any, name: str = "", says: str = "") -> None:
        keeps = {kept: "order_id", f"{kept}_fen": "paid_fen"}
        self.call(
            "place_order", ERIN, 201, name, says, headers={"Idempotency-Key": key}, body=body, keeps=keeps
        )

    def paid(self, order: str, payment_id: str, name: str = "", says: str = "") -> None:
        body = {"payment_id": payment_id, "amount_fen": f"${order}_fen"}
        self.call("record_payment", CLERK, 200, name, says, at={"order_id": f"${order}"}, body=body)

    def happens(
        self, event: str, who: str, status: int, order: str, name: str = "", says: str = "", **more: Any
    ) -> None:
        self.call(event, who, status, name, says, at={"order_id": f"${order}"}, **more)


def _shelves(story: _Story) -> None:
    """Staff fills the shelves, and Erin registers."""
    tea = _product("Longjing tea", 9_500)
    changed = _product("Longjing tea, 100 g", 9_950, low_stock_threshold=5)
    story.call("put_product", CLERK, 201, "new", "A new product", at={"sku": TEA}, body=tea)
    story.call("put_product", CLERK, 200, "changed", "Another price", at={"sku": TEA}, body=changed)
    story.call("put_product", ERIN, 403, "no_staff", "A member tries", at={"sku": TEA}, body=tea)
    others = {
        KETTLE: _product("Iron kettle", 64_900),
        CANDLE: _product("Osmanthus candle", 12_900, zone=True),
        TOWEL: _product("Bamboo towel", 3_200, zone=True),
    }
    for sku, body in others.items():
        story.call("put_product", CLERK, 201, at={"sku": sku}, body=body)
    tray = _product("Bamboo tray", 4_500, status="withdrawn")
    story.call("put_product", CLERK, 201, "withdrawn", "Not sold any more", at={"sku": TRAY}, body=tray)
    delivery = {"movement_id": "delivery-1", "delta": 40, "reason": "delivery"}
    broken = {"movement_id": "broken-1", "delta": -41, "reason": "broken"}
    story.call("move_stock", CLERK, 200, "delivery", "A delivery", at={"sku": TEA}, body=delivery)
    story.call("move_stock", CLERK, 409, "too_many", "More than there are", at={"sku": TEA}, body=broken)
    for sku in (KETTLE, CANDLE):
        story.call("move_stock", CLERK, 200, at={"sku": sku}, body=delivery)
    story.call("get_movements", CLERK, 200, "moved", "After a delivery", at={"sku": TEA})
    story.call("get_movements", ERIN, 403, "no_staff", "A member tries", at={"sku": TEA})
    erin = {"name": "Erin", "birthday": "1992-12-20"}
    story.call("get_me", ERIN, 404, "not_registered", "Before the registration")
    story.call("register", ERIN, 201, "registered", "The registration", body=erin)
    phone = {"name": "Erin", "phone": "021 5550 0100"}
    story.call("register", ERIN, 200, "changed", "A phone number", body=phone)
    another = {"name": "Erin", "birthday": "1992-12-03"}
    story.call("register", ERIN, 409, "birthday_locked", "Another birthday", body=another)
    mobile = {"phone": "138 0013 8000"}
    story.call("change_me", ERIN, 200, "phone", "A phone number only", body=mobile)
    story.call("change_me", ERIN, 409, "birthday_locked", "Another birthday", body={"birthday": "1992-12-03"})


def _window(story: _Story) -> None:
    """Erin looks around."""
    story.call("get_product", ERIN, 200, "seen", "As a member sees it", at={"sku": TEA})
    story.call("get_product", ERIN, 404, "unknown", "No such product", at={"sku": "tea-bancha-100"})
    page = {"zone": "true", "limit": "1"}
    story.call(
        "get_products",
        ERIN,
        200,
        "page",
        "A page of one product",
        query=page,
        keeps={"zone": "next_cursor"},
    )
    after = {**page, "cursor": "$zone"}
    story.call("get_products", ERIN, 200, "next_page", "The next page", query=after)
    story.call("get_products", FRANK, 400, "another_caller", "Another caller's cursor", query=after)
    named = {"q": "longjing", "zone": "false"}
    story.call("get_products", ERIN, 200, "by_name", "By the beginning of a name", query=named)
    story.call("get_member_day", ERIN, 200, "before", "A week before")
    story.call("get_member_day", FRANK, 401, "id_token", "With an ID token", id_token=True)


def _first_order(story: _Story) -> None:
    """Erin buys two kettles and rises from J0 to J2."""
    kettles = _cart((KETTLE, 2), coupon="best", points="best")
    story.call("quote_cart", ERIN, 200, "first", "A first cart", body=kettles)
    story.call("quote_cart", ERIN, 422, "unknown_sku", "No such product", body=_cart(("tea-bancha-100", 1)))
    gone = _cart((TRAY, 1))
    story.call("quote_cart", ERIN, 422, "withdrawn", "A product that is not sold any more", body=gone)
    key = {"Idempotency-Key": "cart-1"}
    dear = {**kettles, "expected_paid_fen": 119_800}
    story.call("place_order", ERIN, 409, "quote_changed", "At another price", headers=key, body=dear)
    story.placed("cart-1", "first", {**kettles, "expected_paid_fen": 129_800}, "first", "A first order")
    lot = {"headers": {"Idempotency-Key": "cart-2"}, "body": _cart((KETTLE, 99))}
    story.call("place_order", ERIN, 409, "insufficient_stock", "More than there are", **lot)
    tracking = {"tracking_no": "SF1234567890"}
    story.happens("ship_order", CLERK, 409, "first", "not_paid", "Before it is paid", body=tracking)
    short = {"payment_id": "pay-1", "amount_fen": 129_799}
    story.happens("record_payment", CLERK, 422, "first", "another_amount", "Not what it costs", body=short)
    story.paid("first", "pay-1", "paid", "All of it")
    story.settle()
    story.happens("receive_order", ERIN, 409, "first", "not_shipped", "Before it is shipped")
    story.happens("ship_order", CLERK, 200, "first", "shipped", "With its number", body=tracking)
    carrier = {"carrier": "SF Express", "tracking_no": "SF1234567809"}
    story.clock(12, 3, 11)  # what happens in the same second has an order of its own
    story.happens("ship_order", CLERK, 200, "first", "corrected", "A slip of the pen", body=carrier)
    story.happens("receive_order", ERIN, 200, "first", "received", "It is there")
    story.happens("cancel_order", ERIN, 409, "first", "received", "It is there already")
    story.happens("get_order_history", ERIN, 200, "first", "received", "A corrected shipment")
    story.call("get_order_history", ERIN, 404, "unknown", "No such order", at={"order_id": NO_ORDER})


def _account(story: _Story) -> None:
    """Erin sees what has come of it; who is not registered has nothing."""
    story.call("get_me", ERIN, 200, "member", "After a first order")
    story.call("get_tier_history", ERIN, 200, "risen", "After a first order")
    story.call("get_tier_history", FRANK, 404, "not_registered", "Before the registration")
    story.call("get_points", ERIN, 200, "frozen", "Until they are released")
    story.call("get_points", FRANK, 409, "not_registered", "Before the registration")
    story.call("get_points_entries", ERIN, 200, "earned", "After a first order")
    that_day = {"since": "2026-12-03T00:00:00+08:00", "before": "2026-12-04T00:00:00+08:00"}
    earned = {"kind": "earn", **that_day}
    story.call("get_points_entries", ERIN, 200, "of_a_kind", "Of one kind, on one day", query=earned)
    story.call("get_points_entries", FRANK, 409, "not_registered", "Before the registration")
    available = {"status": "available"}
    story.call("get_coupons", ERIN, 200, "available", "In the month of the birthday", query=available)
    story.call("get_coupons", ERIN, 422, "no_status", "No such status", query={"status": "lost"})


def _second_order(story: _Story) -> None:
    """Erin uses her coupon, leaves one of three packets behind, and sends one of the others back."""
    teas = _cart((TEA, 3), coupon="best", points="best")
    story.call("quote_cart", ERIN, 200, "coupon", "With a birthday coupon", body=teas)
    story.placed("cart-2", "second", teas, "coupon", "With a birthday coupon")
    story.paid("second", "pay-2")
    one = {"cancel_id": "cancel-1", "lines": [{"sku": TEA, "quantity": 1}]}
    story.happens("cancel_order", ERIN, 200, "second", "one_of_three", "One of three", body=one)
    story.happens("ship_order", CLERK, 200, "second")
    story.happens("receive_order", CLERK, 200, "second")
    back = {"return_id": "return-1", "lines": [{"sku": TEA, "quantity": 1}]}
    more = {"return_id": "return-2", "lines": [{"sku": TEA, "quantity": 2}]}
    story.happens("return_units", CLERK, 200, "second", "one_of_two", "One of two", body=back)
    story.happens("return_units", CLERK, 422, "second", "too_many", "More than are left", body=more)
    story.happens("refuse_order", CLERK, 409, "second", "received", "It was taken")


def _member_day(story: _Story) -> None:
    """A week later the points are free, and it is the member day."""
    story.clock(12, 10, 12)
    story.fire("release-points")
    story.call("get_points", ERIN, 200, "available", "After their release")
    story.call("get_member_day", ERIN, 200, "running", "On the day")
    candle = _cart((CANDLE, 1), points="best")
    story.call("quote_cart", ERIN, 200, "member_day", "On the member day, with points", body=candle)
    story.placed("cart-3", "third", candle, "points", "On the member day, with points")
    story.happens("cancel_order", ERIN, 200, "third", "cancelled", "Before it is paid")
    story.clock(12, 10, 13)  # orders of the same second are listed in any order
    story.placed("cart-4", "fourth", _cart((TEA, 1)))
    story.paid("fourth", "pay-4")
    story.happens("ship_order", CLERK, 200, "fourth")
    story.happens("refuse_order", CLERK, 200, "fourth", "refused", "Nobody took it")
    story.settle()
    page, keeps = {"limit": "1"}, {"orders": "next_cursor"}
    story.call("get_orders", ERIN, 200, "page", "The latest order", query=page, keeps=keeps)
    story.call("get_orders", ERIN, 200, "next_page", "The one before", query={**page, "cursor": "$orders"})
    refused = {"status": "refused"}
    story.call("get_orders", ERIN, 200, "by_status", "Those that were not taken", query=refused)
    story.call("get_orders", ERIN, 400, "another_list", "Another list's cursor", query={"cursor": "$zone"})
    story.happens("get_order", ERIN, 200, "second", "returned", "After a return")
    story.call("get_order", ERIN, 404, "unknown", "No such order", at={"order_id": NO_ORDER})


def _office(story: _Story) -> None:
    """Staff looks after a member, and the member leaves."""
    erin, nobody = {"member_id": "$erin"}, {"member_id": NOBODY}
    credit = {"adjustment_id": "goodwill-1", "points": 500, "reason": "late parcel"}
    debit = {"adjustment_id": "mistake-1", "points": -100_000, "reason": "mistake"}
    story.call("adjust_points", CLERK, 200, "credit", "A credit", at=erin, body=credit)
    story.call("adjust_points", CLERK, 409, "too_many", "More than there are", at=erin, body=debit)
    story.call("get_member", CLERK, 200, "member", "With their points", at=erin)
    story.call("get_member", CLERK, 404, "unknown", "No such member", at=nobody)
    by_phone, by_two = {"phone": "13800138000"}, {"phone": "13800138000", "name_prefix": "er"}
    story.call("search_members", CLERK, 200, "by_phone", "By phone", body=by_phone)
    story.call("search_members", CLERK, 200, "by_name", "By how the name begins", body={"name_prefix": "er"})
    story.call("search_members", CLERK, 422, "by_two", "By two things", body=by_two)
    that_week = {"since": "2026-12-07T00:00:00+08:00", "before": "2026-12-14T00:00:00+08:00"}
    adjusted = {"kind": "adjust", **that_week}
    story.call(
        "get_member_points_entries", CLERK, 200, "adjusted", "What was adjusted", at=erin, query=adjusted
    )
    story.call("get_member_points_entries", CLERK, 404, "unknown", "No such member", at=nobody)
    story.call("get_member_tier_history", CLERK, 200, "changes", "All changes", at=erin)
    story.call("get_member_tier_history", CLERK, 404, "unknown", "No such member", at=nobody)
    used = {"status": "used"}
    story.call("get_member_coupons", CLERK, 200, "used", "Those that were used", at=erin, query=used)
    story.call("get_member_coupons", CLERK, 404, "unknown", "No such member", at=nobody)
    birthday = {"birthday": "1992-12-21", "reason": "passport seen"}
    story.call("change_birthday", CLERK, 200, "corrected", "A slip of the pen", at=erin, body=birthday)
    story.call("change_birthday", CLERK, 404, "unknown", "No such member", at=nobody, body=birthday)
    refused = {"status": "refused"}
    story.call("get_member_orders", CLERK, 200, "by_status", "Not taken", at=erin, query=refused)
    story.call("get_member_orders", CLERK, 404, "unknown", "No such member", at=nobody)
    story.call("search_orders", CLERK, 200, "by_status", "Not taken, of all members", query=refused)
    story.call("search_orders", ERIN, 403, "no_staff", "A member tries")
    story.call("get_member_birthday_changes", CLERK, 200, "corrected", "A slip of the pen", at=erin)
    story.call("get_member_birthday_changes", CLERK, 404, "unknown", "No such member", at=nobody)
    story.fire("audit-points")
    story.call("get_points_liability", CLERK, 200, "audited", "After an audit")
    story.call("get_points_liability", ERIN, 403, "no_staff", "A member tries")
    story.call("get_points_differences", CLERK, 200, "none", "Everything fits")
    cursor = {"cursor": "$zone"}
    story.call("get_points_differences", CLERK, 400, "another_list", "Another list's cursor", query=cursor)
    story.call("get_export", ERIN, 200, "page", "A first page", query={"limit": "4"})
    story.call("get_export", FRANK, 409, "not_registered", "Before the registration")
    story.call("erase_member", CLERK, 200, "erased", "For good", at=erin)
    story.call("erase_member", CLERK, 404, "unknown", "No such member", at=nobody)


def _told() -> tuple[Step, ...]:
    story = _Story()
    for chapter in (_shelves, _window, _first_order, _account, _second_order, _member_day, _office):
        chapter(story)
    return tuple(story.steps)


BEGIN = At(12, 3, 10)
"""A week before a member day, in the month of Erin's birthday."""
STORY = _told()
EXAMPLES: Mapping[str, Call] = MappingProxyType(
    {f"{step.operation} {step.name}": step for step in STORY if isinstance(step, Call) and step.name}
)
"""The calls that are examples, by operation and name."""
