"""Face: what a cart costs, and placing its order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from functions.checkout.checkout import Checkout
from functions.checkout.placing import Placing, QuoteChangedError
from functions.checkout.schema import OrderRequest
from functions.domain import identifiers
from functions.domain.errors import ConflictError
from functions.domain.policy import Policy
from functions.offers.schema import CartRequest, QuoteAnswer, quote_answer
from functions.orders.life import as_of
from functions.orders.schema import OrderAnswer, order_answer
from functions.platform.http import Api, Response, Who, answer, route
from functions.platform.parameters import REPLAYED, Body, IdempotencyKey, checked_key

QUOTE_REFUSALS = {
    409: ["not_registered", "coupon_used", "insufficient_points"],
    422: [
        "unknown_sku",
        "product_withdrawn",
        "coupon_not_found",
        "coupon_not_applicable",
        "offer_conflict",
        "campaign_not_applicable",
        "too_many_offers",
        "points_step",
        "points_exceed_order",
    ],
}


@dataclass(frozen=True, slots=True)
class CheckoutFace:
    """Where a cart becomes an order."""

    api: Api
    checkout: Checkout
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "POST",
        "/quotes",
        summary="See what a cart costs now",
        who=Who.MEMBER,
        body=True,
        refuses=QUOTE_REFUSALS,
    )
    def quote_cart(self, request: Annotated[CartRequest, Body()]) -> QuoteAnswer:
        """Price a cart for the caller. Nothing is reserved and nothing changes; stock is not checked."""
        return quote_answer(
            self.checkout.quote(request.cart(), self.api.caller.member_id, self.clock(), self.api.deadline),
            self.policy,
        )

    @route(
        "POST",
        "/orders",
        summary="Place an order",
        who=Who.MEMBER,
        body=True,
        answers=HTTPStatus.CREATED,
        answer_headers={REPLAYED: "`true` where the order was there before this request."},
        refuses={
            400: ["idempotency_key_missing"],
            409: [*QUOTE_REFUSALS[409], "insufficient_stock", "quote_changed", "conflict"],
            422: [*QUOTE_REFUSALS[422], "idempotency_key_reused"],
        },
    )
    def place_order(
        self,
        request: Annotated[OrderRequest, Body()],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[OrderAnswer]:
        """Take the stock and place the order, all or nothing.

        The same key with the same body again answers the order as it is now, with the header
        `Idempotent-Replayed: true`; a refused request uses no key up.
        """
        key = checked_key(idempotency_key, "An order")
        placing = Placing(
            order_id=identifiers.order_id(self.api.caller.member_id, key),
            member_id=self.api.caller.member_id,
            request=request.fingerprint(),
            cart=request.cart(),
            expected_paid_fen=request.expected_paid_fen,
            expected_gifts=request.gifts(),
            placed_at=self.clock(),
        )
        try:
            order, repeat = self.checkout.place(placing, self.api.deadline)
        except QuoteChangedError as changed:
            shown_quote = quote_answer(changed.quote, self.policy).model_dump(mode="json")
            raise ConflictError(changed.code, changed.detail, quote=shown_quote) from changed
        self.api.note(order_id=order.order_id)
        return answer(
            order_answer(as_of(order, self.clock()), self.policy),
            HTTPStatus.CREATED,
            {REPLAYED: "true"} if repeat else {},
        )
