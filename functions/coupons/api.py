"""HTTP: the caller's coupons, and for staff a member's."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.coupons.birthday import CouponStatus
from functions.coupons.birthday import status as status_of
from functions.coupons.coupons import POSITION, Coupons, position_of
from functions.coupons.schema import CouponAnswer, coupon_answer
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.cursors import Cursors
from functions.platform.dynamo import Tables
from functions.platform.http import Api, Cursor, Limit, MemberIdPath, Who
from functions.platform.settings import Settings
from functions.platform.shapes import Page
from functions.tiers.members import Members, not_registered

COUPONS = "coupons"
Status = Annotated[CouponStatus | None, Query(description="Only those that stand so now.")]


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the coupons' API over these tables, policy and clock."""
    api = Api("Coupons")
    coupons = Coupons(tables, settings.members_table)
    members = Members(tables, settings.members_table)

    @api.route(
        "GET",
        "/members/me/coupons",
        summary="See your coupons",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_coupons(status: Status = None, limit: Limit = 20, cursor: Cursor = None) -> Page[CouponAnswer]:
        """List the caller's birthday coupons, newest first: one per year of the calendar they keep."""
        member_id = api.caller.member_id
        page = listed(member_id, status, limit, cursor)
        if not page.items and members.find(member_id, api.deadline) is None:
            raise not_registered()
        return page

    @api.route(
        "GET",
        "/members/<member_id>/coupons",
        summary="See a member's coupons",
        who=Who.STAFF,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_coupons(
        member_id: MemberIdPath, status: Status = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[CouponAnswer]:
        """List a member's birthday coupons as they see them; those of an erased member are there still."""
        page = listed(member_id, status, limit, cursor)
        if not page.items:
            members.require_known(member_id, api.deadline)
        return page

    def listed(
        member_id: str, status: CouponStatus | None, limit: int, cursor: str | None
    ) -> Page[CouponAnswer]:
        moment = now()
        whose = "" if member_id == api.caller.member_id else f" {member_id}"
        places = Cursors(f"{COUPONS} {status or ''}{whose}", api.caller.member_id, POSITION)
        position = places.read(cursor)
        fitting = [
            coupon
            for coupon in coupons.of_member(member_id)
            if status in (None, status_of(coupon, moment))
            and (position is None or position_of(coupon, policy) < position)
        ]
        shown = fitting[:limit]
        position = position_of(shown[-1], policy) if len(fitting) > limit else None
        return Page(
            items=[coupon_answer(coupon, policy, moment) for coupon in shown],
            next_cursor=places.write(position),
        )

    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
