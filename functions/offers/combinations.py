"""Which order offers can be used together, and what that takes off (V5-V7, V12)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import NamedTuple

from functions.offers.bases import LineSet
from functions.offers.conditions import (
    BUDGET_SPENT,
    GIFT_OUT_OF_STOCK,
    NOT_CHEAPER,
    Reason,
    passes_budget,
)
from functions.offers.coupon_offers import CouponOffer
from functions.offers.order_offers import BARS_COUPONS, BARS_POINTS, OrderOffer, Shelf, gift_fits
from functions.offers.remainders import Goods, Remainder


@dataclass(frozen=True, kw_only=True)
class Combination:
    """Order offers that are used together, by ascending id, each with what it takes off: 0 for a gift.

    ``bases`` are the lines that any that takes something counts, ``gifts_fen`` is what their gifts are worth
    at list price, ``bars`` what does not go with them.
    """

    offers: tuple[OrderOffer, ...]
    takes_fen: tuple[int, ...]
    taken_fen: int
    gifts_fen: int
    bases: LineSet
    bars: int
    goods: Goods

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the campaigns, in order."""
        return tuple([offer.campaign_id for offer in self.offers])

    @property
    def with_coupons(self) -> bool:
        """Whether a coupon may be used besides (V7)."""
        return not self.bars & BARS_COUPONS

    @property
    def with_points(self) -> bool:
        """Whether points may be redeemed besides (V7)."""
        return not self.bars & BARS_POINTS

    @cached_property
    def left(self) -> Remainder:
        """What they leave of the goods."""
        return self.goods.left(zip([offer.base.lines for offer in self.offers], self.takes_fen, strict=True))

    def coupon_fen(self, coupon: CouponOffer) -> int:
        """Return what a coupon would take off what they leave of its base; 0 if it cannot be used (V8)."""
        if self.bases & ~coupon.base.lines:
            lowest_fen = coupon.off_fen(max(0, coupon.base.sum_fen - self.taken_fen))
            if lowest_fen == coupon.most_fen:  # the less is left, the less it takes
                return lowest_fen
        return coupon.off_fen(*self._net(coupon))

    def why_no_coupon(self, coupon: CouponOffer) -> Reason | None:
        """Return why a coupon cannot be used on what they leave of its base (V8, V19)."""
        return coupon.why_not(*self._net(coupon))

    def _net(self, coupon: CouponOffer) -> tuple[int, int]:
        """Return what they leave of a coupon's base, as a numerator and what it is over."""
        if not self.bases & coupon.base.lines:
            return coupon.base.sum_fen, 1
        if not self.bases & ~coupon.base.lines:  # all that they take is taken off it
            return coupon.base.sum_fen - self.taken_fen, 1
        return self.goods.of(self.left, coupon.base.lines), self.left.per


def together(
    offers: Iterable[OrderOffer], goods: Goods, shelf: Shelf
) -> tuple[Combination, dict[str, Reason]]:
    """Return the combination of these order offers but of those that cannot be in it, which have a reason.

    An offer cannot be if it would take nothing (V19) or pass its budget (V14), or if its gift does not fit
    beside the others (V6).
    """
    used: list[OrderOffer] = []
    takes_fen: list[int] = []
    reasons: dict[str, Reason] = {}
    taken_fen = gifts_fen = bases = bars = 0
    left: Remainder | None = None  # until an offer may be cut nobody needs to know
    for offer in sorted(offers, key=attrgetter("campaign_id")):
        take_fen, base = offer.off_fen, offer.base
        if not take_fen:
            if not gift_fits(offer, used, shelf):
                reasons[offer.campaign_id] = Reason(GIFT_OUT_OF_STOCK)
                continue
            gifts_fen += offer.gift_fen
        else:
            if taken_fen + take_fen > base.sum_fen:
                left = left or goods.left(zip([each.base.lines for each in used], takes_fen, strict=True))
                take_fen = min(take_fen, goods.of(left, base.lines) // left.per)  # V5: cut to the whole fen
            if not take_fen or passes_budget(offer.available, take_fen):
                reasons[offer.campaign_id] = Reason(BUDGET_SPENT if take_fen else NOT_CHEAPER)
                continue
            left = left and goods.less(left, base.lines, take_fen)
            taken_fen += take_fen
            bases |= base.lines
        bars |= offer.bars
        used.append(offer)
        takes_fen.append(take_fen)
    combination = Combination(
        offers=tuple(used),
        takes_fen=tuple(takes_fen),
        taken_fen=taken_fen,
        gifts_fen=gifts_fen,
        bases=bases,
        bars=bars,
        goods=goods,
    )
    return combination, reasons


class Draft(NamedTuple):
    """Order offers, one of a group at most, that may be a combination; it takes ``off_fen`` off at most."""

    off_fen: int
    bars: int
    """What does not go with them (V7)."""
    offers: tuple[OrderOffer, ...]

    @property
    def bars_coupons(self) -> bool:
        """Whether no coupon may be used besides."""
        return bool(self.bars & BARS_COUPONS)

    @property
    def bars_points(self) -> bool:
        """Whether no points may be redeemed besides."""
        return bool(self.bars & BARS_POINTS)


def drafts(offers: Iterable[OrderOffer]) -> Iterator[Iterator[Draft]]:
    """Give all that may be combinations: those that bar the same together, those that take the most first.

    There are at most ``(16 / 4 + 1) ** 4 = 625`` of 16 offers in 4 groups.
    """
    groups: dict[str, list[OrderOffer]] = {}
    for offer in offers:
        groups.setdefault(offer.group, []).append(offer)
    found: list[tuple[int, int, tuple[OrderOffer, ...]]] = [(0, 0, ())]
    for members in groups.values():
        choices = [(each.off_fen, each.bars, each) for each in members]
        found += [
            (off_fen + its_off_fen, bars | its_bars, (*used, offer))
            for off_fen, bars, used in found
            for its_off_fen, its_bars, offer in choices
        ]
    found.sort(key=itemgetter(0), reverse=True)
    for bars in sorted({each[1] for each in found}):
        yield map(Draft._make, [each for each in found if each[1] == bars])
