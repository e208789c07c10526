"""Our pricing's adapter. It looks at all coupons in one quote, so that none has to be named."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from benchmarks.builds import here
from benchmarks.engines.answering import Price
from benchmarks.engines.cases import Case, Saving
from functions.catalog.products import Product
from functions.coupons.templates import AMOUNT, TemplateCoupon, Worth
from functions.domain.scope import Scope
from functions.offers.campaigns import Available, Campaign
from functions.offers.kinds import Terms
from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.spend_save import SpendSaveTerms, Step
from functions.offers.pricing import price
from functions.offers.quotes import BEST, Cart, CartLine, Shopper
from tests.support.offering import FREE_SHIPPING

AT = datetime(2026, 5, 4, 4, tzinfo=UTC)
"""An ordinary day: the member day's prices are no offer of the other engines."""
SINCE, UNTIL = AT - timedelta(days=9), AT + timedelta(days=9)


def scope(skus: list[str] | None) -> Scope:
    """Return the scope of some skus, or of all."""
    return Scope(everything=True) if skus is None else Scope(skus=frozenset(skus))


def campaign(campaign_id: str, terms: Terms, skus: list[str] | None) -> Available:
    """Return a campaign without limits; each order offer is in a group of its own, so that all add up."""
    return Available(
        campaign=Campaign(
            campaign_id=campaign_id,
            version=1,
            name=campaign_id,
            starts_at=SINCE,
            ends_at=UNTIL,
            scope=scope(skus),
            group=None if terms.is_line_offer else campaign_id,
            terms=terms,
        )
    )


def coupon(saving: Saving) -> TemplateCoupon:
    """Return a coupon that the member holds."""
    worth = Worth(
        kind=AMOUNT,
        face_value_fen=saving["off_fen"],
        min_fen=saving["from_fen"],
        scope=scope(saving["skus"]),
    )
    return TemplateCoupon(
        coupon_id=saving["id"],
        template_id=f"of-{saving['id']}",
        template_version=1,
        worth=worth,
        valid_from=SINCE,
        valid_until=UNTIL,
        issued_at=SINCE,
    )


def asked(case: Case) -> tuple[Cart, Mapping[str, Product], Shopper]:
    """Return a case as our pricing is asked for it, whatever is the best of its offers."""
    products = {
        line["sku"]: Product(
            sku=line["sku"], name=line["sku"], price_fen=line["price_fen"], member_zone=False, stock=999
        )
        for line in case["lines"]
    }
    discounts = [
        campaign(each["id"], DiscountTerms(rate=1 - Decimal(each["percent_off"]).scaleb(-2)), each["skus"])
        for each in case["percentages"]
    ]
    savings = [
        campaign(
            each["id"],
            SpendSaveTerms(steps=(Step(from_fen=each["from_fen"], off_fen=each["off_fen"]),)),
            each["skus"],
        )
        for each in case["savings"]
    ]
    shopper = Shopper(
        tier=FREE_SHIPPING.tiers[0].code,
        at=AT,
        coupons=tuple(map(coupon, case["coupons"])),
        campaigns=(*discounts, *savings),
    )
    lines = tuple(CartLine(sku=line["sku"], quantity=line["quantity"]) for line in case["lines"])
    return Cart(lines=lines, coupon=BEST), products, shopper


class Memberday:
    """The pricing of this tree."""

    version = here().commit

    def __init__(self, case: Case) -> None:
        self._asked = asked(case)

    def prepared(self, coupon: str | None) -> Price:
        """Return what prices the cart by whatever is the best of its offers."""
        if coupon is not None:
            raise ValueError("it is asked for the best, and for no coupon by name")
        cart, products, shopper = self._asked
        return lambda: price(cart, products, shopper, FREE_SHIPPING).paid_fen


engine = Memberday
