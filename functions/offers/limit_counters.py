"""The counters of a campaign's limits as staff put them: opened, raised, lowered and closed (V14).

What is left of a limit is the limit less what is used of it, exactly. So a change of a limit is a change of
its counter by as much; and a limit that there had not been begins with what the figures say is used, under
the condition that no order has changed them meanwhile, and that none goes by the campaign of before any more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.counters import counter
from functions.counters.counter import MOVES, Counter, Spread, is_closed
from functions.counters.spreading import spread_over
from functions.domain.errors import ConflictError
from functions.offers.campaigns import NO_LIMITS, Campaign, Limits
from functions.offers.counting import (
    SINCE,
    Figures,
    budget_counter,
    figures_key,
    figures_keys,
    orders_counter,
    summed,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables, Transaction

OF_CAMPAIGN, OF_LIMIT, SET_BY = "campaign_id", "limit", "set_by"
"""On the home row of a counter: whose it is, of which limit, and the version that last said how much."""
_COUNTED = f"#{MOVES} = if_not_exists(#{MOVES}, :none) + :one"
_USED = ("orders", "given_fen")
"""The figures that the limits are about."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """A limit that is a counter: what it is called, how much it is, and what is used of it."""

    name: str
    counter: Callable[[str, str], Counter]
    of: Callable[[Limits], int | None]
    used: Callable[[Figures], int]


_LIMITS = (
    _Limit("orders", orders_counter, lambda limits: limits.orders, lambda figures: figures.orders),
    _Limit("budget", budget_counter, lambda limits: limits.budget_fen, lambda figures: figures.given_fen),
)


def change_limits(
    tables: Tables,
    transaction: Transaction,
    table: str,
    before: Campaign | None,
    after: Campaign,
    deadline: Deadline,
) -> None:
    """Add to a transaction what a put of a campaign changes of the counters of its limits.

    Raises
    ------
    ConflictError
        ``limit_in_use``: more is used than is to be allowed. ``conflict``: it changed too fast to tell.
    """
    old = NO_LIMITS if before is None else before.limits
    changed = [each for each in _LIMITS if each.of(old) != each.of(after.limits)]
    homes = tables.batch_get(
        [(table, each.counter(table, after.campaign_id).home) for each in changed], deadline
    )
    used: Figures | None = None
    in_use: list[str] = []
    for limit, home in zip(changed, homes, strict=True):
        was, is_to_be = limit.of(old), limit.of(after.limits)
        counted = limit.counter(table, after.campaign_id)
        if is_to_be is None:
            _close(tables, transaction, counted, home, deadline)
        elif was is None:
            if used is None:
                used = (
                    Figures()
                    if before is None
                    else _used_by_then(tables, transaction, table, after, deadline)
                )
            if limit.used(used) > is_to_be:
                in_use.append(limit.name)
            else:
                _open(transaction, counted, limit.name, after, is_to_be - limit.used(used))
        elif not _change(tables, transaction, counted, home, is_to_be - was, after, deadline):
            in_use.append(limit.name)
    if in_use:
        raise ConflictError("limit_in_use", "More than that is used already.", limits=in_use)


def _used_by_then(
    tables: Tables, transaction: Transaction, table: str, campaign: Campaign, deadline: Deadline
) -> Figures:
    """Return what is used of a campaign, and let the transaction hold only while it is; from then on orders
    go by this version at least."""
    rows = tables.batch_get(figures_keys(table, campaign.campaign_id), deadline)
    for number, row in enumerate(rows):
        condition, values = _as_read(row or {})
        transaction.update(
            table,
            figures_key(campaign.campaign_id, number),
            expression=f"SET #{SINCE} = :version",
            condition=condition,
            values={":version": campaign.version, **values},
        )
    return summed(rows)


def _as_read(row: Row) -> tuple[str, Mapping[str, int]]:
    conditions = [f"#{name} = :{name}" if name in row else f"attribute_not_exists(#{name})" for name in _USED]
    return " AND ".join(conditions), {f":{name}": row[name] for name in _USED if name in row}


def _open(transaction: Transaction, counted: Counter, name: str, campaign: Campaign, left: int) -> None:
    amount = counted.amount
    sets: dict[str, Any] = {
        amount: left,
        OF_CAMPAIGN: campaign.campaign_id,
        OF_LIMIT: name,
        SET_BY: campaign.version,
    }
    transaction.update(
        counted.table,
        counted.home,
        expression=f"SET {', '.join(f'#{each} = :{each}' for each in sets)}, {_COUNTED}",
        condition=f"attribute_not_exists(#{amount})",
        values={":none": 0, ":one": 1, **{f":{each}": value for each, value in sets.items()}},
    )


def _change(
    tables: Tables,
    transaction: Transaction,
    counted: Counter,
    home: Row | None,
    by: int,
    campaign: Campaign,
    deadline: Deadline,
) -> bool:
    """Add that a limit is raised or lowered; return whether so much is left."""
    if home is None or is_closed(home, counted):
        raise ConditionFailedError([])  # a batch is no snapshot: the campaign has been put meanwhile
    picked: Mapping[int, int] | None = {}
    spread = Spread.of(home)
    if by < 0 and spread.is_one:
        picked = counter.plan([home[counted.amount]], -by, first=0)
    elif by < 0:
        picked = counter.find(tables, counted, spread, -by, deadline, name=campaign.campaign_id)
    if picked is None:
        return False
    at_home = by if by > 0 else -picked.get(0, 0)
    transaction.update(
        counted.table,
        counted.home,
        expression=f"SET #{counted.amount} = #{counted.amount} + :by, #{SET_BY} = :version, {_COUNTED}",
        condition=f"#{counted.amount} >= :least",
        values={
            ":by": at_home,
            ":least": max(0, -at_home),
            ":version": campaign.version,
            ":none": 0,
            ":one": 1,
        },
    )
    others = {row: much for row, much in picked.items() if row}
    counter.take(transaction, counted, others, terms=spread.terms)
    return True


def _close(
    tables: Tables, transaction: Transaction, counted: Counter, home: Row | None, deadline: Deadline
) -> None:
    """Add that a limit is none any more: who has taken from its counter gives nothing back to it."""
    if home is None or is_closed(home, counted):
        raise ConditionFailedError([])
    if not Spread.of(home).is_one:
        spread_over(tables, counted, 1, deadline)
        raise ConditionFailedError([])
    counter.close(transaction, counted, home)
