"""Opaque cursors: where a list goes on, bound to the caller and to the list.

A cursor is no secret and gives no right: it only names a position inside a partition that the code chooses
from the caller's token. The digest makes an altered cursor, or one of another caller or list, an error
instead of a surprise. Whoever reads this can write a digest, so each list says what its positions are like.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass

from functions.domain.errors import MalformedError

_DIGEST_BYTES = 9
CURSOR_LENGTH_MAX = 512


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one list of one caller; where there is no cursor there is no position.

    ``form`` is the pattern that every position of the list has.
    """

    of_list: str
    caller: str
    form: str = r".+"

    def write(self, position: str | None) -> str | None:
        """Write the cursor that goes on after a position."""
        return None if position is None else self._written(position)

    def read(self, cursor: str | None) -> str | None:
        """Return the position that a cursor holds.

        Raises
        ------
        MalformedError
            ``invalid_cursor``: altered, made up, of another caller, or of another list.
        """
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            position = raw[_DIGEST_BYTES:].decode()
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise _invalid() from error
        if self._written(position) != cursor or not re.fullmatch(self.form, position):
            raise _invalid()
        return position

    def _written(self, position: str) -> str:
        text = json.dumps([self.of_list, self.caller, position])
        digest = hashlib.sha256(text.encode()).digest()[:_DIGEST_BYTES]
        return base64.urlsafe_b64encode(digest + position.encode()).decode().rstrip("=")


def _invalid() -> MalformedError:
    return MalformedError("invalid_cursor", "The cursor is not one that this list gave to this caller.")
