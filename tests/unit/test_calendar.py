"""Store time."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from functions.domain import calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_moment_loses_its_fraction_of_a_second_and_keeps_its_instant() -> None:
    moment = datetime(2026, 12, 10, 9, 30, 0, 999_999, tzinfo=SHANGHAI)
    assert calendar.whole_second(moment) == datetime(2026, 12, 10, 1, 30, tzinfo=UTC)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar.whole_second(datetime(2026, 12, 10))  # noqa: DTZ001 - that is the point


def test_rows_hold_utc_text_whose_order_is_time_order() -> None:
    early = datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=14)))
    late = datetime(2026, 12, 31, 23, 59, 59, tzinfo=SHANGHAI)
    assert calendar.to_row(early) < calendar.to_row(late) == "2026-12-31T15:59:59Z"
    assert calendar.from_row(calendar.to_row(late)) == late


def test_E5_points_belong_to_the_year_of_payment_in_store_time() -> None:
    last_second_of_2025 = datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert calendar.earn_year(last_second_of_2025, SHANGHAI) == 2025
    assert calendar.earn_year(last_second_of_2025 + timedelta(seconds=1), SHANGHAI) == 2026


def test_E5_points_of_2025_are_gone_with_the_first_second_of_2027() -> None:
    gone = calendar.points_expire_at(2025, 1, SHANGHAI)
    assert gone == datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert calendar.last_second_before(gone) == datetime(2026, 12, 31, 23, 59, 59, tzinfo=SHANGHAI)
