"""Claiming a coupon, and coupons that staff issue: once per key and per id, within the limits (V10)."""

from dataclasses import dataclass
from datetime import datetime

from functions.coupons import issuing
from functions.coupons.held import coupon_key, held_of, key
from functions.coupons.issuing import Given, Giving, Origin, made, not_eligible
from functions.coupons.taking import Taking
from functions.coupons.template_rows import claims_counter, template_of
from functions.coupons.template_rows import key as template_key
from functions.coupons.template_store import no_template
from functions.coupons.templates import Template
from functions.domain import calendar, identifiers
from functions.domain.errors import ConflictError, InvalidError, RefusalError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import until_clear
from functions.tiers import members
from functions.tiers.members import STANDING

ISSUE = "ISSUE"
ISSUED_AS = "issue:"
"""How the partition of a spent issue id begins; no member id does."""


@dataclass(frozen=True, slots=True)
class Claims:
    """How members get coupons of templates by asking for them, and from staff."""

    giving: Giving

    def claim(
        self, member_id: str, template_id: str, idempotency_key: str, at: datetime, deadline: Deadline
    ) -> Given:
        """Give a member a coupon of a template, once per key.

        Raises
        ------
        NotFoundError
            ``template_not_found``.
        ForbiddenError
            ``not_eligible``: it is for other tiers.
        ConflictError
            ``not_registered``; ``template_not_claimable``, ``template_paused``, ``template_ended``: nobody
            can claim it now; ``already_claimed``: as often as a member may; ``template_exhausted``: all are
            claimed; ``too_many_coupons``: the member has as many as they may.
        InvalidError
            ``idempotency_key_reused``: under this key a coupon of another template was claimed.
        """
        coupon_id = identifiers.claimed_coupon_id(member_id, idempotency_key)
        taking = Taking(self.giving.tables, claims_counter(self.giving.catalog_table, template_id), coupon_id)

        def attempt() -> Given:
            try:
                return self._try_to_claim(member_id, template_id, taking, at, deadline)
            except RefusalError:
                # A batch is no snapshot: what refuses may be from after this very claim.
                own = self.giving.own(member_id, coupon_id)
                if own is None or own["template_id"] != template_id:
                    raise
                return self.giving.again(own, deadline)

        return until_clear(attempt, deadline)

    def _try_to_claim(
        self, member_id: str, template_id: str, taking: Taking, at: datetime, deadline: Deadline
    ) -> Given:
        own, standing_row, held_row, template_row, home = self.giving.tables.batch_get(
            [
                (self.giving.table, coupon_key(member_id, taking.coupon_id)),
                (self.giving.table, members.key(member_id, STANDING)),
                (self.giving.table, key(member_id)),
                (self.giving.catalog_table, template_key(template_id)),
                (self.giving.catalog_table, taking.counter.home),
            ],
            deadline,
        )
        if own is not None:
            if own["template_id"] != template_id:
                raise InvalidError("idempotency_key_reused", "The key was used for another template.")
            return self.giving.again(own, deadline)
        if template_row is None or home is None:  # they are written together
            raise no_template()
        standing, template, held = (
            issuing.registered(standing_row),
            template_of(template_row),
            held_of(held_row),
        )
        if not template.claimable:
            raise ConflictError("template_not_claimable", "Coupons of this template cannot be claimed.")
        check_gives(template, at)
        if not template.is_for(standing.tier):
            raise not_eligible()
        if template.per_member is not None and held.claims.get(template_id, 0) >= template.per_member:
            raise ConflictError("already_claimed", "You have claimed as many of these as a member may.")
        ref = made(template, taking.coupon_id, at, self.giving.zone)
        transaction = self.giving.tables.transaction()
        issuing.put(
            transaction,
            self.giving.table,
            member_id=member_id,
            held=held,
            template=template,
            ref=ref,
            origin=Origin(way="claim"),
        )
        picked = taking.pick(home, deadline)
        if picked is None:
            raise ConflictError("template_exhausted", "All coupons of this template have been claimed.")
        taking.commit(transaction, home, picked, terms=template.version, deadline=deadline)
        return Given(coupon=ref.coupon(template.worth), repeat=False)

    def issue(
        self,
        member_id: str,
        template_id: str,
        issue_id: str,
        *,
        operator: str,
        at: datetime,
        deadline: Deadline,
    ) -> Given:
        """Give a member a coupon of a template in the name of staff, once per issue id, for ever (R1).

        Staff give to members of any tier, and beside the limits of the claims.

        Raises
        ------
        NotFoundError
            ``member_not_found``, ``template_not_found``.
        ConflictError
            ``template_paused``, ``template_ended``, ``too_many_coupons``.
        InvalidError
            ``issue_id_reused``: it was used for another member or template.
        """
        coupon_id = identifiers.issued_coupon_id(issue_id)
        spent = {
            **members.key(ISSUED_AS + issue_id, ISSUE),
            "issued_member_id": member_id,
            "template_id": template_id,
            "operator": operator,
            "issued_at": calendar.to_row(at),
        }

        def attempt() -> Given:
            standing_row, held_row, template_row = self.giving.tables.batch_get(
                [
                    (self.giving.table, members.key(member_id, STANDING)),
                    (self.giving.table, key(member_id)),
                    (self.giving.catalog_table, template_key(template_id)),
                ],
                deadline,
            )
            # After the others: what refuses may be from after this very issue.
            before, own = self.giving.tables.batch_get(
                [
                    (self.giving.table, members.key(ISSUED_AS + issue_id, ISSUE)),
                    (self.giving.table, coupon_key(member_id, coupon_id)),
                ],
                deadline,
            )
            if before is not None:
                if (before["issued_member_id"], before["template_id"]) != (member_id, template_id):
                    raise InvalidError("issue_id_reused", "The issue id was used with other contents.")
                own = own or self.giving.own(member_id, coupon_id)
                if own is None:  # they are written together
                    raise LookupError(f"issue {issue_id} has no coupon")
                return self.giving.again(own, deadline)
            if members.registered_standing_of(standing_row) is None:
                raise members.no_member()
            if template_row is None:
                raise no_template()
            template = template_of(template_row)
            check_gives(template, at)
            ref = made(template, coupon_id, at, self.giving.zone)
            transaction = self.giving.tables.transaction()
            transaction.put_new(self.giving.table, spent)
            issuing.put(
                transaction,
                self.giving.table,
                member_id=member_id,
                held=held_of(held_row),
                template=template,
                ref=ref,
                origin=Origin(way="staff"),
            )
            transaction.commit(deadline)
            return Given(coupon=ref.coupon(template.worth), repeat=False)

        return until_clear(attempt, deadline)


def check_gives(template: Template, at: datetime) -> None:
    """Refuse to go on with a template of which nobody gets a coupon now.

    Raises
    ------
    ConflictError
        ``template_ended``, ``template_paused``.
    """
    if template.valid.has_ended(at):
        raise ConflictError("template_ended", "Coupons of this template could not be used any more.")
    if not template.gives_at(at):
        raise ConflictError("template_paused", "Coupons of this template are not given out now.")
