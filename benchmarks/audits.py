"""What the audit of ten million members reads and how long it takes: before there were two passes, and now.

``python -m benchmarks.audits`` prints the table of docs/scale.md, ``--write`` puts it there, and ``--check``
fails where the page says something else. Rows and units are those of the costs (benchmarks/costs.py), the CPU
of a row is measured (docs/points.md), what a call takes is assumed (benchmarks/quotas.toml).
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks import costs, scale, tables
from benchmarks.costs import DAYS_PER_WEEK, MILLION, NOTHING, SCANNED_BYTES, number
from benchmarks.tables import markdown
from functions.platform.dynamo import BATCH_KEYS_MAX
from functions.points.passes import AuditKind, Base, begun
from functions.points.shards import PAGE_ROWS, SCAN_ROWS
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS

ROOM = scale.INFRA / "contexts" / "points.py"
FUNCTION = scale.INFRA / "constructs" / "function.py"
BY = "python -m benchmarks.audits --write"
BEFORE = "before: everything, each day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """An audit, or several: how many accounts and orders it looks at, what it uses, how long it takes."""

    what: str
    accounts: Decimal
    orders: Decimal
    reads: Decimal
    writes: Decimal
    seconds: Decimal | None = None

    def times(self, count: int) -> "Audit":
        """Return what so many of them use."""
        return Audit(
            what=f"{count} times {self.what}",
            accounts=self.accounts * count,
            orders=self.orders * count,
            reads=self.reads * count,
            writes=self.writes * count,
        )

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of the table."""
        at_work = self.seconds
        return (
            self.what,
            number(self.accounts),
            number(self.orders),
            f"{self.reads / MILLION:.1f}",
            f"{self.writes / MILLION:.1f}",
            "" if at_work is None else f"{at_work / 60:.0f} min",
            "" if at_work is None else number(self.reads / at_work),
        )


def audits(model: costs.Model) -> list[Audit]:
    """Return the passes, and a week of them, beside a week of what was before."""
    members, orders_each = model.value("members"), model.value("orders_each_a_year")
    whole = (model.bytes_of("Members") + model.bytes_of("Orders")) / SCANNED_BYTES / 2
    before = Audit(
        what=BEFORE,
        accounts=members,
        orders=members * orders_each,
        reads=members * (whole + model.lots_of),
        writes=NOTHING,
    )
    full = _audit(model, AUDIT_POINTS, AuditKind.FULL, members, members * orders_each)
    changes = _audit(
        model, AUDIT_CHANGES, AuditKind.INCREMENTAL, model.accounts_changed, model.orders_changed
    )
    seven = changes.times(DAYS_PER_WEEK)
    week = Audit(
        what="a week of both",
        accounts=full.accounts + seven.accounts,
        orders=full.orders + seven.orders,
        reads=full.reads + seven.reads,
        writes=full.writes + seven.writes,
    )
    return [full, changes, week, before.times(DAYS_PER_WEEK)]


def _audit(model: costs.Model, job: str, kind: AuditKind, accounts: Decimal, orders: Decimal) -> Audit:
    reads, writes = model.audit_units(job, accounts)
    cpu = Decimal(str(scale.measured("points.md", kind.value, "CPU a row"))) / 1_000
    read = Decimal(str(model.limits.given.read_seconds))
    transaction = Decimal(str(model.limits.given.transaction_seconds))
    if kind is AuditKind.FULL:
        pages = accounts * model.rows_of("Members") / SCAN_ROWS
        of_orders = accounts * model.rows_of("Orders") / SCAN_ROWS
        lots = math.ceil(model.lots_of / model.rows_of("Orders") * SCAN_ROWS / BATCH_KEYS_MAX)
        waits = (2 * pages + (1 + lots) * of_orders) * read
    else:
        # An account is asked for by itself; of a page, the index, what was held, and its writing.
        waits = accounts * read + (accounts / PAGE_ROWS) * (2 * read + transaction)
        waits += (orders / PAGE_ROWS) * 3 * read
    seconds = model.audit_rows(job, accounts) * cpu / cores() + waits
    return Audit(
        what=f"`{job}`, {kind}",
        accounts=accounts,
        orders=orders,
        reads=reads,
        writes=writes,
        seconds=seconds / workers(kind),
    )


def cores() -> Decimal:
    """Return the cores that a worker of the audit has by its memory."""
    megabytes = Decimal(scale.constant(FUNCTION, "CORE_MEGABYTES"))
    return min(Decimal(1), megabytes / scale.quotas()["lambda_cpu_megabytes"].value)


def workers(kind: AuditKind) -> int:
    """Return how many of them are at work at once: no more than there are shards."""
    job = AUDIT_POINTS if kind is AuditKind.FULL else AUDIT_CHANGES
    at = costs._PLACED_AT
    shards = begun(job, at, Base(as_of=at, generation=1, sums_fit=True)).shards
    return min(scale.constant(ROOM, "AUDIT_WORKERS_MAX"), max(shards.values()))


def table(model: costs.Model) -> str:
    """Return the audits."""
    return markdown(
        ("audit", "accounts", "orders", "million read units", "million write units", "takes", "read units/s"),
        (each.cells() for each in audits(model)),
    )


def parts(model: costs.Model) -> Mapping[str, str]:
    """Return the page's table by its name."""
    return {"audits": table(model)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, write it into the page, or check that it has it."""
    return tables.command(arguments, scale.PAGE, parts(costs.Model.now()), by=BY, says=str(__doc__))


if __name__ == "__main__":
    sys.exit(main())
