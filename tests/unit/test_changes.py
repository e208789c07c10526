"""When a row says that it was changed, and on which day and shard of the index that is (Z3)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from functions.platform.changes import CHANGED_SHARDS, changed

EVENING = datetime(2026, 11, 28, 19, 30, tzinfo=UTC)
"""When an index's day begins: 03:30 in the store, half an hour before the audit."""
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def day_of(at: datetime) -> str:
    """Return the index's day of a moment."""
    return str(changed("alice", at)["changed_shard"]).partition("#")[0]


def test_a_row_says_to_the_second_when_it_was_changed() -> None:
    assert changed("alice", EVENING + timedelta(microseconds=1))["changed_at"] == "2026-11-28T19:30:00Z"


def test_all_changes_of_a_day_have_one_place_and_those_of_the_next_another() -> None:
    assert {day_of(EVENING), day_of(EVENING + DAY - SECOND)} == {"2026-11-29"}
    assert (day_of(EVENING - SECOND), day_of(EVENING + DAY)) == ("2026-11-28", "2026-11-30")


@pytest.mark.parametrize("days", [1, 30, 365])
def test_days_follow_one_another_as_their_names_do(days: int) -> None:
    assert day_of(EVENING) < day_of(EVENING + days * DAY)


def test_ids_are_spread_over_all_shards_of_a_day() -> None:
    found = Counter(changed(f"m{number}", EVENING)["changed_shard"] for number in range(3_200))
    assert len(found) == CHANGED_SHARDS
    assert max(found.values()) < 2 * 3_200 / CHANGED_SHARDS
