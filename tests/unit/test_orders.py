"""The life of an order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.cases.case import CaseKind, OpenCase
from functions.catalog.products import Product
from functions.checkout.schema import OrderRequest
from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import load
from functions.offers.pricing import price
from functions.offers.quotes import Cart, CartLine, LineOfferUse, NotApplied, Shopper
from functions.orders.life import PAYMENTS_KEPT_MAX, as_of, pay, receive, refuse, return_units, ship
from functions.orders.order import Order, Status, Terms
from functions.orders.rows import order_of, row_of
from tests.support.offered import bought, coupon, gift, gives, placed, quote_of, saves

POLICY = load()
PLACED_AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LAPSES_AT = PLACED_AT + timedelta(minutes=30)
TEA = Product(sku="tea", name="Tea", price_fen=9_950, member_zone=False, stock=10)
CART = Cart(lines=(CartLine(sku="tea", quantity=1),))
QUOTE = price(CART, {"tea": TEA}, Shopper(tier="J0", at=PLACED_AT), POLICY)
ORDER = Order(
    order_id="ord_1",
    member_id="alice",
    request="sha_1",
    status=Status.PLACED,
    placed_at=PLACED_AT,
    quote=QUOTE,
    terms=Terms.of(POLICY),
)


def paid(order: Order = ORDER, *, payment_id: str = "p1", amount_fen: int = 10_950, at: datetime) -> Order:
    """Pay an order."""
    return pay(order, payment_id=payment_id, amount_fen=amount_fen, now=at)


def test_a_placed_order_becomes_paid_by_its_amount() -> None:
    order = paid(at=PLACED_AT)
    assert (order.status, order.paid_at, order.version) == (Status.PAID, PLACED_AT, 2)
    (change,) = order.changes
    assert (change.at, change.effective_fen, change.earned_points) == (PLACED_AT, 10_950, 110)
    assert [payment.applied for payment in order.payments] == [True]


@pytest.mark.parametrize("amount_fen", [10_949, 10_951, 0])
def test_another_amount_is_refused_while_the_order_is_placed(amount_fen: int) -> None:
    with pytest.raises(InvalidError) as refused:
        paid(amount_fen=amount_fen, at=PLACED_AT)
    assert refused.value.code == "amount_mismatch"


def test_O2_an_unpaid_order_reads_lapsed_from_its_thirtieth_minute_on() -> None:
    assert as_of(ORDER, LAPSES_AT - timedelta(seconds=1)).status is Status.PLACED
    lapsed = as_of(ORDER, LAPSES_AT)
    assert (lapsed.status, lapsed.closed_at) == (Status.LAPSED, LAPSES_AT)
    assert as_of(ORDER, LAPSES_AT + timedelta(days=9)).closed_at == LAPSES_AT


def test_O2_it_can_be_paid_to_the_last_second_and_not_after() -> None:
    assert paid(at=LAPSES_AT - timedelta(seconds=1)).status is Status.PAID
    late = paid(at=LAPSES_AT)
    assert (as_of(late, LAPSES_AT).status, late.changes) == (Status.LAPSED, ())
    assert [payment.applied for payment in late.payments] == [False]


SHIPPED = ship(paid(at=PLACED_AT), told={"tracking_no": "SF-1"}, now=PLACED_AT)
TEN_DAYS_ON = PLACED_AT + timedelta(days=10)


def test_O3_what_nobody_confirmed_is_received_after_ten_days_however_late_anybody_looks() -> None:
    assert as_of(SHIPPED, TEN_DAYS_ON - timedelta(seconds=1)).status is Status.SHIPPED
    for late in (TEN_DAYS_ON, TEN_DAYS_ON + timedelta(days=9)):
        assert (as_of(SHIPPED, late).status, as_of(SHIPPED, late).received_at) == (
            Status.RECEIVED,
            TEN_DAYS_ON,
        )
        assert receive(SHIPPED, now=late).received_at == TEN_DAYS_ON


@pytest.mark.parametrize("written", [False, True], ids=["before the job", "after the job"])
def test_A2_an_order_that_closes_keeps_what_had_been_refused_for_good_by_then(written: bool) -> None:
    final = PLACED_AT + timedelta(days=3)
    case = OpenCase(case_id="cas_1", kind=CaseKind.REFUND_ONLY, units=(1,), ends_at=final, refused=True)
    order = replace(SHIPPED, cases=(case,))
    closed = refuse(as_of(order, final) if written else order, now=final)
    assert (closed.denied, closed.cases) == ({"refund_only": (1,)}, ())
    earlier = refuse(order, now=final - timedelta(seconds=1))
    assert (earlier.denied, earlier.cases) == ({}, ())


def test_R2_it_makes_no_difference_whether_the_job_has_run() -> None:
    by_the_job = as_of(SHIPPED, TEN_DAYS_ON)
    for order in (SHIPPED, by_the_job):
        with pytest.raises(ConflictError) as refused:
            refuse(order, now=TEN_DAYS_ON)
        assert refused.value.code == "order_not_refusable"
        back = return_units(order, {"tea": 1}, now=TEN_DAYS_ON)
        assert (back.status, back.received_at, back.closed_at) == (Status.RETURNED, TEN_DAYS_ON, TEN_DAYS_ON)
    assert refuse(SHIPPED, now=TEN_DAYS_ON - timedelta(seconds=1)).status is Status.REFUSED


def test_O6_payments_beyond_what_a_row_lists_leave_out_the_oldest_that_paid_for_nothing() -> None:
    order = paid(at=PLACED_AT)
    for number in range(PAYMENTS_KEPT_MAX + 5):
        order = paid(order, payment_id=f"late{number}", amount_fen=1, at=PLACED_AT)
    assert len(order.payments) == PAYMENTS_KEPT_MAX
    assert (order.payments[0].payment_id, order.payments[1].payment_id) == ("p1", "late6")


def test_O6_money_for_an_order_that_is_no_longer_placed_is_recorded_whatever_its_amount() -> None:
    first = paid(at=PLACED_AT)
    second = paid(first, payment_id="p2", amount_fen=1, at=PLACED_AT)
    assert [(each.payment_id, each.applied) for each in second.payments] == [("p1", True), ("p2", False)]
    assert (second.status, second.changes, second.quote) == (first.status, first.changes, first.quote)


def test_R4_an_order_keeps_its_terms_when_the_policy_changes() -> None:
    generous = Terms.of(replace(POLICY, points=replace(POLICY.points, earned_per_yuan=3)))
    assert generous != ORDER.terms
    assert paid(at=PLACED_AT).changes[0].earned_points == 110


def test_an_order_survives_its_row() -> None:
    order = paid(paid(at=PLACED_AT), payment_id="p2", amount_fen=5, at=LAPSES_AT)
    assert order_of(row_of(order)) == order
    assert order_of(row_of(ORDER)) == ORDER


OFFERED = replace(
    quote_of(
        [
            bought("tea", 7_000, 3, list_fen=9_950, price_of="flash-1"),
            bought("cup", 2_000, list_fen=2_500, price_of="member_day"),
            bought("pin", 100),
            gift("cup", 2_500, "z"),
        ],
        saves("a", 1_000, 0, 2),
        gives(20_000, 0, 1, 2, campaign_id="z"),
        coupon=coupon(500, 1),
        line_offers=[LineOfferUse(campaign_id="flash-1", version=4, kind="flash")],
    ),
    not_applied=(
        NotApplied(offer="points", code="not_requested", detail="No."),
        NotApplied(offer="campaign", code="below_threshold", detail="No.", campaign_id="b", missing_fen=1),
        NotApplied(offer="coupon", code="other_coupon", detail="No.", coupon_id="cpn_u"),
        NotApplied(
            offer="campaign",
            code="flash_sold_out",
            detail="No.",
            campaign_id="flash-0",
            sku="cup",
            may_have=0,
        ),
    ),
)
"""Every field that offers have, said and left out."""


def test_V16_an_order_keeps_every_offer_in_its_row() -> None:
    order = placed(OFFERED)
    assert order_of(row_of(order)) == order
    assert [line.line_id for line in order.quote.lines] == ["tea", "cup", "pin", "cup:z"]


LINE_FROM_BEFORE = {"sku", "quantity", "list_price_fen", "unit_price_fen", "amount_fen"}
QUOTE_FROM_BEFORE = {
    "tier",
    "member_day",
    "lines",
    "goods_fen",
    "coupon",
    "shipping_fen",
    "order_amount_fen",
    "redeemed_points",
    "points_value_fen",
    "paid_fen",
    "earns_points",
    "not_applied",
}


def test_an_order_without_offers_has_the_row_that_it_had_before_there_were_any() -> None:
    quote = quote_of([bought("tea", 9_950), bought("cup", 90, list_fen=100, price_of="member_day")])
    quote = replace(
        quote, not_applied=QUOTE.not_applied, coupon=replace(coupon(1), template_id=None, base=None)
    )
    row = row_of(placed(quote))["quote"]
    assert set(row) == QUOTE_FROM_BEFORE
    assert [set(line) for line in row["lines"]] == [LINE_FROM_BEFORE] * 2
    assert set(row["coupon"]) == {"coupon_id", "amount_fen"}
    assert {name for reason in row["not_applied"] for name in reason} == {"offer", "code", "detail"}


def test_a_line_from_before_there_were_campaigns_says_by_its_prices_what_they_are_of() -> None:
    quote = quote_of([bought("tea", 9_950), bought("cup", 90, list_fen=100, price_of="member_day")])
    read = order_of(row_of(placed(quote)))
    assert [(line.line_id, line.price_of, line.gift_of) for line in read.quote.lines] == [
        ("tea", "list", None),
        ("cup", "member_day", None),
    ]


@pytest.mark.parametrize(
    ("body", "was"),
    [
        ({"lines": [{"sku": "tea", "quantity": 1}]}, "sha_cia46tc5pnn3bhyrbvbgsybrve"),
        (
            {
                "lines": [{"sku": "tea", "quantity": 1}, {"sku": "cup", "quantity": 2}],
                "coupon": "best",
                "points": 500,
                "expected_paid_fen": 10_950,
            },
            "sha_7otibhqughs7bugezugeifrcvm",
        ),
    ],
)
def test_R1_a_request_from_before_there_were_campaigns_has_the_fingerprint_that_it_had(
    body: dict[str, object], was: str
) -> None:
    assert OrderRequest.model_validate(body).fingerprint() == was
    assert OrderRequest.model_validate({**body, "campaigns": "best"}).fingerprint() == was
    others: list[dict[str, object]] = [{"campaigns": "none"}, {"campaigns": ["a"]}, {"expected_gifts": []}]
    told = {OrderRequest.model_validate({**body, **other}).fingerprint() for other in others}
    assert len(told | {was}) == 1 + len(others)
