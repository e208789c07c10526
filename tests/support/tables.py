"""The programme's tables as the template declares them; a template test holds the two together."""

from typing import TYPE_CHECKING, Any

from functions.platform.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION_KEYS = {"Orders": "order_id", "Members": "member_id", "Catalog": "sku"}


def definition(partition_key: str) -> dict[str, Any]:
    """Return a table's keys and indexes."""
    return {
        "KeySchema": [
            {"AttributeName": partition_key, "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": partition_key, "AttributeType": "S"},
            {"AttributeName": "item", "AttributeType": "S"},
        ],
    }


def create(client: "DynamoDBClient", prefix: str) -> Settings:
    """Create empty tables whose names begin with the prefix; return the settings that name them."""
    for name, partition_key in PARTITION_KEYS.items():
        client.create_table(
            TableName=f"{prefix}-{name}", BillingMode="PAY_PER_REQUEST", **definition(partition_key)
        )
    return Settings.from_environment({f"{name.upper()}_TABLE": f"{prefix}-{name}" for name in PARTITION_KEYS})
