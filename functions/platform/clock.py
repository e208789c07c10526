"""The one place where the time is read."""

from datetime import UTC, datetime

from functions.domain.calendar import whole_second


def now() -> datetime:
    """Return the present moment, aware and in whole seconds: a fact's time is never later than the fact."""
    return whole_second(datetime.now(UTC))
