"""What members can claim: the templates that give coupons now, the one that ends first comes first (V10).

Each template that can be claimed has a row beside it in the index by name, under its last second: so what has
ended, is paused or was never for claiming is not read. It is written with the template.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from functions.counters.counter import told
from functions.coupons.held import held_of
from functions.coupons.held import key as held_key
from functions.coupons.issuing import registered
from functions.coupons.template_rows import CLAIMABLES, NAME_KEY, claims_counter, key, template_of
from functions.coupons.template_store import BY_NAME
from functions.coupons.templates import Template
from functions.domain import calendar
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, Tables, above
from functions.tiers import members
from functions.tiers.members import STANDING

KEPT_SECONDS = 4.0
"""How long a page is used as it was read: what staff change holds within five seconds."""
KEPT_MAX = 64
"""Pages that a function keeps: nearly all who ask want the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimable:
    """A template that a member can claim, and how often they may yet; None is without a limit."""

    template: Template
    claims_left: int | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page as it was read: the templates of which something is left, and where the next one begins."""

    read_at: float
    templates: tuple[Template, ...]
    position: str | None


@dataclass(slots=True)
class Claimables:
    """What members can claim. ``table`` is the members', ``catalog_table`` that of the templates."""

    tables: Tables
    table: str
    catalog_table: str
    _kept: dict[tuple[int, str | None], _Kept] = field(default_factory=dict)

    def page(
        self, member_id: str, at: datetime, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Claimable], str | None]:
        """Return a page of what a member's tier can claim, and the position to go on after.

        A page may have fewer than asked for, or none, and still go on: others are for other tiers, or have
        all been claimed.

        Raises
        ------
        ConflictError
            ``not_registered``.
        """
        standing_row, held_row = self.tables.batch_get(
            [(self.table, members.key(member_id, STANDING)), (self.table, held_key(member_id))], deadline
        )
        standing, claims = registered(standing_row), held_of(held_row).claims
        page = self._page(at, limit, after, deadline)
        found = [
            Claimable(template=template, claims_left=_left(template, claims))
            for template in page.templates
            if template.claimable and template.gives_at(at) and template.is_for(standing.tier)
        ]
        return found, page.position

    def _page(self, at: datetime, limit: int, after: str | None, deadline: Deadline) -> _Kept:
        now = time.monotonic()
        kept = self._kept.get((limit, after))
        if kept is None or now - kept.read_at > KEPT_SECONDS:
            kept = self._read(at, limit, after, now, deadline)
            self._kept.pop((limit, after), None)
            self._kept[limit, after] = kept
            for oldest in list(self._kept)[: max(0, len(self._kept) - KEPT_MAX)]:
                self._kept.pop(oldest, None)
        return kept

    def _read(self, at: datetime, limit: int, after: str | None, now: float, deadline: Deadline) -> _Kept:
        rows, more = self.tables.query_span(
            self.catalog_table,
            index=BY_NAME,
            partition=("zone", CLAIMABLES),
            sort=NAME_KEY,
            span=(calendar.to_row(at) if after is None else above(after), HIGHEST),
            limit=limit,
        )
        ids = [str(row[NAME_KEY]).partition("#")[2] for row in rows]
        keys = [
            (self.catalog_table, each)
            for template_id in ids
            for each in (key(template_id), claims_counter(self.catalog_table, template_id).home)
        ]
        read = self.tables.batch_get(keys, deadline)
        templates = tuple(
            template_of(row)
            for row, home in zip(read[::2], read[1::2], strict=True)
            if row is not None and home is not None and told(home, claims_counter("", "").amount) > 0
        )
        return _Kept(now, templates, str(rows[-1][NAME_KEY]) if more else None)


def _left(template: Template, claims: Mapping[str, int]) -> int | None:
    if template.per_member is None:
        return None
    return max(0, template.per_member - claims.get(template.template_id, 0))
