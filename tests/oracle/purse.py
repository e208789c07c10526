"""A member's points by number (E1-E9): what :mod:`tests.oracle.points` says, for lives of millions of points.

Points that are in the same place and of the same year are alike, so they are counted instead of kept one by
one. A test lets both live the same lives.
"""

from collections import Counter
from datetime import datetime

from tests.oracle.calendar import earn_year, points_usable
from tests.oracle.points import AVAILABLE, FROZEN, LAPSED
from tests.oracle.tables import RULES, Refused, Rules


class Purse:
    """One member's points, by year and place; its operations are those of a ``Member`` there."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.debt = 0
        self.lapsed = 0
        self.given_back: Counter[str] = Counter()
        self._lots: dict[str, str] = {}
        self._years: dict[str, int] = {}
        self._frozen: Counter[str] = Counter()
        self._owed: Counter[str] = Counter()
        self._available: Counter[int] = Counter()
        self._expired: Counter[int] = Counter()
        self._redeemed: dict[str, Counter[int]] = {}

    def paid(self, order_id: str, points: int, moment: datetime) -> None:
        """E2, E5: the order's points are frozen, in the year of its payment."""
        self._lots[order_id], self._years[order_id] = FROZEN, earn_year(moment, self.rules)
        self._frozen[order_id] = self._owed[order_id] = points

    def release(self, order_id: str, moment: datetime) -> None:
        """E3, E7: what is left of the lot becomes available, or lapses if its year has expired by now."""
        points, year = self._frozen.pop(order_id, 0), self._years[order_id]
        if not points:
            return
        if points_usable(year, moment, self.rules):
            self._lots[order_id] = AVAILABLE
            self._credit(year, points)
        else:
            self._lots[order_id] = LAPSED
            self.lapsed += points

    def redeem(self, order_id: str, points: int, moment: datetime) -> None:
        """E6: the oldest year first, of what can be spent; all or nothing."""
        self._redeemed[order_id] = self._spend(points, moment)

    def restore(self, order_id: str, points: int, moment: datetime) -> None:
        """E6: the newest year's points come back first; those whose year has expired at the change lapse."""
        self.given_back[order_id] += points
        taken = self._redeemed.get(order_id, Counter())
        for year in sorted(taken, reverse=True):
            part = min(points, taken[year])
            taken[year] -= part
            points -= part
            if points_usable(year, moment, self.rules):
                self._credit(year, part)
            else:
                self.lapsed += part

    def change(self, order_id: str, *, earned: int, to_restore: int, moment: datetime) -> None:
        """O4, O5: from now on the order earns and has given back so many points; it restores first (E6)."""
        self.restore(order_id, to_restore - self.given_back[order_id], moment)
        self._take_back(order_id, self._owed[order_id] - earned, moment)
        self._owed[order_id] = earned

    def expire(self, moment: datetime) -> None:
        """E5: the job writes off every available point whose year has expired."""
        for year in list(self._available):
            if not points_usable(year, moment, self.rules):
                self._expired[year] += self._available.pop(year)

    def adjust(self, points: int, moment: datetime) -> None:
        """E8: a credit belongs to the current year; a debit takes the oldest year first, all or nothing."""
        if points > 0:
            self._credit(earn_year(moment, self.rules), points)
        else:
            self._spend(-points, moment)

    @property
    def frozen(self) -> int:
        """How many points are frozen, expired years among them (E7)."""
        return self._frozen.total()

    @property
    def available(self) -> dict[int, int]:
        """How many points of each year are available, as far as the job has not written them off (E9)."""
        return {year: points for year, points in sorted(self._available.items()) if points}

    @property
    def expired(self) -> dict[int, int]:
        """How many points of each year have been written off."""
        return {year: points for year, points in sorted(self._expired.items()) if points}

    def usable(self, moment: datetime) -> dict[int, int]:
        """E5: how many points of each year can be spent at a moment."""
        return {
            year: points for year, points in self.available.items() if points_usable(year, moment, self.rules)
        }

    def _credit(self, year: int, points: int) -> None:
        """E4: points become available, those aside that pay a debt."""
        settled = min(self.debt, points)
        self.debt -= settled
        self._available[year] += points - settled

    def _spend(self, points: int, moment: datetime) -> Counter[int]:
        there = self.usable(moment)
        if points > sum(there.values()):
            raise Refused("not_enough_points")
        taken: Counter[int] = Counter()
        for year in sorted(there):
            taken[year] = min(points - taken.total(), there[year])
        self._available.subtract(taken)
        return taken

    def _take_back(self, order_id: str, points: int, moment: datetime) -> None:
        """E4, E7: points that the order has no right to any more, from where the lot is."""
        match self._lots[order_id]:
            case place if place == FROZEN:
                self._frozen[order_id] -= points
            case place if place == AVAILABLE:
                own = self._years[order_id]
                others = sorted({*self._available, *self._expired} - {own})
                for year in (own, *others):
                    if points_usable(year, moment, self.rules):
                        for bucket in (self._available, self._expired):  # first what needs no giving back
                            part = min(points, bucket[year])
                            bucket[year] -= part
                            points -= part
                self.debt += points
