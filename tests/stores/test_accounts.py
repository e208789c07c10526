"""Posting an order to its member's account."""

import random

import pytest

from functions.domain.errors import RefusalError
from functions.orders.orders import Order
from functions.platform.deadline import Deadline
from functions.points.accounts import AccountMissingError
from functions.points.ledger import Wallet
from functions.points.posting import CHANGES_PER_POSTING_MAX, OrderChange, OrderFacts
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, SERVER_ERROR_AFTER, Calls, Fault
from tests.support.points import Points
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once


def paid_orders(shop: Shop, count: int) -> list[Order]:
    """Return paid orders of one member that are not posted yet; each earns 110 points."""
    shop.register("alice")
    shop.stock("tea", count)
    orders = [shop.place("alice", f"k{number}", "tea")[0] for number in range(count)]
    return [shop.pay(order, f"p{number}") for number, order in enumerate(orders)]


def wallet(shop: Shop) -> Wallet:
    """Return the member's wallet, checked against the sum of its entries (E9)."""
    found = shop.accounts.wallet("alice")
    assert found is not None
    entries, position = shop.accounts.entries("alice", limit=100, after=None)
    assert position is None
    assert found.frozen == sum(entry.frozen_delta for entry in entries)
    assert found.entries == len(entries)
    return found


def effective_fen(shop: Shop) -> int:
    """Return the member's E."""
    found = shop.members.find("alice", Deadline(20))
    assert found is not None
    return found[1].effective_fen


def test_E2_a_paid_order_ends_as_frozen_points_and_E(shop: Shop) -> None:
    (order,) = paid_orders(shop, 1)
    shop.post(order)
    assert (wallet(shop).frozen, effective_fen(shop)) == (110, 10_950)


def test_case_27_an_order_posted_again_has_one_effect(shop: Shop) -> None:
    (order,) = paid_orders(shop, 1)
    for _ in range(3):
        shop.post(order)
    assert (wallet(shop).frozen, effective_fen(shop)) == (110, 10_950)


def test_R2_all_changes_of_an_order_are_posted_at_once_however_many(points: Points) -> None:
    points.join("bob")
    paper = points.pay("bob", 1_000, NOON)
    for number in range(2 * CHANGES_PER_POSTING_MAX):
        points.give_back(paper, 999 - number, NOON)
    points.post(paper)
    (lot,) = points.lots("bob").values()
    assert (lot.posted, lot.version) == (2 * CHANGES_PER_POSTING_MAX + 1, 3)
    assert points.balances("bob")[0] == 1_000 - 2 * CHANGES_PER_POSTING_MAX
    points.check("bob")


def test_case_28_orders_posted_in_any_order_end_alike(shop: Shop) -> None:
    orders = paid_orders(shop, 5) * 2
    random.Random(1).shuffle(orders)  # noqa: S311 - repeatable
    for order in orders:
        shop.post(order)
    assert (wallet(shop).frozen, effective_fen(shop)) == (5 * 110, 5 * 10_950)


def test_an_order_seen_before_its_payment_posts_nothing_and_its_payment_later(shop: Shop) -> None:
    shop.register("alice")
    shop.stock("tea", 1)
    order, _ = shop.place("alice", "k1", "tea")
    shop.post(order)
    assert wallet(shop).frozen == 0
    shop.post(shop.pay(order))
    shop.post(order)
    assert wallet(shop).frozen == 110


def test_postings_of_one_member_at_once_are_all_there(shop: Shop) -> None:
    orders = paid_orders(shop, 4)
    results = at_once(8, lambda n: shop.post(orders[n % 4]))
    for order in orders:
        shop.post(order)  # what met too many others is delivered again
    assert not [each for each in results if isinstance(each, RefusalError) and each.code != "conflict"]
    assert (wallet(shop).frozen, effective_fen(shop)) == (4 * 110, 4 * 10_950)


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER])
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
def test_case_22_a_posting_cut_off_has_one_effect(shop: Shop, calls: Calls, fault: Fault, sends: int) -> None:
    (order,) = paid_orders(shop, 1)
    calls.fail("TransactWriteItems", *[fault] * sends)
    shop.post(order)
    assert (wallet(shop).frozen, effective_fen(shop)) == (110, 10_950)


def test_an_order_of_nobody_is_an_error_that_sets_its_record_aside(shop: Shop) -> None:
    change = OrderChange(at=NOON, effective_fen=1, earned_points=1)
    with pytest.raises(AccountMissingError):
        shop.accounts.post(
            OrderFacts(order_id="ord_1", member_id="nobody", changes=[change]), shop.policy, Deadline(20)
        )


def test_the_ledger_is_listed_newest_first_in_pages(shop: Shop) -> None:
    for order in paid_orders(shop, 5):
        shop.post(order)
    numbers: list[int] = []
    after: str | None = None
    for _ in range(3):
        entries, after = shop.accounts.entries("alice", limit=2, after=after)
        numbers += [entry.number for entry in entries]
    assert (numbers, after) == ([5, 4, 3, 2, 1], None)  # equal times: posting order, last first


def test_the_ledger_shows_the_tier_history_rows_never(shop: Shop) -> None:
    for order in paid_orders(shop, 2):
        shop.post(order)
    entries, position = shop.accounts.entries("alice", limit=2, after=None)
    assert (len(entries), position) == (2, None)
