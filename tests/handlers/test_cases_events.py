"""What the outside is told of cases: each event once, with an id of its own, and no word of anybody's."""

import io
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.aftersales.case_book import CaseBook
from functions.aftersales.jobs import CaseJobs, tasks
from functions.aftersales.stream import Publisher
from functions.aftersales.timetable import FOLLOW_CASES
from functions.cases.case import CaseState
from functions.cases.rows import key
from functions.platform.batches import BatchError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import WorkQueue
from functions.platform.runs import Runs
from tests.handlers.conftest import Suite
from tests.handlers.test_catalog_events import Bridge, Record, published, record
from tests.handlers.test_order_life import Life, shop
from tests.support.events import Answer, Call, claims, staff

ALICE = claims("alice")
WORD = "王小明-secret-word"
"""Stands in all that people write."""
TEA = [{"sku": "tea", "quantity": 1}]


@dataclass
class Told:
    """A received order of alice's, with the stream of its cases' rows and the bus that hears of it."""

    suite: Suite
    order_id: str
    bridge: Bridge = field(default_factory=Bridge)
    records: list[Record] = field(default_factory=list)

    def open(self, kind: str = "return", request_id: str = "r1", **said: Any) -> str:
        """Let alice ask for something; return the case's id."""
        body = {"request_id": request_id, "kind": kind, "reason": "defective", "text": WORD, **said}
        answer = self.suite.call(Call("POST", f"/orders/{self.order_id}/cases", body, ALICE))
        assert answer.status == 201, answer.body
        case_id: str = answer.body["case_id"]
        self._heard(None, case_id)
        return case_id

    def act(self, case_id: str, what: str, body: Any = None, who: dict[str, str] | None = None) -> Answer:
        """Let somebody do something with a case, and the stream tell of it."""
        before = self.row(case_id)
        answer = self.suite.call(Call("POST", f"/cases/{case_id}/{what}", body, who or staff()))
        assert answer.status == 200, answer.body
        self._heard(before, case_id)
        return answer

    def follow(self, case_id: str) -> None:
        """Run the job on cases, and let the stream tell what it wrote."""
        before = self.row(case_id)
        suite, queue = self.suite, WorkQueue(self.suite.queue, "work")  # type: ignore[arg-type]
        jobs = CaseJobs(
            cases=CaseBook.of(suite.tables, suite.settings, suite.policy),
            runs=Runs(suite.tables, suite.settings.reports_table),
            queue=queue,
        )
        for task in tasks(FOLLOW_CASES, suite.now):
            jobs.work(task, Deadline(20))
        self._heard(before, case_id)

    def row(self, case_id: str) -> Row:
        """Return a case's row."""
        found = self.suite.tables.get(self.suite.settings.cases_table, key(case_id))
        assert found is not None
        return found

    def _heard(self, before: Row | None, case_id: str) -> None:
        after = self.row(case_id)
        if after != before:
            self.records.append(record(before, after, len(self.records) + 1))
            self.deliver(self.records[-1])

    def deliver(self, *records: Record) -> None:
        """Deliver records of the stream."""
        assert published(Publisher(self.bridge.bus, self.suite.policy), *records) == {"batchItemFailures": []}

    @property
    def seen(self) -> list[tuple[str, str]]:
        """What was told: the event and the case's state, or what the money is for."""
        return [(name, detail.get("state") or detail["reason"]) for name, detail in self.bridge.told]


@pytest.fixture
def told(suite: Suite) -> Told:
    """Alice has three teas and a cup."""
    suite.member("alice")
    shop(suite, tea=6_667, cup=9_950, mug=9_950)
    body = {"lines": [{"sku": "tea", "quantity": 3}, {"sku": "cup", "quantity": 1}]}
    placed = suite.order(ALICE, "k1", body).body
    order = Life(suite, placed["order_id"], placed, {})
    for step in (order.pay, order.ship, order.receive):
        step()
    return Told(suite, placed["order_id"])


def everything(told: Told) -> None:
    """Let all happen to cases that people write something into."""
    case_id = told.open(lines=TEA)
    told.act(case_id, "refuse", {"reason": WORD})
    told.act(case_id, "escalate", {"reason": WORD}, ALICE)
    told.act(case_id, "approve", who=staff("boss"))
    told.act(case_id, "shipment", {"carrier": WORD, "tracking_no": "SF1"}, ALICE)
    told.act(case_id, "receive", {"lines": TEA, "reason": WORD})
    complaint = told.open("complaint", "c1", reason="late")
    told.act(complaint, "answer", {"text": WORD})
    told.act(complaint, "settle", {"points": 100, "reason": WORD})
    told.suite.pass_time(days=7)
    told.follow(complaint)
    waits = told.open("exchange", "x1", lines=[{"sku": "cup", "quantity": 1, "for": "mug"}])
    told.suite.pass_time(hours=48)
    told.follow(waits)
    told.act(waits, "approve")
    told.act(waits, "withdraw", who=ALICE)


def test_A10_each_step_of_a_case_is_told_once_and_a_settlement_is_none(told: Told) -> None:
    everything(told)
    assert told.seen == [
        ("CaseOpened", "requested"),
        ("CaseChanged", "refused"),
        ("CaseChanged", "disputed"),
        ("CaseChanged", "approved"),
        ("CaseChanged", "shipped_back"),
        ("CaseChanged", "received"),
        ("CaseChanged", "closed"),
        ("RefundDue", "return_shipping"),
        ("CaseOpened", "requested"),
        ("CaseChanged", "answered"),
        ("CaseChanged", "closed"),
        ("CaseOpened", "requested"),
        ("CaseOverdue", "requested"),
        ("CaseChanged", "approved"),
        ("CaseChanged", "withdrawn"),
    ]
    ids = [detail["event_id"] for _, detail in told.bridge.told]
    assert len(set(ids)) == len(ids)


def test_A10_what_is_delivered_again_has_the_same_ids_whatever_has_become_of_the_case(told: Told) -> None:
    everything(told)
    first = list(told.bridge.told)
    told.bridge.told.clear()
    told.deliver(*told.records)
    for each in told.records:
        told.deliver(each)
    again = sorted(told.bridge.told, key=str)
    assert again == sorted([*first, *first], key=str)


def test_A10_no_word_that_people_write_is_on_the_bus_or_in_a_log(told: Told, log: io.StringIO) -> None:
    everything(told)
    stored = json.dumps([each["dynamodb"]["NewImage"] for each in told.records], ensure_ascii=False)
    assert stored.count(WORD) > 10
    assert log.getvalue()
    for text in (json.dumps(told.bridge.told, ensure_ascii=False), log.getvalue()):
        for word in (WORD, json.dumps(WORD).strip('"')):
            assert word not in text


def test_A10_a_refusal_says_nothing_of_what_was_written(told: Told, log: io.StringIO) -> None:
    case_id = told.open(lines=TEA)
    tries = [
        ("refuse", {"reason": WORD, "more": WORD}, staff()),
        ("refuse", {"reason": WORD * 200}, staff()),
        ("answer", {"text": WORD}, staff()),
        ("escalate", {"reason": WORD}, ALICE),
    ]
    for what, body, who in tries:
        answer = told.suite.call(Call("POST", f"/cases/{case_id}/{what}", body, who))
        assert answer.status in (409, 422)
        assert WORD not in json.dumps(answer.body, ensure_ascii=False)
    assert "secret-word" not in log.getvalue()


def test_A2_an_event_says_who_changed_the_case_and_until_when_somebody_is_to_act(told: Told) -> None:
    case_id = told.open(lines=TEA)
    told.suite.pass_time(hours=48)
    told.follow(case_id)
    opened, approved = (detail for _, detail in told.bridge.told)
    assert (opened["reason"], opened["kind"], opened["member_id"]) == ("defective", "return", "alice")
    assert (approved["by"], approved["state"]) == ("deadline", CaseState.APPROVED)
    assert _moment(approved["occurred_at"]) == _moment(opened["occurred_at"]) + timedelta(hours=48)
    assert _moment(approved["deadline"]) == _moment(approved["occurred_at"]) + timedelta(days=7)
    told.suite.pass_time(days=7)
    told.follow(case_id)
    name, closed = told.bridge.told[-1]
    assert (name, closed["state"], closed["deadline"]) == ("CaseChanged", "closed", None)
    assert closed["occurred_at"] == approved["deadline"]


def test_A2_two_deadlines_that_pass_before_the_job_are_told_in_their_order_with_their_own_times(
    told: Told,
) -> None:
    case_id = told.open(lines=TEA)
    told.suite.pass_time(days=30)
    told.follow(case_id)
    assert told.seen == [
        ("CaseOpened", "requested"),
        ("CaseChanged", "approved"),
        ("CaseChanged", "closed"),
    ]
    first, then = (_moment(detail["occurred_at"]) for _, detail in told.bridge.told[1:])
    assert then - first == timedelta(days=7)


def test_A3_a_case_that_stays_overdue_is_told_once(told: Told) -> None:
    case_id = told.open("exchange", lines=[{"sku": "cup", "quantity": 1}])
    for _ in range(3):
        told.suite.pass_time(hours=48)
        told.follow(case_id)
    assert told.seen == [("CaseOpened", "requested"), ("CaseOverdue", "requested")]
    (_, opened), (_, late) = told.bridge.told
    assert late["occurred_at"] == late["deadline"]
    assert _moment(late["deadline"]) == _moment(opened["occurred_at"]) + timedelta(hours=48)


def test_R1_a_request_sent_again_changes_no_row_and_tells_nothing(told: Told) -> None:
    case_id = told.open(lines=TEA)
    assert told.open(lines=TEA) == case_id
    told.act(case_id, "approve")
    rows = len(told.records)
    told.act(case_id, "approve")
    assert told.row(case_id)["version"] == 2
    assert len(told.records) == rows


def test_A10_a_bus_that_is_down_delays_an_event_and_loses_none(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.platform.bus.BACKOFF_SECONDS", 0.0)
    told.open(lines=TEA)
    told.bridge.told.clear()
    told.bridge.down = True
    with pytest.raises(BatchError):
        told.deliver(*told.records)
    told.bridge.down = False
    told.deliver(*told.records)
    assert told.seen == [("CaseOpened", "requested")]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
