"""Jobs over many rows: a task per shard on a queue, worked off page by page and handed on before time is up.

A task names its shard and where it goes on; no job holds all of anything in memory. Tasks may be delivered
twice, and a worker may die in the middle: what is done twice must have one effect, and what is done is found
no more. A row that fails goes on in a task of its own, so that it holds nothing up; if it keeps failing, that
task is what ends on the failure queue.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from functions.domain import calendar
from functions.domain.errors import TryAgainError
from functions.platform import batches, sdk
from functions.platform.batches import Record
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, take_turns
from functions.platform.observability import MetricUnit, logger, metrics
from functions.platform.runs import Runs

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

T = TypeVar("T")
TASK_TRIES = 4
"""How often a task that finds the service busy is worked off before it goes back to its queue."""
IN_FLIGHT = 4
"""How many things of a page a worker does at once: most of the time of each is waiting for the database."""
Page = tuple[list[Row], Row | None]
"""Rows, and the key to go on after; None where no more follow."""


def page_of(rows: list[Row], more: bool) -> Page:
    """Return what an index gave as a page: the last row is the key to go on after."""
    return rows, rows[-1] if more and rows else None


class TaskError(Exception):
    """Rows of a task that is about them alone failed again: the task is delivered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done with one shard.

    ``at`` is the moment of the job's run: all of it is decided as of then, whenever it is worked off. ``of``
    is the number of shards, ``after`` the key to go on after, ``only`` the rows that a task is about instead
    of a whole shard, ``so_far`` what the tasks before it in this shard have found, ``given`` what the run's
    start has found, for all of its tasks.
    """

    work: str
    at: datetime
    shard: int
    of: int
    after: Row | None = None
    only: tuple[Row, ...] = ()
    so_far: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def part(self) -> str:
        """What the shard is called as a part of its job's run."""
        return f"{self.shard:03}"

    def to_body(self) -> str:
        """Write the task as a message's body."""
        return json.dumps(
            {
                "work": self.work,
                "at": calendar.to_row(self.at),
                "shard": self.shard,
                "of": self.of,
                "after": self.after,
                "only": list(self.only),
                "so_far": dict(self.so_far),
                "given": dict(self.given),
            }
        )

    @classmethod
    def from_body(cls, body: str) -> "Task":
        """Read a task that :meth:`to_body` wrote."""
        fields = json.loads(body)
        return cls(**{**fields, "at": calendar.from_row(fields["at"]), "only": tuple(fields["only"])})


def per_shard(
    work: str, at: datetime, shards: int, *, given: Mapping[str, Any] = MappingProxyType({})
) -> list[Task]:
    """Return a task for each shard of a job that starts at a moment."""
    return [Task(work=work, at=at, shard=shard, of=shards, given=given) for shard in range(shards)]


def client(endpoint_url: str | None = None) -> "SQSClient":
    """Return the queue's client of a function, with the time-outs of every client."""
    made: SQSClient = sdk.client("sqs", endpoint_url)
    return made


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """The queue of tasks, by its URL."""

    client: "SQSClient"
    url: str

    def put(self, tasks: Sequence[Task], *, delay_seconds: int = 0) -> None:
        """Put tasks on the queue, one by one: a job has few, and each is either taken or an error."""
        for task in tasks:
            self.client.send_message(
                QueueUrl=self.url, MessageBody=task.to_body(), DelaySeconds=delay_seconds
            )


class Starter:
    """The Lambda handler that starts a job; the start is the moment as of which all its tasks decide.

    A task that has nothing to do, as far as ``idle`` can tell at the start, is at its end with it: a job that
    runs every minute would else keep workers and the queue busy with finding nothing.
    """

    def __init__(
        self,
        queue: WorkQueue,
        runs: Runs,
        tasks_of: Callable[[str, datetime], list[Task]],
        now: Callable[[], datetime],
        *,
        idle: Callable[[Task], bool] = lambda _: False,
    ) -> None:
        self._queue = queue
        self._runs = runs
        self._tasks_of = tasks_of
        self._now = now
        self._idle = idle

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        """Start the job that the event names; return how many tasks there are to work off.

        A job that is started twice has one effect (R1): what is done is found no more.

        Raises
        ------
        KeyError
            There is no such job.
        botocore.exceptions.ClientError
            The queue did not take all tasks; those that it took are worked off all the same.
        """
        now = self._now()
        tasks = self._tasks_of(event["job"], now)
        self._runs.begin(event["job"], now, parts=len(tasks))
        idle = [task for task in tasks if self._idle(task)]
        for task in idle:
            self._runs.end(task.work, task.at, task.part)
        tasks = [task for task in tasks if task not in idle]
        self._queue.put(tasks)
        logger.info("job", extra={"job": event["job"], "tasks": len(tasks)})
        return {"tasks": len(tasks)}


def consume(
    event: dict[str, Any], context: LambdaContext, handle: Callable[[Task, Deadline], None]
) -> dict[str, Any]:
    """Handle a batch of tasks; return the ones to be delivered again.

    A task that meets a busy service is worked off again at once, as if it had been delivered again, up to
    :data:`TASK_TRIES` times while the time lasts: its queue would hide it for minutes.
    """
    deadline = Deadline.of(context)

    def one(record: Record) -> None:
        about: dict[str, Any] = {"message_id": record["messageId"]}
        try:
            task = Task.from_body(record["body"])
            about = {"work": task.work, "shard": task.shard}
            _until_free(task, handle, deadline)
        except Exception:
            logger.exception("task failed", extra=about)
            metrics.add_metric(name="tasks_failed", unit=MetricUnit.Count, value=1)
            raise

    return batches.process(event, context, one, identifier=lambda record: str(record["messageId"]))


def _until_free(task: Task, handle: Callable[[Task, Deadline], None], deadline: Deadline) -> None:
    for tried in range(1, TASK_TRIES):
        try:
            return handle(task, deadline)
        except TryAgainError:
            if not deadline.seconds_left():
                raise
            logger.info("task met a busy service", extra={"work": task.work, "shard": task.shard})
            take_turns(tried, deadline)
    return handle(task, deadline)


@dataclass(slots=True, kw_only=True)
class Handled:
    """What became of rows: how many changes were made, which rows failed, and which were not begun."""

    done: int = 0
    failed: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)

    def __add__(self, other: "Handled") -> "Handled":
        return Handled(
            done=self.done + other.done, failed=self.failed + other.failed, left=self.left + other.left
        )


def each_until(
    deadline: Deadline,
    things: Iterable[T],
    act: Callable[[T], int],
    *,
    rows_of: Callable[[T], list[Row]],
    at_once: int = IN_FLIGHT,
) -> Handled:
    """Do something with each thing, several at once; one that fails does not hold up the others.

    What is not begun when the time is up is left.

    Parameters
    ----------
    act
        Returns how much it has changed. Whatever it raises sets the thing aside. It runs beside others.
    rows_of
        Returns the rows of a thing: they are named in the log when it fails, and a later task is about them.
    at_once
        How many are under way at most. Those that have an order among them go one by one.
    """
    return together_until(
        deadline,
        ([thing] for thing in things),
        lambda group: act(group[0]),
        rows_of=rows_of,
        at_once=at_once,
    )


def together_until(
    deadline: Deadline,
    groups: Iterable[Sequence[T]],
    act: Callable[[Sequence[T]], int],
    *,
    rows_of: Callable[[T], list[Row]],
    at_once: int = IN_FLIGHT,
) -> Handled:
    """Do something with groups of things, as :func:`each_until` does with each.

    A group that fails goes on in halves, so that what fails is in the end a thing alone, and the others of
    its group are done.

    Parameters
    ----------
    act
        Does something with all of a group, or raises: then nothing that it did is done twice if it is asked
        again for a part of them.
    """

    def one(group: Sequence[T]) -> Handled:
        if not deadline.seconds_left():
            return Handled(left=[row for thing in group for row in rows_of(thing)])
        try:
            return Handled(done=act(group))
        except Exception as error:
            if len(group) == 1:
                logger.exception("rows failed", extra={"rows": rows_of(group[0])})
                return Handled(failed=rows_of(group[0]))
            logger.info("group failed", extra={"things": len(group), "by": type(error).__name__})
        middle = len(group) // 2
        return one(group[:middle]) + one(group[middle:])

    with ThreadPoolExecutor(at_once) as threads:
        return sum(threads.map(one, groups), Handled())


def work_off(
    task: Task,
    queue: WorkQueue,
    *,
    page: Callable[[Row | None], Page],
    handle: Callable[[list[Row]], Handled],
    deadline: Deadline,
    so_far: Callable[[], Mapping[str, Any]] = dict,
) -> bool:
    """Work a task off page by page, or hand the rest on when the time is up.

    Returns whether its shard is at its end, which a task that is about single rows never says.

    Parameters
    ----------
    so_far
        What the next task in this shard has to know of this one; asked only when the rest is handed on.

    Raises
    ------
    TaskError
        All rows that the task is about failed again.
    """
    after: Row | None = task.after
    while True:
        rows, following = (list(task.only), None) if task.only else page(after)
        handled = handle(rows)
        if handled.failed and len(handled.failed) == len(task.only):
            raise TaskError(f"{task.work}: {len(handled.failed)} rows failed again")
        # Each of these is about fewer rows than this one, so that it comes to an end, whatever fails.
        apart = [each for each in (handled.failed, handled.left) if each]
        queue.put([replace(task, after=None, only=tuple(each), so_far={}) for each in apart])
        if following is None:
            return not task.only
        after = following
        if not deadline.seconds_left():
            queue.put([replace(task, after=after, so_far=so_far())])
            return False
