"""Units that leave an order, each time once under an id of the order's own (O5, O7, R1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from functions.cases.case import Actor
from functions.domain import calendar, identifiers
from functions.domain.errors import InvalidError, RefusalError
from functions.orders import history, life
from functions.orders.book import OrderBook, no_order
from functions.orders.history import Occurrence, What
from functions.orders.order import Order
from functions.orders.parts import Part, parts
from functions.orders.rows import CANCEL, RETURN, key, order_of, spent_key
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, until_clear


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """A way in which units leave an order: how its ids are spent, and what comes of it."""

    spends: str
    event: Callable[..., Order]
    reused: str
    what: What


RETURNED = _Way(spends=RETURN, event=life.return_units, reused="return_id_reused", what=What.UNITS_RETURNED)
"""They came back after the receipt (O5)."""
CANCELLED = _Way(spends=CANCEL, event=life.cancel_units, reused="cancel_id_reused", what=What.UNITS_CANCELLED)
"""They leave it before the shipment (O7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Units that leave an order in a way, under an id of that order's own.

    ``units`` are those of lines that are named by their skus, ``by_line`` those of others by their ids.
    ``member_id`` is the only member whose order it may be, or None for staff.
    """

    way: _Way
    order_id: str
    caller_id: str
    units: Mapping[str, int]
    at: datetime
    by_line: Mapping[str, int] = field(default_factory=dict)
    member_id: str | None = None

    @property
    def by(self) -> Actor:
        """Who lets them leave."""
        return Actor.STAFF if self.member_id is None else Actor.MEMBER

    @property
    def spent_key(self) -> dict[str, str]:
        """The key of the row that its id is spent on."""
        return spent_key(self.order_id, self.way.spends, self.caller_id)

    def of_lines(self, order: Order) -> Mapping[str, int]:
        """Return the units that leave each line of the order, by its id (:func:`named_lines`)."""
        return named_lines(order, self.units, self.by_line)


def named_lines(order: Order, by_sku: Mapping[str, int], by_line: Mapping[str, int]) -> Mapping[str, int]:
    """Return units of lines by their ids, some of which are named by a sku; unknown names stay as they are.

    Raises
    ------
    InvalidError
        ``line_id_needed``: a sku stands twice on the order, bought and as a gift (V6).
    """
    lines: dict[str, list[str]] = {sku: [] for sku in by_sku}
    for line in order.quote.lines:
        if line.sku in lines:
            lines[line.sku].append(line.line_id)
    twice = [sku for sku, line_ids in lines.items() if len(line_ids) > 1]
    if twice:
        raise InvalidError("line_id_needed", "A sku stands twice: name its line by line_id.", skus=twice)
    named = {(lines[sku] or [sku])[0]: count for sku, count in by_sku.items()}
    return {**named, **by_line}


def _contents(units: Mapping[str, int]) -> str:
    """Return what tells units of lines from others, however their lines were named, in whatever order."""
    return identifiers.fingerprint(*(f"{line_id}:{count}" for line_id, count in sorted(units.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The order as it is, and what it gave back when these units left it (O5, O7)."""

    order: Order
    refund_fen: int
    points_restored: int


def take_units(book: OrderBook, leaving: Leaving, deadline: Deadline) -> Left:
    """Take units out of an order under their return id or cancel id, once (O5, O7, R1).

    Raises
    ------
    NotFoundError
        ``order_not_found``, also for another member's order.
    InvalidError
        ``line_id_needed``; ``return_exceeds_order``, ``cancel_exceeds_order``; ``return_id_reused``,
        ``cancel_id_reused``: the id was used with other contents.
    ConflictError
        ``order_not_returnable``, ``order_not_cancellable``.
    """
    return until_clear(lambda: _try_to_take(book, leaving, deadline), deadline)


def _try_to_take(book: OrderBook, leaving: Leaving, deadline: Deadline) -> Left:
    if not identifiers.is_order_id(leaving.order_id):
        raise no_order()
    row, spent = book.tables.batch_get(
        [(book.orders_table, key(leaving.order_id)), (book.orders_table, leaving.spent_key)], deadline
    )
    if row is None or leaving.member_id not in (None, row["member_id"]):
        raise no_order()
    order = order_of(row)
    units = leaving.of_lines(order)
    if spent is not None:
        return _repeated(book, leaving, units, spent)
    try:
        left = _left(order, leaving, units)
    except RefusalError:
        # A batch is no snapshot: the order may be from after these very units left it.
        spent = book.tables.get(book.orders_table, leaving.spent_key)
        if spent is None:
            raise
        return _repeated(book, leaving, units, spent)
    transaction = book.tables.transaction()
    transaction.put_new(book.orders_table, _spent_row(leaving, units, left))
    occurrence = _occurrence(leaving, units, left)
    transaction.put_new(book.orders_table, history.row_of(leaving.order_id, occurrence))
    kept = book.replace(transaction, order, left.order, deadline, by=leaving.by)
    transaction.commit(deadline)
    return replace(left, order=kept)


def _left(order: Order, leaving: Leaving, units: Mapping[str, int]) -> Left:
    """Return what an order becomes when these units of lines leave it, and what that gives back."""
    after = leaving.way.event(order, units, now=leaving.at)
    return Left(
        order=after,
        refund_fen=after.refunded_fen - order.refunded_fen,
        points_restored=order.retained.redeemed_points - after.retained.redeemed_points,
    )


def would_leave(order: Order, leaving: Leaving) -> tuple[Left, Sequence[Part]]:
    """Return what units would give back if they left an order so, and what that is made of (O5, O7).

    It is what the leaving itself does, less the writing: they cannot differ.

    Raises
    ------
    InvalidError
        ``line_id_needed``; ``return_exceeds_order``, ``cancel_exceeds_order``.
    ConflictError
        ``order_not_returnable``, ``order_not_cancellable``.
    """
    left = _left(order, leaving, leaving.of_lines(order))
    if order.paid_at is None:  # nothing was paid yet, so that nothing comes back
        return left, ()
    return left, parts(order.quote, order.staying, left.order.staying, order.retained, left.order.retained)


def _repeated(book: OrderBook, leaving: Leaving, units: Mapping[str, int], spent: Row) -> Left:
    if spent["contents"] != _contents(units):
        raise InvalidError(leaving.way.reused, "The id was used with other contents.")
    order = book.require(leaving.order_id)
    return Left(order=order, refund_fen=spent["refund_fen"], points_restored=spent["points_restored"])


def _spent_row(leaving: Leaving, units: Mapping[str, int], left: Left) -> Row:
    """Write the row that an id is spent on, with what the units gave back."""
    return {
        **leaving.spent_key,
        "contents": _contents(units),
        "refund_fen": left.refund_fen,
        "points_restored": left.points_restored,
        "left_at": calendar.to_row(leaving.at),
    }


def _occurrence(leaving: Leaving, units: Mapping[str, int], left: Left) -> Occurrence:
    """Return what the order's history keeps of these units."""
    return Occurrence(
        at=leaving.at,
        what=leaving.way.what,
        version=left.order.version,
        caller_id=leaving.caller_id,
        units=units,
        refund_fen=left.refund_fen,
        points_restored=left.points_restored,
    )
