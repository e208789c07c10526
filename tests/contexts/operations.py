"""What operations may know, and do, and when."""

from tests.support.rights import rows, started_by_a_schedule

MAY_KNOW = {"domain", "platform"}
NEEDS = {"JobsWatch": rows("Reports", "GetItem", "PutItem", "Query") | started_by_a_schedule()}
TIMES = {"watch-jobs": "rate(15 minutes)"}
