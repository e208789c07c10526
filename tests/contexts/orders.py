"""What orders may know, and do, and when."""

from tests.support.rights import publishes, puts_tasks, reads_stream, rows, started_by_a_schedule, works_off

MAY_KNOW = {"domain", "platform", "tiers", "coupons", "points", "catalog", "counters", "offers", "refunds"}
MAY_KNOW |= {"cases"}
NEEDS = {
    "OrdersPublisher": publishes() | reads_stream("Orders", "OrdersToBusFailures"),
    "OrderJobs": rows("Orders", indexes=["due"])
    | rows("Reports", "PutItem")
    | puts_tasks("OrderWork")
    | started_by_a_schedule(),
    "OrderWorker": rows("Orders", "BatchGetItem", "GetItem", "PutItem", "Scan", indexes=["due"])
    | rows("Members", "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    | rows("Catalog", "BatchGetItem", "GetItem", "UpdateItem")
    | rows("Reports", "PutItem")
    | works_off("OrderWork"),
}
TIMES = {
    "lapse-unpaid": "rate(1 minute)",
    "auto-receipt": "rate(5 minutes)",
    "look-for-parcels": "rate(1 hour)",
}
AT_ONCE_MAX = {"OrderWorker": 32}
