"""What the outside is told of cases: never a word of what people wrote (A10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.cases.case import Case
from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.orders.events import RefundDue
from functions.platform.bus import Event, MemberEvent


@dataclass(frozen=True, kw_only=True)
class _CaseEvent(MemberEvent):
    case_id: str
    order_id: str
    kind: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CaseOpened(_CaseEvent):
    """A member has asked for something about an order (A1); ``reason`` is one of the codes."""

    reason: str | None


@dataclass(frozen=True, kw_only=True)
class CaseChanged(_CaseEvent):
    """A case has changed its state (A2), ``by`` its member, staff, or a deadline."""

    by: str
    deadline: datetime | None


@dataclass(frozen=True, kw_only=True)
class CaseOverdue(_CaseEvent):
    """Staff have let the deadline of a case pass (A3)."""

    deadline: datetime


def of_change(before: Case | None, after: Case, policy: Policy) -> Iterator[Event]:
    """Give the events of a case's change, in the order in which they happened."""
    zone = policy.zone
    seen = 0 if before is None else len(before.history)
    told: dict[str, Any] = {
        "member_id": after.member_id,
        "case_id": after.case_id,
        "order_id": after.order_id,
        "kind": after.kind.value,
    }
    if before is not None and before.deadline is not None and before.overdues < after.overdues:
        # Whoever acted first after the deadline, a job or staff, has written that it was missed.
        yield CaseOverdue(
            event_id=identifiers.event_id(CaseOverdue.__name__, after.case_id, str(after.overdues)),
            occurred_at=before.deadline.astimezone(zone),
            state=before.state.value,
            deadline=before.deadline.astimezone(zone),
            **told,
        )
    states = [None, *(step.state for step in after.history)]
    for number, step in enumerate(after.history[seen:], start=seen):
        facts = told | {"occurred_at": step.at.astimezone(zone), "state": step.state.value}
        if number == 0:
            reason = None if after.reason is None else after.reason.value
            event_id = identifiers.event_id(CaseOpened.__name__, after.case_id)
            yield CaseOpened(event_id=event_id, reason=reason, **facts)
        elif step.state != states[number]:  # a settlement leaves it where it stands
            last = number + 1 == len(after.history)
            deadline = after.deadline if last else None
            yield CaseChanged(
                event_id=identifiers.event_id(CaseChanged.__name__, after.case_id, str(number)),
                by=step.by.value,
                deadline=None if deadline is None else deadline.astimezone(zone),
                **facts,
            )
    if before is None or before.freight != after.freight:
        yield from _freight(after, policy)


def _freight(case: Case, policy: Policy) -> Iterator[RefundDue]:
    """Give what is due of a case's freight, with no change of its order (A6)."""
    for due in case.freight:
        yield RefundDue(
            event_id=identifiers.event_id(RefundDue.__name__, due.refund_id),
            occurred_at=case.history[-1].at.astimezone(policy.zone),
            member_id=case.member_id,
            order_id=case.order_id,
            amount_fen=due.amount_fen,
            reason="return_shipping",
            payment_id=due.payment_id,
            settled_by="provider" if due.by_provider else "manual",
            refund_id=due.refund_id,
        )
