"""A case: what a member asks for after buying, and all that can become of it (A1, A2, A9).

Cases are immutable here: an event returns the case after it, one version on, or refuses. Who is to act, and
until when, follows from the state; what happens by itself then is :func:`as_of`, whether or not a job has
written it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from functions.domain import identifiers
from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import AfterSalesPolicy

OPEN_CASES_MAX = 10
"""Open cases of one order: all of them close in the transaction in which the order does (A5)."""
CASES_PER_UNIT_MAX = 3
OPEN_COMPLAINTS_MAX = 3


class CaseKind(StrEnum):
    """What a member can ask for."""

    RETURN = "return"
    EXCHANGE = "exchange"
    REFUND_ONLY = "refund_only"
    COMPLAINT = "complaint"


class CaseReason(StrEnum):
    """Why; the policy says for which of them the shop owes the freight of what comes back (A6)."""

    NO_REASON = "no_reason"
    DEFECTIVE = "defective"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    NOT_RECEIVED = "not_received"
    LATE = "late"
    OTHER = "other"


class CaseState(StrEnum):
    """Where a case stands."""

    REQUESTED = "requested"
    """Staff are to answer."""
    APPROVED = "approved"
    """The member is to send the units back."""
    REFUSED = "refused"
    """The member may escalate it, once and for some days; after that it is final."""
    WITHDRAWN = "withdrawn"
    SHIPPED_BACK = "shipped_back"
    """Staff are to receive what was sent."""
    RECEIVED = "received"
    """It has come: the case passes through here and is closed, since nobody is to act any more."""
    DISPUTED = "disputed"
    """Somebody else of the staff than who refused is to decide."""
    ANSWERED = "answered"
    """Of a complaint: it closes some days later, and may be settled until then."""
    CLOSED = "closed"


class CaseStateError(Exception):
    """What was asked for cannot be done with a case as it stands: :func:`case_state` is the refusal."""

    def __init__(self, case: "Case", detail: str | None = None) -> None:
        super().__init__(detail or case.state)
        self.case = case
        self.detail = detail


class Actor(StrEnum):
    """Who changed a case."""

    MEMBER = "member"
    STAFF = "staff"
    DEADLINE = "deadline"
    """Nobody: a deadline passed, or the rules approve it at once (A3)."""


STAFF_ACT = frozenset({CaseState.REQUESTED, CaseState.DISPUTED, CaseState.SHIPPED_BACK})
"""The states in which staff are to act."""
NOT_ANSWERED, NOT_SENT_BACK = "not_answered", "not_sent_back"
"""Why a deadline changes a case."""
RETURNED_DIRECTLY = "returned_directly"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """Units of a line of the order; of an exchange, the sku that each is exchanged for."""

    line_id: str
    quantity: int
    exchange_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of a case: when, by whom, to which state, and why as they said; ``operator`` of the staff."""

    at: datetime
    by: Actor
    state: CaseState
    reason: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """How what a member sends back is found."""

    carrier: str | None = None
    tracking_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a complaint was settled with: points, or a coupon (A9)."""

    points: int | None = None
    template_id: str | None = None
    coupon_id: str | None = None
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreightDue:
    """Freight that is due back: to the payment that it is granted out of, or by hand (A6)."""

    refund_id: str
    amount_fen: int
    by_provider: bool
    payment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a member asks for about an order. ``request`` is the fingerprint of what they sent.

    ``deadline`` is until when whoever is to act in this state acts; a case without one is final.
    ``send_back_days`` is how long the member has to send back, kept from when it was opened (R4). ``overdue``
    says that staff have let the present deadline pass, ``overdues`` counts how often they did.
    """

    case_id: str
    order_id: str
    member_id: str
    kind: CaseKind
    state: CaseState
    lines: tuple[CaseLine, ...]
    reason: CaseReason | None
    text: str | None
    request: str
    opened_at: datetime
    send_back_days: int
    deadline: datetime | None = None
    overdue: bool = False
    overdues: int = 0
    history: tuple[Step, ...] = ()
    version: int = 1
    parcel: Parcel | None = None
    refund_fen: int = 0
    return_shipping_fen: int | None = None
    freight: tuple[FreightDue, ...] = ()
    settlement: Settlement | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything can still become of it."""
        return self.deadline is not None

    @property
    def is_refused(self) -> bool:
        """Whether the last that was decided is a refusal: its units are not asked for again (A2)."""
        return self.state is CaseState.REFUSED or (
            self.state is CaseState.WITHDRAWN
            and any(step.state is CaseState.DISPUTED for step in self.history)
        )

    @property
    def holds_stock(self) -> bool:
        """Whether what its units are exchanged for has been taken from the stock for it (A7)."""
        return self.kind is CaseKind.EXCHANGE and self.state in (CaseState.APPROVED, CaseState.SHIPPED_BACK)

    @property
    def exchanged_for(self) -> Mapping[str, int]:
        """The units of each sku that it is an exchange for."""
        found: dict[str, int] = {}
        for line in self.lines:
            if line.exchange_for is not None:
                found[line.exchange_for] = found.get(line.exchange_for, 0) + line.quantity
        return found

    @property
    def units(self) -> Mapping[str, int]:
        """Its units by their lines. A complaint has none: it only names what it is about."""
        if self.kind is CaseKind.COMPLAINT:
            return {}
        return {line.line_id: line.quantity for line in self.lines}

    @property
    def answer_by(self) -> datetime | None:
        """Until when staff are to act, if they are."""
        return self.deadline if self.state in STAFF_ACT else None

    @property
    def send_back_by(self) -> datetime | None:
        """Until when the member is to send back, if they are (``shipment``)."""
        return self.deadline if self.state is CaseState.APPROVED else None

    @property
    def escalate_by(self) -> datetime | None:
        """Until when the member may escalate a refusal."""
        return self.deadline if self.state is CaseState.REFUSED else None

    @property
    def due_at(self) -> datetime | None:
        """When something happens to it by itself, if nobody acts before."""
        return None if self.overdue else self.deadline

    @property
    def ends_at(self) -> datetime | None:
        """When it comes to an end by itself if nobody acts, None for never (A2).

        Staff who stay silent approve a return, and a member who sends nothing back closes it.
        """
        if self.state in STAFF_ACT:
            if self.deadline is None or not _is_approved_by_silence(self):
                return None
            return self.deadline + timedelta(days=self.send_back_days)
        return self.deadline

    def no_earlier(self, moment: datetime) -> datetime:
        """Return a moment, or that of the latest step: what waited for another change comes after it."""
        return max(moment, self.history[-1].at)

    @property
    def refused_by(self) -> str | None:
        """Which of the staff has refused it."""
        return next((step.operator for step in self.history if step.state is CaseState.REFUSED), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """What an order's row keeps of an open case: the units that it has, line by line (A5).

    ``ends_at`` is when it ends by itself; ``refused`` that its units count as refused from then on.
    """

    case_id: str
    kind: CaseKind
    units: tuple[int, ...]
    ends_at: datetime | None = None
    refused: bool = False


def case_id(order_id: str, request_id: str) -> str:
    """Return the id of the case that is opened under this request: ``cas_`` and 26 characters (A1)."""
    return "cas_" + identifiers.fingerprint("case", order_id, request_id).partition("_")[2]


def opened(case: Case, policy: AfterSalesPolicy, *, approved: bool, closed: bool = False) -> Case:
    """Return a case as it begins: requested, and at once approved (A3), or closed as well (A1)."""
    at = case.opened_at
    hours = policy.dispute_hours if case.kind is CaseKind.COMPLAINT else policy.answer_hours
    begun = replace(
        case,
        state=CaseState.REQUESTED,
        deadline=at + timedelta(hours=hours),
        history=(Step(at=at, by=Actor.MEMBER, state=CaseState.REQUESTED),),
    )
    if not approved:
        return begun
    by = Actor.MEMBER if closed else Actor.DEADLINE
    after = _step(begun, CaseState.APPROVED, at, by, deadline=at + timedelta(days=case.send_back_days))
    if closed:
        after = _step(after, CaseState.CLOSED, at, by)
    return replace(after, version=1)


def as_of(case: Case, now: datetime) -> Case:
    """Return the case as it reads at this moment, whether or not a job has written it (A2).

    Staff who stay silent approve a return, since nothing moves until the goods arrive; all else of theirs
    is overdue. A member who does not send back, or does not escalate, lets it end.
    """
    while case.due_at is not None and now >= case.due_at:
        at = case.due_at
        if case.state in STAFF_ACT:
            if not _is_approved_by_silence(case):
                return replace(case, overdue=True, overdues=case.overdues + 1, version=case.version + 1)
            sends_until = at + timedelta(days=case.send_back_days)
            case = _step(
                case, CaseState.APPROVED, at, Actor.DEADLINE, reason=NOT_ANSWERED, deadline=sends_until
            )
        elif case.state is CaseState.REFUSED:
            return replace(case, deadline=None, version=case.version + 1)
        else:
            why = NOT_SENT_BACK if case.state is CaseState.APPROVED else None
            case = _step(case, CaseState.CLOSED, at, Actor.DEADLINE, reason=why)
    return case


def approve(case: Case, *, operator: str, now: datetime) -> Case:
    """Return the case after staff approved it; one that asks for money only is closed with that (A4).

    Raises
    ------
    CaseStateError
        It is not to be decided on.
    ConflictError
        ``other_operator_needed``: who refused it does not decide again.
    """
    if case.kind is CaseKind.COMPLAINT:
        raise CaseStateError(case, "A complaint is answered.")
    _require(case, CaseState.REQUESTED, CaseState.DISPUTED)
    _require_other(case, operator)
    sends_until = now + timedelta(days=case.send_back_days)
    after = _step(case, CaseState.APPROVED, now, Actor.STAFF, operator=operator, deadline=sends_until)
    if case.kind is CaseKind.REFUND_ONLY:
        after = _step(after, CaseState.CLOSED, now, Actor.STAFF, operator=operator)
    return _one_on(case, after)


def refuse(case: Case, policy: AfterSalesPolicy, *, reason: str, operator: str, now: datetime) -> Case:
    """Return the case after staff refused it: for the first time the member may escalate that (A2).

    Raises
    ------
    CaseStateError
        It is not to be decided on.
    ConflictError
        ``other_operator_needed``.
    """
    if case.kind is CaseKind.COMPLAINT:
        raise CaseStateError(case, "A complaint is answered.")
    _require(case, CaseState.REQUESTED, CaseState.DISPUTED)
    _require_other(case, operator)
    until = now + timedelta(days=policy.escalate_days) if case.state is CaseState.REQUESTED else None
    return _step(case, CaseState.REFUSED, now, Actor.STAFF, reason=reason, operator=operator, deadline=until)


def withdraw(case: Case, *, now: datetime) -> Case:
    """Return the case after its member withdrew it, which they can until they send back (A2).

    Raises
    ------
    CaseStateError
        It does not stand so.
    """
    _require(case, CaseState.REQUESTED, CaseState.APPROVED, CaseState.DISPUTED)
    return _step(case, CaseState.WITHDRAWN, now, Actor.MEMBER)


def send_back(case: Case, policy: AfterSalesPolicy, *, parcel: Parcel, now: datetime) -> Case:
    """Return the case after its member said that the units are on their way (A2); said again, corrected.

    Raises
    ------
    CaseStateError
        It does not stand so.
    """
    if case.state is CaseState.SHIPPED_BACK:
        return replace(case, parcel=parcel, version=case.version + 1)
    _require(case, CaseState.APPROVED)
    until = now + timedelta(days=policy.receive_days)
    after = _step(case, CaseState.SHIPPED_BACK, now, Actor.MEMBER, deadline=until)
    return replace(after, parcel=parcel)


def escalate(case: Case, policy: AfterSalesPolicy, *, reason: str | None, now: datetime) -> Case:
    """Return the case after its member asked that somebody else decides about a refusal, once (A2).

    Raises
    ------
    CaseStateError
        It is not refused, or the days for it have passed.
    """
    if case.state is not CaseState.REFUSED or case.deadline is None:
        raise CaseStateError(case)
    until = now + timedelta(hours=policy.dispute_hours)
    return _step(case, CaseState.DISPUTED, now, Actor.MEMBER, reason=reason, deadline=until)


def receive(case: Case, *, reason: str | None, operator: str, now: datetime) -> Case:
    """Return the case after staff received units: nobody is to act any more, so it is closed (A4).

    Raises
    ------
    CaseStateError
        The member has nothing to send back, or it is closed.
    """
    _require(case, CaseState.APPROVED, CaseState.SHIPPED_BACK)
    after = _step(case, CaseState.RECEIVED, now, Actor.STAFF, reason=reason, operator=operator)
    return _one_on(case, _step(after, CaseState.CLOSED, now, Actor.STAFF, operator=operator))


def answer(case: Case, policy: AfterSalesPolicy, *, text: str, operator: str, now: datetime) -> Case:
    """Return the complaint after staff answered it; it closes some days later.

    Raises
    ------
    CaseStateError
        It does not stand so.
    """
    if case.kind is not CaseKind.COMPLAINT:
        raise CaseStateError(case, "Only a complaint is answered.")
    _require(case, CaseState.REQUESTED)
    until = now + timedelta(days=policy.closing_days)
    return _step(case, CaseState.ANSWERED, now, Actor.STAFF, reason=text, operator=operator, deadline=until)


def settle(case: Case, settlement: Settlement, *, reason: str, operator: str, now: datetime) -> Case:
    """Return the complaint after it was settled, once (A9); where it stands stays as it is.

    Raises
    ------
    CaseStateError
        It is no complaint that is open.
    ConflictError
        ``case_settled``: it was, with something else.
    """
    if case.kind is not CaseKind.COMPLAINT:
        raise CaseStateError(case, "Only a complaint is settled.")
    if case.settlement is not None:
        raise ConflictError("case_settled", "The complaint has been settled.")
    _require(case, CaseState.REQUESTED, CaseState.ANSWERED)
    told = Step(at=now, by=Actor.STAFF, state=case.state, reason=reason, operator=operator)
    return replace(case, settlement=settlement, history=(*case.history, told), version=case.version + 1)


def close(case: Case, *, by: Actor, reason: str, now: datetime) -> Case:
    """Return an open case that ends with its order, or with its last unit (A5)."""
    return _step(case, CaseState.CLOSED, now, by, reason=reason)


def with_units(case: Case, units: Mapping[str, int], *, by: Actor, reason: str, now: datetime) -> Case:
    """Return the case with these units of its lines only; without any it is closed (A5)."""
    lines = tuple(
        replace(line, quantity=units[line.line_id]) for line in case.lines if units.get(line.line_id)
    )
    if not lines:
        return close(case, by=by, reason=reason, now=now)
    return replace(case, lines=lines, version=case.version + 1)


def has_just(case: Case, *states: CaseState, by: Actor, operator: str | None = None) -> bool:
    """Tell whether the latest that somebody did with a case was this: then it is a repeat (R1)."""
    steps = case.history[len(case.history) - len(states) :]
    told = tuple(step.state for step in steps) == states
    return told and all(step.by is by and step.operator == operator for step in steps)


def case_state(case: Case, zone: ZoneInfo, detail: str | None = None) -> ConflictError:
    """Return the refusal of what cannot be done with a case as it stands, with its deadline (A2)."""
    deadline = case.deadline and case.deadline.astimezone(zone).isoformat(timespec="seconds")
    return ConflictError(
        "case_state", detail or f"The case is {case.state}.", state=case.state.value, deadline=deadline
    )


def check_lines(kind: CaseKind, *, has_lines: bool, whole: bool) -> None:
    """Refuse lines where a case is about the whole order, and a case about none (A1).

    Raises
    ------
    InvalidError
        ``case_lines``.
    """
    if kind is CaseKind.COMPLAINT:
        return
    if whole and has_lines:
        raise InvalidError("case_lines", "The case is about the whole order: name no lines.")
    if not whole and not has_lines:
        raise InvalidError("case_lines", "Name the lines that the case is about.")


def open_case(case: Case, line_ids: tuple[str, ...]) -> OpenCase | None:
    """Return what the order keeps of a case, None once it is over."""
    if not case.is_open:
        return None
    units = case.units
    return OpenCase(
        case_id=case.case_id,
        kind=case.kind,
        units=tuple(units.get(line_id, 0) for line_id in line_ids),
        ends_at=case.ends_at,
        refused=case.state is CaseState.REFUSED,
    )


def _is_approved_by_silence(case: Case) -> bool:
    return case.kind is CaseKind.RETURN and case.state in (CaseState.REQUESTED, CaseState.DISPUTED)


def _require(case: Case, *states: CaseState) -> None:
    if case.state not in states:
        raise CaseStateError(case)


def _require_other(case: Case, operator: str) -> None:
    if case.state is CaseState.DISPUTED and case.refused_by == operator:
        raise ConflictError("other_operator_needed", "Somebody else than who refused decides.")


def _step(
    case: Case,
    state: CaseState,
    at: datetime,
    by: Actor,
    *,
    reason: str | None = None,
    operator: str | None = None,
    deadline: datetime | None = None,
) -> Case:
    told = Step(at=at, by=by, state=state, reason=reason, operator=operator)
    return replace(
        case,
        state=state,
        deadline=deadline,
        overdue=False,
        history=(*case.history, told),
        version=case.version + 1,
    )


def _one_on(before: Case, after: Case) -> Case:
    """Return a case that made several steps at once as one version on."""
    return replace(after, version=before.version + 1)
