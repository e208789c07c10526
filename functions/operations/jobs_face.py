"""Face: the programme's jobs, how far they have come, and a run of one that somebody asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import StringConstraints

from functions.domain.errors import NotFoundError
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.domain.timetable import At, Every, Scheduled
from functions.operations.requests import Requests
from functions.operations.schema import JobAnswer, JobsAnswer, RunAnswer, RunRequest, ScheduleAnswer
from functions.operations.watch import wanted_since
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Body, Path
from functions.platform.roles import Role
from functions.platform.runs import Run, Runs

MINUTE = timedelta(minutes=1)
JOB = r"[a-z0-9]+(-[a-z0-9]+)*"
JobPath = Annotated[
    str, StringConstraints(pattern=f"^{JOB}$", max_length=64), Path(description="The job's name.")
]


@dataclass(frozen=True, slots=True)
class JobsFace:
    """All jobs, those that only run when somebody asks for it too."""

    api: Api
    jobs: Sequence[str]
    timetable: Sequence[Scheduled]
    runs: Runs
    requests: Requests
    policy: Policy
    clock: Callable[[], datetime]

    @route("GET", "/jobs", summary="See the jobs", who=Who.STAFF, roles=Role.ADMIN, refuses={})
    def get_jobs(self) -> JobsAnswer:
        """Show every job: when it is started, how far its last run has come, and whether one is missed.

        A job without schedules only runs when somebody asks for it.
        """
        now = self.clock()
        return JobsAnswer(
            as_of=now.astimezone(self.policy.zone), jobs=[self._job(job, now) for job in self.jobs]
        )

    @route(
        "POST",
        "/jobs/<job>/runs",
        summary="Run a job",
        who=Who.STAFF,
        roles=Role.ADMIN,
        body=True,
        answers=HTTPStatus.ACCEPTED,
        refuses={404: ["job_not_found"], 409: ["conflict"]},
    )
    def run_job(self, job: JobPath, request: Annotated[RunRequest, Body()]) -> RunAnswer:
        """Ask for a run of a job, which is started within seconds; once for each `request_id` of the job.

        A job that runs once more finds no more of what is done: it may be asked for at any time. Sent again,
        this says whether the run was started; `GET /jobs` says how far it has come.

        `replay-points` posts what the accounts have not seen of the orders. `index-members` and
        `index-parcels` let members and orders be found that were there before they could be.
        """
        if job not in self.jobs:
            raise NotFoundError("job_not_found", "There is no such job.")
        asked = self.requests.ask(
            job,
            request.request_id,
            by=self.api.caller.member_id,
            at=self.clock(),
            deadline=self.api.deadline,
        )
        return RunAnswer(
            job=asked.job,
            request_id=asked.request_id,
            asked_at=asked.asked_at.astimezone(self.policy.zone),
            started_at=self._store_time(asked.started_at),
        )

    def _job(self, job: str, now: datetime) -> JobAnswer:
        last, watched = self.runs.last(job), self.runs.watched(job)
        return JobAnswer(
            job=job,
            schedules=[
                self._schedule(each, last, watched, now) for each in self.timetable if each.job == job
            ],
            begun_at=self._store_time(last.begun_at),
            ended_at=self._store_time(last.ended_at),
            parts=last.parts,
            parts_ended=last.parts_ended,
        )

    def _schedule(
        self, scheduled: Scheduled, last: Run, watched: datetime | None, now: datetime
    ) -> ScheduleAnswer:
        wanted = None if watched is None else wanted_since(scheduled, watched, now, self.policy.zone)
        return ScheduleAnswer(
            schedule=scheduled.name,
            **_when(scheduled.when),
            done_within_minutes=scheduled.done_within // MINUTE,
            overdue=wanted is not None and not last.ended_since(wanted),
        )

    def _store_time(self, moment: datetime | None) -> datetime | None:
        return read_as(lambda known: known.astimezone(self.policy.zone), moment)


def _when(when: Every | At) -> dict[str, Any]:
    names = ("hour", "minute", "until_hour", "day", "month", "weekday")
    match when:
        case Every(minutes):
            return {"every_minutes": minutes, **dict.fromkeys(names)}
        case At():
            return {"every_minutes": None, **{name: getattr(when, name) for name in names}}
