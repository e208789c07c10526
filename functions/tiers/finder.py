"""How members are found by name or phone, and how who registered before that was possible gets found too."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.domain.errors import MalformedError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables
from functions.tiers import phones, search
from functions.tiers.members import PROFILE, STANDING, Found, found_of, key
from functions.tiers.search import SEARCH, SEARCH_NAME, SEARCH_PHONE, HashPhone, Sought

SCANNED = ("member_id", "item", "version", "name", "phone", "erased_at")
"""What the job reads of each row that it comes by."""


@dataclass(frozen=True, slots=True)
class Finder:
    """The members, by what they are called and called under."""

    tables: Tables
    table: str
    hash_phone: HashPhone

    def by_name(
        self, prefix: str, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Found], str | None]:
        """Return a page of the members whose names begin so, by name, and the position to go on after.

        A page may have fewer than ``limit``: the index may be behind, and knows the beginning of a long name
        only, so that each is looked at before it is shown.
        """
        sought, begins = search.by_name(prefix), search.folded(prefix)
        if sought is None:
            return [], None
        found, position = self._page(sought, limit=limit, after=after, deadline=deadline)
        return [each for each in found if search.folded(each[0].name).startswith(begins)], position

    def by_phone(
        self, phone: str, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Found], str | None]:
        """Return a page of the members who told a phone, given in E.164, and the position to go on after."""
        sought = search.by_phone(phone, self.hash_phone)
        found, position = self._page(sought, limit=limit, after=after, deadline=deadline)
        return [
            each for each in found if each[0].phone and phones.known_e164(each[0].phone) == phone
        ], position

    def _page(
        self, sought: Sought, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Found], str | None]:
        start = None if after is None else sought.key_at(after)
        if after is not None and start is None:
            raise MalformedError("invalid_cursor", "The cursor is not one of this search.")
        rows, more = self.tables.query_index(
            self.table,
            SEARCH,
            partition=("search_shard", sought.shard),
            begins=("search_key", sought.begins) if sought.begins else None,
            limit=limit,
            after=start,
        )
        keys = [[(self.table, key(row["member_id"], item)) for item in (PROFILE, STANDING)] for row in rows]
        read = [found_of(*each) for each in self.tables.batch_get_groups(keys, deadline)]
        return [each for each in read if each is not None], str(rows[-1]["search_key"]) if more else None

    def scanned(
        self, segment: int, of: int, *, limit: int, after: Row | None
    ) -> tuple[list[Row], Row | None]:
        """Return a page of a segment of the members' rows, of any kind, and the key to go on after."""
        rows, following = self.tables.scan(
            self.table, segment=segment, of=of, names=SCANNED, limit=limit, after=after
        )
        return rows, None if following is None else dict(following)

    def profiles(self, rows: Sequence[Row], deadline: Deadline) -> list[Row]:
        """Return profiles by their keys, as they are now; those of erased members are left out."""
        keys = [(self.table, key(row["member_id"], PROFILE)) for row in rows]
        found = self.tables.batch_get(keys, deadline)
        return self.profiles_among([row for row in found if row is not None])

    def profiles_among(self, rows: Sequence[Row]) -> list[Row]:
        """Return those rows that are profiles, and not of an erased member."""
        return [row for row in rows if row["item"] == PROFILE and "erased_at" not in row]

    def behind(self, profiles: Sequence[Row], deadline: Deadline) -> list[tuple[Row, list[Row]]]:
        """Return those profiles whose members are not found as they should be, with the rows that mend it."""
        items = (SEARCH_NAME, SEARCH_PHONE)
        keys = [[(self.table, key(row["member_id"], item)) for item in items] for row in profiles]
        wanted = [(row, self._entries(row)) for row in profiles]
        return [
            (row, [entry for entry, held in zip(entries, found, strict=True) if not _says(held, entry)])
            for (row, entries), found in zip(
                wanted, self.tables.batch_get_groups(keys, deadline), strict=True
            )
            if any(not _says(held, entry) for entry, held in zip(entries, found, strict=True))
        ]

    def index(self, profile: Row, entries: Sequence[Row], deadline: Deadline) -> bool:
        """Write rows by which a member is found, unless the profile has changed since it was read.

        Whoever changed it has written them. Returns whether they were written.
        """
        transaction = self.tables.transaction()
        transaction.require(
            self.table,
            key(profile["member_id"], PROFILE),
            condition="#version = :version",
            values={":version": profile["version"]},
        )
        for entry in entries:
            transaction.put(self.table, entry)
        try:
            transaction.commit(deadline)
        except ConditionFailedError:
            return False
        return True

    def _entries(self, profile: Row) -> list[Row]:
        member_id = profile["member_id"]
        return [
            search.name_entry(member_id, profile["name"]),
            search.phone_entry(member_id, profile["phone"], self.hash_phone),
        ]


def _says(held: Row | None, wanted: Row) -> bool:
    """Tell whether a row is as wanted; where nothing is to be found, none is as good as an empty one."""
    return held == wanted or (held is None and "search_key" not in wanted)
