"""What the coupons may know, and do, and when."""

from tests.support.rights import (
    puts_tasks,
    reads_stream,
    records_staff,
    rows,
    started_by_a_schedule,
    works_off,
)

MAY_KNOW = {"domain", "platform", "tiers", "counters"}
NEEDS = {
    "CouponsApi": records_staff()
    | rows("Members", "BatchGetItem", "GetItem", "Query", "PutItem", "ConditionCheckItem")
    | rows("Catalog", "BatchGetItem", "GetItem", "PutItem", "UpdateItem", indexes=["by_name"]),
    "BirthdayEligibility": rows("Members", "BatchGetItem", "PutItem", "ConditionCheckItem")
    | reads_stream("Members", "StandingsToCouponsFailures"),
    "CouponsJobs": rows("Reports", "PutItem") | puts_tasks("CouponsWork") | started_by_a_schedule(),
    "CouponsWorker": rows("Members", "BatchGetItem", "PutItem", "ConditionCheckItem", indexes=["birthdays"])
    | rows("Reports", "PutItem")
    | works_off("CouponsWork"),
}
TIMES = {
    "issue-birthday-coupons": "cron(5 0 1 * ? *)",
    "issue-birthday-coupons-again": "cron(5 0 2 * ? *)",
}
AT_ONCE_MAX = {"CouponsWorker": 10}
