"""Dates of the programme: member day (P2), earn years (E3, E5), birthday coupons' months (B1, B2).

Every function takes an aware datetime in whatever zone, and looks at it in store time.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.tables import RULES, Rules

ONE_SECOND = timedelta(seconds=1)


def store_time(moment: datetime, rules: Rules = RULES) -> datetime:
    """The moment on the store's wall clock; a naive datetime is a ValueError."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("a moment carries its offset")
    return moment.astimezone(ZoneInfo(rules.time_zone))


def is_member_day(moment: datetime, rules: Rules = RULES) -> bool:
    """P2: the 10th of the month, from 00:00 up to and without the 11th's 00:00, store time."""
    return store_time(moment, rules).day == rules.member_day_of_month


def member_day_date(moment: datetime, rules: Rules = RULES) -> date:
    """P2: the date of the member day that runs at the moment, else of the latest one before it."""
    day = store_time(moment, rules).date()
    while day.day != rules.member_day_of_month:
        day -= timedelta(days=1)
    return day


def next_member_day_date(moment: datetime, rules: Rules = RULES) -> date:
    """P2: the date of the first member day after today; while one runs it is the following month's."""
    day = store_time(moment, rules).date() + timedelta(days=1)
    while day.day != rules.member_day_of_month:
        day += timedelta(days=1)
    return day


def earn_year(paid_at: datetime, rules: Rules = RULES) -> int:
    """E5: the year, in store time, in which the order was paid."""
    return store_time(paid_at, rules).year


def points_last_second(year: int, rules: Rules = RULES) -> datetime:
    """E5: the last second in which points of an earn year can be used, 31 December of the year after."""
    return datetime(year + 1, 12, 31, 23, 59, 59, tzinfo=ZoneInfo(rules.time_zone))


def points_gone_at(year: int, rules: Rules = RULES) -> datetime:
    """E5: the instant from which points of an earn year cannot be spent, 1 January two years on."""
    return datetime(year + 2, 1, 1, tzinfo=ZoneInfo(rules.time_zone))


def points_usable(year: int, moment: datetime, rules: Rules = RULES) -> bool:
    """E5: whether points of an earn year can be spent; the whole of the last second counts."""
    return store_time(moment, rules) < points_gone_at(year, rules)


def points_available_from(received_at: datetime, rules: Rules = RULES) -> datetime:
    """E3: 7 x 24 hours after receipt, the first instant at which the order's points may be available."""
    elapsed = received_at.astimezone(UTC) + timedelta(hours=24 * rules.release_days)
    return store_time(elapsed, rules)


def birthday_month(birthday: date) -> int:
    """B1: the month of the date as entered, 1 to 12; a birthday has no time and no zone.

    29 February belongs to February in every year.
    """
    return birthday.month


def is_birthday_month(birthday: date, moment: datetime, rules: Rules = RULES) -> bool:
    """B1, B2: whether the moment lies in the member's birthday month, in store time."""
    return store_time(moment, rules).month == birthday_month(birthday)


def coupon_window(year: int, month: int, rules: Rules = RULES) -> tuple[datetime, datetime]:
    """B1: valid from the 1st 00:00:00 to the month's last second, both usable, whenever it was issued."""
    zone = ZoneInfo(rules.time_zone)
    first = datetime(year, month, 1, tzinfo=zone)
    following = (
        datetime(year + 1, 1, 1, tzinfo=zone) if month == 12 else datetime(year, month + 1, 1, tzinfo=zone)
    )
    return first, following - ONE_SECOND


def in_window(moment: datetime, valid_from: datetime, valid_until: datetime) -> bool:
    """B1: whether a coupon is in force; `valid_until` is its last usable second.

    Room left: a moment within the last second. Taken: as for points (E5, "from the next second on"),
    23:59:59.999 still counts.
    """
    return valid_from <= moment < valid_until + ONE_SECOND
