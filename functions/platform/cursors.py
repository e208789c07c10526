"""Opaque cursors: where a list goes on, bound to the caller and to the list.

A cursor is no secret and gives no right: it only names a position inside a partition that the code chooses
from the caller's token. The digest makes an altered cursor, or one of another caller or list, an error
instead of a surprise.
"""

import base64
import binascii
import hashlib
import json

from functions.domain.errors import MalformedError

_DIGEST_BYTES = 9
CURSOR_LENGTH_MAX = 512


def encode(position: str, *, of_list: str, caller: str) -> str:
    """Write a cursor that goes on after this position of this caller's list."""
    digest = _digest(position, of_list, caller)
    return base64.urlsafe_b64encode(digest + position.encode()).decode().rstrip("=")


def decode(cursor: str, *, of_list: str, caller: str) -> str:
    """Return the position that a cursor holds.

    Raises
    ------
    MalformedError
        ``invalid_cursor``: altered, of another caller, or of another list.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = raw[_DIGEST_BYTES:].decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _invalid() from error
    if encode(position, of_list=of_list, caller=caller) != cursor:
        raise _invalid()
    return position


def _digest(position: str, of_list: str, caller: str) -> bytes:
    return hashlib.sha256(json.dumps([of_list, caller, position]).encode()).digest()[:_DIGEST_BYTES]


def _invalid() -> MalformedError:
    return MalformedError("invalid_cursor", "The cursor is not one that this list gave to this caller.")
