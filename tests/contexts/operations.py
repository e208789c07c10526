"""What operations may know, and do, and when."""

from tests.support.rights import (
    ANY,
    of,
    puts_tasks,
    records_staff,
    rows,
    started_by_a_schedule,
    starts,
    works_off,
)

MAY_KNOW = {"domain", "platform"}
STARTERS = (
    "AuditJobs",
    "CampaignsJob",
    "CaseJobs",
    "CouponsJobs",
    "MemberDayJob",
    "MembersJobs",
    "OrderJobs",
    "PaymentsJobs",
    "PointsJobs",
)
NEEDS = {
    "OfficeApi": records_staff()
    | rows("Reports", "GetItem", "PutItem", "Query")
    | puts_tasks("JobRequests")
    | of("cloudwatch", ANY, "DescribeAlarms"),
    "JobsStarter": rows("Reports", "GetItem", "UpdateItem")
    | (works_off("JobRequests") - puts_tasks("JobRequests"))
    | starts(*STARTERS),
    "JobsWatch": rows("Reports", "GetItem", "PutItem", "Query") | started_by_a_schedule(),
}
TIMES = {"watch-jobs": "rate(15 minutes)"}
AT_ONCE_MAX = {"JobsStarter": 2}
