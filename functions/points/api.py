"""HTTP: the caller's points; for staff a member's ledger, adjustments and the last audit."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from functions.domain import policy as policies
from functions.domain.errors import NotFoundError
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.cursors import Cursors
from functions.platform.dynamo import Tables
from functions.platform.http import Api, Before, Cursor, Limit, MemberIdPath, Since, Who
from functions.platform.settings import Settings
from functions.platform.shapes import Page
from functions.points.accounts import Accounts
from functions.points.ledger import Adjustment, Entry, EntryKind, Wallet
from functions.points.reports import Report, Reports
from functions.points.schema import (
    AdjustmentRequest,
    BalancesAnswer,
    DifferenceAnswer,
    EntryAnswer,
    EntryWithOperatorAnswer,
    LiabilityAnswer,
    WalletAnswer,
    balances_answer,
    difference_answer,
    entry_answer,
    entry_with_operator_answer,
    liability_answer,
    wallet_answer,
)
from functions.tiers.members import no_member, not_registered

ENTRIES = "entries"
DIFFERENCES = "differences"
REPORTS = "Reports"
Kind = Annotated[EntryKind | None, Query(description="Only entries of this kind.")]


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the points' API over these tables, policy and clock."""
    api = Api("Points")
    accounts = Accounts(tables, settings.members_table, settings.orders_table)
    reports = Reports(tables, settings.reports_table)

    def wallet() -> Wallet:
        found = accounts.wallet(api.caller.member_id)
        if found is None:
            raise not_registered()
        return found

    @api.route(
        "GET",
        "/members/me/points",
        summary="See your points",
        who=Who.MEMBER,
        refuses={409: ["not_registered"]},
    )
    def get_points() -> WalletAnswer:
        """Show what the caller can spend, what is still frozen, what is owed, and what expires when."""
        return wallet_answer(wallet(), policy, now())

    def entries(
        member_id: str,
        limit: int,
        cursor: str | None,
        kind: EntryKind | None,
        since: datetime | None,
        before: datetime | None,
    ) -> tuple[list[Entry], str | None]:
        """Return a page of a member's ledger, and the cursor of the next."""
        wanted = [each.isoformat() if isinstance(each, datetime) else each for each in (kind, since, before)]
        filters = "" if wanted == [None, None, None] else f" {wanted}"
        whose = "" if member_id == api.caller.member_id else f" {member_id}"
        places = Cursors(f"{ENTRIES}{whose}{filters}", api.caller.member_id)
        found, position = accounts.entries(
            member_id, limit=limit, after=places.read(cursor), kind=kind, since=since, before=before
        )
        return found, places.write(position)

    @api.route(
        "GET",
        "/members/me/points/entries",
        summary="See every movement of your points",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_points_entries(
        kind: Kind = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[EntryAnswer]:
        """List the caller's ledger, newest first; entries of the same second in posting order, last first.

        The filters apply before `limit`. With `kind`, a page may have fewer items, or none, and still go on.
        """
        member_id = api.caller.member_id
        found, next_cursor = entries(member_id, limit, cursor, kind, since, before)
        if not found:
            wallet()  # an empty list is the answer of somebody who is registered
        return Page(
            items=[entry_answer(member_id, entry, policy) for entry in found], next_cursor=next_cursor
        )

    @api.route(
        "GET",
        "/members/<member_id>/points/entries",
        summary="See every movement of a member's points",
        who=Who.STAFF,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_points_entries(
        member_id: MemberIdPath,
        kind: Kind = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[EntryWithOperatorAnswer]:
        """List a member's ledger as they see it, with who adjusted; newest first.

        That of an erased member is there still, under the id that nobody has any more, without its reasons.
        """
        found, next_cursor = entries(member_id, limit, cursor, kind, since, before)
        if not found and accounts.wallet(member_id) is None:
            raise no_member()
        return Page(
            items=[entry_with_operator_answer(member_id, entry, policy) for entry in found],
            next_cursor=next_cursor,
        )

    @api.route(
        "POST",
        "/members/<member_id>/points/adjustments",
        summary="Adjust a member's points by hand",
        who=Who.STAFF,
        body=True,
        refuses={
            404: ["member_not_found"],
            409: ["insufficient_points", "conflict"],
            422: ["adjustment_id_reused"],
        },
    )
    def adjust_points(
        member_id: MemberIdPath, request: Annotated[AdjustmentRequest, Body()]
    ) -> BalancesAnswer:
        """Credit points to the current year, or debit them, the oldest year first.

        Once per `adjustment_id`, for ever: sent again with the same contents, it answers the wallet as it is.
        """
        moment = now()
        adjustment = Adjustment(
            adjustment_id=request.adjustment_id,
            points=request.points,
            reason=request.reason,
            operator=api.caller.member_id,
        )
        after = accounts.adjust(member_id, adjustment, at=moment, policy=policy, deadline=api.deadline)
        return balances_answer(after, policy, moment)

    def last_report() -> Report:
        found = reports.last()
        if found is None:
            raise NotFoundError("not_audited", "The first audit has not come to its end yet.")
        return found

    @api.route(
        "GET",
        "/reports/points-liability",
        summary="See what is owed in points",
        who=Who.STAFF,
        refuses={404: ["not_audited"]},
        tag=REPORTS,
    )
    def get_points_liability() -> LiabilityAnswer:
        """Show what members held at the last audit by earn year, and whether every account fitted."""
        return liability_answer(last_report(), policy)

    @api.route(
        "GET",
        "/reports/points-differences",
        summary="See what did not fit at the last audit",
        who=Who.STAFF,
        refuses={400: ["invalid_cursor"], 404: ["not_audited"]},
        tag=REPORTS,
    )
    def get_points_differences(limit: Limit = 20, cursor: Cursor = None) -> Page[DifferenceAnswer]:
        """List the accounts and orders that did not fit at the last audit, in no particular order."""
        report, caller = last_report(), api.caller.member_id
        of_list = f"{DIFFERENCES} {report.as_of.isoformat()}"
        places = Cursors(of_list, caller)
        after = places.read(cursor)
        found, position = reports.differences(report, limit=limit, after=after)
        return Page(
            items=[difference_answer(difference) for difference in found],
            next_cursor=places.write(position),
        )

    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
