"""Face: members, their tiers, and what staff sees and changes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from functions.domain.errors import NotFoundError
from functions.domain.identifiers import fingerprint
from functions.domain.policy import Policy
from functions.platform.bodies import JSON_TYPE
from functions.platform.cursors import Cursors
from functions.platform.http import MERGE_PATCH_TYPE, Api, Response, Who, answer, route
from functions.platform.parameters import Body, Cursor, Limit, MemberIdPath
from functions.platform.roles import Role
from functions.platform.shapes import Page
from functions.points.accounts import Accounts, opening_row
from functions.points.schema import WalletAnswer, wallet_answer
from functions.tiers import search
from functions.tiers.finder import Finder
from functions.tiers.members import CHANGE_POSITION, Found, Members, Profile, no_member
from functions.tiers.schema import (
    BirthdayChangeAnswer,
    BirthdayRequest,
    FoundAnswer,
    MemberAnswer,
    ProfilePatch,
    ProfileRequest,
    SearchRequest,
    TierChangeAnswer,
    birthday_change_answer,
    birthday_of,
    found_answer,
    member_answer,
    named_calendar,
    tier_change_answer,
)

TIERS = "tiers"
BIRTHDAY_CHANGES = "birthday-changes"
FOUND = "members"


class MemberWithPointsAnswer(MemberAnswer):
    """A member as staff sees them."""

    points: WalletAnswer


@dataclass(frozen=True, slots=True)
class MembersFace:
    """What members tell and see of themselves, and what staff sees and changes of them."""

    api: Api
    members: Members
    finder: Finder
    accounts: Accounts
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "PUT",
        "/members/me",
        summary="Register, or replace what you told us",
        who=Who.MEMBER,
        body=True,
        refuses={409: ["birthday_locked", "member_erased", "conflict"]},
        also_answers={HTTPStatus.CREATED: "Registered"},
    )
    def register(self, request: Annotated[ProfileRequest, Body()]) -> Response[MemberAnswer]:
        """Register the caller: 201 the first time, then 200.

        Name and phone are replaced: a phone that is left out is taken away. `PATCH` changes only what it
        names. An omitted birthday stays; once set, only staff can change it.
        """
        moment = self.clock()
        today = moment.astimezone(self.policy.zone).date()
        told = Profile(
            member_id=self.api.caller.member_id,
            name=request.name,
            birthday=None
            if request.birthday is None
            else birthday_of(request.birthday, request.birthday_calendar, today),
            phone=request.phone,
            registered_at=moment,
        )
        opening_rows = [opening_row(told.member_id)]
        _, new = self.members.put_profile(
            told, self.policy, opening_rows, self.api.deadline, named_calendar=named_calendar(request)
        )
        return answer(self._me(), HTTPStatus.CREATED if new else HTTPStatus.OK)

    @route(
        "PATCH",
        "/members/me",
        summary="Change what you name of what you told us",
        who=Who.MEMBER,
        body=True,
        media_types=(JSON_TYPE, MERGE_PATCH_TYPE),
        refuses={404: ["not_registered"], 409: ["birthday_locked", "conflict"]},
    )
    def change_me(self, request: Annotated[ProfilePatch, Body()]) -> MemberAnswer:
        """Change only what the body names, as a JSON merge patch (RFC 7396); what it does not name stays.

        It may be sent as `application/merge-patch+json` or as `application/json`. `"phone": null` takes the
        phone away. A name cannot be taken away, nor a birthday that is set. Whoever has not registered does
        not by this.
        """
        today = self.clock().astimezone(self.policy.zone).date()
        changes = {name: getattr(request, name) for name in request.model_fields_set - {"birthday_calendar"}}
        if request.birthday is not None:
            changes["birthday"] = birthday_of(request.birthday, request.birthday_calendar, today)
        self.members.patch_profile(
            self.api.caller.member_id, changes, self.api.deadline, named_calendar=named_calendar(request)
        )
        return self._me()

    @route("GET", "/members/me", summary="See yourself", who=Who.MEMBER, refuses={404: ["not_registered"]})
    def get_me(self) -> MemberAnswer:
        """Show the caller's profile, tier, what is missing to the next one, and the tier's rights."""
        return self._me()

    @route(
        "GET",
        "/members/me/tier-history",
        summary="See how your tier changed",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 404: ["not_registered"]},
    )
    def get_tier_history(self, limit: Limit = 20, cursor: Cursor = None) -> Page[TierChangeAnswer]:
        """List the caller's tier changes with the orders that caused them, newest first (T5)."""
        member_id = self.api.caller.member_id
        page = self._tier_changes(member_id, limit, cursor)
        if not page.items:
            self._me()  # an empty list is the answer of somebody who is registered
        return page

    @route(
        "GET",
        "/members/<member_id>/tier-history",
        summary="See how a member's tier changed",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_tier_history(
        self, member_id: MemberIdPath, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[TierChangeAnswer]:
        """List a member's tier changes with the orders that caused them, newest first (T5).

        Those of an erased member are there still, under the id that nobody has any more.
        """
        page = self._tier_changes(member_id, limit, cursor)
        if not page.items:
            self.members.require_known(member_id, self.api.deadline)
        return page

    @route(
        "GET",
        "/members/<member_id>/birthday-changes",
        summary="See why staff changed a member's birthday",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_birthday_changes(
        self, member_id: MemberIdPath, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[BirthdayChangeAnswer]:
        """List staff's changes of a member's birthday, newest first: when, who and why (B4).

        The days themselves are not kept. Of an erased member the reasons are forgotten.
        """
        places = Cursors(f"{BIRTHDAY_CHANGES} {member_id}", self.api.caller.member_id, CHANGE_POSITION)
        changes, position = self.members.birthday_changes(member_id, limit=limit, after=places.read(cursor))
        if not changes:
            self.members.require_known(member_id, self.api.deadline)
        return Page(
            items=[birthday_change_answer(each, self.policy) for each in changes],
            next_cursor=places.write(position),
        )

    @route(
        "POST",
        "/members/search",
        summary="Find members",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        body=True,
        refuses={400: ["invalid_cursor"]},
    )
    def search_members(self, request: Annotated[SearchRequest, Body()]) -> Page[FoundAnswer]:
        """Find members by their id, by their phone, or by how their names begin; by name, then by id.

        What is sought stands in the body, so that no address and no log has it. A phone is found however it
        is written, a name whatever its case and width. Somebody who registered or changed a moment ago may be
        missing; a page may have fewer items than `limit`, or none, and still go on.
        """
        found, next_cursor = self._found(request)
        return Page(items=[found_answer(each, self.policy) for each in found], next_cursor=next_cursor)

    @route(
        "GET",
        "/members/<member_id>",
        summary="See a member",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={404: ["member_not_found"]},
    )
    def get_member(self, member_id: MemberIdPath) -> MemberWithPointsAnswer:
        """Show staff a member as they see themselves, with their points."""
        found, wallet = self.members.find(member_id, self.api.deadline), self.accounts.wallet(member_id)
        if found is None or wallet is None:
            raise no_member()
        shown = member_answer(*found, self.policy, self.clock())
        return MemberWithPointsAnswer(**dict(shown), points=wallet_answer(wallet, self.policy, self.clock()))

    @route(
        "PUT",
        "/members/<member_id>/birthday",
        summary="Change a member's birthday",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        refuses={404: ["member_not_found"], 409: ["conflict"]},
    )
    def change_birthday(
        self, member_id: MemberIdPath, request: Annotated[BirthdayRequest, Body()]
    ) -> MemberAnswer:
        """Change a birthday that a member cannot change any more; who did it and why is kept (B4).

        Its calendar can change as well. A coupon of this year stays as it is, there is no second one (B3),
        and none whose month begins less than 300 days after the last one's (B6).
        """
        moment = self.clock()
        today = moment.astimezone(self.policy.zone).date()
        birthday = birthday_of(request.birthday, request.birthday_calendar, today)
        self.members.change_birthday(
            member_id,
            birthday,
            reason=request.reason,
            operator=self.api.caller.member_id,
            at=moment,
            deadline=self.api.deadline,
        )
        found = self.members.find(member_id, self.api.deadline)
        if found is None:
            raise no_member()
        return member_answer(*found, self.policy, self.clock())

    def _tier_changes(self, member_id: str, limit: int, cursor: str | None) -> Page[TierChangeAnswer]:
        mine = member_id == self.api.caller.member_id
        places = Cursors(TIERS if mine else f"{TIERS} {member_id}", self.api.caller.member_id)
        changes, position = self.members.tier_history(member_id, limit=limit, after=places.read(cursor))
        return Page(
            items=[tier_change_answer(change, self.policy) for change in changes],
            next_cursor=places.write(position),
        )

    def _found(self, request: SearchRequest) -> tuple[list[Found], str | None]:
        limit, deadline = request.limit, self.api.deadline
        if request.member_id is not None:
            self._places("member_id", request.member_id, r"(?!)").read(request.cursor or None)
            found = self.members.find(request.member_id, deadline)
            return ([] if found is None else [found]), None
        if request.phone is not None:
            places = self._places("phone", request.phone, search.PHONE_POSITION)
            after = places.read(request.cursor or None)
            page, position = self.finder.by_phone(request.phone, limit=limit, after=after, deadline=deadline)
        else:
            prefix = request.name_prefix or ""
            places = self._places("name_prefix", search.folded(prefix), search.NAME_POSITION)
            after = places.read(request.cursor or None)
            page, position = self.finder.by_name(prefix, limit=limit, after=after, deadline=deadline)
        return page, places.write(position)

    def _places(self, criterion: str, sought: str, form: str) -> Cursors:
        """Return the cursors of a search, which are good for what was sought only."""
        return Cursors(f"{FOUND} {criterion} {fingerprint(sought)}", self.api.caller.member_id, form)

    def _me(self) -> MemberAnswer:
        found = self.members.find(self.api.caller.member_id, self.api.deadline)
        if found is None:
            raise NotFoundError("not_registered", "Register first: PUT /members/me.")
        return member_answer(*found, self.policy, self.clock())
