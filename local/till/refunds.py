"""What goes back to shoppers: refunds that the shop asks for, and disputes that their banks begin."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from local.till.keys import ALIPAY, STRIPE, WECHATPAY
from local.till.plans import RefundPlan, Telling

Json = dict[str, Any]
Key = tuple[str, str]
CLOSED, ABNORMAL, FAILED, CANCELED = "CLOSED", "ABNORMAL", "failed", "canceled"
WORDS: dict[str, tuple[str, ...]] = {WECHATPAY: (CLOSED, ABNORMAL), ALIPAY: (), STRIPE: (FAILED, CANCELED)}
"""How each provider calls a refund that fails, which is first of all the first of them."""


class RefundState(StrEnum):
    """How a refund stands."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(kw_only=True)
class Refund:
    """Money that goes back of a trade; moments are seconds of the local clock, amounts whole minor units."""

    provider: str
    ident: str
    """What the provider calls it by: the shop's number, or that and the trade's, or the provider's own."""
    number: str
    """What the shop calls it by."""
    trade: str
    """What the provider calls its trade by."""
    refund_id: str
    """The provider's number of it."""
    amount: int
    currency: str
    contents: str
    """All that was asked, for comparing."""
    made_at: float
    notify_url: str = ""
    extra: Json = field(default_factory=dict)
    plan: RefundPlan = field(default_factory=RefundPlan)
    state: RefundState = RefundState.PROCESSING
    succeeds_at: float | None = None
    fails_at: float | None = None
    succeeded_at: float | None = None
    failed_at: float | None = None
    word: str = ""
    """How the provider calls it that it has failed."""

    @property
    def key(self) -> Key:
        """Its key in the book."""
        return self.provider, self.ident

    @property
    def trade_key(self) -> Key:
        """The key of its trade."""
        return self.provider, self.trade

    @property
    def holds(self) -> bool:
        """Whether its amount cannot be refunded otherwise: it has gone, may go, or waits for the shopper."""
        return self.state is not RefundState.FAILED or self.word == ABNORMAL

    @property
    def is_at_once(self) -> bool:
        """Whether it had succeeded as soon as it was taken."""
        return self.succeeded_at == self.made_at

    def failing_word(self, wished: str | None) -> str:
        """How its provider calls it if it fails now: WeChat Pay closes none that had succeeded."""
        if self.provider == WECHATPAY and self.state is RefundState.SUCCEEDED:
            return ABNORMAL
        return wished or next(iter(WORDS[self.provider]), "")


class DisputeState(StrEnum):
    """How a dispute stands, in Stripe's own words."""

    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    WARNING_CLOSED = "warning_closed"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


INQUIRIES = frozenset({DisputeState.WARNING_NEEDS_RESPONSE, DisputeState.WARNING_UNDER_REVIEW})
"""A bank has asked, and taken nothing yet."""
ENDS = frozenset({DisputeState.WARNING_CLOSED, DisputeState.WON, DisputeState.LOST})
FOLLOWS: dict[DisputeState | None, frozenset[DisputeState]] = {
    None: frozenset({DisputeState.WARNING_NEEDS_RESPONSE, DisputeState.NEEDS_RESPONSE}),
    DisputeState.WARNING_NEEDS_RESPONSE: frozenset(
        {DisputeState.WARNING_UNDER_REVIEW, DisputeState.WARNING_CLOSED, DisputeState.NEEDS_RESPONSE}
    ),
    DisputeState.WARNING_UNDER_REVIEW: frozenset({DisputeState.WARNING_CLOSED, DisputeState.NEEDS_RESPONSE}),
    DisputeState.NEEDS_RESPONSE: frozenset({DisputeState.UNDER_REVIEW, DisputeState.WON, DisputeState.LOST}),
    DisputeState.UNDER_REVIEW: frozenset({DisputeState.WON, DisputeState.LOST}),
}
"""What may become of a dispute; of one that is not there, how it may begin."""


@dataclass(kw_only=True)
class Dispute:
    """What a shopper's bank wants back of a trade."""

    provider: str
    ident: str
    trade: str
    amount: int
    currency: str
    reason: str
    made_at: float
    state: DisputeState
    telling: Telling = field(default_factory=Telling)
    withdrawn: bool = False
    """The bank has taken the money."""
    closed_at: float | None = None

    @property
    def key(self) -> Key:
        """Its key in the book."""
        return self.provider, self.ident

    @property
    def trade_key(self) -> Key:
        """The key of its trade."""
        return self.provider, self.trade

    @property
    def is_open(self) -> bool:
        """Whether it is at no end."""
        return self.state not in ENDS
