"""What the routes of cases take and answer."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from functions.aftersales.case_book import Asked, Received
from functions.cases.case import Actor, Case, CaseKind, CaseReason, CaseState, Parcel, Settlement
from functions.cases.figures import Figures
from functions.domain.money import round_half_up
from functions.domain.policy import Policy
from functions.offers.schema import LINES_MAX, Fen
from functions.orders.order import sku_of
from functions.orders.schema import LeavingLineRequest, LeavingLines, by_line, by_sku, each_line_once
from functions.platform.shapes import Answer, CallerId, Printable, Rate, Request, Sku, StoreTime

TEXT_LENGTH_MAX = 1_000
POINTS_MAX = 1_000_000
Words = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_LENGTH_MAX), Printable]
"""What a person writes: shown as text only, never on the bus or in a log (A10)."""
NO_CASE = {404: ["case_not_found"]}
"""What every route about one case refuses."""


class CaseLineRequest(LeavingLineRequest):
    """So many units of one line of an order; of an exchange, the sku that they are exchanged for."""

    exchange_for: Sku | None = Field(
        default=None, alias="for", description="Of an exchange: what is wanted instead; else the same."
    )


class CaseRequest(Request):
    """What a member asks for about an order, once per ``request_id`` of the order."""

    request_id: CallerId
    kind: CaseKind = Field(strict=False)
    lines: (
        Annotated[
            list[CaseLineRequest],
            Field(min_length=1, max_length=LINES_MAX),
            AfterValidator(each_line_once),
        ]
        | None
    ) = None
    reason: CaseReason = Field(strict=False)
    text: Words | None = None

    @model_validator(mode="after")
    def _wants_what_it_can(self) -> Self:
        if self.kind is not CaseKind.EXCHANGE and any(line.exchange_for for line in self.lines or ()):
            raise ValueError("only an exchange is for something else")
        return self

    def asked(self, order_id: str) -> Asked:
        """Return what is asked for about an order."""
        lines = self.lines or []
        return Asked(
            order_id=order_id,
            request_id=self.request_id,
            kind=self.kind,
            reason=self.reason,
            text=self.text,
            units=by_sku(lines),
            by_line=by_line(lines),
            exchange_for={
                str(line.line_id or line.sku): line.exchange_for for line in lines if line.exchange_for
            },
        )


class RefusalRequest(Request):
    """Why a case is refused."""

    reason: Words


class AnswerRequest(Request):
    """What a complaint is answered."""

    text: Words


class EscalationRequest(Request):
    """Why somebody else should decide, if the member says so."""

    reason: Words | None = None


class SendingBackRequest(Request):
    """How the parcel with what is sent back is found, as far as it is known."""

    tracking_no: CallerId | None = None
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=100), Printable] | None = None

    @property
    def parcel(self) -> Parcel:
        """The parcel."""
        return Parcel(carrier=self.carrier, tracking_no=self.tracking_no)


class ReceiptRequest(Request):
    """What came back of a case; nothing said, all that it is about."""

    lines: LeavingLines | None = None
    reason: Words | None = Field(default=None, description="Needed where less or other units came.")
    return_shipping_fen: Fen | None = Field(
        default=None, description="The freight that is granted; not said, what the policy says."
    )

    @property
    def received(self) -> Received:
        """What came."""
        return Received(
            units=None if self.lines is None else by_sku(self.lines),
            by_line=by_line(self.lines or ()),
            reason=self.reason,
            return_shipping_fen=self.return_shipping_fen,
        )


class SettlementRequest(Request):
    """What a complaint is settled with: ``points``, or a coupon of a template."""

    points: Annotated[int, Field(ge=1, le=POINTS_MAX)] | None = None
    template_id: Sku | None = None
    reason: Words

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.points is None) is (self.template_id is None):
            raise ValueError("a complaint is settled with points or with a template's coupon")
        return self

    @property
    def settlement(self) -> Settlement:
        """What it is settled with."""
        return Settlement(points=self.points, template_id=self.template_id)


class CaseLineAnswer(Answer):
    """Units of one line that a case is about; of an exchange, what they are exchanged ``for``."""

    line_id: str
    sku: str
    quantity: int
    exchange_for: str | None = Field(
        default=None, serialization_alias="for", exclude_if=lambda sku: sku is None
    )


class CaseStepAnswer(Answer):
    """A change of a case: when, by whom, to which state, and why."""

    at: StoreTime
    by: Actor
    state: CaseState
    reason: str | None


class ParcelAnswer(Answer):
    """How the parcel is found with what is sent back."""

    carrier: str | None
    tracking_no: str | None


class SettlementAnswer(Answer):
    """What a complaint was settled with."""

    points: int | None
    coupon_id: str | None


class CaseAnswer(Answer):
    """A case as it is now.

    ``answer_by`` is until when staff are to act, ``send_back_by`` until when the member is to send back, and
    ``escalate_by`` until when they may escalate a refusal; null where nobody is to. It is ``overdue`` where
    staff have let theirs pass.
    """

    case_id: str
    order_id: str
    kind: CaseKind
    state: CaseState
    lines: list[CaseLineAnswer]
    reason: CaseReason | None
    text: str | None
    opened_at: StoreTime
    answer_by: StoreTime | None
    send_back_by: StoreTime | None
    escalate_by: StoreTime | None
    overdue: bool
    parcel: ParcelAnswer | None
    history: list[CaseStepAnswer]
    refund_fen: int
    return_shipping_fen: int | None
    settlement: SettlementAnswer | None


class CaseFiguresAnswer(Answer):
    """What became of the cases that were opened in a month.

    ``answered`` are those that staff, or their silence, have answered, in ``answer_seconds`` on average;
    ``share_overdue`` is the share of all that staff were late with at least once.
    """

    month: str
    opened: dict[CaseKind, int]
    answered: int
    answer_seconds: int | None
    overdue: int
    share_overdue: Rate | None


def figures_answer(month: str, figures: Figures) -> CaseFiguresAnswer:
    """Show the figures of a month; shares are rounded to four places, half up."""
    opened = sum(figures.opened.values())
    share = Decimal(round_half_up(Fraction(figures.overdue * 10_000, opened))) / 10_000 if opened else None
    mean = round_half_up(Fraction(figures.answer_seconds, figures.answered)) if figures.answered else None
    return CaseFiguresAnswer(
        month=month,
        opened=dict(figures.opened),
        answered=figures.answered,
        answer_seconds=mean,
        overdue=figures.overdue,
        share_overdue=share,
    )


def case_answer(case: Case, policy: Policy) -> CaseAnswer:
    """Show a case, in store time; it is read as of a moment by whoever asks for it."""

    def store_time(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(policy.zone)

    return CaseAnswer(
        case_id=case.case_id,
        order_id=case.order_id,
        kind=case.kind,
        state=case.state,
        lines=[
            CaseLineAnswer(
                line_id=line.line_id,
                sku=sku_of(line.line_id),
                quantity=line.quantity,
                exchange_for=line.exchange_for,
            )
            for line in case.lines
        ],
        reason=case.reason,
        text=case.text,
        opened_at=case.opened_at.astimezone(policy.zone),
        answer_by=store_time(case.answer_by),
        send_back_by=store_time(case.send_back_by),
        escalate_by=store_time(case.escalate_by),
        overdue=case.overdue,
        parcel=None
        if case.parcel is None
        else ParcelAnswer(carrier=case.parcel.carrier, tracking_no=case.parcel.tracking_no),
        history=[
            CaseStepAnswer(
                at=step.at.astimezone(policy.zone), by=step.by, state=step.state, reason=step.reason
            )
            for step in case.history
        ],
        refund_fen=case.refund_fen,
        return_shipping_fen=case.return_shipping_fen,
        settlement=None
        if case.settlement is None
        else SettlementAnswer(points=case.settlement.points, coupon_id=case.settlement.coupon_id),
    )
