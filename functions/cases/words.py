"""What people have written into cases, and how the words about an erased member are forgotten (A10)."""

from dataclasses import dataclass, replace
from functools import partial

from functions.cases.case import Actor, Case
from functions.cases.rows import BY_MEMBER, case_of, case_row, key
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, until_clear

PAGE_ROWS = 100
"""Cases that are read together: what one read can have."""
FORGOTTEN = ""
"""The fingerprint of a request that is not kept any more: whoever guessed its text could tell by it."""


def without_words(case: Case) -> Case:
    """Return what is kept of a case of an erased member: states, amounts and ids (A10).

    Gone are its text, its reason and whatever people wrote down as that of a step. The reasons that deadlines
    give are the programme's own.
    """
    return replace(
        case,
        reason=None,
        text=None,
        request=FORGOTTEN,
        history=tuple(
            step if step.by is Actor.DEADLINE else replace(step, reason=None) for step in case.history
        ),
        parcel=None if case.parcel is None else replace(case.parcel, carrier=None),
    )


@dataclass(frozen=True, slots=True)
class Words:
    """The words in the cases of a table."""

    tables: Tables
    table: str

    def forget(self, member_id: str, deadline: Deadline) -> None:
        """Take out of the cases of an erased member what people wrote; done again, it completes that.

        They cannot write anything more. Whoever has read a case before does not bring its words back, since
        every change is of the version that it was read in.

        Raises
        ------
        ConflictError
            ``conflict``: others were faster each time.
        TryAgainError
            ``try_again``: there are so many that some are left; what is done stays done.
        """
        after: Row | None = None
        more = True
        while more:
            rows, more = self.tables.query_index(
                self.table, BY_MEMBER, partition=("member_id", member_id), limit=PAGE_ROWS, after=after
            )
            after = rows[-1] if more else None
            keys = [(self.table, key(row["case_id"])) for row in rows]
            for row in self.tables.batch_get(keys, deadline):
                if row is not None and _has_words(case_of(row)):
                    until_clear(partial(self._forget_in, row["case_id"], deadline), deadline)

    def _forget_in(self, case_id: str, deadline: Deadline) -> None:
        row = self.tables.get(self.table, key(case_id))
        if row is None:
            raise LookupError(f"the case {case_id} is gone, and none ever goes")
        stored = case_of(row)
        if not _has_words(stored):
            return
        after = replace(without_words(stored), version=stored.version + 1)
        transaction = self.tables.transaction()
        transaction.put_version(self.table, case_row(after), replaces=stored.version)
        transaction.commit(deadline)


def _has_words(case: Case) -> bool:
    return without_words(case) != case
