"""Face: how a member pays an order, and what staff see of money that does not fit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import StringConstraints

from functions.domain.policy import Policy
from functions.orders.schema import NO_ORDER
from functions.payments.assigning import Assigning
from functions.payments.book import PaymentBook
from functions.payments.by_hand import Refunds
from functions.payments.cashier import Cashier, Wanted
from functions.payments.differences import day_of
from functions.payments.listing import DIFFERENCE_POSITION, page_of_day
from functions.payments.schema import (
    PAYMENT_ID,
    REFUND_ID,
    AssignmentRequest,
    AttemptAnswer,
    AttemptRequest,
    BackRequest,
    ByHandRequest,
    PaymentDifferences,
    RefundAnswer,
    UnassignedAnswer,
    attempt_answer,
    differences_answer,
    refund_answer,
    unassigned_answer,
)
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.observability import logger
from functions.platform.parameters import Body, Cursor, Day, Limit, OrderIdPath, Path, Query
from functions.platform.reports import REPORTS
from functions.platform.roles import Role
from functions.platform.shapes import Page
from functions.refunds.refund import State

UNASSIGNED = "unassigned-payments"
POSITION = rf"[0-9TZ:-]{{20}} {PAYMENT_ID}"
REFUNDS = "refunds"
REFUND_POSITION = rf"[0-9TZ:-]{{20}} {REFUND_ID}"
RefundIdPath = Annotated[
    str, StringConstraints(pattern=f"^{REFUND_ID}$"), Path(description="The refund's id.")
]
RefundStateQuery = Annotated[Literal["manual", "failed"], Query(description="Which of them.")]
DIFFERENCES = "payment-differences"


DateQuery = Annotated[
    Day | None,
    Query(alias="date", description="The day of the statements, in Asia/Shanghai; yesterday if not named."),
]
PaymentIdPath = Annotated[
    str, StringConstraints(pattern=f"^{PAYMENT_ID}$"), Path(description="The payment's id.")
]


@dataclass(frozen=True, slots=True)
class PaymentsFace:
    """Payments through providers."""

    api: Api
    cashier: Cashier
    assigning: Assigning
    refunds: Refunds
    book: PaymentBook
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "POST",
        "/orders/<order_id>/payments",
        summary="Pay through a provider",
        who=Who.OWNER,
        roles=Role.STAFF | Role.FINANCE,
        body=True,
        refuses={
            **NO_ORDER,
            409: ["order_not_payable", "too_many_attempts", "payment_refused", "conflict"],
            422: [
                "provider_not_available",
                "method_not_available",
                "payer_missing",
                "amount_not_payable",
            ],
        },
    )
    def ask_for_payment(
        self, order_id: OrderIdPath, request: Annotated[AttemptRequest, Body()]
    ) -> AttemptAnswer:
        """Have a payment of exactly what a placed order costs opened at a provider.

        The answer says what the shopper's device does, and until when. Asked again, the open attempt is
        answered again; asked for another provider or method, the open one is closed first. The order is paid
        when the provider confirms the money, not when the shopper comes back.
        """
        attempt, action = self.cashier.ask_for_payment(
            order_id,
            Wanted(provider=request.provider, method=request.method, payer=request.payer),
            member_id=self.api.caller.owner,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        self.api.note(attempt_id=attempt.attempt_id)
        return attempt_answer(attempt, action, self.policy)

    @route(
        "GET",
        "/reports/unassigned-payments",
        summary="See money that is no order's",
        who=Who.STAFF,
        roles=REPORTS["unassigned-payments"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_unassigned_payments(self, limit: Limit = 20, cursor: Cursor = None) -> Page[UnassignedAnswer]:
        """List money that came in through providers and that is no order's, the longest waiting first."""
        places = Cursors(UNASSIGNED, self.api.caller.member_id, POSITION)
        position = places.read(cursor)
        noticed_at, _, payment_id = (position or "").partition(" ")
        found, last = self.assigning.page(
            limit=limit,
            after=(noticed_at, payment_id) if position else None,
            deadline=self.api.deadline,
        )
        return Page(
            items=[unassigned_answer(money, self.policy) for money in found],
            next_cursor=places.write(None if last is None else " ".join(last)),
        )

    @route(
        "POST",
        "/reports/unassigned-payments/<payment_id>/assign",
        summary="Assign money to an order",
        who=Who.STAFF,
        roles=Role.STAFF | Role.FINANCE,
        body=True,
        refuses={
            404: ["payment_not_found", "order_not_found"],
            409: ["payment_already_decided", "payment_not_assignable", "conflict"],
        },
    )
    def assign_payment(
        self, payment_id: PaymentIdPath, request: Annotated[AssignmentRequest, Body()]
    ) -> UnassignedAnswer:
        """Say which order money is for: as if its provider had named it.

        It pays a placed order that waits for just as much; with any other one it is recorded as not applied,
        and is due back. Of more than the policy's `payments.two_eyes_fen` the first to say so proposes, and
        it is done when somebody else says the same.
        """
        operator = self.api.caller.member_id
        money = self.assigning.assign(
            payment_id,
            request.order_id,
            operator=operator,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info(
            "payment assigned",
            extra={"payment_id": payment_id, "state": money.state.value, "operator": operator},
        )
        return unassigned_answer(money, self.policy)

    @route(
        "POST",
        "/reports/unassigned-payments/<payment_id>/refund",
        summary="Send money back",
        who=Who.STAFF,
        roles=Role.STAFF | Role.FINANCE,
        body=True,
        refuses={
            404: ["payment_not_found"],
            409: ["payment_already_decided", "payment_not_refundable", "conflict"],
        },
    )
    def refund_payment(
        self, payment_id: PaymentIdPath, request: Annotated[BackRequest, Body()]
    ) -> UnassignedAnswer:
        """Send money that is no order's back to where it came from, whole, once.

        Nobody having decided within fourteen days, it goes back by itself.
        """
        operator = self.api.caller.member_id
        money = self.assigning.refund(
            payment_id,
            reason=request.reason,
            operator=operator,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info("payment goes back", extra={"payment_id": payment_id, "operator": operator})
        return unassigned_answer(money, self.policy)

    @route(
        "GET",
        "/reports/refunds",
        summary="See refunds that somebody has to see to",
        who=Who.STAFF,
        roles=REPORTS["refunds"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_refunds(
        self, state: RefundStateQuery = "failed", limit: Limit = 20, cursor: Cursor = None
    ) -> Page[RefundAnswer]:
        """List refunds that providers have failed to pay, or that are to be paid by hand, oldest first."""
        places = Cursors(f"{REFUNDS} {state}", self.api.caller.member_id, REFUND_POSITION)
        position = places.read(cursor)
        made_at, _, refund_id = (position or "").partition(" ")
        found, last = self.refunds.page(
            State(state),
            limit=limit,
            after=(made_at, refund_id) if position else None,
            deadline=self.api.deadline,
        )
        return Page(
            items=[refund_answer(each, self.policy) for each in found],
            next_cursor=places.write(None if last is None else " ".join(last)),
        )

    @route(
        "POST",
        "/reports/refunds/<refund_id>/by-hand",
        summary="Say that a refund was paid by hand",
        who=Who.STAFF,
        roles=Role.STAFF | Role.FINANCE,
        body=True,
        refuses={
            404: ["refund_not_found"],
            409: ["refund_not_by_hand", "refund_paid_by_hand", "conflict"],
        },
    )
    def pay_refund_by_hand(
        self, refund_id: RefundIdPath, request: Annotated[ByHandRequest, Body()]
    ) -> RefundAnswer:
        """Say that a refund which is manual, or has failed, was paid back outside the suite.

        Of one that was sent its provider is asked first: what it has done is not done again.
        """
        operator = self.api.caller.member_id
        refund = self.refunds.paid_by_hand(
            refund_id,
            reason=request.reason,
            reference=request.reference,
            operator=operator,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info("refund paid by hand", extra={"refund_id": refund_id, "operator": operator})
        return refund_answer(refund, self.policy)

    @route(
        "GET",
        "/reports/payment-differences",
        summary="See where providers' statements differ",
        who=Who.STAFF,
        roles=REPORTS["payment-differences"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_payment_differences(
        self, day: DateQuery = None, limit: Limit = 20, cursor: Cursor = None
    ) -> PaymentDifferences:
        """List what the providers' statements of a day and what we have do not agree on.

        It is compared from 10:30 on the next day; what is missing on a statement is told once the statement
        of the day after it has been compared, too.
        """
        on = day or day_of(self.clock()) - timedelta(days=1)
        places = Cursors(f"{DIFFERENCES} {on}", self.api.caller.member_id, DIFFERENCE_POSITION)
        found = page_of_day(self.book, on, limit=limit, after=places.read(cursor), deadline=self.api.deadline)
        return differences_answer(found, on, places.write(found.position), self.policy)
