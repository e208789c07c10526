"""Where orders live: placing them in one transaction, and every later change of their row (O1-O7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from functions.catalog import catalog
from functions.coupons import coupons
from functions.coupons.birthday import Coupon
from functions.domain import birthdays, calendar, identifiers
from functions.domain.errors import ConflictError, InvalidError, NotFoundError, RefusalError
from functions.domain.policy import Policy
from functions.offers.pricing import BEST, NO_COUPON, Cart, Product, Quote, Shopper, check_cart, price
from functions.orders import history, orders
from functions.orders.history import HISTORY, Occurrence, What
from functions.orders.orders import CLOSED, Order, Payment, Status
from functions.orders.rows import (
    CANCEL,
    DUE,
    ORDER,
    RETURN,
    change_row,
    due_partition,
    key,
    order_of,
    payment_key,
    payment_row,
    read_as,
    row_of,
    spent_key,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables, Transaction, until_clear
from functions.platform.settings import Settings
from functions.points import account_rows, accounts, ledger
from functions.points.ledger import Wallet, usable
from functions.tiers import members
from functions.tiers.qualification import Standing

COUPON = "COUPON"
STANDING = members.STANDING
WALLET = account_rows.WALLET


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
class _Way:
    """A way in which units leave an order: how its ids are spent, and what comes of it."""

    spends: str
    event: Callable[..., Order]
    reused: str
    what: What


RETURNED = _Way(spends=RETURN, event=orders.return_units, reused="return_id_reused", what=What.UNITS_RETURNED)
"""They came back after the receipt (O5)."""
CANCELLED = _Way(
    spends=CANCEL, event=orders.cancel_units, reused="cancel_id_reused", what=What.UNITS_CANCELLED
)
"""They leave it before the shipment (O7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Units that leave an order in a way, under an id of that order's own.

    ``member_id`` is the only member whose order it may be, or None for staff.
    """

    way: _Way
    order_id: str
    caller_id: str
    units: Mapping[str, int]
    at: datetime
    member_id: str | None = None

    @property
    def spent_key(self) -> dict[str, str]:
        """The key of the row that its id is spent on."""
        return spent_key(self.order_id, self.way.spends, self.caller_id)

    @property
    def contents(self) -> str:
        """What tells these units from others under its id, in whatever order their lines were sent."""
        return identifiers.fingerprint(*(f"{sku}:{count}" for sku, count in sorted(self.units.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The order as it is, and what it gave back when these units left it (O5, O7)."""

    order: Order
    refund_fen: int
    points_restored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What a quote and an order depend on, read in one round trip."""

    order: Order | None
    standing: Standing | None
    wallet: Wallet | None
    coupon: Coupon | None
    products: dict[str, Product]


class QuoteChangedError(ConflictError):
    """The order would charge another amount than the shopper was shown; ``quote`` is what it charges now."""

    def __init__(self, quote: Quote) -> None:
        super().__init__("quote_changed", "The order now charges another amount than expected.")
        self.quote = quote


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The orders, with the tables that their changes touch."""

    tables: Tables
    orders_table: str
    members_table: str
    catalog_table: str
    policy: Policy

    @classmethod
    def of(cls, tables: Tables, settings: Settings, policy: Policy) -> "OrderBook":
        """Return the orders in the tables that a function is told of."""
        return cls(
            tables=tables,
            orders_table=settings.orders_table,
            members_table=settings.members_table,
            catalog_table=settings.catalog_table,
            policy=policy,
        )

    def find(self, order_id: str) -> Order | None:
        """Return an order as it was last written, or None."""
        if not identifiers.is_order_id(order_id):
            return None
        return read_as(order_of, self.tables.get(self.orders_table, key(order_id)))

    def require(self, order_id: str, *, member_id: str | None = None) -> Order:
        """Return an order as it was last written.

        Raises
        ------
        NotFoundError
            ``order_not_found``: there is none, or it is not of this member (None: of anybody).
        """
        order = self.find(order_id)
        if order is None or member_id not in (None, order.member_id):
            raise _no_order()
        return order

    def due(
        self, kind: str, shard: int, *, now: datetime, limit: int, after: Row | None
    ) -> tuple[list[Row], bool]:
        """Return a page of the orders whose lapse or receipt is due, the longest due first.

        The rows are those of the index, which may be behind; ``after`` is the last one of the page before.
        """
        return self.tables.query_index(
            self.orders_table,
            DUE,
            partition=("due", due_partition(kind, shard)),
            up_to=("due_at", calendar.to_row(now)),
            limit=limit,
            after=after,
        )

    def quote(self, cart: Cart, member_id: str, at: datetime, deadline: Deadline) -> Quote:
        """Price a cart for a member at this moment, in one round trip; nothing changes.

        Raises
        ------
        RefusalError
            ``not_registered``, or what :func:`functions.offers.pricing.price` refuses.
        """
        return self._price(cart, self._read(cart, member_id, at, None, deadline), at)

    def place(self, placing: Placing, deadline: Deadline) -> tuple[Order, bool]:
        """Place an order with its stock, points and coupon in one transaction, or find it placed (O1).

        Returns the order and whether this is a repeat. The order's row is the idempotency record, so a repeat
        is found however late it comes (R1).

        Raises
        ------
        RefusalError
            What the quote refuses, ``insufficient_stock``, ``quote_changed``, ``idempotency_key_reused``;
            nothing has happened and the key is not used up.
        """
        return until_clear(lambda: self._try_to_place(placing, deadline), deadline)

    def pay(
        self,
        order_id: str,
        *,
        payment_id: str,
        amount_fen: int,
        now: datetime,
        deadline: Deadline,
        received: bool = False,
    ) -> Order:
        """Record a payment under its id, once (O6, R1), and return the order after it.

        Money that was ``received`` is recorded whatever its amount.

        Raises
        ------
        NotFoundError
            ``order_not_found``.
        InvalidError
            ``amount_mismatch``; ``payment_id_reused``: the id was used for another order or amount.
        """
        return until_clear(
            lambda: self._try_to_pay(order_id, payment_id, amount_fen, now, deadline, received=received),
            deadline,
        )

    def take_units(self, leaving: Leaving, deadline: Deadline) -> Left:
        """Take units out of an order under their return id or cancel id, once (O5, O7, R1).

        Raises
        ------
        NotFoundError
            ``order_not_found``, also for another member's order.
        InvalidError
            ``return_exceeds_order``, ``cancel_exceeds_order``; ``return_id_reused``, ``cancel_id_reused``:
            the id was used with other contents.
        ConflictError
            ``order_not_returnable``, ``order_not_cancellable``.
        """
        return until_clear(lambda: self._try_to_take(leaving, deadline), deadline)

    def history(self, order: Order, *, limit: int, after: str | None) -> tuple[list[Occurrence], str | None]:
        """Return a page of what has happened to an order, newest first, and the position to go on after."""
        rows, more = self.tables.query(
            self.orders_table,
            partition=("order_id", order.order_id),
            prefix=("item", HISTORY),
            limit=limit,
            after=None if after is None else key(order.order_id, HISTORY + after),
        )
        steps = [each for each in history.steps_of(order) if after is None or each.position < after]
        found = sorted(
            [*map(history.occurrence_of, rows), *steps], key=lambda each: each.position, reverse=True
        )
        page = found[:limit]
        return page, page[-1].position if more or len(found) > limit else None

    def change(
        self,
        order_id: str,
        event: Callable[[Order], Order],
        deadline: Deadline,
        *,
        member_id: str | None = None,
        kept_as: Callable[[Order, Order], Occurrence | None] = lambda before, after: None,
    ) -> Order:
        """Let something happen to an order, and give back in the same transaction what that frees.

        Parameters
        ----------
        event
            Returns the order after it, or the order itself where there is nothing to do; may refuse.
        member_id
            The only member whose order it may be, or None for staff and jobs.
        kept_as
            Returns what the order's history keeps of the change, if anything.

        Raises
        ------
        NotFoundError
            ``order_not_found``, also for another member's order.
        RefusalError
            What the event refuses.
        """

        def attempt() -> Order:
            order = self.require(order_id, member_id=member_id)
            after = event(order)
            if after.version != order.version:
                transaction = self.tables.transaction()
                after = self._replace(transaction, order, after)
                kept = kept_as(order, after)
                if kept is not None:
                    transaction.put_new(self.orders_table, history.row_of(order_id, kept))
                transaction.commit(deadline)
            return after

        return until_clear(attempt, deadline)

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
        order, transaction = self._new(placing, quote, shelf)
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            (placed, *others) = failed.rows
            if placed is not None:
                return _replayed(order_of(placed), placing), True
            # The rows that stood against it are from one moment, at which the order was not there: what they
            # refuse is refused. Where they only changed the price, the next attempt takes it.
            current = _as_it_was_then(shelf, [row for row in others if row is not None])
            _check(placing, self._price(placing.cart, current, placing.placed_at), current)
            raise
        return order, False

    def _new(self, placing: Placing, quote: Quote, shelf: Shelf) -> tuple[Order, Transaction]:
        """Return the new order and the transaction that places it: stock, points and coupon with it (O1)."""
        offers = self.tables.transaction()
        by_year: dict[str, int] = {}
        if quote.redeemed_points and shelf.wallet is not None:
            after, entry = ledger.redeem(
                shelf.wallet,
                points=quote.redeemed_points,
                order_id=placing.order_id,
                occurred_at=placing.placed_at,
                policy=self.policy,
            )
            by_year = {year: -points for year, points in entry.available_delta.items()}
            accounts.put_wallet(
                offers,
                self.members_table,
                placing.member_id,
                before=shelf.wallet,
                after=after,
                entries=[entry],
            )
        if quote.coupon is not None and shelf.coupon is not None:
            coupons.use(
                offers,
                self.members_table,
                member_id=placing.member_id,
                coupon=shelf.coupon,
                order_id=placing.order_id,
            )
        order = orders.place(
            quote,
            self.policy,
            order_id=placing.order_id,
            member_id=placing.member_id,
            request=placing.request,
            now=placing.placed_at,
            redeemed_by_year=by_year,
        )
        transaction = self.tables.transaction()
        transaction.put_new(self.orders_table, row_of(order))
        for line in quote.lines:
            catalog.take_stock(transaction, self.catalog_table, line, shelf.products[line.sku])
        transaction.actions += offers.actions
        return order, transaction

    def _try_to_pay(
        self,
        order_id: str,
        payment_id: str,
        amount_fen: int,
        now: datetime,
        deadline: Deadline,
        *,
        received: bool,
    ) -> Order:
        if not identifiers.is_order_id(order_id):
            raise _no_order()
        row, spent = self.tables.batch_get(
            [(self.orders_table, key(order_id)), (self.orders_table, payment_key(payment_id))], deadline
        )
        if spent is not None and (spent["paid_order_id"], spent["amount_fen"]) != (order_id, amount_fen):
            raise InvalidError("payment_id_reused", "The payment id was used with other contents.")
        if row is None:
            raise _no_order()
        if spent is not None:
            # A batch is no snapshot: its order may be from before the payment that its other row records.
            return self.find(order_id) or order_of(row)
        order = order_of(row)
        after = orders.pay(order, payment_id=payment_id, amount_fen=amount_fen, now=now, received=received)
        payment = Payment(
            payment_id=payment_id,
            amount_fen=amount_fen,
            received_at=now,
            applied=after.paid_at != order.paid_at,
        )
        transaction = self.tables.transaction()
        transaction.put_new(self.orders_table, payment_row(order, payment))
        after = self._replace(transaction, order, after)
        transaction.commit(deadline)
        return after

    def _try_to_take(self, leaving: Leaving, deadline: Deadline) -> Left:
        if not identifiers.is_order_id(leaving.order_id):
            raise _no_order()
        row, spent = self.tables.batch_get(
            [(self.orders_table, key(leaving.order_id)), (self.orders_table, leaving.spent_key)], deadline
        )
        if row is None or leaving.member_id not in (None, row["member_id"]):
            raise _no_order()
        if spent is not None:
            return self._repeated(leaving, spent)
        order = order_of(row)
        try:
            after = leaving.way.event(order, leaving.units, now=leaving.at)
        except RefusalError:
            # A batch is no snapshot: the order may be from after these very units left it.
            spent = self.tables.get(self.orders_table, leaving.spent_key)
            if spent is None:
                raise
            return self._repeated(leaving, spent)
        refund_fen = after.refunded_fen - order.refunded_fen
        points_restored = order.retained.redeemed_points - after.retained.redeemed_points
        happened = Occurrence(
            at=leaving.at,
            what=leaving.way.what,
            version=after.version,
            caller_id=leaving.caller_id,
            units=leaving.units,
            refund_fen=refund_fen,
            points_restored=points_restored,
        )
        transaction = self.tables.transaction()
        transaction.put_new(
            self.orders_table,
            {
                **leaving.spent_key,
                "contents": leaving.contents,
                "refund_fen": refund_fen,
                "points_restored": points_restored,
                "left_at": calendar.to_row(leaving.at),
            },
        )
        transaction.put_new(self.orders_table, history.row_of(leaving.order_id, happened))
        after = self._replace(transaction, order, after)
        transaction.commit(deadline)
        return Left(order=after, refund_fen=refund_fen, points_restored=points_restored)

    def _repeated(self, leaving: Leaving, spent: Row) -> Left:
        if spent["contents"] != leaving.contents:
            raise InvalidError(leaving.way.reused, "The id was used with other contents.")
        order = self.require(leaving.order_id)
        return Left(order=order, refund_fen=spent["refund_fen"], points_restored=spent["points_restored"])

    def _replace(self, transaction: Transaction, before: Order, after: Order) -> Order:
        """Add that an order becomes another, and that what it frees goes back: stock, coupon, points (O4).

        Returns the order as its row keeps it: the changes that leave the row are added as rows of their own.
        """
        after, earlier = orders.without_earlier_changes(after)
        transaction.put_version(self.orders_table, row_of(after), replaces=before.version)
        for number, change in enumerate(earlier, after.earlier_changes - len(earlier)):
            transaction.put_new(self.orders_table, change_row(after.order_id, number, change))
        for line, had, has in zip(before.quote.lines, before.staying, after.staying, strict=True):
            if had > has:
                catalog.give_back_stock(transaction, self.catalog_table, line.sku, had - has)
        closes = after.status in CLOSED and before.status not in CLOSED
        if closes and before.quote.coupon is not None:
            coupons.give_back(
                transaction,
                self.members_table,
                member_id=before.member_id,
                coupon_id=before.quote.coupon.coupon_id,
                order_id=before.order_id,
            )
        unshipped = after.status in (Status.CANCELLED, Status.LAPSED)
        if closes and unshipped and before.redeemed_by_year and not before.cancels:
            self._restore_points(transaction, after)
        return after

    def _restore_points(self, transaction: Transaction, order: Order) -> None:
        """Add that the points of an order that closes before its shipment come back with it (E6)."""
        row = self.tables.get(self.members_table, members.key(order.member_id, WALLET))
        if row is None or order.closed_at is None:
            raise accounts.AccountMissingError(order.order_id)
        wallet = account_rows.wallet_of(row)
        after, entries = ledger.restore(
            wallet,
            parts=order.redeemed_by_year,
            order_id=order.order_id,
            occurred_at=order.closed_at,
            policy=self.policy,
        )
        accounts.put_wallet(
            transaction, self.members_table, order.member_id, before=wallet, after=after, entries=entries
        )

    def _read(
        self, cart: Cart, member_id: str, at: datetime, order_id: str | None, deadline: Deadline
    ) -> Shelf:
        """Read what a quote depends on: at most n + 6 rows, whose keys are all known beforehand."""
        wanted: dict[str, tuple[str, dict[str, str]]] = {
            STANDING: (self.members_table, members.key(member_id, STANDING)),
            WALLET: (self.members_table, members.key(member_id, WALLET)),
        }
        years = self._coupon_years(cart, member_id, at)
        wanted |= {f"{COUPON} {year}": (self.members_table, coupons.key(member_id, year)) for year in years}
        if order_id is not None:
            wanted[ORDER] = (self.orders_table, key(order_id))
        shelf = len(wanted)
        wanted |= {f"sku {line.sku}": (self.catalog_table, catalog.key(line.sku)) for line in cart.lines}
        rows = self.tables.batch_get(list(wanted.values()), deadline)
        found = dict(zip(wanted, rows, strict=True))
        return Shelf(
            order=read_as(order_of, found.get(ORDER)),
            standing=members.registered_standing_of(found[STANDING]),
            wallet=read_as(account_rows.wallet_of, found[WALLET]),
            coupon=coupons.newest(found.get(f"{COUPON} {year}") for year in years),
            products={row["sku"]: catalog.product_of(row) for row in rows[shelf:] if row is not None},
        )

    def _coupon_years(self, cart: Cart, member_id: str, at: datetime) -> list[str]:
        """Return the years of the coupons that can matter: of the one asked for by id, or of this month's.

        Which calendar a member keeps is not known before their rows are read; a month has its own year, and
        one or two lunar ones (B6).
        """
        if cart.coupon in (NO_COUPON, BEST):
            first = at.astimezone(self.policy.zone).date().replace(day=1)
            return [str(year) for year in birthdays.coupon_years(first)]
        year = identifiers.coupon_year(member_id, cart.coupon)
        return [] if year is None else [year]

    def _price(self, cart: Cart, shelf: Shelf, at: datetime) -> Quote:
        check_cart(cart, shelf.products, self.policy)
        if shelf.standing is None or shelf.wallet is None:
            raise members.not_registered()
        shopper = Shopper(
            tier=shelf.standing.tier,
            at=at,
            coupon=shelf.coupon,
            points=sum(usable(shelf.wallet, self.policy, at).values()),
        )
        return price(cart, shelf.products, shopper, self.policy)


def _as_it_was_then(shelf: Shelf, rows: list[Row]) -> Shelf:
    """Return what an order depends on, with the rows that its transaction met for those that were read."""
    products = {row["sku"]: catalog.product_of(row) for row in rows if "sku" in row}
    by_item = {row["item"]: row for row in rows if "member_id" in row}
    coupon = next((row for item, row in by_item.items() if item.startswith(coupons.BIRTHDAY)), None)
    return replace(
        shelf,
        products=shelf.products | products,
        wallet=read_as(account_rows.wallet_of, by_item.get(WALLET)) or shelf.wallet,
        coupon=read_as(coupons.coupon_of, coupon) or shelf.coupon,
    )


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


def _no_order() -> NotFoundError:
    return NotFoundError("order_not_found", "There is no such order.")
