"""Birthdays by either calendar: when the next one is, and by what the job finds those of a month (B1, B6).

A solar birthday is a ``date``, a lunar one a :class:`LunarBirthday`. What coupons go by is less: the month of
the one, the day without its year of the other (:class:`Kept`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from functions.domain import lunar
from functions.domain.lunar import LunarDay

SOLAR = "solar"
LUNAR = "lunar"
_LUNAR_NEW_YEAR_MONTH_MAX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LunarBirthday:
    """A birthday as it is written in the lunar calendar; many know it without its year."""

    day: LunarDay
    year: int | None = None


Birthday = date | LunarBirthday


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of a birthday where coupons are issued; nothing of it for who told none."""

    solar_month: int | None = None
    lunar_day: LunarDay | None = None


def calendar_of(birthday: Birthday | None) -> Literal["solar", "lunar"]:
    """Return the calendar by which a birthday is kept; the solar one where there is none."""
    return "lunar" if isinstance(birthday, LunarBirthday) else "solar"


def kept(birthday: Birthday | None) -> Kept:
    """Return what coupons go by."""
    if birthday is None:
        return Kept()
    if isinstance(birthday, LunarBirthday):
        return Kept(lunar_day=birthday.day)
    return Kept(solar_month=birthday.month)


def next_on(birthday: Birthday, today: date) -> date | None:
    """Return the solar date of the next birthday, today's included; None beyond the lunar years known.

    Who was born on 29 February has it on the 28th in other years, so that it stays in its month (B1).
    """
    if isinstance(birthday, LunarBirthday):
        found = lunar.on_or_after(birthday.day, today)
        return None if found is None else found[1]
    this_year = _in_year(birthday, today.year)
    return this_year if this_year >= today else _in_year(birthday, today.year + 1)


@dataclass(frozen=True, slots=True)
class CouponYear:
    """A year that a coupon counts for: one of either calendar (B3, B6)."""

    number: int
    lunar: bool = False

    def __str__(self) -> str:
        """Return its name, by which no lunar year is a calendar year: ``2026``, ``l2026``."""
        return f"{'l' if self.lunar else ''}{self.number}"


def coupon_year(birthday: Kept, first: date) -> CouponYear | None:
    """Return the year that a coupon of a month counts for; None if no birthday falls in it (B3, B6).

    Parameters
    ----------
    first
        The first day of the month.
    """
    if birthday.lunar_day is not None:
        found = lunar.on_or_after(birthday.lunar_day, first)
        return None if found is None or found[1] > _last(first) else CouponYear(found[0], lunar=True)
    return CouponYear(first.year) if birthday.solar_month == first.month else None


def coupon_years(first: date) -> list[CouponYear]:
    """Return all years that a coupon of a month can count for: its own, and one or two lunar ones.

    Every lunar year begins between 20 January and 21 February: no calendar has to be loaded for this.
    """
    lunar_years = (first.year,) if first.month > _LUNAR_NEW_YEAR_MONTH_MAX else (first.year, first.year - 1)
    return [CouponYear(first.year), *(CouponYear(year, lunar=True) for year in lunar_years)]


def lunar_days_of(first: date) -> Iterator[LunarDay]:
    """Give the lunar birthdays that fall in the month which begins on a date."""
    for days in range(_last(first).day):
        yield from lunar.days_kept_on(first + timedelta(days=days))


def _last(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _in_year(birthday: date, year: int) -> date:
    try:
        return birthday.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
