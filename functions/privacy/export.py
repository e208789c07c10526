"""Everything that the programme knows of a member, page by page, as the member sees it elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from functions.cases.rows import POSITION as CASE_POSITION
from functions.coupons.listing import POSITION as COUPON_POSITION
from functions.coupons.listing import CouponList
from functions.coupons.origins import POSITION as ORIGIN_POSITION
from functions.coupons.schema import coupon_answer
from functions.domain.identifiers import SKU
from functions.domain.policy import Policy
from functions.orders.lists import Filter, OrderLists
from functions.orders.rows import POSITION as ORDER_POSITION
from functions.orders.schema import order_answer
from functions.payments.rows import ATTEMPT_POSITION
from functions.platform.deadline import Deadline
from functions.points.accounts import Accounts
from functions.points.schema import entry_answer, wallet_answer
from functions.privacy.cases_export import CaseParts
from functions.privacy.offers_export import OfferParts
from functions.privacy.parts import Found, Part, joined
from functions.privacy.payments_export import PaymentParts
from functions.privacy.schema import (
    BirthdayChangeReasonAnswer,
    Exported,
    ExportedBirthdayChange,
    ExportedCoupon,
    ExportedEntry,
    ExportedMember,
    ExportedOrder,
    ExportedPoints,
    ExportedTierChange,
)
from functions.tiers.members import CHANGE_POSITION, Members, not_registered
from functions.tiers.schema import member_answer, tier_change_answer

POSITION = (
    rf"[01] |[23] .*|4 ({COUPON_POSITION})?|5 ({ORDER_POSITION})?|6 ({CHANGE_POSITION})?"
    rf"|7 ({ORIGIN_POSITION})?|8 |9 ({SKU})?|10 ({ATTEMPT_POSITION})?|11 ({CASE_POSITION})?"
)
"""Which kind of thing is next, and after which of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """The stores that a member's data is in."""

    members: Members
    accounts: Accounts
    coupons: CouponList
    offers: OfferParts
    orders: OrderLists
    payments: PaymentParts
    cases: CaseParts
    policy: Policy

    def page(
        self, member_id: str, *, limit: int, after: str | None, at: datetime, deadline: Deadline
    ) -> tuple[list[Exported], str | None]:
        """Return a page of a member's data, and the position to go on after.

        A position names the kind and where in it: kinds follow one another, each newest first.

        Raises
        ------
        ConflictError
            ``not_registered``.
        """
        known = self.members.find(member_id, deadline)
        if known is None:
            raise not_registered()

        def member(_limit: int, _after: str | None) -> Found:
            return [ExportedMember(data=member_answer(*known, self.policy, at))], None

        def points(_limit: int, _after: str | None) -> Found:
            wallet = self.accounts.wallet(member_id)
            if wallet is None:  # it is opened with the registration
                raise not_registered()
            return [ExportedPoints(data=wallet_answer(wallet, self.policy, at))], None

        def tier_changes(limit: int, after: str | None) -> Found:
            changes, more = self.members.tier_history(member_id, limit=limit, after=after)
            return [ExportedTierChange(data=tier_change_answer(each, self.policy)) for each in changes], more

        def entries(limit: int, after: str | None) -> Found:
            found, more = self.accounts.entries(member_id, limit=limit, after=after)
            return [ExportedEntry(data=entry_answer(member_id, each, self.policy)) for each in found], more

        def coupons(limit: int, after: str | None) -> Found:
            held, position = self.coupons.page(
                member_id, None, at, limit=limit, after=after, deadline=deadline
            )
            return [ExportedCoupon(data=coupon_answer(each, self.policy, at)) for each in held], position

        def orders(limit: int, after: str | None) -> Found:
            found, more = self.orders.of_member(
                member_id, Filter(), now=at, limit=limit, after=after, deadline=deadline
            )
            return [ExportedOrder(data=order_answer(each, self.policy)) for each in found], more

        def birthday_changes(limit: int, after: str | None) -> Found:
            changes, more = self.members.birthday_changes(member_id, limit=limit, after=after)
            zone = self.policy.zone
            return [
                ExportedBirthdayChange(
                    data=BirthdayChangeReasonAnswer(
                        changed_at=each.changed_at.astimezone(zone), reason=each.reason
                    )
                )
                for each in changes
            ], more

        of_offers = (self.offers.origins, self.offers.attempts, self.offers.uses)
        of_others = (*of_offers, self.payments.attempts, self.cases.cases)
        parts: list[Part] = [
            *(member, points, tier_changes, entries, coupons, orders, birthday_changes),
            *(partial(each, member_id, at, deadline) for each in of_others),
        ]
        return joined(parts, limit=limit, after=after)
