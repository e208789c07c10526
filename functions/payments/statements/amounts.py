"""Amounts, numbers and moments as statements have them: what cannot be read exactly is a fault (Y8)."""

import re
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from functions.payments.providers.reading import AMOUNT_MAX
from functions.payments.statements.statement import Because, FaultError

_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,8})?")
_NUMBER = re.compile(r"[!-~]{1,128}")


def scaled(written: str, places: int) -> int:
    """Return a decimal number times ten to the power of so many places, which is a whole number.

    Raises
    ------
    FaultError
        It is none, or has more places.
    """
    if _DECIMAL.fullmatch(written) is None:
        raise FaultError(Because.FIELD)
    number = Decimal(written).scaleb(places)
    if number != int(number) or abs(number) > AMOUNT_MAX:
        raise FaultError(Because.FIELD)
    return int(number)


def places_of(written: str) -> int:
    """Return how many places a decimal number is written with."""
    return len(written.partition(".")[2])


def number(written: str) -> str:
    """Return a number of something, as provider or shop give it.

    Raises
    ------
    FaultError
        It is empty, or has other signs than visible ASCII.
    """
    if _NUMBER.fullmatch(written) is None:
        raise FaultError(Because.FIELD)
    return written


def number_or_none(written: str) -> str | None:
    """Return a number as :func:`number` does, or None where there is none."""
    return number(written) if written else None


def moment(written: str, zone: tzinfo) -> datetime:
    """Return a moment that is written without its zone.

    Raises
    ------
    FaultError
        It is none.
    """
    try:
        at = datetime.fromisoformat(written)
        return at.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FaultError(Because.FIELD) from None
