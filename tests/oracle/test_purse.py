"""The two models of a member's points say the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.points import LAPSED, Member
from tests.oracle.purse import Purse
from tests.oracle.tables import Refused

ORDERS = ("o1", "o2", "o3")
DAYS = st.integers(0, 300)


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[str, str, int, int]]:
    """Draw what happens: a kind, an order, a number, and after how many days."""
    kinds = st.sampled_from(
        ["paid", "release", "redeem", "change", "expire", "credit", "debit", "late change"]
    )
    step = st.tuples(kinds, st.sampled_from(ORDERS), st.integers(0, 9), DAYS)
    return draw(st.lists(step, min_size=1, max_size=25))


class Both:
    """A member and a purse that live the same life."""

    def __init__(self) -> None:
        self.member, self.purse = Member(), Purse()
        self._paid: dict[str, int] = {}
        self._redeemed: dict[str, int] = {}
        self._restored: dict[str, int] = {}

    def do(self, kind: str, order_id: str, number: int, moment: datetime) -> None:
        """Let something happen to both that can happen."""
        match kind:
            case "paid" if order_id not in self._paid and order_id not in self._redeemed:
                self._both("paid", order_id, number, moment)
                self._paid[order_id] = number
            case "release" if order_id in self._paid:
                self._both("release", order_id, moment)
            case "redeem" if order_id not in self._redeemed and order_id not in self._paid:
                said = (order_id, number, moment)
                if not self._refused("redeem", said, said):
                    self._redeemed[order_id] = number
                    self._both("paid", order_id, number, moment)
                    self._paid[order_id] = number
            case "change" | "late change" if order_id in self._paid:
                earned = min(number, self._paid[order_id])
                back = max(self._restored.get(order_id, 0), min(number, self._redeemed.get(order_id, 0)))
                if kind == "late change":
                    moment -= timedelta(days=40)
                self._both("change", order_id, earned=earned, to_restore=back, moment=moment)
                self._paid[order_id], self._restored[order_id] = earned, back
            case "expire":
                self._both("expire", moment)
            case "credit" if number:
                self.member.adjust("a", number, moment)
                self.purse.adjust(number, moment)
            case "debit" if number:
                self._refused("adjust", ("a", -number, moment), (-number, moment))

    def _both(self, name: str, *values: Any, **named: Any) -> None:
        getattr(self.member, name)(*values, **named)
        getattr(self.purse, name)(*values, **named)

    def _refused(self, name: str, of_member: tuple[Any, ...], of_purse: tuple[Any, ...]) -> bool:
        refused = []
        for each, values in ((self.member, of_member), (self.purse, of_purse)):
            try:
                getattr(each, name)(*values)
                refused.append(False)
            except Refused:
                refused.append(True)
        assert refused[0] == refused[1]
        return refused[0]

    def balances(self) -> tuple[Any, Any]:
        """Return how both look."""
        member = (
            self.member.frozen,
            self.member.available,
            self.member.debt,
            {year: points for year, points in self.member.expired.items() if points},
            self.member.count(LAPSED),
        )
        purse = (
            self.purse.frozen,
            self.purse.available,
            self.purse.debt,
            self.purse.expired,
            self.purse.lapsed,
        )
        return member, purse


@given(lives())
@settings(max_examples=400, deadline=None)
def test_points_by_number_are_points_one_by_one(life: list[tuple[str, str, int, int]]) -> None:
    both, moment = Both(), datetime(2026, 3, 1, tzinfo=UTC)
    for kind, order_id, number, days in life:
        moment += timedelta(days=days)
        both.do(kind, order_id, number, moment)
        member, purse = both.balances()
        assert member == purse
