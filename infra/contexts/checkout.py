"""Where a cart becomes an order: its function serves catalogue and orders too."""

from infra.constructs.table import grant_rows
from infra.room import Room


def build(room: Room) -> None:
    """Build the shop's API."""
    shop = room.api("ShopApi", "functions.checkout.api.handler")
    grant_rows(
        room.table("Orders"),
        shop,
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "Query",
        indexes=["by_member", "by_status", "by_tracking", "due", "orders_late"],
    )
    grant_rows(room.table("Cases"), shop, "GetItem", "PutItem", "UpdateItem")
    grant_rows(room.table("Members"), shop, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    grant_rows(room.table("Payments"), shop, "ConditionCheckItem", "GetItem", "PutItem", "Query")
    grant_rows(
        room.table("Catalog"),
        shop,
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "Query",
        "UpdateItem",
        indexes=["zone", "by_name"],
    )
