"""What members and staff do about cases in a random life, one invocation each (A1-A9), and what that writes.

Acts mostly fit where a case stands, and now and then do not. What the tables' streams say of cases is kept
here, for the laws to be checked by.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from functions.aftersales import events
from functions.aftersales.case_book import Asked, Received
from functions.aftersales.timetable import FOLLOW_CASES
from functions.cases.case import Case, CaseKind, CaseReason, CaseState, Parcel, Settlement, Step, as_of
from functions.cases.rows import CASE, case_of
from functions.orders import events as order_events
from functions.orders import life as order_life
from functions.orders.events import DeliveryLate
from functions.orders.order import CLOSED, Order, Status
from functions.orders.rows import LATE, ORDER, late_row, order_of
from functions.orders.timetable import LOOK_FOR_PARCELS
from functions.platform.bus import Event
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Transaction, from_item

if TYPE_CHECKING:
    from tests.simulation.payment_lives import Life

Json = dict[str, Any]
Act = Callable[[], Any]
PRODUCTS = {"tea": 6_667, "cup": 9_950, "pin": 320, "art": 60_050, "mug": 9_950}
"""Prices in fen: some orders cost more than one person may assign (Y4). A cup can be exchanged for a mug."""
EXCHANGED = "mug"
STOCK = dict.fromkeys(PRODUCTS, 1_000) | {EXCHANGED: 5}
"""Units that a life begins with; mugs run out."""
ASKED_BACK = "art"
"""What cannot be sent back without a reason (A3)."""
OPERATORS = ("sal", "sid")
TEMPLATE, OTHER_TEMPLATE = "sorry", "welcome"
"""A template of coupons that are for complaints, and one that is not."""
JOBS = (FOLLOW_CASES, LOOK_FOR_PARCELS)
CASES_MAX = 24
"""Cases of a life: more tell nothing new, and a life is to be short."""
FAR = timedelta(days=12)
"""How far a life moves on to a deadline of a case."""
STAFF_FITS: Mapping[CaseState, tuple[str, ...]] = {
    CaseState.REQUESTED: (*("approve",) * 5, *("refuse",) * 4),
    CaseState.DISPUTED: ("approve", "approve", "approve", "refuse", "refuse"),
    CaseState.APPROVED: ("receive",),
    CaseState.SHIPPED_BACK: ("receive",) * 5,
}
MEMBER_FITS: Mapping[CaseState, tuple[str, ...]] = {
    CaseState.REQUESTED: ("withdraw",),
    CaseState.APPROVED: (*("send_back",) * 5, "withdraw"),
    CaseState.SHIPPED_BACK: ("send_back",),
    CaseState.REFUSED: ("escalate", "escalate", "escalate"),
    CaseState.DISPUTED: ("withdraw",),
}
OF_COMPLAINTS: Mapping[CaseState, tuple[str, ...]] = {
    CaseState.REQUESTED: (*("answer",) * 4, "settle", "settle", "withdraw"),
    CaseState.ANSWERED: ("settle", "settle"),
}
ALL = ("approve", "refuse", "receive", "answer", "settle", "withdraw", "send_back", "escalate")


@dataclass
class Told:
    """What the streams said of cases and parcels."""

    events: Counter[str] = field(default_factory=Counter)
    """How often each event was told, by its id; each record is read once."""
    of_case: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    late: Counter[str] = field(default_factory=Counter)
    """How often it was told of an order that its parcel is late."""
    looked: dict[str, datetime] = field(default_factory=dict)
    """When it was written that a parcel had been looked for."""
    first_units: dict[str, Mapping[str, int]] = field(default_factory=dict)
    """The units that a case was opened about."""
    refunded: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """What a change of an order gave back, by the order and its version after it."""
    cancelled_at: dict[str, int] = field(default_factory=dict)
    """With which version an order was cancelled."""


OF_RECEIVED = (
    *(CaseKind.RETURN,) * 5,
    *(CaseKind.EXCHANGE,) * 6,
    CaseKind.REFUND_ONLY,
    CaseKind.REFUND_ONLY,
    CaseKind.COMPLAINT,
)
"""What is asked for about what has been received, as often as it stands here."""


class CaseActs:
    """The acts about cases in a life, and what the streams told of them."""

    def __init__(self, life: "Life") -> None:
        """Begin with no case."""
        self.life = life
        self.told = Told()
        self.asked: list[tuple[str, Asked]] = []
        """Who asked for what, to ask for it again."""
        self.jobs_sleep = False
        """Whether the jobs on cases are late."""
        self._focus: str | None = None
        self._read: dict[str, tuple[Json, Case]] = {}

    @property
    def _book(self) -> Any:
        return self.life.programme.cases

    # --- what there is ---

    def all(self) -> list[Case]:
        """Return all cases as they were last written."""
        return [self._case_of(item) for item in self.life.aws.items("Cases") if item["item"]["S"] == CASE]

    def _case_of(self, item: Json) -> Case:
        known = self._read.get(item["case_id"]["S"])
        if known is None or known[0] is not item:  # a row is never changed, only put anew
            known = self._read[item["case_id"]["S"]] = item, case_of(from_item(item))
        return known[1]

    def goes_on_to(self) -> float | None:
        """Return a moment that matters to a case or a parcel, which acts are about from then on."""
        now, chance = self.life.aws.time.now(), self.life.chance
        found: list[tuple[datetime, str | None]] = [
            (read.deadline, read.case_id)
            for read in (as_of(case, now) for case in self.all())
            if read.deadline
        ]
        for order in map(self.life._order, self.life.orders):
            if order is not None and order.status is Status.SHIPPED and order.shipped_at is not None:
                found += [(order.shipped_at + timedelta(days=days), None) for days in (3, 10)]
        ahead = sorted((each for each in found if now < each[0] < now + FAR), key=lambda each: each[0])
        if not ahead:
            return None
        at, self._focus = chance.choice((ahead[0], ahead[0], chance.choice(ahead)))
        return at.timestamp() + chance.choice((-2, -1, 0, 0, 1, 600))

    def due(self) -> list[Json]:
        """Return the rows of cases that are due at this moment."""
        if self.jobs_sleep:
            return []
        now = self.life.aws.time.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return [row for row in self.life.aws.items("Cases") if "due" in row and row["due_at"]["S"] <= now]

    # --- what the streams say ---

    def on_change(self, table: str, record: Json) -> None:
        """Read a record as whoever publishes it does, once, and note what it says."""
        change = record["dynamodb"]
        after = from_item(change["NewImage"])
        before = from_item(change["OldImage"]) if "OldImage" in change else None
        if table == "Cases" and after["item"] == CASE:
            self._case_changed(None if before is None else case_of(before), case_of(after))
        elif table == "Orders" and after["item"] == ORDER:
            self._order_changed(None if before is None else order_of(before), order_of(after))
        elif table == "Orders" and after["item"] == LATE and before is not None:
            self.told.looked[after["order_id"]] = self.life.aws.time.now()

    def _case_changed(self, before: Case | None, after: Case) -> None:
        if before is None:
            self.told.first_units[after.case_id] = after.units
        else:
            self._check_change(before, after)
        for event in events.of_change(before, after, self.life.programme.policy):
            self.told.events[event.event_id] += 1
            self.told.of_case[after.case_id].append(event)

    def _check_change(self, before: Case, after: Case) -> None:
        case_id, seen = after.case_id, len(before.history)
        if not before.is_open:
            self.life._wrong("a final case never changes again", f"{case_id}: {before} became {after}")
        if after.history[:seen] != before.history:
            self.life._wrong("what happened to a case stays", f"{case_id}: {before} became {after}")
        if after.version != before.version + 1:
            self.life._wrong("each write of a case is one version", f"{case_id}: {after.version}")
        if before.settlement not in (None, after.settlement) or before.freight not in ((), after.freight):
            self.life._wrong("what a case has given stays", f"{case_id}: {before} became {after}")

    def _order_changed(self, before: Order | None, after: Order) -> None:
        if before is None:
            return
        self.told.refunded[after.order_id][after.version] = after.refunded_fen - before.refunded_fen
        if after.status is Status.CANCELLED is not before.status:
            self.told.cancelled_at[after.order_id] = after.version
        at, policy = self.life.aws.time.now(), self.life.programme.policy
        for event in order_events.of_change(before, after, policy, at):
            if isinstance(event, DeliveryLate):
                self.told.late[after.order_id] += 1

    # --- acts ---

    def also_of_shipment(self, transaction: Transaction, before: Order, after: Order) -> None:
        """Add to a shipment what the route adds to it (A11)."""
        policy, book = self.life.programme.policy, self.life.book.orders
        if before.shipped_at is None and after.shipped_at is not None:
            row = late_row(after, policy.orders.delivery_late_days)
            transaction.put_new(book.orders_table, row)

    def act(self) -> Act | None:
        """Have somebody do something about a case, or open one."""
        chance, cases = self.life.chance, self.all()
        focused = [case for case in cases if case.case_id == self._focus]
        if focused and chance.random() < 0.5:
            return self._something(focused[0])
        if not cases or (len(cases) < CASES_MAX and chance.random() < 0.4):
            return self._open()
        still = [case for case in cases if case.is_open]
        case = chance.choice(still if still and chance.random() < 0.92 else cases)
        self._focus = case.case_id
        return self._something(case)

    def meeting(self) -> list[Act]:
        """Have several do something about one case at once: staff, its member, and the job."""
        chance = self.life.chance
        case = next((case for case in self.all() if case.case_id == self._focus), None)
        if case is None or not case.is_open:
            return []
        acts = [self._something(case) for _ in range(chance.choice((1, 2, 2)))]
        if chance.random() < 0.5:
            acts.append(self.life._fires(FOLLOW_CASES))
        return [act for act in acts if act is not None]

    def about(self, order: Order) -> Act | None:
        """Go on with an order as somebody does who is not content with it."""
        chance = self.life.chance
        still = [case for case in self.all() if case.order_id == order.order_id and case.is_open]
        if still and chance.random() < 0.7:
            return self._something(chance.choice(still))
        return self._open(order)

    def _something(self, case: Case) -> Act | None:
        chance = self.life.chance
        read = as_of(case, self.life.aws.time.now())
        if read.kind is CaseKind.COMPLAINT:
            fitting = OF_COMPLAINTS.get(read.state, ())
            if read.settlement is not None and chance.random() < 0.8:
                fitting = tuple(name for name in fitting if name != "settle")
        else:
            fitting = STAFF_FITS.get(read.state, ()) + MEMBER_FITS.get(read.state, ())
        if chance.random() < 0.08:
            fitting = ALL
        if not fitting:
            return None
        name = chance.choice(fitting)
        call: Callable[[Case], Callable[[datetime, Deadline], Case]] = getattr(self, f"_{name}")
        return self._done(name, case, call(case))

    def _done(self, name: str, case: Case, call: Callable[[datetime, Deadline], Case]) -> Act:
        self.life.log(f"{name} {case.kind} {case.case_id} of {case.order_id}")

        def act(deadline: Deadline) -> Case:
            answered = call(self.life.aws.time.now(), deadline)
            self.life.come.counts[f"case {name}"] += 1
            return answered

        return self.life._request(name, act)

    def _operator(self) -> str:
        return self.life.chance.choice(OPERATORS)

    def _owner(self, case: Case) -> str:
        others = ("ann", "bob")
        return case.member_id if self.life.chance.random() < 0.97 else self.life.chance.choice(others)

    def _approve(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        operator = self._operator()
        return lambda now, deadline: self._book.approve(
            case.case_id, operator=operator, now=now, deadline=deadline
        )

    def _refuse(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        operator = self._operator()
        return lambda now, deadline: self._book.refuse(
            case.case_id, reason="used", operator=operator, now=now, deadline=deadline
        )

    def _receive(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        """All came, or less, or others, with the freight that the policy says, or another."""
        chance, operator = self.life.chance, self._operator()
        units: Mapping[str, int] | None = None
        if chance.random() < 0.45:
            units = {line: chance.randint(0, count) for line, count in case.units.items()}
            order = self.life._order(case.order_id)
            if order is not None and chance.random() < 0.4:
                units = {line: chance.randint(0, count) for line, count in self._staying(order).items()}
            units = {line: count for line, count in units.items() if count}
        received = Received(
            units=None if units is None else {},
            by_line=units or {},
            reason="not all of it" if chance.random() < 0.85 else None,
            return_shipping_fen=chance.choice((None, None, 0, 700, 3_000, 3_001)),
        )
        return lambda now, deadline: self._book.receive(
            case.case_id, received, operator=operator, now=now, deadline=deadline
        )

    def _answer(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        operator = self._operator()
        return lambda now, deadline: self._book.answer(
            case.case_id, text="We are sorry.", operator=operator, now=now, deadline=deadline
        )

    def _settle(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        chance, operator = self.life.chance, self._operator()
        settlement = Settlement(points=chance.choice((1, 300, 300, 1_000, 1_001)))
        if chance.random() < 0.4:
            template_id = TEMPLATE if chance.random() < 0.9 else OTHER_TEMPLATE
            settlement = Settlement(template_id=template_id)
        return lambda now, deadline: self._book.settle(
            case.case_id,
            settlement,
            reason="sorry",
            operator=operator,
            without_limit=False,
            now=now,
            deadline=deadline,
        )

    def _withdraw(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        return partial(self._by_member, self._book.withdraw, case, self._owner(case))

    def _send_back(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        parcel = Parcel(tracking_no=self.life.chance.choice((None, "SF1", "SF2")))
        return partial(self._by_member, partial(self._parcel, parcel), case, self._owner(case))

    def _parcel(self, parcel: Parcel, case_id: str, **about: Any) -> Case:
        sent: Case = self._book.send_back(case_id, parcel, **about)
        return sent

    def _escalate(self, case: Case) -> Callable[[datetime, Deadline], Case]:
        return partial(self._by_member, self._argued, case, self._owner(case))

    def _argued(self, case_id: str, **about: Any) -> Case:
        disputed: Case = self._book.escalate(case_id, "it is broken", **about)
        return disputed

    @staticmethod
    def _by_member(
        act: Callable[..., Case], case: Case, member_id: str, now: datetime, deadline: Deadline
    ) -> Case:
        return act(case.case_id, member_id=member_id, now=now, deadline=deadline)

    # --- opening ---

    def _open(self, order: Order | None = None) -> Act | None:
        chance = self.life.chance
        order = order or self._some_order()
        if order is None:
            return None
        if self.asked and chance.random() < 0.1:
            member_id, asked = chance.choice(self.asked)
        else:
            member_id, asked = order.member_id, self._wanted(order)
            if chance.random() < 0.03:
                member_id = "cy"
            self.asked.append((member_id, asked))
        self.life.log(f"{member_id} asks for {asked.kind} of {asked.order_id}: {dict(asked.by_line)}")

        def act(deadline: Deadline) -> Case:
            now = self.life.aws.time.now()
            case: Case = self._book.open(asked, member_id=member_id, now=now, deadline=deadline)
            self.life.come.counts[f"case opened {case.kind}"] += 1
            self._focus = case.case_id
            return case

        return self.life._request("open", act)

    def _some_order(self) -> Order | None:
        """Return an order, mostly one of which something is left."""
        chance = self.life.chance
        orders = [order for order in map(self.life._order, self.life.orders) if order is not None]
        fitting = [order for order in orders if order.paid_at is not None and order.status not in CLOSED]
        if fitting and chance.random() < 0.92:
            return chance.choice(fitting)
        return chance.choice(orders) if orders and (fitting or chance.random() < 0.15) else None

    def _wanted(self, order: Order) -> Asked:
        chance = self.life.chance
        status = order_life.as_of(order, self.life.aws.time.now()).status
        kinds: Sequence[CaseKind] = {
            Status.PAID: (CaseKind.REFUND_ONLY, CaseKind.COMPLAINT, CaseKind.COMPLAINT, CaseKind.RETURN),
            Status.SHIPPED: (CaseKind.REFUND_ONLY, CaseKind.REFUND_ONLY, CaseKind.COMPLAINT),
            Status.RECEIVED: OF_RECEIVED,
        }.get(status, (CaseKind.COMPLAINT,))
        if chance.random() < 0.05:
            kinds = tuple(CaseKind)
        kind = chance.choice(kinds)
        units = {} if kind is CaseKind.COMPLAINT and chance.random() < 0.7 else self._units(order)
        if (
            kind is CaseKind.REFUND_ONLY
            and status in (Status.PAID, Status.SHIPPED)
            and chance.random() < 0.95
        ):
            units = {}
        reasons = (
            (CaseReason.NO_REASON, CaseReason.DEFECTIVE) if kind is CaseKind.RETURN else tuple(CaseReason)
        )
        request_id = self.life._name("q")
        of_order = [asked for _, asked in self.asked if asked.order_id == order.order_id]
        if of_order and chance.random() < 0.03:
            request_id = chance.choice(of_order).request_id
        by_sku = chance.random() < 0.3
        return Asked(
            order_id=order.order_id,
            request_id=request_id,
            kind=kind,
            reason=chance.choice(reasons),
            text="It is broken." if chance.random() < 0.3 else None,
            units=units if by_sku else {},
            by_line={} if by_sku else units,
            exchange_for=self._instead(units) if kind is CaseKind.EXCHANGE else {},
        )

    def _staying(self, order: Order) -> Mapping[str, int]:
        return dict(zip(order.line_ids, order.staying, strict=True))

    def _units(self, order: Order) -> Mapping[str, int]:
        chance, stays = self.life.chance, self._staying(order)
        more = int(chance.random() < 0.04)
        lines = [line for line, count in stays.items() if count] or list(stays)
        some = lines if chance.random() < 0.25 else [chance.choice(lines)]
        return {line: chance.randint(1, max(1, stays[line] + more)) for line in some}

    def _instead(self, units: Mapping[str, int]) -> Mapping[str, str]:
        """Of a cup mostly a mug is wanted, which costs as much, and is rare; seldom what costs another."""
        chance, wanted = self.life.chance, {}
        for line in units:
            if line in ("cup", "mug") and chance.random() < 0.75:
                wanted[line] = "mug" if line == "cup" else "cup"
            elif chance.random() < 0.06:
                wanted[line] = "pin"
        return wanted


def ends_with_order(step: Step) -> bool:
    """Tell whether a case was closed since its order, or its last unit, was gone (A5)."""
    reason = step.reason or ""
    return step.state is CaseState.CLOSED and (reason.startswith("order_") or reason == "returned_directly")


def looked_at(rows: Sequence[Row]) -> Mapping[str, Row]:
    """Return the rows of parcels that somebody is to look for, by their orders."""
    return {row["order_id"]: row for row in rows if row["item"] == LATE}
