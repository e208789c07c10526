"""Face: the suite's alarms."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from functions.domain.policy import Policy
from functions.operations.schema import AlarmAnswer, AlarmsAnswer, AlarmState
from functions.platform.alarms import Alarm, Alarms
from functions.platform.http import Api, Who, route
from functions.platform.roles import Role

PAGE = re.compile(r"\s*(docs/runbook/[a-z0-9-]+\.md)$")
"""What an alarm's description ends with."""
OFF, UNKNOWN = "alarm", "insufficient_data"


@dataclass(frozen=True, slots=True)
class AlarmsFace:
    """What is wrong with the suite at the moment, as its alarms say."""

    api: Api
    alarms: Alarms
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/alarms",
        summary="See the alarms",
        who=Who.STAFF,
        roles=Role.CLERK | Role.MARKETING | Role.FINANCE,
        refuses={},
    )
    def get_alarms(self) -> AlarmsAnswer:
        """Show every alarm with its state and since when it has it, those that are off first.

        `page` is the page of the runbook that says what to do. Of an alarm that goes off where figures are
        missing, and has not been there for as long as it looks back, nothing is known yet.
        """
        now = self.clock()
        shown = [self._shown(each, now) for each in self.alarms.all()]
        return AlarmsAnswer(
            as_of=now.astimezone(self.policy.zone),
            alarms=sorted(shown, key=lambda each: (each.state != OFF, each.alarm)),
        )

    def _shown(self, alarm: Alarm, now: datetime) -> AlarmAnswer:
        page, state = PAGE.search(alarm.says), alarm.state.lower()
        if state == OFF and alarm.knows_from is not None and now < alarm.knows_from:
            state = UNKNOWN
        return AlarmAnswer(
            alarm=alarm.name,
            state=cast(AlarmState, state),
            since=alarm.since.astimezone(self.policy.zone),
            says=alarm.says if page is None else alarm.says[: page.start()],
            page=None if page is None else page[1],
        )
