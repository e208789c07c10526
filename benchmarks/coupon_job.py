"""What the issue of birthday coupons costs: so many birthdays of a month among the members of all twelve.

``python -m benchmarks.coupon_job 10000 100000`` prints the table of docs/coupons.md. Each size runs on an
emulator of its own, with one worker in one process; the baseline is a bare loop of the SDK that puts the same
rows on the same condition, in the same run.
"""

import argparse
from datetime import UTC, datetime

from benchmarks import jobs as bench
from benchmarks.jobs import BASELINE_WRITES, Figures
from functions.coupons import coupons, jobs
from functions.coupons.birthday import Coupon
from functions.coupons.coupons import Coupons
from functions.coupons.eligibility import birthday_coupon
from functions.coupons.jobs import CouponJobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain.birthdays import Kept
from functions.domain.policy import load
from functions.platform import dynamo
from functions.platform.dynamo import Row, Tables
from functions.platform.runs import Runs
from functions.tiers.members import MemberStanding, standing_row
from functions.tiers.qualification import qualify
from tests.support import dynoxide, tables

POLICY = load()
FIRST_OF_MARCH = datetime(2026, 2, 28, 16, 5, tzinfo=UTC)
"""00:05 in the store."""
MONTH, MONTHS = 3, 12
STANDING = qualify(POLICY, ever_paid=True, effective_fen=150_000)


def member(number: int) -> str:
    """Return a member's id."""
    return f"member-{number:08}"


def standing(number: int) -> Row:
    """Return a member's standing; every twelfth was born in March."""
    month = (number + MONTH - 1) % MONTHS + 1
    held = MemberStanding(standing=STANDING, policy_version=POLICY.version, birthday=Kept(solar_month=month))
    return standing_row(member(number), held)


def coupon_of(member_id: str) -> Coupon:
    """Return the coupon that a member is to get."""
    coupon = birthday_coupon(
        POLICY, member_id=member_id, tier=STANDING.tier, birthday=Kept(solar_month=MONTH), at=FIRST_OF_MARCH
    )
    assert coupon is not None
    return coupon


def issue(count: int) -> Figures:
    """Measure the issue of so many coupons among twelve times as many members."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "coupons")
        bench.put(client, settings.members_table, (standing(n) for n in range(MONTHS * count)))
        bare = [f"nobody-{number}" for number in range(BASELINE_WRITES)]
        rows = [coupons.row_of(each, coupon_of(each)) for each in bare]
        store = Coupons(Tables(client), settings.members_table)
        runs = Runs(Tables(client), settings.reports_table)
        figures = bench.measured(
            jobs.tasks(ISSUE_BIRTHDAY_COUPONS, FIRST_OF_MARCH),
            lambda queue: CouponJobs(store, runs, queue, POLICY).work,
            client,
            due=count,
            others=(MONTHS - 1) * count,
            baseline_seconds=bench.bare_puts(client, settings.members_table, rows),
        )
        for number in (0, 1, MONTHS * (count - 1), MONTHS * count - 1):
            if len(store.of_member(member(number))) != (number % MONTHS == 0):
                raise SystemExit(f"{member(number)} has {store.of_member(member(number))}")
        return figures


def main() -> None:
    """Measure the job at each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("birthdays", nargs="*", type=int, default=[10_000, 100_000])
    bench.table(parser.parse_args().birthdays, (issue,))


if __name__ == "__main__":
    main()
