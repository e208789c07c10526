"""Face: what happens to an order, from its payment to what comes back of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated

from functions.cases.case import Actor
from functions.domain.policy import Policy
from functions.orders import history, life
from functions.orders.book import OrderBook
from functions.orders.leaving import CANCELLED, RETURNED, Leaving, take_units, would_leave
from functions.orders.life import as_of
from functions.orders.order import Order, Status
from functions.orders.payments import pay
from functions.orders.rows import late_row
from functions.orders.schema import (
    NO_ORDER,
    CancelAnswer,
    CancelRequest,
    LeavingRequest,
    OrderAnswer,
    PaymentRequest,
    ReturnAnswer,
    ReturnPreviewAnswer,
    ReturnRequest,
    ShipmentRequest,
    by_line,
    by_sku,
    cancel_answer,
    order_answer,
    return_answer,
    return_preview_answer,
)
from functions.platform.dynamo import Transaction
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Body, OrderIdPath
from functions.platform.roles import Role

NOT_SAID = ShipmentRequest()
WHOLE = CancelRequest()
NOT_SHIPPED = frozenset({Status.PLACED, Status.PAID})
"""How an order stands whose units leave it by being cancelled (O4, O7)."""


@dataclass(frozen=True, slots=True)
class OrderLifeFace:
    """What staff, and members of their own orders, let happen."""

    api: Api
    book: OrderBook
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "POST",
        "/orders/<order_id>/cancel",
        summary="Cancel an order, or units of it",
        who=Who.OWNER,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        body_optional=True,
        refuses={
            **NO_ORDER,
            409: ["order_not_cancellable", "conflict"],
            422: ["line_id_needed", "cancel_exceeds_order", "cancel_id_reused"],
        },
    )
    def cancel_order(
        self, order_id: OrderIdPath, request: Annotated[CancelRequest, Body()] = WHOLE
    ) -> CancelAnswer:
        """Cancel an order that is not shipped yet; owner or staff. Everything comes back with it.

        With `cancel_id` and `lines`, only these units leave a paid order, once per `cancel_id` of the order;
        the rest is shipped. What is kept is as if they had been returned. All units that are left are the
        cancellation of the whole. The same again answers the order as it is, with the original `refund_fen`
        and `points_restored`.

        A line is named by its `line_id`, or by its `sku` where that stands once on the order.
        """
        if request.cancel_id is None or request.lines is None:
            order = self._happens(order_id, life.cancel, member_id=self.api.caller.owner)
            return cancel_answer(as_of(order, self.clock()), self.policy)
        left = take_units(
            self.book,
            Leaving(
                way=CANCELLED,
                order_id=order_id,
                caller_id=request.cancel_id,
                units=by_sku(request.lines),
                by_line=by_line(request.lines),
                at=self.clock(),
                member_id=self.api.caller.owner,
            ),
            self.api.deadline,
        )
        return cancel_answer(as_of(left.order, self.clock()), self.policy, left)

    @route(
        "POST",
        "/orders/<order_id>/receipt",
        summary="Confirm the receipt",
        who=Who.OWNER,
        roles=Role.STAFF | Role.CLERK,
        refuses={**NO_ORDER, 409: ["order_not_receivable", "conflict"]},
    )
    def receive_order(self, order_id: OrderIdPath) -> OrderAnswer:
        """Say that the parcel has arrived; owner or staff."""
        return self._shown(self._happens(order_id, life.receive, member_id=self.api.caller.owner))

    @route(
        "POST",
        "/orders/<order_id>/shipment",
        summary="Record the shipment, or correct it",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        body_optional=True,
        refuses={**NO_ORDER, 409: ["order_not_shippable", "conflict"]},
    )
    def ship_order(
        self, order_id: OrderIdPath, request: Annotated[ShipmentRequest, Body()] = NOT_SAID
    ) -> OrderAnswer:
        """Record that a paid order was handed to the carrier.

        Sent again while the order is shipped, it corrects what it names; what had been told before stays in
        the order's history.
        """
        told = {name: getattr(request, name) for name in request.model_fields_set}
        return self._shown(
            self._happens(order_id, partial(life.ship, told=told), also=self._to_be_looked_for)
        )

    @route(
        "POST",
        "/orders/<order_id>/refusal",
        summary="Record a refused parcel",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        refuses={**NO_ORDER, 409: ["order_not_refusable", "conflict"]},
    )
    def refuse_order(self, order_id: OrderIdPath) -> OrderAnswer:
        """Record that the member did not take the parcel. Everything comes back with it."""
        return self._shown(self._happens(order_id, life.refuse))

    @route(
        "POST",
        "/orders/<order_id>/returns",
        summary="Take units back",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        refuses={
            **NO_ORDER,
            409: ["order_not_returnable", "conflict"],
            422: ["line_id_needed", "return_exceeds_order", "return_id_reused"],
        },
    )
    def return_units(self, order_id: OrderIdPath, request: Annotated[ReturnRequest, Body()]) -> ReturnAnswer:
        """Take units of a received order back, once per `return_id` of the order; any number of times.

        A line is named by its `line_id`, or by its `sku` where that stands once on the order. The same return
        again answers the order as it is with its original `refund_fen` and `points_restored`.
        """
        made = Leaving(
            way=RETURNED,
            order_id=order_id,
            caller_id=request.return_id,
            units=by_sku(request.lines),
            by_line=by_line(request.lines),
            at=self.clock(),
        )
        left = take_units(self.book, made, self.api.deadline)
        return return_answer(replace(left, order=as_of(left.order, made.at)), self.policy)

    @route(
        "POST",
        "/orders/<order_id>/returns/preview",
        summary="See what units would give back",
        who=Who.OWNER,
        roles=Role.CLERK | Role.FINANCE,
        body=True,
        refuses={
            **NO_ORDER,
            409: ["order_not_cancellable", "order_not_returnable"],
            422: ["line_id_needed", "cancel_exceeds_order", "return_exceeds_order"],
        },
    )
    def preview_return(
        self, order_id: OrderIdPath, request: Annotated[LeavingRequest, Body()]
    ) -> ReturnPreviewAnswer:
        """Show what units would give back if they left an order now, and what that is made of.

        Nothing changes by it. Units of a received order are asked about as if they came back, those of one
        that is not shipped as if they were cancelled. The `amount_fen` of the `parts` add up to `refund_fen`:
        units at their price, what offers took of them, what is charged for a gift that stays, shipping, and
        what was paid with points.
        """
        order = as_of(self.book.require(order_id, member_id=self.api.caller.owner), self.clock())
        leaving = Leaving(
            way=CANCELLED if order.status in NOT_SHIPPED else RETURNED,
            order_id=order_id,
            caller_id="",  # it is spent on nothing
            units=by_sku(request.lines),
            by_line=by_line(request.lines),
            at=self.clock(),
        )
        return return_preview_answer(*would_leave(order, leaving))

    @route(
        "POST",
        "/orders/<order_id>/payment",
        summary="Record a payment",
        who=Who.STAFF,
        roles=Role.STAFF | Role.FINANCE,
        body=True,
        refuses={
            404: ["order_not_found"],
            409: ["conflict"],
            422: ["amount_mismatch", "payment_id_reused", "payment_gone_back"],
        },
    )
    def record_payment(
        self, order_id: OrderIdPath, request: Annotated[PaymentRequest, Body()]
    ) -> OrderAnswer:
        """Record a payment under its global id, once.

        A placed order becomes paid by exactly its amount; on any other order the payment is recorded as not
        applied, and its money is due back. Another amount for a placed order is refused, as a typing error
        should be, unless `received` says that this money has arrived: then it is recorded as not applied.
        """
        order = pay(
            self.book,
            order_id,
            payment_id=request.payment_id,
            amount_fen=request.amount_fen,
            now=self.clock(),
            deadline=self.api.deadline,
            received=request.received,
        )
        return self._shown(order)

    def _happens(
        self,
        order_id: str,
        event: Callable[..., Order],
        *,
        member_id: str | None = None,
        also: Callable[[Transaction, Order, Order], None] = lambda transaction, before, after: None,
    ) -> Order:
        """Let something happen to an order now."""
        moment = self.clock()
        return self.book.change(
            order_id,
            lambda order: event(order, now=moment),
            self.api.deadline,
            member_id=member_id,
            by=Actor.STAFF if member_id is None else Actor.MEMBER,
            kept_as=partial(history.corrected, at=moment),
            also=also,
        )

    def _to_be_looked_for(self, transaction: Transaction, before: Order, after: Order) -> None:
        """Add to a shipment that its parcel is late at a time, unless that is known (A11)."""
        if before.shipped_at is None:
            late = late_row(after, self.policy.orders.delivery_late_days)
            transaction.put_new(self.book.orders_table, late)

    def _shown(self, order: Order) -> OrderAnswer:
        return order_answer(as_of(order, self.clock()), self.policy)
