"""A batch of the orders' stream reads its members' accounts at once, and posts as if each had been alone."""

import traceback
from collections.abc import Sequence
from typing import Any

import pytest

from functions.platform.batches import BatchError
from functions.platform.dynamo import Row
from functions.points.stream import Consumer
from tests.support.events import Context, stream_record
from tests.support.faults import SENDS_OF_THE_SDK, SERVER_ERROR, THROTTLED, Calls
from tests.support.points import Paper, Points, store

MEMBERS = [f"member-{number}" for number in range(5)]
PAID_AT, RECEIVED_AT = store(2026, 3, 1, 12), store(2026, 3, 5, 12)


@pytest.fixture
def posting(points: Points) -> Consumer:
    """The function that posts."""
    points.join(*MEMBERS)
    return Consumer(points.shop.tables, points.shop.settings, points.shop.policy)


def deliver(posting: Consumer, rows: Sequence[Row]) -> list[str]:
    """Deliver a batch; return the numbers of what is to come again, from 1."""
    records = [stream_record(row, sequence=number) for number, row in enumerate(rows, 1)]
    answer = posting({"Records": records}, Context(remaining_ms=20_000))
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def rows_of(papers: Sequence[Paper]) -> list[Row]:
    """Return the orders' rows as their stream carries them."""
    return [{**paper.row(), "version": len(paper.changes)} for paper in papers]


def test_a_batch_reads_all_accounts_in_one_round_trip(
    points: Points, posting: Consumer, calls: Calls
) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent == ["BatchGetItem"] + ["TransactWriteItems"] * len(MEMBERS)
    assert {points.wallet(member_id).frozen for member_id in MEMBERS} == {100}


def test_what_is_posted_already_is_read_and_no_more(points: Points, posting: Consumer, calls: Calls) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    deliver(posting, rows_of(papers))
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent == ["BatchGetItem"]


def test_orders_that_nobody_has_paid_for_ask_for_nothing(
    points: Points, posting: Consumer, calls: Calls
) -> None:
    paper = points.pay(MEMBERS[0], 100, PAID_AT)
    paper.changes.clear()
    calls.sent.clear()
    assert deliver(posting, rows_of([paper])) == []
    assert calls.sent == []


def test_R2_a_batch_of_one_members_orders_in_any_order_and_twice_ends_as_each_alone(
    points: Points, posting: Consumer
) -> None:
    first, second = points.pay(MEMBERS[0], 100, PAID_AT), points.pay(MEMBERS[0], 50, PAID_AT)
    other = points.pay(MEMBERS[1], 70, PAID_AT)
    rows = rows_of([second, first, other])
    points.receive(first, RECEIVED_AT)
    points.give_back(second, 20, RECEIVED_AT)
    rows += rows_of([first, other, second, first])
    assert deliver(posting, rows + rows[::-1]) == []
    points.check(*MEMBERS[:2])
    assert points.balances(MEMBERS[0]) == (120, {}, 0)
    assert points.balances(MEMBERS[1]) == (70, {}, 0)
    assert {lot.posted for lot in points.lots(MEMBERS[0]).values()} == {1, 2}


def test_case_29_a_record_that_cannot_be_read_holds_up_no_other(
    points: Points, posting: Consumer, caplog: pytest.LogCaptureFixture
) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    rows = rows_of(papers)
    rows[1] = {**rows[1], "changes": "rubbish"}
    rows[3] = {**rows[3], "member_id": ""}
    assert deliver(posting, rows) == ["2", "4"]
    assert [points.wallet(member_id).frozen for member_id in MEMBERS] == [100, 0, 100, 0, 100]


@pytest.mark.parametrize("fault", [SERVER_ERROR, THROTTLED])
def test_case_25_a_batch_whose_accounts_cannot_be_read_now_comes_again(
    points: Points, posting: Consumer, calls: Calls, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    calls.fail("BatchGetItem", *[fault] * SENDS_OF_THE_SDK)
    with pytest.raises(BatchError):
        deliver(posting, rows_of(papers))
    assert calls.sent[-SENDS_OF_THE_SDK:] == ["BatchGetItem"] * SENDS_OF_THE_SDK, "and nothing else is asked"
    said = [record for record in caplog.records if record.getMessage() == "record failed"]
    traces = [len(traceback.format_exception(*record.exc_info)) for record in said if record.exc_info]
    assert traces == [traces[0]] * len(MEMBERS), "each line is as long as the first"
    assert deliver(posting, rows_of(papers)) == []
    assert {points.wallet(member_id).frozen for member_id in MEMBERS} == {100}


def test_R2_an_account_that_moved_since_the_batch_was_read_is_read_again(
    points: Points, posting: Consumer, calls: Calls
) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    meanwhile = points.pay(MEMBERS[-1], 30, PAID_AT)
    calls.do_before("TransactWriteItems", lambda: points.post(meanwhile))
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent.count("BatchGetItem") == 1 + 1 + 1, "the batch, the other posting, and once again"
    points.check(*MEMBERS)
    assert points.balances(MEMBERS[-1]) == (130, {}, 0)


def test_a_members_second_order_is_read_when_the_first_is_posted(
    points: Points, posting: Consumer, calls: Calls
) -> None:
    papers = [points.pay(MEMBERS[0], 100, PAID_AT) for _ in range(2)]
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent == ["BatchGetItem", "TransactWriteItems"] * 2


def test_an_order_that_a_batch_has_under_two_members_is_posted_to_nobody_elses_wallet(
    points: Points, posting: Consumer
) -> None:
    """No order changes its member; should a row say so, what was read of one is not used for the other."""
    for member_id, held in zip(MEMBERS[:2], (1_000, 7), strict=True):
        points.post(points.pay(member_id, held, PAID_AT))
    paper = points.pay(MEMBERS[0], 100, PAID_AT)
    (row,) = rows_of([paper])
    deliver(posting, [row, {**row, "member_id": MEMBERS[1]}])
    assert points.balances(MEMBERS[0]) == (1_100, {}, 0)
    assert points.balances(MEMBERS[1]) == (107, {}, 0)
