"""Birthdays by the lunar calendar against the sky, 1990 to 2099 (B6)."""

import subprocess
import sys
from collections import Counter
from datetime import date, timedelta

import pytest

from functions.domain import birthdays, lunar
from functions.domain.birthdays import CouponYear, Kept, LunarBirthday
from functions.domain.lunar import LunarDay
from tests.oracle import lunar as oracle

YEARS = range(1990, 2100)
LEAP_EVER = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
DAYS = [
    LunarDay(month=month, day=day, leap=leap)
    for month in range(1, 13)
    for leap in (False, True)
    for day in range(1, 31)
    if not leap or month in LEAP_EVER
]
POSSIBLE = set(filter(lunar.is_possible, DAYS))


@pytest.mark.parametrize("year", YEARS)
def test_B6_every_day_of_every_month_falls_on_the_date_that_the_sky_says(year: int) -> None:
    for day in DAYS:
        assert lunar.falls_on(day, year) == oracle.on_date(day.month, day.day, day.leap, year), day


@pytest.mark.parametrize("year", YEARS)
def test_B6_a_day_exists_in_the_years_that_have_it(year: int) -> None:
    months = oracle.months_of(year)
    for day in DAYS:
        _, days = months.get((day.month, day.leap), (None, 0))
        assert lunar.exists(day, year) == (day.day <= days), day


@pytest.mark.parametrize("year", range(1990, 2099))
def test_B6_the_index_asks_in_a_month_for_just_the_birthdays_that_fall_in_it(year: int) -> None:
    for month in range(1, 13):
        first = date(year, month, 1)
        asked = Counter(birthdays.lunar_days_of(first))
        due = {day for day in DAYS if oracle.in_solar_month(day.month, day.day, day.leap, first)}
        assert {day for day in asked if lunar.is_possible(day)} == {
            day for day in due if lunar.is_possible(day)
        }
        assert set(asked.values()) == {1}


@pytest.mark.parametrize("year", range(1990, 2099))
def test_B3_B6_a_coupon_counts_for_the_lunar_year_of_the_birthday_in_its_month(year: int) -> None:
    for day in DAYS[::7]:
        for month in range(1, 13):
            first = date(year, month, 1)
            found = oracle.in_solar_month(day.month, day.day, day.leap, first)
            expected = None if found is None else CouponYear(found[0], lunar=True)
            assert birthdays.coupon_year(Kept(lunar_day=day), first) == expected, (day, first)
            assert expected is None or expected in birthdays.coupon_years(first)


def test_B6_every_lunar_year_has_one_birthday_and_their_months_begin_334_days_apart_at_least() -> None:
    nearest = min(
        (oracle.on_date(*told, year + 1).replace(day=1) - oracle.on_date(*told, year).replace(day=1)).days
        for day in DAYS
        for told in [(day.month, day.day, day.leap)]
        for year in range(1990, 2098)
    )
    assert nearest == 334


@pytest.mark.parametrize(
    ("told", "year", "on"),
    [
        (LunarDay(month=1, day=1), 2026, "2026-02-17"),
        (LunarDay(month=12, day=30), 2026, "2027-02-05"),  # its twelfth month has 29 days
        (LunarDay(month=12, day=30), 2025, "2026-02-16"),  # so has that of 2025
        (LunarDay(month=6, day=1, leap=True), 2025, "2025-07-25"),
        (LunarDay(month=6, day=1), 2025, "2025-06-25"),
        (LunarDay(month=6, day=1, leap=True), 2026, "2026-07-14"),  # it lacks the leap month
        (LunarDay(month=8, day=1), 1978, "1978-09-03"),
        (LunarDay(month=11, day=1, leap=True), 2033, "2033-12-22"),
        (LunarDay(month=9, day=1), 2057, "2057-09-29"),
        (LunarDay(month=8, day=1), 2089, "2089-09-04"),
        (LunarDay(month=7, day=1), 2097, "2097-08-08"),
    ],
)
def test_B6_dates_that_libraries_give_differently_or_that_have_to_be_moved(
    told: LunarDay, year: int, on: str
) -> None:
    assert lunar.falls_on(told, year) == date.fromisoformat(on)


def test_B6_the_30th_of_a_leap_month_that_is_lacking_falls_on_the_29th_of_a_short_plain_one() -> None:
    told = LunarDay(month=6, day=30, leap=True)
    short = [year for year in YEARS if (6, True) not in oracle.months_of(year) and _days(year, 6) == 29]
    assert short
    for year in short:
        first, _ = oracle.months_of(year)[6, False]
        assert lunar.falls_on(told, year) == first + timedelta(days=28)


def _days(year: int, month: int) -> int:
    return oracle.months_of(year)[month, False][1]


@pytest.mark.parametrize("month", [1, 12])
def test_B6_no_year_has_a_leap_first_or_twelfth_month(month: int) -> None:
    assert not lunar.is_possible(LunarDay(month=month, day=1, leap=True))
    assert lunar.is_possible(LunarDay(month=month, day=30))


def test_B6_month_12_day_1_falls_twice_in_17_of_the_years_2000_to_2050_and_in_17_not_at_all() -> None:
    told = LunarDay(month=12, day=1)
    falls = Counter(on.year for year in range(1998, 2052) if (on := lunar.falls_on(told, year)))
    assert Counter(falls[year] for year in range(2000, 2051)) == {0: 17, 1: 17, 2: 17}


@pytest.mark.parametrize("year", [1899, 2101, 9999])
def test_B6_what_is_not_known_is_not_guessed(year: int) -> None:
    assert lunar.falls_on(LunarDay(month=1, day=1), year) is None
    assert not lunar.exists(LunarDay(month=1, day=1), year)


def test_B6_beyond_the_known_years_there_is_no_next_birthday_and_no_coupon() -> None:
    told = LunarBirthday(day=LunarDay(month=12, day=1))
    assert birthdays.next_on(told, date(2102, 1, 1)) is None
    assert birthdays.coupon_year(birthdays.kept(told), date(2102, 1, 1)) is None
    assert list(birthdays.lunar_days_of(date(2103, 1, 1))) == []


@pytest.mark.parametrize(
    ("today", "on"),
    [
        ("2026-01-19", "2026-01-19"),
        ("2026-01-20", "2027-01-08"),
        ("2027-01-08", "2027-01-08"),
        ("2027-01-09", "2027-12-28"),
    ],
)
def test_B6_the_next_birthday_is_todays_or_the_first_one_after_it(today: str, on: str) -> None:
    told = LunarBirthday(day=LunarDay(month=12, day=1))
    assert birthdays.next_on(told, date.fromisoformat(today)) == date.fromisoformat(on)


def test_the_next_birthday_of_29_february_is_the_28th_in_other_years() -> None:
    born = date(2000, 2, 29)
    days = ["2026-02-27", "2026-02-28", "2026-03-01", "2027-03-01", "2028-02-29", "2028-03-01"]
    shown = [str(birthdays.next_on(born, date.fromisoformat(day))) for day in days]
    assert shown == ["2026-02-28", "2026-02-28", "2027-02-28", "2028-02-29", "2028-02-29", "2029-02-28"]


def test_the_next_birthday_of_a_solar_day_is_in_every_year() -> None:
    day = date(2026, 1, 1)
    while day < date(2029, 1, 1):
        on = birthdays.next_on(date(1990, 12, 5), day)
        assert on == date(day.year if (day.month, day.day) <= (12, 5) else day.year + 1, 12, 5)
        day += timedelta(days=1)


def test_a_solar_birthday_has_no_use_for_the_lunar_library() -> None:
    code = (
        "import sys; from datetime import date; from functions.domain import birthdays as b; "
        "b.next_on(date(1990, 2, 28), date(2026, 1, 1)); b.coupon_years(date(2026, 1, 1)); "
        "b.coupon_year(b.kept(date(1990, 2, 28)), date(2026, 1, 1)); sys.exit('borax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own
