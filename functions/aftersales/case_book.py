"""Where cases live: each is opened and changed together with what its order knows of it (A1-A9)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial

from functions.aftersales.freight import freight_due, granted
from functions.aftersales.settling import Settling
from functions.cases import case as cases
from functions.cases import figures
from functions.cases.case import (
    Actor,
    Case,
    CaseKind,
    CaseLine,
    CaseReason,
    CaseState,
    CaseStateError,
    Parcel,
    Settlement,
    as_of,
    case_id,
    case_state,
)
from functions.cases.rows import case_of, case_row, key
from functions.catalog import stock
from functions.catalog.products import ON_SALE, insufficient_stock
from functions.catalog.rows import key as product_key
from functions.catalog.rows import product_of
from functions.domain import identifiers
from functions.domain.errors import ConflictError, InvalidError, NotFoundError, RefusalError
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.orders import history, in_cases, life
from functions.orders.book import OrderBook, no_order
from functions.orders.history import Occurrence, What
from functions.orders.leaving import named_lines
from functions.orders.order import Order, Status
from functions.orders.rows import key as order_key
from functions.orders.rows import order_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Tables, Transaction, until_clear
from functions.platform.settings import Settings
from functions.refunds.rows import refund_row
from functions.tiers import members

Units = Mapping[str, int]
WHOLE = {Status.PAID, Status.SHIPPED}
"""Where money alone is asked for the whole order (A1)."""
POSSIBLE = {
    CaseKind.RETURN: {Status.RECEIVED},
    CaseKind.EXCHANGE: {Status.RECEIVED},
    CaseKind.REFUND_ONLY: {*WHOLE, Status.RECEIVED},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a member asks for. ``units`` are those of lines named by their skus, ``by_line`` by their ids.

    ``exchange_for`` says under the same names which sku is wanted instead, if another one.
    """

    order_id: str
    request_id: str
    kind: CaseKind
    reason: CaseReason
    text: str | None = None
    units: Units
    by_line: Units
    exchange_for: Mapping[str, str]

    @property
    def contents(self) -> str:
        """What tells it from another request under the same id."""
        lines = [f"{name}:{count}" for name, count in sorted({**self.units, **self.by_line}.items())]
        wanted = [f"{name}>{sku}" for name, sku in sorted(self.exchange_for.items())]
        return identifiers.fingerprint(self.kind, self.reason, self.text or "", *lines, "", *wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What staff say has come back of a case.

    ``units`` are those of lines named by their skus, ``by_line`` by their ids; None where all that the case
    is about has come. ``return_shipping_fen`` is the freight that is granted, if not what the policy says.
    """

    units: Units | None = None
    by_line: Units = field(default_factory=dict)
    reason: str | None = None
    return_shipping_fen: int | None = None


@dataclass(slots=True, kw_only=True)
class _Turn:
    """A case and its order as they were read, and the case as it becomes.

    What becomes of the order is decided on it without the case's own units, if it is over (``event``).
    """

    stored: Case
    case: Case
    stored_order: Order
    order: Order
    """As it reads now."""
    now: datetime
    by: Actor
    operator: str
    event: Callable[[Order], Order] | None = None
    units: Units | None = None
    """Units that the event is about, which the order's history keeps as ``what``."""
    what: What = What.UNITS_RETURNED
    freight_fen: int | None = None
    handed_out: Counter[str] = field(default_factory=Counter)
    """Units that were held and that the member gets, by sku (A7)."""
    came_back: Counter[str] = field(default_factory=Counter)
    """Units that go to the shelf for those, by sku."""


def no_case() -> NotFoundError:
    """Return the refusal of a case that there is not, or that is another member's."""
    return NotFoundError("case_not_found", "There is no such case.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBook:
    """The cases, with the orders that they are about."""

    tables: Tables
    orders: OrderBook
    settling: Settling
    policy: Policy

    @classmethod
    def of(cls, tables: Tables, settings: Settings, policy: Policy) -> "CaseBook":
        """Return the cases in the tables that a function is told of."""
        settling = Settling(
            tables=tables,
            members_table=settings.members_table,
            catalog_table=settings.catalog_table,
            policy=policy,
        )
        orders = OrderBook.of(tables, settings, policy)
        return cls(tables=tables, orders=orders, settling=settling, policy=policy)

    @property
    def table(self) -> str:
        """The table of cases."""
        return self.orders.cases_table

    def find(self, case_id: str, *, now: datetime, member_id: str | None = None) -> Case:
        """Return a case as it reads now.

        Raises
        ------
        NotFoundError
            ``case_not_found``, also for another member's.
        """
        return as_of(self._stored(case_id, member_id), now)

    def _stored(self, case_id: str, member_id: str | None = None) -> Case:
        """Return a case as it was last written, if it is this member's (None: anybody's)."""
        found = read_as(case_of, self.tables.get(self.table, key(case_id)))
        if found is None or member_id not in (None, found.member_id):
            raise no_case()
        return found

    # What members do ------------------------------------------------------------------------------------

    def open(self, asked: Asked, *, member_id: str, now: datetime, deadline: Deadline) -> Case:
        """Open a case about an order, once per request id of that order (A1, R1).

        Raises
        ------
        NotFoundError
            ``order_not_found``, also for another member's order.
        InvalidError
            ``request_id_reused``; ``case_lines``: lines are missing, or not wanted; ``line_id_needed``;
            ``case_exceeds_order``: more units than there are; ``exchange_not_possible``.
        ConflictError
            ``not_registered``: they were erased; ``case_not_possible``: not of an order that stands so;
            ``unit_in_case``; ``case_decided``: it was refused for good; ``too_many_cases``.
        """
        return until_clear(lambda: self._try_to_open(asked, member_id, now, deadline), deadline)

    def _try_to_open(self, asked: Asked, member_id: str, now: datetime, deadline: Deadline) -> Case:
        if not identifiers.is_order_id(asked.order_id):
            raise no_order()
        opened_as = case_id(asked.order_id, asked.request_id)
        row, known, standing = self.tables.batch_get(
            [
                (self.orders.orders_table, order_key(asked.order_id)),
                (self.table, key(opened_as)),
                (self.orders.members_table, members.key(member_id, members.STANDING)),
            ],
            deadline,
        )
        if row is None or row["member_id"] != member_id:
            raise no_order()
        if members.registered_standing_of(standing) is None:
            raise members.not_registered()
        stored = order_of(row)
        if known is not None:
            return self._repeated(asked, case_of(known), now)
        try:
            order = life.as_of(stored, now)
            case = self._checked(asked, order, opened_as, now, deadline)
        except RefusalError:
            # A batch is no snapshot: the order may be from after this very case was opened.
            known = self.tables.get(self.table, key(opened_as))
            if known is None:
                raise
            return self._repeated(asked, case_of(known), now)
        transaction = self.tables.transaction()
        after = in_cases.with_new_case(order, case)
        if case.kind is CaseKind.REFUND_ONLY and case.state is CaseState.CLOSED:
            after = life.cancel(after, now=now)
            case = replace(case, refund_fen=after.refunded_fen - stored.refunded_fen)
        self.orders.replace(
            transaction,
            stored,
            after,
            deadline,
            by=Actor.MEMBER,
            case_id=case.case_id,
            operator=member_id,
        )
        transaction.put_new(self.table, case_row(case))
        self.settling.require_not_erased(transaction, member_id)
        figures.count(transaction, self.table, None, case, self.policy.zone)
        transaction.commit(deadline)
        return case

    def _repeated(self, asked: Asked, known: Case, now: datetime) -> Case:
        if known.request != asked.contents:
            raise InvalidError("request_id_reused", "The request id was used with other contents.")
        return as_of(known, now)

    def _checked(self, asked: Asked, order: Order, opened_as: str, now: datetime, deadline: Deadline) -> Case:
        """Return the case as it begins, if the order can have it (A1, A2, A3, A5)."""
        kind, status = asked.kind, order.status
        possible = order.paid_at is not None if kind is CaseKind.COMPLAINT else status in POSSIBLE[kind]
        if not possible:
            raise ConflictError("case_not_possible", f"The order is {status}.")
        whole = kind is CaseKind.REFUND_ONLY and status in WHOLE
        cases.check_lines(kind, has_lines=bool(asked.units or asked.by_line), whole=whole)
        if whole:
            units: Units = dict(zip(order.line_ids, order.staying, strict=True))
        else:
            units = named_lines(order, asked.units, asked.by_line)
        lines = self._lines(asked, order, {name: count for name, count in units.items() if count}, deadline)
        case = Case(
            case_id=opened_as,
            order_id=order.order_id,
            member_id=order.member_id,
            kind=kind,
            state=CaseState.REQUESTED,
            lines=lines,
            reason=asked.reason,
            text=asked.text,
            request=asked.contents,
            opened_at=now,
            send_back_days=self.policy.after_sales.send_back_days,
        )
        self._require_free(order, case)
        cancels = whole and status is Status.PAID
        approved = cancels or (kind is CaseKind.RETURN and self._needs_no_reason(asked, order, lines, now))
        return cases.opened(case, self.policy.after_sales, approved=approved, closed=cancels)

    def _lines(self, asked: Asked, order: Order, units: Units, deadline: Deadline) -> tuple[CaseLine, ...]:
        """Return the lines of a case, of units that the order has."""
        there = {line.line_id: line for line in order.quote.lines}
        too_many = [
            name for name, count in units.items() if name not in there or count > there[name].quantity
        ]
        if too_many:
            raise InvalidError("case_exceeds_order", "The order has not that many units.", line_ids=too_many)
        if asked.kind is not CaseKind.EXCHANGE:
            return tuple(CaseLine(line_id=name, quantity=count) for name, count in units.items())
        gifts = [name for name in units if there[name].gift_of is not None]
        if gifts:
            raise InvalidError("exchange_not_possible", "A gift is not exchanged.", line_ids=gifts)
        by_sku = {there[name].sku: name for name in units}
        wanted = {by_sku.get(name, name): sku for name, sku in asked.exchange_for.items()}
        wanted = {name: wanted.get(name, there[name].sku) for name in units}
        skus = sorted(set(wanted.values()))
        rows = self.tables.batch_get(
            [(self.orders.catalog_table, product_key(sku)) for sku in skus], deadline
        )
        products = {sku: product_of(row) for sku, row in zip(skus, rows, strict=True) if row is not None}
        for name, sku in wanted.items():
            line, product = there[name], products.get(sku)
            same = sku == line.sku or (product is not None and product.price_fen == line.list_price_fen)
            if not same or product is None or product.status != ON_SALE:
                raise InvalidError(
                    "exchange_not_possible",
                    "A line is exchanged for what is on sale, and had the same price.",
                    line_ids=[name],
                )
        return tuple(
            CaseLine(line_id=name, quantity=count, exchange_for=wanted[name]) for name, count in units.items()
        )

    def _require_free(self, order: Order, case: Case) -> None:
        """Refuse units that are gone, in a case, refused for good, or were in too many cases (A2, A5)."""
        if len(order.cases) >= cases.OPEN_CASES_MAX:
            raise ConflictError("too_many_cases", "The order has as many open cases as it may.")
        if case.kind is CaseKind.COMPLAINT:
            complaints = sum(each.kind is CaseKind.COMPLAINT for each in order.cases)
            if complaints >= cases.OPEN_COMPLAINTS_MAX:
                raise ConflictError("too_many_cases", "The order has as many open complaints as it may.")
            return
        units = case.units
        facts = zip(
            order.quote.lines,
            order.staying,
            in_cases.free_units(order),
            order.denied.get(case.kind, order.none_of_each),
            order.cased or order.none_of_each,
            strict=True,
        )
        for line, stays, free, denied, cased in facts:
            asked = units.get(line.line_id, 0)
            told = {"line_ids": [line.line_id]}
            if asked > stays:
                raise InvalidError("case_exceeds_order", "The order has not that many units.", **told)
            if asked > free:
                raise ConflictError("unit_in_case", "A case is open about such a unit.", **told)
            if asked and asked > free - denied:
                raise ConflictError("case_decided", "That was refused, for good.", **told)
            if cased + asked > line.quantity * cases.CASES_PER_UNIT_MAX:
                raise ConflictError(
                    "too_many_cases", "The units have been in as many cases as may be.", **told
                )

    def _needs_no_reason(self, asked: Asked, order: Order, lines: Sequence[CaseLine], now: datetime) -> bool:
        """Tell whether a return for no reason is approved at once (A3): in time, and no line is excluded."""
        if asked.reason is not CaseReason.NO_REASON or order.received_at is None:
            return False
        zone = self.policy.zone
        days = timedelta(days=self.policy.after_sales.no_reason_days + 1)
        day = order.received_at.astimezone(zone).date() + days
        if now >= datetime.combine(day, time.min, tzinfo=zone):
            return False
        free = {line.line_id for line in order.quote.lines if line.no_reason}
        return all(line.line_id in free for line in lines)

    def withdraw(self, case_id: str, *, member_id: str, now: datetime, deadline: Deadline) -> Case:
        """Take a case back, which its member can until they send back (A2)."""

        def act(turn: _Turn) -> None:
            if not cases.has_just(turn.stored, CaseState.WITHDRAWN, by=Actor.MEMBER):
                turn.case = cases.withdraw(turn.case, now=turn.now)

        return self._change(case_id, act, now=now, deadline=deadline, member_id=member_id)

    def send_back(
        self, case_id: str, parcel: Parcel, *, member_id: str, now: datetime, deadline: Deadline
    ) -> Case:
        """Say that the units of a case are on their way, or correct how their parcel is found (A2)."""

        def act(turn: _Turn) -> None:
            if turn.case.state is not CaseState.SHIPPED_BACK or turn.case.parcel != parcel:
                turn.case = cases.send_back(turn.case, self.policy.after_sales, parcel=parcel, now=turn.now)

        return self._change(case_id, act, now=now, deadline=deadline, member_id=member_id)

    def escalate(
        self, case_id: str, reason: str | None, *, member_id: str, now: datetime, deadline: Deadline
    ) -> Case:
        """Ask that somebody else decides about a refusal, once (A2)."""

        def act(turn: _Turn) -> None:
            if not cases.has_just(turn.stored, CaseState.DISPUTED, by=Actor.MEMBER):
                turn.case = cases.escalate(turn.case, self.policy.after_sales, reason=reason, now=turn.now)

        return self._change(case_id, act, now=now, deadline=deadline, member_id=member_id)

    # What staff do --------------------------------------------------------------------------------------

    def approve(self, case_id: str, *, operator: str, now: datetime, deadline: Deadline) -> Case:
        """Approve a case: the member sends back, or, of one about money only, is paid back at once (A4, A7).

        Raises
        ------
        ConflictError
            ``case_state``, ``other_operator_needed``; ``insufficient_stock``: of what is exchanged for.
        """

        def act(turn: _Turn) -> None:
            money_only = turn.case.kind is CaseKind.REFUND_ONLY
            told = (CaseState.APPROVED, CaseState.CLOSED) if money_only else (CaseState.APPROVED,)
            if cases.has_just(turn.stored, *told, by=Actor.STAFF, operator=operator):
                return
            turn.case = cases.approve(turn.case, operator=operator, now=turn.now)
            if money_only:
                turn.units, turn.what = turn.case.units, What.UNITS_REFUNDED
                turn.event = partial(_lose, units=turn.units, now=turn.now)

        return self._change(case_id, act, now=now, deadline=deadline, operator=operator)

    def refuse(self, case_id: str, *, reason: str, operator: str, now: datetime, deadline: Deadline) -> Case:
        """Refuse a case, with a reason; the second time for good (A2).

        Raises
        ------
        ConflictError
            ``case_state``, ``other_operator_needed``.
        """

        def act(turn: _Turn) -> None:
            if not cases.has_just(turn.stored, CaseState.REFUSED, by=Actor.STAFF, operator=operator):
                turn.case = cases.refuse(
                    turn.case, self.policy.after_sales, reason=reason, operator=operator, now=turn.now
                )

        return self._change(case_id, act, now=now, deadline=deadline, operator=operator)

    def receive(
        self, case_id: str, received: Received, *, operator: str, now: datetime, deadline: Deadline
    ) -> Case:
        """Receive what came back of a case, which closes it: the order decides what that gives back (A4).

        Raises
        ------
        InvalidError
            ``case_exceeds_order``: more units than stay with the member, or, of an exchange, than it is of;
            ``reason_needed``: less or other units came; ``return_shipping_exceeds``; ``line_id_needed``.
        ConflictError
            ``case_state``; ``unit_in_case``: another case is about such a unit.
        """

        def act(turn: _Turn) -> None:
            if cases.has_just(
                turn.stored, CaseState.RECEIVED, CaseState.CLOSED, by=Actor.STAFF, operator=operator
            ):
                return
            before = turn.case
            turn.case = cases.receive(before, reason=received.reason, operator=operator, now=turn.now)
            came = before.units
            if received.units is not None:
                came = named_lines(turn.order, received.units, received.by_line)
            if came != before.units and received.reason is None:
                raise InvalidError("reason_needed", "Say why not what the case is about was received.")
            turn.freight_fen = self._freight(before, received.return_shipping_fen)
            turn.units = came
            if before.kind is CaseKind.EXCHANGE:
                turn.what = What.UNITS_EXCHANGED
                turn.event = partial(_hand_out, turn=turn, case=before)
            else:
                turn.event = partial(_take_back, turn=turn, case=before)

        return self._change(case_id, act, now=now, deadline=deadline, operator=operator)

    def _freight(self, case: Case, said_fen: int | None) -> int:
        """Return the freight that the shop owes with a case (A6).

        Raises
        ------
        InvalidError
            ``return_shipping_exceeds``.
        """
        policy = self.policy.after_sales
        if said_fen is not None:
            if said_fen > policy.return_shipping_max_fen:
                raise InvalidError(
                    "return_shipping_exceeds", f"At most {policy.return_shipping_max_fen} fen can be granted."
                )
            return said_fen
        fen: int = getattr(policy.return_shipping_fen, case.reason or CaseReason.OTHER)
        free = {tier.code for tier in self.policy.tiers if tier.free_return_shipping}
        if not free or fen >= policy.return_shipping_flat_fen:
            return fen
        row = self.tables.get(self.orders.members_table, members.key(case.member_id, members.STANDING))
        standing = members.registered_standing_of(row)
        return policy.return_shipping_flat_fen if standing is not None and standing.tier in free else fen

    def answer(self, case_id: str, *, text: str, operator: str, now: datetime, deadline: Deadline) -> Case:
        """Answer a complaint (A2).

        Raises
        ------
        ConflictError
            ``case_state``.
        """

        def act(turn: _Turn) -> None:
            if not cases.has_just(turn.stored, CaseState.ANSWERED, by=Actor.STAFF, operator=operator):
                turn.case = cases.answer(
                    turn.case, self.policy.after_sales, text=text, operator=operator, now=turn.now
                )

        return self._change(case_id, act, now=now, deadline=deadline, operator=operator)

    def settle(
        self,
        case_id: str,
        settlement: Settlement,
        *,
        reason: str,
        operator: str,
        without_limit: bool,
        now: datetime,
        deadline: Deadline,
    ) -> Case:
        """Settle a complaint, once, with points or with a coupon (A9), in one transaction with it.

        Raises
        ------
        InvalidError
            ``settlement_too_large``: more points than who is not finance may give.
        NotFoundError
            ``template_not_found``, ``member_not_found``: erased.
        ConflictError
            ``case_state``, ``case_settled``; ``template_not_for_complaints``, ``template_ended``,
            ``template_paused``, ``too_many_coupons``.
        """

        def attempt() -> Case:
            stored = self._stored(case_id)
            settled = replace(settlement, operator=operator)
            if stored.settlement is not None and _same(stored.settlement, settled):
                return as_of(stored, now)
            at = stored.no_earlier(now)
            with self._states_told():
                after = cases.settle(as_of(stored, at), settled, reason=reason, operator=operator, now=at)
            transaction = self.tables.transaction()
            given = self.settling.add(
                transaction,
                stored,
                settled,
                reason=reason,
                operator=operator,
                without_limit=without_limit,
                at=at,
                deadline=deadline,
            )
            after = replace(after, settlement=given, version=stored.version + 1)
            transaction.put_version(self.table, case_row(after), replaces=stored.version)
            figures.count(transaction, self.table, stored, after, self.policy.zone)
            transaction.commit(deadline)
            return after

        return until_clear(attempt, deadline)

    # What deadlines do ----------------------------------------------------------------------------------

    def bring_up_to(self, case_id: str, *, now: datetime, deadline: Deadline) -> bool:
        """Write what has become of a case by itself; return whether anything has (A2)."""
        changed = False

        def act(turn: _Turn) -> None:
            nonlocal changed
            changed = turn.case.version != turn.stored.version

        self._change(case_id, act, now=now, deadline=deadline)
        return changed

    def _change(
        self,
        case_id: str,
        act: Callable[[_Turn], None],
        *,
        now: datetime,
        deadline: Deadline,
        member_id: str | None = None,
        operator: str = "",
    ) -> Case:
        """Let something happen to a case as it reads now, and to its order with it, in one transaction."""

        def attempt() -> Case:
            stored = self._stored(case_id, member_id)
            if member_id is not None:
                self._require_registered(member_id)
            order, at = self.orders.require(stored.order_id), stored.no_earlier(now)
            turn = _Turn(
                stored=stored,
                case=as_of(stored, at),
                stored_order=order,
                order=life.as_of(order, at),
                now=at,
                by=Actor.STAFF if member_id is None else Actor.MEMBER,
                operator=operator or stored.member_id,
            )
            with self._states_told():
                act(turn)
            if turn.case.version != stored.version:
                self._write(turn, deadline)
            return turn.case

        return until_clear(attempt, deadline)

    @contextmanager
    def _states_told(self) -> Iterator[None]:
        """Refuse what cannot be done with a case as it stands, with its deadline in store time (A2)."""
        try:
            yield
        except CaseStateError as error:
            raise case_state(error.case, self.policy.zone, error.detail) from None

    def _require_registered(self, member_id: str) -> None:
        """Refuse what an erased member asks for, while their token lasts: no word of theirs comes back."""
        row = self.tables.get(self.orders.members_table, members.key(member_id, members.STANDING))
        if members.registered_standing_of(row) is None:
            raise members.not_registered()

    def _write(self, turn: _Turn, deadline: Deadline) -> None:
        """Write a case that has changed, with what becomes of its order, its stock and its money."""
        transaction = self.tables.transaction()
        order = in_cases.with_case(turn.order, turn.case)
        if turn.event is not None:
            order = turn.event(order)
            refund_fen = order.refunded_fen - turn.order.refunded_fen
            occurrence = Occurrence(
                at=turn.now,
                what=turn.what,
                version=order.version,
                case_id=turn.case.case_id,
                units=turn.units or {},
                refund_fen=refund_fen,
                points_restored=turn.order.retained.redeemed_points - order.retained.redeemed_points,
            )
            transaction.put_new(self.orders.orders_table, history.row_of(order.order_id, occurrence))
            turn.case = replace(turn.case, refund_fen=refund_fen)
        if turn.freight_fen is not None:
            order, refunds = granted(order, turn.case.case_id, turn.freight_fen, now=turn.now)
            for refund in refunds:
                transaction.put_new(self.orders.payments_table, refund_row(refund))
            turn.case = replace(
                turn.case, return_shipping_fen=turn.freight_fen, freight=tuple(map(freight_due, refunds))
            )
        turn.case = replace(turn.case, version=turn.stored.version + 1)
        transaction.put_version(self.table, case_row(turn.case), replaces=turn.stored.version)
        figures.count(transaction, self.table, turn.stored, turn.case, self.policy.zone)
        if turn.by is Actor.MEMBER:
            self.settling.require_not_erased(transaction, turn.stored.member_id)
        self._move_stock(transaction, turn, deadline)
        if replace(order, version=turn.stored_order.version) != turn.stored_order:
            self.orders.replace(
                transaction,
                turn.stored_order,
                order,
                deadline,
                by=turn.by,
                case_id=turn.case.case_id,
                operator=turn.operator,
            )
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            stock.tell_left_behind(self.tables, self.orders.catalog_table, failed.rows, deadline)
            raise

    def _move_stock(self, transaction: Transaction, turn: _Turn, deadline: Deadline) -> None:
        """Add what is taken from the stock for an exchange, and what of it goes back to the shelf (A7)."""
        before = Counter(turn.stored.exchanged_for if turn.stored.holds_stock else {})
        after = Counter(turn.case.exchanged_for if turn.case.holds_stock else {})
        for sku, units in (after - before).items():
            self._take(transaction, sku, units, turn.case.case_id, deadline)
        back = before - after - turn.handed_out + turn.came_back
        self.orders.give_back(transaction, back, of=turn.stored_order)

    def _take(self, transaction: Transaction, sku: str, units: int, case_id: str, deadline: Deadline) -> None:
        table = self.orders.catalog_table
        home = self.tables.get(table, product_key(sku))
        if home is None or product_of(home).status != ON_SALE:
            raise insufficient_stock([sku])
        rows = stock.picked(self.tables, table, home, units, deadline, name=case_id)
        if rows is None:
            raise insufficient_stock([sku])
        stock.take_if_on_sale(transaction, table, home, rows)


def _lose(order: Order, *, units: Units, now: datetime) -> Order:
    """Return the order after money was given for units that do not come back (A4).

    Raises
    ------
    ConflictError
        ``case_not_possible``: the order has come to an end.
    """
    if order.status is Status.SHIPPED:
        return life.refuse(order, now=now, lost=True)
    if order.status is not Status.RECEIVED:
        raise ConflictError("case_not_possible", f"The order is {order.status}.")
    return life.return_units(order, units, now=now, lost=True)


def _take_back(order: Order, *, turn: _Turn, case: Case) -> Order:
    """Return the order after units of a case, or others, came back; what did not come is refused (A4)."""
    came = turn.units or {}
    free = dict(zip(order.line_ids, in_cases.free_units(order), strict=True))
    stays = dict(zip(order.line_ids, order.staying, strict=True))
    for name, count in came.items():
        if count > stays.get(name, 0):
            raise InvalidError("case_exceeds_order", "The order has not that many units.", line_ids=[name])
        if count > free[name]:
            raise ConflictError("unit_in_case", "A case is open about such a unit.", line_ids=[name])
    after = life.return_units(order, came, now=turn.now)
    return in_cases.refused_units(after, case.kind, _rest(order, case, came))


def _hand_out(order: Order, *, turn: _Turn, case: Case) -> Order:
    """Return the order after units were exchanged for what was held; what did not come is refused (A7)."""
    came = turn.units or {}
    if any(count > case.units.get(name, 0) for name, count in came.items()):
        raise InvalidError("case_exceeds_order", "An exchange is of the units that it was approved for.")
    given = {line.line_id: line.exchange_for or "" for line in case.lines}
    after, turn.came_back = in_cases.exchange(order, came, given)
    for name, count in came.items():
        turn.handed_out[given[name]] += count
    return in_cases.refused_units(after, case.kind, _rest(order, case, came))


def _rest(order: Order, case: Case, came: Units) -> tuple[int, ...]:
    """Return the units of a case that did not come, line by line."""
    return tuple(max(0, case.units.get(name, 0) - came.get(name, 0)) for name in order.line_ids)


def _same(settled: Settlement, asked: Settlement) -> bool:
    """Tell whether a settlement is the same one again: only who made it repeats it."""
    return settled == replace(asked, coupon_id=settled.coupon_id)
