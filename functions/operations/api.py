"""HTTP: the office. Its routes are those of who looks after the suite: alarms, jobs, the policy, exports."""

from collections.abc import Callable
from datetime import datetime

from functions import contexts
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.operations.alarms_face import AlarmsFace
from functions.operations.jobs_face import JobsFace
from functions.operations.requests import Requests
from functions.operations.routes import EXPORTS, POLICY
from functions.platform import alarms, clock, dynamo, fanout
from functions.platform.alarms import Alarms
from functions.platform.dynamo import Tables
from functions.platform.fanout import WorkQueue
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings, StackSettings


def create(
    tables: Tables,
    settings: Settings,
    queue: WorkQueue,
    watching: Alarms,
    policy: Policy,
    now: Callable[[], datetime],
) -> Api:
    """Return the office's API over these tables, alarms, policy and clock; what is asked for is queued."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    runs = Runs(tables, settings.reports_table)
    requests = Requests(tables, settings.reports_table, queue)
    jobs, timetable = tuple(contexts.starters()), contexts.timetable(policy)
    api.add(AlarmsFace(api, watching, policy, now), tag="Operations")
    api.add(JobsFace(api, jobs, timetable, runs, requests, policy, now), tag="Operations")

    def policy_face() -> object:
        from functions.operations.policy_face import PolicyFace  # Z6: not when a function starts

        return PolicyFace(api, policy)

    def exports_face() -> object:
        from functions.operations.exports import Exports
        from functions.operations.exports_face import ExportsFace

        return ExportsFace(api, Exports(tables, settings.reports_table), policy, now)

    api.add_when_asked(POLICY, policy_face, tag="Operations")
    api.add_when_asked(EXPORTS, exports_face, tag="Operations")
    return api


handler = create(
    Tables(dynamo.client()),
    Settings.from_environment(),
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Alarms(alarms.client(), StackSettings.from_environment().stack),
    policies.load(),
    clock.now,
)
