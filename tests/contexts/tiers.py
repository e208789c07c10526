"""What members and tiers may know, and do."""

from tests.support.rights import (
    publishes,
    puts_tasks,
    reads_phone_key,
    reads_stream,
    records_staff,
    rows,
    started_by_a_schedule,
    works_off,
)

MAY_KNOW = {"domain", "platform"}
NEEDS = {
    "MembersApi": records_staff()
    | rows("Members", "BatchGetItem", "GetItem", "PutItem", "Query", indexes=["search"])
    | reads_phone_key(),
    "MembersPublisher": publishes() | reads_stream("Members", "MembersToBusFailures"),
    "MembersJobs": rows("Reports", "PutItem") | puts_tasks("MembersWork") | started_by_a_schedule(),
    "MembersWorker": rows("Members", "BatchGetItem", "ConditionCheckItem", "PutItem", "Scan")
    | rows("Reports", "PutItem")
    | reads_phone_key()
    | works_off("MembersWork"),
}
AT_ONCE_MAX = {"MembersWorker": 10}
