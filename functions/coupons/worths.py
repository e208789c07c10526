"""What coupons are worth, by the version of the template that they were made from (V8, V9).

A version never changes, so a function keeps those that it has seen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from functions.coupons.held import Ref
from functions.coupons.template_rows import version_key, worth_of
from functions.coupons.templates import Worth
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables

KEPT_MAX = 256
"""Versions that a function keeps: some megabytes, if each names all the skus that it may."""
Version = tuple[str, int]
"""A template's id, and a version of it."""


@dataclass(frozen=True, slots=True)
class Worths:
    """What coupons of templates are worth. ``table`` is the catalogue's."""

    tables: Tables
    table: str
    kept: dict[Version, Worth] = field(default_factory=dict)

    def of(self, refs: Iterable[Ref], deadline: Deadline) -> Mapping[Version, Worth]:
        """Return what these coupons are worth, by their template's version; one batch is read, if any.

        Raises
        ------
        LookupError
            A version is not there, which is written before any coupon is made from it.
        """
        found: dict[Version, Worth] = {}
        unknown: list[Version] = []
        for version in dict.fromkeys(ref.version for ref in refs):
            kept = self.kept.get(version)
            if kept is None:
                unknown.append(version)
            else:
                found[version] = kept
        if unknown:
            rows = self.tables.batch_get([(self.table, version_key(*each)) for each in unknown], deadline)
            for version, row in zip(unknown, rows, strict=True):
                if row is None:
                    raise LookupError(f"template {version[0]} has no version {version[1]}")
                found[version] = worth_of(row)
            self.keep({version: found[version] for version in unknown})
        return found

    def keep(self, worths: Mapping[Version, Worth]) -> None:
        """Keep what these versions say, and let go of what was kept first."""
        self.kept.update(worths)
        for version in list(self.kept)[: max(0, len(self.kept) - KEPT_MAX)]:
            self.kept.pop(version, None)
