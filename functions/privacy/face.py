"""Face: a member's own data, and the erasure of a member."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.cases.words import Words
from functions.coupons.attempts import Guesses
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.identities import Identities
from functions.platform.observability import logger
from functions.platform.parameters import Cursor, Limit, MemberIdPath
from functions.platform.roles import Role
from functions.points.accounts import Accounts
from functions.privacy.export import POSITION, Exports
from functions.privacy.schema import ErasedAnswer, ExportPage
from functions.tiers.members import Members

EXPORT = "export"


@dataclass(frozen=True, slots=True)
class PrivacyFace:
    """What the programme has of a member, and the end of that."""

    api: Api
    exports: Exports
    members: Members
    accounts: Accounts
    guesses: Guesses
    words: Words
    users: Identities
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/members/me/export",
        summary="Take your data with you",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_export(self, limit: Limit = 20, cursor: Cursor = None) -> ExportPage:
        """List what the programme has of the caller: the rows of `kind` and `data`, page by page.

        What they told about themselves and their points come first, then tier changes, movements of points,
        coupons, orders, staff's changes of the birthday, how coupons were got, codes that failed lately, what
        they have had of campaigns, attempts to pay, and cases, each kind newest first, campaigns by id.
        """
        member_id = self.api.caller.member_id
        places = Cursors(EXPORT, member_id, POSITION)
        items, position = self.exports.page(
            member_id, limit=limit, after=places.read(cursor), at=self.clock(), deadline=self.api.deadline
        )
        return ExportPage(items=items, next_cursor=places.write(position))

    @route(
        "DELETE",
        "/members/<member_id>",
        summary="Erase a member",
        who=Who.STAFF,
        roles=Role.STAFF,
        refuses={404: ["member_not_found"], 409: ["conflict"]},
    )
    def erase_member(self, member_id: MemberIdPath) -> ErasedAnswer:
        """Forget who a member is, for good: name, birthday, phone, and their sign-in with its mail address.

        Forgotten with it is what staff wrote down as the reason of a change of birthday or points, when codes
        of theirs failed, and all that was written in their cases: texts, answers and reasons.

        Ledger, tier changes, coupons, orders and cases stay under the member's id, which says nothing of a
        person: the shop's figures stay as they were. Sent again, it answers the same, and completes what was
        left.
        """
        erased_at = self.members.erase(
            member_id, operator=self.api.caller.member_id, at=self.clock(), deadline=self.api.deadline
        )
        self.accounts.forget_reasons(member_id)
        self.guesses.forget(member_id, self.api.deadline)
        self.words.forget(member_id, self.api.deadline)
        self.users.delete(member_id)
        logger.info("member erased", extra={"member_id": member_id, "operator": self.api.caller.member_id})
        return ErasedAnswer(member_id=member_id, erased_at=erased_at.astimezone(self.policy.zone))
