"""From which rows an order takes what it needs: units of the stock and of flash sales, and limits (Z1, V15).

All of these are counters. One that is one row is taken from there. Of one in several rows each order has its
own, by its id; which of the others has enough is looked up only after that one had too little, or where all
together had too little a moment ago. What an attempt finds out, the next one knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from functions.catalog.rows import STOCK
from functions.catalog.set_aside import SET_ASIDE
from functions.counters import counter, heat
from functions.counters.counter import TERMS, Counter, Spread
from functions.counters.spreading import spread_over
from functions.platform.deadline import Deadline
from functions.platform.dynamo import SENDS_MAX, Row, Tables, Transaction

SENDS_BEFORE_ANOTHER_ROW = 2
"""How often an order that looks for its rows sends one choice: of the last units many choose alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """So much of a counter that an order wants, of which so much was ``there`` a moment ago.

    ``terms`` are those that it is taken under: of what is sold, those of its product.
    """

    counter: Counter
    spread: Spread
    there: int
    amount: int
    terms: int

    @property
    def name(self) -> str:
        """The counter's."""
        return self.counter.name


Wants = Mapping[str, Want]
"""What an order wants, by the counter's name."""
Picked = Mapping[str, Mapping[int, int]]
"""How much is taken from which rows of each counter, by its name."""


class TooLittleError(Exception):
    """All rows of some counters had too little together, at one moment: so much, by the counter's name."""

    def __init__(self, there: Mapping[str, int]) -> None:
        super().__init__("too little")
        self.there = there


@dataclass(slots=True)
class Picking:
    """The rows that one order takes from, over its attempts."""

    tables: Tables
    order_id: str
    _looked_for: set[str] = field(default_factory=set)
    """Counters of which the order's own row could not give what was wanted."""
    _tries: int = 0
    """The attempts that others were in the way of: each has another row for its own."""

    def pick(self, wants: Wants, deadline: Deadline, *, surely: bool = False) -> Picked:
        """Return from which rows all that is wanted is taken.

        Parameters
        ----------
        surely
            Whether to look for all of it; else the order's own rows are trusted to have it.

        Raises
        ------
        TooLittleError
            All rows of a counter had too little together, at one moment.
        ConflictError
            ``conflict``: they may have had enough, and changed too fast to tell.
        """
        found = {name: self._rows(want, deadline, surely) for name, want in wants.items()}
        picked = {name: rows for name, rows in found.items() if rows is not None}
        if len(picked) < len(found):
            raise TooLittleError(
                {name: self._exactly(want, deadline) for name, want in wants.items() if name not in picked}
            )
        return picked

    def learn(self, refusing: Sequence[Row], wants: Wants, deadline: Deadline) -> None:
        """Take account of the rows that stood against an attempt.

        One that goes by older terms than it is taken under, and still does at a later attempt, was left
        behind by a change of the product: it is told, and only it. A thousand orders that told all rows would
        be in the way of the change, which may be under way, and in each other's.
        """
        for row in refusing:
            name, _, number = str(row.get("sku", "")).partition("#")
            want = wants.get(name)
            if want is None or (want.spread.is_one and row["item"] != SET_ASIDE):
                continue
            again = name in self._looked_for
            self._looked_for.add(name)
            if again and row["item"] in (STOCK, SET_ASIDE) and TERMS in row and row[TERMS] < want.terms:
                counter.tell_row(self.tables, want.counter, int(number or 0), want.terms, deadline)

    def join(self, picked: Picked, wants: Wants, too_many: int, deadline: Deadline) -> None:
        """Join the rows of counters of which several are taken from, those of the most rows first (V15).

        An order has ``too_many`` actions; as many are saved.

        Raises
        ------
        ConflictError
            ``conflict``: others were in the way of it all the time.
        """
        for name in sorted(picked, key=lambda each: -len(picked[each])):
            if too_many <= 0:
                return
            spread_over(self.tables, wants[name].counter, 1, deadline)
            too_many -= len(picked[name]) - 1

    @property
    def sends_max(self) -> int:
        """How often an attempt is sent while others are in its way, before it is tried with other rows."""
        return SENDS_BEFORE_ANOTHER_ROW if self._looked_for else SENDS_MAX

    def elsewhere(self, wants: Wants) -> bool:
        """Have the next attempt look for other rows, if there are any; return whether there are."""
        spread = {name for name, want in wants.items() if not want.spread.is_one}
        self._looked_for.update(spread)
        self._tries += 1
        return bool(spread)

    def feel(self, transaction: Transaction, picked: Picked, wants: Wants) -> None:
        """Let a counter be spread over more rows where others were in the way again and again."""
        if transaction.conflicts:
            for name, rows in picked.items():
                heat.feel(self.tables, transaction, wants[name].counter, wants[name].spread, rows)

    def _exactly(self, want: Want, deadline: Deadline) -> int:
        """Return how much there is of a counter, at one moment."""
        if want.spread.is_one:
            return want.there
        settled = counter.held(self.tables, want.counter, deadline, rows=want.spread.rows)
        return 0 if settled is None else settled.total

    def _rows(self, want: Want, deadline: Deadline, surely: bool) -> Mapping[int, int] | None:
        """Return where what is wanted is taken from; None if all rows have too little together."""
        if want.spread.is_one:
            return {0: want.amount} if want.there >= want.amount else None
        if not surely and want.name not in self._looked_for and want.there >= want.amount:
            return {want.spread.row_of(self.order_id): want.amount}
        return counter.find(
            self.tables,
            want.counter,
            want.spread,
            want.amount,
            deadline,
            name=f"{self.order_id} {self._tries}" if self._tries else self.order_id,
        )
