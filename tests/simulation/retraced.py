"""A member's ledger gone through once more: the model moves the points, entry by entry."""

from collections import Counter
from datetime import datetime
from typing import Any

from tests.oracle.purse import Purse
from tests.simulation.calls import order_id_of
from tests.simulation.facts import Fact, within
from tests.simulation.lives import Life, at, differ
from tests.simulation.script import Violation

Json = dict[str, Any]


class Retraced:
    """A member's points as the model has them, its operations done in the order in which the ledger has them.

    The ledger says what came first, and when the release and expiry jobs ran; what each operation moves is
    the model's to say.
    """

    def __init__(self, member: str, lives: list[Life], adjustments: dict[str, Fact]) -> None:
        self.member = member
        self.model = Purse()
        self._lives = {order_id_of(life.name): life for life in lives}
        self._adjustments = adjustments
        self._restores: dict[str, list[tuple[datetime, int]]] = {}
        self._reverses: dict[str, list[tuple[datetime, int]]] = {}
        for order_id, life in self._lives.items():
            if life.paid_at is None:
                closed_at = at(life.shown["closed_at"])
                back = [] if closed_at is None else [(closed_at, life.order.redeemed_points)]
                self._restores[order_id], self._reverses[order_id] = back, []
                continue
            self._restores[order_id] = [(moment, back) for moment, _, back in life.changes]
            self._reverses[order_id] = [(moment, earned) for moment, earned, _ in life.changes]
            if not life.earned_first:
                self.model.paid(order_id, 0, life.paid_at)

    def follow(self, rows: list[Json]) -> None:
        """Do what the ledger's rows say was done, and compare what each has moved."""
        place = 0
        while place < len(rows):
            row = rows[place]
            before = self._balances()
            lapsed = self._lapsed()
            count = self._do(rows[place:])
            group = rows[place : place + count]
            place += count
            moved = self._minus(self._balances(), before)
            said = self._said(group)
            differ(f"ledger: {row['kind']}", f"{self.member} {group}", moved, said)
            differ(
                "lapsed points",
                f"{self.member} {group}",
                self._lapsed() - lapsed,
                sum(each["lapsed_points"] for each in group),
            )
        before = self._all()
        for order_id in self._lives:
            while self._restores[order_id]:
                self._restore(order_id)
            while self._reverses[order_id]:
                self._reverse(order_id)
        differ("not in the ledger", self.member, before, self._all())

    def _do(self, rows: list[Json]) -> int:
        """Do one operation; return how many entries it has."""
        row = rows[0]
        kind, order_id = row["kind"], row["order_id"]
        moment = at(row["occurred_at"])
        assert moment is not None
        if kind == "adjust":
            fact = self._adjustments.pop(row["adjustment_id"], None)
            if fact is None or not within(fact, moment):
                raise Violation("adjusted by nobody", f"{row}")
            self.model.adjust(fact.op["points"], moment)
            return 1
        if kind == "expire" and order_id is None:
            count = self._as_long_as(rows, lambda each: each["kind"] == "expire" and each["order_id"] is None)
            last = at(rows[count - 1]["occurred_at"])
            assert last is not None
            self.model.expire(last)
            return count
        life = self._lives.get(order_id)
        if life is None:
            raise Violation("entry of no order", f"{row}")
        if kind == "earn":
            differ("paid at", life.name, life.paid_at, moment)
            assert life.paid_at is not None
            self.model.paid(order_id, life.earned_first, life.paid_at)
            return 1
        if kind == "redeem":
            differ("placed at", life.name, at(life.shown["placed_at"]), moment)
            self.model.redeem(order_id, life.order.redeemed_points, moment)
            return 1
        if kind == "release" or (kind == "lapse" and row["frozen_delta"]):
            if life.released_from is None or moment < life.released_from:
                raise Violation("released too early", f"{life.name}: {row}")
            self.model.release(order_id, moment)
            return 1
        if kind in ("restore", "lapse"):
            self._next(order_id, self._restores, self._restore, row)
            both = len(rows) > 1 and kind == "restore" and rows[1]["kind"] == "lapse"
            both = both and (rows[1]["order_id"], rows[1]["occurred_at"]) == (order_id, row["occurred_at"])
            return 2 if both and not rows[1]["frozen_delta"] else 1
        count = self._as_long_as(rows, lambda each: each["kind"] == "expire" and each["order_id"] == order_id)
        if len(rows) == count or rows[count]["kind"] != "reverse":
            raise Violation("entry of no operation", f"{rows[: count + 1]}")
        self._next(order_id, self._reverses, self._reverse, rows[count])
        return count + 1

    def _next(self, order_id: str, waiting: Any, act: Any, row: Json) -> None:
        """Do the next part of an order's changes that moves anything; it has the time of its change."""
        before = self._all()
        while waiting[order_id]:
            moment, _ = waiting[order_id][0]
            act(order_id)
            if self._all() != before:
                differ("time of a change", f"{row}", moment, at(row["occurred_at"]))
                return
        raise Violation("entry of no change", f"{row}")

    def _restore(self, order_id: str) -> None:
        moment, total = self._restores[order_id].pop(0)
        self.model.restore(order_id, total - self.model.given_back[order_id], moment)

    def _reverse(self, order_id: str) -> None:
        moment, earned = self._reverses[order_id].pop(0)
        given_back = self.model.given_back[order_id]
        self.model.change(order_id, earned=earned, to_restore=given_back, moment=moment)

    @staticmethod
    def _as_long_as(rows: list[Json], fits: Any) -> int:
        return next((place for place, row in enumerate(rows) if not fits(row)), len(rows))

    def _balances(self) -> tuple[int, Counter[int], int]:
        return self.model.frozen, Counter(self.model.available), self.model.debt

    def _all(self) -> tuple[Any, ...]:
        """Return the balances, and what does not show in them: what expired can be taken back later."""
        return *self._balances(), self.model.expired, self.model.lapsed

    def _lapsed(self) -> int:
        return self.model.lapsed

    @staticmethod
    def _minus(after: Any, before: Any) -> tuple[int, dict[int, int], int]:
        years = {year: after[1][year] - before[1][year] for year in sorted({*after[1], *before[1]})}
        moved = {year: points for year, points in years.items() if points}
        return after[0] - before[0], moved, after[2] - before[2]

    @staticmethod
    def _said(rows: list[Json]) -> tuple[int, dict[int, int], int]:
        years: Counter[int] = Counter()
        for row in rows:
            years.update({int(year): points for year, points in row["available_delta"].items()})
        moved = {year: years[year] for year in sorted(years) if years[year]}
        return sum(row["frozen_delta"] for row in rows), moved, sum(row["debt_delta"] for row in rows)
