"""The lowest that an order of a cart can cost: over order offers, coupon and points, exactly (P9, V12).

The combinations of order offers are looked at by what each could cost at the least, and the coupons of each
by what they could take at the most. What would be dearer than the best so far, even then, is not priced.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Literal

from functions.domain.money import FEN_PER_YUAN
from functions.offers.combinations import Combination, Draft
from functions.offers.coupon_offers import CouponOffer, ExclusiveOffer
from functions.offers.quotes import BEST

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """What an order pays beside its goods, and the points that it may redeem (P5, P7).

    ``points`` are those asked for, or ``best``; ``points_max`` are the most that ``best`` may redeem.
    """

    free_shipping_from_fen: int
    fee_fen: int
    points: int | Literal["best"]
    points_max: int
    points_step: int
    points_per_yuan: int

    def shipping_fen(self, after_coupon_fen: int) -> int:
        """P5: a right of the tier, decided after the coupon and before points."""
        return 0 if after_coupon_fen >= self.free_shipping_from_fen else self.fee_fen

    def value_fen(self, points: int) -> int:
        """Return what so many points are worth as cash (P7)."""
        return points * FEN_PER_YUAN // self.points_per_yuan

    def redeemed(self, order_amount_fen: int) -> int | None:
        """Return the points to redeem on an order; None if those asked for are worth more (P7, P9)."""
        if self.points != BEST:
            return self.points if self.value_fen(self.points) <= order_amount_fen else None
        most = min(self.points_max, order_amount_fen * self.points_per_yuan // FEN_PER_YUAN)
        return most - most % self.points_step

    def lowest_fen(self, after_coupon_fen: int, *, with_points: bool) -> int:
        """Return what an order of so much or more pays at the least: it never falls with the amount."""
        after_fen, free_from_fen = max(0, after_coupon_fen), self.free_shipping_from_fen
        if after_fen < free_from_fen:  # more goods can be less in all
            after_fen = min(after_fen + self.fee_fen, free_from_fen)
        if not with_points:
            return after_fen
        return max(0, after_fen - self.value_fen(self.points_max if self.points == BEST else self.points))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a choice of offers comes to. An exclusive coupon's goods are at list price (P4)."""

    combination: Combination
    coupon: CouponOffer | ExclusiveOffer | None
    coupon_fen: int
    goods_fen: int
    shipping_fen: int
    points: int
    paid_fen: int

    @property
    def is_exclusive(self) -> bool:
        """Whether a coupon is used that stands alone."""
        return isinstance(self.coupon, ExclusiveOffer)

    @property
    def order_amount_fen(self) -> int:
        """What the order charges before points (P6)."""
        return self.goods_fen - self.combination.taken_fen - self.coupon_fen + self.shipping_fen

    def tie(self) -> tuple[Any, ...]:
        """Return what orders outcomes that cost the same, the least being the best (V12)."""
        coupon = None if self.coupon is None else self.coupon.coupon
        return (
            -self.combination.gifts_fen,
            coupon is not None,
            _NEVER if coupon is None else coupon.valid_until,
            self.points,
            len(self.combination.offers),
            self.combination.ids,
            "" if coupon is None else coupon.coupon_id,
        )


class Search:
    """The search for the best; :attr:`best` is what it has found, None if nothing is allowed."""

    def __init__(self, charges: Charges) -> None:
        self.best: Outcome | None = None
        self._charges = charges

    def over_exclusive(self, offers: Iterable[ExclusiveOffer], nothing: Combination, list_fen: int) -> None:
        """Look at coupons that stand alone: no campaign and no points go with them (P4, V8)."""
        for offer in offers:
            self._look_at(nothing, offer, offer.off_fen, list_fen, with_points=False)

    def over_drafts(
        self,
        drafts: Iterable[Iterable[Draft]],
        realised: Callable[[Draft], Combination | None],
        coupons: Sequence[CouponOffer],
        goods_fen: int,
        *,
        without_coupon: bool,
    ) -> None:
        """Look at combinations of order offers, each with every coupon that goes with it, and without one.

        Parameters
        ----------
        drafts
            By what they bar; those that bar the same take less and less off.
        realised
            Returns the combination that a draft is, None if it cannot be.
        without_coupon
            Whether a coupon need not be used.
        """
        strongest_first = sorted(coupons, key=attrgetter("most_fen"), reverse=True)
        most_fen = strongest_first[0].most_fen if strongest_first else 0
        for barring_the_same in drafts:
            for draft in barring_the_same:
                coupon_fen = 0 if draft.bars_coupons else most_fen
                after_fen = goods_fen - draft.off_fen - coupon_fen
                if not self._can_be(after_fen, with_points=not draft.bars_points):
                    break
                combination = realised(draft)
                if combination is None:
                    continue
                with_points = not draft.bars_points
                if without_coupon:
                    self._look_at(combination, None, 0, goods_fen, with_points=with_points)
                if not draft.bars_coupons:
                    self._over_coupons(combination, strongest_first, goods_fen, with_points=with_points)

    def _over_coupons(
        self,
        combination: Combination,
        coupons: Iterable[CouponOffer],
        goods_fen: int,
        *,
        with_points: bool,
    ) -> None:
        net_fen = goods_fen - combination.taken_fen
        for coupon in coupons:
            if not self._can_be(net_fen - coupon.most_fen, with_points=with_points):
                return
            coupon_fen = combination.coupon_fen(coupon)
            if coupon_fen:
                self._look_at(combination, coupon, coupon_fen, goods_fen, with_points=with_points)

    def _can_be(self, after_coupon_fen: int, *, with_points: bool) -> bool:
        """Tell whether goods of so much or more after the coupon may be the best, or tie with it."""
        if self.best is None:
            return True
        return self._charges.lowest_fen(after_coupon_fen, with_points=with_points) <= self.best.paid_fen

    def _look_at(
        self,
        combination: Combination,
        coupon: CouponOffer | ExclusiveOffer | None,
        coupon_fen: int,
        goods_fen: int,
        *,
        with_points: bool,
    ) -> None:
        """Price a choice, and keep it if it is the best so far."""
        charges = self._charges
        after_fen = goods_fen - combination.taken_fen - coupon_fen
        shipping_fen = charges.shipping_fen(after_fen)
        order_amount_fen = after_fen + shipping_fen  # P6
        points = charges.redeemed(order_amount_fen) if with_points else 0
        if points is None:
            return
        paid_fen = order_amount_fen - charges.value_fen(points)  # P8
        if min(after_fen, paid_fen) < 0:
            raise AssertionError("an order never costs less than nothing")
        best = self.best
        if best is not None and paid_fen > best.paid_fen:
            return
        outcome = Outcome(
            combination=combination,
            coupon=coupon,
            coupon_fen=coupon_fen,
            goods_fen=goods_fen,
            shipping_fen=shipping_fen,
            points=points,
            paid_fen=paid_fen,
        )
        if best is None or paid_fen < best.paid_fen or outcome.tie() < best.tie():
            self.best = outcome
