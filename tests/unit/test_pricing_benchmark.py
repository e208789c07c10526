"""What pricing is measured with: offers of every kind, and the worst that there may be."""

from collections import Counter
from dataclasses import replace

from benchmarks.aims import AIMS
from benchmarks.pricing import Priced, carts
from functions.offers.kinds import KINDS
from functions.offers.quotes import NO_COUPON
from tests.support.offering import why

CARTS = {each.name: each for each in carts()}
ALL_KINDS, THE_MOST = (priced for name, priced in CARTS.items() if "campaigns" in name)


def campaigns_of(priced: Priced) -> Counter[str]:
    """Return how many campaigns of each kind run."""
    return Counter(each.campaign.kind for each in priced.shopper.campaigns)


def test_Z9_is_measured_with_8_campaigns_of_every_kind_3_coupons_and_points() -> None:
    (aim,) = (each for each in AIMS if each.z == "Z9")
    assert aim.figure == f"pricing / {ALL_KINDS.name} / ours_cpu_us"
    assert campaigns_of(ALL_KINDS).keys() == KINDS.keys()
    assert campaigns_of(ALL_KINDS).total() == 8
    assert len(ALL_KINDS.shopper.coupons) == 3
    assert ALL_KINDS.shopper.points > 0
    quote = ALL_KINDS.quote()
    assert len({line.price_of for line in quote.lines}) > 3
    assert quote.coupon is not None
    assert len(quote.campaigns) > 1
    assert {why(quote, name) for name in ("steps", "even")} == {"other_of_group"}


def test_the_worst_has_all_that_a_shop_may_have_and_finds_its_best_last() -> None:
    """A coupon alone is the best, though all campaigns would take something off."""
    assert THE_MOST.size == len(THE_MOST.cart.lines) == 50
    groups = Counter(each.campaign.group for each in THE_MOST.shopper.campaigns)
    assert sorted(groups.values()) == [4, 4, 4, 4]
    assert len(THE_MOST.shopper.coupons) == 50
    quote = THE_MOST.quote()
    assert quote.campaigns == ()
    assert quote.coupon is not None
    without = replace(THE_MOST, shopper=replace(THE_MOST.shopper, coupons=())).quote()
    assert len(without.campaigns) == 4
    assert without.paid_fen > quote.paid_fen


def test_a_cart_asks_for_the_best_of_its_offers() -> None:
    assert {(priced.cart.coupon != NO_COUPON, priced.cart.points) for priced in CARTS.values()} == {
        (True, "best")
    }
