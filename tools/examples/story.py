"""What is asked in the shop's days, in order: a member's way from the registration to the erasure.

A value such as ``$first`` stands for what an answer before was kept as; ``$erin`` is that user's member id.
In a text ``{year}`` stands for the year in which the story is played.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from functions.domain.policy import FILE

YEAR = "{year}"
ERIN = "erin"
FRANK = "frank"
"""Has signed up and never registered."""
CLERK = "clerk"
STAFF = frozenset({CLERK})
ADMIN = "admin"
"""Has the role of that name, and no other."""
TEA, KETTLE, CANDLE, TOWEL = "tea-longjing-100", "kettle-iron", "candle-osmanthus", "towel-bamboo"
TRAY, CUP = "tray-bamboo", "cup-celadon"
NO_RECORD = "aud_" + "0" * 32
NO_ORDER = "ord_aaaaaaaaaaaaaaaaaaaaaaaaaa"
NO_CASE = "cas_aaaaaaaaaaaaaaaaaaaaaaaaaa"
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


@dataclass(frozen=True, slots=True)
class AtTill:
    """What a shopper does at the till: a path of its control surface, and what that is told."""

    path: str
    body: Mapping[str, Any]


Step = Call | At | Local | AtTill


ONLY_NEW, OF_FIRST = {"If-None-Match": "*"}, {"If-Match": '"1"'}
"""What is only to be made, and what replaces the first version."""


def _cart(*lines: tuple[str, int], **more: Any) -> dict[str, Any]:
    return {"lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines], **more}


def _campaign(name: str, kind: str, terms: Any, scope: Any = None, **more: Any) -> dict[str, Any]:
    """Return what staff say of a campaign of the story's December."""
    return {
        "name": name,
        "kind": kind,
        "starts_at": f"{YEAR}-12-11T00:00:00+08:00",
        "ends_at": f"{YEAR}-12-13T00:00:00+08:00",
        **({} if scope is None else {"scope": scope}),
        "terms": terms,
        "status": "active",
        **more,
    }


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

    def guarded(self, operation: str, at: dict[str, str], body: Any) -> None:
        """Staff want to make what is there, and to change what has changed."""
        exists = {"at": at, "headers": ONLY_NEW, "body": body}
        self.call(operation, CLERK, 412, "exists_already", "Only to be made", **exists)
        changed = {"at": at, "headers": OF_FIRST, "body": body}
        self.call(operation, CLERK, 412, "changed_meanwhile", "Of a version of before", **changed)

    def settle(self) -> None:
        self.steps.append(Local(("settle",)))

    def clock(self, month: int, day: int, hour: int) -> None:
        self.steps.append(At(month, day, hour))
        self.settle()

    def fire(self, job: str) -> None:
        self.steps.append(Local(("fire", job)))

    def till(self, path: str, **body: Any) -> None:
        self.steps.append(AtTill(path, body))

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
    new, next_one = {"at": {"sku": TEA}, "headers": ONLY_NEW}, {"at": {"sku": TEA}, "headers": OF_FIRST}
    story.call("put_product", CLERK, 201, "new", "A new product", **new, body=tea)
    story.call("put_product", CLERK, 200, "changed", "Another price", **next_one, body=changed)
    story.call("put_product", ERIN, 403, "no_staff", "A member tries", at={"sku": TEA}, body=tea)
    story.guarded("put_product", {"sku": TEA}, tea)
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
    that_day = {"since": f"{YEAR}-12-03T00:00:00+08:00", "before": f"{YEAR}-12-04T00:00:00+08:00"}
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
    asked, too_many = ({"lines": each["lines"]} for each in (back, more))
    story.happens("preview_return", ERIN, 200, "second", "one_of_two", "One of two", body=asked)
    story.happens("return_units", CLERK, 200, "second", "one_of_two", "One of two", body=back)
    story.happens("preview_return", ERIN, 422, "second", "too_many", "More than are left", body=too_many)
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


def _campaigns(story: _Story) -> None:
    """The day before a sale staff put it: a price, units of a flash, an amount off, and a gift."""
    story.clock(12, 10, 20)
    cup = _product("Celadon cup", 6_667)
    story.call("put_product", CLERK, 201, at={"sku": CUP}, body=cup)
    delivery = {"movement_id": "delivery-1", "delta": 40, "reason": "delivery"}
    story.call("move_stock", CLERK, 200, at={"sku": CUP}, body=delivery)
    tea = _campaign("Tea week", "discount", {"rate": "0.90"}, {"skus": [TEA]}, except_skus=[KETTLE])
    cheaper = {**tea, "terms": {"rate": "0.85"}, "tiers": ["J1", "J2", "J3", "J4", "J5"]}
    flash_terms = {"items": {CANDLE: {"price_fen": 9_900, "units": 20}}, "per_member": 2}
    flash = _campaign("Candles at midnight", "flash", flash_terms, stacks=False)
    steps = [{"from_fen": 30_000, "off_fen": 5_000}, {"from_fen": 50_000, "off_fen": 10_000}]
    limits = {"orders": 100, "per_member": 1, "budget_fen": 500_000}
    save = _campaign(
        "双十二: 满300减50, 满500减100",
        "spend_save",
        {"steps": steps},
        {"all": True},
        group="1212",
        limits=limits,
    )
    gift = _campaign(
        "A cup from 399 on", "gift", {"from_fen": 39_900, "sku": CUP, "quantity": 1}, {"all": True}
    )
    tea_at, flash_at = {"campaign_id": "tea-week"}, {"campaign_id": "candles"}
    new, next_one = {"at": tea_at, "headers": ONLY_NEW}, {"at": tea_at, "headers": OF_FIRST}
    story.call("put_campaign", CLERK, 201, "discount", "A discount", **new, body=tea)
    story.call("put_campaign", CLERK, 200, "changed", "Another rate, for members", **next_one, body=cheaper)
    story.guarded("put_campaign", tea_at, tea)
    story.call("put_campaign", CLERK, 201, "flash", "A flash sale", at=flash_at, body=flash)
    save_at, gift_at = {"campaign_id": "1212-save"}, {"campaign_id": "1212-cup"}
    story.call("put_campaign", CLERK, 201, "spend_save", "So much off, in two steps", at=save_at, body=save)
    story.call("put_campaign", CLERK, 201, "gift", "A gift", at=gift_at, body=gift)
    tried = {"campaign": save, "lines": [{"sku": TEA, "quantity": 4}], "tier": "J2"}
    story.call("preview_campaign", CLERK, 200, "saves", "What a cart would cost", at=save_at, body=tried)
    nothing = {**tried, "lines": [{"sku": "no-such-tea", "quantity": 1}]}
    story.call("preview_campaign", CLERK, 422, "no_sku", "Of what is not sold", at=save_at, body=nothing)
    other = _campaign("Candles", "discount", {"rate": "0.50"}, {"skus": [CANDLE]})
    story.call("put_campaign", CLERK, 409, "kind_fixed", "Another kind", at=flash_at, body=other)
    many = {"items": {CANDLE: {"price_fen": 9_900, "units": 5_000}}, "per_member": 2}
    too_many = {**flash, "terms": many}
    story.call(
        "put_campaign", CLERK, 409, "too_many_units", "More than there are", at=flash_at, body=too_many
    )
    story.call("put_campaign", ERIN, 403, "no_staff", "A member tries", at=save_at, body=save)
    story.call("get_offers", ERIN, 200, "coming", "The evening before")
    story.call("get_offers", FRANK, 409, "not_registered", "Before the registration")


def _templates(story: _Story) -> None:
    """Erin claims a coupon. She has no other one in the sale: a quote tells of several by their ids."""
    tea = {
        "name": "20 off tea, for a week",
        "kind": "amount",
        "face_value_fen": 2_000,
        "min_fen": 15_000,
        "scope": {"skus": [TEA]},
        "claimable": True,
        "valid": {"days": 7},
        "limits": {"total": 5_000, "per_member": 1},
        "status": "active",
    }
    tenth = {
        "name": "A tenth off, 30 at most",
        "kind": "rate",
        "rate": "0.90",
        "max_off_fen": 3_000,
        "min_fen": 10_000,
        "scope": {"all": True},
        "valid": {"from": f"{YEAR}-12-01T00:00:00+08:00", "until": f"{YEAR}-12-31T23:59:59+08:00"},
        "status": "active",
    }
    tea_at, tenth_at = {"template_id": "tea-20"}, {"template_id": "tenth"}
    nothing = {"template_id": "coffee"}
    new, next_one = {"at": tea_at, "headers": ONLY_NEW}, {"at": tea_at, "headers": OF_FIRST}
    story.call("put_coupon_template", CLERK, 201, "amount", "An amount off", **new, body=tea)
    more = {**tea, "limits": {"total": 8_000, "per_member": 1}}
    story.call("put_coupon_template", CLERK, 200, "changed", "More of them", **next_one, body=more)
    story.guarded("put_coupon_template", tea_at, tea)
    story.call("put_coupon_template", CLERK, 201, "rate", "A rate", at=tenth_at, body=tenth)
    story.call("put_coupon_template", CLERK, 409, "kind_fixed", "Another kind", at=tea_at, body=tenth)
    story.call("get_claimable_coupons", ERIN, 200, "page", "What a member can claim")
    story.call("get_claimable_coupons", FRANK, 409, "not_registered", "Before the registration")
    key, again = {"Idempotency-Key": "claim-1"}, {"Idempotency-Key": "claim-2"}
    story.call("claim_coupon", ERIN, 201, "claimed", "A claim", at=tea_at, headers=key)
    story.call("claim_coupon", ERIN, 409, "already_claimed", "Another one", at=tea_at, headers=again)
    story.call("get_coupon_template", CLERK, 200, "claimed", "After a claim", at=tea_at)
    story.call("get_coupon_template", CLERK, 404, "unknown", "No such template", at=nothing)
    story.call("get_coupon_templates", CLERK, 200, "page", "A page", query={"limit": "1"})
    story.call("get_coupon_templates", ERIN, 403, "no_staff", "A member tries")
    listed = {"status": "available"}
    story.call("get_coupons", ERIN, 200, "of_templates", "Those of templates, too", query=listed)


def _sale(story: _Story) -> None:
    """In the sale Erin has all of it, and sends the goods back but keeps the gift."""
    story.clock(12, 11, 10)
    story.call("get_product", ERIN, 200, "in_a_sale", "At a campaign's price", at={"sku": TEA})
    story.call("get_offers", ERIN, 200, "running", "In the sale")
    sale = _cart((TEA, 4), (CANDLE, 1), (TOWEL, 1), coupon="best")
    story.call("quote_cart", ERIN, 200, "sale", "In a sale, with a coupon", body=sale)
    candles = _cart((CANDLE, 3))
    story.call("quote_cart", ERIN, 200, "flash_limit", "More than a member may have", body=candles)
    named = _cart((TOWEL, 1), campaigns=["1212-save"])
    story.call("quote_cart", ERIN, 422, "campaign", "A campaign that does not apply", body=named)
    kettle = _cart((KETTLE, 1))
    unexpected = {**kettle, "expected_gifts": []}
    key = {"Idempotency-Key": "cart-5"}
    story.call("place_order", ERIN, 409, "other_gifts", "With a gift unseen", headers=key, body=unexpected)
    told = {**kettle, "expected_gifts": [{"sku": CUP, "quantity": 1}]}
    story.placed("cart-5", "fifth", told, "gift", "With a gift")
    story.paid("fifth", "pay-5")
    story.happens("ship_order", CLERK, 200, "fifth")
    story.happens("receive_order", ERIN, 200, "fifth")
    back = {"return_id": "return-1", "lines": [{"line_id": KETTLE, "quantity": 1}]}
    asked = {"lines": back["lines"]}
    story.happens("preview_return", CLERK, 200, "fifth", "gift_kept", "But the gift is kept", body=asked)
    story.happens("return_units", CLERK, 200, "fifth", "gift_kept", "But the gift is kept", body=back)
    story.settle()
    story.call("get_campaign", CLERK, 200, "used", "After an order", at={"campaign_id": "1212-cup"})
    story.call("get_campaign", CLERK, 404, "unknown", "No such campaign", at={"campaign_id": "1111"})
    running = {"status": "running", "limit": "2"}
    story.call("get_campaigns", CLERK, 200, "running", "Those that run", query=running)
    story.call("get_campaigns", ERIN, 403, "no_staff", "A member tries")


def _codes(story: _Story) -> None:
    """After the sale she gets a coupon for a code, and one from staff."""
    tenth_at = {"template_id": "tenth"}
    poster = {"batch_id": "poster", "code": "TENTH-1212", "limit": 1_000}
    unique = {"batch_id": "letters", "count": 3}
    other = {"batch_id": "letters", "count": 5}
    story.call("make_coupon_codes", CLERK, 201, "shared", "One for a poster", at=tenth_at, body=poster)
    story.call("make_coupon_codes", CLERK, 201, "unique", "Some that work once", at=tenth_at, body=unique)
    story.call("make_coupon_codes", CLERK, 200, "again", "The same batch again", at=tenth_at, body=unique)
    story.call("make_coupon_codes", CLERK, 422, "reused", "Another batch of that id", at=tenth_at, body=other)
    story.call("redeem_coupon_code", ERIN, 201, "right", "However it is typed", body={"code": "tenth 1212"})
    story.call("redeem_coupon_code", ERIN, 422, "wrong", "A wrong one", body={"code": "TENTH-1213"})
    erin = {"member_id": "$erin"}
    sorry = {"issue_id": "late-parcel-1", "template_id": "tea-20"}
    story.call("issue_coupon", CLERK, 201, "given", "From staff", at=erin, body=sorry)
    story.call("issue_coupon", CLERK, 200, "again", "The same again", at=erin, body=sorry)
    reused = {**sorry, "template_id": "tenth"}
    story.call("issue_coupon", CLERK, 422, "reused", "Another coupon under that id", at=erin, body=reused)


def _payments(story: _Story) -> None:
    """She pays an order at a provider, and money comes in that is no order's."""
    story.placed("cart-6", "sixth", _cart((TEA, 1)))
    at = {"order_id": "$sixth"}
    by_name = {"provider": "wechatpay", "method": "jsapi", "payer": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
    nameless = {"provider": "wechatpay", "method": "jsapi"}
    kept = {"number": "attempt_id"}
    wechatpay, alipay = {"provider": "wechatpay"}, {"provider": "alipay"}
    story.call("ask_for_payment", ERIN, 200, "params", "In an app of WeChat", at=at, body=by_name)
    story.call("ask_for_payment", ERIN, 422, "nameless", "No payer is named", at=at, body=nameless)
    story.call("ask_for_payment", ERIN, 200, "qr", "By a QR code", at=at, body=wechatpay, keeps=kept)
    story.till("/till/pay", number="$number")
    story.settle()
    story.call("get_order", ERIN, 200, "paid", "Paid through a provider", at=at)
    story.call("ask_for_payment", ERIN, 409, "paid", "The order is paid", at=at, body=alipay)
    story.call(
        "ask_for_payment", ERIN, 404, "unknown", "No such order", at={"order_id": NO_ORDER}, body=alipay
    )
    story.placed("cart-7", "seventh", _cart((TEA, 1)))
    for number in ("till-2041", "till-2042"):
        story.till("/till/money", provider="stripe", number=number, amount_fen="$seventh_fen")
    story.settle()
    listed = {"next": "next_cursor", "payment": "items.0.payment_id"}
    first = {"limit": "1"}
    story.call("get_unassigned_payments", CLERK, 200, "page", "A first page", query=first, keeps=listed)
    rest = {"cursor": "$next"}
    second = {"second": "items.0.payment_id"}
    story.call("get_unassigned_payments", CLERK, 200, "rest", "The rest", query=rest, keeps=second)
    story.call("get_unassigned_payments", ERIN, 403, "no_staff", "A member tries")
    to, body = {"payment_id": "$payment"}, {"order_id": "$seventh"}
    story.call("assign_payment", CLERK, 200, "assigned", "It is an order's", at=to, body=body)
    other = {"order_id": "$sixth"}
    story.call("assign_payment", CLERK, 409, "another", "To another order", at=to, body=other)
    nothing = {"payment_id": "stripe:pi_3TillNowhere"}
    story.call("assign_payment", CLERK, 404, "unknown", "No such money", at=nothing, body=body)
    back = {"reason": "paid by mistake"}
    other_money = {"payment_id": "$second"}
    story.call("refund_payment", CLERK, 200, "back", "It goes back", at=other_money, body=back)
    story.call("refund_payment", CLERK, 409, "assigned", "It is an order's", at=to, body=back)
    story.call("refund_payment", CLERK, 404, "unknown", "No such money", at=nothing, body=back)
    story.happens("cancel_order", ERIN, 200, "seventh")
    manual = {"state": "manual", "limit": "1"}
    found = {"refund": "items.0.refund_id"}
    story.call("get_refunds", CLERK, 200, "manual", "To be paid by hand", query=manual, keeps=found)
    story.call("get_refunds", ERIN, 403, "no_staff", "A member tries")
    refund, said = {"refund_id": "$refund"}, {"reason": "bank transfer", "reference": "bank-2041"}
    story.call("pay_refund_by_hand", CLERK, 200, "paid", "It has been paid", at=refund, body=said)
    again = {"reason": "bank transfer", "reference": "bank-2042"}
    story.call("pay_refund_by_hand", CLERK, 409, "again", "With other words", at=refund, body=again)
    no_refund = {"refund_id": "ref_aaaaaaaaaaaaaaaaaaaaaaaaaa_c00001"}
    story.call("pay_refund_by_hand", CLERK, 404, "unknown", "No such refund", at=no_refund, body=said)


def _asking(story: _Story) -> None:
    """She asks for one tea back, for another one instead, and complains."""
    story.placed("cart-8", "eighth", _cart((TEA, 4)))
    story.paid("eighth", "pay-8")
    at, lines = {"order_id": "$eighth"}, [{"line_id": TEA, "quantity": 1}]
    back = {"request_id": "back-1", "kind": "return", "lines": lines, "reason": "damaged"}
    back["text"] = "The tin is dented."
    story.call("open_case", ERIN, 409, "too_early", "Before it has arrived", at=at, body=back)
    story.happens("ship_order", CLERK, 200, "eighth")
    story.happens("receive_order", ERIN, 200, "eighth")
    plain = {"request_id": "back-2", "kind": "return", "lines": lines, "reason": "no_reason"}
    other = {"request_id": "other-1", "kind": "exchange", "lines": lines, "reason": "defective"}
    late = {"request_id": "late-1", "kind": "complaint", "reason": "late", "text": "It took three weeks."}
    for hours, (name, says, body) in enumerate(
        (
            ("return", "A return", back),
            ("no_reason", "A return for no reason", plain),
            ("exchange", "An exchange for the same", other),
            ("complaint", "A complaint", late),
        ),
        start=1,
    ):
        story.clock(12, 11, 10 + hours)  # apart, so that lists have them in one order
        story.call("open_case", ERIN, 201, name, says, at=at, body=body, keeps={name: "case_id"})
    two = [{"line_id": TEA, "quantity": 2}]
    more = {"request_id": "back-3", "kind": "return", "lines": two, "reason": "other"}
    story.call("open_case", ERIN, 409, "unit_in_case", "A unit is in a case", at=at, body=more)
    story.call("get_own_cases", ERIN, 200, "page", "A first page", query={"limit": "2"})
    another = {"cursor": "$zone"}
    story.call("get_own_cases", ERIN, 400, "another_list", "Another list's cursor", query=another)
    own, nothing = {"case_id": "$return"}, {"case_id": NO_CASE}
    story.call("get_case", ERIN, 200, "own", "One of one's own", at=own)
    story.call("get_case", ERIN, 404, "unknown", "No such case", at=nothing)
    story.call("get_cases", CLERK, 200, "worklist", "What staff are to do", query={"limit": "2"})
    in_time = {"state": "requested", "overdue": "false", "limit": "2"}
    story.call("get_cases", CLERK, 200, "in_time", "To be answered, in time", query=in_time)
    story.call("get_cases", ERIN, 403, "no_staff", "A member tries")


def _deciding(story: _Story) -> None:
    """Staff decide, she does not agree, and what was exchanged comes and goes."""
    back, other, late = ({"case_id": f"${name}"} for name in ("return", "exchange", "complaint"))
    nothing, no = {"case_id": NO_CASE}, {"reason": "It was not dented when it was sent."}
    story.call("refuse_case", CLERK, 200, "refused", "With a reason", at=back, body=no)
    story.call("refuse_case", CLERK, 404, "unknown", "No such case", at=nothing, body=no)
    why = {"reason": "The parcel was dented, too."}
    story.call("escalate_case", ERIN, 200, "disputed", "Somebody else is to decide", at=back, body=why)
    story.call("escalate_case", ERIN, 409, "not_refused", "Nobody has refused it", at=other, body=why)
    story.call("approve_case", CLERK, 409, "refused_before", "Who refused it decides again", at=back)
    story.call("approve_case", CLERK, 200, "approved", "The unit for it is held", at=other)
    parcel = {"carrier": "SF Express", "tracking_no": "SF1404003501204"}
    story.call("send_back", ERIN, 200, "sent", "With the parcel's number", at=other, body=parcel)
    story.call("send_back", ERIN, 409, "disputed", "Before it is approved", at=back, body=parcel)
    came = {"lines": [{"line_id": TEA, "quantity": 1}], "return_shipping_fen": 1_500}
    story.call("receive_case", CLERK, 200, "exchanged", "An exchange", at=other, body=came)
    story.call("receive_case", CLERK, 409, "disputed", "Before it is approved", at=back)
    story.call("withdraw_case", ERIN, 200, "withdrawn", "In a dispute", at=back)
    story.call("withdraw_case", ERIN, 409, "closed", "It is closed", at=other)
    answer = {"text": "We are sorry. The carrier was on strike."}
    story.call("answer_case", CLERK, 200, "answered", "An answer", at=late, body=answer)
    story.call("answer_case", CLERK, 409, "no_complaint", "It is no complaint", at=other, body=answer)
    points = {"points": 200, "reason": "three weeks late"}
    story.call("settle_case", CLERK, 409, "no_complaint", "It is no complaint", at=other, body=points)
    story.call("settle_case", CLERK, 200, "points", "With points", at=late, body=points)
    reports: tuple[tuple[str, str, str, dict[str, str]], ...] = (
        ("get_case_figures", "of_a_month", "Of a month", {"month": f"{YEAR}-12"}),
        ("get_returns", "page", "Of the latest orders", {"limit": "3"}),
        ("get_late_deliveries", "none", "None is late", {}),
        ("get_payment_differences", "none", "Of a day that fits", {"date": f"{YEAR}-12-01"}),
    )
    for operation, name, says, query in reports:
        story.call(operation, CLERK, 200, name, says, query=query)
        story.call(operation, ERIN, 403, "no_staff", "A member tries")


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
    that_week = {"since": f"{YEAR}-12-07T00:00:00+08:00", "before": f"{YEAR}-12-14T00:00:00+08:00"}
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
    by_parcel, by_payment = {"tracking_no": "sf 1234567809"}, {"payment_id": "pay-1"}
    story.call("search_orders", CLERK, 200, "by_parcel", "By the parcel", query=by_parcel)
    story.call("search_orders", CLERK, 200, "by_payment", "By the payment", query=by_payment)
    story.call("get_member_birthday_changes", CLERK, 200, "corrected", "A slip of the pen", at=erin)
    story.call("get_member_birthday_changes", CLERK, 404, "unknown", "No such member", at=nobody)
    _running_of_the_suite(story)
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


def _running_of_the_suite(story: _Story) -> None:
    """Staff look at what is due and what was sold, and an admin at the suite itself."""
    that_day, that_week = (
        {"date": f"{YEAR}-12-10"},
        {"since": f"{YEAR}-12-07T00:00:00+08:00", "before": f"{YEAR}-12-14T00:00:00+08:00"},
    )
    story.call("get_due_orders", CLERK, 200, "lapse", "What will lapse", query={"kind": "lapse"})
    story.call("get_due_orders", CLERK, 200, "late", "Parcels that will be late", query={"kind": "late"})
    story.call("get_due_orders", ERIN, 403, "no_staff", "A member tries", query={"kind": "receipt"})
    story.call("get_sales", CLERK, 200, "of_a_day", "Of a day", query=that_day)
    story.call("get_sales", CLERK, 200, "of_a_week", "Of a week", query=that_week)
    story.call("get_sales", ERIN, 403, "no_staff", "A member tries", query=that_day)
    sales, nothing = {"report": "sales"}, {"report": "no-such-report"}
    taken = {"request_id": "console-2", "rows": 7, "from": f"{YEAR}-12-07", "until": f"{YEAR}-12-13"}
    story.call("export_report", CLERK, 201, "sales", "The sales of a week", at=sales, body=taken)
    failed, own = {"report": "refunds"}, {"report": "audit"}
    paid_back = {"request_id": "console-3", "rows": 2, "state": "failed"}
    of_job = {"request_id": "console-4", "rows": 1, "by": "job", "value": "index-parcels"}
    story.call("export_report", CLERK, 201, "refunds", "Refunds that failed", at=failed, body=paid_back)
    story.call("export_report", ADMIN, 201, "audit", "Records of who ran a job", at=own, body=of_job)
    story.call("export_report", CLERK, 404, "unknown", "No such report", at=nothing, body=taken)
    story.call("export_report", ERIN, 403, "no_staff", "A member tries", at=sales, body=taken)
    story.call("get_alarms", CLERK, 200, "all", "All alarms")
    story.call("get_alarms", ERIN, 403, "no_staff", "A member tries")
    story.settle()
    story.call("get_jobs", ADMIN, 200, "all", "All jobs")
    story.call("get_jobs", CLERK, 403, "no_admin", "A clerk tries")
    parcels, nothing, run = {"job": "index-parcels"}, {"job": "no-such-job"}, {"request_id": "console-1"}
    story.call("run_job", ADMIN, 202, "asked", "Is started within seconds", at=parcels, body=run)
    story.call("run_job", ADMIN, 404, "unknown", "No such job", at=nothing, body=run)
    story.settle()
    story.call("get_policy", ADMIN, 200, "policy", "What stands")
    story.call("get_policy", CLERK, 403, "no_admin", "A clerk tries")
    text = FILE.read_text(encoding="utf-8")
    dearer, wrong = text.replace("fee_fen = 1_000", "fee_fen = 1_200"), text.replace("day = 10", "day = 31")
    story.call("check_policy", ADMIN, 200, "changes", "Shipping is dearer", body={"toml": dearer})
    story.call("check_policy", ADMIN, 200, "at_fault", "No month has such a day", body={"toml": wrong})
    story.call("check_policy", CLERK, 403, "no_admin", "A clerk tries", body={"toml": ""})
    _what_staff_did(story)


def _what_staff_did(story: _Story) -> None:
    """An admin asks who did what."""
    found = {"record": "items.0.audit_id"}
    order = {"order_id": "$seventh"}
    story.call("get_audit", ADMIN, 200, "of_an_order", "What was done to an order", query=order, keeps=found)
    for name, value, says in (
        ("payment_id", "$payment", "What was done with money that was no order's"),
        ("refund_id", "$refund", "Who paid back by hand"),
        ("job", "index-parcels", "Who ran a job"),
        ("report", "sales", "Who took the sales along"),
        ("operator", "$erin", "Members leave no records"),
        ("operator_name", "nobody-of-that-name", "Nobody who signs in so has done anything"),
        ("request_key", "console-1", "By whom a run was asked for under this id"),
        ("date", f"{YEAR}-01-01", "A day on which nobody did anything"),
        ("member_id", NOBODY, "Nobody's"),
        ("sku", "no-such-sku", "Of no product"),
        ("campaign_id", "no-such-campaign", "Of no campaign"),
        ("template_id", "no-such-template", "Of no template"),
        ("case_id", NO_CASE, "Of no case"),
    ):
        story.call("get_audit", ADMIN, 200, f"by_{name}", says, query={name: value, "limit": "10"})
    by_two = {"job": "index-parcels", "operator": "$erin"}
    story.call("get_audit", ADMIN, 422, "by_two", "By two things", query=by_two)
    story.call("get_audit", CLERK, 403, "no_admin", "A clerk tries", query=order)
    record, nothing = {"audit_id": "$record"}, {"audit_id": NO_RECORD}
    story.call("get_audit_record", ADMIN, 200, "record", "Who assigned a payment", at=record)
    story.call("get_audit_record", ADMIN, 404, "unknown", "No such record", at=nothing)


def _told() -> tuple[Step, ...]:
    story = _Story()
    chapters = (_shelves, _window, _first_order, _account, _second_order, _member_day)
    for chapter in (*chapters, _payments, _campaigns, _templates, _sale, _codes, _asking, _deciding, _office):
        chapter(story)
    return tuple(story.steps)


BEGIN = At(12, 3, 10)
"""A week before a member day, in the month of Erin's birthday."""
STORY = _told()
EXAMPLES: Mapping[str, Call] = MappingProxyType(
    {f"{step.operation} {step.name}": step for step in STORY if isinstance(step, Call) and step.name}
)
"""The calls that are examples, by operation and name."""
