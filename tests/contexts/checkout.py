"""What the checkout may know, and do."""

from tests.support.rights import records_staff, rows

MAY_KNOW = {"domain", "platform", "tiers", "counters", "coupons", "points", "catalog", "offers", "orders"}
MAY_KNOW |= {"refunds", "cases"}
NEEDS = {
    "ShopApi": records_staff()
    | rows(
        "Orders",
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "Query",
        indexes=["by_member", "by_status", "by_tracking", "due", "orders_late"],
    )
    | rows("Cases", "GetItem", "PutItem", "UpdateItem")
    | rows("Members", "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    | rows("Payments", "ConditionCheckItem", "GetItem", "PutItem", "Query")
    | rows(
        "Catalog",
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "Query",
        "UpdateItem",
        indexes=["zone", "by_name"],
    )
}
