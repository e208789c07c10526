"""Face: what the shop's people look at every day: what falls due by itself, and what was sold."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from functions.domain.errors import invalid_fields
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.orders.due_list import DueList, Kind
from functions.orders.lists import Filter, OrderLists
from functions.orders.office_schema import DueAnswer, SalesAnswer
from functions.orders.rows import POSITION
from functions.orders.sales import sales_by_day
from functions.orders.schema import order_answer
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Before, Cursor, Day, Limit, Query, Since
from functions.platform.reports import REPORTS
from functions.platform.roles import Role
from functions.platform.shapes import Page

DUE = "due"
SALES = "sales"
EARLIEST, LATEST = date(1970, 1, 1), date(9998, 12, 31)
"""Days that sales are asked for: those around them have no beginning or no end."""
KindQuery = Annotated[
    Kind, Query(description="What will happen: an order lapses, a parcel counts as received, or is late.")
]
DayQuery = Annotated[
    Day | None, Query(alias="date", description="Only this day of the store; without `since` and `before`.")
]


@dataclass(frozen=True, slots=True)
class OrderOfficeFace:
    """What will happen to orders, and what they come to."""

    api: Api
    due: DueList
    lists: OrderLists
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/orders/due",
        summary="See what will happen to orders by itself",
        who=Who.STAFF,
        roles=Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"]},
    )
    def get_due_orders(self, kind: KindQuery, limit: Limit = 20, cursor: Cursor = None) -> Page[DueAnswer]:
        """List the orders that something will happen to by itself, and when it does, the first due first.

        `lapse`: they are not paid for, and lapse. `receipt`: they are on their way, and count as received.
        `late`: they are on their way, and will be late; those that are, `GET /reports/late-deliveries` has.

        A page may have fewer orders than `limit`, or none, and not be the last: where it has happened
        meanwhile, or cannot any more, an order is left out.
        """
        places = Cursors(f"{DUE} {kind}", self.api.caller.member_id, POSITION)
        found, position = self.due.page(
            kind,
            now=self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[
                DueAnswer(
                    kind=kind,
                    due_at=each.due_at.astimezone(self.policy.zone),
                    order=order_answer(each.order, self.policy),
                )
                for each in found
            ],
            next_cursor=places.write(position),
        )

    @route(
        "GET",
        "/reports/sales",
        summary="See what was sold, by day",
        who=Who.STAFF,
        roles=REPORTS["sales"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_sales(
        self,
        day: DayQuery = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[SalesAnswer]:
        """Sum up a page of orders by the day that they were placed on, in store time, the latest day first.

        `limit` is how many orders a page looks at, newest first. Whoever wants a day, or a span, adds up the
        pages until `next_cursor` is null: a day that a page ends in goes on in the next.

        Money and points are those of the orders that were paid: `list_fen` less `discount_fen`, with
        `shipping_fen`, less `points_value_fen`, is `paid_fen`. `refunded_fen` is what of it was paid back, or
        is due to be, by now; freight that the shop owes for returns is not in it.
        """
        wanted = self._wanted(day, since, before)
        places = Cursors(f"{SALES} {wanted.named}", self.api.caller.member_id, POSITION)
        orders, position = self.lists.search(
            wanted,
            now=self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        days = sales_by_day(orders, self.policy.zone)
        return Page(
            items=[SalesAnswer(date=day, **plain(each)) for day, each in days.items()],
            next_cursor=places.write(position),
        )

    def _wanted(self, day: Day | None, since: datetime | None, before: datetime | None) -> Filter:
        if day is None:
            return Filter(since=since, before=before)
        beside = [name for name, value in (("since", since), ("before", before)) if value is not None]
        if beside:
            raise invalid_fields(*((name, "cannot stand beside date") for name in beside))
        if not EARLIEST <= day <= LATEST:
            raise invalid_fields(("date", f"must be from {EARLIEST} to {LATEST}"))
        begins = datetime(day.year, day.month, day.day, tzinfo=self.policy.zone)
        ends = begins + timedelta(days=1)
        return Filter(since=begins.astimezone(UTC), before=ends.astimezone(UTC))
