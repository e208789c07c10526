"""What payments may know, and do, and when."""

from tests.support.rights import (
    Rights,
    keeps_statements,
    publishes,
    puts_tasks,
    reads_payment_keys,
    reads_stream,
    records_staff,
    rows,
    started_by_a_schedule,
    works_off,
)

MAY_KNOW = {"domain", "platform", "tiers", "coupons", "points", "catalog", "counters", "offers"}
MAY_KNOW |= {"orders", "refunds"}
_STORE = ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")


def _records_with_an_order(*more: str) -> Rights:
    return (
        rows("Orders", "BatchGetItem", "GetItem", "PutItem", *more)
        | rows("Members", "BatchGetItem", "GetItem")
        | rows("Catalog", "BatchGetItem", "GetItem")
    )


NEEDS = {
    "PaymentsApi": records_staff()
    | rows("Payments", *_STORE, "Query", indexes=["unassigned", "refunds_listed"])
    | _records_with_an_order("ConditionCheckItem")
    | reads_payment_keys("Send"),
    "PaymentsNotifications": rows("Payments", "PutItem") | reads_payment_keys("Receive"),
    "PaymentsHeard": rows("Payments", *_STORE)
    | _records_with_an_order()
    | reads_stream("Payments", "PaymentsToOrdersFailures"),
    "PaymentsPublisher": publishes() | reads_stream("Payments", "PaymentsToBusFailures"),
    "PaymentsJobs": rows("Payments", indexes=["payments_due"])
    | rows("Reports", "PutItem")
    | puts_tasks("PaymentsWork")
    | started_by_a_schedule(),
    "PaymentsWorker": rows("Payments", *_STORE, "ConditionCheckItem", "Query", indexes=["payments_due"])
    | _records_with_an_order("ConditionCheckItem")
    | rows("Reports", "PutItem")
    | reads_payment_keys("Send")
    | keeps_statements()
    | works_off("PaymentsWork"),
}
TIMES = {"ask-payments": "rate(1 minute)", "reconcile-payments": "cron(30 10-18 * * ? *)"}
AT_ONCE_MAX = {"PaymentsNotifications": 20, "PaymentsWorker": 8}
