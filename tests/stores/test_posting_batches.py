"""A batch of the orders' stream reads its members' accounts at once, and posts as if each had been alone."""

import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.platform import lanes
from functions.platform.batches import BatchError
from functions.platform.dynamo import Row
from functions.points import accounts
from functions.points.stream import Consumer
from tests.support.events import Context, stream_record
from tests.support.faults import LOST_AFTER, SENDS_OF_THE_SDK, SERVER_ERROR, THROTTLED, Calls, cancelled
from tests.support.points import Paper, Points, store
from tests.support.threads import at_once

MEMBERS = [f"member-{number}" for number in range(5)]
CONFLICT = cancelled(*["None"] * 9, "TransactionConflict", *["None"] * 15)
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


def test_Z7_a_batch_reads_all_accounts_in_one_round_trip_and_members_share_transactions(
    points: Points, posting: Consumer, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    monkeypatch.setattr(
        accounts, "ROWS_TOGETHER_MAX", 12
    )  # a first payment: wallet, lot, entry, tier, standing
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent == ["BatchGetItem"] + ["TransactWriteItems"] * 3
    assert [len(each["TransactItems"]) for each in calls.bodies if "TransactItems" in each][-3:] == [
        10,
        10,
        5,
    ]
    assert {points.wallet(member_id).frozen for member_id in MEMBERS} == {100}
    points.check(*MEMBERS)


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
    assert calls.sent.count("TransactWriteItems") == 1 + 1 + len(MEMBERS) + 1, "together, and each apart"
    points.check(*MEMBERS)
    assert points.balances(MEMBERS[-1]) == (130, {}, 0)


def test_Z7_a_members_orders_are_posted_in_turn_and_each_from_what_the_one_before_left(
    points: Points, posting: Consumer, calls: Calls
) -> None:
    papers = [points.pay(member_id, 100 + turn, PAID_AT) for turn in range(3) for member_id in MEMBERS[:2]]
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent == ["BatchGetItem"] + ["TransactWriteItems"] * 3
    for place, member_id in enumerate(MEMBERS[:2]):
        orders = [paper.order_id for paper in papers[place::2]]
        assert [entry.order_id for entry in points.entries(member_id)] == orders
    points.check(*MEMBERS[:2])


def test_Z7_a_member_who_is_behind_with_an_order_has_the_next_ones_posted_after_it(
    points: Points, posting: Consumer, calls: Calls
) -> None:
    papers = [points.pay(member_id, 100 + turn, PAID_AT) for turn in range(3) for member_id in MEMBERS[:2]]
    calls.fail("TransactWriteItems", cancelled(*["None"] * 9, "TransactionConflict"))
    calls.sent.clear()
    assert deliver(posting, rows_of(papers)) == []
    assert calls.sent == ["BatchGetItem"] + ["TransactWriteItems"] * (1 + len(papers)), "and nothing is read"
    for place, member_id in enumerate(MEMBERS[:2]):
        orders = [paper.order_id for paper in papers[place::2]]
        assert [entry.order_id for entry in points.entries(member_id)] == orders
    points.check(*MEMBERS[:2])


@pytest.mark.parametrize("fault", [CONFLICT, THROTTLED, SERVER_ERROR, LOST_AFTER])
def test_Z7_what_cannot_be_written_together_is_written_apart_and_once(
    points: Points, posting: Consumer, calls: Calls, fault: Any
) -> None:
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]
    calls.fail("TransactWriteItems", *[fault] * (1 if fault is CONFLICT else SENDS_OF_THE_SDK))
    assert deliver(posting, rows_of(papers)) == []
    assert [points.kinds(member_id) for member_id in MEMBERS] == [["earn"]] * len(MEMBERS)
    points.check(*MEMBERS)


def test_case_20_a_function_killed_between_two_transactions_posts_the_rest_when_the_batch_comes_again(
    points: Points, posting: Consumer, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "ROWS_TOGETHER_MAX", 5)
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in MEMBERS]

    def killed() -> None:
        raise KeyboardInterrupt

    calls.do_before("TransactWriteItems", lambda: calls.do_before("TransactWriteItems", killed))
    with pytest.raises(KeyboardInterrupt):
        deliver(posting, rows_of(papers))
    assert [points.wallet(member_id).frozen for member_id in MEMBERS] == [100, 0, 0, 0, 0]
    assert deliver(posting, rows_of(papers)) == []
    assert [points.kinds(member_id) for member_id in MEMBERS] == [["earn"]] * len(MEMBERS)
    points.check(*MEMBERS)


def test_Z7_a_member_whose_order_cannot_be_written_fails_alone(
    points: Points, posting: Consumer, caplog: pytest.LogCaptureFixture
) -> None:
    """The stream goes on at the lowest failed number; all that follows it comes again, and posts nothing."""
    papers = [points.pay(member_id, 100, PAID_AT) for member_id in (*MEMBERS, MEMBERS[1])]
    spoilt = {**rows_of(papers)[1], "order_id": "o" * 3_000}  # longer than a key may be
    rows = rows_of(papers)
    rows[1] = spoilt
    assert deliver(posting, rows) == ["2"]
    assert [points.wallet(member_id).frozen for member_id in MEMBERS] == [100] * len(MEMBERS)
    assert [points.kinds(member_id) for member_id in MEMBERS] == [["earn"]] * len(MEMBERS)


def test_R2_one_members_orders_of_two_shards_are_posted_once_each_whoever_is_first(
    points: Points, posting: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "ThreadPoolExecutor", ThreadPoolExecutor)
    papers = [points.pay(member_id, 10, PAID_AT) for _ in range(6) for member_id in MEMBERS]
    rows = rows_of(papers)
    assert at_once(4, lambda number: deliver(posting, rows[number % 2 :: 2] + rows)) == [[]] * 4
    assert [points.wallet(member_id).frozen for member_id in MEMBERS] == [60] * len(MEMBERS)
    points.check(*MEMBERS)


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
