"""Codes for coupons: how they are drawn, and what counts as the same code however somebody types it (V10).

Drawn codes have no sign that looks like another one. Whatever a code has, 0 and O are one sign in it, and so
are 1, I and L: no two codes differ in these alone, so that folding them is never ambiguous.
"""

import hashlib
import hmac
import secrets
import unicodedata

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters without 0, O, 1, I, L, and without U, which looks like V."""
CODE_CHARACTERS = 13
"""Characters of a drawn code: 63 random bits (V10 asks for 60)."""
SEED_BYTES = 32
TYPED_LENGTH_MAX = 100
"""Characters that somebody may type, with all that is left out of a code."""
NORMAL_LENGTH_MAX = 64
_FOLDED = str.maketrans("OIL", "011")
_LEFT_OUT = frozenset({"Zs", "Pd"})
"""Categories of what may stand between the parts of a code: spaces and dashes."""


def seed() -> str:
    """Draw what the codes of a batch follow from."""
    return secrets.token_hex(SEED_BYTES)


def drawn(seed: str, number: int, turn: int = 0) -> str:
    """Return a code of a batch, by its number: the same whenever it is asked for, and nobody else's to guess.

    ``turn`` gives another one where that is taken by another batch.
    """
    digest = hmac.new(bytes.fromhex(seed), f"{number} {turn}".encode(), hashlib.sha256).digest()
    rest, code = int.from_bytes(digest, "big"), ""
    for _ in range(CODE_CHARACTERS):
        rest, place = divmod(rest, len(ALPHABET))
        code += ALPHABET[place]
    return code


def normal(typed: str) -> str | None:
    """Return what a typed code is called, None if no code can be meant.

    Case, width, spaces and dashes do not matter, nor which of the signs that are one somebody has typed.

    Examples
    --------
    >>> normal(" summer-2O26 ")
    'SUMMER2026'
    """
    plain = unicodedata.normalize("NFKC", typed)
    code = "".join(each for each in plain if unicodedata.category(each) not in _LEFT_OUT)
    if not (code.isascii() and code.isalnum() and len(code) <= NORMAL_LENGTH_MAX):
        return None
    return code.upper().translate(_FOLDED)
