"""Records as they stand on rows, and how they are found: by subject, by operator, by day."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.audit.tables import BY_DAY, BY_OPERATOR, INDEXES_OF_SUBJECTS, PLACED
from functions.domain import calendar
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, LOWEST, Key, Row, Tables, below
from functions.platform.trail import ADDRESS, RECORD, SHARDS, SUBJECTS

POSITION = r"[0-9TZ:-]{20}#aud_[0-9a-f]{32}"
"""What positions of the lists are like: when it was done, and the record's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What somebody did, or looked at: who, what, about whom or what, and from where while that is kept."""

    audit_id: str
    at: datetime
    operator: str
    service: bool
    roles: Sequence[str]
    operation: str
    route: str
    subjects: Mapping[str, str]
    request_key: str | None
    fields: Sequence[str]
    values: Mapping[str, Any]
    request_id: str
    address: str | None
    searched_by: str | None = None
    shown: Sequence[str] = field(default=())


def record_of(row: Row, address: Row | None) -> Record:
    """Read a record from its row, and from the one that says from where it was asked for, if there is one."""
    return Record(
        audit_id=row["audit_id"],
        at=calendar.from_row(row["at"]),
        operator=row["operator"],
        service=row["service"],
        roles=row["roles"],
        operation=row["operation"],
        route=row["route"],
        subjects=row["subjects"],
        request_key=row["request_key"],
        fields=row["fields"],
        values=json.loads(row["values"]),
        request_id=row["request_id"],
        address=None if address is None else address["address"],
        searched_by=row.get("searched_by"),
        shown=row.get("shown", ()),
    )


@dataclass(frozen=True, slots=True)
class Records:
    """The records. What has expired is not there, also while DynamoDB has not taken it away yet."""

    tables: Tables
    table: str

    def find(self, audit_id: str, at: datetime, deadline: Deadline) -> Record | None:
        """Return a record, or None if there is none."""
        return next(iter(self._of_ids([audit_id], at, deadline)), None)

    def about(
        self, name: str, value: str, at: datetime, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Record], str | None]:
        """Return a page of the records about a subject, newest first, and the position to go on after."""
        index = SUBJECTS[name]
        places, position = self._places(
            INDEXES_OF_SUBJECTS[index], index, [f"{name}#{value}"], limit=limit, after=after
        )
        return self._of_ids(places, at, deadline), position

    def by_operator(
        self, operator: str, at: datetime, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Record], str | None]:
        """Return a page of what somebody did, newest first, and the position to go on after."""
        places, position = self._places(
            BY_OPERATOR, "operator_shard", _shards(operator), limit=limit, after=after
        )
        return self._of_ids(places, at, deadline), position

    def of_day(
        self, day: str, at: datetime, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Record], str | None]:
        """Return a page of what was done on a day of the store, newest first, and where to go on after."""
        places, position = self._places(BY_DAY, "day_shard", _shards(day), limit=limit, after=after)
        return self._of_ids(places, at, deadline), position

    def _places(
        self, index: str, attribute: str, partitions: Sequence[str], *, limit: int, after: str | None
    ) -> tuple[list[str], str | None]:
        """Return the ids of a page of partitions of an index together, and the position to go on after."""
        found: list[str] = []
        more = False
        for partition in partitions:
            rows, follow = self.tables.query_span(
                self.table,
                index=index,
                partition=(attribute, partition),
                sort=PLACED,
                span=(LOWEST, HIGHEST if after is None else below(after)),
                limit=limit,
                newest_first=True,
            )
            found += [row[PLACED] for row in rows]
            more = more or follow
        found.sort(reverse=True)
        more = more or len(found) > limit
        page = found[:limit]
        return [each.partition("#")[2] for each in page], page[-1] if more else None

    def _of_ids(self, ids: Sequence[str], at: datetime, deadline: Deadline) -> list[Record]:
        keys = [[(self.table, key(audit_id, item)) for item in (RECORD, ADDRESS)] for audit_id in ids]
        found = self.tables.batch_get_groups(keys, deadline)
        return [
            record_of(row, address if _is_kept(address, at) else None)
            for row, address in found
            if row is not None and _is_kept(row, at)
        ]


def key(audit_id: str, item: str) -> Key:
    """Return the key of a row of a record."""
    return {"audit_id": audit_id, "item": item}


def _is_kept(row: Row | None, at: datetime) -> bool:
    """Tell whether a row is still to be seen: DynamoDB takes it away up to days after its time."""
    return row is not None and row["expires_at"] > at.timestamp()


def _shards(text: str) -> list[str]:
    return [f"{text}#{part}" for part in range(SHARDS)]
