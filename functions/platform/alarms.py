"""The alarms of a deployment, as CloudWatch has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from functions.domain import calendar
from functions.platform import sdk
from functions.platform.dynamo import repeatable

ALARMS_PER_PAGE = 100
"""As many as CloudWatch gives at once."""
PAGES_MAX = 5


class CloudWatchClient(Protocol):
    """What is asked of CloudWatch."""

    def describe_alarms(self, **asked: Any) -> Any:
        """Describe alarms."""


def client(endpoint_url: str | None = None) -> CloudWatchClient:
    """Return the client of CloudWatch of a function, with the time-outs of every client."""
    made: CloudWatchClient = sdk.client("cloudwatch", endpoint_url)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm, the state that it is in, and since when; what it says ends with its page of the runbook.

    One that goes off where figures are missing cannot know before ``knows_from``: it looks at a span that is
    longer than it has been there. CloudWatch has it off from its first minute on.
    """

    name: str
    state: str
    since: datetime
    says: str
    knows_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alarms:
    """All alarms of a deployment, whose names begin with the name of the suite's own stack."""

    client: CloudWatchClient
    stack: str

    def all(self) -> Iterator[Alarm]:
        """Give the alarms by name, at most :data:`PAGES_MAX` pages of them.

        Raises
        ------
        TryAgainError
            ``try_again``: CloudWatch does not answer.
        """
        after: dict[str, str] = {}
        for _ in range(PAGES_MAX):
            with repeatable():
                answer = self.client.describe_alarms(
                    AlarmNamePrefix=f"{self.stack}-",
                    AlarmTypes=["MetricAlarm"],
                    MaxRecords=ALARMS_PER_PAGE,
                    **after,
                )
            for each in answer["MetricAlarms"]:
                since = each.get("StateTransitionedTimestamp") or each["StateUpdatedTimestamp"]
                yield Alarm(
                    name=each["AlarmName"],
                    state=each["StateValue"],
                    since=calendar.whole_second(since.astimezone(UTC)),
                    says=each.get("AlarmDescription", ""),
                    knows_from=_knows_from(each),
                )
            if not answer.get("NextToken"):
                return
            after = {"NextToken": answer["NextToken"]}


def _knows_from(alarm: Any) -> datetime | None:
    """Return from when an alarm on missing figures has been there for as long as it looks back."""
    configured = alarm.get("AlarmConfigurationUpdatedTimestamp")
    if configured is None or alarm.get("TreatMissingData") != "breaching":
        return None
    looked_at = timedelta(seconds=alarm["Period"] * alarm["EvaluationPeriods"])
    return calendar.whole_second(configured.astimezone(UTC)) + looked_at
