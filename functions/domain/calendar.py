"""Store time: the wall clock of the shop, and the instants that the programme's rules hang on.

Inside the code every moment is an aware ``datetime`` of whole seconds. On a row it is UTC text of fixed
width, so that text order is time order; on the wire it carries the store's offset.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_TO_THE_SECOND = len("2026-12-10T01:30:00")


def whole_second(moment: datetime) -> datetime:
    """Return the moment in UTC with its fraction of a second cut off.

    Raises
    ------
    ValueError
        The datetime is naive.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def to_row(moment: datetime) -> str:
    """Write a moment as it stands on a row: ``2026-12-10T01:30:00Z``."""
    return whole_second(moment).isoformat()[:_TO_THE_SECOND] + "Z"  # strftime takes twice as long


def from_row(text: str) -> datetime:
    """Read a moment that :func:`to_row` wrote.

    Raises
    ------
    ValueError
        It did not.
    """
    moment = datetime.fromisoformat(str(text))  # a tenth of what strptime takes, but it reads more
    if moment.tzinfo is None or to_row(moment) != text:
        raise ValueError(f"no moment of a row: {text!r}")
    return moment


def earn_year(paid_at: datetime, zone: ZoneInfo) -> int:
    """Return the calendar year in store time that points earned at this moment belong to (E5)."""
    return paid_at.astimezone(zone).year


def points_expire_at(year: int, valid_years: int, zone: ZoneInfo) -> datetime:
    """Return the first second at which points of an earn year cannot be spent any more (E5).

    Parameters
    ----------
    year
        The calendar year in which the order was paid, in store time.
    valid_years
        How many year-ends the points survive; 1 means the end of the following year.
    """
    return datetime(year + valid_years + 1, 1, 1, tzinfo=zone).astimezone(UTC)


def newest_expired_year(moment: datetime, valid_years: int, zone: ZoneInfo) -> int:
    """Return the last earn year whose points cannot be spent any more at this moment (E5)."""
    return earn_year(moment, zone) - valid_years - 1


def last_second_before(moment: datetime) -> datetime:
    """Return the last whole second before the moment: what a member is told as the end of something."""
    return moment - timedelta(seconds=1)


def month_of(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first second of the month, in store time, that a moment lies in, and the one after it."""
    begins = moment.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ends = (begins + timedelta(days=32)).replace(day=1)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def is_member_day(moment: datetime, day: int, zone: ZoneInfo) -> bool:
    """Tell whether the moment lies in a member day, 00:00 to 24:00 store time (P2)."""
    return moment.astimezone(zone).day == day


def latest_member_day(moment: datetime, day: int, zone: ZoneInfo) -> date:
    """Return the date of the member day that is running or was the last one (P2)."""
    today = moment.astimezone(zone).date()
    if today.day >= day:
        return today.replace(day=day)
    return (today.replace(day=1) - timedelta(days=1)).replace(day=day)


def next_member_day(moment: datetime, day: int, zone: ZoneInfo) -> date:
    """Return the date of the first member day that has not begun yet (P2)."""
    today = moment.astimezone(zone).date()
    if today.day < day:
        return today.replace(day=day)
    return (today.replace(day=28) + timedelta(days=4)).replace(day=day)
