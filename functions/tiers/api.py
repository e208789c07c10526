"""HTTP: members."""

from collections.abc import Callable
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from functions.domain import policy as policies
from functions.domain.errors import NotFoundError, invalid_fields
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api, answer
from functions.platform.settings import Settings
from functions.points import accounts
from functions.tiers.members import Members, Profile
from functions.tiers.schema import MemberAnswer, ProfileRequest, member_answer


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the members' API over these tables, policy and clock."""
    api = Api("Members")
    members = Members(tables, settings.members_table)

    @api.route(
        "PUT",
        "/members/me",
        summary="Register, or change what you told us",
        body=True,
        refuses={409: ["birthday_locked", "conflict"]},
        also_answers={HTTPStatus.CREATED: "Registered"},
    )
    def put_me(request: Annotated[ProfileRequest, Body()]) -> Response[MemberAnswer]:
        """Register the caller: 201 the first time, then 200.

        Name and phone are replaced, an omitted birthday stays; once set, only staff can change it.
        """
        moment = now()
        told = Profile(
            member_id=api.caller.member_id,
            name=request.name,
            birthday=_birthday(request.birthday, moment.astimezone(policy.zone).date()),
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

    def _me() -> MemberAnswer:
        found = members.find(api.caller.member_id, api.deadline)
        if found is None:
            raise NotFoundError("not_registered", "Register first: PUT /members/me.")
        return member_answer(*found, policy)

    return api


def _birthday(text: str | None, today: date) -> date | None:
    if text is None:
        return None
    try:
        birthday = date.fromisoformat(text)
    except ValueError as error:
        raise invalid_fields(("birthday", "not a date of the calendar")) from error
    if birthday > today:
        raise invalid_fields(("birthday", "after today"))
    return birthday


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
