"""What orders may know, and do, and when."""

from tests.support.rights import publishes, reads_stream, rows, started_by_a_schedule

MAY_KNOW = {"domain", "platform", "tiers", "coupons", "points", "catalog", "counters", "offers"}
NEEDS = {
    "OrdersPublisher": publishes() | reads_stream("Orders", "OrdersToBusFailures"),
    "OrderJobs": rows("Orders", "GetItem", "PutItem", indexes=["due"])
    | rows("Members", "GetItem", "PutItem", "UpdateItem")
    | rows("Catalog", "GetItem", "UpdateItem")
    | rows("Reports", "PutItem")
    | started_by_a_schedule(),
}
TIMES = {"lapse-unpaid": "rate(5 minutes)", "auto-receipt": "rate(1 hour)"}
AT_ONCE_MAX = {"OrderJobs": 10}
