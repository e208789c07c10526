"""The programme's tables as the contexts declare them; a template test holds the stack's to them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from functions import contexts
from functions.platform.settings import Settings
from tests.support.wire import Wire, wire_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WRITTEN_AT_ONCE_MAX = 25
"""Of DynamoDB's BatchWriteItem."""
PARTITION_KEYS = {name: each.partition_key for name, each in contexts.tables().items()}
INDEXES = {name: each.indexes for name, each in contexts.tables().items() if each.indexes}
"""The sparse indexes of each table: name, partition key and sort key. They hold keys only."""


def definition(name: str) -> dict[str, Any]:
    """Return a table's keys and indexes."""
    partition_key, indexes = PARTITION_KEYS[name], INDEXES.get(name, {})
    attributes = dict.fromkeys([partition_key, "item", *(key for keys in indexes.values() for key in keys)])
    declared: dict[str, Any] = {
        "KeySchema": [
            {"AttributeName": partition_key, "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in attributes],
    }
    if indexes:
        declared["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": sort, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, (partition, sort) in indexes.items()
        ]
    return declared


@contextmanager
def lent(client: "DynamoDBClient") -> Iterator[Settings]:
    """Give empty tables, and take their rows away after, for the next who wants some.

    An emulator makes tables a hundred times as slowly as it says that nothing is in them. Where a test has
    done something to its client that stands in the way, its tables are not lent again.
    """
    idle = _IDLE.setdefault(client.meta.endpoint_url, [])
    settings = idle.pop() if idle else create(client, uuid.uuid4().hex)
    yield settings
    with suppress(Exception):
        _empty(wire_of(client), settings)
        idle.append(settings)


_IDLE: dict[str, list[Settings]] = {}
"""Sets of empty tables that nobody uses, by the emulator that has them."""


def _empty(wire: Wire, settings: Settings) -> None:
    """Take away all rows."""
    for name, partition_key in PARTITION_KEYS.items():
        table = name_of(settings, name)
        found = wire.ask("Scan", {"TableName": table, "ConsistentRead": True})
        assert "LastEvaluatedKey" not in found
        keys = [{key: item[key] for key in (partition_key, "item")} for item in found["Items"]]
        for start in range(0, len(keys), WRITTEN_AT_ONCE_MAX):
            deletes = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + WRITTEN_AT_ONCE_MAX]]
            answer = wire.ask("BatchWriteItem", {"RequestItems": {table: deletes}})
            assert not answer.get("UnprocessedItems")


def name_of(settings: Settings, name: str) -> str:
    """Return what a table is called."""
    table: str = getattr(settings, f"{name.lower()}_table")
    return table


def create(client: "DynamoDBClient", prefix: str) -> Settings:
    """Create empty tables whose names begin with the prefix; return the settings that name them."""
    for name in PARTITION_KEYS:
        # The prefix is the caller's own: a table that is there was made by a send whose answer was lost.
        with suppress(client.exceptions.ResourceInUseException):
            client.create_table(
                TableName=f"{prefix}-{name}", BillingMode="PAY_PER_REQUEST", **definition(name)
            )
    return Settings.from_environment({f"{name.upper()}_TABLE": f"{prefix}-{name}" for name in PARTITION_KEYS})
