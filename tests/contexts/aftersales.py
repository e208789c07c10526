"""What after-sales may know, and do, and when."""

from tests.support.rights import (
    publishes,
    puts_tasks,
    reads_stream,
    records_staff,
    rows,
    started_by_a_schedule,
    works_off,
)

MAY_KNOW = {"domain", "platform", "tiers", "counters", "coupons", "points", "catalog", "offers", "refunds"}
MAY_KNOW |= {"cases", "orders"}
NEEDS = {
    "CasesApi": records_staff()
    | rows(
        "Cases",
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "UpdateItem",
        indexes=["cases_by_deadline", "cases_by_member"],
    )
    | rows("Orders", "BatchGetItem", "GetItem", "PutItem")
    | rows("Payments", "PutItem")
    | rows("Members", "BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "UpdateItem")
    | rows("Catalog", "BatchGetItem", "GetItem", "PutItem", "UpdateItem"),
    "CasesPublisher": publishes() | reads_stream("Cases", "CasesToBusFailures"),
    "CaseJobs": rows("Cases", indexes=["cases_due"])
    | rows("Reports", "PutItem")
    | puts_tasks("CaseWork")
    | started_by_a_schedule(),
    # What happens to a case by itself moves no money, and no stock but what was held for an exchange.
    "CaseWorker": rows("Cases", "GetItem", "PutItem", "UpdateItem", indexes=["cases_due"])
    | rows("Orders", "GetItem", "PutItem")
    | rows("Catalog", "GetItem", "UpdateItem")
    | rows("Reports", "PutItem")
    | works_off("CaseWork"),
}
TIMES = {"follow-cases": "rate(5 minutes)"}
AT_ONCE_MAX = {"CaseWorker": 4}
