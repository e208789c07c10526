"""Face: what members ask for after buying, and what staff decide about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import StringConstraints

from functions.aftersales.case_book import CaseBook
from functions.aftersales.lists import CaseLists
from functions.aftersales.schema import (
    NO_CASE,
    AnswerRequest,
    CaseAnswer,
    CaseFiguresAnswer,
    CaseRequest,
    EscalationRequest,
    ReceiptRequest,
    RefusalRequest,
    SendingBackRequest,
    SettlementRequest,
    case_answer,
    figures_answer,
)
from functions.cases import figures
from functions.cases.case import CaseState
from functions.cases.rows import CASE_ID, POSITION
from functions.domain.policy import Policy
from functions.orders.schema import NO_ORDER
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.observability import logger
from functions.platform.parameters import Body, Cursor, Limit, OrderIdPath, Path, Query
from functions.platform.reports import REPORTS
from functions.platform.roles import Role
from functions.platform.shapes import Page

CASES = "cases"
NOT_SAID = ReceiptRequest()
NO_PARCEL = SendingBackRequest()
NO_WORDS = EscalationRequest()
CaseIdPath = Annotated[str, StringConstraints(pattern=f"^{CASE_ID}$"), Path(description="The case's id.")]
StateQuery = Annotated[
    CaseState | None,
    Query(description="Only those that stand so; not said, those on which staff are to act."),
]
MonthQuery = Annotated[
    str | None,
    StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$"),
    Query(description="The month in store time, such as 2026-11."),
]
OverdueQuery = Annotated[
    Literal["true", "false"] | None, Query(description="Only those of which staff are late, or are not.")
]


@dataclass(frozen=True, slots=True)
class CasesFace:
    """Cases."""

    api: Api
    cases: CaseBook
    lists: CaseLists
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "POST",
        "/orders/<order_id>/cases",
        summary="Ask for a return, an exchange, money back, or complain",
        who=Who.MEMBER,
        body=True,
        answers=HTTPStatus.CREATED,
        refuses={
            **NO_ORDER,
            409: [
                "not_registered",
                "case_not_possible",
                "unit_in_case",
                "case_decided",
                "too_many_cases",
                "conflict",
            ],
            422: [
                "request_id_reused",
                "case_lines",
                "line_id_needed",
                "case_exceeds_order",
                "exchange_not_possible",
            ],
        },
    )
    def open_case(self, order_id: OrderIdPath, request: Annotated[CaseRequest, Body()]) -> CaseAnswer:
        """Open a case about one of the caller's orders, once per `request_id` of the order.

        A return for no reason is approved at once within some days of the receipt; so is money back for an
        order that is paid and not shipped, which is its cancellation. All else waits for staff.
        """
        case = self.cases.open(
            request.asked(order_id),
            member_id=self.api.caller.member_id,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        return case_answer(case, self.policy)

    @route(
        "GET",
        "/members/me/cases",
        summary="See your cases",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"]},
    )
    def get_own_cases(self, limit: Limit = 20, cursor: Cursor = None) -> Page[CaseAnswer]:
        """List the caller's cases, newest first."""
        member_id = self.api.caller.member_id
        places = Cursors(CASES, member_id, POSITION)
        found, position = self.lists.of_member(
            member_id,
            now=self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[case_answer(case, self.policy) for case in found], next_cursor=places.write(position)
        )

    @route(
        "GET",
        "/cases",
        summary="See the worklist",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"]},
    )
    def get_cases(
        self,
        state: StateQuery = None,
        overdue: OverdueQuery = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[CaseAnswer]:
        """List the cases on which staff are to act, or those in a state, by deadline: what is late is first.

        A page may have fewer cases than `limit`, or none, and not be the last.
        """
        places = Cursors(f"{CASES} {state} {overdue}", self.api.caller.member_id, POSITION)
        found, position = self.lists.worklist(
            state=state,
            overdue=None if overdue is None else overdue == "true",
            now=self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[case_answer(case, self.policy) for case in found], next_cursor=places.write(position)
        )

    @route(
        "GET",
        "/reports/cases",
        summary="See the figures of cases",
        who=Who.STAFF,
        roles=REPORTS["cases"].roles,
        refuses={},
    )
    def get_case_figures(self, month: MonthQuery = None) -> CaseFiguresAnswer:
        """Show what became of the cases that were opened in a month, this one where none is named."""
        wanted = month or figures.month_of(self.clock(), self.policy.zone)
        found = figures.of_month(self.cases.tables, self.cases.table, wanted, self.api.deadline)
        return figures_answer(wanted, found)

    @route(
        "GET",
        "/cases/<case_id>",
        summary="See a case",
        who=Who.OWNER,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses=NO_CASE,
    )
    def get_case(self, case_id: CaseIdPath) -> CaseAnswer:
        """Show one of the caller's cases; staff may see any. Somebody else's is as if it did not exist."""
        case = self.cases.find(case_id, now=self.clock(), member_id=self.api.caller.owner)
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/withdraw",
        summary="Withdraw a case",
        who=Who.MEMBER,
        refuses={**NO_CASE, 409: ["not_registered", "case_state", "conflict"]},
    )
    def withdraw_case(self, case_id: CaseIdPath) -> CaseAnswer:
        """Take one of the caller's cases back, until what it is about has been sent back."""
        case = self.cases.withdraw(
            case_id,
            member_id=self.api.caller.member_id,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/shipment",
        summary="Say that you have sent back",
        who=Who.MEMBER,
        body=True,
        body_optional=True,
        refuses={**NO_CASE, 409: ["not_registered", "case_state", "conflict"]},
    )
    def send_back(
        self, case_id: CaseIdPath, request: Annotated[SendingBackRequest, Body()] = NO_PARCEL
    ) -> CaseAnswer:
        """Say that what an approved case is about is on its way; sent again, it corrects the parcel."""
        case = self.cases.send_back(
            case_id,
            request.parcel,
            member_id=self.api.caller.member_id,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/escalate",
        summary="Ask for another decision",
        who=Who.MEMBER,
        body=True,
        body_optional=True,
        refuses={**NO_CASE, 409: ["not_registered", "case_state", "conflict"]},
    )
    def escalate_case(
        self, case_id: CaseIdPath, request: Annotated[EscalationRequest, Body()] = NO_WORDS
    ) -> CaseAnswer:
        """Ask that somebody else decides about a refusal, once, within some days of it."""
        case = self.cases.escalate(
            case_id,
            request.reason,
            member_id=self.api.caller.member_id,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/approve",
        summary="Approve a case",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        refuses={
            **NO_CASE,
            409: [
                "case_state",
                "other_operator_needed",
                "insufficient_stock",
                "case_not_possible",
                "conflict",
            ],
        },
    )
    def approve_case(self, case_id: CaseIdPath) -> CaseAnswer:
        """Approve a case. What an exchange is for is taken from the stock; money alone is due back at once.

        Of a case that was refused somebody else decides than who refused it.
        """
        operator = self.api.caller.member_id
        case = self.cases.approve(case_id, operator=operator, now=self.clock(), deadline=self.api.deadline)
        logger.info("case approved", extra={"case_id": case_id, "operator": operator})
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/refuse",
        summary="Refuse a case",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        refuses={**NO_CASE, 409: ["case_state", "other_operator_needed", "conflict"]},
    )
    def refuse_case(self, case_id: CaseIdPath, request: Annotated[RefusalRequest, Body()]) -> CaseAnswer:
        """Refuse a case, with a reason that its member sees. The second refusal is final."""
        operator = self.api.caller.member_id
        case = self.cases.refuse(
            case_id,
            reason=request.reason,
            operator=operator,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info("case refused", extra={"case_id": case_id, "operator": operator})
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/receive",
        summary="Receive what came back",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        body_optional=True,
        refuses={
            **NO_CASE,
            409: ["case_state", "unit_in_case", "order_not_returnable", "conflict"],
            422: ["case_exceeds_order", "line_id_needed", "reason_needed", "return_shipping_exceeds"],
        },
    )
    def receive_case(
        self, case_id: CaseIdPath, request: Annotated[ReceiptRequest, Body()] = NOT_SAID
    ) -> CaseAnswer:
        """Take what came back of a case: its order changes with it, and what is due goes back to the member.

        Where less or other units came, `lines` says which, and the rest is refused with the reason.
        """
        operator = self.api.caller.member_id
        case = self.cases.receive(
            case_id,
            request.received,
            operator=operator,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info("case received", extra={"case_id": case_id, "operator": operator})
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/answer",
        summary="Answer a complaint",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        refuses={**NO_CASE, 409: ["case_state", "conflict"]},
    )
    def answer_case(self, case_id: CaseIdPath, request: Annotated[AnswerRequest, Body()]) -> CaseAnswer:
        """Answer a complaint; it closes some days later."""
        operator = self.api.caller.member_id
        case = self.cases.answer(
            case_id,
            text=request.text,
            operator=operator,
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info("case answered", extra={"case_id": case_id, "operator": operator})
        return case_answer(case, self.policy)

    @route(
        "POST",
        "/cases/<case_id>/settle",
        summary="Settle a complaint",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        body=True,
        refuses={
            404: ["case_not_found", "member_not_found", "template_not_found"],
            409: [
                "case_state",
                "case_settled",
                "template_not_for_complaints",
                "template_paused",
                "template_ended",
                "too_many_coupons",
                "conflict",
            ],
            422: ["settlement_too_large"],
        },
    )
    def settle_case(self, case_id: CaseIdPath, request: Annotated[SettlementRequest, Body()]) -> CaseAnswer:
        """Settle a complaint, once, with points or with one coupon of a template that is made for it.

        More points than the policy's `settle_points_max` are finance's to give (A9).
        """
        caller = self.api.caller
        operator = caller.member_id
        case = self.cases.settle(
            case_id,
            request.settlement,
            reason=request.reason,
            operator=operator,
            without_limit=caller.may(Role.FINANCE),
            now=self.clock(),
            deadline=self.api.deadline,
        )
        logger.info("case settled", extra={"case_id": case_id, "operator": operator})
        return case_answer(case, self.policy)
