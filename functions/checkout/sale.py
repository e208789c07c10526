"""The sale: a new order and the one transaction that places it, with its stock, points and coupon (O1)."""

from functions.catalog.stock import take_stock
from functions.checkout.basis import Basis
from functions.checkout.picking import Picked
from functions.checkout.placing import Placing
from functions.coupons import coupons
from functions.domain.policy import Policy
from functions.offers.quotes import Quote
from functions.orders import life
from functions.orders.order import Order
from functions.orders.rows import row_changed
from functions.platform.dynamo import Tables, Transaction
from functions.platform.settings import Settings
from functions.points import accounts, ledger
from functions.points.ledger import Entry, Wallet


def sale(
    tables: Tables,
    settings: Settings,
    policy: Policy,
    placing: Placing,
    quote: Quote,
    basis: Basis,
    picked: Picked,
) -> tuple[Order, Transaction]:
    """Return the order that a request places at a quote, and the transaction that does it.

    Its first action is the order's row: whoever finds that there has placed the order before (R1).
    """
    redeemed = _redeemed(placing, quote, basis, policy)
    order = life.place(
        quote,
        policy,
        order_id=placing.order_id,
        member_id=placing.member_id,
        request=placing.request,
        now=placing.placed_at,
        redeemed_by_year={} if redeemed is None else redeemed[1].taken_by_year,
        stock_rows={
            line.sku: basis.products[line.sku].spread.rows
            for line in quote.lines
            if not basis.products[line.sku].spread.is_one
        },
    )
    transaction = tables.transaction()
    transaction.put_new(settings.orders_table, row_changed(order, transaction.at))
    for line in quote.lines:
        take_stock(transaction, settings.catalog_table, basis.products[line.sku], picked[line.sku])
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
    if quote.coupon is not None and basis.coupon is not None:
        coupons.use(
            transaction,
            settings.members_table,
            member_id=placing.member_id,
            coupon=basis.coupon,
            order_id=placing.order_id,
        )
    return order, transaction


def _redeemed(placing: Placing, quote: Quote, basis: Basis, policy: Policy) -> tuple[Wallet, Entry] | None:
    """Return the wallet after the quote's points are taken from it, with the entry of that; None without."""
    if not quote.redeemed_points or basis.wallet is None:
        return None
    return ledger.redeem(
        basis.wallet,
        points=quote.redeemed_points,
        order_id=placing.order_id,
        occurred_at=placing.placed_at,
        policy=policy,
    )
