"""Pricing in process: a quote with every offer asked for, against adding up the cart at list price."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.operations import POLICY
from benchmarks.rounds import Comparison, Work, compared
from functions.coupons.birthday import Coupon
from functions.domain.birthdays import CouponYear
from functions.offers.pricing import BEST, Cart, CartLine, Product, Shopper, price

SIZES = (1, 3, 10, 20, 50)
TIMES = 300
"""Quotes of one round."""
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


def measured(*, rounds: int) -> Iterator[Comparison]:
    """Measure quotes of carts of each size."""
    for size in SIZES:
        products = {
            f"sku-{number}": Product(
                sku=f"sku-{number}",
                name="product",
                price_fen=995 + 1_001 * number,
                member_zone=number % 2 == 0,
                stock=10,
            )
            for number in range(size)
        }
        cart = Cart(lines=tuple(CartLine(sku=sku, quantity=3) for sku in products), coupon=BEST, points=BEST)
        if not price(cart, products, SHOPPER, POLICY).member_day:
            raise SystemExit("it is no member day")

        def prepare(cart: Cart = cart, products: dict[str, Product] = products) -> tuple[Work, Work]:
            def ours() -> None:
                for _ in range(TIMES):
                    price(cart, products, SHOPPER, POLICY)

            def bare() -> None:
                for _ in range(TIMES):
                    sum(products[line.sku].price_fen * line.quantity for line in cart.lines)

            return ours, bare

        yield compared(f"{size} lines", prepare, times=TIMES, rounds=rounds)
