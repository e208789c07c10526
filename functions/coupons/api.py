"""HTTP: the caller's coupons."""

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
from functions.platform.http import Api, Cursor, Limit
from functions.platform.settings import Settings
from functions.platform.shapes import Page
from functions.tiers.members import Members, not_registered

COUPONS = "coupons"


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the coupons' API over these tables, policy and clock."""
    api = Api("Coupons")
    coupons = Coupons(tables, settings.members_table)
    members = Members(tables, settings.members_table)

    @api.route(
        "GET",
        "/members/me/coupons",
        summary="See your coupons",
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_coupons(
        status: Annotated[CouponStatus | None, Query(description="Only those that stand so now.")] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[CouponAnswer]:
        """List the caller's birthday coupons, newest first: one per year of the calendar they keep."""
        member_id, moment = api.caller.member_id, now()
        places = Cursors(f"{COUPONS} {status or ''}", member_id, POSITION)
        position = places.read(cursor)
        held = coupons.of_member(member_id)
        if not held and members.find(member_id, api.deadline) is None:
            raise not_registered()
        listed = [
            coupon
            for coupon in held
            if status in (None, status_of(coupon, moment))
            and (position is None or position_of(coupon, policy) < position)
        ]
        shown = listed[:limit]
        position = position_of(shown[-1], policy) if len(listed) > limit else None
        return Page(
            items=[coupon_answer(coupon, policy, moment) for coupon in shown],
            next_cursor=places.write(position),
        )

    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
