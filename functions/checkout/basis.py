"""What a quote and an order rest on: member, coupons, products and offers, read in one round trip."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.catalog import rows as catalog_rows
from functions.catalog.products import Product
from functions.checkout.placing import Placing, QuoteChangedError
from functions.coupons import coupons, held
from functions.coupons.birthday import Coupon
from functions.coupons.templates import TemplateCoupon
from functions.coupons.worths import Worths
from functions.domain import birthdays, identifiers
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.offers import uses as offer_uses
from functions.offers.campaigns import Available, Campaign, Limits
from functions.offers.directory import DIRECTORY, KEY
from functions.offers.left import Left, gift_skus, limit_keys, touching
from functions.offers.pricing import check_cart, price
from functions.offers.quotes import BEST, NO_COUPON, Cart, Quote, Shopper
from functions.offers.running import RunningCampaigns
from functions.offers.uses import Uses
from functions.orders import rows as order_rows
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Key, Row, Tables
from functions.platform.settings import Settings
from functions.points import account_rows
from functions.points.ledger import Wallet, usable
from functions.tiers import members
from functions.tiers.qualification import Standing

COUPON = "COUPON"
SKU = "sku"
LEFT = "left "
"""What rows are called that are read together, with what tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a quote and an order depend on; ``placed`` is the row of an order of the same request.

    ``coupon`` is the birthday coupon, ``coupons`` are those of templates; ``left`` says what is left of the
    campaigns, and where, ``uses`` what the member has had of them and of others. ``still_open`` are the ids
    of all campaigns that are not put away, whatever they are about.
    """

    placed: Row | None
    standing: Standing | None
    wallet: Wallet | None
    coupon: Coupon | None
    products: dict[str, Product]
    coupons: tuple[TemplateCoupon, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    left: Left
    uses: Uses
    still_open: frozenset[str] = frozenset()

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
        shopper = Shopper(
            tier=self.standing.tier,
            at=at,
            coupon=self.coupon,
            points=points,
            coupons=self.coupons,
            campaigns=self.available,
        )
        return price(cart, self.products, shopper, policy)

    @property
    def available(self) -> tuple[Available, ...]:
        """The campaigns, with what is left of them for the member."""
        return tuple(self.left.of(campaign, self.uses) for campaign in self.campaigns)

    def limits_of(self, campaign_id: str) -> Limits:
        """Return the limits of a campaign, as it was known."""
        return self.campaign(campaign_id).limits

    def campaign(self, campaign_id: str) -> Campaign:
        """Return one of the campaigns."""
        return next(each for each in self.campaigns if each.campaign_id == campaign_id)

    def check_as_expected(self, placing: Placing, quote: Quote) -> QuoteChangedError | None:
        """Return what stands against an order at this quote, if it is not what the shopper was shown."""
        if placing.expected_paid_fen not in (None, quote.paid_fen):
            return QuoteChangedError(quote)
        if placing.expected_gifts is not None and placing.expected_gifts != gifts_of(quote):
            return QuoteChangedError(quote, gifts=True)
        return None

    def knowing(self, there: Mapping[str, int]) -> "Basis":
        """Return the basis with how much there is of some counters at one moment, by their names."""
        products = {
            sku: replace(self.products[sku], stock=amount)
            for sku, amount in there.items()
            if sku in self.products
        }
        return replace(self, products=self.products | products, left=self.left.knowing(there))

    @property
    def is_exact(self) -> bool:
        """Whether the rows that a transaction meets say all.

        No stock lies in several, and there are no offers but the member day, the birthday coupon and points.
        """
        return (
            not self.campaigns
            and not self.coupons
            and all(product.spread.is_one for product in self.products.values())
        )

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


def gifts_of(quote: Quote) -> Mapping[str, int]:
    """Return the gifts of a quote, units by sku (V6)."""
    gifts: dict[str, int] = {}
    for line in quote.lines:
        if line.gift_of is not None:
            gifts[line.sku] = gifts.get(line.sku, 0) + line.quantity
    return gifts


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what carts rest on; campaigns and what coupons are worth it may know already (V16)."""

    tables: Tables
    settings: Settings
    policy: Policy
    running: RunningCampaigns
    worths: Worths

    def read(
        self,
        cart: Cart,
        *,
        member_id: str,
        at: datetime,
        deadline: Deadline,
        order_id: str | None = None,
    ) -> Basis:
        """Read what a cart costs by, in one round trip of rows whose keys are all known."""
        catalog, of_members = self.settings.catalog_table, self.settings.members_table
        skus = [line.sku for line in cart.lines]
        wanted: dict[str, tuple[str, Key]] = {
            item: (of_members, members.key(member_id, item))
            for item in (members.STANDING, account_rows.WALLET)
        }
        wanted[held.HELD] = of_members, held.key(member_id)
        years = self._coupon_years(cart, member_id, at)
        wanted |= {f"{COUPON} {year}": (of_members, coupons.key(member_id, year)) for year in years}
        if held.is_template_coupon(cart.coupon):
            wanted[COUPON] = of_members, held.coupon_key(member_id, cart.coupon)
        if order_id is not None:
            wanted[order_rows.ORDER] = self.settings.orders_table, order_rows.key(order_id)
        wanted |= {f"{SKU} {sku}": (catalog, catalog_rows.key(sku)) for sku in skus}
        known = touching(self.running.kept, skus, at)
        wanted |= self._of_campaigns(known, skus, member_id)
        begun, is_fresh = time.monotonic(), self.running.is_fresh
        if not is_fresh:
            wanted[DIRECTORY] = catalog, KEY
        found = self._found(wanted, deadline)
        if not is_fresh and self.running.hear(found[DIRECTORY], begun, deadline):
            known = touching(self.running.kept, skus, at)
            more = self._of_campaigns(known, skus, member_id)
            found |= self._found({name: key for name, key in more.items() if name not in found}, deadline)
        left = Left({name.removeprefix(LEFT): row for name, row in found.items() if name.startswith(LEFT)})
        if is_fresh and left.lacks_any(known, skus):
            self.running.forget()  # a limit was taken away since the campaigns were heard of (V16)
            return self.read(cart, member_id=member_id, at=at, deadline=deadline, order_id=order_id)
        return Basis(
            placed=found.get(order_rows.ORDER),
            standing=members.registered_standing_of(found[members.STANDING]),
            wallet=read_as(account_rows.wallet_of, found[account_rows.WALLET]),
            coupon=coupons.newest(found.get(f"{COUPON} {year}") for year in years),
            coupons=self._template_coupons(found, at, deadline),
            products={
                row["sku"]: catalog_rows.product_of(row)
                for name, row in found.items()
                if name.startswith(SKU) and row is not None
            },
            campaigns=known,
            left=left,
            uses=offer_uses.uses_of(found.get(offer_uses.USES)),
            still_open=frozenset([each.campaign_id for each in self.running.kept]),
        )

    def _found(self, wanted: Mapping[str, tuple[str, Key]], deadline: Deadline) -> dict[str, Row | None]:
        return dict(zip(wanted, self.tables.batch_get(list(wanted.values()), deadline), strict=True))

    def _of_campaigns(
        self, campaigns: Sequence[Campaign], skus: Sequence[str], member_id: str
    ) -> dict[str, tuple[str, Key]]:
        """Return the rows that say what is left of campaigns for a member, and those of their gifts."""
        if not campaigns:
            return {}
        catalog = self.settings.catalog_table
        limits = limit_keys(catalog, campaigns, skus)
        return {
            offer_uses.USES: (self.settings.members_table, offer_uses.key(member_id)),
            **{
                f"{SKU} {sku}": (catalog, catalog_rows.key(sku))
                for sku in sorted(gift_skus(campaigns).difference(skus))
            },
            **{f"{LEFT}{name}": (catalog, key) for name, key in limits.items()},
        }

    def _template_coupons(
        self, found: Mapping[str, Row | None], at: datetime, deadline: Deadline
    ) -> tuple[TemplateCoupon, ...]:
        """Return the member's coupons from templates that can be used, and the one that is asked for."""
        refs = [ref for ref in held.refs(found[held.HELD]) if at <= ref.valid_until]
        own = found.get(COUPON)
        if own is not None:
            refs = [*(ref for ref in refs if ref.coupon_id != own["coupon_id"]), held.ref_of(own)]
        worths = self.worths.of(refs, deadline) if refs else {}
        return tuple(
            ref.coupon(
                worths[ref.version],
                None if own is None or own["coupon_id"] != ref.coupon_id else held.order_of(own),
            )
            for ref in refs
        )

    def _coupon_years(self, cart: Cart, member_id: str, at: datetime) -> list[str]:
        """Return the years of the birthday coupons that can matter: of the one asked for, or of this month's.

        Which calendar a member keeps is not known before their rows are read; a month has its own year, and
        one or two lunar ones (B6).
        """
        if cart.coupon in (NO_COUPON, BEST) or held.is_template_coupon(cart.coupon):
            first = at.astimezone(self.policy.zone).date().replace(day=1)
            return [str(year) for year in birthdays.coupon_years(first)]
        year = identifiers.coupon_year(member_id, cart.coupon)
        return [] if year is None else [year]
