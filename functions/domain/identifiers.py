"""Names of things: which texts are accepted as ids, and the ids that are derived instead of drawn.

A derived id makes a repeat find the first try: the order id comes from member and idempotency key, so the
order's row is the idempotency record, for ever (R1).
"""

import base64
import hashlib
import re

PATH_ID = r"\.*[A-Za-z0-9_-][A-Za-z0-9._-]*"
"""What every id is like that stands in a path: clients send it as it is, and none takes dots for a folder."""
SKU_LENGTH_MAX = 64
SKU = PATH_ID
ORDER_ID = r"ord_[a-z2-7]{26}"
TEMPLATE_COUPON_ID = r"cpt_[a-z2-7]{26}"
CALLER_ID = r"[\x21-\x7e]{1,255}"
"""An id that the caller makes up: 1 to 255 visible ASCII characters."""

MEMBER_ID_LENGTH_MAX = 128
"""Characters of a member's id, which is the subject of their tokens."""
_DIGEST_BYTES = 16


def _derive(prefix: str, *parts: str) -> str:
    digest = hashlib.sha256()
    for part in (prefix, *parts):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big"))  # so that ("ab", "c") and ("a", "bc") differ
        digest.update(encoded)
    text = base64.b32encode(digest.digest()[:_DIGEST_BYTES]).decode().rstrip("=").lower()
    return f"{prefix}_{text}"


def is_caller_id(text: str) -> bool:
    """Tell whether a text can be an id that a caller makes up."""
    return re.fullmatch(CALLER_ID, text) is not None


def order_id(member_id: str, idempotency_key: str) -> str:
    """Return the id of the order that this member places under this key: ``ord_`` and 26 characters."""
    return _derive("ord", member_id, idempotency_key)


def is_order_id(text: str) -> bool:
    """Tell whether a text can be the id of an order; no other one is worth looking for."""
    return re.fullmatch(ORDER_ID, text) is not None


def entry_id(member_id: str, number: int) -> str:
    """Return the id of a member's ledger entry, by its number in posting order."""
    return _derive("ent", member_id, str(number))


def event_id(detail_type: str, subject: str, discriminator: str = "") -> str:
    """Return the id of an event: the same for the same fact, however often it is published."""
    return _derive("evt", detail_type, subject, discriminator)


def coupon_id(member_id: str, year: int | str) -> str:
    """Return the id of a member's birthday coupon of a year: ``cpn_2026_`` and 26 characters.

    The year stands in it, so that whoever is shown an id reads the one row that it can mean; a lunar one by
    its name, ``l2026``.
    """
    return _derive(f"cpn_{year}", member_id)


def coupon_year(member_id: str, text: str) -> str | None:
    """Return the name of the year of a coupon id of this member, or None if it is no id of theirs."""
    match = re.fullmatch(r"cpn_(l?[0-9]{4})_[a-z2-7]{26}", text)
    if match is None or coupon_id(member_id, match[1]) != text:
        return None
    return match[1]


def claimed_coupon_id(member_id: str, idempotency_key: str) -> str:
    """Return the id of the coupon that this member claims under this key: ``cpt_`` and 26 characters."""
    return _derive("cpt", "claim", member_id, idempotency_key)


def code_coupon_id(member_id: str, code: str) -> str:
    """Return the id of the coupon that this member gets for a code: one, however often they send it."""
    return _derive("cpt", "code", member_id, code)


def issued_coupon_id(issue_id: str) -> str:
    """Return the id of the coupon that staff issue under an id of theirs."""
    return _derive("cpt", "issue", issue_id)


def case_coupon_id(case_id: str) -> str:
    """Return the id of the coupon that a complaint is settled with: one, whoever says so how often."""
    return _derive("cpt", "case", case_id)


def shard(text: str, shards: int) -> int:
    """Return which of so many shards an id belongs to: the same for ever, and as many ids to each."""
    return hashlib.sha256(text.encode()).digest()[0] % shards


def fingerprint(*parts: str) -> str:
    """Return a digest that tells whether two requests have the same contents."""
    return _derive("sha", *parts)
