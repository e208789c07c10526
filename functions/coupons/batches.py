"""Making codes of a template: many that work once each, or one that many share; once per batch id (V10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from functions.coupons import codes
from functions.coupons.code_rows import batch_key, batch_row, put_shared, put_unique
from functions.coupons.template_rows import key as template_key
from functions.coupons.template_rows import template_of
from functions.coupons.template_store import no_template
from functions.domain.errors import ConflictError, InvalidError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    STAFF_ACTIONS_MAX,
    ConditionFailedError,
    Row,
    Tables,
    until_clear,
)

CODES_MAX = 1_000
"""Codes of one batch: an answer's time is enough to write them."""
_CONTENTS = ("count", "code", "limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Codes that staff ask for: ``count`` unique ones, or one ``code`` that so many members may use.

    ``code`` is as staff write it.
    """

    template_id: str
    batch_id: str
    count: int | None = None
    code: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Batches:
    """The codes of templates, by batches. ``table`` is the catalogue's."""

    tables: Tables
    table: str

    def make(
        self, batch: Batch, *, operator: str, at: datetime, deadline: Deadline
    ) -> tuple[Sequence[str], bool]:
        """Make the codes of a batch, or find those that it was; return them, and whether the batch is new.

        A batch that was broken off is gone on with: its codes are the same, whoever has used them meanwhile.

        Raises
        ------
        NotFoundError
            ``template_not_found``.
        ConflictError
            ``template_ended``: no coupon could be used any more; ``code_taken``: there is that code already.
        InvalidError
            ``batch_id_reused``: the template has a batch of that id with other contents.
        """
        row, new = until_clear(lambda: self._try_to_put(batch, operator, at, deadline), deadline)
        if batch.code is not None:
            return [batch.code], new
        turns: Mapping[str, int] = row["turns"]
        if not row["written"]:
            turns = self._written(row, batch, deadline)
        return [_code(row, turns, number) for number in range(row["count"])], new

    def _try_to_put(self, batch: Batch, operator: str, at: datetime, deadline: Deadline) -> tuple[Row, bool]:
        template, before = self.tables.batch_get(
            [
                (self.table, template_key(batch.template_id)),
                (self.table, batch_key(batch.template_id, batch.batch_id)),
            ],
            deadline,
        )
        if before is not None:
            if any(before.get(name) != getattr(batch, name) for name in _CONTENTS):
                raise InvalidError("batch_id_reused", "The batch id was used with other contents.")
            return before, False
        if template is None:
            raise no_template()
        if template_of(template).valid.has_ended(at):
            raise ConflictError("template_ended", "Coupons of this template could not be used any more.")
        contents = {name: getattr(batch, name) for name in _CONTENTS}
        of_batch = {"template_id": batch.template_id, "batch_id": batch.batch_id}
        transaction = self.tables.transaction()
        code = None if batch.code is None else codes.normal(batch.code)
        if code is None or batch.limit is None:
            contents |= {"seed": codes.seed(), "written": False, "turns": {}}
        row = batch_row(batch.template_id, batch.batch_id, contents, operator=operator, at=at)
        transaction.put_new(self.table, row)
        if code is not None and batch.limit is not None:
            put_shared(transaction, self.table, code, batch.limit, **of_batch)
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            (same_batch, *others) = failed.rows
            if same_batch is None and any(row is not None for row in others):
                raise ConflictError("code_taken", "There is that code already.") from None
            raise
        return row, True

    def _written(self, row: Row, batch: Batch, deadline: Deadline) -> Mapping[str, int]:
        """Write the unique codes of a batch; return which of them are not the first that were drawn."""
        turns: dict[str, int] = {}
        for first in range(0, row["count"], STAFF_ACTIONS_MAX):
            numbers = range(first, min(first + STAFF_ACTIONS_MAX, row["count"]))
            until_clear(partial(self._write, row, batch, numbers, turns, deadline), deadline)
        self.tables.change(
            self.table,
            batch_key(batch.template_id, batch.batch_id),
            expression="SET #written = :written, #turns = :turns",
            condition="attribute_exists(#seed)",
            values={":written": True, ":turns": turns},
        )
        return turns

    def _write(
        self, row: Row, batch: Batch, numbers: Sequence[int], turns: dict[str, int], deadline: Deadline
    ) -> None:
        """Write some codes together; one that another batch has is drawn again at the next attempt."""
        transaction = self.tables.transaction()
        for number in numbers:
            put_unique(
                transaction,
                self.table,
                _code(row, turns, number),
                template_id=batch.template_id,
                batch_id=batch.batch_id,
            )
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            for number, taken in zip(numbers, failed.rows, strict=True):
                if taken is not None:
                    turns[str(number)] = turns.get(str(number), 0) + 1
            raise


def _code(row: Row, turns: Mapping[str, int], number: int) -> str:
    return codes.drawn(row["seed"], number, turns.get(str(number), 0))
