"""Short ways to say who buys what, and when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from functions.coupons.birthday import Coupon
from functions.domain.birthdays import CouponYear
from functions.domain.policy import Policy, load
from functions.offers.pricing import Cart, CartLine, Product, Quote, Shopper, price

POLICY = load()
STORE = ZoneInfo(POLICY.time_zone)
ORDINARY_DAY = datetime(2026, 5, 4, 12, 0, tzinfo=STORE).astimezone(UTC)
MEMBER_DAY = datetime(2026, 5, 10, 12, 0, tzinfo=STORE).astimezone(UTC)
MAY = datetime(2026, 5, 1, tzinfo=STORE).astimezone(UTC)


def item(price_fen: int, quantity: int = 1, *, zone: bool = False) -> tuple[int, int, bool]:
    """Return so many units of a product at a list price, in the member zone or not."""
    return (price_fen, quantity, zone)


def shelf(*items: tuple[int, int, bool]) -> tuple[tuple[CartLine, ...], dict[str, Product]]:
    """Return the cart's lines, and the products that they mean."""
    lines = tuple(CartLine(sku=f"sku{n}", quantity=quantity) for n, (_, quantity, _) in enumerate(items))
    products = {
        f"sku{n}": Product(sku=f"sku{n}", name="x", price_fen=price_fen, member_zone=zone, stock=999)
        for n, (price_fen, _, zone) in enumerate(items)
    }
    return lines, products


def coupon(face_fen: int, *, used: bool = False, days: int = 31, min_fen: int = 19_800) -> Coupon:
    """Return a birthday coupon of May 2026 that is good for so many days."""
    return Coupon(
        coupon_id="cpn_2026",
        year=CouponYear(2026),
        face_value_fen=face_fen,
        min_goods_fen=min_fen,
        valid_from=MAY,
        valid_until=MAY + timedelta(days=days, seconds=-1),
        issued_at=MAY,
        order_id="ord_1" if used else None,
    )


def quoted(
    tier: str,
    *items: tuple[int, int, bool],
    at: datetime = ORDINARY_DAY,
    held: Coupon | None = None,
    holds_points: int = 0,
    use_coupon: str = "none",
    points: int | str = 0,
    policy: Policy = POLICY,
) -> Quote:
    """Return the quote of a member of this tier for these items."""
    lines, products = shelf(*items)
    cart = Cart(lines=lines, coupon=use_coupon, points=points)  # type: ignore[arg-type]
    return price(cart, products, Shopper(tier=tier, at=at, coupon=held, points=holds_points), policy)


def reasons(quote: Quote) -> dict[str, str]:
    """Return the code of each offer that a quote does not use."""
    return {reason.offer: reason.code for reason in quote.not_applied}
