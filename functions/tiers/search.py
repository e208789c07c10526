"""Where members are found by name or phone: rows of their own beside the profile, in one sparse index.

Neither row says more than is needed to find somebody: the beginning of a folded name, and a keyed hash of a
phone. They are written with the profile, in one transaction, and emptied with its erasure.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from functions.domain.identifiers import MEMBER_ID_LENGTH_MAX
from functions.domain.texts import NOT_SHOWN
from functions.platform.dynamo import Row
from functions.tiers import phones

SEARCH = "search"
SEARCH_NAME = "SEARCH#NAME"
SEARCH_PHONE = "SEARCH#PHONE"
INDEXED_CHARACTERS = 40
"""Of a folded name in the index: an index key has at most 1 024 bytes, and one character can fold to 18."""
AFTER_NAME = "\t"
"""Stands between name and member id: before all that a name can have, so that Ann comes before Anna."""
NAME_POSITION = rf"[^\t]{{1,{INDEXED_CHARACTERS}}}\t[\x21-\x7e]{{1,{MEMBER_ID_LENGTH_MAX}}}"
PHONE_POSITION = rf"[\x21-\x7e]{{1,{MEMBER_ID_LENGTH_MAX}}}"
"""The forms of a place among those found."""

HashPhone = Callable[[str], str]
"""Gives the keyed hash of a phone in E.164."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Where in the index those stand who are sought: in which partition, and how their keys begin."""

    item: str
    shard: str
    begins: str
    position: str
    """The form of a place among them."""

    def key_at(self, position: str) -> Row | None:
        """Return the index's key at a place among those found; None if no such place is among them."""
        if not position.startswith(self.begins):
            return None
        member_id = position.rpartition(AFTER_NAME)[2]
        return {
            "member_id": member_id,
            "item": self.item,
            "search_shard": self.shard,
            "search_key": position,
        }


def folded(name: str) -> str:
    """Return a name as it is compared: case, width and composition do not count, nor what nobody sees.

    It is Unicode's NFKC of the case-folded NFKC, with single spaces between words and none around them.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(NOT_SHOWN.sub("", text).split())


def by_name(prefix: str) -> Sought | None:
    """Return where the members stand whose names begin so; None if nothing to be seen is left of it."""
    begins = folded(prefix)[:INDEXED_CHARACTERS]
    if not begins:
        return None
    return Sought(item=SEARCH_NAME, shard=_name_shard(begins), begins=begins, position=NAME_POSITION)


def by_phone(phone: str, hash_phone: HashPhone) -> Sought:
    """Return where the members stand who told a phone, given in E.164."""
    shard = _phone_shard(hash_phone(phone))
    return Sought(item=SEARCH_PHONE, shard=shard, begins="", position=PHONE_POSITION)


def name_entry(member_id: str, name: str) -> Row:
    """Write the row that a member is found by under their name; one of which nothing is seen has no keys."""
    row: Row = {"member_id": member_id, "item": SEARCH_NAME}
    begins = folded(name)[:INDEXED_CHARACTERS]
    if begins:
        row |= {"search_shard": _name_shard(begins), "search_key": f"{begins}{AFTER_NAME}{member_id}"}
    return row


def phone_entry(member_id: str, phone: str | None, hash_phone: HashPhone) -> Row:
    """Write the row that a member is found by under their phone; without a phone it has no keys."""
    row: Row = {"member_id": member_id, "item": SEARCH_PHONE}
    known = None if phone is None else phones.known_e164(phone)
    if known is not None:
        row |= {"search_shard": _phone_shard(hash_phone(known)), "search_key": member_id}
    return row


def emptied(member_id: str) -> Iterator[Row]:
    """Give the rows by which somebody is found no more: no function may delete a row."""
    for item in (SEARCH_NAME, SEARCH_PHONE):
        yield {"member_id": member_id, "item": item}


def no_key(_: str) -> str:
    """Refuse to hash: the part that is not given the key writes and seeks no phone.

    Raises
    ------
    RuntimeError
        Always.
    """
    raise RuntimeError("phones are hashed where the key of them is given")


def _name_shard(begins: str) -> str:
    return f"name#{begins[0]}"


def _phone_shard(digest: str) -> str:
    return f"phone#{digest}"
