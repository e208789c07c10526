"""What the routes of orders take and answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from functions.cases.case import CaseKind
from functions.domain.identifiers import SKU, SKU_LENGTH_MAX
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.offers.schema import LINES_MAX, Fen, Quantity, QuoteAnswer, quote_answer
from functions.orders.history import Occurrence, What
from functions.orders.in_cases import in_cases
from functions.orders.leaving import Left
from functions.orders.order import Order, Shipment, Status, provider_of, sku_of
from functions.orders.parts import Of, Part
from functions.platform.shapes import Answer, CallerId, Printable, Request, Sku, StoreTime
from functions.refunds.refund import NO_PAYMENT, Refund, State

Refunded = tuple[Refund, State]
"""A refund, and where it stands."""

NO_ORDER = {404: ["order_not_found"]}
"""What every route about one order refuses."""


class PaymentRequest(Request):
    """Money that a payment provider reports. ``payment_id`` is global."""

    payment_id: CallerId
    amount_fen: Fen
    received: bool = Field(
        default=False,
        description="This money has arrived: record it also where the order waits for another amount.",
    )


class ShipmentRequest(Request):
    """How a parcel is found, as far as it is known."""

    tracking_no: CallerId | None = None
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=100), Printable] | None = None


LINE_ID = rf"^{SKU}(:{SKU})?$"
LINE_ID_LENGTH_MAX = 2 * SKU_LENGTH_MAX + 1
"""A gift's: its sku and its campaign's id, which is made like one (V6)."""
LineId = Annotated[str, StringConstraints(pattern=LINE_ID, max_length=LINE_ID_LENGTH_MAX)]


class LeavingLineRequest(Request):
    """So many units of one line of an order, by its `line_id`; or by its `sku`, which stands once there."""

    sku: Sku | None = None
    line_id: LineId | None = None
    quantity: Quantity

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.sku is None) is (self.line_id is None):
            raise ValueError("a line is named by its sku or by its line_id")
        return self


Lines = TypeVar("Lines", bound=LeavingLineRequest)


def each_line_once(lines: list[Lines]) -> list[Lines]:
    """Refuse lines that stand twice, or of which one could mean another."""
    line_ids = {line.line_id for line in lines if line.line_id is not None}
    skus = {line.sku for line in lines if line.sku is not None}
    if len(line_ids) + len(skus) != len(lines):
        raise ValueError("a line may stand once")
    if not skus.isdisjoint(map(sku_of, line_ids)):
        # Either the sku means that very line, or it stands twice on the order.
        raise ValueError("the lines of a sku are all named by line_id, or its only one by sku")
    return lines


LeavingLines = Annotated[
    list[LeavingLineRequest],
    Field(min_length=1, max_length=LINES_MAX),
    AfterValidator(each_line_once),
]


def by_sku(lines: Sequence[LeavingLineRequest]) -> dict[str, int]:
    """Return the units of lines that are named by their skus."""
    return {line.sku: line.quantity for line in lines if line.sku is not None}


def by_line(lines: Sequence[LeavingLineRequest]) -> dict[str, int]:
    """Return the units of lines that are named by their ids."""
    return {line.line_id: line.quantity for line in lines if line.line_id is not None}


class LeavingRequest(Request):
    """Units that would leave an order."""

    lines: LeavingLines


class ReturnRequest(Request):
    """Units that came back. ``return_id`` is this order's own."""

    return_id: CallerId
    lines: LeavingLines


class CancelRequest(Request):
    """Nothing: the whole order. Or units that leave it, under a ``cancel_id`` of this order's own."""

    cancel_id: CallerId | None = None
    lines: LeavingLines | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.cancel_id is None) is not (self.lines is None):
            raise ValueError("cancel_id and lines go together")
        return self


class OrderLineAnswer(Answer):
    """One line of an order; ``gift_of`` is the campaign whose gift it is.

    Where there are any: ``in_cases`` are its units in open cases, ``lost_quantity`` those of the returned
    that did not come back to the shop, ``held`` the units of other skus that it was exchanged for.
    """

    line_id: str
    sku: str
    quantity: int
    cancelled_quantity: int
    returned_quantity: int
    unit_price_fen: int
    price_of: str | None
    gift_of: str | None
    in_cases: int = Field(default=0, exclude_if=lambda units: not units)
    lost_quantity: int = Field(default=0, exclude_if=lambda units: not units)
    held: dict[str, int] = Field(default={}, exclude_if=lambda held: not held)


class RetainedAnswer(Answer):
    """What the member keeps of an order."""

    order_amount_fen: int
    paid_fen: int
    redeemed_points: int
    earned_points: int


PaidThrough = Literal["wechatpay", "alipay", "stripe", "manual"]


class PaymentAnswer(Answer):
    """A payment reported for an order; what is not ``applied`` is due back."""

    payment_id: str
    provider: PaidThrough
    amount_fen: int
    received_at: StoreTime
    applied: bool


RefundStands = Literal["manual", "due", "sent", "succeeded", "failed", "paid_by_hand"]


RefundReason = Literal["cancelled", "refused", "returned", "payment_not_applied", "return_shipping"]


class OrderRefundAnswer(Answer):
    """Money that is due back for an order, and how far it has come (Y7).

    ``return_shipping`` is what the shop gives for a parcel on top of what units gave back (A6), and
    ``payment_not_applied`` is a payment that did not pay for the order (O6): neither is part of the order's
    ``refunded_fen``. ``payment_id`` is the payment that it goes back to; null where somebody pays it by hand.
    """

    refund_id: str
    reason: RefundReason
    payment_id: str | None
    amount_fen: int
    state: RefundStands
    provider: PaidThrough
    at: StoreTime


class OrderCaseAnswer(Answer):
    """An open case of an order (A5)."""

    case_id: str
    kind: CaseKind


class OrderAnswer(Answer):
    """An order as it is now; where it is shown by itself, with the money that is due back for it.

    ``cases`` are its open ones, the first opened first. It is ``lost`` where its parcel was refunded as that,
    and late since ``late_at`` where it is on its way.
    """

    order_id: str
    member_id: str
    status: Status
    placed_at: StoreTime
    paid_at: StoreTime | None
    shipped_at: StoreTime | None
    received_at: StoreTime | None
    closed_at: StoreTime | None
    carrier: str | None
    tracking_no: str | None
    quote: QuoteAnswer
    lines: list[OrderLineAnswer]
    order_amount_fen: int
    paid_fen: int
    refunded_fen: int
    retained: RetainedAnswer
    payments: list[PaymentAnswer]
    refunds: list[OrderRefundAnswer] = Field(default=[], exclude_if=lambda refunds: not refunds)
    cases: list[OrderCaseAnswer] = Field(default=[], exclude_if=lambda cases: not cases)
    lost: bool = Field(default=False, exclude_if=lambda lost: not lost)
    late_at: StoreTime | None = Field(default=None, exclude_if=lambda moment: moment is None)
    policy_version: str


class ReturnAnswer(OrderAnswer):
    """The order as it is now, and what this return gave back when it was made."""

    refund_fen: int
    points_restored: int


class RefundPartAnswer(Answer):
    """A part of what units would give back, or, below zero, of what they would not.

    `goods` are units of a line at their price, `campaign` and `coupon` what these took of them. A `gift` is
    charged for that stays although too little does. What was paid with `points` comes back as points.
    """

    of: Of
    amount_fen: int
    line_id: str | None
    sku: str | None
    quantity: int | None
    campaign_id: str | None
    coupon_id: str | None


class ReturnPreviewAnswer(Answer):
    """What units would give back of an order, what that is made of, and what would be ``kept`` of it."""

    order_id: str
    refund_fen: int
    points_restored: int
    kept: RetainedAnswer
    parts: list[RefundPartAnswer]


class CancelAnswer(OrderAnswer):
    """The order as it is now; where units left it, what that gave back when they did."""

    refund_fen: int | None = Field(default=None, exclude_if=lambda fen: fen is None)
    points_restored: int | None = Field(default=None, exclude_if=lambda points: points is None)


class ShipmentAnswer(Answer):
    """How a parcel is found."""

    carrier: str | None
    tracking_no: str | None


class UnitsAnswer(Answer):
    """So many units of one line of an order."""

    line_id: str
    sku: str
    quantity: int


class ReturnsAnswer(Answer):
    """Units of one sku that were received, of which so many came back.

    Of those that were ``returned``, ``lost`` ones did not reach the shop. Of those that stay, ``exchanged``
    ones are of another sku by now.
    """

    sku: str
    received: int
    returned: int
    lost: int
    exchanged: int


class HistoryAnswer(Answer):
    """Something that happened to an order.

    Where units left it: the ``cancel_id``, ``return_id`` or ``case_id``, the units, and what they gave back;
    exchanged ones gave nothing back. Where its shipment was corrected: what was told, and what had been told
    before.
    """

    at: StoreTime
    what: What
    cancel_id: str | None
    return_id: str | None
    case_id: str | None = Field(default=None, exclude_if=lambda case_id: case_id is None)
    lines: list[UnitsAnswer]
    refund_fen: int | None
    points_restored: int | None
    shipment: ShipmentAnswer | None
    former: ShipmentAnswer | None


def order_answer(order: Order, policy: Policy, refunds: Sequence[Refunded] = ()) -> OrderAnswer:
    """Show an order, in store time; with what is due back for it, where that was read."""
    shown = [
        OrderRefundAnswer(
            refund_id=refund.refund_id,
            reason=cast(RefundReason, refund.reason),
            payment_id=None if refund.payment_id == NO_PAYMENT else refund.payment_id,
            amount_fen=refund.amount,
            state=state.value,
            provider=cast(PaidThrough, provider_of(refund.payment_id)),
            at=refund.made_at.astimezone(policy.zone),
        )
        for refund, state in refunds
    ]
    return OrderAnswer(**_shown(order, policy), refunds=shown)


def return_answer(left: Left, policy: Policy) -> ReturnAnswer:
    """Show what a return gave back, with the order as it is."""
    return ReturnAnswer(
        **_shown(left.order, policy),
        refund_fen=left.refund_fen,
        points_restored=left.points_restored,
    )


def return_preview_answer(left: Left, parts: Sequence[Part]) -> ReturnPreviewAnswer:
    """Show what units would give back."""
    return ReturnPreviewAnswer(
        order_id=left.order.order_id,
        refund_fen=left.refund_fen,
        points_restored=left.points_restored,
        kept=RetainedAnswer(**plain(left.order.retained)),
        parts=[
            RefundPartAnswer(
                of=part.of,
                amount_fen=part.amount_fen,
                line_id=part.line_id,
                sku=part.sku,
                quantity=part.quantity,
                campaign_id=part.campaign_id,
                coupon_id=part.coupon_id,
            )
            for part in parts
        ],
    )


def cancel_answer(order: Order, policy: Policy, left: Left | None = None) -> CancelAnswer:
    """Show an order that was cancelled, or what units that left it gave back."""
    if left is None:
        return CancelAnswer(**_shown(order, policy))
    return CancelAnswer(
        **_shown(order, policy), refund_fen=left.refund_fen, points_restored=left.points_restored
    )


def history_answer(happened: Occurrence, policy: Policy) -> HistoryAnswer:
    """Show something that happened to an order, in store time."""
    return HistoryAnswer(
        at=happened.at.astimezone(policy.zone),
        what=happened.what,
        cancel_id=happened.caller_id if happened.what is What.UNITS_CANCELLED else None,
        return_id=happened.caller_id if happened.what is What.UNITS_RETURNED else None,
        case_id=happened.case_id,
        lines=[
            UnitsAnswer(line_id=line_id, sku=sku_of(line_id), quantity=units)
            for line_id, units in happened.units.items()
        ],
        refund_fen=happened.refund_fen,
        points_restored=happened.points_restored,
        shipment=_shipment(happened.shipment),
        former=_shipment(happened.former),
    )


def _shipment(shipment: Shipment | None) -> ShipmentAnswer | None:
    return None if shipment is None else ShipmentAnswer(**plain(shipment))


def _shown(order: Order, policy: Policy) -> dict[str, Any]:
    quote = order.quote
    cancelled, back = order.cancelled or order.none_of_each, order.returned or order.none_of_each

    def store_time(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(policy.zone)

    return {
        "order_id": order.order_id,
        "member_id": order.member_id,
        "status": order.status,
        "placed_at": store_time(order.placed_at),
        "paid_at": store_time(order.paid_at),
        "shipped_at": store_time(order.shipped_at),
        "received_at": store_time(order.received_at),
        "closed_at": store_time(order.closed_at),
        "carrier": order.carrier,
        "tracking_no": order.tracking_no,
        "quote": quote_answer(quote),
        "cases": [OrderCaseAnswer(case_id=each.case_id, kind=each.kind) for each in order.cases],
        "lost": order.was_lost,
        "late_at": store_time(order.late_at),
        "lines": [
            OrderLineAnswer(
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                cancelled_quantity=gone,
                returned_quantity=returned,
                unit_price_fen=line.unit_price_fen,
                price_of=line.price_of,
                gift_of=line.gift_of,
                in_cases=asked,
                lost_quantity=gone_for_good,
                held=dict(order.exchanged.get(line.line_id, {})),
            )
            for line, gone, returned, asked, gone_for_good in zip(
                quote.lines, cancelled, back, in_cases(order), order.lost or order.none_of_each, strict=True
            )
        ],
        "order_amount_fen": quote.order_amount_fen,
        "paid_fen": quote.paid_fen,
        "refunded_fen": order.refunded_fen,
        "retained": RetainedAnswer(**plain(order.retained)),
        "payments": [
            PaymentAnswer(
                payment_id=payment.payment_id,
                provider=cast(PaidThrough, payment.provider),
                amount_fen=payment.amount_fen,
                received_at=payment.received_at.astimezone(policy.zone),
                applied=payment.applied,
            )
            for payment in order.payments
        ],
        "policy_version": order.terms.policy_version,
    }
