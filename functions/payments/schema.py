"""What the routes of payments take and answer."""

from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import Field, StringConstraints

from functions.domain.identifiers import ORDER_ID
from functions.domain.policy import Policy
from functions.orders.order import provider_of
from functions.orders.schema import PaidThrough, RefundStands
from functions.payments.attempts import Attempt
from functions.payments.differences import Difference, DifferenceKind, Side, Statement, StatementState
from functions.payments.listing import Day
from functions.payments.providers.provider import DEFAULT, Action, ActionKind
from functions.payments.rows import Because, Decided, Unassigned
from functions.platform.shapes import Answer, CallerId, Printable, Request, StoreTime
from functions.refunds.refund import Refund

PAYMENT_ID = r"[a-z]{2,20}:[A-Za-z0-9_-]{1,100}"
METHOD = r"^[a-z][a-z0-9_]{0,31}$"
PAYER_CHARACTERS_MAX = 128
REFUND_ID = r"ref_[a-z2-7]{26}_(c[0-9]{5}|[fmp][a-z2-7]{26}|u)"
Reason = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]
ProviderName = Literal["wechatpay", "alipay", "stripe"]


class AttemptRequest(Request):
    """How a member wants to pay; ``payer`` is who they are at the provider, where a method needs it."""

    provider: ProviderName
    method: Annotated[str, StringConstraints(pattern=METHOD)] = DEFAULT
    payer: Annotated[str, StringConstraints(pattern=rf"^[!-~]{{1,{PAYER_CHARACTERS_MAX}}}$")] | None = Field(
        default=None,
        description="Who pays, as the provider knows them, such as an openid; not kept. Where that is the "
        "address of the shopper's device, it need not be named by the device itself.",
    )


class ActionAnswer(Answer):
    """What the shopper's device does: show ``value`` as a QR code, go there, or hand it to the SDK."""

    kind: ActionKind
    value: str | dict[str, str]


class AttemptAnswer(Answer):
    """An attempt that can be paid until ``expires_at``."""

    attempt_id: str
    provider: ProviderName
    method: str
    amount_fen: int
    expires_at: StoreTime
    action: ActionAnswer


class AssignmentRequest(Request):
    """The order that money is for."""

    order_id: Annotated[str, StringConstraints(pattern=f"^{ORDER_ID}$")]


class ByHandAnswer(Answer):
    """Who has paid a refund back outside the suite, when, why, and where that is written."""

    reason: str
    reference: str
    operator: str
    at: StoreTime


class BackRequest(Request):
    """Why money goes back."""

    reason: Reason


class ByHandRequest(Request):
    """That a refund has been paid back outside the suite: why, and where that is written."""

    reason: Reason
    reference: CallerId


class RefundAnswer(Answer):
    """Money that is due back, and what became of it; ``amount`` is in minor units of ``currency``."""

    refund_id: str
    order_id: str | None
    payment_id: str
    provider: PaidThrough
    amount: int
    currency: str
    reason: str
    state: RefundStands
    because: str | None
    made_at: StoreTime
    by_hand: ByHandAnswer | None


class UnassignedAnswer(Answer):
    """Money that is no order's; ``amount`` is in minor units of ``currency``, where both are known.

    ``number`` is what the provider calls the attempt that was paid. Of so much money that two people decide,
    ``proposed_by`` is who was the first to say that it is for the order.
    """

    payment_id: str
    provider: ProviderName
    because: Because
    amount: int | None
    currency: str | None
    number: str | None
    noticed_at: StoreTime
    provider_at: StoreTime | None
    state: Decided
    order_id: str | None
    proposed_by: str | None
    decided_by: str | None
    decided_at: StoreTime | None
    refund_id: str | None
    reason: str | None


class PaymentSide(Answer):
    """What one side has of a payment or a refund; ``amount`` is in minor units of ``currency``."""

    amount: int | None
    currency: str | None
    state: str | None


class PaymentDifference(Answer):
    """What a provider's statement and we do not agree on.

    ``number`` is what it was matched by: the provider's number of a payment, ours of what was sent back, or
    the provider's where it names none of ours. The side on which it is missing is null. A statement that was
    not there by 18:00, or that is damaged, is a difference itself; ``because`` says what is wrong with a
    damaged one's ``line``.
    """

    kind: DifferenceKind
    provider: ProviderName
    entry: Literal["payment", "refund"] | None
    payment_id: str | None
    number: str | None
    ours: PaymentSide | None
    theirs: PaymentSide | None
    line: int | None
    because: str | None


class PaymentStatement(Answer):
    """How a provider's statement of a day stands.

    ``lines`` are those of payments and refunds, ``apart`` the others, such as fees and payouts. The sums are
    of lines in CNY; ``foreign`` counts those in other currencies.
    """

    provider: ProviderName
    state: StatementState
    lines: int
    apart: int
    foreign: int
    payments_fen: int
    refunds_fen: int
    fees_fen: int
    at: StoreTime


class PaymentDifferences(Answer):
    """A page of a day's differences, the statements of the day, and the cursor of the next page."""

    date: date
    items: list[PaymentDifference]
    statements: list[PaymentStatement]
    next_cursor: str | None


def attempt_answer(attempt: Attempt, action: Action, policy: Policy) -> AttemptAnswer:
    """Show an attempt with what the device needs."""
    value = action.value if isinstance(action.value, str) else dict(action.value)
    told: dict[str, Any] = {
        "provider": attempt.provider,
        "expires_at": attempt.ends_at.astimezone(policy.zone),
    }
    return AttemptAnswer(
        attempt_id=attempt.attempt_id,
        method=attempt.method,
        amount_fen=attempt.amount_fen,
        action=ActionAnswer(kind=action.kind, value=value),
        **told,
    )


def unassigned_answer(money: Unassigned, policy: Policy) -> UnassignedAnswer:
    """Show money that is, or was, no order's."""
    zone = policy.zone
    told: dict[str, Any] = {"provider": money.provider}
    return UnassignedAnswer(
        payment_id=money.payment_id,
        because=money.because,
        amount=money.amount,
        currency=money.currency,
        number=money.number,
        noticed_at=money.noticed_at.astimezone(zone),
        provider_at=money.provider_at and money.provider_at.astimezone(zone),
        state=money.state,
        order_id=money.order_id,
        proposed_by=money.proposed_by,
        decided_by=money.decided_by,
        decided_at=money.decided_at and money.decided_at.astimezone(zone),
        refund_id=money.refund_id,
        reason=money.reason,
        **told,
    )


def refund_answer(refund: Refund, policy: Policy) -> RefundAnswer:
    """Show a refund that somebody has to see to, or has seen to."""
    by_hand = refund.by_hand
    return RefundAnswer(
        refund_id=refund.refund_id,
        order_id=refund.order_id,
        payment_id=refund.payment_id,
        provider=cast(PaidThrough, provider_of(refund.payment_id)),
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        state=refund.state.value,
        because=refund.because,
        made_at=refund.made_at.astimezone(policy.zone),
        by_hand=None
        if by_hand is None
        else ByHandAnswer(
            reason=by_hand.reason,
            reference=by_hand.reference,
            operator=by_hand.operator,
            at=by_hand.at.astimezone(policy.zone),
        ),
    )


def differences_answer(day: Day, on: date, next_cursor: str | None, policy: Policy) -> PaymentDifferences:
    """Show a page of a day's differences."""
    return PaymentDifferences(
        date=on,
        items=[_difference_answer(each) for each in day.differences],
        statements=[_statement_answer(each, policy) for each in day.statements],
        next_cursor=next_cursor,
    )


def _difference_answer(difference: Difference) -> PaymentDifference:
    told: dict[str, Any] = {"provider": difference.provider, "entry": difference.entry}
    return PaymentDifference(
        kind=difference.kind,
        payment_id=difference.payment_id,
        number=difference.number,
        ours=_side_answer(difference.ours),
        theirs=_side_answer(difference.theirs),
        line=difference.line,
        because=difference.because,
        **told,
    )


def _side_answer(side: Side | None) -> PaymentSide | None:
    if side is None:
        return None
    return PaymentSide(amount=side.amount, currency=side.currency, state=side.state)


def _statement_answer(statement: Statement, policy: Policy) -> PaymentStatement:
    told: dict[str, Any] = {"provider": statement.provider}
    return PaymentStatement(
        state=statement.state,
        lines=statement.lines,
        apart=statement.apart,
        foreign=statement.foreign,
        payments_fen=statement.payments_fen,
        refunds_fen=statement.refunds_fen,
        fees_fen=statement.fees_fen,
        at=statement.at.astimezone(policy.zone),
        **told,
    )
