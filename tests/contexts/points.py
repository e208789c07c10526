"""What the points may know, and do, and when."""

from tests.support.rights import (
    puts_tasks,
    reads_stream,
    records_staff,
    rows,
    started_by_a_schedule,
    works_off,
)

MAY_KNOW = {"domain", "platform", "tiers"}
NEEDS = {
    "PointsApi": records_staff()
    | rows("Members", "BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query")
    | rows("Reports", "GetItem", "Query"),
    "PointsPosting": rows("Members", "BatchGetItem", "PutItem")
    | rows("Orders", "BatchGetItem")
    | reads_stream("Orders", "OrdersToPointsFailures"),
    "PointsJobs": rows("Members", indexes=["lots_by_release", "wallets_by_year"])
    | rows("Reports", "PutItem")
    | puts_tasks("PointsWork")
    | started_by_a_schedule(),
    "PointsWorker": rows("Orders", "BatchGetItem", "Scan")
    | rows("Members", "BatchGetItem", "GetItem", "PutItem", indexes=["lots_by_release", "wallets_by_year"])
    | rows("Reports", "PutItem")
    | works_off("PointsWork"),
    "AuditJobs": rows("Orders", "Scan", indexes=["orders_by_change"])
    | rows("Members", "Scan", indexes=["accounts_by_change", "lots_by_release", "wallets_by_year"])
    | rows("Reports", "GetItem", "PutItem")
    | puts_tasks("AuditWork")
    | started_by_a_schedule(),
    "AuditWorker": rows("Orders", "BatchGetItem", "Scan", indexes=["orders_by_change"])
    | rows(
        "Members",
        "BatchGetItem",
        "GetItem",
        "Query",
        "Scan",
        indexes=["accounts_by_change", "lots_by_release", "wallets_by_year"],
    )
    | rows("Reports", "BatchGetItem", "PutItem", "Query")
    | works_off("AuditWork"),
}
TIMES = {
    "release-points": "rate(10 minutes)",
    "expire-points": "cron(0 0 1 1 ? *)",
    "expire-points-again": "cron(30 0 * * ? *)",
    "announce-expiring": "cron(0 9 2 12 ? *)",
    "announce-expiring-again": "cron(0 9 3 12 ? *)",
    "audit-points": "cron(0 2 ? * SUN *)",
    "audit-changes": "cron(0 4 * * ? *)",
}
AT_ONCE_MAX = {"PointsWorker": 10, "AuditWorker": 32}
