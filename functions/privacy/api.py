"""HTTP: a member's own data, and the erasure of a member."""

from collections.abc import Callable
from datetime import datetime

from functions.coupons.coupons import Coupons
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.orders.lists import OrderLists
from functions.platform import clock, dynamo, identities
from functions.platform.cursors import Cursors
from functions.platform.dynamo import Tables
from functions.platform.http import Api, Cursor, Limit, MemberIdPath, Who
from functions.platform.identities import Identities
from functions.platform.observability import logger
from functions.platform.settings import IdentitySettings, Settings
from functions.points.accounts import Accounts
from functions.privacy.export import POSITION, Exports
from functions.privacy.schema import ErasedAnswer, ExportPage
from functions.tiers.members import Members

EXPORT = "export"


def create(
    tables: Tables, settings: Settings, users: Identities, policy: Policy, now: Callable[[], datetime]
) -> Api:
    """Return the privacy API over these tables, users, policy and clock."""
    api = Api("Privacy")
    members = Members(tables, settings.members_table)
    accounts = Accounts(tables, settings.members_table, settings.orders_table)
    exports = Exports(
        members=members,
        accounts=accounts,
        coupons=Coupons(tables, settings.members_table),
        orders=OrderLists.of(tables, settings, policy),
        policy=policy,
    )

    @api.route(
        "GET",
        "/members/me/export",
        summary="Take your data with you",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_export(limit: Limit = 20, cursor: Cursor = None) -> ExportPage:
        """List what the programme has of the caller: the rows of `kind` and `data`, page by page.

        What they told about themselves and their points come first, then tier changes, movements of points,
        coupons and orders, each kind newest first.
        """
        member_id = api.caller.member_id
        places = Cursors(EXPORT, member_id, POSITION)
        items, position = exports.page(
            member_id, limit=limit, after=places.read(cursor), at=now(), deadline=api.deadline
        )
        return ExportPage(items=items, next_cursor=places.write(position))

    @api.route(
        "DELETE",
        "/members/<member_id>",
        summary="Erase a member",
        who=Who.STAFF,
        refuses={404: ["member_not_found"], 409: ["conflict"]},
    )
    def erase_member(member_id: MemberIdPath) -> ErasedAnswer:
        """Forget who a member is, for good: name, birthday, phone, and their sign-in with its mail address.

        Forgotten with it is what staff wrote down as the reason of a change of birthday or points.

        Ledger, tier changes, coupons and orders stay under the member's id, which says nothing of a person:
        the shop's figures stay as they were. Sent again, it answers the same, and completes what was left.
        """
        erased_at = members.erase(member_id, operator=api.caller.member_id, at=now(), deadline=api.deadline)
        accounts.forget_reasons(member_id)
        users.delete(member_id)
        logger.info("member erased", extra={"member_id": member_id, "operator": api.caller.member_id})
        return ErasedAnswer(member_id=member_id, erased_at=erased_at.astimezone(policy.zone))

    return api


handler = create(
    Tables(dynamo.client()),
    Settings.from_environment(),
    Identities(identities.client(), IdentitySettings.from_environment().user_pool),
    policies.load(),
    clock.now,
)
