"""The lunar calendar at UTC+8: on which solar date a day of it falls (B6).

The months come from borax, which agrees with computed new moons on every one from 1950 to 2056;
``docs/lunar.md`` says how it was chosen, and why one month of 2089 is set right here. What borax is asked is
how long the months of a year are; whether a day exists is decided here. It is imported when the first lunar
date is met: few members need it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

FIRST_YEAR = 1900
LAST_YEAR = 2100
"""Lunar years that the months are known of."""
MONTHS = 12
MONTH_DAYS_MAX = 30
_SET_RIGHT = {(2089, 7, False): -1, (2089, 8, False): 1}
"""Days by which borax has months too long or too short: it lets 2089-08 begin a day after the new moon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarDay:
    """A day of every lunar year, as a birthday is: ``leap`` says that it lies in a leap month."""

    month: int
    day: int
    leap: bool = False


@dataclass(frozen=True, slots=True)
class _Month:
    first: date
    days: int


def falls_on(day: LunarDay, year: int) -> date | None:
    """Return the solar date on which a birthday falls in a lunar year; None if the year is not known (B6).

    The 30th of a month of 29 days is on the 29th, and a leap month that the year lacks is the plain one.
    """
    months = _months(year)
    month = months.get((day.month, day.leap)) or months.get((day.month, False))
    return None if month is None else month.first + timedelta(days=min(day.day, month.days) - 1)


def exists(day: LunarDay, year: int) -> bool:
    """Tell whether a lunar year has a day, as it is written."""
    month = _months(year).get((day.month, day.leap))
    return month is not None and 1 <= day.day <= month.days


def is_possible(day: LunarDay) -> bool:
    """Tell whether any lunar year that is known has a day: none has a leap first or twelfth month."""
    return any(exists(day, year) for year in range(FIRST_YEAR, LAST_YEAR + 1))


def on_or_after(day: LunarDay, today: date) -> tuple[int, date] | None:
    """Return the first birthday that is not before a date, with the lunar year it lies in.

    None if it would lie beyond what is known.
    """
    for year in range(today.year - 1, today.year + 2):
        on = falls_on(day, year)
        if on is not None and on >= today:
            return year, on
    return None


def days_kept_on(today: date) -> list[LunarDay]:
    """Return the birthdays that are kept on a solar date: up to four, the plain day first.

    It is :func:`falls_on` the other way round. Empty if the date's lunar year is not known.
    """
    for year in (today.year - 1, today.year):
        months = _months(year)
        for (number, leap), month in months.items():
            if not month.first <= today < month.first + timedelta(days=month.days):
                continue
            day = (today - month.first).days + 1
            days = range(day, MONTH_DAYS_MAX + 1) if day == month.days else (day,)
            leaps = (leap,) if leap or (number, True) in months else (False, True)
            return [LunarDay(month=number, day=each, leap=of) for of in leaps for each in days]
    return []


@lru_cache(maxsize=LAST_YEAR - FIRST_YEAR + 1)
def _months(year: int) -> dict[tuple[int, bool], _Month]:
    """Return the months of a lunar year by number and whether leap, in their order; none if not known."""
    from borax.calendars.lunardate import LCalendars, LunarDate

    if not FIRST_YEAR <= year <= LAST_YEAR:
        return {}
    months: dict[tuple[int, bool], _Month] = {}
    first: date = LunarDate(year, 1, 1).to_solar_date()
    for number, length, leap in LCalendars.iter_year_month(year):
        days = length + _SET_RIGHT.get((year, number, bool(leap)), 0)
        months[number, bool(leap)] = _Month(first, days)
        first += timedelta(days=days)
    return months
