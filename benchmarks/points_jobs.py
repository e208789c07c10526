"""What the points' jobs cost: release and expiry of so many due rows, among others that are not due.

``python -m benchmarks.points_jobs 10000 100000`` prints the table of docs/points.md. Each size runs on an
emulator of its own, with one worker in one process; the baseline is a bare loop of the SDK that sends
transactions with the same rows and conditions, in the same run.
"""

import argparse
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks import jobs as bench
from benchmarks.jobs import BASELINE_WRITES, Figures, Write
from functions.domain import calendar
from functions.domain.policy import load
from functions.orders.rows import key as order_key
from functions.platform import dynamo
from functions.platform.dynamo import Row, Tables
from functions.platform.runs import Runs
from functions.platform.settings import Settings
from functions.points import jobs, ledger, posting
from functions.points.account_rows import WALLET, entry_row, lot_row, wallet_of, wallet_row
from functions.points.accounts import Accounts
from functions.points.jobs import PointsJobs
from functions.points.ledger import Wallet
from functions.points.posting import Lot
from functions.points.timetable import EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers.members import key
from tests.support import dynoxide, tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLICY = load()
PAID_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
DUE_AT = datetime(2026, 3, 20, 4, tzinfo=UTC)
LATER = datetime(2026, 4, 20, 4, tzinfo=UTC)
AFTER_YEARS_END = datetime(2028, 1, 1, tzinfo=UTC)
POINTS = 120
FROZEN = Wallet(version=3, entries=1, frozen=POINTS)
HELD = Wallet(version=3, entries=2, available={"2026": POINTS})
CHUNK = 1_000


def member(number: int) -> str:
    """Return a member's id."""
    return f"member-{number:08}"


def lot_of(number: int, release_at: datetime) -> Lot:
    """Return a member's frozen lot."""
    return Lot(
        order_id=f"ord_{number:026}",
        year=2026,
        points=POINTS,
        effective_fen=12_000,
        posted=1,
        release_at=release_at,
        version=2,
    )


def order_row(number: int, release_at: datetime) -> Row:
    """Return a member's order, as far as the account looks at it."""
    change = {"at": calendar.to_row(PAID_AT), "effective_fen": 12_000, "earned_points": POINTS}
    return {
        **order_key(f"ord_{number:026}"),
        "member_id": member(number),
        "received_at": calendar.to_row(release_at - timedelta(days=7)),
        "terms": {"release_days": 7},
        "redeemed_by_year": {},
        "changes": [{**change, "paid_fen": 12_000, "to_restore": 0}],
        "quote": "x" * 900,  # the rest of the row, which is read with it
    }


def freeze(client: "DynamoDBClient", settings: Settings, numbers: range, release_at: datetime) -> None:
    """Put members with one frozen lot each."""
    for start in range(numbers.start, numbers.stop, CHUNK):
        some = range(start, min(start + CHUNK, numbers.stop))
        bench.put(client, settings.members_table, (wallet_row(member(n), FROZEN) for n in some))
        lots = (lot_row(member(n), lot_of(n, release_at)) for n in some)
        bench.put(client, settings.members_table, lots)
        bench.put(client, settings.orders_table, (order_row(n, release_at) for n in some))


def release(count: int) -> Figures:
    """Measure the release of so many due lots, among a tenth as many that are frozen for longer."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "points")
        freeze(client, settings, range(count + BASELINE_WRITES), DUE_AT)
        others = range(count + BASELINE_WRITES, count + BASELINE_WRITES + count // 10)
        freeze(client, settings, others, LATER)
        bare = map(_released, range(count, count + BASELINE_WRITES))
        accounts = Accounts(Tables(client), settings.members_table, settings.orders_table)
        runs = Runs(Tables(client), settings.reports_table)
        figures = bench.measured(
            jobs.tasks(RELEASE_POINTS, DUE_AT, POLICY),
            lambda queue: PointsJobs(accounts, runs, queue, POLICY).work,
            client,
            due=count,
            others=len(others),
            baseline_seconds=bench.bare_transactions(client, settings.members_table, bare),
        )
        _check(client, settings, (0, count - 1), (0, {"2026": POINTS}))
        _check(client, settings, (others[0], others[-1]), (POINTS, {}))
        return figures


def expire(count: int) -> Figures:
    """Measure the expiry of so many wallets among as many that hold points of the next year."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "points")
        first = count + BASELINE_WRITES
        later = replace(HELD, available={"2027": POINTS})
        bench.put(client, settings.members_table, (wallet_row(member(n), HELD) for n in range(first)))
        rows = (wallet_row(member(first + n), later) for n in range(count))
        bench.put(client, settings.members_table, rows)
        bare = map(_expired, range(count, first))
        accounts = Accounts(Tables(client), settings.members_table, settings.orders_table)
        runs = Runs(Tables(client), settings.reports_table)
        figures = bench.measured(
            jobs.tasks(EXPIRE_POINTS, AFTER_YEARS_END, POLICY),
            lambda queue: PointsJobs(accounts, runs, queue, POLICY).work,
            client,
            due=count,
            others=count,
            baseline_seconds=bench.bare_transactions(client, settings.members_table, bare),
        )
        _check(client, settings, (0, count - 1), (0, {}))
        _check(client, settings, (first, first + count - 1), (0, {"2027": POINTS}))
        return figures


def _released(number: int) -> Write:
    made = posting.release(FROZEN, [lot_of(number, DUE_AT)], at=DUE_AT, policy=POLICY)
    assert made is not None
    return [
        (wallet_row(member(number), replace(made.wallet, version=4)), 3),
        (entry_row(member(number), made.entries[0]), 0),
        (lot_row(member(number), made.lots[0]), 2),
    ]


def _expired(number: int) -> Write:
    after, (entry,) = ledger.expire(HELD, at=AFTER_YEARS_END, policy=POLICY)
    return [
        (wallet_row(member(number), replace(after, version=4)), 3),
        (entry_row(member(number), entry), 0),
    ]


def _check(
    client: "DynamoDBClient",
    settings: Settings,
    numbers: tuple[int, int],
    expected: tuple[int, dict[str, int]],
) -> None:
    """Fail unless these wallets are as they should be."""
    for number in numbers:
        row = Tables(client).get(settings.members_table, key(member(number), WALLET))
        assert row is not None
        wallet = wallet_of(row)
        if (wallet.frozen, wallet.available) != expected:
            raise SystemExit(f"{member(number)}: {wallet} instead of {expected}")


def main() -> None:
    """Measure each job at each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    bench.table(parser.parse_args().sizes, (release, expire))


if __name__ == "__main__":
    main()
