"""The programme's tables as the contexts declare them; a template test holds the stack's to them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from functions import contexts
from functions.platform.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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
def created(client: "DynamoDBClient", prefix: str) -> Iterator[Settings]:
    """Give empty tables whose names begin with the prefix, and take them away after.

    An emulator with a thousand tables takes ten times as long to make the next one. Where a test has done
    something to its client that stands in the way, they stay.
    """
    settings = create(client, prefix)
    try:
        yield settings
    finally:
        for name in PARTITION_KEYS:
            with suppress(Exception):
                client.delete_table(TableName=f"{prefix}-{name}")


def create(client: "DynamoDBClient", prefix: str) -> Settings:
    """Create empty tables whose names begin with the prefix; return the settings that name them."""
    for name in PARTITION_KEYS:
        # The prefix is the caller's own: a table that is there was made by a send whose answer was lost.
        with suppress(client.exceptions.ResourceInUseException):
            client.create_table(
                TableName=f"{prefix}-{name}", BillingMode="PAY_PER_REQUEST", **definition(name)
            )
    return Settings.from_environment({f"{name.upper()}_TABLE": f"{prefix}-{name}" for name in PARTITION_KEYS})
