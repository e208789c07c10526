"""Where orders live: placing them in one transaction, and every later change of their row (O1-O6)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from functions.checkout import catalog
from functions.checkout.orders import Order, Payment, Status, Terms, pay, place
from functions.checkout.pricing import (
    BEST,
    NO_COUPON,
    Cart,
    CouponUse,
    NotApplied,
    Product,
    Quote,
    QuoteLine,
    Shopper,
    check_cart,
    price,
)
from functions.coupons import coupons
from functions.coupons.birthday import Coupon
from functions.domain import calendar, identifiers
from functions.domain.errors import ConflictError, InvalidError, NotFoundError, RefusalError
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables, Transaction, until_clear
from functions.points import accounts
from functions.points.ledger import Wallet, usable
from functions.points.posting import OrderChange
from functions.tiers import members
from functions.tiers.qualification import Standing

ORDER = "ORDER"
PAYMENT = "PAYMENT"
STANDING = members.STANDING
WALLET = accounts.WALLET
COUPON = "COUPON"
T = TypeVar("T")


def key(order_id: str) -> dict[str, str]:
    """Return the key of an order's row."""
    return {"order_id": order_id, "item": ORDER}


def payment_key(payment_id: str) -> dict[str, str]:
    """Return the key of the row that a payment id is spent on: payment ids are global (R1)."""
    return {"order_id": f"payment:{payment_id}", "item": PAYMENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A request to place an order. ``request`` is the fingerprint of its body."""

    order_id: str
    member_id: str
    request: str
    cart: Cart
    expected_paid_fen: int | None
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What a quote and an order depend on, read in one round trip."""

    order: Order | None
    standing: Standing | None
    wallet: Wallet | None
    coupon: Coupon | None
    products: dict[str, Product]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The orders, with the tables that placing one touches."""

    tables: Tables
    orders_table: str
    members_table: str
    catalog_table: str
    policy: Policy

    def find(self, order_id: str) -> Order | None:
        """Return an order as it was last written, or None."""
        if not identifiers.is_order_id(order_id):
            return None
        return _read_as(order_of, self.tables.get(self.orders_table, key(order_id)))

    def quote(self, cart: Cart, member_id: str, at: datetime, deadline: Deadline) -> Quote:
        """Price a cart for a member at this moment, in one round trip; nothing changes.

        Raises
        ------
        RefusalError
            ``not_registered``, or what :func:`functions.checkout.pricing.price` refuses.
        """
        return self._price(cart, self._read(cart, member_id, at, None, deadline), at)

    def place(self, placing: Placing, deadline: Deadline) -> tuple[Order, bool]:
        """Place an order and take its stock in one transaction, or find it placed (O1).

        Returns the order and whether this is a repeat. The order's row is the idempotency record, so a repeat
        is found however late it comes (R1).

        Raises
        ------
        RefusalError
            What the quote refuses, ``insufficient_stock``, ``quote_changed``, ``idempotency_key_reused``;
            nothing has happened and the key is not used up.
        """
        return until_clear(lambda: self._try_to_place(placing, deadline), deadline)

    def _try_to_place(self, placing: Placing, deadline: Deadline) -> tuple[Order, bool]:
        shelf = self._read(placing.cart, placing.member_id, placing.placed_at, placing.order_id, deadline)
        if shelf.order is not None:
            return _replayed(shelf.order, placing), True
        try:
            quote = self._price(placing.cart, shelf, placing.placed_at)
            _check(placing, quote, shelf)
        except RefusalError:
            # A batch is no snapshot: the rows may be from after the order that this one repeats.
            order = self.find(placing.order_id)
            if order is None:
                raise
            return _replayed(order, placing), True
        order = place(
            quote,
            self.policy,
            order_id=placing.order_id,
            member_id=placing.member_id,
            request=placing.request,
            now=placing.placed_at,
        )
        transaction = self.tables.transaction()
        transaction.put_new(self.orders_table, row_of(order))
        for line in quote.lines:
            catalog.take_stock(transaction, self.catalog_table, line, shelf.products[line.sku])
        self._use_offers(transaction, order, shelf)
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            (placed, *_) = failed.rows
            if placed is None:
                raise
            return _replayed(order_of(placed), placing), True
        return order, False

    def _use_offers(self, transaction: Transaction, order: Order, shelf: Shelf) -> None:
        """Add that the order's points leave the wallet and its coupon is used (O1)."""
        if order.quote.redeemed_points and shelf.wallet is not None:
            accounts.redeem(
                transaction,
                self.members_table,
                member_id=order.member_id,
                wallet=shelf.wallet,
                points=order.quote.redeemed_points,
                order_id=order.order_id,
                at=order.placed_at,
                policy=self.policy,
            )
        if order.quote.coupon is not None and shelf.coupon is not None:
            coupons.use(
                transaction,
                self.members_table,
                member_id=order.member_id,
                coupon=shelf.coupon,
                order_id=order.order_id,
            )

    def pay(
        self, order_id: str, *, payment_id: str, amount_fen: int, now: datetime, deadline: Deadline
    ) -> Order:
        """Record a payment under its id, once (O6, R1), and return the order after it.

        Raises
        ------
        NotFoundError
            ``order_not_found``.
        InvalidError
            ``amount_mismatch``; ``payment_id_reused``: the id was used for another order or amount.
        """
        return until_clear(
            lambda: self._try_to_pay(order_id, payment_id, amount_fen, now, deadline), deadline
        )

    def _try_to_pay(
        self, order_id: str, payment_id: str, amount_fen: int, now: datetime, deadline: Deadline
    ) -> Order:
        contents = {**payment_key(payment_id), "paid_order_id": order_id, "amount_fen": amount_fen}
        if not identifiers.is_order_id(order_id):
            raise NotFoundError("order_not_found", "There is no such order.")
        row, spent = self.tables.batch_get(
            [(self.orders_table, key(order_id)), (self.orders_table, payment_key(payment_id))], deadline
        )
        if spent is not None and spent != contents:
            raise InvalidError("payment_id_reused", "The payment id was used with other contents.")
        if row is None:
            raise NotFoundError("order_not_found", "There is no such order.")
        order = order_of(row)
        if spent is not None:
            # A batch is no snapshot: its order may be from before the payment that its other row records.
            recorded = any(payment.payment_id == payment_id for payment in order.payments)
            return order if recorded else self.find(order_id) or order
        after = pay(order, payment_id=payment_id, amount_fen=amount_fen, now=now)
        transaction = self.tables.transaction()
        transaction.put_new(self.orders_table, contents)
        transaction.put_version(self.orders_table, row_of(after), replaces=order.version)
        transaction.commit(deadline)
        return after

    def _read(
        self, cart: Cart, member_id: str, at: datetime, order_id: str | None, deadline: Deadline
    ) -> Shelf:
        """Read what a quote depends on: at most n + 4 rows, whose keys are all known beforehand."""
        wanted: dict[str, tuple[str, dict[str, str]]] = {
            STANDING: (self.members_table, members.key(member_id, members.STANDING)),
            WALLET: (self.members_table, members.key(member_id, accounts.WALLET)),
        }
        year = self._coupon_year(cart, member_id, at)
        if year is not None:
            wanted[COUPON] = (self.members_table, coupons.key(member_id, year))
        if order_id is not None:
            wanted[ORDER] = (self.orders_table, key(order_id))
        shelf = len(wanted)
        wanted |= {f"sku {line.sku}": (self.catalog_table, catalog.key(line.sku)) for line in cart.lines}
        rows = self.tables.batch_get(list(wanted.values()), deadline)
        found = dict(zip(wanted, rows, strict=True))
        return Shelf(
            order=_read_as(order_of, found.get(ORDER)),
            standing=_read_as(members.standing_of, found[STANDING]),
            wallet=_read_as(accounts.wallet_of, found[WALLET]),
            coupon=_read_as(coupons.coupon_of, found.get(COUPON)),
            products={row["sku"]: catalog.product_of(row) for row in rows[shelf:] if row is not None},
        )

    def _coupon_year(self, cart: Cart, member_id: str, at: datetime) -> int | None:
        """Return the year of the one coupon that can matter: the one asked for by id, or this year's."""
        if cart.coupon in (NO_COUPON, BEST):
            return at.astimezone(self.policy.zone).year
        return identifiers.coupon_year(member_id, cart.coupon)

    def _price(self, cart: Cart, shelf: Shelf, at: datetime) -> Quote:
        check_cart(cart, shelf.products, self.policy)
        if shelf.standing is None or shelf.wallet is None:
            raise ConflictError("not_registered", "Register first: PUT /members/me.")
        shopper = Shopper(
            tier=shelf.standing.tier,
            at=at,
            coupon=shelf.coupon,
            points=sum(usable(shelf.wallet, self.policy, at).values()),
        )
        return price(cart, shelf.products, shopper, self.policy)


class QuoteChangedError(ConflictError):
    """The order would charge another amount than the shopper was shown; ``quote`` is what it charges now."""

    def __init__(self, quote: Quote) -> None:
        super().__init__("quote_changed", "The order now charges another amount than expected.")
        self.quote = quote


def _read_as(reader: Callable[[Row], T], row: Row | None) -> T | None:
    return None if row is None else reader(row)


def _check(placing: Placing, quote: Quote, shelf: Shelf) -> None:
    short = [line.sku for line in quote.lines if shelf.products[line.sku].stock < line.quantity]
    if short:
        raise ConflictError("insufficient_stock", "There is not that much in stock.", skus=short)
    if placing.expected_paid_fen not in (None, quote.paid_fen):
        raise QuoteChangedError(quote)


def _replayed(order: Order, placing: Placing) -> Order:
    if order.request != placing.request:
        raise InvalidError("idempotency_key_reused", "The key was used for an order with another body.")
    return order


_TIMES = ("placed_at", "paid_at", "closed_at")


def row_of(order: Order) -> Row:
    """Write an order as its row."""
    row: Row = {**key(order.order_id), **asdict(order)}
    row["changes"] = [change.to_row() for change in order.changes]
    row["payments"] = [
        {**asdict(payment), "received_at": calendar.to_row(payment.received_at)} for payment in order.payments
    ]
    for name in _TIMES:
        row[name] = None if row[name] is None else calendar.to_row(row[name])
    return row


def order_of(row: Row) -> Order:
    """Read an order from its row."""
    fields = {name: value for name, value in row.items() if name != "item"}
    return Order(
        **{
            **fields,
            **{name: _moment(row[name]) for name in _TIMES},
            "status": Status(row["status"]),
            "quote": _quote_of(row["quote"]),
            "terms": Terms(**row["terms"]),
            "payments": tuple(
                Payment(**{**payment, "received_at": calendar.from_row(payment["received_at"])})
                for payment in row["payments"]
            ),
            "changes": changes_of(row),
        }
    )


def changes_of(row: Row) -> tuple[OrderChange, ...]:
    """Read from an order's row what concerns the member's account."""
    return tuple(map(OrderChange.from_row, row["changes"]))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else calendar.from_row(text)


def _quote_of(row: Row) -> Quote:
    fields: dict[str, Any] = dict(row)
    return Quote(
        **{
            **fields,
            "lines": tuple(QuoteLine(**line) for line in row["lines"]),
            "coupon": _read_as(lambda use: CouponUse(**use), row["coupon"]),
            "not_applied": tuple(NotApplied(**reason) for reason in row["not_applied"]),
        }
    )
