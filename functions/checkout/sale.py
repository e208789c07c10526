"""The sale: a new order and the one transaction that places it, with all that it takes (O1)."""

from functions.catalog import set_aside
from functions.catalog.stock import take_stock
from functions.checkout.picking import Picked, Wants
from functions.checkout.placing import Placing
from functions.checkout.selling import Sold
from functions.counters import counter
from functions.coupons import coupons, held
from functions.domain.policy import Policy
from functions.offers import counting, uses
from functions.offers.counting import Figures
from functions.orders import life
from functions.orders.given import figures, given
from functions.orders.order import Order
from functions.orders.rows import row_changed
from functions.platform.dynamo import Tables, Transaction
from functions.platform.settings import Settings
from functions.points import accounts, ledger
from functions.points.ledger import Entry, Wallet


def sale(
    tables: Tables, settings: Settings, policy: Policy, placing: Placing, sold: Sold
) -> tuple[Order, Transaction]:
    """Return the order that a request places, and the transaction that does it.

    Its first action is the order's row: whoever finds that there has placed the order before (R1).
    """
    quote, basis = sold.quote, sold.basis
    redeemed = _redeemed(placing, sold, policy)
    order = life.place(
        quote,
        policy,
        order_id=placing.order_id,
        member_id=placing.member_id,
        request=placing.request,
        now=placing.placed_at,
        redeemed_by_year={} if redeemed is None else redeemed[1].taken_by_year,
        stock_rows={name: want.spread.rows for name, want in sold.wants.items() if not want.spread.is_one},
    )
    transaction = tables.transaction()
    transaction.put_new(settings.orders_table, row_changed(order, transaction.at))
    _take(transaction, settings.catalog_table, sold, sold.wants, sold.picked)
    if redeemed is not None and basis.wallet is not None:
        after, entry = redeemed
        accounts.put_wallet(
            transaction,
            settings.members_table,
            placing.member_id,
            before=basis.wallet,
            after=after,
            entries=[entry],
        )
    if quote.coupon is not None:
        _use_coupon(transaction, settings.members_table, placing, sold, quote.coupon.coupon_id)
    _use_campaigns(transaction, settings, sold, order)
    return order, transaction


def _take(transaction: Transaction, table: str, sold: Sold, wants: Wants, picked: Picked) -> None:
    """Take units and limits from the rows that were picked."""
    for name, want in wants.items():
        if name in sold.basis.products:
            take_stock(transaction, table, sold.basis.products[name], picked[name])
        elif want.counter.item == set_aside.SET_ASIDE:
            set_aside.take_units(transaction, want.counter, picked[name], terms=want.terms)
        else:
            counter.take(transaction, want.counter, picked[name], terms=want.terms)


def _use_coupon(transaction: Transaction, table: str, placing: Placing, sold: Sold, coupon_id: str) -> None:
    if held.is_template_coupon(coupon_id):
        held.use(
            transaction,
            table,
            member_id=placing.member_id,
            coupon_id=coupon_id,
            order_id=placing.order_id,
        )
    elif sold.basis.coupon is not None:
        coupons.use(
            transaction,
            table,
            member_id=placing.member_id,
            coupon=sold.basis.coupon,
            order_id=placing.order_id,
        )


def _use_campaigns(transaction: Transaction, settings: Settings, sold: Sold, order: Order) -> None:
    """Count the order in the figures of its campaigns, and in what its member has had of them (V14)."""
    used = given(order.quote)
    if not used:
        return
    after = sold.basis.uses.without_old(order.placed_at, sold.basis.still_open)
    for campaign_id, each in used.items():
        first = after.orders_of(campaign_id) == 0
        counting.count(
            transaction,
            settings.catalog_table,
            campaign_id,
            order.order_id,
            figures(order, campaign_id) + Figures(members=int(first)),
            version=each.version,
        )
        ends_at = sold.basis.campaign(campaign_id).ends_at
        after = after.taken(campaign_id, each.units, until=ends_at)
    transaction.put_version(
        settings.members_table,
        uses.row_after(order.member_id, after),
        replaces=after.version,
    )


def _redeemed(placing: Placing, sold: Sold, policy: Policy) -> tuple[Wallet, Entry] | None:
    """Return the wallet after the quote's points are taken from it, with the entry of that; None without."""
    if not sold.quote.redeemed_points or sold.basis.wallet is None:
        return None
    return ledger.redeem(
        sold.basis.wallet,
        points=sold.quote.redeemed_points,
        order_id=placing.order_id,
        occurred_at=placing.placed_at,
        policy=policy,
    )
