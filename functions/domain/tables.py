"""What a table is to who declares one: how its rows are found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Indexes = Mapping[str, tuple[str, str]]
"""Partition key and sort key of each index, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose rows are found by a partition key and ``item``, which says what kind of row it is.

    Its indexes are sparse, of the rows that have their partition key, and hold keys only. ``expires`` is the
    attribute that says, in seconds since 1970, from when on DynamoDB may take a row away, if any does.
    """

    partition_key: str
    indexes: Indexes = field(default_factory=lambda: MappingProxyType({}))
    expires: str | None = None
