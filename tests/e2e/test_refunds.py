"""Money that goes back through providers on the deployed stack, the till at the other end (Y4, Y6, Y7)."""

import uuid
from typing import Any

import pytest
from memberday_client.api.orders import cancel_order
from memberday_client.api.payments import (
    get_refunds,
    get_unassigned_payments,
    pay_refund_by_hand,
    refund_payment,
)
from memberday_client.models import (
    BackRequest,
    ByHandRequest,
    CancelRequest,
    OrderAnswer,
    OrderRefundAnswer,
)

from local.interrupts import Interrupts
from local.till.process import TillProcess
from reach.folder import StateFolder
from tests.support.answers import granted
from tests.support.shopper import Shopper, registered
from tests.support.stack import Stack

ASK = "ask-payments"
RUNS_MAX = 5
Json = dict[str, Any]


@pytest.fixture
def till(deployed: Stack) -> TillProcess:
    """The till of the deployed stack."""
    return TillProcess(StateFolder(deployed.folder), Interrupts())


def paid(shopper: Shopper, provider: str, quantity: int = 2) -> OrderAnswer:
    """Place an order and pay it at the till."""
    order = shopper.order(uuid.uuid4().hex, quantity)
    shopper.stack.local("pay", order.order_id, "--provider", provider, "--as", shopper.name)
    return shopper.found(order)


def one_unit_cancelled(shopper: Shopper, order: OrderAnswer) -> None:
    """Let one unit leave a paid order."""
    body = CancelRequest(cancel_id=uuid.uuid4().hex, lines=shopper.leaving(1))
    granted(cancel_order.sync(order.order_id, client=shopper.client, body=body))


def refunds(shopper: Shopper, order: OrderAnswer) -> list[OrderRefundAnswer]:
    """Return what is due back for an order, as its owner sees it."""
    return shopper.found(order).refunds or []


def run_until(shopper: Shopper, order: OrderAnswer, state: str) -> OrderRefundAnswer:
    """Let the job run, a minute and more apart, until an order's refund stands so."""
    for _ in range(RUNS_MAX):
        shopper.stack.local("fire", ASK)
        (refund,) = refunds(shopper, order)
        if refund.state == state:
            return refund
        shopper.stack.clock("+2m")
    raise AssertionError(f"the refund is {refund.state}")


def trade_of(till: TillProcess, order: OrderAnswer) -> Json:
    """Return the one trade of an order, as its provider knows it."""
    number = f"{order.order_id.removeprefix('ord_')}_01"
    (trade,) = till.ask("GET", f"/till/trades?number={number}")["trades"]
    found: Json = trade
    return found


@pytest.mark.parametrize("provider", ["wechatpay", "alipay", "stripe"])
def test_Y7_what_is_cancelled_goes_back_through_its_provider_and_is_seen_on_the_order(
    deployed: Stack, till: TillProcess, provider: str
) -> None:
    shopper = registered(deployed, units=3)
    order = paid(shopper, provider)
    assert refunds(shopper, order) == []
    one_unit_cancelled(shopper, order)
    (due,) = refunds(shopper, order)
    assert (due.amount_fen, due.provider) == (9_950, provider)
    done = run_until(shopper, order, "succeeded")
    assert (done.refund_id, done.amount_fen) == (due.refund_id, 9_950)
    assert trade_of(till, order)["refunded"] == 9_950
    for _ in range(2):  # nothing of it is done again
        deployed.local("fire", ASK)
    assert trade_of(till, order)["refunded"] == 9_950


def test_Y7_what_a_provider_will_not_pay_back_is_paid_by_hand(deployed: Stack, till: TillProcess) -> None:
    shopper = registered(deployed, units=3)
    order = paid(shopper, "wechatpay")
    one_unit_cancelled(shopper, order)
    number = f"{order.order_id.removeprefix('ord_')}_01"
    plan = {"number": number, "provider": "wechatpay", "fails_seconds": 1}
    till.ask("POST", "/till/plan/refunds", plan)
    failed = run_until(shopper, order, "failed")
    listed = granted(get_refunds.sync(client=shopper.clerk, state="failed", limit=100))
    assert failed.refund_id in {each.refund_id for each in listed.items}
    said = ByHandRequest(reason="bank transfer", reference="bank-1")
    told = granted(pay_refund_by_hand.sync(failed.refund_id, client=shopper.clerk, body=said))
    assert told.state == "paid_by_hand"
    (shown,) = refunds(shopper, order)
    assert shown.state == "paid_by_hand"
    listed = granted(get_refunds.sync(client=shopper.clerk, state="failed", limit=100))
    assert failed.refund_id not in {each.refund_id for each in listed.items}


def test_Y4_money_that_is_no_orders_goes_back_to_where_it_came_from(
    deployed: Stack, till: TillProcess
) -> None:
    shopper = registered(deployed)
    number = f"elsewhere-{uuid.uuid4().hex[:12]}"
    till.ask("POST", "/till/money", {"provider": "stripe", "number": number, "amount_fen": 5_000})
    deployed.local("settle")
    listed = granted(get_unassigned_payments.sync(client=shopper.clerk, limit=100)).items
    (money,) = [each for each in listed if each.number == number]
    body = BackRequest(reason="paid by mistake")
    back = granted(refund_payment.sync(money.payment_id, client=shopper.clerk, body=body))
    assert back.state == "refunded"
    deployed.local("fire", ASK)
    (trade,) = till.ask("GET", f"/till/trades?number={number}")["trades"]
    assert trade["refunded"] == 5_000
