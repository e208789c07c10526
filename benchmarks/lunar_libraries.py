"""Compare libraries of the lunar calendar with the sky: ``python -m benchmarks.lunar_libraries NAME...``.

The libraries are no part of the project: install those to compare beside it, in an environment of their own.
Prints a row of the table in ``docs/lunar.md`` for each and each span of years.
"""

import importlib
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle import lunar

SPANS = ((1950, 2056), (2057, 2099))
Convert = Callable[[int, int, int, bool], date]


def lunardate(year: int, month: int, day: int, leap: bool) -> date:
    """Ask lunardate."""
    told: Any = importlib.import_module("lunardate").LunarDate(year, month, day, leap)
    found: date = told.to_solar_date()
    return found


def sxtwl(year: int, month: int, day: int, leap: bool) -> date:
    """Ask sxtwl."""
    found: Any = importlib.import_module("sxtwl").fromLunar(year, month, day, leap)
    return date(found.getSolarYear(), found.getSolarMonth(), found.getSolarDay())


def lunarcalendar(year: int, month: int, day: int, leap: bool) -> date:
    """Ask LunarCalendar."""
    library: Any = importlib.import_module("lunarcalendar")
    found: date = library.Converter.Lunar2Solar(library.Lunar(year, month, day, leap)).to_date()
    return found


def zhdate(year: int, month: int, day: int, leap: bool) -> date:
    """Ask zhdate."""
    found: datetime = importlib.import_module("zhdate").ZhDate(year, month, day, leap).to_datetime()
    return found.date()


def borax(year: int, month: int, day: int, leap: bool) -> date:
    """Ask borax."""
    library: Any = importlib.import_module("borax.calendars.lunardate")
    found: date = library.LunarDate(year, month, day, int(leap)).to_solar_date()
    return found


def lunar_python(year: int, month: int, day: int, leap: bool) -> date:
    """Ask lunar_python."""
    library: Any = importlib.import_module("lunar_python")
    found = library.Lunar.fromYmd(year, -month if leap else month, day).getSolar()
    return date(found.getYear(), found.getMonth(), found.getDay())


def korean_lunar_calendar(year: int, month: int, day: int, leap: bool) -> date:
    """Ask korean-lunar-calendar, which returns False where there is nothing to return."""
    told: Any = importlib.import_module("korean_lunar_calendar").KoreanLunarCalendar()
    if not told.setLunarDate(year, month, day, leap):
        raise ValueError("no such day")
    return date.fromisoformat(told.SolarIsoFormat())


def cnlunar(year: int, month: int, day: int, leap: bool) -> date:
    """Ask cnlunar, which converts the other way only: is the right date this day of the calendar?"""
    first, _ = lunar.months_of(year)[month, leap]
    on = first + timedelta(days=day - 1)
    told: Any = importlib.import_module("cnlunar").Lunar(datetime(on.year, on.month, on.day, 12))  # noqa: DTZ001
    shown = (told.lunarYear, told.lunarMonth, told.lunarDay, bool(told.isLunarLeapMonth))
    return on if shown == (year, month, day, leap) else date.min


LIBRARIES: dict[str, Convert] = {
    each.__name__: each
    for each in (
        lunardate,
        sxtwl,
        lunarcalendar,
        zhdate,
        borax,
        lunar_python,
        korean_lunar_calendar,
        cnlunar,
    )
}


def row(name: str, first: int, last: int) -> str:
    """Compare one library in a span of years; return its row."""
    convert, days, wrong, answered, missing = LIBRARIES[name], 0, 0, 0, 0
    began = time.perf_counter()
    for year in range(first, last + 1):
        for (month, leap), (begins, length) in lunar.months_of(year).items():
            for day in range(1, length + 1):
                days += 1
                wrong += _or_none(convert, year, month, day, leap) != begins + timedelta(days=day - 1)
    micros = (time.perf_counter() - began) / days * 1e6
    for year in range(first, last + 1):
        months = lunar.months_of(year)
        for month, leap in ((month, leap) for month in range(1, 13) for leap in (False, True)):
            length = months.get((month, leap), (None, 0))[1]
            for day in (1, 30) if length == 0 else (30,) if length < 30 else ():
                missing += 1
                answered += name != "cnlunar" and _or_none(convert, year, month, day, leap) is not None
    return f"| {name} | {first}-{last} | {wrong} of {days} | {answered} of {missing} | {micros:.0f} µs |"


def _or_none(convert: Convert, year: int, month: int, day: int, leap: bool) -> date | None:
    try:
        return convert(year, month, day, leap)
    except Exception:  # whatever a library says no with
        return None


if __name__ == "__main__":
    for asked in sys.argv[1:] or LIBRARIES:
        for span in SPANS:
            print(row(asked, *span))
