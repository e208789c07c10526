"""Amounts that many take from at once: what lies in several rows is added up, levelled, and spread (Z1)."""

from typing import Any

from aws_cdk import Duration

from functions.catalog.rows import PRODUCT, STOCK
from functions.catalog.set_aside import SET_ASIDE
from functions.counters.counter import GENERATION, LEAST, TERMS
from functions.counters.heat import HOT
from functions.offers.counting import LIMIT
from infra.constructs.table import grant_rows
from infra.room import EXISTS, STREAM_TIMEOUT, Room, rows

GATHERS = Duration.seconds(1)
"""How long changes are gathered before they are added up: a sum is some two seconds old."""


def build(room: Room) -> None:
    """Build the keeper of counters and its reader, which hears of those in several rows, or wanted so.

    All rows of a stock but the product's own are of a kind of their own; those of other counters are known
    by their terms, which the home rows of limits of campaigns do not have.
    """
    keeper = room.function("CounterKeeper", "functions.counters.stream.handler", STREAM_TIMEOUT)
    grant_rows(room.table("Catalog"), keeper, "BatchGetItem", "GetItem", "UpdateItem")
    room.reader(
        "CatalogToCounters",
        keeper,
        table="Catalog",
        filters=[
            rows(STOCK, HOT),
            _with(GENERATION, PRODUCT, LIMIT),
            _with(LEAST, PRODUCT),
            _with(TERMS, SET_ASIDE, LIMIT),
        ],
        gathers=GATHERS,
    )


def _with(number: str, *items: str) -> dict[str, Any]:
    """Return the filter of changed rows of these kinds of which a number is known."""
    return rows(*items, **{number: {"N": EXISTS}})
