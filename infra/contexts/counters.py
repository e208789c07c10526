"""Amounts that many take from at once: what lies in several rows is added up, levelled, and spread (Z1)."""

from typing import Any

from aws_cdk import Duration

from functions.catalog.rows import PRODUCT, STOCK
from functions.counters.counter import GENERATION, LEAST
from functions.counters.heat import HOT
from infra.constructs.table import grant_rows
from infra.room import STREAM_TIMEOUT, Room, rows

GATHERS = Duration.seconds(1)
"""How long changes are gathered before they are added up: a sum is some two seconds old."""


def build(room: Room) -> None:
    """Build the keeper of counters and its reader, which hears of products in several rows, or wanted so."""
    keeper = room.function("CounterKeeper", "functions.counters.stream.handler", STREAM_TIMEOUT)
    grant_rows(room.table("Catalog"), keeper, "BatchGetItem", "GetItem", "UpdateItem")
    room.reader(
        "CatalogToCounters",
        keeper,
        table="Catalog",
        filters=[rows(STOCK, HOT), _products_with(GENERATION), _products_with(LEAST)],
        gathers=GATHERS,
    )


def _products_with(number: str) -> dict[str, Any]:
    """Return the filter of changed products of which a number is known."""
    found = rows(PRODUCT)
    found["dynamodb"]["NewImage"][number] = {"N": [{"exists": True}]}
    return found
