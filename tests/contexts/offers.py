"""What the offers may know, and do, and when."""

from tests.support.rights import rows, started_by_a_schedule

MAY_KNOW = {"domain", "platform", "tiers", "counters", "coupons", "points", "catalog"}
NEEDS = {
    "MemberDayJob": rows("Catalog", "PutItem") | rows("Reports", "PutItem") | started_by_a_schedule(),
    "CampaignsJob": rows("Catalog", "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    | rows("Reports", "PutItem")
    | started_by_a_schedule(),
}
TIMES = {
    "open-member-day": "cron(0 0 10 * ? *)",
    "open-member-day-again": "cron(15 0 10 * ? *)",
    "end-campaigns": "rate(5 minutes)",
}
