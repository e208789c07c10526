"""Lines of an order by their ids: orders with gifts, of which units leave and come back (V6, V17, V18)."""

from typing import Any

import pytest

from functions.domain import identifiers
from functions.offers.quotes import LineOfferUse, Quote
from functions.orders.rows import row_changed
from tests.handlers.conftest import Suite
from tests.support.events import Answer, Call, claims, staff
from tests.support.offered import ORDER_ID, PLACED_AT, bought, coupon, gift, gives, placed, quote_of, saves

QUOTE = quote_of(
    [bought("cup", 15_000, 2), gift("cup", 3_900), gift("pin", 100, "pins")],
    gives(29_900, 0),
    gives(100, 0, campaign_id="pins"),
    shipping_fen=1_000,
)
"""A cup stands twice, bought and as a gift; a pin once, as a gift."""
CUP, GIFT, PIN = "cup", "cup:gift", "pin:pins"


def ordered(suite: Suite, quote: Quote = QUOTE, *, until: str = "received") -> None:
    """Put an order of alice's into its table, as it was placed, and let it go so far."""
    suite.member("alice")
    for sku in {line.sku for line in quote.lines}:
        body = {"name": sku, "price_fen": 100, "member_zone": False}
        assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status == 201
    suite.now = PLACED_AT
    order = placed(quote, policy=suite.policy)
    suite.tables.put(suite.settings.orders_table, row_changed(order, order.placed_at))
    steps: dict[str, tuple[str, Any]] = {
        "paid": ("payment", {"payment_id": "p1", "amount_fen": quote.paid_fen}),
        "shipped": ("shipment", None),
        "received": ("receipt", None),
    }
    for step, (what, body) in steps.items():
        assert send(suite, what, body).status == 200
        if step == until:
            return


def send(suite: Suite, what: str, body: Any = None) -> Answer:
    """Let staff do something with the order."""
    return suite.call(Call("POST", f"/orders/{ORDER_ID}/{what}", body, staff()))


def give_back(suite: Suite, return_id: str, *lines: dict[str, Any]) -> Answer:
    """Return units of lines."""
    return send(suite, "returns", {"return_id": return_id, "lines": list(lines)})


def cancel(suite: Suite, cancel_id: str, *lines: dict[str, Any]) -> Answer:
    """Let units of lines leave the order before its shipment."""
    return send(suite, "cancel", {"cancel_id": cancel_id, "lines": list(lines)})


def by_id(line_id: str, quantity: int = 1) -> dict[str, Any]:
    """Name units of a line by its id."""
    return {"line_id": line_id, "quantity": quantity}


def by_sku(sku: str, quantity: int = 1) -> dict[str, Any]:
    """Name units of a line by its sku."""
    return {"sku": sku, "quantity": quantity}


def order(suite: Suite) -> dict[str, Any]:
    """Return the order as its owner sees it."""
    body: dict[str, Any] = suite.call(Call("GET", f"/orders/{ORDER_ID}", who=claims("alice"))).body
    return body


def stock(suite: Suite, sku: str) -> int:
    """Return what is in stock."""
    found: int = suite.call(Call("GET", f"/products/{sku}", who=staff())).body["stock"]
    return found


def test_V6_an_orders_lines_are_told_apart_by_their_ids(suite: Suite) -> None:
    ordered(suite)
    seen = order(suite)
    assert [(line["line_id"], line["sku"], line["gift_of"], line["price_of"]) for line in seen["lines"]] == [
        (CUP, "cup", None, "list"),
        (GIFT, "cup", "gift", "gift"),
        (PIN, "pin", "pins", "pins"),
    ]
    assert [line["line_id"] for line in seen["quote"]["lines"]] == [CUP, GIFT, PIN]
    assert seen["quote"]["campaigns"] == [
        {"campaign_id": "gift", "version": 1, "kind": "gift", "amount_fen": 0},
        {"campaign_id": "pins", "version": 1, "kind": "gift", "amount_fen": 0},
    ]


def test_V7_a_quote_tells_what_order_offers_and_coupon_take(suite: Suite) -> None:
    ordered(
        suite,
        quote_of(
            [bought("tea", 7_000, list_fen=9_950, price_of="fast")],
            saves("m", 1_000, 0),
            coupon=coupon(500, 0),
            line_offers=[LineOfferUse(campaign_id="fast", version=2, kind="flash")],
        ),
    )
    seen = order(suite)["quote"]
    assert (seen["goods_fen"], seen["goods_net_fen"], seen["paid_fen"]) == (7_000, 6_000, 5_500)
    assert seen["coupon"] == {"coupon_id": "cpn_t", "amount_fen": 500, "template_id": "t"}
    assert (seen["lines"][0]["price_of"], seen["campaigns"][0]["amount_fen"]) == ("fast", 1_000)


@pytest.mark.parametrize(("until", "leave"), [("received", give_back), ("paid", cancel)])
def test_V18_units_leave_by_the_ids_of_their_lines_and_gifts_that_stay_are_charged(
    suite: Suite, until: str, leave: Any
) -> None:
    ordered(suite, until=until)
    first = leave(suite, "r1", by_id(CUP, 2))
    assert (first.status, first.body["refund_fen"]) == (200, 31_000 - 3_900), (
        "what the cup is charged is not missing to the pin"
    )
    gone = "returned_quantity" if until == "received" else "cancelled_quantity"
    assert [line[gone] for line in first.body["lines"]] == [2, 0, 0]
    assert first.body["status"] == until
    assert leave(suite, "r2", by_id(GIFT)).body["refund_fen"] == 3_900 - 100
    last = leave(suite, "r3", by_id(PIN)).body
    ended = "returned" if until == "received" else "cancelled"
    assert (last["status"], last["refund_fen"], last["refunded_fen"]) == (ended, 100, 31_000)
    assert (stock(suite, "cup"), stock(suite, "pin")) == (3, 1)


@pytest.mark.parametrize(("until", "leave"), [("received", give_back), ("paid", cancel)])
def test_V6_a_sku_that_stands_twice_needs_the_id_of_its_line(suite: Suite, until: str, leave: Any) -> None:
    ordered(suite, until=until)
    before = order(suite)
    for lines in ([by_sku("cup")], [by_sku("cup"), by_sku("pin")], [by_sku("cup", 999)]):
        answer = leave(suite, "r1", *lines)
        assert (answer.status, answer.code, answer.body["skus"]) == (422, "line_id_needed", ["cup"])
    assert order(suite) == before
    assert leave(suite, "r1", by_id(CUP), by_sku("pin")).status == 200


def test_R1_a_line_named_by_its_sku_or_by_its_id_is_the_same_contents(suite: Suite) -> None:
    ordered(suite)
    first = give_back(suite, "r1", by_id(CUP), by_sku("pin"))
    again = give_back(suite, "r1", by_id(PIN), by_id(CUP))
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    for lines in ([by_id(GIFT), by_sku("pin")], [by_id(CUP)], [by_id(CUP), by_id("pin")]):
        answer = give_back(suite, "r1", *lines)
        assert (answer.status, answer.code) == (422, "return_id_reused")


@pytest.mark.parametrize("line_id", ["tea", "pin", "cup:pins", "pin:gift", "tea:gift"])
def test_a_line_that_the_order_does_not_have_exceeds_it(suite: Suite, line_id: str) -> None:
    ordered(suite)
    answer = give_back(suite, "r1", by_id(CUP), by_id(line_id))
    assert (answer.status, answer.code) == (422, "return_exceeds_order")
    assert (answer.body["line_ids"], answer.body["skus"]) == ([line_id], [line_id.partition(":")[0]])
    assert give_back(suite, "r1", by_id(GIFT)).status == 200, "the id is not used up"


@pytest.mark.parametrize(
    "lines",
    [
        [by_id(CUP), by_id(CUP)],
        [by_id(CUP), by_sku("cup")],
        [by_id(PIN), by_sku("pin")],
        [by_id(GIFT), by_sku("cup")],
        [{"quantity": 1}],
        [{"sku": None, "line_id": None, "quantity": 1}],
        [{"sku": "cup", "line_id": CUP, "quantity": 1}],
        [by_id("")],
        [by_id("cup:")],
        [by_id(":gift")],
        [by_id("cup:gift:gift")],
        [by_id("c" * 64 + ":" + "g" * 65)],
        [by_id("cup gift")],
        [by_id(1)],  # type: ignore[arg-type]
    ],
)
def test_a_line_is_named_once_by_its_sku_or_by_its_id(suite: Suite, lines: list[dict[str, Any]]) -> None:
    ordered(suite)
    answer = give_back(suite, "r1", *lines)
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_an_orders_history_tells_of_which_lines_units_left(suite: Suite) -> None:
    ordered(suite)
    assert give_back(suite, "r1", by_id(CUP), by_id(GIFT)).status == 200
    path = f"/orders/{ORDER_ID}/history"
    (first, *_) = suite.call(Call("GET", path, who=claims("alice"))).body["items"]
    assert sorted(first["lines"], key=lambda line: str(line["line_id"])) == [
        {"line_id": CUP, "sku": "cup", "quantity": 1},
        {"line_id": GIFT, "sku": "cup", "quantity": 1},
    ]


def test_the_row_of_a_return_from_before_lines_had_ids_is_repeated(suite: Suite) -> None:
    """Its contents were of skus, which are the ids of lines that are bought."""
    ordered(suite, quote_of([bought("tea", 9_950, 2), bought("cup", 5_000)]))
    table, key = suite.settings.orders_table, {"order_id": ORDER_ID, "item": "RETURN#r1"}
    assert give_back(suite, "r1", by_sku("tea"), by_sku("cup")).status == 200
    row = suite.tables.get(table, key)
    assert row is not None
    assert row["contents"] == identifiers.fingerprint("cup:1", "tea:1")
    for lines in ([by_sku("cup"), by_sku("tea")], [by_id("tea"), by_id("cup")]):
        assert give_back(suite, "r1", *lines).body["refund_fen"] == 14_950


@pytest.mark.parametrize(
    "campaigns",
    [
        "all",
        "",
        None,
        1,
        ["a", "a"],
        ["a", "b", "c", "d", "e"],
        ["a b"],
        [1],
        [""],
        ["a" * 65],
        {"a": 1},
    ],
)
def test_what_a_cart_says_of_campaigns_is_checked(suite: Suite, campaigns: Any) -> None:
    body = {"lines": [{"sku": "tea", "quantity": 1}], "campaigns": campaigns}
    answer = suite.call(Call("POST", "/quotes", body, suite.member("alice")))
    assert (answer.status, answer.code) == (422, "invalid_request")


@pytest.mark.parametrize(
    "gifts",
    [
        "none",
        {},
        [{}],
        [{"sku": "cup"}],
        [{"sku": "cup", "quantity": 0}],
        [{"sku": "c p", "quantity": 1}],
        [{"sku": "cup", "quantity": 1, "line_id": "cup:gift"}],
        [{"sku": "cup", "quantity": 1}] * 5,
    ],
)
def test_what_an_order_says_of_the_gifts_that_it_expects_is_checked(suite: Suite, gifts: Any) -> None:
    body = {"lines": [{"sku": "tea", "quantity": 1}], "expected_gifts": gifts}
    answer = suite.order(suite.member("alice"), body=body)
    assert (answer.status, answer.code) == (422, "invalid_request")
