"""What we know of MiniStack's inside, with ``turns``, for the pinned version; ``check`` refuses others.

Besides observing, it mends what would make the local cloud lose records, or stop:

- a stream consumer's ``batchItemFailures`` are ignored by the emulator, and the records are lost; here they
  count as a failed batch, which is delivered again, as often as ``local.redelivery`` says;
- stream positions are saved but stream records are not; here both are;
- the pollers run on while the state is being saved, and while the clock is moved; here they stop first, so
  that all fits together, and no function begins at one time and ends at another;
- what a step of the clock makes due starts up to ten seconds later, unseen, what watches over the jobs beside
  them, and by UTC; here it starts with the step, and in turn: see ``turns``;
- all of it starts at once, in a process each, which is too much for a small machine: calls time out, and what
  failed comes back in minutes; here schedules and queues wait for one another, as ``AT_ONCE_MAX`` says;
- each function holds a copy of its archive, and each process of one unpacks thousands of files and removes
  them, and all wait: see ``unpacking``;
- and imports the same libraries anew, which is most of what its start costs: see ``forking``;
- after each invocation it looks for what else is printed, for longer than most take: see ``printed``;
- whoever has signed in at Cognito's page is asked again each time, and nobody can sign up: see ``hosted``;
- what Node runs for it has no name of this cloud's, so that a cloud with it could not be ended: see ``node``;
- slashes at the ends of an API's path are lost, and paths served that AWS does not have: see ``paths``;
- a function that CloudFormation tells something is told once, and a deployment fails with it; on AWS Lambda
  tries again;
- metrics that functions print, depths of queues and dimensions of alarms are overlooked, and alarms on an
  expression refused: see ``alarms``.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import logging
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ministack import app as gateway
from ministack.core import hypercorn_compat, lambda_runtime, node_pool
from ministack.services import apigateway, cloudwatch, cognito, dynamodb, lambda_svc, s3, scheduler, sqs
from ministack.services.cloudformation import provisioners

from local import monitor, turns
from local.backlog import Backlog
from local.failures import Failures, cause
from local.forking import fork_workers
from local.gate import Gate
from local.hosted import HostedPage
from local.node import name_node
from local.paths import keep_paths
from local.printed import end_what_is_printed, is_known
from local.processes import wait_until
from local.redelivery import Redelivery
from local.turns import Turns
from local.unpacking import share_archives, share_code, share_digests

VERSION = "1.5.33"
NEEDED = {
    **turns.NEEDED,
    gateway: (
        "_handle_cognito_body_request",
        "_handle_cognito_get_request",
        "_parse_execute_api_url",
        "app",
    ),
    cognito: (
        "_admin_confirm_sign_up",
        "_authorization_codes",
        "_find_pool_by_client_id",
        "_get_pool_unscoped",
        "_issue_auth_code_redirect",
        "_page_shell",
        "_qp",
        "_sign_up",
        "handle_login_submit",
        "handle_logout",
        "handle_oauth2_authorize",
    ),
    apigateway: ("stages_for_api",),
    hypercorn_compat: ("install",),
    node_pool: ("_NODE_BINARY",),
    lambda_runtime: ("_PYTHON_WORKER_SCRIPT", "_workers", "Worker", "kill_workers", "subprocess", "zipfile"),
    dynamodb: ("_stream_records", "_stream_trimmed", "_tables", "get_state", "load_persisted_state"),
    s3: ("_buckets",),
    sqs: ("_queues",),
    provisioners: ("_cw_metric_alarm_record", "hashlib"),
    cloudwatch: (
        "_alarms",
        "_dispatch_alarm_actions",
        "_evaluate_alarm",
        "_metrics",
        "_record_history",
        "record_metric",
    ),
    lambda_svc: (
        "_acquire_execution_slot",
        "_dynamodb_stream_positions",
        "_esm_inflight",
        "_esm_inflight_lock",
        "_esms",
        "_execute_function_dispatch",
        "_execute_function_with_config_scope",
        "_fetch_code_from_s3",
        "_poll_dynamodb_streams",
        "_poll_loop",
        "_poll_sqs",
        "_send_ddb_stream_failure_record",
        "_sqs_esm_concurrency",
        "executions_in_flight",
        "hashlib",
    ),
}

METRIC_MATH = "expression"
SAVED_RECORDS = "memberday_stream_records"
SAVED_TRIMMED = "memberday_stream_trimmed"
RETRIES_EXHAUSTED = "RetryAttemptsExhausted"
POLLER_THREAD = "(_poll_loop)"
REQUEST_THREAD = "ministack-apigw-invoke"
HANDED_OVER_THREAD = "(_execute_function_with_config_scope)"
# Threads that will run a function, or are between two tries of one: a delivery that has not arrived yet.
DELIVERY_THREADS = (
    "ministack-esm",
    "ministack-lambda-invoke",
    HANDED_OVER_THREAD,
    "(run)",
)
DRAIN_SECONDS_MAX = 10.0
FUNCTIONS_PATH = "/2015-03-31/functions/"
INVOCATIONS = "/invocations"
KILLED_SECONDS_MAX = 5.0
TOLD_AGAIN_MAX = 2
"""How often Lambda tries an asynchronous invocation again
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html)."""
HOLD_SECONDS_MAX = 30.0
REST_SECONDS_MAX = 3.0
AT_ONCE_MAX = max(2, os.cpu_count() or 1)
"""How many batches of queues run at once, and how many functions that a schedule or a rule has started."""

Json = dict[str, Any]
_log = logging.getLogger("memberday")


def _is_of_a_deployment(event: Any) -> bool:
    return isinstance(event, dict) and {"RequestType", "ResponseURL"} <= event.keys()


class UnknownEmulatorError(Exception):
    """The installed emulator is not the one that this module knows."""


def check() -> None:
    """Fail at start, and clearly, rather than observe nothing later."""
    installed = importlib.metadata.version("ministack")
    missing = [
        f"{module.__name__}.{name}"
        for module, names in NEEDED.items()
        for name in names
        if not hasattr(module, name)
    ]
    if not is_known(lambda_runtime):
        missing.append("the call in the program of its workers")
    if installed != VERSION or missing:
        lacks = f", which lacks {', '.join(missing)}" if missing else ""
        raise UnknownEmulatorError(
            f"local/emulator.py knows MiniStack {VERSION}; installed is {installed}{lacks}"
        )


class Emulator:
    """The running emulator: what is still to be done in it, and what went wrong last."""

    def __init__(self) -> None:
        check()
        self._lock = threading.Lock()
        self._invocations: Counter[str] = Counter()
        self._answering: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._failures = Failures()
        self._redelivery = Redelivery()
        self._gate = Gate()
        self._quiet_since: object = None
        self.unsaved: list[str] = []
        """What the emulator could not save."""
        hypercorn_compat.install()
        self._watch_invocations()
        self._watch_throttles()
        self._gate_pollers()
        self._turns = Turns(self._gate, self._at_rest)
        self._limit_started()
        self._tell_again()
        self._limit_batches()
        share_code(lambda_runtime)
        end_what_is_printed(lambda_runtime)
        share_archives(lambda_svc, s3)
        share_digests(lambda_svc, provisioners)
        fork_workers(lambda_runtime)
        keep_paths(gateway, apigateway.stages_for_api)
        HostedPage(gateway, cognito)
        name_node(node_pool, Path(tempfile.gettempdir()))
        self._keep_stream_records()
        self._watch_saving()
        self._take_expressions()
        cloudwatch._evaluate_alarm = self._evaluate

    @property
    def application(self) -> Any:
        """The emulator's ASGI application."""
        return gateway.app

    def drain(self) -> bool:
        """Take no more batches and let the running functions end; whether all have.

        A function that takes too long is killed, as Lambda's time-out would: its batch is delivered again.
        """
        self._gate.shut()
        if wait_until(lambda: not self._busy(), DRAIN_SECONDS_MAX):
            return True
        workers = [worker for pool in list(lambda_runtime._workers.values()) for worker in list(pool)]
        lambda_runtime.kill_workers(workers)
        return wait_until(lambda: not self._busy(), KILLED_SECONDS_MAX)

    def hold(self) -> bool:
        """Start nothing until the release, or for half a minute; whether nothing is under way.

        What is due is started first; what becomes due while all is held is so with the release.
        """
        scheduler._tick_schedules()
        self._gate.hold(HOLD_SECONDS_MAX)
        return wait_until(lambda: not self._busy(), REST_SECONDS_MAX)

    def release(self) -> None:
        """Go on after a hold, and start what has become due meanwhile."""
        self._gate.release()
        scheduler._tick_schedules()

    @staticmethod
    def is_request(method: str, host: str, path: str) -> bool:
        """Whether a request from outside starts a function while it waits: of the API, or Lambda's Invoke."""
        invokes = path.startswith(FUNCTIONS_PATH) and path.endswith(INVOCATIONS)
        return (method == "POST" and invokes) or gateway._parse_execute_api_url(host, path) is not None

    def backlog(self) -> Json:
        """What is not done yet, by consumer; see ``local.backlog`` for its reader."""
        observed = self._observed()
        return {**observed, "deliveries": observed["deliveries"] + self._turns.waiting}

    def _observed(self) -> Json:
        mappings = [(key[0], key[1], mapping) for key, mapping in list(lambda_svc._esms._data.items())]
        queues = {
            queue["attributes"].get("QueueArn", ""): queue for queue in list(sqs._queues._data.values())
        }
        mapped = {mapping.get("EventSourceArn") for _, _, mapping in mappings}
        with self._lock:
            invocations, answers = dict(self._invocations), dict(self._answers)
            answering = {name: count for name, count in self._answering.items() if count}
        return {
            "streams": [stream for scope in mappings if (stream := self._stream(*scope)) is not None],
            "queues": [
                {
                    "function": mapping["FunctionName"],
                    "enabled": bool(mapping.get("Enabled", True)),
                    **self._queue(queues[mapping["EventSourceArn"]]),
                }
                for _, _, mapping in mappings
                if mapping.get("EventSourceArn") in queues
            ],
            "unread_queues": [self._queue(queue) for arn, queue in queues.items() if arn not in mapped],
            "executing": {
                key.rpartition(":")[2]: count for key, count in lambda_svc.executions_in_flight()[1].items()
            },
            "deliveries": _deliveries() + self._gate.inside,
            "invocations": invocations,
            "answering": answering,
            "answers": answers,
            "failures": self._failures.shown(),
        }

    @staticmethod
    def _take_expressions() -> None:
        """Take alarms on an expression, which the emulator refuses, as alarms on a metric that nobody has."""
        plain = provisioners._cw_metric_alarm_record

        def record(name: str, properties: Json) -> Json:
            metrics = properties.get("Metrics")
            if not metrics:
                return dict(plain(name, properties))
            asked = {**properties, "Metrics": None, "Namespace": METRIC_MATH, "MetricName": METRIC_MATH}
            return {**plain(name, asked), "Metrics": metrics}

        provisioners._cw_metric_alarm_record = record

    def alarms(self) -> Json:
        """Look at every alarm, as CloudWatch does once a minute; a change of state is told to its topic."""
        self._record_gauges()
        for alarm in list(cloudwatch._alarms.values()):
            self._evaluate(alarm)
        return {
            "alarms": [
                {
                    "alarm": alarm["AlarmName"],
                    "state": alarm["StateValue"],
                    "says": alarm.get("AlarmDescription", ""),
                    "because": alarm.get("StateReason", ""),
                }
                for alarm in cloudwatch._alarms.values()
            ]
        }

    def _record_gauges(self) -> None:
        """Write down how full the queues are and how far behind the streams' readers."""
        now = time.time()
        for queue in list(sqs._queues._data.values()):
            name = {"QueueName": queue["attributes"].get("QueueArn", "").rpartition(":")[2]}
            waiting = [each for each in list(queue["messages"]) if each["visible_at"] <= now]
            oldest = max((now - each["sent_at"] for each in list(queue["messages"])), default=0.0)
            cloudwatch.record_metric(
                "AWS/SQS", "ApproximateNumberOfMessagesVisible", len(waiting), "Count", name
            )
            cloudwatch.record_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", oldest, "Seconds", name)
        for key, mapping in list(lambda_svc._esms._data.items()):
            stream = self._stream(key[0], key[1], mapping)
            if stream is not None:
                age = {"FunctionName": stream["function"]}
                milliseconds = 1000 * self._age_seconds(key[0], key[1], stream, now)
                cloudwatch.record_metric("AWS/Lambda", "IteratorAge", milliseconds, "Milliseconds", age)

    @staticmethod
    def _age_seconds(account: str, region: str, stream: Json, now: float) -> float:
        """How long ago the oldest record was written that a stream's reader has not read."""
        records = dynamodb._stream_records.get_scoped(account, region, stream["table"]) or []
        if not stream["behind"]:
            return 0.0
        written = records[-stream["behind"]]["dynamodb"]["ApproximateCreationDateTime"]
        return max(0.0, now - float(written))

    @staticmethod
    def _evaluate(alarm: Json) -> None:
        since = time.time() - monitor.window_seconds(alarm)
        figures = {each.key: _figures_of(each, since) for each in monitor.metrics_of(alarm)}
        before, after = alarm["StateValue"], monitor.state_of(alarm, figures)
        if before == after:
            return
        value, faults = monitor.value_of(alarm, figures), monitor.at_fault(alarm, figures)
        reason = f"{'no figures' if value is None else value} against {alarm['Threshold']}"
        reason += f": {', '.join(faults)}" if faults else ""
        alarm |= {"StateValue": after, "StateReason": reason, "StateUpdatedTimestamp": int(time.time())}
        alarm["StateTransitionedTimestamp"] = alarm["StateUpdatedTimestamp"]
        cloudwatch._record_history(alarm["AlarmName"], before, after, reason)
        cloudwatch._dispatch_alarm_actions(alarm, before, after, reason)

    def _stream(self, account: str, region: str, mapping: Json) -> Json | None:
        arn = mapping.get("EventSourceArn", "")
        if ":dynamodb:" not in arn or "/stream/" not in arn:
            return None
        table = arn.split("/stream/")[0].rpartition("/")[2]
        trimmed = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)
        records = dynamodb._stream_records.get_scoped(account, region, table) or []
        end = trimmed + len(records)
        position = lambda_svc._dynamodb_stream_positions.get_scoped(account, region, mapping["UUID"])
        if position is None:
            position = trimmed if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
        return {
            "function": mapping["FunctionName"],
            "table": table,
            "enabled": bool(mapping.get("Enabled", True)),
            "behind": max(0, end - max(position, trimmed)),
            "end": end,
        }

    @staticmethod
    def _queue(queue: Json) -> Json:
        now = time.time()
        messages = list(queue["messages"])
        hidden = [message for message in messages if message["visible_at"] > now]
        return {
            "queue": queue["attributes"].get("QueueArn", "").rpartition(":")[2],
            "visible": len(messages) - len(hidden),
            "delayed": sum(not message["receive_count"] for message in hidden),
            "in_flight": sum(bool(message["receive_count"]) for message in hidden),
            "next_visible_seconds": round(
                min((message["visible_at"] - now for message in hidden), default=0.0), 3
            ),
        }

    def _busy(self) -> bool:
        return bool(
            lambda_svc.executions_in_flight()[0]
            or lambda_svc._esm_inflight
            or _deliveries()
            or self._gate.inside
            or self._turns.waiting
        )

    def _at_rest(self) -> bool:
        """Whether nothing but requests is under way, and nothing was done since this was asked before."""
        observed = Backlog.parse(self._observed()).without_requests()
        progress = None if observed.pending() else observed.progress()
        before, self._quiet_since = self._quiet_since, progress
        return progress is not None and progress == before

    def _watch_invocations(self) -> None:
        dispatch = lambda_svc._execute_function_dispatch

        def once(func: Json, config: Json, event: Any, *rest: Any) -> Json:
            name = config.get("FunctionName", "?")
            with self._lock:
                self._invocations[name] += 1
            with self._counted_if_answering(name):
                result: Json = dispatch(func, config, event, *rest)
            refused = _refused_items(result)
            self._note(name, result, refused)
            for figure in monitor.embedded(str(result.get("log", ""))):
                cloudwatch.record_metric(
                    figure.namespace, figure.name, figure.value, "None", dict(figure.dimensions)
                )
            return {**result, "error": True} if refused and _in_stream_poller() else result

        def watched(func: Json, config: Json, event: Any, *rest: Any) -> Json:
            mapping = _mapping_of(config, event) if _in_stream_poller() else None
            if mapping is None:
                return once(func, config, event, *rest)
            return self._redelivery.outcome(
                mapping,
                event["Records"],
                lambda records: once(func, config, {**event, "Records": records}, *rest),
                lambda records, result: lambda_svc._send_ddb_stream_failure_record(
                    mapping, func, records, mapping["EventSourceArn"], result, RETRIES_EXHAUSTED
                ),
            )

        lambda_svc._execute_function_dispatch = watched

    @contextmanager
    def _counted_if_answering(self, name: str) -> Iterator[None]:
        answers = threading.current_thread().name == REQUEST_THREAD
        with self._lock:
            self._answers[name] += answers
            self._answering[name] += answers
        try:
            yield
        finally:
            with self._lock:
                self._answering[name] -= answers

    def _note(self, name: str, result: Json, refused: str) -> None:
        if not result.get("error") and not refused:
            self._failures.succeeded(name)
            return
        text = "; ".join(part for part in (refused, cause(str(result.get("log", "")))) if part)
        self._failures.failed(name, text or str(result.get("body")))

    def _watch_throttles(self) -> None:
        """A function that is refused for want of concurrency never runs, and its batch fails all the same."""
        acquire = lambda_svc._acquire_execution_slot

        def watched(func: Json, config: Json) -> Any:
            slot, limit = acquire(func, config)
            if slot is None:
                self._failures.failed(config.get("FunctionName", "?"), f"throttled: the {limit}'s limit")
            return slot, limit

        lambda_svc._acquire_execution_slot = watched

    def _gate_pollers(self) -> None:
        for name in ("_poll_sqs", "_poll_dynamodb_streams"):
            setattr(lambda_svc, name, self._gated(getattr(lambda_svc, name)))

    def _gated(self, poll: Callable[[], bool]) -> Callable[[], bool]:
        def gated() -> bool:
            with self._gate.passage() as is_open:
                return is_open and poll()

        return gated

    @staticmethod
    def _limit_started() -> None:
        """What is only handed over to a function has a thread of its own, for which nobody waits."""
        execute, room = lambda_svc._execute_function_with_config_scope, threading.Semaphore(AT_ONCE_MAX)

        @functools.wraps(execute)  # the thread is called after it
        def limited(func: Json, event: Any) -> Any:
            if not threading.current_thread().name.endswith(HANDED_OVER_THREAD):
                return execute(func, event)
            with room:
                return execute(func, event)

        lambda_svc._execute_function_with_config_scope = limited

    @staticmethod
    def _tell_again() -> None:
        """What CloudFormation tells a function is told again where that fails, as Lambda does on AWS.

        There it is an asynchronous invocation. The emulator tells it once, and then waits in vain.
        """
        execute = lambda_svc._execute_function_with_config_scope

        @functools.wraps(execute)
        def told(func: Json, event: Any) -> Any:
            answer = execute(func, event)
            for _ in range(TOLD_AGAIN_MAX if _is_of_a_deployment(event) else 0):
                if not answer.get("error"):
                    break
                why = cause(str(answer.get("log", ""))) or answer.get("body")
                _log.warning("%s is told again: %s", event.get("LogicalResourceId"), why)
                answer = execute(func, event)
            return answer

        lambda_svc._execute_function_with_config_scope = told

    @staticmethod
    def _limit_batches() -> None:
        """A queue is allowed no more batches while all queues together have enough: its messages wait."""
        allowed = lambda_svc._sqs_esm_concurrency

        def limited(mapping: Json, *rest: Any) -> int:
            with lambda_svc._esm_inflight_lock:
                own = lambda_svc._esm_inflight.get(mapping["UUID"], 0)
                others = sum(lambda_svc._esm_inflight.values()) - own
            return int(min(allowed(mapping, *rest), max(0, AT_ONCE_MAX - others)))

        lambda_svc._sqs_esm_concurrency = limited

    @staticmethod
    def _keep_stream_records() -> None:
        get_state, load_state = dynamodb.get_state, dynamodb.load_persisted_state

        def saved() -> Json:
            return {
                **get_state(),
                SAVED_RECORDS: dynamodb._stream_records,
                SAVED_TRIMMED: dynamodb._stream_trimmed,
            }

        def restored(data: Json) -> None:
            dynamodb._stream_records.update(data.pop(SAVED_RECORDS, {}))
            dynamodb._stream_trimmed.update(data.pop(SAVED_TRIMMED, {}))
            load_state(data)

        dynamodb.get_state, dynamodb.load_persisted_state = saved, restored

    def _watch_saving(self) -> None:
        unsaved = self.unsaved

        class Errors(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                unsaved.append(record.getMessage())

        logging.getLogger("persistence").addHandler(Errors(level=logging.ERROR))


def _figures_of(metric: monitor.Metric, since: float) -> list[float]:
    """The figures of a metric from a moment on."""
    return [
        point["Value"]
        for (namespace, name, _), points in list(cloudwatch._metrics.items())
        if (namespace, name) == (metric.namespace, metric.name)
        for point in points
        if point["Timestamp"] >= since and point.get("Dimensions", {}) == metric.dimensions
    ]


def _deliveries() -> int:
    return sum(thread.name.endswith(DELIVERY_THREADS) for thread in threading.enumerate())


def _in_stream_poller() -> bool:
    """Whether a function is run for a stream; queues' batches run in threads of their own."""
    return threading.current_thread().name.endswith(POLLER_THREAD)


def _mapping_of(config: Json, event: Json) -> Json | None:
    """The mapping that delivers this batch."""
    arn = event["Records"][0].get("eventSourceARN")
    for mapping in list(lambda_svc._esms._data.values()):
        if mapping["FunctionName"] == config.get("FunctionName") and mapping.get("EventSourceArn") == arn:
            return dict(mapping)
    return None


def _refused_items(result: Json) -> str:
    """The items that a consumer's partial batch response gives back, in words; empty if none."""
    body = result.get("body")
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures:
        return ""
    return f"{len(failures)} of the batch given back, the first {json.dumps(failures[0])}"
