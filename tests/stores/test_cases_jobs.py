"""Streams and jobs: in any order, twice, missed, cut off, by clocks that differ; all tables are compared."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.offers.schedule import MemberDayJob
from functions.offers.timetable import OPEN_MEMBER_DAY
from functions.orders import jobs as order_jobs
from functions.orders import rows as order_rows
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.platform import clock
from functions.platform.dynamo import Row
from functions.platform.observability import metrics
from functions.points.account_rows import WALLET
from functions.points.ledger import EntryKind
from functions.points.timetable import ANNOUNCE_EXPIRING, AUDIT_POINTS, EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers.members import key
from tests.stores.test_cases_reads import TIMES, prepared, run
from tests.support.accounts import hold_points
from tests.support.bench import KETTLE, TEA, Bench, Dump
from tests.support.events import Context, claims, staff, stream_record
from tests.support.orders import OrderWorkers
from tests.support.points import Box, Died, Points, Workers, mortal, store
from tests.support.shop import NOON
from tests.support.threads import at_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
APART = 5 * MINUTE
"""How far clocks may be from one another."""
YEAR_END = store(2027, 1, 1)
IN_2025 = store(2025, 6, 1)
DUE = NOON + 7 * DAY


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


# --- records in any order, twice, after they were set aside ---

LIVES: dict[str, tuple[str, ...]] = {
    "returned in two parts": ("payment", "shipment", "receipt", "returns TEA", "returns KETTLE"),
    "cancelled": ("payment", "cancel"),
    "refused": ("payment", "shipment", "refusal"),
}


def lived(bench: Bench, steps: Sequence[str], **offers: object) -> Iterator[Row]:
    """Let an order live, a minute a step; give its row after each."""
    order_id = bench.placed(f"k{bench.now.isoformat()}", **offers)
    yield bench.order_row(order_id)
    for step in steps:
        bench.now += MINUTE
        name, _, sku = step.partition(" ")
        if name == "payment":
            assert bench.pay(order_id, f"p-{order_id}").done
        else:
            units = {"TEA": {"sku": TEA, "quantity": 2}, "KETTLE": {"sku": KETTLE, "quantity": 1}}
            body = {"return_id": sku, "lines": [units[sku]]} if sku else None
            bench.must("POST", f"/orders/{order_id}/{name}", body, who=staff("alice"))
        yield bench.order_row(order_id)


def told(dump: Dump) -> Dump:
    """Return a state without how many writings it took: what they count are rows' own versions."""
    return {
        (table, partition, re.sub(r"(TIER#[^#]*)#.*", r"\1", item)): json.dumps(
            {name: value for name, value in json.loads(row).items() if name != "version"}, sort_keys=True
        )
        for (table, partition, item), row in dump.items()
    }


@pytest.mark.parametrize("life", LIVES)
def test_case_28_an_orders_records_in_every_order_there_is_end_in_the_same_state(
    bench: Bench, life: str
) -> None:
    rows = list(lived(bench, LIVES[life], points=2_000))
    before = bench.dump()
    for row in rows:
        assert bench.delivered(bench.posting, row).done
    after = told(bench.dump())
    assert after != told(before)
    kept = rows[-5:]  # the first tells no account anything
    for order in itertools.permutations(kept):
        bench.restore(before)
        for row in order:
            assert bench.delivered(bench.posting, row).done
        assert told(bench.dump()) == after


def test_case_27_records_batches_and_whole_shards_again_and_again_change_nothing(bench: Bench) -> None:
    lives = [list(lived(bench, steps)) for steps in LIVES.values()]
    shard = [row for step in itertools.zip_longest(*lives) for row in step if row is not None]
    for row in shard:
        for _ in range(3):
            assert bench.delivered(bench.posting, row).done
    after = bench.dump()
    entries = bench.must("GET", "/members/me/points/entries")["items"]
    assert len(entries) == sum(kind["kind"] in ("earn", "reverse") for kind in entries) == 7
    for again in (shard, shard * 2, shard[::-1], shard[4:], shard):  # a shard's replay begins anywhere
        assert bench.delivered(bench.posting, *again).done
        assert bench.dump() == after


def test_case_31_records_that_were_set_aside_and_come_back_late_and_twice_have_one_effect(
    bench: Bench,
) -> None:
    alices = list(lived(bench, LIVES["returned in two parts"]))
    bench.join("bob")
    bobs = bench.must("POST", "/orders", bench.cart(), who=claims("bob"), key="k")["order_id"]
    assert bench.pay(bobs, "bobs").done
    before = bench.dump()
    for row in (*alices, bench.order_row(bobs)):
        assert bench.delivered(bench.posting, row).done
    after = told(bench.dump())
    bench.restore(before)
    table, wallet_key = bench.settings.members_table, key("alice", WALLET)
    wallet = bench.tables.get(table, wallet_key)
    assert wallet is not None
    bench.tables.put(table, wallet | {"frozen": "spoilt"})
    records = [stream_record(row, sequence=n) for n, row in enumerate((*alices, bench.order_row(bobs)))]
    failed = bench.posting({"Records": records}, Context())["batchItemFailures"]
    set_aside = [records[int(each["itemIdentifier"])] for each in failed]
    assert len(set_aside) == len(alices) - 1, "all of alice's that say something, and not bob's"
    bench.tables.put(table, wallet)
    for late in (set_aside[-1:], set_aside[:2], set_aside, set_aside[::-1]):
        assert bench.posting({"Records": late}, Context()) == {"batchItemFailures": []}
    assert told(bench.dump()) == after


# --- runs that are missed, workers that die ---

NEXT = {
    LAPSE_UNPAID: 5 * MINUTE,
    AUTO_RECEIPT: 60 * MINUTE,
    LOOK_FOR_PARCELS: 60 * MINUTE,
    RELEASE_POINTS: 10 * MINUTE,
    EXPIRE_POINTS: 30 * MINUTE,
    ANNOUNCE_EXPIRING: DAY,
    ISSUE_BIRTHDAY_COUPONS: DAY,
    OPEN_MEMBER_DAY: 15 * MINUTE,
}
"""How long after a run of each job its next one is."""
FIRST = {**TIMES, OPEN_MEMBER_DAY: store(2026, 5, 10)}


def fire(bench: Bench, job: str, at: datetime) -> None:
    """Run a job to its end."""
    if job == OPEN_MEMBER_DAY:
        MemberDayJob(bench.tables, bench.settings, bench.policy, lambda: at)({"job": job}, Context())
    else:
        run(bench, job, at)


def done_by(dump: Dump, *moments: datetime) -> list[str]:
    """Return what was done, whichever run did it: the jobs' own books are left out."""
    text = json.dumps(sorted(row for place, row in dump.items() if place[0] != "Reports"))
    for moment in moments:
        text = text.replace(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "then")
    rows: list[str] = json.loads(text)
    return sorted(rows)


@pytest.mark.parametrize("job", NEXT)
def test_case_33_the_run_after_one_that_was_missed_does_what_that_would_have_done(
    bench: Bench, points: Points, job: str
) -> None:
    at, later = FIRST[job], FIRST[job] + NEXT[job]
    if job != OPEN_MEMBER_DAY:
        prepared(bench, points, job)
    before = bench.dump()
    fire(bench, job, at)
    in_time = bench.dump()
    assert done_by(in_time, at) != done_by(before, at)
    fire(bench, job, later)
    assert done_by(bench.dump()) == done_by(in_time), "the next run finds nothing to do"
    bench.restore(before)
    fire(bench, job, later)
    assert done_by(bench.dump(), at, later) == done_by(in_time, at, later)


def test_case_33_every_job_with_something_to_catch_up_with_is_among_them() -> None:
    """An audit has nothing to catch up with: each looks at everything."""
    assert NEXT.keys() | {AUDIT_POINTS} == FIRST.keys() - {"replay-points"}


def test_case_32_a_member_day_opened_many_times_at_once_is_opened_once(bench: Bench) -> None:
    at = FIRST[OPEN_MEMBER_DAY]
    before = bench.dump()
    fire(bench, OPEN_MEMBER_DAY, at)
    once = bench.dump()
    bench.restore(before)
    opened = at_once(
        8,
        lambda _: MemberDayJob(bench.tables, bench.settings, bench.policy, lambda: at)(
            {"job": OPEN_MEMBER_DAY}, Context()
        )["opened"],
    )
    assert sorted(opened, key=str) == [0] * 7 + [1]
    assert bench.dump() == once


@pytest.mark.parametrize("job", [LAPSE_UNPAID, AUTO_RECEIPT, OPEN_MEMBER_DAY])
def test_case_34_a_job_that_dies_at_any_step_is_resumed_by_the_next_run(
    bench: Bench, points: Points, client: "DynamoDBClient", job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_jobs, "PAGE_ORDERS", 2)
    for module in (order_rows, order_jobs):
        monkeypatch.setattr(module, "DUE_SHARDS", 2)
    at = FIRST[job]
    if job != OPEN_MEMBER_DAY:
        prepared(bench, points, job)
    before = bench.dump()
    fire(bench, job, at)
    after = bench.dump()
    halfway = 0
    for steps in itertools.count():
        bench.restore(before)
        with mortal(client, Box(), steps) as life, suppress(Died, AssertionError):
            fire(bench, job, at)  # a task whose worker dies at each delivery is left over
        halfway += bench.dump() not in (before, after)
        fire(bench, job, at)
        assert bench.dump() == after
        if not life.over:
            break
    assert halfway


def test_case_34_a_job_is_resumed_beside_one_that_is_still_at_it(
    bench: Bench, points: Points, client: "DynamoDBClient"
) -> None:
    """Who was thought dead goes on after another has done all of its work."""
    prepared(bench, points, LAPSE_UNPAID)
    before = bench.dump()
    at = FIRST[LAPSE_UNPAID]
    fire(bench, LAPSE_UNPAID, at)
    after = bench.dump()
    bench.restore(before)
    seen: list[str] = []

    def overtaken(**_: object) -> None:
        seen.append("write")
        if len(seen) == 3:  # in the middle of its work
            assert OrderWorkers(bench.shop).do(LAPSE_UNPAID, at) == []

    client.meta.events.register("before-send.dynamodb.TransactWriteItems", overtaken)
    fire(bench, LAPSE_UNPAID, at)
    client.meta.events.unregister("before-send.dynamodb.TransactWriteItems", overtaken)
    assert len(seen) > 3
    assert bench.dump() == after


# --- clocks that differ ---


@pytest.mark.parametrize("receipt_off", [-APART, timedelta(), APART])
@pytest.mark.parametrize("worker_off", [-APART, timedelta(), APART, 400 * DAY])
def test_case_23_no_lot_is_released_before_its_time_whatever_the_clocks_of_others_say(
    bench: Bench,
    points: Points,
    receipt_off: timedelta,
    worker_off: timedelta,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points.join("bob")
    received_at, due = NOON + receipt_off, DUE + receipt_off  # as the clock says that wrote it down
    paper = points.bought("bob", 100, received_at - DAY, received_at)
    before = bench.dump()
    for starter_off in (-APART, -SECOND):
        workers = Workers(bench.shop)
        workers.start(RELEASE_POINTS, due + starter_off)
        with monkeypatch.context() as elsewhere:  # it is the starter's moment that counts
            elsewhere.setattr(clock, "now", lambda: due + worker_off)
            assert workers.run() == []
        assert points.release("bob", paper, at=due + starter_off) == []  # whatever the index says
        assert done_by(bench.dump()) == done_by(before)
    early = Workers(bench.shop)
    early.start(RELEASE_POINTS, due - SECOND)
    run(bench, RELEASE_POINTS, due + APART)
    released = done_by(bench.dump())
    assert early.run() == []  # tasks of a clock that is behind, after those of one that is ahead
    run(bench, RELEASE_POINTS, due)
    assert done_by(bench.dump()) == released
    (earn, release) = points.entries("bob")
    assert (release.kind, release.occurred_at) == (EntryKind.RELEASE, due + APART)
    assert release.occurred_at >= due
    assert earn.frozen_delta == -release.frozen_delta
    points.check("bob")


@pytest.mark.parametrize("first_off", [-APART, -SECOND, timedelta(), APART])
def test_case_23_nothing_expires_before_the_years_end_and_once_after_it_by_whatever_clock(
    bench: Bench, points: Points, first_off: timedelta
) -> None:
    points.join("bob")
    points.adjust("bob", 100, IN_2025, "gift")
    points.adjust("bob", 30, NOON, "gift-2")
    before = done_by(bench.dump())
    behind = Workers(bench.shop)
    behind.start(EXPIRE_POINTS, YEAR_END - APART)
    run(bench, EXPIRE_POINTS, YEAR_END + first_off)
    if first_off < timedelta():
        assert done_by(bench.dump()) == before
        run(bench, EXPIRE_POINTS, YEAR_END)
    after = done_by(bench.dump())
    assert behind.run() == []
    run(bench, EXPIRE_POINTS, YEAR_END + APART)
    assert done_by(bench.dump()) == after
    last = points.entries("bob")[-1]
    assert (last.kind, last.occurred_at) == (EntryKind.EXPIRE, YEAR_END)
    assert points.balances("bob") == (0, {"2026": 30}, 0)
    points.check("bob")


@pytest.mark.parametrize("expiry_first", [True, False])
def test_case_23_a_shopper_whose_clock_is_behind_spends_expired_points_never_twice(
    bench: Bench, points: Points, expiry_first: bool
) -> None:
    hold_points(bench.tables, bench.settings.members_table, "alice", {"2025": 1_000})
    bench.now = YEAR_END - APART
    if expiry_first:
        run(bench, EXPIRE_POINTS, YEAR_END)
    left = bench.dump()
    answer = bench.ask("POST", "/orders", bench.cart(points=1_000), key="k")
    assert answer.status == (409 if expiry_first else 201)
    if expiry_first:
        assert answer.code == "insufficient_points"
        assert bench.dump() == left
    run(bench, EXPIRE_POINTS, YEAR_END)
    assert points.balances("alice") == (0, {}, 0)
    kinds = points.kinds("alice")
    assert kinds == ["expire" if expiry_first else "redeem"]
