"""What a quote and an order rest on: standing, wallet, coupon and products, read in one round trip."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from functions.catalog import rows as catalog_rows
from functions.catalog.products import Product
from functions.checkout.picking import Picked, Picking
from functions.checkout.placing import Placing, QuoteChangedError
from functions.coupons import coupons
from functions.coupons.birthday import Coupon
from functions.domain import birthdays, identifiers
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.offers.pricing import check_cart, price
from functions.offers.quotes import BEST, NO_COUPON, Cart, Quote, Shopper
from functions.orders import rows as order_rows
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables
from functions.platform.settings import Settings
from functions.points import account_rows
from functions.points.ledger import Wallet, usable
from functions.tiers import members
from functions.tiers.qualification import Standing

COUPON = "COUPON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a quote and an order depend on; ``placed`` is the row of an order of the same request."""

    placed: Row | None
    standing: Standing | None
    wallet: Wallet | None
    coupon: Coupon | None
    products: dict[str, Product]

    def priced(self, cart: Cart, at: datetime, policy: Policy) -> Quote:
        """Price a cart on this basis.

        Raises
        ------
        RefusalError
            ``not_registered``, or what :func:`functions.offers.pricing.price` refuses.
        """
        points = 0 if self.wallet is None else sum(usable(self.wallet, policy, at).values())
        check_cart(cart, self.products, policy)
        if self.standing is None or self.wallet is None:
            raise members.not_registered()
        shopper = Shopper(tier=self.standing.tier, at=at, coupon=self.coupon, points=points)
        return price(cart, self.products, shopper, policy)

    def sold_at(
        self, placing: Placing, policy: Policy, picking: Picking, deadline: Deadline
    ) -> tuple[Quote, Picked]:
        """Return the quote that a request's order is placed at on this basis, and where its units come from.

        Raises
        ------
        RefusalError
            What :meth:`priced` refuses; what :meth:`functions.checkout.picking.Picking.pick` refuses;
            ``quote_changed``: the order would charge another amount than expected.
        """
        quote = self.priced(placing.cart, placing.placed_at, policy)
        differs = placing.expected_paid_fen not in (None, quote.paid_fen)
        picked = picking.pick(quote.lines, self.products, deadline, surely=differs)
        if differs:
            raise QuoteChangedError(quote)
        return quote, picked

    @property
    def is_of_one_row_each(self) -> bool:
        """Whether the stock of every product is one row, so that the rows that were read say all of it."""
        return all(product.spread.is_one for product in self.products.values())

    def met(self, rows: Iterable[Row]) -> "Basis":
        """Return the basis with the rows that a transaction met for those that were read."""
        products: dict[str, Product] = {}
        by_item: dict[str, Row] = {}
        for row in rows:
            if row["item"] == catalog_rows.PRODUCT:
                products[row["sku"]] = catalog_rows.product_of(row)
            if "member_id" in row:
                by_item[row["item"]] = row
        coupon = next((row for item, row in by_item.items() if item.startswith(coupons.BIRTHDAY)), None)
        return replace(
            self,
            products=self.products | products,
            wallet=read_as(account_rows.wallet_of, by_item.get(account_rows.WALLET)) or self.wallet,
            coupon=read_as(coupons.coupon_of, coupon) or self.coupon,
        )


def read(
    tables: Tables,
    settings: Settings,
    policy: Policy,
    cart: Cart,
    *,
    member_id: str,
    at: datetime,
    deadline: Deadline,
    order_id: str | None = None,
) -> Basis:
    """Read what a cart costs by, in one round trip: at most n + 6 rows, whose keys are all known."""
    wanted: dict[str, tuple[str, dict[str, str]]] = {
        item: (settings.members_table, members.key(member_id, item))
        for item in (members.STANDING, account_rows.WALLET)
    }
    years = _coupon_years(cart, member_id, at, policy)
    wanted |= {f"{COUPON} {year}": (settings.members_table, coupons.key(member_id, year)) for year in years}
    if order_id is not None:
        wanted[order_rows.ORDER] = (settings.orders_table, order_rows.key(order_id))
    of_member = len(wanted)
    wanted |= {f"sku {line.sku}": (settings.catalog_table, catalog_rows.key(line.sku)) for line in cart.lines}
    rows = tables.batch_get(list(wanted.values()), deadline)
    found = dict(zip(wanted, rows, strict=True))
    return Basis(
        placed=found.get(order_rows.ORDER),
        standing=members.registered_standing_of(found[members.STANDING]),
        wallet=read_as(account_rows.wallet_of, found[account_rows.WALLET]),
        coupon=coupons.newest(found.get(f"{COUPON} {year}") for year in years),
        products={row["sku"]: catalog_rows.product_of(row) for row in rows[of_member:] if row is not None},
    )


def _coupon_years(cart: Cart, member_id: str, at: datetime, policy: Policy) -> list[str]:
    """Return the years of the coupons that can matter: of the one asked for by id, or of this month's.

    Which calendar a member keeps is not known before their rows are read; a month has its own year, and
    one or two lunar ones (B6).
    """
    if cart.coupon in (NO_COUPON, BEST):
        first = at.astimezone(policy.zone).date().replace(day=1)
        return [str(year) for year in birthdays.coupon_years(first)]
    year = identifiers.coupon_year(member_id, cart.coupon)
    return [] if year is None else [year]
