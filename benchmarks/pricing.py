"""Pricing in process: a quote with every offer asked for, against adding up the cart at list price."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from benchmarks.operations import POLICY
from benchmarks.rounds import Comparison, Work, compared
from functions.catalog.products import Product
from functions.coupons.birthday import Coupon
from functions.coupons.templates import TemplateCoupon
from functions.domain.birthdays import CouponYear
from functions.domain.scope import Scope
from functions.offers.campaigns import Available
from functions.offers.pricing import price
from functions.offers.quotes import BEST, Cart, CartLine, Quote, Shopper
from tests.support.offering import discount, face, flash, gift, of, rated, saving

SIZES = (1, 3, 10, 20, 50)
TIMES = 300
"""Quotes of one round."""
TIMES_OF_THE_MOST = 5
UNITS = 3
"""Of each product in a cart."""
GIFT = "gift"
MEMBER_DAY = datetime(2026, 5, POLICY.member_day.day, 4, tzinfo=UTC)
SHOPPER = Shopper(
    tier=POLICY.tiers[-1].code,
    at=MEMBER_DAY,
    coupon=Coupon(
        coupon_id="cpn_0",
        year=CouponYear(MEMBER_DAY.year),
        face_value_fen=5_000,
        min_goods_fen=100,
        valid_from=MEMBER_DAY - timedelta(days=9),
        valid_until=MEMBER_DAY + timedelta(days=9),
        issued_at=MEMBER_DAY - timedelta(days=9),
    ),
    points=12_345,
)
"""A member for whom every offer has to be looked at: both combinations are priced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A cart of so many lines that is priced so many times a round, and who asks for all of their offers."""

    name: str
    size: int
    shopper: Shopper
    times: int = TIMES

    @property
    def products(self) -> dict[str, Product]:
        """What there is, by sku: the lines' products, every other one in the member zone, and the gift."""
        return {each.sku: each for each in map(product, range(self.size))} | {GIFT: GIVEN}

    @property
    def cart(self) -> Cart:
        """The cart, which asks for the best."""
        lines = tuple(CartLine(sku=sku_of(number), quantity=UNITS) for number in range(self.size))
        return Cart(lines=lines, coupon=BEST, points=BEST)

    def quote(self) -> Quote:
        """Price it once."""
        return price(self.cart, self.products, self.shopper, POLICY)

    def prepare(self) -> tuple[Work, Work]:
        """Return what prices it, and what adds it up at list price."""
        cart, products, shopper, times = self.cart, self.products, self.shopper, self.times

        def ours() -> None:
            for _ in range(times):
                price(cart, products, shopper, POLICY)

        def bare() -> None:
            for _ in range(times):
                sum(products[line.sku].price_fen * line.quantity for line in cart.lines)

        return ours, bare


def sku_of(number: int) -> str:
    """Return the sku of a line."""
    return f"sku-{number}"


def product(number: int) -> Product:
    """Return the product of a line."""
    return Product(
        sku=sku_of(number),
        name="product",
        price_fen=995 + 1_001 * number,
        member_zone=number % 2 == 0,
        stock=10,
    )


GIVEN = replace(product(0), sku=GIFT, price_fen=3_900)


def some(size: int, each: int, but: int = 0) -> Scope:
    """Return the scope of every so-many-th of so many products, from one of them on."""
    return of(*(sku_of(number) for number in range(size) if number % each == but % each))


def all_kinds() -> tuple[Sequence[Available], Sequence[TemplateCoupon]]:
    """Return 8 campaigns of every kind and 3 coupons, for 10 lines: groups, steps, and what excludes (Z9)."""
    campaigns = (
        discount("all", "0.95"),
        discount("some", "0.85", scope=some(10, 3)),
        flash("hour", {sku_of(5): 4_500, sku_of(7): 6_000}),
        saving("steps", (30_000, 2_500), (60_000, 6_000), (120_000, 13_000), group="sale"),
        saving("each-100", (10_000, 1_000), repeat=True, max_off_fen=9_000, group="sale"),
        saving("odd", (40_000, 4_000), scope=some(10, 2, 1), group="odd", with_points=False),
        saving("even", (20_000, 1_500), scope=some(10, 2), group="odd", with_coupons=False),
        gift("cup", 39_900, GIFT),
    )
    coupons = (
        face("face", 3_000, min_fen=100_000),
        rated("rate", "0.90", max_off_fen=5_000, min_fen=20_000, scope=some(10, 2, 1)),
        face("alone", 8_000, min_fen=50_000, exclusive=True),
    )
    return campaigns, coupons


def the_most(size: int) -> tuple[Sequence[Available], Sequence[TemplateCoupon]]:
    """Return 16 campaigns in 4 groups and 50 coupons of which the search can leave out as good as nothing.

    A coupon takes more than all campaigns together, and asks for its lines at their whole price, of which
    every campaign takes something. So the best is a coupon alone, which is looked at last; until then each
    of the 625 combinations could have been better, with each coupon.
    """
    campaigns = [
        saving(
            f"{group}-{step}",
            (1_000, 8_000 + 10 * step),
            group=group,
            scope=some(size, 7, place + step),
        )
        for place, group in enumerate(("north", "east", "south", "west"))
        for step in range(4)
    ]
    alone = Priced(name="alone", size=size, shopper=replace(SHOPPER, coupon=None, points=0)).quote()
    coupons = []
    for number in range(50):
        lines = [line for place, line in enumerate(alone.lines) if place % 50 != number]
        coupons.append(
            face(
                f"coupon-{number:02}",
                40_000 + number,
                min_fen=sum(line.amount_fen for line in lines),
                scope=of(*(line.sku for line in lines)),
            )
        )
    return campaigns, coupons


def carts() -> Iterator[Priced]:
    """Give all that is priced: carts without campaigns, of every size, and two with all that there may be."""
    for size in SIZES:
        yield Priced(name=f"{size} lines", size=size, shopper=SHOPPER)
    for what, size, times, (campaigns, coupons) in (
        ("8 campaigns, 3 coupons", 10, TIMES, all_kinds()),
        ("16 campaigns, 50 coupons", 50, TIMES_OF_THE_MOST, the_most(50)),
    ):
        shopper = replace(SHOPPER, coupon=None, coupons=tuple(coupons), campaigns=tuple(campaigns))
        yield Priced(name=f"{size} lines, {what}, points", size=size, shopper=shopper, times=times)


def measured(*, rounds: int) -> Iterator[Comparison]:
    """Measure quotes of all carts."""
    for priced in carts():
        if not priced.quote().member_day:
            raise SystemExit("it is no member day")
        yield compared(priced.name, priced.prepare, times=priced.times, rounds=rounds)
