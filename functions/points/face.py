"""Face: the caller's points; for staff a member's ledger, adjustments and the last audit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from functions.domain.errors import NotFoundError
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Before, Body, Cursor, Limit, MemberIdPath, Query, Since
from functions.platform.reports import REPORTS
from functions.platform.roles import Role
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
Kind = Annotated[EntryKind | None, Query(description="Only entries of this kind.")]


@dataclass(frozen=True, slots=True)
class PointsFace:
    """What members see of their points, and what staff sees and adjusts of them."""

    api: Api
    accounts: Accounts
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/members/me/points",
        summary="See your points",
        who=Who.MEMBER,
        refuses={409: ["not_registered"]},
    )
    def get_points(self) -> WalletAnswer:
        """Show what the caller can spend, what is still frozen, what is owed, and what expires when."""
        return wallet_answer(self._wallet(), self.policy, self.clock())

    @route(
        "GET",
        "/members/me/points/entries",
        summary="See every movement of your points",
        who=Who.MEMBER,
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_points_entries(
        self,
        kind: Kind = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[EntryAnswer]:
        """List the caller's ledger, newest first; entries of the same second in posting order, last first.

        The filters apply before `limit`. With `kind`, a page may have fewer items, or none, and still go on.
        """
        member_id = self.api.caller.member_id
        found, next_cursor = self._entries(member_id, limit, cursor, kind, since, before)
        if not found:
            self._wallet()  # an empty list is the answer of somebody who is registered
        return Page(
            items=[entry_answer(member_id, entry, self.policy) for entry in found], next_cursor=next_cursor
        )

    @route(
        "GET",
        "/members/<member_id>/points/entries",
        summary="See every movement of a member's points",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_points_entries(
        self,
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
        found, next_cursor = self._entries(member_id, limit, cursor, kind, since, before)
        if not found and self.accounts.wallet(member_id) is None:
            raise no_member()
        return Page(
            items=[entry_with_operator_answer(member_id, entry, self.policy) for entry in found],
            next_cursor=next_cursor,
        )

    @route(
        "POST",
        "/members/<member_id>/points/adjustments",
        summary="Adjust a member's points by hand",
        who=Who.STAFF,
        roles=Role.STAFF | Role.FINANCE,
        body=True,
        refuses={
            404: ["member_not_found"],
            409: ["insufficient_points", "conflict"],
            422: ["adjustment_id_reused"],
        },
    )
    def adjust_points(
        self, member_id: MemberIdPath, request: Annotated[AdjustmentRequest, Body()]
    ) -> BalancesAnswer:
        """Credit points to the current year, or debit them, the oldest year first.

        Once per `adjustment_id`, for ever: sent again with the same contents, it answers the wallet as it is.
        """
        moment = self.clock()
        adjustment = Adjustment(
            adjustment_id=request.adjustment_id,
            points=request.points,
            reason=request.reason,
            operator=self.api.caller.member_id,
        )
        after = self.accounts.adjust(
            member_id, adjustment, at=moment, policy=self.policy, deadline=self.api.deadline
        )
        return balances_answer(after, self.policy, moment)

    def _wallet(self) -> Wallet:
        found = self.accounts.wallet(self.api.caller.member_id)
        if found is None:
            raise not_registered()
        return found

    def _entries(
        self,
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
        whose = "" if member_id == self.api.caller.member_id else f" {member_id}"
        places = Cursors(f"{ENTRIES}{whose}{filters}", self.api.caller.member_id)
        found, position = self.accounts.entries(
            member_id, limit=limit, after=places.read(cursor), kind=kind, since=since, before=before
        )
        return found, places.write(position)


@dataclass(frozen=True, slots=True)
class ReportsFace:
    """What the last audit found."""

    api: Api
    reports: Reports
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/reports/points-liability",
        summary="See what is owed in points",
        who=Who.STAFF,
        roles=REPORTS["points-liability"].roles,
        refuses={404: ["not_audited"]},
    )
    def get_points_liability(self) -> LiabilityAnswer:
        """Show what members held at the last audit by earn year, and whether every account fitted."""
        return liability_answer(self._last(), self.policy)

    @route(
        "GET",
        "/reports/points-differences",
        summary="See what did not fit at the last audit",
        who=Who.STAFF,
        roles=REPORTS["points-differences"].roles,
        refuses={400: ["invalid_cursor"], 404: ["not_audited"]},
    )
    def get_points_differences(self, limit: Limit = 20, cursor: Cursor = None) -> Page[DifferenceAnswer]:
        """List the accounts and orders that did not fit at the last audit, in no particular order."""
        report, caller = self._last(), self.api.caller.member_id
        of_list = f"{DIFFERENCES} {report.as_of.isoformat()}"
        places = Cursors(of_list, caller)
        after = places.read(cursor)
        found, position = self.reports.differences(report.as_of, limit=limit, after=after)
        return Page(
            items=[difference_answer(difference) for difference in found],
            next_cursor=places.write(position),
        )

    def _last(self) -> Report:
        found = self.reports.last()
        if found is None:
            raise NotFoundError("not_audited", "The first audit has not come to its end yet.")
        return found
