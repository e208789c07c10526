"""Stores run on Dynoxide, each test on tables of its own."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.policy import Policy, load
from functions.orders import lists as order_lists
from functions.platform import dynamo, fanout, lanes
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.observability import metrics
from functions.platform.settings import Settings
from tests.support import dynoxide, tables
from tests.support.bench import Bench
from tests.support.faults import Calls, watched
from tests.support.points import Looks, Points
from tests.support.shop import NOON, Shop
from tests.support.threads import InLine
from tests.support.wire import Wire, let_send

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The emulator of the session."""
    with dynoxide.running() as url:
        yield url


@pytest.fixture(scope="session")
def wire(endpoint: str) -> Iterator[Wire]:
    """The way to the emulator."""
    made = Wire(endpoint)
    yield made
    made.close()


@pytest.fixture
def client(endpoint: str, wire: Wire) -> "DynamoDBClient":
    """A client as the functions have it, of this test's own: what it has sent twice counts for the SDK."""
    return let_send(dynamo.client(endpoint), wire)


@pytest.fixture
def settings(client: "DynamoDBClient") -> Iterator[Settings]:
    """The names of this test's empty tables."""
    with tables.lent(client) as settings:
        yield settings


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests say how many looks at the clock an invocation has (:class:`tests.support.points.Hurried`)."""
    monkeypatch.setattr(fanout, "Deadline", Looks)


@pytest.fixture(autouse=True)
def one_counts_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one thread at a time count or write what was counted.

    In Lambda an invocation has its process for itself; here several share the process's metrics.
    """
    lock = threading.RLock()
    add, flush = metrics.add_metric, metrics.flush_metrics

    def added(**metric: Any) -> None:
        with lock:
            add(**metric)

    def flushed() -> None:
        with lock:
            if metrics.metric_set:  # another may have written it since it was looked at
                flush()

    monkeypatch.setattr(metrics, "add_metric", added)
    monkeypatch.setattr(metrics, "flush_metrics", flushed)


@pytest.fixture
def rows(client: "DynamoDBClient") -> Tables:
    """The rows of the emulator, all written at one moment, so that states can be compared."""
    return Tables(client, lambda: NOON)


@pytest.fixture
def deadline() -> Deadline:
    """Enough time."""
    return Deadline(20)


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The programme's policy."""
    return load()


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy) -> Shop:
    """An empty shop on this test's tables."""
    return Shop(rows, settings, policy)


@pytest.fixture(autouse=True)
def in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is worked off thing by thing, so that a fault meets the call it is for.

    That several at once come to the same is tested by itself (test_in_flight.py).
    """
    monkeypatch.setattr(fanout, "ThreadPoolExecutor", InLine)
    monkeypatch.setattr(lanes, "ThreadPoolExecutor", InLine)
    monkeypatch.setattr(order_lists, "ThreadPoolExecutor", InLine)


@pytest.fixture
def bench(rows: Tables, settings: Settings, policy: Policy) -> Bench:
    """A stocked shop, and alice with a tier, points and a coupon."""
    made = Bench(rows, settings, policy)
    made.open()
    return made


@pytest.fixture
def points(bench: Bench) -> Points:
    """Accounts of the bench, with orders on paper."""
    return Points(bench.shop)


@pytest.fixture
def calls(client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    """What this test's client sends, and the faults that it shall meet, without waits between sends."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with watched(client) as sent:
        yield sent
