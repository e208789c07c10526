"""How units come to be set aside for a holder, and back on the shelf (V2).

Units move between a product's stock and a holder's counter in one transaction, with whatever they are set
aside for. The product's row names its holders, so that a change of the product reaches their rows, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.catalog.products import insufficient_stock
from functions.catalog.rows import HOLDERS, key
from functions.catalog.set_aside import UNITS, counter_of_units
from functions.catalog.stock import counter_of
from functions.counters import counter
from functions.counters.counter import LEAST, MOVES, TERMS, Counter, Spread, tell_row
from functions.counters.spreading import spread_over
from functions.domain.errors import ConflictError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    ConditionFailedError,
    Key,
    Row,
    Tables,
    Transaction,
    until_clear,
)

HOLDER, OF_SKU, SET_BY = "holder", "of_sku", "set_by"
"""On the home row of what is set aside: for whom and of which sku, and the version of the holder that said
how many."""
_COUNTED = f"#{MOVES} = if_not_exists(#{MOVES}, :none) + :one"
_TERMS_AS_READ = f"(#{TERMS} = :terms OR (attribute_not_exists(#{TERMS}) AND :terms = :none))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many units of a sku a holder has had in all, sold ones too, and is to have; None is none of it."""

    sku: str
    before: int | None
    after: int | None


def holders_of(product: Row) -> Mapping[str, bool]:
    """Return for whom units are set aside, from a product's row."""
    found: Mapping[str, bool] = product.get(HOLDERS, {})
    return found


def change_units(
    tables: Tables,
    transaction: Transaction,
    table: str,
    holder: str,
    changes: Sequence[Change],
    deadline: Deadline,
    *,
    version: int,
) -> Sequence[Counter]:
    """Add to a transaction that units move between the shelf and a holder, as things are now.

    ``version`` is the holder's. All skus are the catalogue's. Returns the counters of which several rows are
    taken from.

    Raises
    ------
    ConflictError
        ``insufficient_stock``: the shelf has fewer; ``units_in_use``: more have been sold than are to stay
        in all, or some of what is to have none. ``conflict``: what there is changed too fast to tell.
    """
    wanted = [each for each in changes if each.before != each.after]
    moving = _Moving(tables, transaction, table, holder, version, deadline)
    keys: list[tuple[str, Key]] = [(table, key(each.sku)) for each in wanted]
    keys += [(table, counter_of_units(table, each.sku, holder).home) for each in wanted]
    rows = tables.batch_get(keys, deadline)
    for each, product, home in zip(wanted, rows, rows[len(wanted) :], strict=False):
        assert product is not None  # noqa: S101 - the caller has looked, and no product goes
        if each.after is None:
            moving.close(each, product, home)
        elif each.before is None:
            moving.open(each, product)
        elif home is None:
            raise ConditionFailedError([])  # a batch is no snapshot: it is there by now
        elif each.after > each.before:
            moving.add(each, product)
        else:
            moving.take_away(each, product, home)
    if moving.short:
        raise insufficient_stock(moving.short)
    if moving.in_use:
        raise ConflictError("units_in_use", "More units have been sold.", skus=moving.in_use)
    return moving.scattered


def close_units(tables: Tables, table: str, holder: str, sku: str, deadline: Deadline) -> bool:
    """Put what a holder has left of a sku back on the shelf; return whether there was anything to close.

    From then on nothing is taken from there, and nothing given back to it.

    Raises
    ------
    ConflictError
        ``conflict``: others were in the way all the time.
    """
    return until_clear(lambda: _try_to_close(tables, table, holder, sku, deadline), deadline)


def tell_holders(tables: Tables, table: str, product: Row, deadline: Deadline) -> None:
    """Let all that is set aside of a product go by its terms: nobody buys it by older ones from then on (Z1).

    Raises
    ------
    TryAgainError
        ``try_again``: a row was not free until the deadline.
    """
    terms = product.get(TERMS, 0)
    for holder in sorted(holders_of(product)):
        units = counter_of_units(table, product["sku"], holder)
        tell_row(tables, units, 0, terms, deadline)
        home = tables.get(table, units.home)  # rows that are opened from here on go by what the home says
        if home is not None:
            counter.tell_terms(tables, units, Spread.of(home), deadline)


def _try_to_close(tables: Tables, table: str, holder: str, sku: str, deadline: Deadline) -> bool:
    units = counter_of_units(table, sku, holder)
    product, home = tables.batch_get([(table, key(sku)), (table, units.home)], deadline)
    if home is None or product is None or TERMS not in home:
        return False
    if not Spread.of(home).is_one:
        spread_over(tables, units, 1, deadline)
        raise ConditionFailedError([])
    transaction = tables.transaction()
    counter.close(transaction, units, home, with_terms=True)
    _change_product(transaction, table, product, home[UNITS], _without(product, holder))
    transaction.commit(deadline)
    return True


@dataclass(slots=True)
class _Moving:
    """A transaction that moves units of several skus, and which of them cannot be moved."""

    tables: Tables
    transaction: Transaction
    table: str
    holder: str
    version: int
    deadline: Deadline
    short: list[str] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)
    scattered: list[Counter] = field(default_factory=list)

    def open(self, change: Change, product: Row) -> None:
        """Set units aside for a holder that had none of the sku."""
        assert change.after is not None  # noqa: S101 - what is opened has units
        if not self._take_from_stock(change.sku, product, change.after, opening=True):
            return
        sets = {
            UNITS: change.after,
            TERMS: product.get(TERMS, 0),
            HOLDER: self.holder,
            OF_SKU: change.sku,
            SET_BY: self.version,
            LEAST: product.get(LEAST),
        }
        self.transaction.update(
            self.table,
            counter_of_units(self.table, change.sku, self.holder).home,
            expression=f"SET {', '.join(f'#{name} = :{name}' for name in sets)}, {_COUNTED}",
            condition=f"attribute_not_exists(#{TERMS})",
            values={":none": 0, ":one": 1, **{f":{name}": value for name, value in sets.items()}},
        )

    def add(self, change: Change, product: Row) -> None:
        """Set more units aside."""
        more = (change.after or 0) - (change.before or 0)
        if self._take_from_stock(change.sku, product, more, opening=False):
            self._change_home(change.sku, more)

    def take_away(self, change: Change, product: Row, home: Row) -> None:
        """Put some of the units that have not been sold back on the shelf."""
        fewer = (change.before or 0) - (change.after or 0)
        units, spread = counter_of_units(self.table, change.sku, self.holder), Spread.of(home)
        if spread.is_one:
            picked: Mapping[int, int] | None = counter.plan([home.get(UNITS, 0)], fewer, first=0)
        else:
            picked = counter.find(self.tables, units, spread, fewer, self.deadline, name=self.holder)
        if picked is None:
            self.in_use.append(change.sku)
            return
        self._change_home(change.sku, -picked.get(0, 0))
        self._take_from_others(units, picked, spread)
        _change_product(self.transaction, self.table, product, fewer, None)

    def close(self, change: Change, product: Row, home: Row | None) -> None:
        """Put all units back on the shelf, none of which is sold."""
        units = counter_of_units(self.table, change.sku, self.holder)
        if home is None or TERMS not in home:
            raise ConditionFailedError([])
        if not Spread.of(home).is_one:
            spread_over(self.tables, units, 1, self.deadline)
            raise ConditionFailedError([])
        if home[UNITS] != change.before:
            self.in_use.append(change.sku)
            return
        counter.close(self.transaction, units, home, with_terms=True)
        _change_product(self.transaction, self.table, product, home[UNITS], _without(product, self.holder))

    def _take_from_stock(self, sku: str, product: Row, units: int, *, opening: bool) -> bool:
        """Take units from the shelf, from the product's own row if that has them; tell whether there are so
        many."""
        stock, spread = counter_of(self.table, sku), Spread.of(product)
        picked: Mapping[int, int] | None = counter.plan([product["stock"]], units, first=0)
        if picked is None and not spread.is_one:
            picked = counter.find(self.tables, stock, spread, units, self.deadline, name=self.holder)
        if picked is None:
            self.short.append(sku)
            return False
        self._take_from_others(stock, picked, spread)
        holders = {**holders_of(product), self.holder: True} if opening else None
        _change_product(self.transaction, self.table, product, -picked.get(0, 0), holders)
        return True

    def _take_from_others(self, counted: Counter, picked: Mapping[int, int], spread: Spread) -> None:
        """Take from all rows but the first, whose one action does more than that."""
        others = {row: count for row, count in picked.items() if row}
        counter.take(self.transaction, counted, others, terms=spread.terms)
        if others:
            self.scattered.append(counted)

    def _change_home(self, sku: str, units: int) -> None:
        """Change what lies in the home row of what is set aside, and say by which version."""
        self.transaction.update(
            self.table,
            counter_of_units(self.table, sku, self.holder).home,
            expression=f"SET #{UNITS} = #{UNITS} + :units, #{SET_BY} = :version, {_COUNTED}",
            condition=f"attribute_exists(#{TERMS}) AND #{UNITS} >= :least",
            values={
                ":units": units,
                ":least": max(0, -units),
                ":version": self.version,
                ":none": 0,
                ":one": 1,
            },
        )


def _without(product: Row, holder: str) -> Mapping[str, bool]:
    return {each: True for each in holders_of(product) if each != holder}


def _change_product(
    transaction: Transaction, table: str, product: Row, units: int, holders: Mapping[str, bool] | None
) -> None:
    """Add what changes on a product's row, in one action: units of its stock, and its holders if any do.

    With new holders, its terms are those that were read: what is set aside goes by them.
    """
    values: dict[str, Any] = {":none": 0, ":one": 1, ":units": units, ":least": max(0, -units)}
    expression, condition = f"SET #stock = #stock + :units, {_COUNTED}", "#stock >= :least"
    if holders is not None:
        as_read = f"#{HOLDERS} = :as_read" if HOLDERS in product else f"attribute_not_exists(#{HOLDERS})"
        expression += f", #{HOLDERS} = :holders"
        condition += f" AND {as_read} AND {_TERMS_AS_READ}"
        values |= {":holders": dict(holders), ":terms": product.get(TERMS, 0)}
        values |= {":as_read": product[HOLDERS]} if HOLDERS in product else {}
    transaction.update(table, key(product["sku"]), expression=expression, condition=condition, values=values)
