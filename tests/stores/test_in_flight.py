"""Several things of a page at once come to what they come to one by one, also those of one member."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.platform import fanout
from functions.points import jobs
from functions.points.account_rows import LOT
from functions.points.accounts import Accounts
from functions.points.jobs import tasks
from functions.points.timetable import EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers import members
from tests.support.points import Points, Workers, store

MEMBERS = [f"member-{number}" for number in range(12)]
LOTS = 7
LONG_AGO = store(2025, 6, 1, 12)
PAID_AT, RECEIVED_AT = store(2026, 3, 1, 12), store(2026, 3, 5, 12)
DUE_AT, EXPIRED_AT = store(2026, 3, 20, 12), store(2028, 1, 1, 1)


@pytest.fixture(autouse=True)
def threads(in_line: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real threads again, and so few lots in one transaction that a member's are written by several."""
    monkeypatch.setattr(fanout, "ThreadPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(jobs, "LOTS_PER_RELEASE_MAX", 2)


def test_E6_the_longest_due_of_a_members_lots_pays_the_debt(
    points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a task is about single rows, each lot is a thing by itself, and the first is slow."""
    workers = Workers(points.shop)
    points.join(*MEMBERS)
    rows, first = [], set[str]()
    for member_id in MEMBERS:
        owing = points.bought(member_id, 150, LONG_AGO, LONG_AGO)
        points.release(member_id, owing, at=PAID_AT)
        points.redeem(member_id, 100, PAID_AT, f"spent-{member_id}")
        points.give_back(owing, 0, PAID_AT)
        points.post(owing)
        assert points.balances(member_id) == (0, {}, 100)
        for paid_at in (store(2026, 3, 1, 12), store(2027, 3, 1, 12)):
            paper = points.bought(member_id, 200, paid_at, paid_at)
            first |= {paper.order_id} if paid_at.year == store(2026, 3, 1, 12).year else set()
            rows.append(members.key(member_id, LOT + paper.order_id))
    release = Accounts.release

    def slow(self: Accounts, member_id: str, order_ids: Sequence[str], **how: Any) -> Any:
        time.sleep(0.05 if order_ids[0] in first else 0)  # time enough to be overtaken, if anything is there
        return release(self, member_id, order_ids, **how)

    monkeypatch.setattr(Accounts, "release", slow)
    (task,) = (each for each in tasks(RELEASE_POINTS, EXPIRED_AT, points.shop.policy) if each.shard == 0)
    workers.box.queue.put([replace(task, only=tuple(rows), at=store(2027, 4, 1, 12))])
    assert workers.run() == []
    assert [points.balances(member_id)[1:] for member_id in MEMBERS] == [
        ({"2026": 100, "2027": 200}, 0) for _ in MEMBERS
    ]


def test_all_lots_are_released_once_and_all_points_expire_once(points: Points) -> None:
    workers = Workers(points.shop)
    points.join(*MEMBERS)
    for member_id in MEMBERS:
        for _ in range(LOTS):
            points.bought(member_id, 10, PAID_AT, RECEIVED_AT)
    assert workers.do(RELEASE_POINTS, DUE_AT) == []
    assert [points.balances(member_id) for member_id in MEMBERS] == [
        (0, {"2026": 10 * LOTS}, 0) for _ in MEMBERS
    ]
    assert workers.do(EXPIRE_POINTS, EXPIRED_AT) == []
    for member_id in MEMBERS:
        assert points.balances(member_id) == (0, {}, 0)
        assert points.kinds(member_id).count("release") == LOTS
        assert points.kinds(member_id).count("expire") == 1
    points.check(*MEMBERS)
