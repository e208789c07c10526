"""What all adapters read alike: secrets, names of headers, amounts and moments as providers write them."""

import json
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from functions.payments.providers.provider import (
    BadNotificationError,
    PaidBack,
    PaidBackAnswer,
    UnansweredError,
)

AGE_SECONDS_MAX = 300
"""How far the time stamp of a notification may be off, either way (Y3)."""
AMOUNT_MAX = 10**15
"""A greater number is nobody's money, and is not read as an amount."""
KEYS_MAX = 2
"""The keys of a sort that a secret may hold at a time (Y1)."""
BEIJING = timezone(timedelta(hours=8))
"""The time of WeChat Pay and of Alipay, wherever our functions run."""
CONNECT_SECONDS_MAX = 0.9
READ_SECONDS_MAX = 3.0
"""What one call to a provider may take; nobody sends it again by himself (Y1)."""

CHUNK_BYTES = 256 * 1024
"""What is held at once of a statement that is downloaded."""
_GZIP = 16 + zlib.MAX_WBITS

_YUAN = re.compile(r"[0-9]{1,14}(?:\.[0-9]{1,2})?")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def text(secret: Mapping[str, Any], name: str) -> str:
    """Return a text of a secret.

    Raises
    ------
    ValueError
        It is not there. What is there is not repeated, here and below.
    """
    found = secret.get(name)
    if not isinstance(found, str) or not found:
        raise ValueError(f"{name}: is needed")
    return found


def some(secret: Mapping[str, Any], name: str) -> list[Any]:
    """Return the one or two keys of a sort that a secret holds.

    Raises
    ------
    ValueError
        There is none, or there are more.
    """
    found = secret.get(name)
    if not isinstance(found, list) or not 1 <= len(found) <= KEYS_MAX:
        raise ValueError(f"{name}: 1 to {KEYS_MAX} are needed")
    return found


def texts(secret: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the one or two texts of a sort that a secret holds.

    Raises
    ------
    ValueError
        There is none, there are more, or what is there is no text.
    """
    found = some(secret, name)
    if not all(isinstance(each, str) and each for each in found):
        raise ValueError(f"{name}: texts are needed")
    return tuple(found)


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by their names in small letters: gateways write them as they like."""
    return {name.lower(): value for name, value in headers.items()}


def told(content: Mapping[str, Any], name: str) -> str | None:
    """Return a text that a provider tells, or None where it tells none."""
    found = content.get(name)
    return found if isinstance(found, str) and found else None


def part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of what a provider tells, empty where it is not there."""
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def parsed(content: str | bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    ValueError
        It is none.
    """
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("an object is needed")
    return found


def currency(content: Mapping[str, Any], name: str) -> str | None:
    """Return a currency in capitals, or None where none is told."""
    found = told(content, name)
    return None if found is None else found.upper()


def whole(amount: object) -> int | None:
    """Return an amount that is written as a whole number of minor units, or None for anything else."""
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount <= AMOUNT_MAX:
        return None
    return amount


def fen(amount: object) -> int | None:
    """Return an amount in yuan, written as a text with at most two places, in fen; None for anything else."""
    if not isinstance(amount, str) or _YUAN.fullmatch(amount) is None:
        return None
    return whole(int(Decimal(amount) * 100))


def yuan(amount_fen: int) -> str:
    """Write an amount in fen as yuan with two places, as :func:`fen` reads it."""
    return f"{Decimal(amount_fen) / 100:.2f}"


def moment(written: str | None) -> datetime | None:
    """Return a moment as it is written, in Beijing's time unless it says another; None if it is none."""
    try:
        at = datetime.fromisoformat(written or "")
        return (at if at.tzinfo else at.replace(tzinfo=BEIJING)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give what was packed by gzip, some at a time.

    Raises
    ------
    zlib.error
        It was not, or it is cut off.
    """
    unpacking = zlib.decompressobj(_GZIP)
    for chunk in chunks:
        rest = chunk
        while rest:
            yield unpacking.decompress(rest, CHUNK_BYTES)
            rest = unpacking.unconsumed_tail
    if not unpacking.eof:
        raise zlib.error("cut off")


def word(code: object) -> str | None:
    """Return a provider's code for what it refuses, or None where it is no word."""
    return code if isinstance(code, str) and _WORD.fullmatch(code) else None


def refused(
    code: str, *, final: Collection[str], nothing: Collection[str], ask: Callable[[], PaidBackAnswer]
) -> PaidBackAnswer:
    """Return what a refusal to pay back comes to (Y7).

    It is the end only where the provider's word is ``final`` and it knows nothing of the transfer when it is
    asked: a send before, whose answer was lost, may be why it refuses this one. A word that is not known to
    be final may be taken back.

    Raises
    ------
    UnansweredError
        The word is one of those that say ``nothing`` of the transfer, or the question is not answered.
    """
    if code in nothing:
        raise UnansweredError(code)
    if code not in final:
        return PaidBackAnswer(state=PaidBack.REFUSED, because=code)
    found = ask()
    if found.state is PaidBack.ABSENT:
        return PaidBackAnswer(state=PaidBack.FAILED, because=code)
    return found


@contextmanager
def bad(cause: str) -> Iterator[None]:
    """Count whatever is raised as a bad notification: SDKs raise what comes, from whatever is sent (Y3)."""
    try:
        yield
    except BadNotificationError:
        raise
    except Exception:
        raise BadNotificationError(cause) from None


def check_age(stamp: str, now: datetime) -> None:
    """Refuse a notification whose time stamp, in seconds, is more than :data:`AGE_SECONDS_MAX` off.

    Raises
    ------
    BadNotificationError
        ``time``.
    """
    with bad("time"):
        if abs(now.timestamp() - int(stamp)) > AGE_SECONDS_MAX:
            raise BadNotificationError("time")
