"""The lunar calendar at UTC+8 from the sky (B6): new moons and the Sun's longitude, and the rule of months.

A month begins on the day of the new moon. The winter solstice is in the eleventh; of the months from one
eleventh to the next, if they are thirteen, the first in which the Sun enters no sign is the leap month. The
sky is PyEphem's in uniform time. What it makes of the Earth's rotation to come is twenty years old, so that
is taken from the measured and foretold values of today: it decides on which side of midnight three new moons
lie (2057-09-29, 2089-09-04, 2097-08-08).
"""

import math
from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise

import ephem

AHEAD = timedelta(hours=8)
"""UTC+8 in all years: the clocks of Shanghai had summer time from 1986 to 1991, the calendar never."""
SIGN = 30
WINTER_SOLSTICE = 270
DELTA_T = {
    1940: 24.3, 1950: 29.0, 1960: 33.1, 1970: 40.2, 1980: 50.5, 1990: 56.9, 2000: 63.8, 2010: 66.1,
    2020: 69.4, 2030: 69.6, 2057: 73.5, 2089: 88.7, 2097: 94.2, 2105: 100.0,
}  # fmt: skip
"""Seconds between uniform time and the Earth's rotation."""


def on_date(month: int, day: int, leap: bool, year: int) -> date:
    """B6: the solar date of a birthday in a lunar year.

    The 30th of a month of 29 days on the 29th, a leap month that the year lacks in the plain one.
    """
    first, days = months_of(year).get((month, leap)) or months_of(year)[month, False]
    return first + timedelta(days=min(day, days) - 1)


def in_solar_month(month: int, day: int, leap: bool, first: date) -> tuple[int, date] | None:
    """B6: the lunar year and date of the birthday in the solar month that begins then, or None."""
    for year in (first.year - 1, first.year):
        on = on_date(month, day, leap, year)
        if (on.year, on.month) == (first.year, first.month):
            return year, on
    return None


@cache
def months_of(year: int) -> dict[tuple[int, bool], tuple[date, int]]:
    """The months of a lunar year, by number and whether leap: first day and number of days."""
    found = {}
    for solstice_year in (year - 1, year):
        for (number, leap), (first, days) in _from_solstice(solstice_year).items():
            if (solstice_year if number >= 11 else solstice_year + 1) == year:
                found[number, leap] = first, days
    return found


@cache
def _from_solstice(year: int) -> dict[tuple[int, bool], tuple[date, int]]:
    """The months from the eleventh of a year, in which the winter solstice is, up to the next eleventh."""
    begins, ends = (_month_with(_solstice(each)) for each in (year, year + 1))
    starts = [begins]
    while starts[-1] < ends:
        starts.append(_new_moon_after(starts[-1] + timedelta(days=20)))
    spans = list(pairwise(starts))
    without = [first for first, following in spans if not _sun_enters_a_sign(first, following)]
    leap_first = without[0] if len(spans) == 13 else None
    found, number = {}, 10
    for first, following in spans:
        if first != leap_first:
            number = number % 12 + 1
        found[number, first == leap_first] = first, (following - first).days
    return found


def _month_with(day: date) -> date:
    start = _new_moon_after(day - timedelta(days=32))
    while (following := _new_moon_after(start + timedelta(days=20))) <= day:
        start = following
    return start


@cache
def _new_moon_after(day: date) -> date:
    return _day(ephem.next_new_moon(ephem.Date(day) - 8 / 24))


@cache
def _entries() -> list[tuple[date, int]]:
    """The days on which the Sun enters a sign, from 1949 to 2102, with its longitude."""
    found = []
    moment = ephem.Date("1949/1/20")
    for number in range(12 * 153):
        longitude = (300 + SIGN * number) % 360
        for _ in range(8):
            off = (longitude - _longitude(moment) + 180) % 360 - 180
            moment = ephem.Date(moment + off / 360 * 365.2422)
        found.append((_day(moment), longitude))
        moment = ephem.Date(moment + 30.44)
    return found


def _solstice(year: int) -> date:
    return next(day for day, longitude in _entries() if (day.year, longitude) == (year, WINTER_SOLSTICE))


def _sun_enters_a_sign(first: date, following: date) -> bool:
    days = _entry_days()
    return bisect_right(days, following - timedelta(days=1)) > bisect_right(days, first - timedelta(days=1))


@cache
def _entry_days() -> list[date]:
    return [day for day, _ in _entries()]


def _longitude(moment: ephem.Date) -> float:
    """The Sun's apparent longitude, in degrees of the equinox of date."""
    sun = ephem.Sun()
    sun.compute(moment)
    seen = ephem.Equatorial(sun.g_ra, sun.g_dec, epoch=moment)
    return math.degrees(ephem.Ecliptic(seen, epoch=moment).lon)


def _day(moment: ephem.Date) -> date:
    """The day at UTC+8 of a moment that PyEphem found, with the Earth's rotation set right."""
    uniform = moment.datetime() + timedelta(seconds=ephem.delta_t(moment))
    day: date = (uniform - timedelta(seconds=_delta_t(uniform)) + AHEAD).date()
    return day


def _delta_t(moment: datetime) -> float:
    years = sorted(DELTA_T)
    at = moment.year + moment.timetuple().tm_yday / 366
    after = next(year for year in years if year > at)
    before = years[years.index(after) - 1]
    share = (at - before) / (after - before)
    return DELTA_T[before] + share * (DELTA_T[after] - DELTA_T[before])
