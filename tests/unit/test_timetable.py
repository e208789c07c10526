"""When each job runs, and since when a run of it must have begun that has ended by now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.contexts import CONTEXTS, starters, timetable
from functions.domain.policy import Policy, load
from functions.domain.timetable import At, Every, Scheduled
from functions.operations.timetable import WATCH_JOBS
from tests.support.policies import changed

ROOT = Path(__file__).parent.parent.parent
POLICY = load()
ZONE = POLICY.zone
PLANNING = [each for each in CONTEXTS if (ROOT / "functions" / each / "timetable.py").exists()]
PLANNING.remove("operations")  # which has the watch
MINUTE = timedelta(minutes=1)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - the time zone comes with the strategy
    max_value=datetime(2110, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
hours, minutes = st.integers(0, 23), st.integers(0, 59)
daily = st.builds(At, hour=hours, minute=minutes)
weekly = st.builds(At, hour=hours, minute=minutes, weekday=st.integers(1, 7))
monthly = st.builds(At, hour=hours, minute=minutes, day=st.integers(1, 31))
yearly = st.builds(
    lambda on, hour, minute: At(hour=hour, minute=minute, day=on.day, month=on.month),
    st.dates(datetime(2024, 1, 1, tzinfo=UTC).date(), datetime(2024, 12, 31, tzinfo=UTC).date()),
    hours,
    minutes,
)
schedules = pytest.mark.parametrize("scheduled", timetable(POLICY), ids=lambda each: each.name)
with_days = pytest.mark.parametrize(
    ("scheduled", "at"),
    [pytest.param(each, each.when, id=each.name) for each in timetable(POLICY) if isinstance(each.when, At)],
)


def store(text: str) -> datetime:
    """Return the moment of a wall-clock time in the shop, in UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def fits(at: At, moment: datetime) -> bool:
    """Tell whether a schedule fires at a moment, as its fields say."""
    local = moment.astimezone(ZONE)
    return (
        local.hour in at.hours
        and (local.minute, local.second, local.microsecond) == (at.minute, 0, 0)
        and at.day in (None, local.day)
        and at.month in (None, local.month)
        and at.weekday in (None, local.isoweekday())
    )


def days_of(at: At, first: datetime, last: datetime) -> Iterator[datetime]:
    """Give the moments between two at which a schedule fires, found hour by hour and forwards."""
    local = first.astimezone(ZONE).replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    while local <= last:
        if fits(at, local) and local >= first:
            yield local
        hourly = at.until_hour is not None
        local += timedelta(hours=1) if hourly else timedelta(days=1)


def longest_gap(at: At) -> timedelta:
    """Return an upper bound of the time between two firings."""
    if at.day is None and at.month is None:
        return timedelta(days=1 if at.weekday is None else 7)
    return timedelta(days=62) if at.month is None else timedelta(days=8 * 366)


@given(st.one_of(daily, weekly, monthly, yearly), moments)
@example(At(hour=0, minute=0, day=29, month=2), store("2104-02-28T23:59:59"))
@example(At(hour=0, minute=0, day=29, month=2), store("2104-02-29T00:00:00"))
@example(At(hour=23, minute=59, day=31, month=12), store("2027-01-01T00:00:00"))
@example(At(hour=0, minute=0, day=1, month=1), store("2026-12-31T23:59:59"))
@example(At(hour=0, minute=0, day=31), store("2026-03-01T00:00:00"))
def test_the_latest_time_fits_is_not_after_the_moment_and_none_is_between(at: At, moment: datetime) -> None:
    found = at.latest(moment, ZONE)
    assert found <= moment
    assert fits(at, found)
    assert list(days_of(at, found + MINUTE, moment)) == []
    assert moment - found <= longest_gap(at)


@settings(max_examples=30)
@given(st.one_of(daily, weekly, monthly), moments)
def test_the_latest_time_is_the_one_found_minute_by_minute(at: At, moment: datetime) -> None:
    minute = moment.replace(second=0, microsecond=0)
    for _ in range(24 * 60 + 1):
        if fits(at, minute):
            assert at.latest(moment, ZONE) == minute
            return
        minute -= MINUTE
    assert (at.day, at.weekday) != (None, None), "a day without a daily time"
    assert at.latest(moment, ZONE) <= minute


@given(st.one_of(daily, weekly, monthly, yearly), moments)
def test_a_time_is_its_own_latest_and_a_second_before_it_is_not(at: At, moment: datetime) -> None:
    found = at.latest(moment, ZONE)
    assert at.latest(found, ZONE) == found
    assert at.latest(found - timedelta(seconds=1), ZONE) < found


@pytest.mark.parametrize(
    ("at", "moment", "latest"),
    [
        (At(hour=4, minute=0), "2026-05-01T03:59:59", "2026-04-30T04:00:00"),
        (At(hour=10, minute=30, until_hour=18), "2026-05-01T10:29:59", "2026-04-30T18:30:00"),
        (At(hour=10, minute=30, until_hour=18), "2026-05-01T10:30:00", "2026-05-01T10:30:00"),
        (At(hour=10, minute=30, until_hour=18), "2026-05-01T17:00:00", "2026-05-01T16:30:00"),
        (At(hour=10, minute=30, until_hour=18), "2026-05-01T23:00:00", "2026-05-01T18:30:00"),
        (At(hour=4, minute=0), "2026-05-01T04:00:00", "2026-05-01T04:00:00"),
        (At(hour=2, minute=0, weekday=7), "2026-11-29T01:59:59", "2026-11-22T02:00:00"),
        (At(hour=2, minute=0, weekday=7), "2026-11-29T02:00:00", "2026-11-29T02:00:00"),
        (At(hour=0, minute=0, weekday=1), "2027-01-01T00:00:00", "2026-12-28T00:00:00"),
        (At(hour=0, minute=5, day=1), "2026-03-01T00:04:59", "2026-02-01T00:05:00"),
        (At(hour=0, minute=5, day=31), "2026-05-30T12:00:00", "2026-03-31T00:05:00"),
        (At(hour=0, minute=5, day=29), "2026-03-28T12:00:00", "2026-01-29T00:05:00"),
        (At(hour=0, minute=5, day=29), "2028-03-28T12:00:00", "2028-02-29T00:05:00"),
        (At(hour=9, minute=0, day=29, month=2), "2031-07-01T00:00:00", "2028-02-29T09:00:00"),
        (At(hour=9, minute=0, day=29, month=2), "2104-02-29T08:59:00", "2096-02-29T09:00:00"),
        (At(hour=0, minute=0, day=1, month=1), "2026-12-31T23:59:59", "2026-01-01T00:00:00"),
        (At(hour=0, minute=0, day=1, month=1), "2027-01-01T00:00:00", "2027-01-01T00:00:00"),
        (At(hour=9, minute=0, day=2, month=12), "2026-12-02T08:59:59", "2025-12-02T09:00:00"),
    ],
)
def test_the_latest_time_at_the_borders_of_the_calendar(at: At, moment: str, latest: str) -> None:
    assert at.latest(store(moment), ZONE) == store(latest)


def test_a_day_begins_when_it_does_in_the_shop() -> None:
    at = At(hour=0, minute=0, day=1, month=1)
    assert at.latest(datetime(2026, 12, 31, 16, 0, tzinfo=UTC), ZONE).year == 2027
    assert at.latest(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), ZONE).year == 2026


def test_a_day_that_no_month_has_never_was() -> None:
    with pytest.raises(ValueError, match="never was"):
        At(hour=0, minute=0, day=30, month=2).latest(store("2026-05-01T00:00:00"), ZONE)


@given(st.integers(1, 10_000), st.timedeltas(timedelta(), timedelta(days=9)), moments)
def test_what_runs_every_so_often_must_have_begun_one_period_before_it_must_have_ended(
    period: int, done_within: timedelta, now: datetime
) -> None:
    scheduled = Scheduled(name="x", job="x", when=Every(period), done_within=done_within)
    wanted = scheduled.wanted_since(now, ZONE)
    must_have_ended = now - done_within
    # However the firings lie, exactly one of them is in this span.
    assert must_have_ended - wanted == timedelta(minutes=period)


@given(st.one_of(daily, weekly, monthly, yearly), st.timedeltas(timedelta(), timedelta(days=9)), moments)
def test_a_run_is_wanted_from_when_its_time_is_up_until_the_next_ones_is(
    at: At, done_within: timedelta, now: datetime
) -> None:
    scheduled = Scheduled(name="x", job="x", when=at, done_within=done_within)
    wanted = scheduled.wanted_since(now, ZONE)
    assert fits(at, wanted)
    assert wanted + done_within <= now
    assert scheduled.wanted_since(wanted + done_within, ZONE) == wanted
    assert list(days_of(at, wanted + MINUTE, now - done_within)) == []


@with_days
def test_each_schedule_wants_what_a_walk_through_the_days_finds(scheduled: Scheduled, at: At) -> None:
    fired = list(days_of(at, store("2025-01-01T00:00:00"), store("2028-03-20T00:00:00")))
    assert len(fired) >= 2
    for before, after in pairwise(fired[-400:]):
        due = after + scheduled.done_within
        assert scheduled.wanted_since(due - timedelta(seconds=1), ZONE) == before
        assert scheduled.wanted_since(due, ZONE) == after
    for begins in ("2026-11-25T00:00:00", "2026-12-25T00:00:00", "2028-02-20T00:00:00"):
        for step in range(14 * 12):
            now = store(begins) + step * timedelta(hours=2)
            (*_, expected) = [each for each in fired if each + scheduled.done_within <= now]
            assert scheduled.wanted_since(now, ZONE) == expected


def test_the_timetable_is_the_programmes() -> None:
    told = {each.name: (each.job, each.when) for each in timetable(POLICY)}
    assert (
        told.items()
        >= {
            "lapse-unpaid": ("lapse-unpaid", Every(1)),
            "auto-receipt": ("auto-receipt", Every(5)),
            "release-points": ("release-points", Every(10)),
            "expire-points": ("expire-points", At(hour=0, minute=0, day=1, month=1)),
            "expire-points-again": ("expire-points", At(hour=0, minute=30)),
            "announce-expiring": ("announce-expiring", At(hour=9, minute=0, day=2, month=12)),
            "announce-expiring-again": ("announce-expiring", At(hour=9, minute=0, day=3, month=12)),
            "issue-birthday-coupons": ("issue-birthday-coupons", At(hour=0, minute=5, day=1)),
            "issue-birthday-coupons-again": ("issue-birthday-coupons", At(hour=0, minute=5, day=2)),
            "open-member-day": ("open-member-day", At(hour=0, minute=0, day=10)),
            "open-member-day-again": ("open-member-day", At(hour=0, minute=15, day=10)),
            "end-campaigns": ("end-campaigns", Every(5)),
            "audit-points": ("audit-points", At(hour=2, minute=0, weekday=7)),
            "audit-changes": ("audit-changes", At(hour=4, minute=0)),
        }.items()
    )


@pytest.mark.parametrize("context", PLANNING)
def test_every_job_has_a_name_that_its_context_declares(context: str) -> None:
    module = import_module(f"functions.{context}.timetable")
    named = {value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
    assert named == {job for jobs in module.STARTS.values() for job in jobs}
    planned = module.timetable(POLICY) if hasattr(module, "timetable") else ()
    assert named >= {each.job for each in planned}


def test_K8_every_job_is_started_by_one_function_and_the_watch_by_none() -> None:
    started = starters()
    assert {each.job for each in timetable(POLICY)} < started.keys()
    assert started.keys() - {each.job for each in timetable(POLICY)} == {
        "index-members",
        "index-parcels",
        "replay-points",
    }
    assert WATCH_JOBS not in started


def test_the_watch_is_no_job_that_is_watched_over() -> None:
    assert WATCH_JOBS not in {each.job for each in timetable(POLICY)}


@schedules
def test_what_has_a_time_of_day_is_done_before_its_next_time(scheduled: Scheduled) -> None:
    assert scheduled.done_within > timedelta()
    if isinstance(scheduled.when, At):
        fired = days_of(scheduled.when, store("2025-01-01T00:00:00"), store("2029-01-01T00:00:00"))
        assert all(scheduled.done_within < after - before for before, after in pairwise(fired))
    else:
        # One that has not ended has the next ones to catch up, as often as this.
        assert scheduled.done_within >= 2 * timedelta(minutes=scheduled.when.minutes)


@schedules
def test_a_second_time_runs_the_same_job_after_the_first(scheduled: Scheduled) -> None:
    if not scheduled.name.endswith("-again"):
        assert scheduled.name == scheduled.job
        return
    (first,) = [each for each in timetable(POLICY) if each.name == scheduled.job]
    assert isinstance(first.when, At)
    assert isinstance(scheduled.when, At)
    first_at = first.when.latest(store("2027-01-20T00:00:00"), ZONE)
    (again, *_) = days_of(scheduled.when, first_at, first_at + timedelta(days=2))
    assert timedelta() < again - first_at <= timedelta(days=1)


@pytest.mark.parametrize(
    ("notice_days", "told_on", "again_on"),
    [(30, (12, 2), (12, 3)), (31, (12, 1), (12, 2)), (306, (3, 1), (3, 2)), (365, (1, 1), (1, 2))],
)
def test_E10_the_notice_is_so_many_days_before_the_years_end(
    notice_days: int,
    told_on: tuple[int, int],
    again_on: tuple[int, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    policy = _with(tmp_path_factory, ("notice_days = 30", f"notice_days = {notice_days}"))
    days = [
        (each.when.month, each.when.day)
        for each in timetable(policy)
        if each.job == "announce-expiring" and isinstance(each.when, At)
    ]
    assert days == [told_on, again_on]


def test_P2_the_member_day_opens_on_the_policys_day(tmp_path_factory: pytest.TempPathFactory) -> None:
    policy = _with(tmp_path_factory, ("day = 10", "day = 28"))
    opening = [each.when for each in timetable(policy) if each.job == "open-member-day"]
    assert opening == [At(hour=0, minute=0, day=28), At(hour=0, minute=15, day=28)]


def _with(folders: pytest.TempPathFactory, *changes: tuple[str, str]) -> Policy:
    return load(changed(folders.mktemp("policy"), *changes))
