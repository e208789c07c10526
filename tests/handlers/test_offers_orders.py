"""Orders with offers over HTTP: what is quoted is ordered, and what staff and members see after each step."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from functions.catalog.stream import Publisher
from functions.offers.counting import budget_counter, orders_counter
from functions.platform.dynamo import Row
from tests.handlers.conftest import Suite
from tests.handlers.test_campaigns import must_put, put, seen
from tests.handlers.test_catalog_events import Bridge, published, record
from tests.support.coupons import Desk
from tests.support.events import Answer, Call, claims, staff

Who = dict[str, str]
OFF = {"steps": [{"from_fen": 20_000, "off_fen": 5_000}]}
ON_TEA: dict[str, Any] = {"terms": OFF, "scope": {"skus": ["tea"]}}


@pytest.fixture
def shop(suite: Suite) -> Suite:
    """Tea at 100.00, cups at 50.00, pins at 39.00, twenty of each; alice and bob buy."""
    for sku, price_fen in (("tea", 10_000), ("cup", 5_000), ("pin", 3_900)):
        told = {"name": sku, "price_fen": price_fen, "member_zone": False}
        assert suite.call(Call("PUT", f"/products/{sku}", told, staff())).status == 201
        movement = {"movement_id": "m1", "delta": 20, "reason": "delivery"}
        assert suite.call(Call("POST", f"/products/{sku}/stock", movement, staff())).status == 200
    suite.member("alice")
    suite.member("bob")
    return suite


ALICE, BOB = claims("alice"), claims("bob")


def cart(lines: Mapping[str, int], **offers: Any) -> dict[str, Any]:
    """Return the body of a quote or an order."""
    return {"lines": [{"sku": sku, "quantity": units} for sku, units in lines.items()], **offers}


def quoted(suite: Suite, lines: Mapping[str, int], who: Who = ALICE, **offers: Any) -> dict[str, Any]:
    """Return a quote."""
    answer = suite.call(Call("POST", "/quotes", cart(lines, **offers), who))
    assert answer.status == 200, answer.body
    return answer.body


def ordered(
    suite: Suite, lines: Mapping[str, int], key: str = "k", who: Who = ALICE, **offers: Any
) -> dict[str, Any]:
    """Place an order."""
    answer = asked(suite, lines, key, who, **offers)
    assert answer.status == 201, answer.body
    return answer.body


def asked(suite: Suite, lines: Mapping[str, int], key: str = "k", who: Who = ALICE, **offers: Any) -> Answer:
    """Ask for an order."""
    return suite.order(who, key, cart(lines, **offers))


def step(suite: Suite, order: Mapping[str, Any], what: str, body: Any = None, who: Who | None = None) -> Any:
    """Let something happen to an order; return the order, or what is answered."""
    answer = suite.call(Call("POST", f"/orders/{order['order_id']}/{what}", body, who or staff()))
    assert answer.status == 200, answer.body
    return answer.body


def received(suite: Suite, order: Mapping[str, Any]) -> None:
    """Let an order be paid, shipped and received."""
    payment = {"payment_id": f"p-{order['order_id']}", "amount_fen": order["paid_fen"]}
    step(suite, order, "payment", payment)
    step(suite, order, "shipment", {})
    step(suite, order, "receipt")


def back(suite: Suite, order: Mapping[str, Any], return_id: str, **units: int) -> Any:
    """Let units of lines come back."""
    lines = [{"line_id": line_id.replace("__", ":"), "quantity": count} for line_id, count in units.items()]
    return step(suite, order, "returns", {"return_id": return_id, "lines": lines})


def used(suite: Suite, campaign_id: str = "may") -> dict[str, int]:
    """Return what a campaign came to."""
    found: dict[str, int] = seen(suite, campaign_id)["used"]
    return found


def offers(suite: Suite, who: Who = ALICE) -> dict[str, Any]:
    """Return what a member may still have of each campaign."""
    answer = suite.call(Call("GET", "/offers", who=who))
    assert answer.status == 200, answer.body
    return {each["campaign_id"]: each["your"] for each in answer.body["running"]}


def why(quote: Mapping[str, Any], campaign_id: str) -> dict[str, Any]:
    """Return why a quote does not use a campaign."""
    (found,) = [each for each in quote["not_applied"] if each.get("campaign_id") == campaign_id]
    assert found["offer"] == "campaign"
    assert found["detail"]
    return {name: value for name, value in found.items() if name not in ("offer", "detail", "campaign_id")}


def stock(suite: Suite, sku: str) -> int:
    """Return what is on the shelf."""
    return int(suite.call(Call("GET", f"/products/{sku}", who=staff())).body["stock"])


def counts(**figures: int) -> dict[str, int]:
    """Return a campaign's figures; those that are not said are 0."""
    return {
        name: figures.get(name, 0)
        for name in ("orders", "units", "given_fen", "goods_fen", "refunded_fen", "members")
    }


def test_what_is_quoted_is_what_is_ordered(shop: Suite) -> None:
    must_put(shop, "save", **ON_TEA)
    must_put(shop, "gift", "gift", terms={"from_fen": 20_000, "sku": "pin", "quantity": 2}, group="g")
    must_put(shop, "fast", "flash", terms={"items": {"cup": {"price_fen": 990, "units": 5}}, "per_member": 2})
    quote = quoted(shop, {"tea": 2, "cup": 2})
    assert [(line["line_id"], line["price_of"], line["gift_of"]) for line in quote["lines"]] == [
        ("tea", "list", None),
        ("cup", "fast", None),
        ("pin:gift", "gift", "gift"),
    ]
    assert quote["campaigns"] == [
        {"campaign_id": "gift", "version": 1, "kind": "gift", "amount_fen": 0},
        {"campaign_id": "save", "version": 1, "kind": "spend_save", "amount_fen": 5_000},
    ]
    assert (quote["goods_fen"], quote["goods_net_fen"]) == (21_980, 16_980)
    assert quote["paid_fen"] == 16_980 + quote["shipping_fen"]
    gifts = [{"sku": "pin", "quantity": 2}]
    order = ordered(shop, {"tea": 2, "cup": 2}, expected_paid_fen=quote["paid_fen"], expected_gifts=gifts)
    assert (
        quote.pop("free_shipping")["missing_fen"] == 18_800 - 16_980
    )  # an order is not about what is missing
    assert order["quote"] == quote
    assert (stock(shop, "tea"), stock(shop, "cup"), stock(shop, "pin")) == (18, 15, 18)
    again = asked(shop, {"tea": 2, "cup": 2}, expected_paid_fen=quote["paid_fen"], expected_gifts=gifts)
    assert (again.status, again.headers["idempotent-replayed"], again.body) == (201, "true", order)


def test_V14_a_campaign_that_nobody_can_use_any_more_says_so_until_something_comes_back(shop: Suite) -> None:
    def used_up(who: Who = ALICE) -> list[str]:
        running = shop.call(Call("GET", "/offers", who=who)).body["running"]
        return [each["campaign_id"] for each in running if each.get("used_up")]

    must_put(shop, **ON_TEA, limits={"orders": 1})
    must_put(shop, "spent", **ON_TEA, group="g", limits={"budget_fen": 5_000})
    must_put(shop, "endless", **ON_TEA, group="h")
    assert used_up() == []
    first = ordered(shop, {"tea": 2}, "a")
    assert used_up() == used_up(BOB) == ["may", "spent"]
    step(shop, first, "cancel", who=ALICE)
    assert used_up() == []


def test_V14_figures_and_what_a_member_may_still_have_follow_each_step(shop: Suite) -> None:
    must_put(shop, **ON_TEA, limits={"orders": 5, "per_member": 2, "budget_fen": 12_000})
    must_put(shop, "fast", "flash", terms={"items": {"cup": {"price_fen": 990, "units": 5}}, "per_member": 3})
    assert offers(shop) == {
        "fast": {"orders_left": None, "units_left": {"cup": 3}},
        "may": {"orders_left": 2, "units_left": None},
    }
    first = ordered(shop, {"tea": 2, "cup": 2}, "a")
    assert used(shop) == counts(orders=1, units=2, given_fen=5_000, goods_fen=20_000, members=1)
    assert used(shop, "fast") == counts(orders=1, units=2, given_fen=8_020, goods_fen=1_980, members=1)
    assert offers(shop)["may"]["orders_left"] == 1
    assert offers(shop)["fast"]["units_left"] == {"cup": 1}
    second = ordered(shop, {"tea": 4}, "b")
    assert used(shop) == counts(orders=2, units=6, given_fen=10_000, goods_fen=60_000, members=1)
    assert why(quoted(shop, {"tea": 2}), "may") == {"code": "member_limit_reached"}
    assert why(quoted(shop, {"tea": 2}, BOB), "may") == {"code": "budget_spent"}
    assert offers(shop, BOB)["may"]["orders_left"] == 2
    step(shop, first, "cancel", who=ALICE)
    assert used(shop) == counts(orders=1, units=4, given_fen=5_000, goods_fen=40_000, members=1)
    assert used(shop, "fast") == counts()
    assert offers(shop)["fast"]["units_left"] == {"cup": 3}
    received(shop, second)
    refund_fen = back(shop, second, "r1", tea=1)["refund_fen"]
    assert refund_fen == 8_750
    assert used(shop) == counts(
        orders=1, units=3, given_fen=5_000, goods_fen=30_000, refunded_fen=8_750, members=1
    )
    assert offers(shop)["may"]["orders_left"] == 1, "a partial return gives no use back"
    back(shop, second, "r2", tea=3)
    assert used(shop) == counts(refunded_fen=35_000)
    assert offers(shop)["may"]["orders_left"] == 2


def test_O2_what_an_order_used_comes_back_with_its_lapse_and_reads_used_until_then(shop: Suite) -> None:
    must_put(shop, **ON_TEA, limits={"orders": 1})
    order = ordered(shop, {"tea": 2})
    assert why(quoted(shop, {"tea": 2}, BOB), "may") == {"code": "limit_reached"}
    shop.pass_time(minutes=31)
    late = shop.call(Call("POST", f"/orders/{order['order_id']}/cancel", None, ALICE))
    assert (late.status, late.code) == (409, "order_not_cancellable")
    assert used(shop)["orders"] == 1, "the job gives it back"


def test_V6_who_expects_other_gifts_is_told_the_quote_as_it_is_now(shop: Suite) -> None:
    must_put(shop, "gift", "gift", terms={"from_fen": 10_000, "sku": "pin", "quantity": 1})
    for expected in ([], [{"sku": "pin", "quantity": 2}], [{"sku": "cup", "quantity": 1}]):
        answer = asked(shop, {"tea": 1}, expected_gifts=expected)
        assert (answer.status, answer.code) == (409, "quote_changed")
        assert answer.body["quote"] == quoted(shop, {"tea": 1})
    assert (stock(shop, "tea"), stock(shop, "pin")) == (20, 20)
    split = [{"sku": "pin", "quantity": 1}]
    assert asked(shop, {"tea": 1}, expected_gifts=split).status == 201
    none = asked(shop, {"cup": 1}, "k2", expected_gifts=[])
    assert none.status == 201
    assert asked(shop, {"cup": 1}, "k3", expected_gifts=split).code == "quote_changed"
    for wrong in ([{"sku": "pin", "quantity": 0}], [{"sku": "pin"}], "pin", [split[0]] * 5):
        assert asked(shop, {"tea": 1}, "k4", expected_gifts=wrong).code == "invalid_request"


def test_V6_the_same_gift_of_two_campaigns_may_be_expected_in_one_line_or_in_two(shop: Suite) -> None:
    for name in ("g1", "g2"):
        must_put(shop, name, "gift", terms={"from_fen": 10_000, "sku": "pin", "quantity": 1}, group=name)
    one = {"sku": "pin", "quantity": 1}
    order = ordered(shop, {"tea": 1, "pin": 1}, "a", expected_gifts=[one, one])
    assert [line["line_id"] for line in order["lines"]] == ["tea", "pin", "pin:g1", "pin:g2"]
    ordered(shop, {"tea": 1}, "b", expected_gifts=[{"sku": "pin", "quantity": 2}])
    assert stock(shop, "pin") == 15
    received(shop, order)
    twice = shop.call(
        Call(
            "POST",
            f"/orders/{order['order_id']}/returns",
            {"return_id": "r", "lines": [{"sku": "pin", "quantity": 1}]},
            staff(),
        )
    )
    assert (twice.status, twice.code, twice.body["skus"]) == (422, "line_id_needed", ["pin"])
    assert back(shop, order, "r", pin__g2=1)["refund_fen"] == 0
    assert stock(shop, "pin") == 16


def test_V12_campaigns_are_chosen_by_their_ids_or_not_at_all(shop: Suite) -> None:
    must_put(shop, **ON_TEA)
    must_put(shop, "tenth", "discount", terms={"rate": "0.9"}, scope={"skus": ["cup"]})
    none = quoted(shop, {"tea": 2}, campaigns="none")
    assert (none["campaigns"], why(none, "may")) == ([], {"code": "not_requested"})
    assert quoted(shop, {"tea": 2}, campaigns=["may"])["campaigns"][0]["amount_fen"] == 5_000
    assert quoted(shop, {"tea": 2}, campaigns=[])["campaigns"] == []
    for name, code in (("nothing", "not_found"), ("tenth", "not_found")):
        answer = shop.call(Call("POST", "/quotes", cart({"tea": 2, "cup": 1}, campaigns=[name]), ALICE))
        assert (answer.status, answer.code, answer.body["reason"]) == (422, "campaign_not_applicable", code)
        assert answer.body["campaign_id"] == name
    below = shop.call(Call("POST", "/quotes", cart({"tea": 1}, campaigns=["may"]), ALICE))
    assert (below.code, below.body["reason"]) == ("campaign_not_applicable", "below_threshold")
    assert below.body["missing_fen"] == 10_000
    for wrong in (["may", "may"], ["a", "b", "c", "d", "e"], "all", ["a b"], [1], None):
        answer = shop.call(Call("POST", "/quotes", cart({"tea": 1}, campaigns=wrong), ALICE))
        assert (answer.status, answer.code) == (422, "invalid_request"), wrong


def test_V16_an_order_keeps_what_it_used_whatever_staff_say_later(shop: Suite) -> None:
    must_put(shop, **ON_TEA)
    order = ordered(shop, {"tea": 2})
    must_put(shop, terms={"steps": [{"from_fen": 20_000, "off_fen": 1}]}, scope={"all": True})
    assert asked(shop, {"tea": 2}).body == order, "a repeat answers what was placed"
    later = ordered(shop, {"tea": 2}, "later")
    versions = [each["quote"]["campaigns"][0] for each in (order, later)]
    assert [(each["version"], each["amount_fen"]) for each in versions] == [(1, 5_000), (2, 1)]
    received(shop, order)
    assert back(shop, order, "r", tea=1)["refund_fen"] == 7_500


def test_V16_a_campaign_counts_from_its_first_second_and_not_in_its_last(shop: Suite) -> None:
    must_put(shop, **ON_TEA)
    end = seen(shop)["ends_at"]
    shop.pass_time(days=1, seconds=-1)
    assert quoted(shop, {"tea": 2})["campaigns"]
    shop.pass_time(seconds=1)
    assert end.startswith(shop.now.astimezone(shop.policy.zone).isoformat()[:19])
    assert quoted(shop, {"tea": 2})["campaigns"] == []
    assert offers(shop) == {}


def test_V17_a_worked_example_of_returns_by_line(shop: Suite) -> None:
    must_put(shop, **ON_TEA)
    order = ordered(shop, {"tea": 2, "cup": 2})
    received(shop, order)
    assert back(shop, order, "r1", cup=2)["refund_fen"] == 10_000
    assert back(shop, order, "r2", tea=1)["refund_fen"] == 7_500
    last = back(shop, order, "r3", tea=1)
    assert (last["refund_fen"], last["status"]) == (order["paid_fen"] - 17_500, "returned")


def test_V18_a_gift_that_stays_is_charged_and_refunded_when_it_comes_back_too(shop: Suite) -> None:
    must_put(shop, "gift", "gift", terms={"from_fen": 29_900, "sku": "pin", "quantity": 1})
    order = ordered(shop, {"tea": 3})
    received(shop, order)
    first = back(shop, order, "r1", tea=3)
    assert (first["refund_fen"], first["status"]) == (30_000 - 3_900, "received")
    last = back(shop, order, "r2", pin__gift=1)
    assert (last["refund_fen"], last["status"]) == (3_900, "returned")
    assert (stock(shop, "pin"), used(shop, "gift")) == (20, counts(refunded_fen=30_000))


def test_V8_a_coupon_goes_with_a_campaign_and_is_taken_of_what_that_leaves(shop: Suite) -> None:
    must_put(shop, **ON_TEA)
    desk = Desk(shop.call)
    desk.put(min_fen=16_000, face_value_fen=2_000)
    coupon_id = desk.issue("alice").body["coupon_id"]
    quote = quoted(shop, {"tea": 2}, coupon="best", campaigns="none")
    assert quote["coupon"] == {"coupon_id": coupon_id, "amount_fen": 2_000, "template_id": "welcome"}
    refused = shop.call(Call("POST", "/quotes", cart({"tea": 2}, coupon=coupon_id, campaigns=["may"]), ALICE))
    assert (refused.status, refused.code) == (422, "coupon_not_applicable")
    best = quoted(shop, {"tea": 2}, coupon="best")
    assert (best["campaigns"][0]["amount_fen"], best["coupon"]) == (5_000, None)
    (told,) = [each for each in best["not_applied"] if each.get("coupon_id") == coupon_id]
    assert (told["code"], told["missing_fen"]) == ("below_threshold", 1_000)
    kept = ordered(shop, {"tea": 2}, coupon=coupon_id)
    assert (kept["quote"]["campaigns"], kept["quote"]["coupon"]["coupon_id"]) == ([], coupon_id)
    again = asked(shop, {"tea": 2}, "again", coupon=coupon_id)
    assert (again.status, again.code) == (409, "coupon_used")
    step(shop, kept, "cancel")
    assert ordered(shop, {"tea": 3}, "third", coupon=coupon_id)["quote"]["campaigns"]


def test_case_38_a_coupon_of_another_member_is_none(shop: Suite) -> None:
    desk = Desk(shop.call)
    desk.put(min_fen=0)
    coupon_id = desk.issue("bob").body["coupon_id"]
    for guess in (coupon_id, coupon_id[:-1] + ("a" if coupon_id[-1] != "a" else "b")):
        answer = asked(shop, {"tea": 1}, coupon=guess)
        assert (answer.status, answer.code) == (422, "coupon_not_found")


@pytest.mark.parametrize(
    "more",
    [
        {"unit_price_fen": 1},
        {"gifts": [{"sku": "pin", "quantity": 1}]},
        {"goods_net_fen": 1},
        {"campaign": "may"},
    ],
)
def test_case_40_offers_that_the_caller_makes_up_are_refused(shop: Suite, more: dict[str, Any]) -> None:
    assert asked(shop, {"tea": 1}, **more).code == "invalid_request"
    line = {"lines": [{"sku": "pin", "quantity": 1, "gift_of": "may"}]}
    assert shop.order(ALICE, "k", line).code == "invalid_request"
    assert shop.order(ALICE, "k", {"lines": [{"sku": "pin:gift", "quantity": 1}]}).code == "invalid_request"


def home(suite: Suite, of: str, campaign_id: str = "may") -> Row:
    """Return the home row of a limit's counter."""
    table = suite.settings.catalog_table
    counter = (orders_counter if of == "orders" else budget_counter)(table, campaign_id)
    row = suite.tables.get(table, counter.home)
    assert row is not None
    return row


def test_the_outside_is_told_once_that_a_limit_is_used_up(shop: Suite) -> None:
    must_put(shop, **ON_TEA, limits={"orders": 2, "budget_fen": 20_000})
    bridge = Bridge()
    publisher = Publisher(bridge.bus, shop.policy)
    rows = [home(shop, "orders")]
    orders = []
    for key in ("a", "b"):
        orders.append(ordered(shop, {"tea": 2}, key))
        rows.append(home(shop, "orders"))
    step(shop, orders[0], "cancel")
    rows.append(home(shop, "orders"))
    ordered(shop, {"tea": 2}, "c")
    rows.append(home(shop, "orders"))
    changes = enumerate(pairwise(rows))
    published(publisher, *(record(before, after, n) for n, (before, after) in changes))
    told = [detail for name, detail in bridge.told if name == "CampaignExhausted"]
    assert {(each["campaign_id"], each["version"], each["limit"]) for each in told} == {("may", 1, "orders")}
    assert len({each["event_id"] for each in told}) == 1, "a consumer drops the repeat"


def test_V14_a_limit_is_not_put_below_what_is_used(shop: Suite) -> None:
    must_put(shop, **ON_TEA)
    orders = [ordered(shop, {"tea": 2}, key) for key in ("a", "b")]
    answer = put(shop, **ON_TEA, limits={"orders": 1, "budget_fen": 9_999})
    assert (answer.status, answer.code) == (409, "limit_in_use")
    assert seen(shop)["version"] == 1
    step(shop, orders[0], "cancel")
    assert must_put(shop, **ON_TEA, limits={"orders": 1, "budget_fen": 9_999})["version"] == 2
    assert why(quoted(shop, {"tea": 2}), "may") == {"code": "limit_reached"}
