"""The indexing of members, which an operator starts: who registered before they could be found gets found."""

from dataclasses import dataclass
from datetime import datetime

from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import Handled, Page, Task, WorkQueue, each_until, per_shard, work_off
from functions.platform.observability import logger
from functions.platform.runs import Runs
from functions.tiers.finder import Finder
from functions.tiers.members import PROFILE, key
from functions.tiers.timetable import INDEX_MEMBERS

SEGMENTS = 16
"""Segments that the members' table is read in."""
SCAN_ROWS = 500


def tasks(job: str, at: datetime) -> list[Task]:
    """Return the tasks of the job that starts at a moment.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job != INDEX_MEMBERS:
        raise KeyError(job)
    return per_shard(job, at, SEGMENTS)


@dataclass(frozen=True, slots=True)
class MemberJobs:
    """What a worker does with a task of the job."""

    finder: Finder
    runs: Runs
    queue: WorkQueue

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it; what is as it should be is left alone.

        Raises
        ------
        TaskError
            Profiles that failed before failed again.
        """
        indexed = 0

        def handle(rows: list[Row]) -> Handled:
            nonlocal indexed
            profiles = self.finder.profiles(rows, deadline) if task.only else self.finder.profiles_among(rows)
            handled = each_until(
                deadline,
                self.finder.behind(profiles, deadline),
                lambda one: self.finder.index(*one, deadline),
                rows_of=lambda one: [key(one[0]["member_id"], PROFILE)],
            )
            indexed += handled.done
            return handled

        if work_off(
            task, self.queue, page=lambda after: self._scanned(task, after), handle=handle, deadline=deadline
        ):
            self.runs.end(task.work, task.at, task.part)
        if indexed:
            logger.info("members indexed", extra={"members": indexed, "shard": task.shard})

    def _scanned(self, task: Task, after: Row | None) -> Page:
        return self.finder.scanned(task.shard, task.of, limit=SCAN_ROWS, after=after)
