"""Points: what members see of them, what orders do to them, what time does to them, and the audit of all."""

from functions.orders.order import Status
from infra.constructs.function import CORE_MEGABYTES
from infra.constructs.table import grant_rows
from infra.room import EXISTS, STREAM_TIMEOUT, Room, rows

AUDIT_WORKERS_MAX = 32
"""So many at once, each with a whole core: what an audit of everything is bound by is computing (Z3)."""


def build(room: Room) -> None:
    """Build the points' API, the posting of orders, the jobs, and the audit."""
    orders, members, reports = room.table("Orders"), room.table("Members"), room.table("Reports")
    api = room.api("PointsApi", "functions.points.api.handler")
    grant_rows(members, api, "BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query")
    grant_rows(reports, api, "GetItem", "Query")

    posting = room.function("PointsPosting", "functions.points.stream.handler", STREAM_TIMEOUT)
    grant_rows(members, posting, "BatchGetItem", "PutItem")
    grant_rows(orders, posting, "BatchGetItem")
    # An order that nobody has paid for concerns no account, and shipping one changes none. What an operator
    # has delivered again is a new row, and comes through whatever its status is.
    told = [each.value for each in Status if each not in (Status.PLACED, Status.LAPSED, Status.SHIPPED)]
    changed = rows("ORDER", paid_at={"S": EXISTS}, status={"S": told})
    new = rows("ORDER", paid_at={"S": EXISTS}) | {"eventName": ["INSERT"]}
    room.reader("OrdersToPoints", posting, table="Orders", filters=[changed, new])

    starter, worker = room.tasks("Points", "functions.points")
    # Orders are read as a whole by the replay, which posts what the accounts have not seen.
    grant_rows(orders, worker, "BatchGetItem", "Scan")
    by_time = ["lots_by_release", "wallets_by_year"]
    grant_rows(members, starter, indexes=by_time)
    grant_rows(members, worker, "BatchGetItem", "GetItem", "PutItem", indexes=by_time)
    room.scheduled(starter)
    room.output("PointsJobsFunctionName", starter)

    # A queue of its own, so that a long audit holds no release up, and no right to write to accounts.
    auditor, audit_worker = room.tasks(
        "Audit", "functions.points", workers=AUDIT_WORKERS_MAX, worker_megabytes=CORE_MEGABYTES
    )
    by_change, changed_or_due = ["orders_by_change"], ["accounts_by_change", *by_time]
    # Whoever begins an audit looks at where there is something to look at.
    grant_rows(orders, auditor, "Scan", indexes=by_change)
    grant_rows(members, auditor, "Scan", indexes=changed_or_due)
    grant_rows(reports, auditor, "GetItem")
    grant_rows(orders, audit_worker, "BatchGetItem", "Scan", indexes=by_change)
    grant_rows(members, audit_worker, "BatchGetItem", "GetItem", "Query", "Scan", indexes=changed_or_due)
    grant_rows(reports, audit_worker, "BatchGetItem", "Query")
    room.scheduled(auditor)
