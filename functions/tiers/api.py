"""HTTP: members, their tiers, and what staff sees and changes of them."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from functions.domain import policy as policies
from functions.domain.errors import NotFoundError
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.cursors import Cursors
from functions.platform.dynamo import Tables
from functions.platform.http import Api, Cursor, Limit, MemberIdPath, answer
from functions.platform.settings import Settings
from functions.platform.shapes import Page
from functions.points import accounts
from functions.points.schema import WalletAnswer, wallet_answer
from functions.tiers.members import Members, Profile, no_member
from functions.tiers.schema import (
    BirthdayRequest,
    MemberAnswer,
    ProfileRequest,
    TierChangeAnswer,
    birthday_of,
    member_answer,
    tier_change_answer,
    told_birthday,
)

TIERS = "tiers"


class MemberWithPointsAnswer(MemberAnswer):
    """A member as staff sees them."""

    points: WalletAnswer


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the members' API over these tables, policy and clock."""
    api = Api("Members")
    members = Members(tables, settings.members_table)
    wallets = accounts.Accounts(tables, settings.members_table, settings.orders_table)

    @api.route(
        "PUT",
        "/members/me",
        summary="Register, or change what you told us",
        body=True,
        refuses={409: ["birthday_locked", "member_erased", "conflict"]},
        also_answers={HTTPStatus.CREATED: "Registered"},
    )
    def register(request: Annotated[ProfileRequest, Body()]) -> Response[MemberAnswer]:
        """Register the caller: 201 the first time, then 200.

        Name and phone are replaced, an omitted birthday stays; once set, only staff can change it.
        """
        moment = now()
        today = moment.astimezone(policy.zone).date()
        told = Profile(
            member_id=api.caller.member_id,
            name=request.name,
            birthday=told_birthday(request.birthday, request.birthday_calendar, today),
            phone=request.phone,
            registered_at=moment,
        )
        opening_rows = [accounts.opening_row(told.member_id)]
        _, new = members.put_profile(told, policy, opening_rows, api.deadline)
        return answer(_me(), HTTPStatus.CREATED if new else HTTPStatus.OK)

    @api.route("GET", "/members/me", summary="See yourself", refuses={404: ["not_registered"]})
    def get_me() -> MemberAnswer:
        """Show the caller's profile, tier, what is missing to the next one, and the tier's rights."""
        return _me()

    @api.route(
        "GET",
        "/members/me/tier-history",
        summary="See how your tier changed",
        refuses={400: ["invalid_cursor"], 404: ["not_registered"]},
    )
    def get_tier_history(limit: Limit = 20, cursor: Cursor = None) -> Page[TierChangeAnswer]:
        """List the caller's tier changes with the orders that caused them, newest first (T5)."""
        member_id = api.caller.member_id
        places = Cursors(TIERS, member_id)
        after = places.read(cursor)
        changes, position = members.tier_history(member_id, limit=limit, after=after)
        if not changes:
            _me()  # an empty list is the answer of somebody who is registered
        return Page(
            items=[tier_change_answer(change, policy) for change in changes],
            next_cursor=places.write(position),
        )

    @api.route(
        "GET",
        "/members/<member_id>",
        summary="See a member",
        staff=True,
        refuses={404: ["member_not_found"]},
    )
    def get_member(member_id: MemberIdPath) -> MemberWithPointsAnswer:
        """Show staff a member as they see themselves, with their points."""
        found, wallet = members.find(member_id, api.deadline), wallets.wallet(member_id)
        if found is None or wallet is None:
            raise no_member()
        shown = member_answer(*found, policy, now())
        return MemberWithPointsAnswer(**dict(shown), points=wallet_answer(wallet, policy, now()))

    @api.route(
        "PUT",
        "/members/<member_id>/birthday",
        summary="Change a member's birthday",
        staff=True,
        body=True,
        refuses={404: ["member_not_found"], 409: ["conflict"]},
    )
    def change_birthday(member_id: MemberIdPath, request: Annotated[BirthdayRequest, Body()]) -> MemberAnswer:
        """Change a birthday that a member cannot change any more; who did it and why is kept (B4).

        Its calendar can change as well. A coupon of this year stays as it is, there is no second one (B3),
        and none whose month begins less than 300 days after the last one's (B6).
        """
        moment = now()
        today = moment.astimezone(policy.zone).date()
        birthday = birthday_of(request.birthday, request.birthday_calendar, today)
        members.change_birthday(
            member_id,
            birthday,
            reason=request.reason,
            operator=api.caller.member_id,
            at=moment,
            deadline=api.deadline,
        )
        found = members.find(member_id, api.deadline)
        if found is None:
            raise no_member()
        return member_answer(*found, policy, now())

    def _me() -> MemberAnswer:
        found = members.find(api.caller.member_id, api.deadline)
        if found is None:
            raise NotFoundError("not_registered", "Register first: PUT /members/me.")
        return member_answer(*found, policy, now())

    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
