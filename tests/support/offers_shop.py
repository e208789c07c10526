"""A shop on an emulator's tables that runs campaigns and gives coupons, and the books that must hold of it.

The books are kept from the orders alone: what every order bought, was given and has given back says what is
left of each limit, flash and stock, what each member has had, and which coupons are used.
"""

from collections import Counter as Amounts
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.checkout.placing import Placing
from functions.counters.audit import faults, rows_ever
from functions.counters.counter import Counter, held, is_closed
from functions.counters.spreading import spread_over
from functions.coupons import held as holding
from functions.coupons.claims import Claims
from functions.coupons.issuing import Giving
from functions.coupons.template_store import Templates
from functions.coupons.templates import Days, Template, Worth
from functions.coupons.worths import Worths
from functions.domain import identifiers
from functions.offers import uses
from functions.offers.campaign_rows import CAMPAIGN, campaign_of
from functions.offers.campaign_store import CampaignStore
from functions.offers.campaigns import Campaign, Limits
from functions.offers.counting import Figures, budget_counter, figures, orders_counter
from functions.offers.ending import Ended, end_campaigns
from functions.offers.kinds.flash import FlashItem, FlashTerms
from functions.offers.quotes import Cart, CartLine, Quote
from functions.orders import life
from functions.orders.given import figures as figures_of
from functions.orders.given import given
from functions.orders.leaving import CANCELLED, RETURNED, Leaving, Left, take_units
from functions.orders.order import CLOSED, Order, Status
from functions.orders.rows import ORDER, order_of
from functions.orders.together import Together
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, from_item
from tests.support.offering import EVERYTHING, of
from tests.support.offering import discount as a_discount
from tests.support.offering import gift as a_gift
from tests.support.offering import saving as a_saving
from tests.support.shop import NOON, Shop

BEGAN = NOON - timedelta(hours=1)
ENDS = NOON + timedelta(days=1)
GAVE_BACK = frozenset({Status.LAPSED, Status.CANCELLED, Status.REFUSED})
"""What an order ends as that gives a member's allowance of a flash back (V2)."""
COUPON_DAYS = 30
TOO_LONG = 1_000
"""Seconds that no test takes: threads wait for one another, and are not to give up."""


def _running(campaign: Campaign, **said: Any) -> Campaign:
    return replace(campaign, **{"version": 0, "starts_at": BEGAN, "ends_at": ENDS, **said})


def saving(campaign_id: str, *steps: tuple[int, int], **said: Any) -> Campaign:
    """Return a spend and save that began an hour ago and ends tomorrow."""
    return _running(a_saving(campaign_id, *steps).campaign, **said)


def discount(campaign_id: str, rate: str, **said: Any) -> Campaign:
    """Return a discount that began an hour ago and ends tomorrow."""
    return _running(a_discount(campaign_id, rate).campaign, **said)


def gift(campaign_id: str, from_fen: int, sku: str, quantity: int = 1, **said: Any) -> Campaign:
    """Return a gift that began an hour ago and ends tomorrow."""
    return _running(a_gift(campaign_id, from_fen, sku, quantity).campaign, **said)


def flash(
    campaign_id: str, items: Mapping[str, tuple[int, int]], *, per_member: int = 99, **said: Any
) -> Campaign:
    """Return a flash of prices and units by sku that began an hour ago and ends tomorrow."""
    terms = FlashTerms(
        items={sku: FlashItem(price_fen=fen, units=units) for sku, (fen, units) in items.items()},
        per_member=per_member,
    )
    campaign = Campaign(
        campaign_id=campaign_id,
        version=0,
        name=campaign_id,
        starts_at=BEGAN,
        ends_at=ENDS,
        scope=of(*items),
        terms=terms,
    )
    return replace(campaign, **said)


def amount_off(
    template_id: str, face_value_fen: int, min_fen: int = 0, *, exclusive: bool = False
) -> Template:
    """Return a template of coupons that take an amount off."""
    return Template(
        template_id=template_id,
        version=0,
        name=template_id,
        worth=Worth(
            kind="amount",
            face_value_fen=face_value_fen,
            min_fen=min_fen,
            scope=EVERYTHING,
            exclusive=exclusive,
        ),
        valid=Days(days=COUPON_DAYS),
    )


@dataclass(frozen=True)
class OffersShop(Shop):
    """The stores of a shop that runs offers; all that is done in it is done ``now``."""

    now: datetime = NOON

    def at(self, now: datetime) -> "OffersShop":
        """Return the shop at another moment."""
        return replace(self, now=now, tables=replace(self.tables, begun_at=lambda: now))

    # --- staff ---

    @property
    def campaigns(self) -> CampaignStore:
        """The campaigns."""
        return CampaignStore(self.tables, self.settings.catalog_table)

    def put(self, *campaigns: Campaign) -> Campaign:
        """Put campaigns; return the last one as it is now."""
        found = [self.campaigns.put(each, self.now, Deadline(TOO_LONG))[0] for each in campaigns]
        return found[-1]

    def end(self) -> Ended:
        """Let the job put away what has ended."""
        return end_campaigns(self.tables, self.settings.catalog_table, self.now, Deadline(TOO_LONG))

    def spread(self, counter: Counter, rows: int) -> None:
        """Spread a counter over so many rows."""
        assert spread_over(self.tables, counter, rows, Deadline(TOO_LONG)) == rows

    def coupon(self, member_id: str, template: Template, issue_id: str = "i1") -> str:
        """Give a member a coupon of a template, which is put; return its id."""
        catalog = self.settings.catalog_table
        Templates(self.tables, catalog).put(template, self.now, Deadline(TOO_LONG))
        giving = Giving(
            tables=self.tables,
            table=self.settings.members_table,
            catalog_table=catalog,
            worths=Worths(self.tables, catalog),
            zone=self.policy.zone,
        )
        given_one = Claims(giving).issue(
            member_id,
            template.template_id,
            f"{issue_id} {member_id} {template.template_id}",
            operator="clerk",
            at=self.now,
            deadline=Deadline(TOO_LONG),
        )
        return given_one.coupon.coupon_id

    # --- shopping ---

    def wish(
        self,
        member_id: str,
        key: str,
        lines: Mapping[str, int],
        *,
        expected_paid_fen: int | None = None,
        expected_gifts: Mapping[str, int] | None = None,
        **offers: Any,
    ) -> Placing:
        """Return a request for an order of so many units by sku, with the offers that are asked for."""
        cart = Cart(lines=tuple(CartLine(sku=sku, quantity=units) for sku, units in lines.items()), **offers)
        return Placing(
            order_id=identifiers.order_id(member_id, key),
            member_id=member_id,
            request=identifiers.fingerprint(repr(cart), str(expected_paid_fen), str(expected_gifts)),
            cart=cart,
            expected_paid_fen=expected_paid_fen,
            expected_gifts=expected_gifts,
            placed_at=self.now,
        )

    def order(self, member_id: str, key: str, lines: Mapping[str, int], **how: Any) -> Order:
        """Place an order."""
        placing = self.wish(member_id, key, lines, **how)
        return self.checkout.place(placing, Deadline(TOO_LONG))[0]

    def quote(self, member_id: str, lines: Mapping[str, int], **offers: Any) -> Quote:
        """Ask what an order would cost."""
        cart = self.wish(member_id, "quote", lines, **offers).cart
        return self.checkout.quote(cart, member_id, self.now, Deadline(TOO_LONG))

    # --- what happens to orders ---

    def change(self, order: Order, event: Callable[[Order], Order]) -> Order:
        """Let something happen to an order."""
        return self.book.change(order.order_id, event, Deadline(TOO_LONG))

    def cancel(self, order: Order) -> Order:
        """Cancel an order."""
        return self.change(order, partial(life.cancel, now=self.now))

    def received(self, order: Order) -> Order:
        """Let an order be paid, shipped and received."""
        self.shipped(order)
        return self.change(order, partial(life.receive, now=self.now))

    def shipped(self, order: Order) -> Order:
        """Let an order be paid and shipped."""
        if order.quote.paid_fen:
            self.pay(order, payment_id=f"pay {order.order_id}")
        return self.change(order, lambda each: life.ship(each, told={}, now=self.now))

    def refuse(self, order: Order) -> Order:
        """Let a shipped order be refused."""
        return self.change(order, partial(life.refuse, now=self.now))

    def take_back(self, order: Order, return_id: str, **units: int) -> Left:
        """Let units of a received order come back, by the ids of their lines."""
        return self._leave(order, return_id, units, RETURNED)

    def cancel_units(self, order: Order, cancel_id: str, **units: int) -> Left:
        """Let units leave a paid order, by the ids of their lines."""
        return self._leave(order, cancel_id, units, CANCELLED)

    def leave_by_line(
        self, order: Order, caller_id: str, units: Mapping[str, int], *, returned: bool
    ) -> Left:
        """Let units of lines leave an order, after its receipt or before its shipment."""
        return self._leave(order, caller_id, units, RETURNED if returned else CANCELLED)

    def _leave(self, order: Order, caller_id: str, units: Mapping[str, int], way: Any) -> Left:
        leaving = Leaving(
            way=way,
            order_id=order.order_id,
            caller_id=caller_id,
            units={},
            by_line=dict(units),
            at=self.now,
        )
        return take_units(self.book, leaving, Deadline(TOO_LONG))

    def lapse(self, *orders: Order) -> int:
        """Let orders that nobody paid lapse, together as far as they can; return how many did."""
        at = max(order.lapses_at for order in orders)
        shop = self.at(max(at, self.now))
        together = Together(shop.book, lambda order: life.as_of(order, at), Deadline(TOO_LONG))
        groups = together.groups([order.order_id for order in orders])
        return sum(together.change(group) for group in groups)

    def found(self, order: Order) -> Order:
        """Return an order as it is now."""
        return self.book.require(order.order_id)

    # --- what is left ---

    def left(self, counter: Counter) -> int | None:
        """Return what is left of a counter, None if there is none or it is closed."""
        found = held(self.tables, counter, Deadline(TOO_LONG))
        return None if found is None else found.total

    def orders_left(self, campaign_id: str) -> int | None:
        """Return how many orders may still use a campaign."""
        return self.left(orders_counter(self.settings.catalog_table, campaign_id))

    def budget_left(self, campaign_id: str) -> int | None:
        """Return how much a campaign may still give."""
        return self.left(budget_counter(self.settings.catalog_table, campaign_id))

    def units_left(self, campaign_id: str, sku: str) -> int | None:
        """Return how many units of a flash are left."""
        return self.left(counter_of_units(self.settings.catalog_table, sku, campaign_id))

    def on_shelf(self, sku: str) -> int | None:
        """Return how many units are on the shelf, over all rows."""
        return self.left(counter_of(self.settings.catalog_table, sku))

    def figures(self, campaign_id: str) -> Figures:
        """Return the figures of a campaign."""
        return figures(self.tables, self.settings.catalog_table, campaign_id, Deadline(TOO_LONG))

    def uses(self, member_id: str) -> uses.Uses:
        """Return what a member has had of campaigns."""
        return uses.uses_of(self.tables.get(self.settings.members_table, uses.key(member_id)))

    def user_of(self, member_id: str, coupon_id: str) -> str | None:
        """Return which order uses a coupon; one that none uses stands among those that the member has."""
        table = self.settings.members_table
        row = self.tables.get(table, holding.coupon_key(member_id, coupon_id))
        assert row is not None
        there = holding.held_of(self.tables.get(table, holding.key(member_id))).coupons
        user = holding.order_of(row)
        is_over = self.now > holding.ref_of(row).valid_until
        assert (coupon_id in there) == (user is None) or is_over
        return user


def _rows(shop: OffersShop, table: str) -> Iterator[Row]:
    start: dict[str, Any] = {}
    while True:
        page = shop.tables.client.scan(TableName=table, ConsistentRead=True, **start)
        yield from map(from_item, page["Items"])
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def all_orders(shop: OffersShop) -> list[Order]:
    """Return every order of the shop."""
    rows = [row for row in _rows(shop, shop.settings.orders_table) if row["item"] == ORDER]
    return [order_of(row) for row in rows]


def check_books(shop: OffersShop, delivered: Mapping[str, int]) -> list[Order]:
    """Hold all that is counted against the orders, and return these.

    Parameters
    ----------
    delivered
        The units that ever came onto the shelf, by sku.
    """
    orders = all_orders(shop)
    catalog = list(_rows(shop, shop.settings.catalog_table))
    campaigns = [campaign_of(row) for row in catalog if row["item"] == CAMPAIGN]
    for campaign in campaigns:
        _check_campaign(shop, campaign, orders)
    _check_stock(shop, campaigns, orders, delivered)
    _check_members(shop, campaigns, orders)
    return orders


def _using(campaign_id: str, orders: Sequence[Order]) -> list[Order]:
    return [each for each in orders if each.status not in CLOSED and campaign_id in given(each.quote)]


def _check_campaign(shop: OffersShop, campaign: Campaign, orders: Sequence[Order]) -> None:
    """V14: what is left and what is used are the limit, and the figures are the orders'."""
    table, name = shop.settings.catalog_table, campaign.campaign_id
    ever = [each for each in orders if name in given(each.quote)]
    used = _using(name, orders)
    counted = sum((figures_of(each, name) for each in ever), Figures())
    members = len({each.member_id for each in used})
    assert shop.figures(name) == replace(counted, members=members), name
    given_fen = sum(given(each.quote)[name].given_fen for each in used)
    _check_limit(shop, orders_counter(table, name), campaign.limits.orders, len(used))
    _check_limit(shop, budget_counter(table, name), campaign.limits.budget_fen, given_fen)
    if isinstance(campaign.terms, FlashTerms):
        for sku, item in campaign.terms.items.items():
            _check_units(shop, counter_of_units(table, sku, name), item.units, _had(orders, name, sku))
    most = Amounts(each.member_id for each in used)
    per_member = campaign.limits.per_member
    assert per_member is None or max(most.values(), default=0) <= per_member, name


def _check_limit(shop: OffersShop, counter: Counter, limit: int | None, used: int) -> None:
    rows = rows_ever(shop.tables, counter, Deadline(TOO_LONG))
    if rows[0] is None or is_closed(rows[0], counter):
        assert limit is None, f"{counter.name} is not there"
        return
    assert faults(counter, rows) == [], counter.name
    assert limit is not None, f"{counter.name} is open"
    assert limit - used == shop.left(counter), counter.name
    assert used <= limit, counter.name


def _check_units(shop: OffersShop, counter: Counter, units: int, had: int) -> None:
    """V2: the units that were set aside are left, or sold; an ended flash may have closed."""
    rows = rows_ever(shop.tables, counter, Deadline(TOO_LONG))
    assert faults(counter, rows) == [], counter.name
    left = shop.left(counter)
    assert left is None or left + had == units, counter.name


def _had(orders: Sequence[Order], campaign_id: str, sku: str, member_id: str | None = None) -> int:
    """Return the units of a flash that were had and not given back to it, while it has not ended."""
    had = 0
    for order in orders:
        if member_id not in (None, order.member_id) or order.status in GAVE_BACK:
            continue
        gone = order.cancelled or order.none_of_each
        for line, cancelled in zip(order.quote.lines, gone, strict=True):
            if (line.price_of, line.sku, line.gift_of) == (campaign_id, sku, None):
                had += line.quantity - cancelled
    return had


def _check_stock(
    shop: OffersShop, campaigns: Sequence[Campaign], orders: Sequence[Order], delivered: Mapping[str, int]
) -> None:
    """No unit is lost or made: it is on the shelf, set aside, or with who ordered it."""
    table = shop.settings.catalog_table
    staying: Amounts[str] = Amounts()
    for order in orders:
        for line, units in zip(order.quote.lines, order.staying, strict=True):
            staying[line.sku] += units
    for sku, units in delivered.items():
        stock = counter_of(table, sku)
        assert faults(stock, rows_ever(shop.tables, stock, Deadline(TOO_LONG))) == [], sku
        flashes = [each.campaign_id for each in campaigns if isinstance(each.terms, FlashTerms)]
        aside = sum(shop.units_left(name, sku) or 0 for name in flashes)
        assert (shop.on_shelf(sku) or 0) + aside + staying[sku] == units, sku


def _check_members(shop: OffersShop, campaigns: Sequence[Campaign], orders: Sequence[Order]) -> None:
    """Each member has had what their orders say, and a coupon is used by one open order."""
    for member_id in {order.member_id for order in orders}:
        own = [order for order in orders if order.member_id == member_id]
        uses_now = shop.uses(member_id)
        for campaign in campaigns:
            name = campaign.campaign_id
            assert uses_now.orders_of(name) == len(_using(name, own)), (member_id, name)
            if isinstance(campaign.terms, FlashTerms) and shop.now < campaign.ends_at:
                had = {sku: _had(own, name, sku, member_id) for sku in campaign.terms.items}
                assert uses_now.units_of(name) == {sku: count for sku, count in had.items() if count}
        coupons = {each.quote.coupon.coupon_id for each in own if each.quote.coupon is not None}
        for coupon_id in coupons:
            if not holding.is_template_coupon(coupon_id):
                continue
            using = [each.order_id for each in own if _uses_coupon(each, coupon_id)]
            assert len(using) < 2, "a coupon is used by one order"
            assert shop.user_of(member_id, coupon_id) == (using[0] if using else None)


def _uses_coupon(order: Order, coupon_id: str) -> bool:
    coupon = order.quote.coupon
    return coupon is not None and order.status not in CLOSED and coupon_id == coupon.coupon_id


def limits(**said: int) -> Limits:
    """Return limits of a campaign."""
    return Limits(**said)
