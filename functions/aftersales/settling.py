"""What a complaint is settled with: points, or a coupon of a template that is made for it (A9)."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from functions.cases.case import Case, Settlement
from functions.coupons import issuing
from functions.coupons.claims import check_gives
from functions.coupons.held import held_of
from functions.coupons.held import key as held_key
from functions.coupons.issuing import Origin
from functions.coupons.template_rows import key as template_key
from functions.coupons.template_rows import template_of
from functions.coupons.template_store import no_template
from functions.domain import identifiers
from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables, Transaction
from functions.points import account_rows, accounts, ledger
from functions.points.ledger import Adjustment
from functions.tiers import members

ADJUSTED_BY = "case "
"""How the adjustment of a case is called: with a space, so that no caller's id is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What points and coupons are given with, in the transaction of a complaint."""

    tables: Tables
    members_table: str
    catalog_table: str
    policy: Policy

    @property
    def zone(self) -> ZoneInfo:
        """The store's time zone."""
        return self.policy.zone

    def add(
        self,
        transaction: Transaction,
        case: Case,
        settlement: Settlement,
        *,
        reason: str,
        operator: str,
        without_limit: bool,
        at: datetime,
        deadline: Deadline,
    ) -> Settlement:
        """Add to a transaction that the member of a complaint gets what it is settled with; return that.

        ``without_limit`` lets it be more points than the policy lets everybody give (A9).

        Raises
        ------
        InvalidError
            ``settlement_too_large``.
        NotFoundError
            ``member_not_found``: erased; ``template_not_found``.
        ConflictError
            ``template_not_for_complaints``, ``template_ended``, ``template_paused``, ``too_many_coupons``.
        """
        if settlement.points is not None:
            most = self.policy.after_sales.settle_points_max
            if settlement.points > most and not without_limit:
                raise InvalidError(
                    "settlement_too_large",
                    f"At most {most} points; more are for who has the role finance.",
                    points_max=most,
                )
            self._add_points(transaction, case, settlement.points, reason, operator, at, deadline)
            return settlement
        return self._add_coupon(transaction, case, settlement, at, deadline)

    def _add_points(
        self,
        transaction: Transaction,
        case: Case,
        points: int,
        reason: str,
        operator: str,
        at: datetime,
        deadline: Deadline,
    ) -> None:
        table, member_id = self.members_table, case.member_id
        row, standing = self.tables.batch_get(
            [(table, members.key(member_id, each)) for each in (account_rows.WALLET, members.STANDING)],
            deadline,
        )
        if row is None or members.registered_standing_of(standing) is None:
            raise members.no_member()
        before = account_rows.wallet_of(row)
        adjustment = Adjustment(
            adjustment_id=ADJUSTED_BY + case.case_id, points=points, reason=reason, operator=operator
        )
        after, entry = ledger.adjust(before, adjustment, occurred_at=at, policy=self.policy)
        accounts.put_wallet(transaction, table, member_id, before=before, after=after, entries=[entry])
        self.require_not_erased(transaction, member_id)

    def _add_coupon(
        self,
        transaction: Transaction,
        case: Case,
        settlement: Settlement,
        at: datetime,
        deadline: Deadline,
    ) -> Settlement:
        table, member_id = self.members_table, case.member_id
        standing, held, template_row = self.tables.batch_get(
            [
                (table, members.key(member_id, members.STANDING)),
                (table, held_key(member_id)),
                (self.catalog_table, template_key(settlement.template_id or "")),
            ],
            deadline,
        )
        if members.registered_standing_of(standing) is None:
            raise members.no_member()
        if template_row is None:
            raise no_template()
        template = template_of(template_row)
        if not template.for_complaints:
            raise ConflictError(
                "template_not_for_complaints", "No complaint is settled with a coupon of this template."
            )
        check_gives(template, at)
        coupon_id = identifiers.case_coupon_id(case.case_id)
        issuing.put(
            transaction,
            table,
            member_id=member_id,
            held=held_of(held),
            template=template,
            ref=issuing.made(template, coupon_id, at, self.zone),
            origin=Origin(way="case"),
        )
        self.require_not_erased(transaction, member_id)
        return replace(settlement, coupon_id=coupon_id)

    def require_not_erased(self, transaction: Transaction, member_id: str) -> None:
        """Add to a transaction that it is nothing if its member has been erased meanwhile."""
        transaction.require(
            self.members_table,
            members.key(member_id, members.STANDING),
            condition="attribute_not_exists(#erased)",
        )
