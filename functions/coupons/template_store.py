"""Where templates live, with their versions and what is left of their claims (V9, V10, V15)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from functions.counters import counter
from functions.counters.counter import TERMS, Spread, told
from functions.coupons.template_rows import (
    CLAIMS_MAX,
    NAME_KEY,
    ZONE,
    claimable_row,
    claims_counter,
    key,
    template_of,
    template_row,
    version_row,
)
from functions.coupons.templates import Template
from functions.domain import calendar, identifiers
from functions.domain.errors import ConflictError, NotFoundError
from functions.platform import preconditions
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, time_span, until_clear

BY_NAME = "by_name"
CAPACITY = "capacity"
"""On the home row of a template's counter: how many claims there may be in all."""
POSITION = rf"[0-9TZ:-]{{20}}#{identifiers.SKU}"
"""Where a template stands among all: by when it was made, and then by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A template, and how many claims there were of it; where many claim at once, a moment ago."""

    template: Template
    claimed: int


def no_template() -> NotFoundError:
    """Return the refusal of what needs a template that does not exist."""
    return NotFoundError("template_not_found", "There is no such template.")


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates that coupons are made from. ``table`` is the catalogue's."""

    tables: Tables
    table: str

    def put(
        self, wanted: Template, at: datetime, deadline: Deadline, *, replaces: int | None = None
    ) -> tuple[Counted, bool]:
        """Make a template, or replace what is said of it; return it, and whether it is new.

        What changes it makes a new version of it, for coupons made from then on; equal contents keep it. From
        the answer on nobody claims by what was said before. ``wanted`` has no version yet; ``replaces`` is
        the one that there must be, if any is said (`platform/preconditions.py`).

        Raises
        ------
        ConflictError
            ``template_kind_fixed``: it is of another kind. ``limit_in_use``: there were more claims already
            than there would be in all.
        PreconditionError
            ``exists_already``, ``changed_meanwhile``.
        """
        put, new = until_clear(lambda: self._try_to_put(wanted, at, deadline, replaces), deadline)
        claims = claims_counter(self.table, wanted.template_id)
        home = self.tables.get(self.table, claims.home)
        if home is None:
            raise LookupError(f"template {wanted.template_id} has no counter of its claims")
        counter.tell_terms(self.tables, claims, Spread.of(home), deadline)
        return self._exactly(put, home, deadline), new

    def get(self, template_id: str, deadline: Deadline) -> Counted:
        """Return a template.

        Raises
        ------
        NotFoundError
            ``template_not_found``.
        """
        found = self._read([template_id], deadline)
        if not found:
            raise no_template()
        return self._exactly(*found[0], deadline)

    def listed(
        self, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Counted], str | None]:
        """Return a page of the templates, the one made last first, and the position to go on after.

        The index may be behind: a template that was made a moment ago may be missing.
        """
        rows, more = self.tables.query_span(
            self.table,
            index=BY_NAME,
            partition=("zone", ZONE),
            sort=NAME_KEY,
            span=time_span(None, None, after),
            limit=limit,
            newest_first=True,
        )
        ids = [str(row[NAME_KEY]).partition("#")[2] for row in rows]
        found = [
            Counted(template=template, claimed=home[CAPACITY] - told(home, claims_counter("", "").amount))
            for template, home in self._read(ids, deadline)
        ]
        return found, str(rows[-1][NAME_KEY]) if more else None

    def _read(self, template_ids: Sequence[str], deadline: Deadline) -> list[tuple[Template, Row]]:
        """Return those of these templates that there are, each with the home row of its counter."""
        keys = [
            (self.table, each)
            for template_id in template_ids
            for each in (key(template_id), claims_counter(self.table, template_id).home)
        ]
        rows = self.tables.batch_get(keys, deadline)
        return [
            (template_of(row), home)
            for row, home in zip(rows[::2], rows[1::2], strict=True)
            if row is not None and home is not None  # they are written together
        ]

    def _exactly(self, template: Template, home: Row, deadline: Deadline) -> Counted:
        """Count a template's claims at one moment, or where many claim at once, a moment ago."""
        claims, found = claims_counter(self.table, template.template_id), None
        spread = Spread.of(home)
        if not spread.is_one:
            with suppress(ConflictError):
                found = counter.held(self.tables, claims, deadline, rows=spread.rows)
        if found is None:
            return Counted(template=template, claimed=home[CAPACITY] - told(home, claims.amount))
        return Counted(template=template, claimed=found.home[CAPACITY] - found.total)

    def _try_to_put(
        self, wanted: Template, at: datetime, deadline: Deadline, replaces: int | None
    ) -> tuple[Template, bool]:
        claims = claims_counter(self.table, wanted.template_id)
        row, home = self.tables.batch_get(
            [(self.table, key(wanted.template_id)), (self.table, claims.home)], deadline
        )
        known = None if row is None else template_of(row)
        same = known is not None and replace(wanted, version=known.version) == known
        preconditions.check(replaces, None if known is None else known.version, same=same)
        transaction = self.tables.transaction()
        if row is None or known is None:
            first = replace(wanted, version=1)
            transaction.put_new(self.table, template_row(first, at))
            transaction.put_new(self.table, version_row(first))
            transaction.put(self.table, claimable_row(first))
            capacity = _capacity(first)
            transaction.put_new(
                self.table, {**claims.home, claims.amount: capacity, CAPACITY: capacity, TERMS: first.version}
            )
            transaction.commit(deadline)
            return first, True
        if known.worth.kind != wanted.worth.kind:
            raise ConflictError("template_kind_fixed", "A template keeps the kind that it was made with.")
        if same:
            return known, replaces == preconditions.NOTHING
        after = replace(wanted, version=known.version + 1)
        transaction.put_version(
            self.table, template_row(after, calendar.from_row(row["created_at"])), replaces=known.version
        )
        transaction.put_new(self.table, version_row(after))
        transaction.put(self.table, claimable_row(after))
        more = _capacity(after) - _capacity(known)
        transaction.move(self.table, claims.home, adds={TERMS: 1, CAPACITY: more})  # once, as the version
        if more > 0:
            counter.give(transaction, claims, 0, more)
        elif more < 0:
            spread = Spread.of(home or {})
            taken = counter.find(
                self.tables, claims, spread, -more, deadline, name=f"{after.template_id} {after.version}"
            )
            if taken is None:
                raise ConflictError(
                    "limit_in_use", "There were more claims already than there would be in all."
                )
            counter.take(transaction, claims, taken, terms=known.version)
        transaction.commit(deadline)
        return after, False


def _capacity(template: Template) -> int:
    """Return how many claims there may be of a template in all."""
    return CLAIMS_MAX if template.total is None else template.total
