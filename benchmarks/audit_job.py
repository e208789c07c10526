"""What the two passes of the audit cost, over members who buy nine times, and of whom some buy again.

``python -m benchmarks.audit_job 1000`` prints the table of docs/points.md: an emulator of its own, one worker
in one process. The first pass also writes down what every account holds; the second one finds it written.
"""

import argparse
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks import jobs as bench
from benchmarks.costs import _received_order
from benchmarks.machine import quiet
from benchmarks.tables import markdown, row
from benchmarks.usage import Usage, counted
from functions.domain.birthdays import Kept
from functions.domain.policy import load
from functions.orders.rows import row_changed
from functions.platform import dynamo
from functions.platform.changes import changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables
from functions.platform.fanout import Task, WorkQueue
from functions.platform.runs import Runs
from functions.platform.settings import Settings
from functions.points import passes
from functions.points.account_rows import entry_row, lot_row, wallet_row
from functions.points.accounts import Accounts
from functions.points.auditor import Auditor
from functions.points.ledger import Wallet
from functions.points.looks import Looks
from functions.points.owed import Owed
from functions.points.posting import Account, OrderFacts, post
from functions.points.reports import Report, Reports
from functions.points.shards import Shards
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS
from functions.tiers.members import MemberStanding, standing_row
from functions.tiers.qualification import at_registration
from tests.support import dynoxide, tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLICY = load()
RECEIVED = _received_order(POLICY, 3)
BOUGHT_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
FIRST = datetime(2026, 3, 7, 18, tzinfo=UTC)
DAY = timedelta(days=1)
TIMES = 9
CHANGED_SHARE = 0.1
"""Of the members, how many buy again on a day; a tenth, so that what changes is enough to be measured."""
HEAD = (
    "pass",
    "members",
    "accounts",
    "orders",
    "calls",
    "read units",
    "write units",
    "rows",
    "CPU a row",
    "memory",
)
"""``accounts`` and ``orders`` are those that it looks at, ``rows`` all that it reads for that once: those of
the accounts, the orders with their lots, and what each account held."""


def bought(number: int, times: int, at: datetime) -> tuple[list[Row], list[Row]]:
    """Return the rows of a member who has bought so many times, all of it posted, and of their orders."""
    name, account = (
        f"member-{number:07}",
        Account(wallet=Wallet(), standing=at_registration(POLICY), lot=None),
    )
    rows: list[Row] = []
    orders: list[Row] = []
    for which in range(times):
        order = row_changed(replace(RECEIVED, order_id=f"order-{number:07}-{which}", member_id=name), at)
        orders.append(order)
        made = post(account, OrderFacts.from_row(order), POLICY)
        if made is None:
            raise ValueError("an order that was paid is posted")
        account = Account(wallet=made.wallet, standing=made.standing, lot=None)
        rows += [lot_row(name, made.lot), *(entry_row(name, entry) for entry in made.entries)]
    held = MemberStanding(
        standing=account.standing, policy_version=POLICY.version, birthday=Kept(solar_month=None)
    )
    wallet = wallet_row(name, replace(account.wallet, version=1 + times)) | changed(name, at)
    return [*rows, wallet, standing_row(name, held)], orders


def put(
    client: "DynamoDBClient", settings: Settings, numbers: range, times: int, at: datetime, *, before: int = 0
) -> None:
    """Let members have bought so many times, at a moment; so many orders of before are there already."""
    accounts, orders = zip(*(bought(number, times, at) for number in numbers), strict=True)
    bench.put(client, settings.members_table, (each for rows in accounts for each in rows))
    bench.put(client, settings.orders_table, (each for rows in orders for each in rows[before:]))


@dataclass(frozen=True)
class Figures:
    """What a pass took."""

    report: Report
    usage: Usage
    cpu_seconds: float
    growth_kib: int

    @property
    def rows(self) -> int:
        """The rows that it has to read: a purchase is two of the account."""
        accounts, orders = self.report.accounts, self.report.orders
        times = TIMES + (self.report.kind == "incremental")
        return accounts * (2 + 2 * times + 1) + 2 * orders

    def cells(self, members: int) -> list[str]:
        """Return it as the cells of a row of the table."""
        cells = (
            f"`{self.report.kind}`",
            f"{members:,}",
            f"{self.report.accounts:,}",
            f"{self.report.orders:,}",
            f"{self.usage.calls.total():,}",
            f"{self.usage.read_units:,.0f}",
            f"{self.usage.write_units:,.0f}",
            f"{self.rows:,}",
            f"{1_000 * self.cpu_seconds / self.rows:.3f} ms",
            f"{self.growth_kib / 1_024:.0f} MiB",
        )
        return [cell.replace(",", " ") for cell in cells]


def audited(client: "DynamoDBClient", settings: Settings, job: str, at: datetime) -> Figures:
    """Let an audit run, task by task, and return what that took."""
    stores, queue = Tables(client), bench.Queue()
    reports, owed = Reports(stores, settings.reports_table), Owed(stores, settings.reports_table)
    accounts = Accounts(stores, settings.members_table, settings.orders_table)
    work_queue = WorkQueue(queue, "memory")  # type: ignore[arg-type]
    runs = Runs(stores, settings.reports_table)
    shards = Shards(accounts, reports, POLICY)
    auditor = Auditor(Looks(accounts, reports, owed, runs, work_queue, POLICY), shards)
    work_queue.put(shards.narrowed(passes.begun(job, at, reports.base())).tasks())
    peak, cpu_begun = bench.peak_kib(), time.process_time()
    with counted(client) as usage:
        while queue.bodies:
            auditor.work(Task.from_body(queue.bodies.popleft()), Deadline(600))
    report = reports.last()
    if report is None or report.as_of != at or report.differences:
        raise ValueError(f"the audit has not come to a good end: {report}")
    return Figures(report, usage, time.process_time() - cpu_begun, bench.peak_kib() - peak)


def main() -> None:
    """Measure the passes, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", type=int)
    members = parser.parse_args().members
    quiet()
    print(markdown(HEAD, []))
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "audit")
        put(client, settings, range(members), TIMES, BOUGHT_AT)
        for days, job in ((0, AUDIT_POINTS), (1, AUDIT_POINTS), (2, AUDIT_CHANGES)):
            at = FIRST + days * DAY
            if job == AUDIT_CHANGES:
                some = range(int(members * CHANGED_SHARE))
                put(client, settings, some, TIMES + 1, at - DAY / 2, before=TIMES)
            print(row(audited(client, settings, job, at).cells(members)), flush=True)


if __name__ == "__main__":
    main()
