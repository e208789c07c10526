"""Face: the caller's coupons, and for staff a member's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from functions.coupons.birthday import CouponStatus
from functions.coupons.listing import POSITION, CouponList
from functions.coupons.schema import CouponAnswer, coupon_answer
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Cursor, Limit, MemberIdPath, Query
from functions.platform.roles import Role
from functions.platform.shapes import Page
from functions.tiers.members import Members, not_registered

COUPONS = "coupons"
Status = Annotated[CouponStatus | None, Query(description="Only those that stand so now.")]


@dataclass(frozen=True, slots=True)
class CouponsFace:
    """The coupons of the caller, and for staff of a member."""

    api: Api
    coupons: CouponList
    members: Members
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/members/me/coupons",
        summary="See your coupons",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_coupons(
        self, status: Status = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[CouponAnswer]:
        """List the caller's coupons, newest first: those of birthdays, and those of templates.

        Where most stand otherwise than asked for, a page may have fewer than `limit`, and still go on.
        """
        member_id = self.api.caller.member_id
        page = self._listed(member_id, status, limit, cursor)
        if not page.items and self.members.find(member_id, self.api.deadline) is None:
            raise not_registered()
        return page

    @route(
        "GET",
        "/members/<member_id>/coupons",
        summary="See a member's coupons",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_coupons(
        self, member_id: MemberIdPath, status: Status = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[CouponAnswer]:
        """List a member's coupons as they see them; those of an erased member are there still."""
        page = self._listed(member_id, status, limit, cursor)
        if not page.items:
            self.members.require_known(member_id, self.api.deadline)
        return page

    def _listed(
        self, member_id: str, status: CouponStatus | None, limit: int, cursor: str | None
    ) -> Page[CouponAnswer]:
        moment = self.clock()
        whose = "" if member_id == self.api.caller.member_id else f" {member_id}"
        places = Cursors(f"{COUPONS} {status or ''}{whose}", self.api.caller.member_id, POSITION)
        found, position = self.coupons.page(
            member_id,
            status,
            moment,
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[coupon_answer(coupon, self.policy, moment) for coupon in found],
            next_cursor=places.write(position),
        )
