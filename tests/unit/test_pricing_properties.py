"""What must hold of every quote and every refund, whatever the cart, the tier, the moment and the wallet."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.coupons.birthday import Coupon
from functions.domain.errors import RefusalError
from functions.offers.pricing import Quote
from functions.orders.refunds import NOTHING, retained
from functions.tiers.qualification import qualify
from tests.support.quoting import MAY, MEMBER_DAY, ORDINARY_DAY, POLICY, coupon, item, quoted

TIERS = [tier.code for tier in POLICY.tiers]
items = st.lists(
    st.builds(item, st.integers(1, 60_000), st.integers(1, 9), zone=st.booleans()), min_size=1, max_size=5
)
tiers = st.sampled_from(TIERS)
moments = st.one_of(
    st.sampled_from([ORDINARY_DAY, MEMBER_DAY]),
    st.integers(0, 31 * 86_400 - 1).map(lambda second: MAY + timedelta(seconds=second)),
)
coupons = st.one_of(st.none(), st.builds(coupon, st.integers(1, 20_000), used=st.booleans()))
wallets = st.integers(0, 5_000)
EXAMPLES = settings(max_examples=300, deadline=None)


def try_quote(tier: str, goods: list[tuple[int, int, bool]], **request: Any) -> Quote | None:
    """Return a quote, or None where it is refused."""
    try:
        return quoted(tier, *goods, **request)
    except RefusalError:
        return None


@EXAMPLES
@given(tiers, items, moments, coupons, wallets, st.sampled_from(["none", "best", "cpn_2026"]), st.booleans())
def test_components_sum_and_no_amount_is_ever_negative(
    tier: str,
    goods: list[tuple[int, int, bool]],
    at: Any,
    held: Coupon | None,
    wallet: int,
    use_coupon: str,
    best_points: bool,
) -> None:
    request: dict[str, Any] = {"at": at, "held": held, "holds_points": wallet, "use_coupon": use_coupon}
    quote = try_quote(tier, goods, points="best" if best_points else 0, **request)
    if quote is None:
        return
    off = quote.coupon.amount_fen if quote.coupon else 0
    assert quote.goods_fen == sum(line.unit_price_fen * line.quantity for line in quote.lines)
    assert quote.order_amount_fen == quote.goods_fen - off + quote.shipping_fen
    assert quote.paid_fen == quote.order_amount_fen - quote.points_value_fen
    assert min(quote.paid_fen, quote.order_amount_fen, quote.goods_fen - off, quote.earns_points) >= 0
    assert all(
        1 <= line.unit_price_fen <= line.list_price_fen for line in quote.lines if line.list_price_fen > 1
    )
    assert quote.redeemed_points <= min(wallet, POLICY.points.redeem_max_points)
    assert quote.redeemed_points % POLICY.points.redeem_step == 0
    assert quote.points_value_fen <= quote.order_amount_fen  # P7
    if quote.coupon is not None:  # P4
        assert quote.redeemed_points == 0
        assert all(line.unit_price_fen == line.list_price_fen for line in quote.lines)


@EXAMPLES
@given(tiers, items, moments, coupons, wallets)
def test_P9_the_best_is_never_dearer_than_any_single_choice(
    tier: str, goods: list[tuple[int, int, bool]], at: Any, held: Coupon | None, wallet: int
) -> None:
    request: dict[str, Any] = {"at": at, "held": held, "holds_points": wallet}
    best = quoted(tier, *goods, use_coupon="best", points="best", **request)
    choices = itertools.product(["none", "best", "cpn_2026"], ["best", 0, 500, 1_000, 1_500, 2_000])
    for use_coupon, points in choices:
        single = try_quote(tier, goods, use_coupon=use_coupon, points=points, **request)
        assert single is None or best.paid_fen <= single.paid_fen


@EXAMPLES
@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_more_kept_never_lowers_the_tier(effective_fen: int, more_fen: int) -> None:
    before = qualify(POLICY, ever_paid=True, effective_fen=effective_fen).tier
    after = qualify(POLICY, ever_paid=True, effective_fen=effective_fen + more_fen).tier
    assert TIERS.index(before) <= TIERS.index(after)


@pytest.mark.parametrize("bound", [tier.above_fen for tier in POLICY.tiers if tier.above_fen])
def test_T4_one_fen_more_than_a_bound_is_exactly_one_tier_up(bound: int) -> None:
    at = TIERS.index(qualify(POLICY, ever_paid=True, effective_fen=bound).tier)
    assert TIERS.index(qualify(POLICY, ever_paid=True, effective_fen=bound + 1).tier) == at + 1


@EXAMPLES
@given(items, moments, wallets, st.integers(0, len(TIERS) - 2))
def test_a_higher_tier_never_pays_more_for_the_same_goods(
    goods: list[tuple[int, int, bool]], at: Any, wallet: int, lower: int
) -> None:
    """Goods, that is: a rate that takes a cart below free shipping can make the whole dearer by the fee."""
    request: dict[str, Any] = {"at": at, "holds_points": wallet, "points": "best"}
    less, more = (quoted(TIERS[lower + step], *goods, **request) for step in (0, 1))
    assert more.goods_fen <= less.goods_fen
    if more.shipping_fen <= less.shipping_fen:
        assert more.paid_fen <= less.paid_fen or more.redeemed_points < less.redeemed_points
    else:
        assert more.order_amount_fen - less.order_amount_fen < POLICY.shipping.fee_fen


@EXAMPLES
@given(tiers, items, moments, coupons, wallets, st.booleans(), st.randoms(use_true_random=False))
def test_O5_any_sequence_of_returns_ends_as_one_return_of_everything(
    tier: str,
    goods: list[tuple[int, int, bool]],
    at: Any,
    held: Coupon | None,
    wallet: int,
    with_coupon: bool,
    chance: Any,
) -> None:
    request: dict[str, Any] = {"at": at, "held": held, "holds_points": wallet}
    quote = try_quote(
        tier,
        goods,
        use_coupon="best" if with_coupon else "none",
        points=0 if with_coupon else "best",
        **request,
    )
    assert quote is not None
    units = [number for number, line in enumerate(quote.lines) for _ in range(line.quantity)]
    chance.shuffle(units)
    staying = [line.quantity for line in quote.lines]
    kept = retained(quote, staying, earned_per_yuan=1)
    assert (kept.order_amount_fen, kept.paid_fen) == (quote.order_amount_fen, quote.paid_fen)
    assert (kept.redeemed_points, kept.earned_points) == (quote.redeemed_points, quote.earns_points)
    refunded_fen = restored_points = 0
    for number in units:
        staying[number] -= 1
        after = retained(quote, staying, earned_per_yuan=1)
        refund_fen = kept.paid_fen - after.paid_fen
        points = kept.redeemed_points - after.redeemed_points
        assert min(refund_fen, points, kept.earned_points - after.earned_points) >= 0
        assert kept.order_amount_fen >= after.order_amount_fen >= 0
        refunded_fen, restored_points, kept = refunded_fen + refund_fen, restored_points + points, after
    assert kept == NOTHING
    assert (refunded_fen, restored_points) == (quote.paid_fen, quote.redeemed_points)


def test_the_best_offer_agrees_with_brute_force_on_every_case_of_a_small_world() -> None:
    """Every cart of two lines around the thresholds, every wallet, coupon, day and tier with a difference."""
    checked = 0
    for tier, at, first, second, wallet, face_fen in itertools.product(
        ["J1", "J2", "J5"],
        [ORDINARY_DAY, MEMBER_DAY],
        [item(99), item(15_799), item(19_800, zone=True)],
        [item(1, zone=True), item(3_001, 2, zone=True)],
        [0, 499, 500, 1_700, 2_000],
        [None, 1, 2_000, 10_000],
    ):
        held = None if face_fen is None else coupon(face_fen)
        request: dict[str, Any] = {"at": at, "held": held, "holds_points": wallet}
        best = quoted(tier, first, second, use_coupon="best", points="best", **request)
        candidates = [
            quote
            for quote in (
                *(
                    try_quote(tier, [first, second], use_coupon="none", points=points, **request)
                    for points in range(0, 2_001, 500)
                ),
                try_quote(tier, [first, second], use_coupon="cpn_2026", **request),
            )
            if quote is not None
        ]
        cheapest = min(
            candidates, key=lambda quote: (quote.paid_fen, quote.coupon is not None, quote.redeemed_points)
        )
        assert replace(best, not_applied=()) == replace(cheapest, not_applied=())
        checked += 1
    assert checked == 3 * 2 * 3 * 2 * 5 * 4
