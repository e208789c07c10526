"""What is counted of a campaign: what is left of its limits, and figures of the orders that used it (V14).

The limits are counters, which an order takes from in its own transaction (V15). The figures are sums that
orders only add to: there, too, but in several rows from the start, of which each order has its own, so that
no order waits for another one and none is counted twice or lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from functions.counters.counter import Counter
from functions.domain.identifiers import shard
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Key, Row, Tables, Transaction

LIMIT = "LIMIT"
FIGURES = "FIGURES"
FIGURE_ROWS = 32
"""Rows of a campaign's figures: with them a thousand orders a second rarely meet (Z1)."""
SINCE = "since_version"
"""On the rows of the figures: the version of the campaign that orders must use at least, since a limit was
put that there had not been: what had been used by then is known by these rows alone."""
_CAMPAIGN = "campaign:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a campaign came to, net of what came back.

    ``orders`` that used it and are not closed, ``units`` that stay of them, what it cost the shop, the
    ``goods_fen`` that stay, what was ``refunded_fen`` of its orders, closed ones too, and its ``members``.
    """

    orders: int = 0
    units: int = 0
    given_fen: int = 0
    goods_fen: int = 0
    refunded_fen: int = 0
    members: int = 0

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) - getattr(other, name) for name in FIGURE_NAMES})

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in FIGURE_NAMES})

    @property
    def changes(self) -> Mapping[str, int]:
        """What is not 0, by name."""
        return {name: getattr(self, name) for name in FIGURE_NAMES if getattr(self, name)}


FIGURE_NAMES = tuple(each.name for each in fields(Figures))


def orders_counter(table: str, campaign_id: str) -> Counter:
    """Return the counter of the orders that may still use a campaign."""
    return _limit(table, campaign_id, "orders", "orders_left")


def budget_counter(table: str, campaign_id: str) -> Counter:
    """Return the counter of the money that a campaign may still give, in fen."""
    return _limit(table, campaign_id, "budget", "budget_left_fen")


def counter_named(table: str, name: str) -> Counter | None:
    """Return the limit's counter whose home row is in this partition, None if it is no limit's."""
    if not name.startswith(_CAMPAIGN):
        return None
    campaign_id, _, of = name.removeprefix(_CAMPAIGN).partition(":")
    makers = {"orders": orders_counter, "budget": budget_counter}
    return makers[of](table, campaign_id) if of in makers else None


def _limit(table: str, campaign_id: str, of: str, amount: str) -> Counter:
    home = {"sku": f"{_CAMPAIGN}{campaign_id}:{of}", "item": LIMIT}
    return Counter(table=table, home=home, item=LIMIT, amount=amount)


def figures_of(campaign_id: str, order_id: str) -> Key:
    """Return the key of an order's own row of a campaign's figures."""
    return figures_key(campaign_id, shard(order_id, FIGURE_ROWS))


def figures_key(campaign_id: str, row: int) -> Key:
    """Return the key of one of the rows of a campaign's figures."""
    return {"sku": f"{_CAMPAIGN}{campaign_id}:figures#{row}", "item": FIGURES}


def count(
    transaction: Transaction,
    table: str,
    campaign_id: str,
    order_id: str,
    figures: Figures,
    *,
    version: int | None = None,
    since: int | None = None,
) -> None:
    """Add to a transaction what a change of an order is of a campaign's figures.

    Who places an order names the ``version`` of the campaign that it uses: since a limit was put that there
    had not been, no order goes by a version from before it (:data:`SINCE`). Who gives back to limits names
    ``since`` as it is on the order's row of the figures, 0 for nothing: the limits are those that were read.
    """
    if not figures.changes:
        return
    condition, values = "", {}
    if version is not None:
        condition = f"(attribute_not_exists(#{SINCE}) OR #{SINCE} <= :version)"
        values = {":version": version}
    elif since is not None:
        as_read = f":since_{since}"  # of several orders, all must have read the same
        condition = f"#{SINCE} = {as_read}" if since else f"attribute_not_exists(#{SINCE})"
        values = {as_read: since} if since else {}
    row = figures_of(campaign_id, order_id)
    transaction.move(table, row, adds=figures.changes, condition=condition, values=values)


def figures(tables: Tables, table: str, campaign_id: str, deadline: Deadline) -> Figures:
    """Return a campaign's figures: every order's that was placed or changed before is in them."""
    return summed(tables.batch_get(figures_keys(table, campaign_id), deadline))


def figures_of_each(
    tables: Tables, table: str, campaign_ids: Sequence[str], deadline: Deadline
) -> list[Figures]:
    """Return the figures of several campaigns, read together."""
    groups = [figures_keys(table, campaign_id) for campaign_id in campaign_ids]
    return [summed(rows) for rows in tables.batch_get_groups(groups, deadline)]


def figures_keys(table: str, campaign_id: str) -> list[tuple[str, Key]]:
    """Return table and key of each row of a campaign's figures."""
    return [(table, figures_key(campaign_id, row)) for row in range(FIGURE_ROWS)]


def summed(rows: Iterable[Row | None]) -> Figures:
    """Return the figures that these rows come to."""
    there = [row for row in rows if row is not None]
    return Figures(**{name: sum(row.get(name, 0) for row in there) for name in FIGURE_NAMES})
