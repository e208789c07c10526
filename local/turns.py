"""When schedules have their turn: in their time zone, once for all that was missed, and what watches last.

EventBridge Scheduler reads a schedule's time of day in the schedule's time zone, and starts it when that has
come. The emulator drops the zone that a template names, reads all times as UTC, and forgets at a stop what it
has started. And here hours can pass
at once, by a step of the clock or while a laptop sleeps: what would have run one after the other is due in
one moment. Points that are due only because an order counts as received by then would stay frozen, and a
watch that looked then would find undone what has had no turn yet.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from ministack.core import responses
from ministack.services import eventbridge, scheduler
from ministack.services.cloudformation import provisioners

from functions.domain.timetable import AGAIN
from functions.operations.timetable import WATCH_JOBS
from functions.payments.timetable import RECONCILE_PAYMENTS
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS, EXPIRE_POINTS, RELEASE_POINTS
from local.gate import Gate
from local.processes import wait_until

NEEDED = {
    provisioners: ("_RESOURCE_HANDLERS",),
    eventbridge: ("_cron_next_fire", "_invoke_target", "_parse_cron_fields", "_parse_rate_seconds"),
    responses: ("set_request_account_id", "set_request_region"),
    scheduler: (
        "_schedule_last_fired",
        "_schedules",
        "_tick_schedules",
        "_to_epoch",
        "get_state",
        "load_persisted_state",
    ),
}
LATER = (RECONCILE_PAYMENTS, RELEASE_POINTS, EXPIRE_POINTS, AUDIT_POINTS, AUDIT_CHANGES, WATCH_JOBS)
"""What goes on from the work of others or looks at it, in the order of their turns: a statement is held
against what was heard and asked, a receipt releases points, what is released can expire, and the audits and
the watch look at all of it."""
REST_SECONDS_MAX = 60.0
"""How long each of them waits for what goes before it: a job that never ends must be found, too."""
ENABLED = "ENABLED"
SCHEDULE, ZONE = "AWS::Scheduler::Schedule", "ScheduleExpressionTimezone"
SAVED = "memberday_turns"

Json = dict[str, Any]
Key = tuple[str, str, str]
"""Account, region, and ``group/name``."""


def is_due(schedule: Json, last: float, now: float) -> bool | None:
    """Whether a schedule's time has come since its last turn; None if it does not come again and again."""
    expression = schedule.get("ScheduleExpression", "")
    seconds = eventbridge._parse_rate_seconds(expression)
    if seconds is not None:
        return now - last >= float(seconds)
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return None
    zone = ZoneInfo(schedule.get(ZONE) or "UTC")
    following = eventbridge._cron_next_fire(fields, datetime.fromtimestamp(last, zone))
    return following is not None and following <= datetime.fromtimestamp(now, UTC)


def runs(schedule: Json, now: float) -> bool:
    """Whether a schedule is enabled and in its time."""
    start, end = (scheduler._to_epoch(schedule.get(name)) for name in ("StartDate", "EndDate"))
    return (
        schedule.get("State") == ENABLED and (start is None or start <= now) and (end is None or now <= end)
    )


def place(key: Key) -> int:
    """0 for what can start at once; the rest comes after it, as ``LATER`` says."""
    name = key[2].rpartition("/")[2].removesuffix(AGAIN)
    return LATER.index(name) + 1 if name in LATER else 0


class Turns:
    """Starts the schedules of the emulator, whose own look at them is replaced."""

    def __init__(self, gate: Gate, at_rest: Callable[[], bool]) -> None:
        self._gate = gate
        self._at_rest = at_rest
        self._taken: dict[Key, float] = {}
        self._lock = threading.Lock()
        self._waiting = False
        self._once = scheduler._tick_schedules
        scheduler._tick_schedules = self.look
        self._keep()
        keep_zones()

    @property
    def waiting(self) -> bool:
        """Whether something is due that has its turn only when the rest is done."""
        return self._waiting

    def look(self) -> None:
        """Start the jobs that are due now, and one after the other those that go on from what others did.

        The emulator looks every ten seconds; so does whoever moves the clock.
        """
        with self._lock:
            later = self._start(0)
            if later is not None and not self._waiting:
                self._waiting = True
                threading.Thread(
                    target=self._go_on, args=(later,), name="memberday-turns", daemon=True
                ).start()

    def _go_on(self, turn: int | None) -> None:
        try:
            while turn is not None:
                wait_until(self._at_rest, REST_SECONDS_MAX)
                with self._lock:
                    turn = self._start(turn)
        finally:
            self._waiting = False

    def _start(self, turn: int) -> int | None:
        """Start what is due in this turn, unless the gate is closed; return the next that has something."""
        with self._gate.passage() as is_open:
            if not is_open:
                return None
            now = time.time()
            due = self._due(now)
            for key, schedule in due.items():
                if place(key) == turn:
                    self._taken[key] = now
                    contextvars.copy_context().run(start, key, schedule, now)
            self._once()
            return min((place(key) for key in due if place(key) > turn), default=None)

    def _due(self, now: float) -> dict[Key, Json]:
        """The schedules whose time has come; the emulator is left those that come once.

        What a schedule misses while it is disabled is missed.
        """
        found = {}
        for key, schedule in list(scheduler._schedules._data.items()):
            last = max(self._taken.get(key, 0.0), float(schedule["CreationDate"]))
            due = is_due(schedule, last, now)
            if due is None:
                continue
            scheduler._schedule_last_fired[key] = now
            if due and runs(schedule, now):
                found[key] = schedule
            elif due:
                self._taken[key] = now
        return found

    def _keep(self) -> None:
        """Save who had a turn when with the schedules: after a stop, what was missed is due."""
        get_state, load_state = scheduler.get_state, scheduler.load_persisted_state

        def saved() -> Json:
            return {**get_state(), SAVED: [[*key, taken] for key, taken in self._taken.items()]}

        def restored(data: Json) -> None:
            kept: Iterable[Any] = data.pop(SAVED, [])
            self._taken |= {(account, region, name): float(taken) for account, region, name, taken in kept}
            load_state(data)

        scheduler.get_state, scheduler.load_persisted_state = saved, restored


def keep_zones() -> None:
    """Let a schedule that a template makes, or changes, have the time zone that the template names."""
    handlers = provisioners._RESOURCE_HANDLERS[SCHEDULE]
    for action, place in (("create", 1), ("update", 2)):
        handlers[action] = with_zone(handlers[action], place)


def with_zone(provision: Callable[..., Any], place: int) -> Callable[..., Any]:
    """Return what provisions a schedule, by properties in this place of its arguments, with their zone."""

    @wraps(provision)
    def provisioned(*arguments: Any) -> Any:
        made = provision(*arguments)
        told: Json = arguments[place]
        schedule = scheduler._schedules.get(f"{told.get('GroupName', 'default')}/{made[0]}")
        if schedule is not None and ZONE in told:
            schedule[ZONE] = told[ZONE]
        return made

    return provisioned


def start(key: Key, schedule: Json, now: float) -> None:
    """Hand a schedule's event to its target, in the account and region of the schedule."""
    account, region, name = key
    responses.set_request_account_id(account)
    responses.set_request_region(region)
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": now,
        "Resources": [schedule.get("Arn", "")],
        "Account": account,
        "Region": region,
    }
    try:
        eventbridge._invoke_target(schedule["Target"], event, schedule)
    except Exception:  # whatever it is, the other schedules have their turn
        logging.getLogger("memberday").exception("the schedule %s could not be started", name)
