"""Everything that the programme knows of a member, page by page, as the member sees it elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.coupons.coupons import POSITION as COUPON_POSITION
from functions.coupons.coupons import Coupons, position_of
from functions.coupons.schema import coupon_answer
from functions.domain.policy import Policy
from functions.orders.lists import Filter, OrderLists
from functions.orders.rows import POSITION as ORDER_POSITION
from functions.orders.schema import order_answer
from functions.platform.deadline import Deadline
from functions.points.accounts import Accounts
from functions.points.schema import entry_answer, wallet_answer
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

POSITION = rf"[01] |[23] .*|4 ({COUPON_POSITION})?|5 ({ORDER_POSITION})?|6 ({CHANGE_POSITION})?"
"""Which kind of thing is next, and after which of it."""
Found = tuple[Sequence[Exported], str | None]
"""Things of one kind, and the position to go on after; None where no more of it follow."""
Part = Callable[[int, str | None], Found]
"""Gives so many things of one kind, after a position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """The stores that a member's data is in."""

    members: Members
    accounts: Accounts
    coupons: Coupons
    orders: OrderLists
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
            held = [
                each
                for each in self.coupons.of_member(member_id)
                if after is None or position_of(each, self.policy) < after
            ]
            shown = [ExportedCoupon(data=coupon_answer(each, self.policy, at)) for each in held[:limit]]
            return shown, position_of(held[limit - 1], self.policy) if len(held) > limit else None

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

        parts = [member, points, tier_changes, entries, coupons, orders, birthday_changes]
        return _joined(parts, limit=limit, after=after)


def _joined(parts: Sequence[Part], *, limit: int, after: str | None) -> tuple[list[Exported], str | None]:
    """Return a page of parts that follow one another."""
    number, position = 0, after
    if after is not None:
        text, _, rest = after.partition(" ")
        number, position = int(text), rest or None
    items: list[Exported] = []
    while number < len(parts) and len(items) < limit:
        found, position = parts[number](limit - len(items), position)
        items += found
        if position is None:
            number += 1
    return items, None if number == len(parts) else f"{number} {position or ''}"
