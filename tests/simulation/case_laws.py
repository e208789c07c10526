"""What must hold of cases, of their orders, stock and money, whenever nobody is at work (A1-A11).

Nothing here asks how the programme decides: :class:`_Reading` reads a case's history by the rules alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from functions.aftersales.events import CaseChanged, CaseOpened, CaseOverdue
from functions.aftersales.freight import RETURN_SHIPPING
from functions.aftersales.settling import ADJUSTED_BY
from functions.cases.case import Actor, Case, CaseKind, CaseReason, CaseState, OpenCase, Step, as_of
from functions.catalog.stock import LOST, MOVED
from functions.catalog.stock import sku_of as stocked_sku_of
from functions.domain.policy import AfterSalesPolicy
from functions.orders import life as order_life
from functions.orders.events import RefundDue
from functions.orders.history import HISTORY, Occurrence, What, occurrence_of
from functions.orders.in_cases import cases_as_of
from functions.orders.order import Order, Status
from functions.orders.rows import ORDER
from functions.platform.dynamo import Row
from functions.points import account_rows, ledger
from functions.refunds.refund import NO_PAYMENT, Refund
from functions.refunds.refund import State as RefundState
from functions.refunds.rows import REFUND, refund_of
from tests.simulation import case_acts

if TYPE_CHECKING:
    from tests.simulation.payment_lives import Life

CASES_PER_UNIT, COMPLAINTS, CASES_OF_ORDER = 3, 3, 10
WRITTEN_WITHIN = timedelta(minutes=1)
"""How long after its own clock an invocation may still write."""
NEVER = datetime.max.replace(tzinfo=UTC)
STAFF_TO_ACT = (CaseState.REQUESTED, CaseState.DISPUTED, CaseState.SHIPPED_BACK)
NEXT: Mapping[tuple[CaseState, Actor], tuple[CaseState, ...]] = {
    (CaseState.REQUESTED, Actor.MEMBER): (CaseState.WITHDRAWN,),
    (CaseState.REQUESTED, Actor.STAFF): (CaseState.APPROVED, CaseState.REFUSED, CaseState.ANSWERED),
    (CaseState.REQUESTED, Actor.DEADLINE): (CaseState.APPROVED,),
    (CaseState.APPROVED, Actor.MEMBER): (CaseState.WITHDRAWN, CaseState.SHIPPED_BACK),
    (CaseState.APPROVED, Actor.STAFF): (CaseState.RECEIVED,),
    (CaseState.APPROVED, Actor.DEADLINE): (CaseState.CLOSED,),
    (CaseState.SHIPPED_BACK, Actor.STAFF): (CaseState.RECEIVED,),
    (CaseState.RECEIVED, Actor.STAFF): (CaseState.CLOSED,),
    (CaseState.REFUSED, Actor.MEMBER): (CaseState.DISPUTED,),
    (CaseState.DISPUTED, Actor.MEMBER): (CaseState.WITHDRAWN,),
    (CaseState.DISPUTED, Actor.STAFF): (CaseState.APPROVED, CaseState.REFUSED),
    (CaseState.DISPUTED, Actor.DEADLINE): (CaseState.APPROVED,),
    (CaseState.ANSWERED, Actor.DEADLINE): (CaseState.CLOSED,),
}
"""What a case can become, by whom (A2)."""
ANSWERS = (CaseState.APPROVED, CaseState.REFUSED, CaseState.ANSWERED)
FIGURES = "figures#"
MOVES_SOMETHING = "a movement moves something"
OF_COMPLAINTS = (CaseState.REQUESTED, CaseState.ANSWERED, CaseState.WITHDRAWN, CaseState.CLOSED)
NOT_OF_MONEY_ONLY = (CaseState.SHIPPED_BACK, CaseState.RECEIVED)


class _NotExplainedError(Exception):
    """A case's history does not explain it."""


@dataclass
class _Reading:
    """A case as its history says, step by step: where it stands, and until when that can last (A2, A3)."""

    case: Case
    policy: AfterSalesPolicy
    in_time: bool
    """Whether it was opened so early, and about such lines, that a return needs no reason (A3)."""
    state: CaseState = CaseState.REQUESTED
    until: datetime | None = None
    refused_by: list[str | None] = field(default_factory=list)
    settled: int = 0
    overdue: list[datetime] = field(default_factory=list)
    """The deadlines that staff let pass."""

    def read(self, now: datetime) -> None:
        """Read it from beginning to end, as of a moment.

        Raises
        ------
        _NotExplainedError
            A step is none of those that there can be, or is not when it can be.
        """
        first, *more = self.case.history
        self._want(first.state is CaseState.REQUESTED and first.by is Actor.MEMBER, "it begins as a request")
        self._want(first.at == self.case.opened_at, "it begins when it was opened")
        self.until = self._deadline(CaseState.REQUESTED, first.at)
        last = first.at
        for step in more:
            self._want(step.at >= last, f"its steps are in time order: {step}")
            self._step(step)
            last = step.at
        if self.until is not None and self._staff_are_late(now):
            self.overdue.append(self.until)
        self._want(self.state is self.case.state, f"it is {self.state} by its history")
        self._ends(now)

    def _ends(self, now: datetime) -> None:
        final = self.state is CaseState.REFUSED and self.until is not None and now >= self.until
        until = None if final else self.until
        written = self.case.deadline == until or (final and self.case.deadline == self.until)
        self._want(written, f"its deadline is {until}")
        self._want(self.case.overdue is (self._staff_are_late(now)), "it is overdue when staff are late")
        self._want(self.case.overdues == len(self.overdue), f"it was overdue {len(self.overdue)} times")

    def _step(self, step: Step) -> None:
        self._want(self.until is not None, f"nothing happens to what is final: {step}")
        if step.state is self.state:
            self.settled += 1
            complaint = self.case.kind is CaseKind.COMPLAINT
            self._want(complaint and step.by is Actor.STAFF and step.at < self._end, f"nobody did {step}")
            return
        if self.until is not None and self._staff_are_late(step.at):
            self.overdue.append(self.until)
        self._check_who(step)
        self._check_when(step)
        if step.state is CaseState.REFUSED:
            self.refused_by.append(step.operator)
        self.state = step.state
        self.until = self._deadline(step.state, step.at)

    @property
    def _end(self) -> datetime:
        """When it does not stand so any more by itself; later than all for what waits for staff."""
        return NEVER if self.until is None or self._waits else self.until

    @property
    def _waits(self) -> bool:
        """Whether it waits for staff however long that takes."""
        return self.state in STAFF_TO_ACT and not self._silence_approves

    @property
    def _silence_approves(self) -> bool:
        return self.case.kind is CaseKind.RETURN and self.state in (CaseState.REQUESTED, CaseState.DISPUTED)

    def _staff_are_late(self, at: datetime) -> bool:
        return self._waits and self.until is not None and at >= self.until

    def _check_who(self, step: Step) -> None:
        kind = self.case.kind
        if case_acts.ends_with_order(step) or self._is_approved_at_once(step):
            return
        allowed = NEXT.get((self.state, step.by), ())
        if kind is CaseKind.REFUND_ONLY and self.state is CaseState.APPROVED:
            allowed = (CaseState.CLOSED,)
        self._want(step.state in allowed, f"{self.state} does not become {step}")
        if kind is CaseKind.COMPLAINT:
            self._want(step.state in OF_COMPLAINTS, f"no complaint becomes {step}")
        else:
            self._want(step.state is not CaseState.ANSWERED, "only a complaint is answered")
        if kind is CaseKind.REFUND_ONLY:
            self._want(step.state not in NOT_OF_MONEY_ONLY, f"nothing is sent back: {step}")
        if self.state is CaseState.DISPUTED and step.by is Actor.STAFF:
            self._want(step.operator not in self.refused_by, "somebody else decides a dispute")
        if step.state is CaseState.DISPUTED:
            self._want(len(self.refused_by) == 1, "a refusal is escalated once")

    def _is_approved_at_once(self, step: Step) -> bool:
        """Whether it was approved in the moment in which it was opened: for no reason, or as a cancel."""
        if step.state is not CaseState.APPROVED or step.at != self.case.opened_at or step.by is Actor.STAFF:
            return False
        if self.case.kind is CaseKind.REFUND_ONLY:
            return step.by is Actor.MEMBER
        no_reason = self.case.kind is CaseKind.RETURN and self.case.reason is CaseReason.NO_REASON
        self._want(no_reason and self.in_time, "only what needs no reason is approved at once")
        return True

    def _check_when(self, step: Step) -> None:
        if step.by is Actor.DEADLINE and not self._is_approved_at_once(step):
            self._want(step.at == self.until, f"it changes at its deadline {self.until}: {step}")
            silence = step.state is not CaseState.APPROVED or self._silence_approves
            self._want(silence, "silence approves returns only")
        elif step.by is not Actor.DEADLINE:
            self._want(step.at < self._end, f"it had become another by {self.until}: {step}")
        at_once = self.state is CaseState.RECEIVED or (
            self.case.kind is CaseKind.REFUND_ONLY and self.state is CaseState.APPROVED
        )
        if at_once:
            same = step.at == self.case.history[self.case.history.index(step) - 1].at
            self._want(same, f"it passes through {self.state} at once")

    def _deadline(self, state: CaseState, at: datetime) -> datetime | None:
        policy, complaint = self.policy, self.case.kind is CaseKind.COMPLAINT
        hours, days = {
            CaseState.REQUESTED: (policy.dispute_hours if complaint else policy.answer_hours, 0),
            CaseState.DISPUTED: (policy.dispute_hours, 0),
            CaseState.APPROVED: (0, policy.send_back_days),
            CaseState.SHIPPED_BACK: (0, policy.receive_days),
            CaseState.RECEIVED: (0, policy.receive_days),
            CaseState.REFUSED: (0, policy.escalate_days if len(self.refused_by) < 2 else 0),
            CaseState.ANSWERED: (0, policy.closing_days),
        }.get(state, (0, 0))
        return at + timedelta(hours=hours, days=days) if hours or days else None

    def _want(self, holds: bool, text: str) -> None:
        if not holds:
            raise _NotExplainedError(text)


class CaseLaws:
    """The laws of cases, on the rows as they are."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        self._wrong = life._wrong
        self._told = life.cases.told
        self._now = life.aws.time.now()
        self._policy = life.programme.policy
        self._cases = life.cases.all()
        rows = list(life.aws.rows("Orders"))
        found = {row["order_id"]: life._order(row["order_id"]) for row in rows if row["item"] == ORDER}
        self._orders = {order_id: order for order_id, order in found.items() if order is not None}
        self._late = case_acts.looked_at(rows)
        self._occurrences: dict[str, list[Occurrence]] = defaultdict(list)
        for row in rows:
            if row["item"].startswith(HISTORY):
                self._occurrences[row["order_id"]].append(occurrence_of(row))
        self._refunds: list[Refund] = [
            refund_of(row) for row in life.aws.rows("Payments") if row["item"].startswith(REFUND)
        ]
        self._catalog = list(life.aws.rows("Catalog"))
        self._members = list(life.aws.rows("Members"))
        self._read: dict[str, _Reading] = {}

    def check(self, *, at_rest: bool = False) -> None:
        """Check all of them; ``at_rest`` nothing is left to be done either."""
        for case in self._cases:
            self._is_explained(case)
            self._is_told(case)
            self._makes_no_money(case)
        for order in self._orders.values():
            self._knows_its_cases(order)
            self._units_come_back_once(order)
            self._counts_its_cases(order)
            self._denies_what_was_refused(order)
            self._parcel_is_looked_for(order, at_rest=at_rest)
        self._is_told_once()
        self._stock_is_where_it_should_be()
        self._settlements_are_what_members_have()
        self._figures_are_exact()
        if at_rest:
            self._nothing_waits()

    # --- a case by itself ---

    def _is_explained(self, stored: Case) -> None:
        """Every case is in a state that its history explains; as of now that includes all deadlines."""
        case = as_of(stored, self._now)
        reading = _Reading(case, self._policy.after_sales, self._needs_no_reason(case))
        try:
            reading.read(self._now)
        except _NotExplainedError as why:
            name = "a case is in a state that its history explains"
            self._wrong(name, f"{case.case_id} {case.kind}: {why}; {_shown(case)}")
        self._read[case.case_id] = reading
        if reading.settled > 1 or bool(reading.settled) is not (case.settlement is not None):
            self._wrong("a complaint is settled once", f"{case.case_id}: {_shown(case)}")

    def _needs_no_reason(self, case: Case) -> bool:
        order, zone = self._orders[case.order_id], self._policy.zone
        if order.received_at is None:
            return False
        days = timedelta(days=self._policy.after_sales.no_reason_days + 1)
        day = order.received_at.astimezone(zone).date() + days
        first = self._told.first_units[case.case_id]
        asks = {line.line_id for line in order.quote.lines if line.sku == case_acts.ASKED_BACK}
        return case.opened_at < datetime.combine(day, time.min, tzinfo=zone) and not asks & {*first}

    def _is_told(self, case: Case) -> None:
        """What happened to a case was told, each once, in the order in which it happened (A10)."""
        events = self._told.of_case[case.case_id]
        opened = [event for event in events if isinstance(event, CaseOpened)]
        states = [event.state for event in events if isinstance(event, CaseChanged)]
        steps = [
            (step.state.value, before.state.value)
            for before, step in zip(case.history, case.history[1:], strict=False)
        ]
        if len(opened) != 1 or states != [state for state, before in steps if state != before]:
            self._wrong("what happens to a case is told once", f"{case.case_id}: {states}, {_shown(case)}")
        overdue = [event.deadline for event in events if isinstance(event, CaseOverdue)]
        written = self._written_overdue(case)
        if overdue != written:
            name = "a case that is overdue is told to be, once"
            self._wrong(name, f"{case.case_id}: told {overdue}, was {written}; {_shown(case)}")
        freight = sum(event.amount_fen for event in events if isinstance(event, RefundDue))
        if freight != (case.return_shipping_fen or 0):
            self._wrong("freight is told once", f"{case.case_id}: {freight} of {case.return_shipping_fen}")

    def _written_overdue(self, case: Case) -> list[datetime]:
        """Return the deadlines that staff let pass, as far as the stored case is from after them."""
        overdue = self._read[case.case_id].overdue
        read = as_of(case, self._now)
        return overdue[:-1] if read.overdue and not case.overdue else overdue

    def _is_told_once(self) -> None:
        for event_id, times in self._told.events.items():
            if times > 1:
                self._wrong("an event is told once", f"{event_id}: {times}")

    def _makes_no_money(self, case: Case) -> None:
        """No case makes money beyond freight (A6) and a settlement (A9), and what its order gives back."""
        policy, given = self._policy.after_sales, case.settlement
        if given is not None and (
            case.kind is not CaseKind.COMPLAINT
            or (given.points is None) is (given.coupon_id is None)
            or not 0 <= (given.points or 0) <= policy.settle_points_max
        ):
            self._wrong("a complaint is settled within its bounds", f"{case.case_id}: {given}")
        came_back = any(step.state is CaseState.RECEIVED for step in case.history)
        granted = case.return_shipping_fen
        if (granted is not None) is not came_back or not 0 <= (
            granted or 0
        ) <= policy.return_shipping_max_fen:
            self._wrong("freight is granted for what came back, once", f"{case.case_id}: {granted}")
        ending = case.case_id.partition("_")[2]
        refunds = {each.refund_id: each for each in self._refunds if each.refund_id.endswith(ending)}
        kept = {each.refund_id: each.amount_fen for each in case.freight}
        made = {name: each.amount for name, each in refunds.items()}
        if (
            kept != made
            or sum(made.values()) != (granted or 0)
            or any(amount <= 0 for amount in made.values())
        ):
            self._wrong("freight is refunds of its own", f"{case.case_id}: {granted}, {kept}, {refunds}")
        occurred = [each for each in self._occurrences[case.order_id] if each.case_id == case.case_id]
        order_gave = self._told.refunded[case.order_id]
        gave = [order_gave.get(each.version) for each in occurred]
        said = [each.refund_fen for each in occurred]
        if case.kind is CaseKind.REFUND_ONLY and case.state is CaseState.CLOSED and not occurred:
            cancelled = [
                step for step in case.history if step.by is Actor.MEMBER and step.state is CaseState.CLOSED
            ]
            if cancelled and not cancelled[0].reason:
                gave = said = [order_gave[self._told.cancelled_at[case.order_id]]]
        if len(occurred) > 1 or gave != said or case.refund_fen != sum(each or 0 for each in said):
            text = f"{case.case_id}: {case.refund_fen}, the order gave {gave} and kept {said}"
            self._wrong("what a case gives back is what its order does", text)
        if occurred and not came_back and case.kind is not CaseKind.REFUND_ONLY:
            self._wrong("a case gives back what came back", f"{case.case_id}: {_shown(case)}")

    # --- an order and its cases ---

    def _of(self, order: Order) -> list[Case]:
        return [case for case in self._cases if case.order_id == order.order_id]

    def _knows_its_cases(self, order: Order) -> None:
        """An order's row has the open cases as they are, and no more units in them than stay (A5)."""
        read = cases_as_of(order_life.as_of(order, self._now), self._now)
        known = {each.case_id: each for each in read.cases}
        cases = [as_of(case, self._now) for case in self._of(order)]
        open_ones = {case.case_id: _kept_of(case, order) for case in cases if case.deadline is not None}
        if known != open_ones or len(known) != len(read.cases):
            text = f"{order.order_id} knows {known}, there are {open_ones}"
            self._wrong("an order knows its open cases", text)
        units: Counter[str] = Counter()
        for case in cases:
            if case.deadline is not None:
                units.update(case.units)
        stays = dict(zip(order.line_ids, read.staying, strict=True))
        if any(count > stays[line_id] for line_id, count in units.items()):
            self._wrong("units in cases stay with the member", f"{order.order_id}: {units} of {stays}")
        complaints = sum(each.kind is CaseKind.COMPLAINT for each in read.cases)
        if complaints > COMPLAINTS or len(read.cases) > CASES_OF_ORDER:
            self._wrong("an order has so many open cases at most", f"{order.order_id}: {known}")

    def _counts_its_cases(self, order: Order) -> None:
        """Of each unit there are three cases at most, and the order counts them (A2)."""
        ever: Counter[str] = Counter()
        for case in self._of(order):
            ever.update(self._told.first_units[case.case_id])
        counted = dict(zip(order.line_ids, order.cased or order.none_of_each, strict=True))
        if any(ever[line_id] != counted[line_id] for line_id in order.line_ids):
            self._wrong("an order counts the cases of its units", f"{order.order_id}: {ever}, {counted}")
        for line in order.quote.lines:
            if ever[line.line_id] > line.quantity * CASES_PER_UNIT:
                self._wrong("a unit is in so many cases at most", f"{order.order_id}: {ever}")

    def _denies_what_was_refused(self, order: Order) -> None:
        """What was refused for good, or did not come, is not asked for again in its kind of case (A2, A4)."""
        wanted: dict[str, Counter[str]] = defaultdict(Counter)
        came = {each.case_id: each for each in self._occurrences[order.order_id] if each.case_id}
        for case in (as_of(case, self._now) for case in self._of(order)):
            disputed = any(step.state is CaseState.DISPUTED for step in case.history)
            refused = case.state is CaseState.REFUSED and case.deadline is None
            if refused or (case.state is CaseState.WITHDRAWN and disputed):
                wanted[case.kind].update(case.units)
            elif any(step.state is CaseState.RECEIVED for step in case.history):
                wanted[case.kind].update(Counter(case.units) - Counter(came[case.case_id].units))
        read = cases_as_of(order_life.as_of(order, self._now), self._now)
        denied = {
            kind: +Counter(dict(zip(order.line_ids, units, strict=True)))
            for kind, units in read.denied.items()
        }
        kinds = {*map(str, wanted), *map(str, denied)}
        if any(+wanted.get(kind, Counter()) != denied.get(kind, Counter()) for kind in kinds):
            self._wrong("an order denies what was refused", f"{order.order_id}: {denied}, not {dict(wanted)}")

    def _units_come_back_once(self, order: Order) -> None:
        """No unit comes back twice: what left an order left it some time, and is not more than it had."""
        back: dict[What, Counter[str]] = defaultdict(Counter)
        for each in self._occurrences[order.order_id]:
            back[each.what].update(each.units)
        returned = back[What.UNITS_RETURNED]
        if order.status is not Status.REFUSED:  # then all of it was lost on its way
            returned = returned + back[What.UNITS_REFUNDED]
        for line, gone, left in zip(
            order.quote.lines,
            order.returned or order.none_of_each,
            order.cancelled or order.none_of_each,
            strict=True,
        ):
            if returned[line.line_id] != gone or gone + left > line.quantity:
                text = f"{order.order_id} {line.line_id}: {returned}, {gone} and {left} of {line.quantity}"
                self._wrong("no unit comes back twice", text)

    def _parcel_is_looked_for(self, order: Order, *, at_rest: bool) -> None:
        """A parcel that is late is told to be, once, unless it came or went back before (A11)."""
        told, row = self._told.late[order.order_id], self._late.get(order.order_id)
        days = timedelta(days=self._policy.orders.delivery_late_days)
        name = "a late parcel is told once"
        if told > 1 or (order.late_at is not None and order.status is not Status.SHIPPED):
            self._wrong(name, f"{order.order_id}: {told} times, {order.status} since {order.late_at}")
        if (order.shipped_at is None) is not (row is None):
            self._wrong("a shipment is looked after", f"{order.order_id}: {row}")
        if order.shipped_at is None or row is None:
            return
        if at_rest and "due" in row:
            self._wrong("a parcel is looked for", f"{order.order_id}: {row}")
        looked = self._told.looked.get(order.order_id)
        if looked is None or looked < order.shipped_at + days:
            if told or looked is not None:
                self._wrong(name, f"{order.order_id} was shipped at {order.shipped_at}, looked for {looked}")
            return
        read = order_life.as_of(order, self._now)
        left = read.received_at or read.closed_at
        if told and left is not None and left < order.shipped_at + days - WRITTEN_WITHIN:
            self._wrong(name, f"{order.order_id} was no more on its way from {left} on")
        if not told and (left is None or left > looked + WRITTEN_WITHIN):
            self._wrong(name, f"{order.order_id}: not told, looked for {looked}, there until {left}")

    # --- stock ---

    def _stock_is_where_it_should_be(self) -> None:
        """stock = in - out - held - lost, for every sku (A4, A7)."""
        stock: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        for row in self._catalog:
            sku = stocked_sku_of(row)
            if sku is not None:
                stock[sku] += row["stock"]
            if row["item"].startswith(MOVED) and row["movement_id"].startswith(LOST):
                lost[row["sku"]] -= row["delta"]
                if row["delta"] >= 0:
                    self._wrong(MOVES_SOMETHING, f"{row}")
        held: Counter[str] = Counter()
        for case in self._cases:
            if case.kind is CaseKind.EXCHANGE and case.state in (CaseState.APPROVED, CaseState.SHIPPED_BACK):
                held.update(case.exchanged_for)
        out: Counter[str] = Counter()
        for order in self._orders.values():
            for sku, units in _with_member(order):
                out[sku] += units
                if units < 0:
                    self._wrong("a member holds what stays with them", f"{order.order_id}: {order.exchanged}")
        for sku, came_in in case_acts.STOCK.items():
            found = (stock[sku], came_in, out[sku], held[sku], lost[sku])
            if stock[sku] != came_in - out[sku] - held[sku] - lost[sku]:
                self._wrong("stock is what came in less what is out, held and lost", f"{sku}: {found}")
        counted = sum(sum(order.lost) for order in self._orders.values())
        if counted != lost.total():
            self._wrong("what is lost is a movement", f"{counted} lost, {lost} moved")

    # --- what members have of it ---

    def _settlements_are_what_members_have(self) -> None:
        """Members have the points and the coupons that their complaints were settled with, once each (A9)."""
        points: Counter[str] = Counter()
        coupons: Counter[str] = Counter()
        for case in self._cases:
            if case.settlement is not None:
                points[case.member_id] += case.settlement.points or 0
                coupons[case.member_id] += case.settlement.coupon_id is not None
        for row in self._members:
            if row["item"] == account_rows.WALLET:
                self._has_points(row, points[row["member_id"]])
        entries = [row for row in self._members if row["item"].startswith(account_rows.ENTRY)]
        ids = [row["adjustment_id"] for row in entries]
        settled = sorted(
            ADJUSTED_BY + case.case_id for case in self._cases if case.settlement and case.settlement.points
        )
        kinds = {row["kind"] for row in entries} - {ledger.EntryKind.ADJUST.value}
        if sorted(ids) != settled or kinds:
            self._wrong("points of a complaint are one adjustment", f"{ids}, not {settled}")
        got = Counter(row["member_id"] for row in self._members if row.get("way") == "case")
        if got != +coupons:
            self._wrong("a complaint gives one coupon", f"{got}, not {coupons}")

    def _has_points(self, row: Row, points: int) -> None:
        wallet = account_rows.wallet_of(row)
        has = sum(wallet.available.values()) + wallet.frozen - wallet.debt
        if has != points:
            self._wrong("members have the points of their complaints", f"{row['member_id']}: {has}, {points}")

    def _figures_are_exact(self) -> None:
        """The figures of each month are those of its cases as they were written (A10)."""
        wanted: dict[str, Counter[str]] = defaultdict(Counter)
        for case in self._cases:
            of_month = wanted[f"{case.opened_at.astimezone(self._policy.zone):%Y-%m}"]
            of_month[f"opened_{case.kind}"] += 1
            of_month["overdue"] += bool(case.overdues)
            first = next((step for step in case.history[1:] if step.state in ANSWERS), None)
            if first is not None and first.by is not Actor.MEMBER:
                of_month["answered"] += 1
                of_month["answer_seconds"] += int((first.at - case.opened_at).total_seconds())
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for row in self._life.aws.rows("Cases"):
            if row["case_id"].startswith(FIGURES):
                counted = {name: each for name, each in row.items() if isinstance(each, int)}
                found[row["case_id"].removeprefix(FIGURES)].update(counted)
        for month in {*wanted, *found}:
            if any(wanted[month][name] != found[month][name] for name in wanted[month]):
                self._wrong("figures of cases are exact", f"{month}: {found[month]}, not {wanted[month]}")

    # --- rest ---

    def _count(self) -> None:
        counts = self._life.come.counts
        for case in self._cases:
            counts[f"cases {case.kind} {case.state}{' overdue' * case.overdue}"] += 1
            first = sum(self._told.first_units[case.case_id].values())
            counts["cases that shrank"] += sum(case.units.values()) < first
            for step in case.history:
                if step.by is Actor.DEADLINE or case_acts.ends_with_order(step):
                    counts[f"case {step.state} {step.reason or 'by time'}"] += 1
        for refund in self._refunds:
            if refund.reason == RETURN_SHIPPING:
                counts[f"freight {'by hand' if refund.state is RefundState.MANUAL else 'by provider'}"] += 1
            elif refund.payment_id == NO_PAYMENT:
                counts["refunds that freight left no payment for"] += 1
        for order in self._orders.values():
            counts["orders with others' units"] += bool(order.exchanged)
            counts["units lost"] += sum(order.lost)
        counts["parcels late"] += self._told.late.total()

    def _nothing_waits(self) -> None:
        self._count()
        for case in self._cases:
            if as_of(case, self._now) != case:
                self._wrong("what becomes of a case is written", f"{case.case_id}: {_shown(case)}")
            if case.deadline is not None and not case.overdue:
                self._wrong("cases come to an end, or wait for staff", f"{case.case_id}: {_shown(case)}")


def _kept_of(case: Case, order: Order) -> OpenCase:
    """Return what an order keeps of an open case, by the rules (A5)."""
    units, ends_at = case.units, case.deadline
    silent = case.kind is CaseKind.RETURN and case.state in (CaseState.REQUESTED, CaseState.DISPUTED)
    if silent and ends_at is not None:
        ends_at += timedelta(days=case.send_back_days)
    elif case.state in STAFF_TO_ACT:
        ends_at = None
    return OpenCase(
        case_id=case.case_id,
        kind=case.kind,
        units=tuple(units.get(line_id, 0) for line_id in order.line_ids),
        ends_at=ends_at,
        refused=case.state is CaseState.REFUSED,
    )


def _with_member(order: Order) -> Iterator[tuple[str, int]]:
    """Give the units that an order's member holds, or that were put by for them, by sku (A7)."""
    for line, stays in zip(order.quote.lines, order.staying, strict=True):
        others = order.exchanged.get(line.line_id, {}) if any(order.staying) else {}
        yield line.sku, stays - sum(others.values())
        yield from others.items()


def _shown(case: Case) -> str:
    steps = "; ".join(
        f"{step.at:%m-%d %H:%M:%S} {step.state} by {step.by} {step.operator or ''} {step.reason or ''}"
        for step in case.history
    )
    return f"{case.state} until {case.deadline}, overdue {case.overdue} {case.overdues}: {steps}"
