"""Face: orders as they are seen, in lists and one by one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from functions.domain import identifiers
from functions.domain.errors import invalid_fields
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.orders import history
from functions.orders.book import OrderBook
from functions.orders.life import as_of
from functions.orders.lists import Filter, OrderLists
from functions.orders.order import Status
from functions.orders.returns import returns_by_sku
from functions.orders.rows import POSITION, tracking_of
from functions.orders.schema import (
    NO_ORDER,
    HistoryAnswer,
    OrderAnswer,
    ReturnsAnswer,
    history_answer,
    order_answer,
)
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Before, Cursor, Limit, MemberIdPath, OrderIdPath, Query, Since
from functions.platform.reports import REPORTS
from functions.platform.roles import Role
from functions.platform.shapes import Page
from functions.tiers.members import Members, not_registered

StatusQuery = Annotated[Status | None, Query(description="Only those that stand so now.")]
ORDERS = "orders"
TRACKED = "tracked"
PAID = "paid"
HISTORY = "history"
RETURNS = "returns"
LATE = "late-deliveries"
LATE_POSITION = POSITION
"""By when a parcel was late, and then by the order's id."""


def _tracking(value: Any) -> Any:
    """Read a tracking number as somebody has pasted it."""
    number = tracking_of(value) if isinstance(value, str) else ""
    if not identifiers.is_caller_id(number):
        raise ValueError("must be a tracking number")
    return number


def _payment(value: Any) -> Any:
    """Read a payment's id as somebody has pasted it."""
    payment_id = value.strip() if isinstance(value, str) else ""
    if not identifiers.is_caller_id(payment_id):
        raise ValueError("must be a payment's id")
    return payment_id


TrackingQuery = Annotated[
    str | None,
    BeforeValidator(_tracking),
    WithJsonSchema({"type": "string", "examples": ["SF1234567890"]}),
    Query(description="Only those whose parcel has this tracking number. It stands alone."),
]
PaymentQuery = Annotated[
    str | None,
    BeforeValidator(_payment),
    WithJsonSchema({"type": "string", "examples": ["wechatpay:4200001234202612100000000001"]}),
    Query(
        description="Only what this payment was recorded for: its id, or its provider's number of it. "
        "It stands alone."
    ),
]


@dataclass(frozen=True, slots=True)
class OrderViewFace:
    """What members see of their orders, and staff of everybody's."""

    api: Api
    book: OrderBook
    lists: OrderLists
    members: Members
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/orders",
        summary="See your orders",
        who=Who.MEMBER,
        refuses={409: ["not_registered"], 400: ["invalid_cursor"]},
    )
    def get_orders(
        self,
        status: StatusQuery = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[OrderAnswer]:
        """List the caller's orders, newest first; `since` and `before` are about when they were placed.

        With a status a page may have fewer orders than `limit`, or none, and not be the last.
        """
        wanted = Filter(status=status, since=since, before=before)
        page = self._listed(self.api.caller.member_id, wanted, limit, cursor)
        if not page.items and self.members.standing(self.api.caller.member_id, self.api.deadline) is None:
            raise not_registered()
        return page

    @route(
        "GET",
        "/orders/search",
        summary="See all members' orders",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"]},
    )
    def search_orders(
        self,
        status: StatusQuery = None,
        since: Since = None,
        before: Before = None,
        tracking_no: TrackingQuery = None,
        payment_id: PaymentQuery = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[OrderAnswer]:
        """List the orders of all members, newest first; `since` and `before` are about when they were placed.

        With a status a page may have fewer orders than `limit`, or none, and not be the last.

        With `tracking_no` or `payment_id`, which stand without any other filter, only the orders whose parcel
        has this number, or that this payment was recorded for. Case, width and spaces of a tracking number do
        not count; several parcels may have one. What was recorded a moment ago may be missing.
        """
        filters = {"status": status, "since": since, "before": before}
        sought = {"tracking_no": tracking_no, "payment_id": payment_id}
        given = [name for name, value in (sought | filters).items() if value is not None]
        if len(given) > 1 and given[0] in sought:
            raise invalid_fields(*((name, f"cannot stand beside {given[0]}") for name in given[1:]))
        if tracking_no is not None:
            return self._tracked(tracking_no, limit, cursor)
        if payment_id is not None:
            self._places(f"{PAID} {payment_id}", r"(?!)").read(cursor)
            found = self.lists.paid_by(payment_id, now=self.clock(), deadline=self.api.deadline)
            return Page(items=[order_answer(each, self.policy) for each in found], next_cursor=None)
        return self._listed(None, Filter(status=status, since=since, before=before), limit, cursor)

    @route(
        "GET",
        "/members/<member_id>/orders",
        summary="See a member's orders",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_orders(
        self,
        member_id: MemberIdPath,
        status: StatusQuery = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[OrderAnswer]:
        """List a member's orders as they see them, newest first; also those of a member who was erased."""
        page = self._listed(member_id, Filter(status=status, since=since, before=before), limit, cursor)
        if not page.items:
            self.members.require_known(member_id, self.api.deadline)
        return page

    @route(
        "GET",
        "/reports/late-deliveries",
        summary="See which parcels are late",
        who=Who.STAFF,
        roles=REPORTS["late-deliveries"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_late_deliveries(self, limit: Limit = 20, cursor: Cursor = None) -> Page[OrderAnswer]:
        """List the orders whose parcels should have arrived and are still on their way, longest late first.

        A page may have fewer orders than `limit`, or none, and not be the last: what was received, refused or
        closed meanwhile is left out.
        """
        places = Cursors(LATE, self.api.caller.member_id, LATE_POSITION)
        found, position = self.lists.late(
            now=self.clock(), limit=limit, after=places.read(cursor), deadline=self.api.deadline
        )
        return Page(
            items=[order_answer(order, self.policy) for order in found], next_cursor=places.write(position)
        )

    @route(
        "GET",
        "/reports/returns",
        summary="See what comes back, by sku",
        who=Who.STAFF,
        roles=REPORTS["returns"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_returns(
        self, since: Since = None, before: Before = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[ReturnsAnswer]:
        """Sum up, by sku, the units that were received and came back of a page of orders.

        `limit` is how many orders a page looks at, newest first by when they were placed. Whoever wants the
        rate of a span adds up the pages until `next_cursor` is null, and divides what came back by what was
        received.
        """
        wanted = Filter(since=since, before=before)
        places = Cursors(f"{RETURNS} {wanted.named}", self.api.caller.member_id, POSITION)
        orders, position = self.lists.search(
            wanted,
            now=self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[ReturnsAnswer(sku=sku, **plain(each)) for sku, each in returns_by_sku(orders).items()],
            next_cursor=places.write(position),
        )

    @route(
        "GET",
        "/orders/<order_id>",
        summary="See an order",
        who=Who.OWNER,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses=NO_ORDER,
    )
    def get_order(self, order_id: OrderIdPath) -> OrderAnswer:
        """Show one of the caller's orders; staff may see any. Somebody else's is as if it did not exist."""
        order = self.book.require(order_id, member_id=self.api.caller.owner)
        return order_answer(as_of(order, self.clock()), self.policy, self.book.refunds(order))

    @route(
        "GET",
        "/orders/<order_id>/history",
        summary="See what happened to an order",
        who=Who.OWNER,
        roles=Role.STAFF | Role.CLERK | Role.FINANCE,
        refuses={**NO_ORDER, 400: ["invalid_cursor"]},
    )
    def get_order_history(
        self, order_id: OrderIdPath, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[HistoryAnswer]:
        """List what has happened to an order, newest first; owner or staff.

        Its steps, the units that left it with what that gave back, and each correction of its shipment with
        what had been told before.
        """
        places = Cursors(f"{HISTORY} {order_id}", self.api.caller.member_id, history.POSITION)
        after = places.read(cursor)
        order = as_of(self.book.require(order_id, member_id=self.api.caller.owner), self.clock())
        found, position = self.book.history(order, limit=limit, after=after)
        return Page(
            items=[history_answer(each, self.policy) for each in found], next_cursor=places.write(position)
        )

    def _tracked(self, tracking: str, limit: int, cursor: str | None) -> Page[OrderAnswer]:
        places = self._places(f"{TRACKED} {tracking}")
        found, position = self.lists.tracked(
            tracking,
            now=self.clock(),
            limit=limit,
            after=places.read(cursor),
            deadline=self.api.deadline,
        )
        return Page(
            items=[order_answer(order, self.policy) for order in found], next_cursor=places.write(position)
        )

    def _places(self, of_list: str, form: str = POSITION) -> Cursors:
        return Cursors(of_list, self.api.caller.member_id, form)

    def _listed(
        self, member_id: str | None, wanted: Filter, limit: int, cursor: str | None
    ) -> Page[OrderAnswer]:
        """Return a page of a member's orders, or of all orders (None)."""
        places = self._places(f"{ORDERS} {member_id} {wanted.named}")
        after = places.read(cursor)
        find = self.lists.search if member_id is None else partial(self.lists.of_member, member_id)
        found, position = find(wanted, now=self.clock(), limit=limit, after=after, deadline=self.api.deadline)
        return Page(
            items=[order_answer(order, self.policy) for order in found], next_cursor=places.write(position)
        )
