"""Face: how members get coupons of templates: by claiming what can be claimed, by a code, and from staff."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from functions.coupons.claimable import Claimables
from functions.coupons.claimable_schema import ClaimableAnswer, claimable_answer
from functions.coupons.claims import Claims
from functions.coupons.issuing import Given
from functions.coupons.redeeming import Redeeming
from functions.coupons.schema import (
    CodeRequest,
    CouponAnswer,
    IssueRequest,
    TemplateIdPath,
    coupon_answer,
)
from functions.coupons.template_rows import CLAIMABLES
from functions.coupons.template_store import POSITION
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Response, Who, answer, route
from functions.platform.parameters import (
    REPLAYED,
    Body,
    Cursor,
    IdempotencyKey,
    Limit,
    MemberIdPath,
    checked_key,
)
from functions.platform.roles import Role
from functions.platform.shapes import Page

GUESS_BYTES = 8
_REPLAYS = {REPLAYED: "`true` where the member had the coupon before this request."}


@dataclass(frozen=True, slots=True)
class GettingFace:
    """Where members get coupons."""

    api: Api
    claimables: Claimables
    claims: Claims
    redeeming: Redeeming
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/members/me/coupons/claimable",
        summary="See which coupons can be claimed",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_claimable_coupons(self, limit: Limit = 20, cursor: Cursor = None) -> Page[ClaimableAnswer]:
        """List the templates that the caller's tier can claim coupons of now, the one that ends first first.

        Those of which all have been claimed are left out, so a page may have fewer than `limit`, or none, and
        not be the last. What staff change holds within five seconds.
        """
        places = Cursors(CLAIMABLES, self.api.caller.member_id, POSITION)
        found, position = self.claimables.page(
            self.api.caller.member_id,
            self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[claimable_answer(each, self.policy) for each in found],
            next_cursor=places.write(position),
        )

    @route(
        "POST",
        "/coupon-templates/<template_id>/claim",
        summary="Claim a coupon",
        who=Who.MEMBER,
        answers=HTTPStatus.CREATED,
        answer_headers=_REPLAYS,
        refuses={
            400: ["idempotency_key_missing"],
            403: ["not_eligible"],
            404: ["template_not_found"],
            409: [
                "not_registered",
                "template_not_claimable",
                "template_ended",
                "template_paused",
                "already_claimed",
                "too_many_coupons",
                "template_exhausted",
                "conflict",
            ],
            422: ["idempotency_key_reused"],
        },
    )
    def claim_coupon(
        self, template_id: TemplateIdPath, idempotency_key: IdempotencyKey = None
    ) -> Response[CouponAnswer]:
        """Give the caller a coupon of a template, once per key.

        The same key again answers the same coupon as it is now, with the header `Idempotent-Replayed: true`;
        a refused request uses no key up.
        """
        at = self.clock()
        key = checked_key(idempotency_key, "A claim")
        given = self.claims.claim(self.api.caller.member_id, template_id, key, at, self.api.deadline)
        return self._answer(given, at)

    @route(
        "POST",
        "/members/me/coupon-codes",
        summary="Get a coupon for a code",
        who=Who.MEMBER,
        body=True,
        answers=HTTPStatus.CREATED,
        answer_headers=_REPLAYS,
        refuses={
            403: ["not_eligible"],
            409: ["not_registered", "too_many_coupons", "conflict"],
            422: ["code_not_valid"],
            429: ["too_many_attempts"],
        },
    )
    def redeem_coupon_code(self, request: Annotated[CodeRequest, Body()]) -> Response[CouponAnswer]:
        """Give the caller the coupon of a code; the same code again answers the same coupon as it is now.

        A wrong code, a used one, one that has ended, and one that never was: all are `code_not_valid`. After
        ten of these within ten minutes no code is looked at until the first is ten minutes old.
        """
        at = self.clock()
        given = self.redeeming.redeem(
            self.api.caller.member_id,
            request.code,
            secrets.token_hex(GUESS_BYTES),
            at,
            self.api.deadline,
        )
        return self._answer(given, at)

    @route(
        "POST",
        "/members/<member_id>/coupons",
        summary="Give a member a coupon",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        body=True,
        answers=HTTPStatus.CREATED,
        answer_headers=_REPLAYS,
        also_answers={HTTPStatus.OK: "The coupon was given before under this id"},
        refuses={
            404: ["member_not_found", "template_not_found"],
            409: ["template_ended", "template_paused", "too_many_coupons", "conflict"],
            422: ["issue_id_reused"],
        },
    )
    def issue_coupon(
        self, member_id: MemberIdPath, request: Annotated[IssueRequest, Body()]
    ) -> Response[CouponAnswer]:
        """Give a member a coupon of a template, of whatever tier they are, once per `issue_id`, for ever."""
        at = self.clock()
        given = self.claims.issue(
            member_id,
            request.template_id,
            request.issue_id,
            operator=self.api.caller.member_id,
            at=at,
            deadline=self.api.deadline,
        )
        return self._answer(given, at, again=HTTPStatus.OK)

    def _answer(
        self, given: Given, at: datetime, *, again: HTTPStatus = HTTPStatus.CREATED
    ) -> Response[CouponAnswer]:
        return answer(
            coupon_answer(given.coupon, self.policy, at),
            again if given.repeat else HTTPStatus.CREATED,
            {REPLAYED: "true"} if given.repeat else {},
        )
