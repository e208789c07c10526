"""Face: the caller's coupons, and for staff a member's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from functions.coupons.birthday import CouponStatus
from functions.coupons.birthday import status as status_of
from functions.coupons.coupons import POSITION, Coupons, position_of
from functions.coupons.schema import CouponAnswer, coupon_answer
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Cursor, Limit, MemberIdPath, Query
from functions.platform.shapes import Page
from functions.tiers.members import Members, not_registered

COUPONS = "coupons"
Status = Annotated[CouponStatus | None, Query(description="Only those that stand so now.")]


@dataclass(frozen=True, slots=True)
class CouponsFace:
    """The coupons of the caller, and for staff of a member."""

    api: Api
    coupons: Coupons
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
        """List the caller's birthday coupons, newest first: one per year of the calendar they keep."""
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
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_coupons(
        self, member_id: MemberIdPath, status: Status = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[CouponAnswer]:
        """List a member's birthday coupons as they see them; those of an erased member are there still."""
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
        position = places.read(cursor)
        fitting = [
            coupon
            for coupon in self.coupons.of_member(member_id)
            if status in (None, status_of(coupon, moment))
            and (position is None or position_of(coupon, self.policy) < position)
        ]
        shown = fitting[:limit]
        position = position_of(shown[-1], self.policy) if len(fitting) > limit else None
        return Page(
            items=[coupon_answer(coupon, self.policy, moment) for coupon in shown],
            next_cursor=places.write(position),
        )
