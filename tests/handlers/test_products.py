"""The catalogue's lists, products that are withdrawn (O7), and the movements of their stock."""

from typing import Any

import pytest

from functions.catalog.listing import NAME_BYTES_MAX
from tests.handlers.conftest import ONE_TEA, TEA, Suite
from tests.support.events import Answer, Call, claims, staff

ALICE = claims("alice")
Names = list[str]


def put(suite: Suite, sku: str, **change: object) -> Answer:
    """Let staff put a product into the catalogue."""
    return suite.call(Call("PUT", f"/products/{sku}", TEA | change, staff()))


def withdraw(suite: Suite, sku: str = "tea") -> None:
    """Let staff withdraw a product."""
    assert put(suite, sku, status="withdrawn").body["status"] == "withdrawn"


def asked(suite: Suite, who: dict[str, str] = ALICE, **query: Any) -> Answer:
    """Ask for a page of the catalogue."""
    return suite.call(Call("GET", "/products", None, who, query=query))


def skus(suite: Suite, who: dict[str, str] = ALICE, **query: Any) -> Names:
    """Return the skus of a list, read two by two."""
    found: Names = []
    cursor: dict[str, Any] = {}
    while True:
        page = asked(suite, who, limit="2", **query, **cursor).body
        assert len(page["items"]) <= 2
        found += [each["sku"] for each in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


# --- lists ---


def test_the_whole_catalogue_is_listed_by_sku(suite: Suite) -> None:
    for number, sku in enumerate(("b", "D", "a", "C", "e.1", "e")):
        put(suite, sku, member_zone=number % 2 == 0)
    assert skus(suite) == ["C", "D", "a", "b", "e", "e.1"]
    assert skus(suite, zone="true") == ["a", "b", "e.1"]
    assert skus(suite, zone="false") == ["C", "D", "e"]
    assert skus(suite, staff()) == skus(suite)


def test_a_product_changes_lists_with_its_zone_flag(suite: Suite) -> None:
    put(suite, "a", member_zone=True)
    put(suite, "a", member_zone=False)
    assert (skus(suite, zone="true"), skus(suite, zone="false"), skus(suite)) == ([], ["a"], ["a"])


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("green", ["s2", "s3", "s1"]),
        ("GREEN", ["s2", "s3", "s1"]),
        ("\uff27reen tea", ["s2", "s3", "s1"]),  # full width
        ("green tea,", ["s1"]),
        ("reen", []),
        (" green", ["s2", "s3", "s1"]),
        ("straße", ["s5"]),
        ("STRASSE", ["s5"]),
        ("龙井", ["s6"]),
        ("e\u0301t", ["s7"]),  # composed otherwise than the name
    ],
)
def test_q_finds_the_names_that_begin_so_whatever_their_case_and_width(
    suite: Suite, q: str, found: Names
) -> None:
    names = ("Green tea, 100 g", "GREEN TEA", "green tea", "Black tea", "Straße", "龙井 100 g", "Été")
    for number, name in enumerate(names, 1):
        put(suite, f"s{number}", name=name)
    assert skus(suite, q=q) == found


def test_q_and_zone_go_together(suite: Suite) -> None:
    for number in range(5):
        put(suite, f"t{number}", name=f"Tea {9 - number}", member_zone=number % 2 == 0)
        put(suite, f"c{number}", name="Cup", member_zone=True)
    assert skus(suite, q="tea", zone="true") == ["t4", "t2", "t0"]
    assert skus(suite, q="tea", zone="false") == ["t3", "t1"]


def test_names_are_found_by_all_their_characters_although_fewer_are_sorted_by(suite: Suite) -> None:
    long = "茶" * NAME_BYTES_MAX
    name = long[:199]
    put(suite, "a", name=name + "x")
    put(suite, "b", name=name + "y")
    assert skus(suite, q=name) == ["a", "b"]
    assert skus(suite, q=name + "Y") == ["b"]


def test_a_name_that_has_changed_is_found_by_the_new_one_alone(suite: Suite) -> None:
    put(suite, "a", name="Tea")
    put(suite, "a", name="Coffee")
    assert (skus(suite, q="tea"), skus(suite, q="coffee"), skus(suite)) == ([], ["a"], ["a"])


@pytest.mark.parametrize(
    "query", [{"zone": "yes"}, {"zone": "1"}, {"q": ""}, {"q": "x" * 201}, {"q": "\u200b"}]
)
def test_a_list_that_cannot_be_is_refused(suite: Suite, query: dict[str, Any]) -> None:
    assert (asked(suite, **query).status, asked(suite, **query).code) == (422, "invalid_request")


def test_a_cursor_belongs_to_its_list(suite: Suite) -> None:
    for number in range(3):
        put(suite, f"t{number}", name="Tea", member_zone=True)
    lists: list[dict[str, Any]] = [{}, {"zone": "true"}, {"q": "t"}, {"q": "te"}, {"q": "t", "zone": "true"}]
    for of in lists:
        cursor = asked(suite, limit="1", **of).body["next_cursor"]
        for other in lists:
            status = asked(suite, limit="1", cursor=cursor, **other).status
            assert status == (200 if other == of else 400), (of, other)
    same = asked(suite, limit="1", q="t").body["next_cursor"]
    assert asked(suite, limit="1", q="T", cursor=same).status == 200  # it is the same list


def test_prices_in_a_list_are_the_callers(suite: Suite) -> None:
    put(suite, "a", member_zone=True)
    (shown,) = asked(suite).body["items"]
    assert (shown["your_price_fen"], "stock" in shown) == (9_950, False)
    (seen,) = asked(suite, staff()).body["items"]
    assert seen["stock"] == 0


# --- withdrawn ---


def test_O7_a_withdrawn_product_is_in_no_quote_and_no_order(suite: Suite) -> None:
    alice = suite.member()
    suite.stocked()
    withdraw(suite)
    for answer in (suite.call(Call("POST", "/quotes", ONE_TEA, alice)), suite.order(alice)):
        assert (answer.status, answer.code, answer.body["skus"]) == (422, "product_withdrawn", ["tea"])


def test_O7_it_is_refused_right_after_an_unknown_sku_and_before_who_asks(suite: Suite) -> None:
    suite.stocked()
    withdraw(suite)
    both = {"lines": [*ONE_TEA["lines"], {"sku": "nothing", "quantity": 1}], "coupon": "cpn_1"}
    assert suite.call(Call("POST", "/quotes", both, ALICE)).code == "unknown_sku"
    tea = ONE_TEA | {"coupon": "cpn_1", "points": 1}
    assert suite.call(Call("POST", "/quotes", tea, ALICE)).code == "product_withdrawn"


def test_O7_what_comes_back_of_it_is_stock_that_nobody_can_buy(suite: Suite) -> None:
    alice = suite.member()
    suite.stocked(1)
    order = suite.order(alice).body
    withdraw(suite)
    cancelled = suite.call(Call("POST", f"/orders/{order['order_id']}/cancel", None, alice))
    assert cancelled.body["status"] == "cancelled"
    seen = suite.call(Call("GET", "/products/tea", None, staff())).body
    assert (seen["stock"], seen["in_stock"], seen["status"]) == (1, False, "withdrawn")
    assert suite.order(alice, "k2").code == "product_withdrawn"
    assert put(suite, "tea").body["status"] == "on_sale"  # what is not said is on sale
    assert suite.order(alice, "k2").status == 201


def test_O7_only_staff_see_it_in_lists_and_everybody_by_its_sku(suite: Suite) -> None:
    suite.stocked()
    withdraw(suite)
    lists: list[dict[str, Any]] = [{}, {"q": "tea"}, {"zone": "false"}]
    for query in lists:
        assert skus(suite, **query) == []
        assert skus(suite, staff(), **query) == ["tea"]
    shown = suite.call(Call("GET", "/products/tea", None, ALICE)).body
    assert (shown["in_stock"], shown["status"]) == (False, "withdrawn")


def test_O7_it_stands_in_old_orders_and_their_repeats(suite: Suite) -> None:
    alice = suite.member()
    suite.stocked()
    order = suite.order(alice).body
    withdraw(suite)
    assert suite.call(Call("GET", f"/orders/{order['order_id']}", None, alice)).body == order
    assert suite.order(alice).headers["idempotent-replayed"] == "true"


def test_O7_its_stock_can_still_be_moved(suite: Suite) -> None:
    suite.stocked(5)
    withdraw(suite)
    movement = {"movement_id": "m2", "delta": -5, "reason": "sold off"}
    assert suite.call(Call("POST", "/products/tea/stock", movement, staff())).body["stock"] == 0


def test_a_status_is_one_of_two(suite: Suite) -> None:
    assert put(suite, "tea", status="gone").code == "invalid_request"


# --- what is written can be read ---


def test_a_threshold_is_shown_to_staff(suite: Suite) -> None:
    assert put(suite, "tea", low_stock_threshold=3).body["low_stock_threshold"] == 3
    assert suite.call(Call("GET", "/products/tea", None, staff())).body["low_stock_threshold"] == 3
    assert "low_stock_threshold" not in suite.call(Call("GET", "/products/tea", None, ALICE)).body
    assert "low_stock_threshold" not in put(suite, "tea").body


def movements(suite: Suite, who: dict[str, str] | None = None, sku: str = "tea", **query: Any) -> Answer:
    """Ask for a product's movements."""
    return suite.call(Call("GET", f"/products/{sku}/movements", None, who or staff(), query=query))


def moved(suite: Suite, movement_id: str, delta: int = 1) -> None:
    """Move stock."""
    body = {"movement_id": movement_id, "delta": delta, "reason": f"reason of {movement_id}"}
    assert suite.call(Call("POST", "/products/tea/stock", body, staff("bo"))).status == 200


def test_movements_are_listed_newest_first_with_all_that_was_said_and_by_whom(suite: Suite) -> None:
    put(suite, "tea")
    moved(suite, "in", 5)
    suite.pass_time(minutes=1)
    moved(suite, "out", -2)
    moved(suite, "in", 5)  # a repeat
    assert movements(suite).body["items"] == [
        {
            "movement_id": "out",
            "delta": -2,
            "reason": "reason of out",
            "operator": "bo",
            "moved_at": "2026-05-01T12:01:00+08:00",
        },
        {
            "movement_id": "in",
            "delta": 5,
            "reason": "reason of in",
            "operator": "bo",
            "moved_at": "2026-05-01T12:00:00+08:00",
        },
    ]


def test_K7_a_movement_says_what_whoever_moved_it_signs_in_with(suite: Suite) -> None:
    put(suite, "tea")
    who = claims("sub-1", username="console-clerk", **{"cognito:groups": "[clerk]"})
    body = {"movement_id": "m1", "delta": 5, "reason": "a delivery"}
    assert suite.call(Call("POST", "/products/tea/stock", body, who)).status == 200
    (shown,) = movements(suite).body["items"]
    assert (shown["operator"], shown["operator_name"]) == ("sub-1", "console-clerk")


def test_movements_are_found_by_time_page_by_page(suite: Suite) -> None:
    put(suite, "tea")
    for number in range(6):
        moved(suite, f"m{number}~")
        suite.pass_time(seconds=number % 2)

    def ids(**query: Any) -> Names:
        found: Names = []
        cursor: dict[str, Any] = {}
        while True:
            page = movements(suite, limit="2", **query, **cursor).body
            found += [each["movement_id"] for each in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    assert ids() == ["m5~", "m4~", "m3~", "m2~", "m1~", "m0~"]  # by time, then by id
    assert ids(since="2026-05-01T12:00:01+08:00") == ["m5~", "m4~", "m3~", "m2~"]
    assert ids(before="2026-05-01T04:00:01Z") == ["m1~", "m0~"]
    assert ids(since="2026-05-01T04:00:00.5Z", before="2026-05-01T04:00:01.5Z") == ["m3~", "m2~"]
    assert ids(since="2027-01-01T00:00:00Z") == ids(before="0001-01-01T00:00:00+14:00") == []
    assert ids(since="0001-01-01T00:00:00+14:00", before="9999-12-31T23:59:59.9-14:00") == ids()


def test_movements_are_for_staff_and_of_a_product_that_there_is(suite: Suite) -> None:
    assert movements(suite).code == "product_not_found"
    put(suite, "tea")
    assert movements(suite).body == {"items": [], "next_cursor": None}
    assert movements(suite, ALICE).code == "forbidden"


@pytest.mark.parametrize("name", ["since", "before"])
@pytest.mark.parametrize(
    "moment",
    [
        "2026-05-01",
        "1777600000",
        "2026-05-01T04:00:00",
        "2026-05-01T04:00:00 08:00",  # a + that was not written %2B
        "2026-05-01 04:00:00Z",
        "2026-02-30T04:00:00Z",
        "2026-05-01T04:00:60Z",
        "٢٠٢٦-05-01T04:00:00Z",
        "",
    ],
)
def test_a_moment_is_a_date_time_with_an_offset(suite: Suite, name: str, moment: str) -> None:
    put(suite, "tea")
    asked_for: dict[str, Any] = {name: moment}
    answer = movements(suite, **asked_for)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, name)
