"""The largest orders with offers fit into one transaction, and come back in one; what does not is refused
when it is quoted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.checkout.selling import check_fits
from functions.domain.errors import InvalidError
from functions.domain.policy import Policy
from functions.offers.campaigns import Campaign
from functions.offers.counting import budget_counter
from functions.offers.uses import KEPT_AFTER_END
from functions.orders import life
from functions.orders.order import Order, Status
from functions.platform.deadline import Deadline
from functions.platform.dynamo import TRANSACTION_ACTIONS_MAX, Tables
from functions.platform.settings import Settings
from tests.support.accounts import hold_points
from tests.support.faults import Calls
from tests.support.offering import of
from tests.support.offers_shop import (
    ENDS,
    OffersShop,
    amount_off,
    check_books,
    discount,
    flash,
    gift,
    limits,
    saving,
)
from tests.support.shop import NOON

LINES = 50
SKUS = tuple(f"sku-{number:02}" for number in range(LINES))
PINS = tuple(f"pin-{number}" for number in range(4))
UNITS = 60
STOCK = dict.fromkeys(SKUS, UNITS) | dict.fromkeys(PINS, UNITS)
WHOLE = dict.fromkeys(SKUS, 1)
ALL_LIMITS = limits(orders=50, budget_fen=900_000_00, per_member=9)
PRICE_FEN = 1_000


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy) -> OffersShop:
    """Fifty products at 10.00 and four that are given; alice has points of two years."""
    made = OffersShop(rows, settings, policy)
    for sku in STOCK:
        made.stock(sku, UNITS, PRICE_FEN)
    for member_id in ("alice", "bob"):
        made.register(member_id)
        hold_points(rows, settings.members_table, member_id, {"2025": 500, "2026": 3_000})
    return made


def most_actions(calls: Calls, since: int) -> int:
    """Return the actions of the largest transaction since then."""
    return max(
        len(body["TransactItems"])
        for name, body in zip(calls.sent[since:], calls.bodies[since:], strict=True)
        if name == "TransactWriteItems"
    )


def of_two_flashes() -> list[Campaign]:
    """Return flashes that price all fifty products, as many of one as it may."""
    return [
        flash(f"flash-{name}", dict.fromkeys(skus, (500, 20)), limits=ALL_LIMITS)
        for name, skus in (("a", SKUS[:40]), ("b", SKUS[40:]))
    ]


def of_four_groups() -> list[Campaign]:
    """Return order offers of four groups: two savings and two gifts."""
    return [
        saving("saving-a", (5_000, 100), group="a", limits=ALL_LIMITS),
        saving("saving-b", (5_000, 100), group="b", limits=ALL_LIMITS),
        gift("gift-c", 5_000, PINS[0], group="c", limits=ALL_LIMITS),
        gift("gift-d", 5_000, PINS[1], group="d", limits=ALL_LIMITS),
    ]


@pytest.mark.parametrize("how", ["lapse", "cancel", "cancel by id", "refuse", "return"])
@pytest.mark.parametrize("put_away", [False, True])
def test_the_worst_cart_is_placed_and_comes_back_in_one_transaction_each(
    shop: OffersShop, calls: Calls, how: str, put_away: bool
) -> None:
    """Fifty lines of two flashes, four order offers with limits, a coupon, and points of two years."""
    shop.put(*of_two_flashes(), *of_four_groups())
    coupon_id = shop.coupon("alice", amount_off("five", 500))
    since = len(calls.sent)
    order = shop.order("alice", "k", WHOLE, coupon=coupon_id, points=1_000)
    assert (len(order.quote.lines), len(order.quote.campaigns), len(order.quote.line_offers)) == (52, 4, 2)
    assert most_actions(calls, since) <= TRANSACTION_ACTIONS_MAX
    check_books(shop, STOCK)
    later = shop
    if put_away and how != "lapse":
        shop.pay(order)
        later = shop.at(ENDS + timedelta(minutes=2))
        assert later.end().left == 0
    since = len(calls.sent)
    _ends(later, order, how)
    assert most_actions(calls, since) <= TRANSACTION_ACTIONS_MAX
    check_books(later, STOCK)


def _ends(shop: OffersShop, order: Order, how: str) -> None:
    everything = {line.line_id: line.quantity for line in order.quote.lines}
    if how == "lapse":
        shop.lapse(order)
    elif how == "cancel":
        shop.cancel(order)
    elif how == "cancel by id":
        shop.leave_by_line(order, "c", everything, returned=False)
    else:
        if shop.found(order).paid_at is None:
            shop.pay(order)
        shop.change(order, lambda each: life.ship(each, told={}, now=shop.now))
        if how == "refuse":
            shop.refuse(order)
        else:
            shop.change(order, lambda each: life.receive(each, now=shop.now))
            shop.leave_by_line(order, "r", everything, returned=True)
    assert shop.found(order).status in (Status.LAPSED, Status.CANCELLED, Status.REFUSED, Status.RETURNED)


def test_a_cart_of_more_campaigns_than_fit_is_refused_when_it_is_quoted(shop: OffersShop) -> None:
    shop.put(*(discount(f"d-{n:02}", "0.9", scope=of(SKUS[n])) for n in range(20)))
    for act in (lambda: shop.quote("alice", WHOLE), lambda: shop.order("alice", "k", WHOLE)):
        with pytest.raises(InvalidError) as refusal:
            act()
        assert refusal.value.code == "too_many_offers"
    half = dict.fromkeys(SKUS[:25], 1)
    assert len(shop.order("alice", "half", half).quote.line_offers) == 20
    check_books(shop, STOCK)


@pytest.mark.parametrize("used", range(8, 17))
def test_what_fits_when_it_is_quoted_is_placed_and_cancelled(
    shop: OffersShop, calls: Calls, used: int
) -> None:
    """At the edge: as many line offers as make it just fit, and just not."""
    campaigns: Sequence[Campaign] = [
        discount(f"d-{n:02}", "0.9", scope=of(SKUS[n]), limits=ALL_LIMITS) for n in range(used)
    ]
    shop.put(*campaigns, saving("saving", (5_000, 100), limits=ALL_LIMITS))
    coupon_id = shop.coupon("alice", amount_off("five", 500))
    try:
        check_fits(shop.quote("alice", WHOLE, coupon=coupon_id, points=1_000))
    except InvalidError:
        assert 9 + LINES + 3 * (used + 1) > TRANSACTION_ACTIONS_MAX
        return
    since = len(calls.sent)
    order = shop.order("alice", "k", WHOLE, coupon=coupon_id, points=1_000)
    shop.leave_by_line(order, "c", WHOLE, returned=False)
    assert most_actions(calls, since) <= TRANSACTION_ACTIONS_MAX
    check_books(shop, STOCK)


def test_V15_a_budget_that_lies_in_more_rows_than_fit_is_joined_and_not_told_as_spent(
    shop: OffersShop, calls: Calls
) -> None:
    campaign = saving("saving", (5_000, 960), limits=limits(budget_fen=1_000))
    shop.put(campaign)
    counter = budget_counter(shop.settings.catalog_table, "saving")
    shop.spread(counter, 48)
    since = len(calls.sent)
    order = shop.order("alice", "k", WHOLE)
    assert order.quote.campaigns[0].amount_fen == 960
    assert most_actions(calls, since) <= TRANSACTION_ACTIONS_MAX
    assert shop.budget_left("saving") == 40
    check_books(shop, STOCK)


def test_V16_a_limit_that_is_taken_away_is_not_told_as_reached_by_a_copy_from_before(
    shop: OffersShop,
) -> None:
    campaign = saving("saving", (500, 100), limits=limits(orders=9, budget_fen=5_000))
    shop.put(campaign, flash("flash", {SKUS[1]: (500, 20)}))
    checkout, cart = shop.checkout, shop.wish("alice", "q", {SKUS[0]: 1, SKUS[1]: 1}).cart
    assert checkout.quote(cart, "alice", NOON, Deadline(20)).campaigns
    shop.put(replace(campaign, limits=limits()), flash("flash", {SKUS[2]: (500, 20)}))
    quote = checkout.quote(cart, "alice", NOON, Deadline(20))
    assert [use.version for use in quote.campaigns] == [2]
    assert "flash" not in {entry.campaign_id for entry in quote.not_applied}
    order, _ = checkout.place(shop.wish("alice", "k", {SKUS[0]: 1}), Deadline(20))
    assert order.quote.campaigns
    check_books(shop, STOCK)


def test_V14_a_campaign_that_staff_prolong_forgets_no_use_of_a_member(shop: OffersShop) -> None:
    campaign = saving("saving", (500, 100), limits=limits(per_member=1))
    shop.put(campaign)
    assert shop.order("alice", "k", {SKUS[0]: 1}).quote.campaigns
    long = ENDS + KEPT_AFTER_END + timedelta(days=99)
    shop.put(replace(campaign, ends_at=long), saving("other", (500, 1), group="other", ends_at=long))
    later = shop.at(ENDS + KEPT_AFTER_END + timedelta(days=1))
    for key in ("a", "b", "c"):
        order = later.order("alice", key, {SKUS[0]: 1})
        assert [use.campaign_id for use in order.quote.campaigns] == ["other"]
    check_books(later, STOCK)


def test_uses_of_campaigns_that_ended_long_ago_are_forgotten(shop: OffersShop) -> None:
    shop.put(saving("old", (500, 100)))
    order = shop.order("alice", "k", {SKUS[0]: 1})
    later = shop.at(ENDS + KEPT_AFTER_END)
    later.end()
    later.put(saving("new", (500, 100), starts_at=later.now, ends_at=later.now + timedelta(days=1)))
    later.order("alice", "k2", {SKUS[0]: 1})
    assert set(shop.uses("alice").of) == {"new"}
    later.lapse(order)
    assert later.found(order).status is Status.LAPSED
