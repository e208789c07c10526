"""Products whose stock lies in several rows, over the API and on the bus (Z1)."""

from typing import Any

import pytest

from functions.catalog.stock import counter_of
from functions.counters.counter import Counter, Held, add_up
from functions.counters.spreading import spread_over
from functions.domain.errors import ConflictError
from functions.platform.deadline import Deadline
from tests.handlers.conftest import ONE_TEA, TEA, Suite
from tests.handlers.test_catalog_events import Shelf
from tests.support.events import Answer, Call, claims, staff
from tests.support.shop import NOON

ALICE = claims("alice")


def put(suite: Suite, **change: object) -> Answer:
    """Let staff put tea into the catalogue."""
    return suite.call(Call("PUT", "/products/tea", TEA | change, staff()))


def seen(suite: Suite, who: dict[str, str]) -> dict[str, Any]:
    """Return tea as somebody sees it."""
    answer = suite.call(Call("GET", "/products/tea", None, who))
    assert answer.status == 200, answer.body
    return answer.body


def order(cart: dict[str, Any], key: str) -> Call:
    """Return the request for an order of alice's."""
    return Call("POST", "/orders", cart, ALICE, {"idempotency-key": key})


@pytest.fixture
def tea(suite: Suite) -> Counter:
    """Nine units of tea in three rows, which a member can buy."""
    put(suite)
    suite.call(
        Call("POST", "/products/tea/stock", {"movement_id": "m", "delta": 9, "reason": "first"}, staff())
    )
    suite.call(Call("PUT", "/members/me", {"name": "Alice"}, ALICE))
    counter = counter_of(suite.settings.catalog_table, "tea")
    spread_over(suite.tables, counter, 3, Deadline(20))
    return counter


@pytest.mark.parametrize("many", [0, 49, -1, "4", 1.0, True])
def test_a_number_of_rows_is_from_1_to_48(suite: Suite, many: object) -> None:
    answer = put(suite, stock_rows=many)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "stock_rows")


def test_a_number_of_rows_is_shown_to_staff_and_is_over_with_the_next_put(suite: Suite) -> None:
    assert put(suite, stock_rows=48).body["stock_rows"] == 48
    assert "stock_rows_now" not in seen(suite, staff())
    assert not seen(suite, ALICE).keys() & {"stock", "stock_rows", "stock_rows_now"}
    assert "stock_rows" not in put(suite).body


def test_staff_see_the_sum_of_this_moment_and_shoppers_that_of_a_moment_ago(
    suite: Suite, tea: Counter
) -> None:
    answer = suite.call(order({"lines": [{"sku": "tea", "quantity": 9}]}, "k"))
    assert answer.status == 201, answer.body
    assert (seen(suite, staff())["stock"], seen(suite, staff())["stock_rows_now"]) == (0, 3)
    assert seen(suite, ALICE)["in_stock"]
    add_up(suite.tables, tea, Deadline(20), now=NOON)
    assert not seen(suite, ALICE)["in_stock"]


def test_a_sum_that_there_is_no_moment_of_is_asked_for_again(
    suite: Suite, tea: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> Held | None:
        raise ConflictError("conflict", "It changed all the time.")

    monkeypatch.setattr("functions.counters.counter.held", never)
    answer = suite.call(Call("GET", "/products/tea", None, staff()))
    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (503, "try_again", "1")
    assert seen(suite, ALICE)["in_stock"]
    body = {"movement_id": "n", "delta": 1, "reason": "found"}
    assert suite.call(Call("POST", "/products/tea/stock", body, staff())).status == 200


def test_a_conflict_says_when_to_come_again(
    suite: Suite, tea: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def contended(*_: object, **__: object) -> None:
        raise ConflictError("conflict", "Others are in the way.")

    monkeypatch.setattr("functions.platform.dynamo.Transaction.commit", contended)
    monkeypatch.setattr("functions.platform.dynamo._full_jitter", lambda *_: None)
    answer = suite.call(order(ONE_TEA, "k"))
    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (409, "conflict", "1")


def test_insufficient_stock_comes_before_a_changed_quote_also_of_several_rows(
    suite: Suite, tea: Counter
) -> None:
    cart = {"lines": [{"sku": "tea", "quantity": 10}], "expected_paid_fen": 1}
    assert suite.call(order(cart, "k")).body["code"] == "insufficient_stock"
    cart = {"lines": [{"sku": "tea", "quantity": 9}], "expected_paid_fen": 1}
    assert suite.call(order(cart, "k")).body["code"] == "quote_changed"


def test_stock_in_several_rows_is_low_by_its_sum_once(suite: Suite) -> None:
    shelf = Shelf(suite, threshold=5).stocked(10)
    counter = counter_of(suite.settings.catalog_table, "tea")
    tables, deadline = suite.tables, Deadline(20)

    def sum_up() -> list[int]:
        return shelf.change(lambda: add_up(tables, counter, deadline, now=NOON))

    assert shelf.change(lambda: spread_over(tables, counter, 4, deadline)) == []  # 4 in the home row
    assert sum_up() == []
    suite.call(
        Call("POST", "/products/tea/stock", {"movement_id": "n", "delta": -5, "reason": "lost"}, staff())
    )
    assert sum_up() == [5]
    assert shelf.change(lambda: spread_over(tables, counter, 1, deadline)) == []
    assert shelf.move(-1) == []
    assert shelf.move(6) == []
    assert shelf.move(-6) == [4]
