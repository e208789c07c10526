"""What the weather may know, and do, and when."""

from tests.support.rights import started_by_a_schedule

MAY_KNOW = {"domain", "platform"}
NEEDS = {"WeatherJob": started_by_a_schedule()}
TIMES = {"look-out": "cron(0 7 * * ? *)"}
