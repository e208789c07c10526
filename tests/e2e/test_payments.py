"""Orders paid through providers on the deployed stack, with the till at the other end (Y1-Y5)."""

import binascii
import http.client
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import hypothesis
import pytest
from hypothesis import strategies as st
from memberday_client.api.orders import record_payment
from memberday_client.api.payments import (
    ask_for_payment,
    assign_payment,
    get_payment_differences,
    get_unassigned_payments,
)
from memberday_client.models import (
    AssignmentRequest,
    AttemptAnswer,
    AttemptRequest,
    OrderAnswer,
    PaymentRequest,
    UnassignedAnswer,
)

from functions.payments.providers.reading import BEIJING
from local.errors import LocalError
from local.interrupts import Interrupts
from local.processes import wait_until
from local.till.process import TillProcess, state_of
from local.till.secrets import fill
from reach.aws import Aws
from reach.folder import StateFolder
from tests.support.answers import granted, refused
from tests.support.fuzz import EXAMPLES, SEED
from tests.support.listener import StackListener
from tests.support.shopper import Shopper, registered
from tests.support.stack import ANSWER_SECONDS_MAX, Stack
from tests.support.till import Told, shop_listening

PROVIDERS = ("wechatpay", "alipay", "stripe")
METHODS = {
    "wechatpay": {"default": "qr", "jsapi": "params", "h5": "redirect"},
    "alipay": {"default": "redirect", "wap": "redirect", "qr": "qr"},
    "stripe": {"default": "client_secret"},
}
"""What each method gives a device to do."""
PAYERS = {"jsapi": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "h5": "203.0.113.7"}
PLATFORMS_KEYS = ("wechatpay.platform", "wechatpay.apiv3", "alipay.platform", "stripe.webhook")
TOLD_SECONDS_MAX = 20
TIMES = 50
BODY_BYTES_MAX = 64 * 1_024
LATE = 31 * 60
"""So many seconds after its placing an order has lapsed."""
ALARMING = 20
"""More refused notifications than this in five minutes alarm (Y3)."""
REFUSED = {401, 413}
TAKEN = {"wechatpay": (204, b""), "alipay": (200, b"success"), "stripe": (200, b"")}
"""How each provider is told that something was taken."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Till:
    """The shopper's device, and the control surface that says how it goes."""

    process: TillProcess

    @classmethod
    def of(cls, stack: Stack) -> "Till":
        """Return the till of a stack."""
        return cls(TillProcess(StateFolder(stack.folder), Interrupts()))

    def control(self, path: str, **body: Any) -> Json:
        """Have the till do something."""
        return self.process.ask("POST", f"/till/{path}", body)

    def trade(self, attempt: AttemptAnswer) -> Json:
        """Return an attempt as its provider knows it."""
        query = f"number={quote(attempt.attempt_id)}&provider={attempt.provider}"
        (trade,) = self.process.ask("GET", f"/till/trades?{query}")["trades"]
        found: Json = trade
        return found

    def pay(self, attempt: AttemptAnswer, **plan: Any) -> Json:
        """Do what an attempt has a device do; return the trade, once what is due at once has been told."""
        action = attempt.action.to_dict()
        kind, value = action["kind"], action["value"]
        if kind == "redirect":
            named = {"number": self.visit(value), "provider": attempt.provider}
            self.control("pay", **named, **plan)
        elif kind == "client_secret":
            self._confirm(value, plan)
        else:
            self.control("pay", **{kind: value}, **plan)
        return self.trade(attempt)

    def told(self, attempt: AttemptAnswer) -> list[str]:
        """Return what became of each notification of an attempt, once each has been answered."""
        assert wait_until(
            lambda: all(each["tries"] for each in self.trade(attempt)["told"]), TOLD_SECONDS_MAX
        )
        return [each["done"] for each in self.trade(attempt)["told"]]

    def visit(self, address: str) -> str | None:
        """Go to the provider's page; return the number of the trade that it is about."""
        assert address.startswith(f"{self.process.require().endpoint}/")
        return answered("GET", address).headers["till-number"]

    def _confirm(self, client_secret: str, plan: Json) -> None:
        """Confirm a PaymentIntent as Stripe's SDK does on a device."""
        self.control("plan", client_secret=client_secret, **plan)
        key = self.process.ask("GET", "/till")["publishable_key"]
        self.process.ask(
            "POST",
            f"/v1/payment_intents/{intent_of(client_secret)}/confirm",
            form={"client_secret": client_secret, "payment_method": "pm_card_visa"},
            headers={"Authorization": f"Bearer {key}"},
        )
        self.control("deliver")

    def again(self, attempt: AttemptAnswer, times: int = 1) -> list[str]:
        """Have it told so many times more, at once, that an attempt is paid; return what became of it."""
        self.control("notify", number=attempt.attempt_id, provider=attempt.provider, times=times)
        return self.told(attempt)


@dataclass(frozen=True)
class Received:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answered(
    method: str, address: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Received:
    """Ask exactly this: no token, and no header that nobody wrote."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.netloc, timeout=ANSWER_SECONDS_MAX)
    try:
        target = f"{url.path}?{url.query}" if url.query else url.path
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value.encode("latin-1"))
        if body is not None:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        given = {name.lower(): value for name, value in answer.getheaders()}
        return Received(answer.status, given, answer.read())
    finally:
        connection.close()


def intent_of(client_secret: str) -> str:
    """Return the id of a client secret's PaymentIntent."""
    return client_secret.partition("_secret_")[0]


@pytest.fixture
def till(deployed: Stack) -> Till:
    """The till of the deployed stack."""
    return Till.of(deployed)


@pytest.fixture
def listener(deployed: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(deployed)
    yield listener
    listener.close()


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member, and units of a product of their own."""
    return registered(deployed, units=40)


@pytest.fixture
def staff(deployed: Stack) -> Shopper:
    """Somebody who reads the staff's lists, and has not registered."""
    return Shopper(deployed)


def asked(shopper: Shopper, order: OrderAnswer, provider: str, method: str = "default") -> AttemptAnswer:
    """Ask for the payment of an order."""
    told = {"provider": provider, "method": method}
    if method in PAYERS:
        told["payer"] = PAYERS[method]
    body = AttemptRequest.from_dict(told)
    return granted(ask_for_payment.sync(order.order_id, client=shopper.client, body=body))


def each_asked(shopper: Shopper) -> dict[str, tuple[OrderAnswer, AttemptAnswer]]:
    """Place an order for each provider, and ask for its payment."""
    made = {}
    for provider in PROVIDERS:
        order = shopper.order(f"k-{provider}")
        made[provider] = order, asked(shopper, order, provider)
    return made


def timeless(attempt: AttemptAnswer) -> Json:
    """Return an attempt as it is answered, but for when a page's address was signed."""
    told = attempt.to_dict()
    if told["action"]["kind"] == "redirect":
        query = dict(parse_qsl(urlsplit(told["action"]["value"]).query))
        told["action"] = {name: value for name, value in query.items() if name not in ("timestamp", "sign")}
    return told


def payment_of(attempt: AttemptAnswer, trade: Json) -> str:
    """Return the id that the suite gives the payment of an attempt."""
    action = attempt.action.to_dict()
    is_intent = action["kind"] == "client_secret"
    return f"{attempt.provider}:{intent_of(action['value']) if is_intent else trade['transaction']}"


def shown(order: OrderAnswer) -> list[tuple[str, str, int, bool]]:
    """Return what an order shows of its payments."""
    return [(each.payment_id, each.provider, each.amount_fen, each.applied) for each in order.payments]


def told_once(listener: StackListener, order: OrderAnswer, kind: str) -> list[Json]:
    """Return what was told of an order in a kind of event, each fact once (R1)."""
    heard = [detail for name, detail in listener.heard_of(order.order_id) if name == kind]
    return list({detail["event_id"]: detail for detail in heard}.values())


def listed(shopper: Shopper) -> dict[str, UnassignedAnswer]:
    """Return the money that is no order's, by the payments' ids."""
    found: dict[str, UnassignedAnswer] = {}
    cursor: str | None = None
    while True:
        page = granted(get_unassigned_payments.sync(client=shopper.clerk, limit=100, cursor=cursor))
        found |= {money.payment_id: money for money in page.items}
        cursor = page.next_cursor
        if cursor is None:
            return found


def address_of(stack: Stack, provider: str) -> str:
    """Return where a provider tells what it has to tell."""
    return f"{stack.outputs['ApiUrl']}/payments/{provider}/notifications"


# From the request to the order paid ----------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
def test_Y2_each_method_leads_from_the_request_to_the_order_paid(
    shopper: Shopper, till: Till, listener: StackListener, provider: str
) -> None:
    made = []
    for method, kind in METHODS[provider].items():
        order = shopper.order(f"k-{method}")
        attempt = asked(shopper, order, provider, method)
        assert attempt.action.kind == kind
        assert (attempt.provider, attempt.method, attempt.amount_fen) == (provider, method, order.paid_fen)
        assert (attempt.expires_at - order.placed_at).total_seconds() == 27 * 60
        trade = till.pay(attempt)
        assert (trade["state"], trade["paid_amount"]) == ("paid", order.paid_fen)
        made.append((order, payment_of(attempt, trade)))
    shopper.stack.local("settle")
    for order, payment_id in made:
        found = shopper.found(order)
        assert found.status == "paid"
        assert shown(found) == [(payment_id, provider, order.paid_fen, True)]
        (paid,) = told_once(listener, order, "OrderPaid")
        assert paid["paid_fen"] == order.paid_fen


def test_Y2_asked_again_the_open_attempt_is_answered_again(shopper: Shopper, till: Till) -> None:
    made = list(each_asked(shopper).values())
    for order, first in made:
        again = [asked(shopper, order, first.provider) for _ in range(2)]
        assert [timeless(each) for each in again] == [timeless(first)] * 2
        till.pay(again[1])
    shopper.stack.local("settle")
    for order, first in made:
        assert shopper.found(order).status == "paid"
        body = AttemptRequest(provider=first.provider)
        late = refused(ask_for_payment.sync(order.order_id, client=shopper.client, body=body))
        assert late.code == "order_not_payable"


def test_Y2_asked_for_another_provider_the_attempt_before_is_closed_there(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    order = shopper.order()
    wishes = (("wechatpay", "default"), ("alipay", "qr"), ("stripe", "default"), ("wechatpay", "jsapi"))
    attempts: list[AttemptAnswer] = []
    for place, (provider, method) in enumerate(wishes, start=1):
        attempts.append(asked(shopper, order, provider, method))
        assert attempts[-1].attempt_id == f"{order.order_id.removeprefix('ord_')}_{place:02}"
        if provider == "alipay":
            till.control("scan", qr=attempts[-1].action.value)  # until then it is not there
        states = [till.trade(attempt)["state"] for attempt in attempts]
        assert states == ["closed"] * (place - 1) + ["open"]
    for closed in attempts[:-1]:
        with pytest.raises(LocalError, match="the till refuses"):
            till.pay(closed)
    trade = till.pay(attempts[-1])
    shopper.stack.local("settle")
    found = shopper.found(order)
    assert shown(found) == [(payment_of(attempts[-1], trade), "wechatpay", order.paid_fen, True)]
    assert len(told_once(listener, order, "OrderPaid")) == 1


def test_Y2_an_attempt_that_was_paid_unheard_pays_the_order_when_another_is_asked_for(
    shopper: Shopper, till: Till
) -> None:
    for order, first in each_asked(shopper).values():
        payment_id = payment_of(first, till.pay(first, lost=True))
        assert shopper.found(order).status == "placed"
        body = AttemptRequest(provider="alipay" if first.provider == "stripe" else "stripe")
        other = refused(ask_for_payment.sync(order.order_id, client=shopper.client, body=body))
        assert other.code == "order_not_payable"
        found = shopper.found(order)
        assert (found.status, shown(found)) == (
            "paid",
            [(payment_id, first.provider, order.paid_fen, True)],
        )


def test_the_command_pays_as_a_shopper_does(shopper: Shopper) -> None:
    def pay(*options: str) -> Json:
        order = shopper.order("".join(options))
        return shopper.stack.local("pay", order.order_id, "--as", shopper.name, "--provider", *options)

    twice = pay("wechatpay", "--twice")
    assert (twice["action"], twice["outcome"], len(twice["payments"])) == ("qr", "paid", 1)
    assert [each["done"] for each in twice["told"]] == ["taken", "taken"]
    wrong = pay("alipay", "--wrong-amount")
    assert (wrong["action"], wrong["outcome"], wrong["order_status"]) == ("redirect", "mismatched", "placed")
    lost = pay("stripe", "--lost")
    assert (lost["action"], lost["outcome"], lost["told"]) == ("client_secret", "lost", [])


# Told more than once, late, or not at all ----------------------------------------------------------------


def test_Y3_told_twice_and_fifty_times_at_once_it_is_one_payment(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    made = each_asked(shopper)
    for _, attempt in made.values():
        till.pay(attempt, lost=True)
        assert till.again(attempt, TIMES) == ["taken"] * TIMES
    twice = shopper.order("k-twice")
    made["twice"] = twice, asked(shopper, twice, "wechatpay")
    till.pay(made["twice"][1], twice=True)
    assert till.told(made["twice"][1]) == ["taken"] * 2
    _, frozen, _ = shopper.points()
    assert frozen == sum(shopper.found(order).retained.earned_points for order, _ in made.values()) > 0
    for order, attempt in made.values():
        payment = payment_of(attempt, till.trade(attempt))
        assert shown(shopper.found(order)) == [(payment, attempt.provider, order.paid_fen, True)]
        assert len(told_once(listener, order, "OrderPaid")) == 1
        assert told_once(listener, order, "RefundDue") == []


def test_Y3_staff_and_the_provider_may_tell_of_the_same_payment(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    made = each_asked(shopper)
    payments = {
        name: payment_of(attempt, till.pay(attempt, lost=True)) for name, (_, attempt) in made.items()
    }
    for name, (order, attempt) in made.items():
        body = PaymentRequest(payment_id=payments[name], amount_fen=order.paid_fen)
        assert granted(record_payment.sync(order.order_id, client=shopper.clerk, body=body)).status == "paid"
        assert till.again(attempt) == ["taken"]
    shopper.stack.local("settle")
    for name, (order, attempt) in made.items():
        payment_id = payments[name]
        assert shown(shopper.found(order)) == [(payment_id, attempt.provider, order.paid_fen, True)]
        assert payment_id not in listed(shopper)
        assert len(told_once(listener, order, "OrderPaid")) == 1


def test_Y5_lost_money_is_found_before_the_order_lapses(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    made = each_asked(shopper)
    payments = {
        name: payment_of(attempt, till.pay(attempt, lost=True)) for name, (_, attempt) in made.items()
    }
    shopper.stack.local("settle")
    assert {shopper.found(order).status for order, _ in made.values()} == {"placed"}
    shopper.stack.clock("+2m")
    shopper.stack.local("fire", "ask-payments")
    for name, (order, attempt) in made.items():
        found = shopper.found(order)
        assert (found.status, shown(found)) == ("paid", [(payments[name], name, order.paid_fen, True)])
        assert till.trade(attempt)["told"] == []
        assert len(told_once(listener, order, "OrderPaid")) == 1


def test_Y8_what_only_the_statement_tells_of_is_taken_in_and_told_as_a_difference(
    shopper: Shopper, till: Till
) -> None:
    """Money that no notification told of, and no attempt asked for, is on the provider's statement."""
    stack = shopper.stack
    day = datetime.fromisoformat(stack.local("clock")["now"]).astimezone(BEIJING).date()
    numbers = {name: f"stmt-{uuid.uuid4().hex[:10]}" for name in PROVIDERS}
    for name, number in numbers.items():
        till.control("money", provider=name, number=number, amount_fen=1_990, lost=True)
    till.control("plan/statements", provider="wechatpay", date=day.isoformat(), doubled=numbers["wechatpay"])
    stack.clock((datetime.combine(day, time(11), BEIJING) + timedelta(days=1)).isoformat())
    stack.local("fire", "reconcile-payments")
    stack.local("settle")
    found = granted(get_payment_differences.sync(client=shopper.clerk, date=day, limit=100))
    compared = {each.provider: each.state for each in found.statements}
    assert {str(each) for each in compared.values()} == {"compared"}
    told = Counter((str(each.kind), str(each.provider)) for each in found.items if each.theirs is not None)
    for name in PROVIDERS:
        assert told["missing_here", name] >= 1
    assert told["doubled", "wechatpay"] == 1
    listed_now = {each.number for each in listed(shopper).values()}
    assert set(numbers.values()) <= listed_now
    states = {each["alarm"]: each["state"] for each in stack.local("alarms")["alarms"]}
    assert states["memberday-dev-payment-differences"] == "ALARM"
    stack.local("fire", "reconcile-payments")
    stack.local("settle")
    again = granted(get_payment_differences.sync(client=shopper.clerk, date=day, limit=100))
    assert again.items == found.items


def test_O6_money_that_is_told_after_the_lapse_is_due_back_once(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    made = each_asked(shopper)
    unpaid = shopper.order("k-unpaid")
    left = asked(shopper, unpaid, "stripe")
    payments = {
        name: payment_of(attempt, till.pay(attempt, late_seconds=LATE)) for name, (_, attempt) in made.items()
    }
    shopper.stack.local("settle")
    assert {shopper.found(order).status for order, _ in made.values()} == {"placed"}
    shopper.stack.clock("+31m")
    for job in ("lapse-unpaid", "ask-payments"):
        shopper.stack.local("fire", job)
    for _, attempt in made.values():
        assert till.again(attempt) == ["taken"] * 2
    shopper.stack.local("settle")
    for name, (order, _) in made.items():
        found = shopper.found(order)
        assert (found.status, found.paid_at) == ("lapsed", None)
        assert shown(found) == [(payments[name], name, order.paid_fen, False)]
        (due,) = told_once(listener, order, "RefundDue")
        assert (due["payment_id"], due["amount_fen"], due["reason"]) == (
            payments[name],
            order.paid_fen,
            "payment_not_applied",
        )
        assert told_once(listener, order, "OrderPaid") == []
    assert till.trade(left)["state"] == "closed"  # Y2: a PaymentIntent that we cancel
    assert shopper.points() == (0, 0, 0)


def test_Y3_money_of_another_amount_is_not_applied_and_the_order_stays_payable(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    short, full = {}, {}
    made = each_asked(shopper)
    for name, (order, wrong) in made.items():
        trade = till.pay(wrong, wrong_amount=True)
        assert trade["paid_amount"] == order.paid_fen - 1
        short[name] = (payment_of(wrong, trade), name, order.paid_fen - 1, False)
    shopper.stack.local("settle")
    for name, (order, wrong) in made.items():
        found = shopper.found(order)
        assert (found.status, shown(found)) == ("placed", [short[name]])
        (mismatched,) = told_once(listener, order, "PaymentMismatched")
        (due,) = told_once(listener, order, "RefundDue")
        for told in (mismatched, due):
            assert (told["payment_id"], told["amount_fen"]) == (short[name][0], order.paid_fen - 1)
        right = asked(shopper, order, name)
        assert right.attempt_id == wrong.attempt_id.replace("_01", "_02")
        full[name] = (payment_of(right, till.pay(right)), name, order.paid_fen, True)
    shopper.stack.local("settle")
    for name, (order, _) in made.items():
        found = shopper.found(order)
        assert (found.status, sorted(shown(found))) == ("paid", sorted([short[name], full[name]]))
        for kind in ("PaymentMismatched", "RefundDue", "OrderPaid"):
            assert len(told_once(listener, order, kind)) == 1


# Money that is no order's --------------------------------------------------------------------------------


def paid_unasked(stack: Stack, till: Till, provider: str, amount_fen: int) -> str:
    """Have money come in under a number that is none of ours; return the number."""
    number = f"{uuid.uuid4().hex[:24]}_01"
    address = address_of(stack, provider)
    till.control("money", provider=provider, number=number, amount_fen=amount_fen, notify_url=address)
    return number


def money_of(shopper: Shopper, number: str) -> UnassignedAnswer:
    """Return the unassigned money of a provider's number."""
    (money,) = [each for each in listed(shopper).values() if each.number == number]
    return money


def assigned(shopper: Shopper, money: UnassignedAnswer, order: OrderAnswer, staff: str = "clerk") -> Any:
    """Let somebody of the staff say which order money is for."""
    client = shopper.stack.client(staff, staff=True)
    body = AssignmentRequest(order_id=order.order_id)
    return assign_payment.sync(money.payment_id, client=client, body=body)


def told_unassigned(listener: StackListener, payment_id: str) -> list[tuple[int, str, str]]:
    """Return what was told of unassigned money, each fact once."""
    heard = [event["detail"] for event in listener.hear() if event["detail-type"] == "PaymentUnassigned"]
    told = {detail["event_id"]: detail for detail in heard if detail["payment_id"] == payment_id}
    return [(detail["amount"], detail["currency"], detail["because"]) for detail in told.values()]


def test_Y4_money_under_a_number_that_is_none_of_ours_is_assigned_and_pays(
    shopper: Shopper, till: Till, listener: StackListener
) -> None:
    orders = {provider: shopper.order(f"k-{provider}") for provider in PROVIDERS}
    other = shopper.order("k-other")
    numbers = {
        provider: paid_unasked(shopper.stack, till, provider, order.paid_fen)
        for provider, order in orders.items()
    }
    shopper.stack.local("settle")
    found = {provider: money_of(shopper, number) for provider, number in numbers.items()}
    for provider, order in orders.items():
        money = found[provider]
        assert (money.because, money.amount, money.currency) == ("unknown_number", order.paid_fen, "CNY")
        assert told_unassigned(listener, money.payment_id) == [(order.paid_fen, "CNY", "unknown_number")]
        assert shopper.found(order).status == "placed"
        done = granted(assigned(shopper, money, order))
        assert (done.state, done.order_id) == ("assigned", order.order_id)
        assert granted(assigned(shopper, money, order)) == done
        assert refused(assigned(shopper, money, other)).code == "payment_already_decided"
    shopper.stack.local("settle")
    assert not listed(shopper).keys() & {money.payment_id for money in found.values()}
    for provider, order in orders.items():
        paid = shopper.found(order)
        assert (paid.status, shown(paid)) == (
            "paid",
            [(found[provider].payment_id, provider, order.paid_fen, True)],
        )
        assert len(told_once(listener, order, "OrderPaid")) == 1
    assert shopper.found(other).status == "placed"


def test_Y4_two_people_assign_much_money(shopper: Shopper, till: Till) -> None:
    order = shopper.order(quantity=12)
    assert order.paid_fen > 100_000
    number = paid_unasked(shopper.stack, till, "wechatpay", order.paid_fen)
    shopper.stack.local("settle")
    money = money_of(shopper, number)
    for _ in range(2):
        assert granted(assigned(shopper, money, order)).state == "proposed"
    assert shopper.found(order).status == "placed"
    done = granted(assigned(shopper, money, order, staff="chief"))
    assert done.state == "assigned"
    assert done.proposed_by != done.decided_by
    assert shopper.found(order).status == "paid"


# Keys ----------------------------------------------------------------------------------------------------


def rotate(stack: Stack, till: Till) -> None:
    """Make the providers' keys anew, and put them into the secrets beside those before them."""
    for kind in PLATFORMS_KEYS:
        till.control("rotate", key=kind)
    folder = StateFolder(stack.folder)
    aws = Aws(stack.local("status")["endpoint"])
    assert fill(aws, "dev", state_of(folder), till.process.require().endpoint)


def test_Y1_a_rotation_in_the_middle_of_a_sale_loses_nothing(tmp_path: Path) -> None:
    """On a cloud of its own: functions hold keys, and read them anew for an unknown one once a minute."""
    stack = Stack(tmp_path / "cloud")
    try:
        stack.up()
        shopper, till, listener = registered(stack, units=10), Till.of(stack), StackListener(stack)
        made = list(each_asked(shopper).values())
        for _, attempt in made:
            till.pay(attempt)
            assert till.told(attempt) == ["taken"]  # from now on these keys are held
        for provider in PROVIDERS:
            order = shopper.order(f"k2-{provider}")
            made.append((order, asked(shopper, order, provider)))
        rotate(stack, till)
        for _, attempt in made[len(PROVIDERS) :]:
            till.pay(attempt)
            assert till.told(attempt) == ["taken"]
        stack.local("settle")
        for order, attempt in made:
            found, payment = shopper.found(order), payment_of(attempt, till.trade(attempt))
            assert (found.status, shown(found)) == (
                "paid",
                [(payment, attempt.provider, order.paid_fen, True)],
            )
            assert [each["tries"][1:] for each in till.trade(attempt)["told"]] == [[]]
            assert len(told_once(listener, order, "OrderPaid")) == 1
    finally:
        stack.try_local("reset")


# The open route ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """A notification on its way."""

    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, told: Told) -> "Post":
        """Return what was told, without the headers of its connection."""
        apart = {"host", "content-length", "accept-encoding", "connection"}
        return cls({name: each for name, each in told.headers.items() if name not in apart}, told.body)

    def to(self, stack: Stack, provider: str) -> Received:
        """Send it, with no token."""
        return answered("POST", address_of(stack, provider), self.body, self.headers)


@contextmanager
def webhook_at(stack: Stack, till: Till, address: str) -> Iterator[None]:
    """Have Stripe's events go to another address meanwhile."""
    till.control("webhook", url=address)
    try:
        yield
    finally:
        till.control("webhook", url=address_of(stack, "stripe"))


@pytest.fixture
def genuine(deployed: Stack, till: Till) -> Callable[[str], Post]:
    """What a provider signs and tells of money that is no order's, before the suite has heard of it."""

    def told(provider: str) -> Post:
        number = f"{uuid.uuid4().hex[:24]}_genuine"
        with shop_listening() as shop, webhook_at(deployed, till, shop.address):
            till.control(
                "money", provider=provider, number=number, amount_fen=10_950, notify_url=shop.address
            )
            assert wait_until(lambda: len(shop.told) > 0, TOLD_SECONDS_MAX)
        return Post.of(shop.told[0])

    return told


def assert_refused(provider: str, answer: Received) -> None:
    """Hold that something was refused, in its provider's form."""
    assert answer.status in REFUSED, (answer.status, answer.body)
    if answer.status == 401 and provider == "wechatpay":
        assert json.loads(answer.body) == {"code": "FAIL", "message": "signature"}
    else:
        assert answer.body.strip() != b"success"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_Y3_what_is_told_is_taken_as_it_was_signed_and_not_otherwise(
    staff: Shopper, genuine: Callable[[str], Post], provider: str
) -> None:
    stack, post = staff.stack, genuine(provider)
    before = listed(staff)
    marked = replace(post, body=post.body + b"&marked-as-nobodys=1")
    unsigned = replace(post, headers={"content-type": post.headers["content-type"]})
    if provider == "alipay":
        unsigned = replace(post, body=post.body.partition(b"&sign=")[0])
    grown = replace(post, body=post.body + b" " * BODY_BYTES_MAX)
    assert [each.to(stack, provider).status for each in (marked, unsigned, grown)] == [401, 401, 413]
    for each in (marked, unsigned, grown):
        assert_refused(provider, each.to(stack, provider))
    for other in set(PROVIDERS) - {provider}:
        assert_refused(other, post.to(stack, other))
    for nobody in ("manual", "paypal", provider.upper(), f"{provider}%20"):
        assert post.to(stack, nobody).status == 404
    logged = [line["message"] for line in stack.local("logs")["lines"]]
    assert any('"notification refused"' in line and f'"{provider}"' in line for line in logged)
    assert not any("marked-as-nobodys" in line for line in logged)
    assert listed(staff) == before

    shouted = replace(post, headers={name.upper(): value for name, value in post.headers.items()})
    taken = [each.to(stack, provider) for each in (shouted, post)]
    assert {(each.status, each.body) for each in taken} == {TAKEN[provider]}
    stack.local("settle")
    (money,) = listed(staff).keys() - before.keys()
    assert money.startswith(f"{provider}:")


def test_Y3_a_signature_of_five_minutes_ago_is_too_old_where_it_has_a_time(
    staff: Shopper, genuine: Callable[[str], Post]
) -> None:
    posts = {provider: genuine(provider) for provider in PROVIDERS}
    staff.stack.clock("+6m")
    answers = {provider: post.to(staff.stack, provider).status for provider, post in posts.items()}
    assert answers == {"wechatpay": 401, "alipay": 200, "stripe": 401}
    staff.stack.local("settle")  # what Alipay told is listed before the next test looks


# Anything on the open route ------------------------------------------------------------------------------

VISIBLE = st.characters(min_codepoint=0x20, max_codepoint=0xFF, categories=["L", "N", "P", "S", "Zs"])
TEXTS = st.text(VISIBLE, max_size=60)
NAMES = st.sampled_from(
    [
        "content-type",
        "stripe-signature",
        *(f"wechatpay-{name}" for name in ("timestamp", "nonce", "signature", "serial", "signature-type")),
    ]
)
FORMS = ["sign", "sign_type", "app_id", "seller_id", "out_trade_no", "trade_status", "total_amount"]
EVENTS = ["id", "type", "data", "object", "livemode", "event_type", "resource", "ciphertext", "algorithm"]
FIELDS = st.sampled_from([*FORMS, *EVENTS])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=12,
)
BODIES = st.one_of(
    st.binary(max_size=300),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELDS, TEXTS).map(lambda fields: urlencode(fields).encode()),
    st.integers(BODY_BYTES_MAX - 2, BODY_BYTES_MAX + 2).map(lambda length: b"x" * length),
)


@st.composite
def unsigned_posts(draw: st.DrawFn, _post: Post) -> Post:
    """Draw what nobody has signed."""
    return Post(draw(st.dictionaries(NAMES, TEXTS)), draw(BODIES))


@st.composite
def other_bodies(draw: st.DrawFn, post: Post) -> Post:
    """Draw other bytes under a signature that holds for what was told."""
    at = draw(st.integers(0, len(post.body)))
    until = draw(st.integers(at, min(len(post.body), at + 20)))
    spoilt = post.body[:at] + draw(st.binary(max_size=20)) + post.body[until:]
    return replace(post, body=draw(st.one_of(st.just(spoilt), st.just(spoilt), BODIES)))


@st.composite
def other_headers(draw: st.DrawFn, post: Post) -> Post:
    """Draw other headers about what was told."""
    name = draw(st.sampled_from(sorted(post.headers)))
    value = post.headers[name]
    at = draw(st.integers(0, len(value)))
    spoilt = value[:at] + draw(TEXTS) + value[draw(st.integers(at, len(value))) :]
    headers = {**post.headers, name: spoilt}
    if draw(st.booleans()):
        del headers[name]
    return replace(post, headers=headers)


DRAWN = [
    (provider, draw)
    for provider in PROVIDERS
    for draw in (unsigned_posts, other_bodies, other_headers)
    if provider != "alipay" or draw is not other_headers  # its headers sign nothing
]


def is_signed_alike(provider: str, post: Post, genuine: Post) -> bool:
    """Tell whether something says what was signed, only written otherwise."""
    match provider:
        case "alipay":
            return _said_in_form(post.body) == _said_in_form(genuine.body)
        case "stripe":
            said, signed = (
                _said_in_header(each.headers.get("stripe-signature", "")) for each in (post, genuine)
            )
            return post.body == genuine.body and said[0] == signed[0] and bool(said[1] & signed[1])
    names = ("timestamp", "nonce")
    said_by, signed_by = (
        [each.headers.get(f"wechatpay-{name}", "").strip() for name in names] for each in (post, genuine)
    )
    signatures = {_bytes_of(each.headers.get("wechatpay-signature", "")) for each in (post, genuine)}
    return post.body == genuine.body and said_by == signed_by and len(signatures) == 1


def _said_in_form(body: bytes) -> list[tuple[str, str | bytes]]:
    """Return a form's fields and its signature; its sort is not signed."""
    pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return sorted(
        (
            (name, _bytes_of(value) if name == "sign" else value)
            for name, value in pairs
            if name != "sign_type"
        ),
        key=str,
    )


def _said_in_header(value: str) -> tuple[int | None, set[str]]:
    """Return the time and the signatures of Stripe's header."""
    items = [item.partition("=") for item in value.split(",")]
    try:
        stamp = int(next(text for name, _, text in items if name.strip() == "t"))
    except (StopIteration, ValueError):
        return None, set()
    return stamp, {text.strip() for name, _, text in items if name.strip() == "v1"}


def _bytes_of(text: str) -> bytes:
    """Return what is written in base64, by whoever reads it with the least care."""
    try:
        return binascii.a2b_base64(text.encode())
    except ValueError:
        return text.encode()


@pytest.mark.parametrize(("provider", "draw"), DRAWN, ids=lambda each: getattr(each, "__name__", each))
def test_Y3_whatever_else_is_sent_to_the_open_route_is_refused(
    staff: Shopper,
    genuine: Callable[[str], Post],
    provider: str,
    draw: Callable[[Post], st.SearchStrategy[Post]],
) -> None:
    stack, post = staff.stack, genuine(provider)
    before = listed(staff)
    statuses: Counter[int] = Counter()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.seed(f"{SEED} {provider} {draw.__name__}")
    @hypothesis.given(draw(post))
    def send(drawn: Post) -> None:
        answer = drawn.to(stack, provider)
        statuses[answer.status] += 1
        if not (is_signed_alike(provider, drawn, post) and answer.status == TAKEN[provider][0]):
            assert_refused(provider, answer)

    send()
    print(f"{provider:10} {draw.__name__:15}", *(f"{status}×{times}" for status, times in statuses.items()))
    assert statuses[401] > EXAMPLES // 3, "the drawing has become shallow"
    taken = post.to(stack, provider)
    assert (taken.status, taken.body) == TAKEN[provider]  # what it was drawn from has held all the time
    stack.local("settle")
    (money,) = listed(staff).keys() - before.keys()
    assert money.startswith(f"{provider}:")


def test_Y3_what_is_refused_again_and_again_alarms(deployed: Stack) -> None:
    post = Post({"content-type": "application/json"}, b"{}")
    for provider in PROVIDERS:
        for _ in range(ALARMING // len(PROVIDERS) + 1):
            assert_refused(provider, post.to(deployed, provider))
    deployed.local("settle")
    states = {each["alarm"]: each["state"] for each in deployed.local("alarms")["alarms"]}
    assert states["memberday-dev-notifications-refused"] == "ALARM"
