"""A member's points one by one (E1-E9): each is an object that remembers everything that happened to it.

A balance is never stored and never computed with: it is how many points are in a place at the moment. What is
owed is kept in the same way, as one debt per missing point, and a point that settles one is gone with it.

Operations are carried out in the order in which they are called, and each is told its own time, which may lie
before that of an operation called earlier. A change that comes late in this way meets the points as they were
at its time: what has been written off since is taken as if it were still there (R2).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.oracle.calendar import earn_year, points_gone_at, points_usable
from tests.oracle.tables import RULES, Refused, Rules

FROZEN = "frozen"
AVAILABLE = "available"
REDEEMED = "redeemed"
TAKEN_BACK = "taken back"
EXPIRED = "expired"
LAPSED = "lapsed"
DEBT_PAID = "debt paid with it"
DEBITED = "debited"


@dataclass(eq=False)
class Point:
    """One point: the year it belongs to, where it came from, and where it has been, the last being now."""

    year: int
    source: str
    history: list[tuple[str, datetime, str]] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where the point is now."""
        return self.history[-1][0]

    @property
    def by(self) -> str:
        """The order or adjustment that put it there."""
        return self.history[-1][2]

    def move(self, place: str, moment: datetime, by: str) -> None:
        """The point goes to another place."""
        self.history.append((place, moment, by))


@dataclass(eq=False)
class Debt:
    """One point that was to be taken back and was not there (E4); it does not expire."""

    order_id: str
    arose_at: datetime
    paid_with: Point | None = None


class Member:
    """One member's points."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.points: list[Point] = []
        self.debts: list[Debt] = []
        self.lots: dict[str, str] = {}  # where each order's lot is: frozen, available (released) or lapsed
        self.owed: dict[str, int] = {}  # how many points each order is entitled to still
        self.given_back: dict[str, int] = {}  # how many redeemed points of each order came back or lapsed

    # What happens

    def paid(self, order_id: str, points: int, moment: datetime) -> None:
        """E2, E5: the order's points exist from now on, frozen, in the year of its payment."""
        for _ in range(points):
            point = Point(earn_year(moment, self.rules), order_id)
            point.move(FROZEN, moment, order_id)
            self.points.append(point)
        self.lots[order_id] = FROZEN
        self.owed[order_id] = points

    def release(self, order_id: str, moment: datetime) -> None:
        """E3, E7: what is left of the lot becomes available, or lapses if its year has expired by now."""
        for point in self.lot(order_id):
            if points_usable(point.year, moment, self.rules):
                self.credit(point, moment, order_id)
                self.lots[order_id] = AVAILABLE
            else:
                point.move(LAPSED, moment, order_id)
                self.lots[order_id] = LAPSED

    def redeem(self, order_id: str, points: int, moment: datetime) -> None:
        """E6: the oldest year first, of what can be spent; all or nothing."""
        for point in self.spendable(points, moment):
            point.move(REDEEMED, moment, order_id)

    def restore(self, order_id: str, points: int, moment: datetime) -> None:
        """E6: the newest year's points come back first; those whose year has expired at the change lapse."""
        self.given_back[order_id] = self.given_back.get(order_id, 0) + points
        for point in self.newest_first(self.redeemed_by(order_id))[:points]:
            if points_usable(point.year, moment, self.rules):
                self.credit(point, moment, order_id)
            else:
                point.move(LAPSED, moment, order_id)

    def change(self, order_id: str, *, earned: int, to_restore: int, moment: datetime) -> None:
        """O4, O5: from now on the order earns and has given back so many points; it restores first (E6)."""
        self.restore(order_id, to_restore - self.given_back.get(order_id, 0), moment)
        for _ in range(self.owed[order_id] - earned):
            self.take_one_back(order_id, moment)
        self.owed[order_id] = earned

    def expire(self, moment: datetime) -> None:
        """E5: the job writes off every available point whose year has expired."""
        for point in self.at(AVAILABLE):
            if not points_usable(point.year, moment, self.rules):
                point.move(EXPIRED, points_gone_at(point.year, self.rules), "")

    def adjust(self, adjustment_id: str, points: int, moment: datetime) -> None:
        """E8: a credit belongs to the current year; a debit takes the oldest year first, all or nothing."""
        for _ in range(points):
            point = Point(earn_year(moment, self.rules), adjustment_id)
            self.credit(point, moment, adjustment_id)
            self.points.append(point)
        for point in self.spendable(-points, moment):
            point.move(DEBITED, moment, adjustment_id)

    # How it looks

    @property
    def frozen(self) -> int:
        """How many points are frozen, expired years among them (E7)."""
        return len(self.at(FROZEN))

    @property
    def available(self) -> dict[int, int]:
        """How many points of each year are available, as far as the job has not written them off (E9)."""
        return self.by_year(self.at(AVAILABLE))

    @property
    def debt(self) -> int:
        """How many points are owed."""
        return sum(debt.paid_with is None for debt in self.debts)

    @property
    def expired(self) -> dict[int, int]:
        """How many points of each year have been written off."""
        return self.by_year(self.at(EXPIRED))

    def usable(self, moment: datetime) -> dict[int, int]:
        """E5: how many points of each year can be spent at a moment."""
        return self.by_year(
            point for point in self.at(AVAILABLE) if points_usable(point.year, moment, self.rules)
        )

    def count(self, *places: str) -> int:
        """How many points are in these places."""
        return sum(point.place in places for point in self.points)

    # What that is made of

    def at(self, place: str) -> list[Point]:
        """The points in a place."""
        return [point for point in self.points if point.place == place]

    def lot(self, order_id: str) -> list[Point]:
        """The points that an order earned and that are frozen still."""
        return [point for point in self.at(FROZEN) if point.source == order_id]

    def redeemed_by(self, order_id: str) -> list[Point]:
        """The points that an order has redeemed and not given back."""
        return [point for point in self.at(REDEEMED) if point.by == order_id]

    def credit(self, point: Point, moment: datetime, by: str) -> None:
        """E4: a point becomes available, unless there is a debt, which it pays."""
        for debt in self.debts:
            if debt.paid_with is None:
                debt.paid_with = point
                point.move(DEBT_PAID, moment, by)
                return
        point.move(AVAILABLE, moment, by)

    def spendable(self, points: int, moment: datetime) -> list[Point]:
        """So many points that can be spent at a moment, the oldest year's first; else they are refused."""
        there = [point for point in self.at(AVAILABLE) if points_usable(point.year, moment, self.rules)]
        if points > len(there):
            raise Refused("not_enough_points")
        return self.oldest_first(there)[: max(points, 0)]

    def take_one_back(self, order_id: str, moment: datetime) -> None:
        """E4, E7: one point that the order has no right to any more, from where the lot is."""
        if self.lots[order_id] == LAPSED:
            return
        if self.lots[order_id] == FROZEN:
            self.lot(order_id)[0].move(TAKEN_BACK, moment, order_id)
            return
        own_year = next(point.year for point in self.points if point.source == order_id)
        there = [*self.at(AVAILABLE), *self.at(EXPIRED)]  # within a year, first what needs no giving back
        there = [point for point in there if points_usable(point.year, moment, self.rules)]
        of_own_year = [point for point in there if point.year == own_year]
        for point in [*of_own_year, *self.oldest_first(there)]:
            point.move(TAKEN_BACK, moment, order_id)
            return
        self.debts.append(Debt(order_id, moment))

    @staticmethod
    def oldest_first(points: Iterable[Point]) -> list[Point]:
        """Points in the order of their years."""
        return sorted(points, key=lambda point: point.year)

    @staticmethod
    def newest_first(points: Iterable[Point]) -> list[Point]:
        """Points in the reverse order of their years."""
        return sorted(points, key=lambda point: point.year, reverse=True)

    @staticmethod
    def by_year(points: Iterable[Point]) -> dict[int, int]:
        """How many points there are of each year."""
        years = [point.year for point in points]
        return {year: years.count(year) for year in sorted(set(years))}
