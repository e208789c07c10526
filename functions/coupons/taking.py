"""One is taken from a counter for a coupon: of a template's claims, or of the uses of a code (V10, V15).

A counter in one row is taken from there. Of one in several rows each coupon has its own, by its id; which of
the others has something is looked up only after that one had none, or was left by terms of before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions.counters import counter, heat
from functions.counters.counter import TERMS, Counter, Spread
from functions.domain.errors import ConflictError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import SENDS_MAX, ConditionFailedError, Row, Tables, Transaction

SENDS_BEFORE_ANOTHER_ROW = 2
"""How often a transaction is sent with one row of several before it is tried with another one."""
_ONE = 1


@dataclass(slots=True)
class Taking:
    """The rows of a counter that one is taken from for one coupon, over the attempts of that."""

    tables: Tables
    counter: Counter
    coupon_id: str
    _looks: bool = False
    """Whether the coupon's own row could not give it."""
    _tries: int = 0
    """The attempts that others were in the way of: each has another row for its own."""

    def pick(self, home: Row, deadline: Deadline) -> Mapping[int, int] | None:
        """Return which row one is taken from, by the home row as read; None if nothing is left.

        Raises
        ------
        ConflictError
            ``conflict``: something may be left, and the rows changed too fast to tell.
        """
        spread = Spread.of(home)
        if spread.is_one:
            return {0: _ONE} if home[self.counter.amount] >= _ONE else None
        if not self._looks:
            return {spread.row_of(self.coupon_id): _ONE}
        name = f"{self.coupon_id} {self._tries}"
        return counter.find(self.tables, self.counter, spread, _ONE, deadline, name=name)

    def commit(
        self,
        transaction: Transaction,
        home: Row,
        picked: Mapping[int, int],
        *,
        terms: int,
        deadline: Deadline,
    ) -> None:
        """Commit a transaction that takes one, too, from the row that was picked, under these terms.

        Raises
        ------
        ConditionFailedError
            A condition did not hold, or others were in the way of one row of several: the next attempt picks
            another one.
        OutcomeUnknownError, ConflictError, TryAgainError
            As :meth:`functions.platform.dynamo.Transaction.commit` does.
        """
        spread = Spread.of(home)
        counter.take(
            transaction,
            self.counter,
            picked,
            terms=terms,
            home_terms=f"#{TERMS} = :terms",
            values={":terms": terms},
        )
        try:
            transaction.commit(deadline, sends_max=SENDS_BEFORE_ANOTHER_ROW if self._looks else SENDS_MAX)
        except ConditionFailedError as failed:
            self._learn(failed.rows, spread, terms, deadline)
            raise
        except ConflictError as conflict:
            if spread.is_one:
                raise
            self._looks, self._tries = True, self._tries + 1
            raise ConditionFailedError([]) from conflict
        finally:
            if transaction.conflicts:
                heat.feel(self.tables, transaction, self.counter, spread, picked)

    def _learn(self, refusing: Sequence[Row | None], spread: Spread, terms: int, deadline: Deadline) -> None:
        """Look for another row from now on; one that a change of the terms left behind again is told them."""
        if spread.is_one:
            return
        again, self._looks = self._looks, True
        for row in refusing:
            if row is None or not again or self.counter.amount not in row or row.get(TERMS, terms) >= terms:
                continue
            (partition, _) = self.counter.home
            number = str(row[partition]).partition("#")[2]
            if number:
                counter.tell_row(self.tables, self.counter, int(number), spread.terms, deadline)
