"""The programme's tables as the template declares them; a template test holds the two together."""

from typing import TYPE_CHECKING, Any

from functions.platform.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION_KEYS = {"Orders": "order_id", "Members": "member_id", "Catalog": "sku", "Reports": "report"}
INDEXES = {
    "Orders": {
        "by_member": ("member_id", "placed_key"),
        "by_status": ("status_shard", "placed_key"),
        "due": ("due", "due_at"),
    },
    "Members": {
        "lots_by_release": ("lot_shard", "release_at"),
        "wallets_by_year": ("wallet_shard", "oldest_year"),
        "birthdays": ("birthday_shard", "member_id"),
        "search": ("search_shard", "search_key"),
    },
    "Catalog": {"zone": ("zone", "sku"), "by_name": ("zone", "name_key")},
}
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


def create(client: "DynamoDBClient", prefix: str) -> Settings:
    """Create empty tables whose names begin with the prefix; return the settings that name them."""
    for name in PARTITION_KEYS:
        client.create_table(TableName=f"{prefix}-{name}", BillingMode="PAY_PER_REQUEST", **definition(name))
    return Settings.from_environment({f"{name.upper()}_TABLE": f"{prefix}-{name}" for name in PARTITION_KEYS})
