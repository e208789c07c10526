"""Several things of a page at once come to what they come to one by one, also those of one member."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.domain.timetable import EXPIRE_POINTS, RELEASE_POINTS
from functions.platform import fanout
from functions.points import jobs
from tests.support.points import Points, Workers, store

MEMBERS = [f"member-{number}" for number in range(12)]
LOTS = 7
PAID_AT, RECEIVED_AT = store(2026, 3, 1, 12), store(2026, 3, 5, 12)
DUE_AT, EXPIRED_AT = store(2026, 3, 20, 12), store(2028, 1, 1, 1)


@pytest.fixture(autouse=True)
def threads(in_line: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real threads again, and so few lots in one transaction that a member's are written by several."""
    monkeypatch.setattr(fanout, "ThreadPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(jobs, "LOTS_PER_RELEASE_MAX", 2)


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
