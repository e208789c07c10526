"""What is due back is put with the change that makes it due: once, to its own payment (Y6, O4-O7)."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.errors import RefusalError
from functions.offers.quotes import Cart, CartLine, Quote
from functions.orders import events as order_events
from functions.orders.events import RefundDue
from functions.orders.order import CLOSED, Order, Status
from functions.platform.deadline import Deadline
from functions.platform.dynamo import to_item
from functions.platform.observability import metrics
from functions.refunds import refund as refunds
from functions.refunds.refund import Refund, State
from functions.refunds.rows import refund_key, refund_row
from tests.support.faults import Calls
from tests.support.paying import BY_HAND, LAPSES, MINUTE, TEA, TEA_FEN, Paying, nothing_happens, refusal
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import TRY_AGAIN, Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOON + 5 * MINUTE
DAY = timedelta(days=1)
KETTLE, KETTLE_FEN = "kettle", 20_001
CRUMB, CRUMB_FEN = "crumb", 160


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@pytest.fixture
def paying(shop: Shop) -> Paying:
    """A stocked shop, alice, and providers that do what they are told."""
    made = Paying(shop)
    made.open()
    return made


# What the rules say --------------------------------------------------------------------------------------


def rhu(value: Fraction) -> int:
    """Round half up to an integer."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def keeps(quote: Quote, *staying: int) -> int:
    """Return the retained paid amount of O5 while these units stay."""
    if not any(staying):
        return 0
    whole = sum(line.unit_price_fen * line.quantity for line in quote.lines)
    stays = sum(line.unit_price_fen * units for line, units in zip(quote.lines, staying, strict=True))
    coupon = quote.goods_fen - quote.goods_charged_fen
    shipping_paid = quote.shipping_fen - max(0, quote.points_value_fen - (quote.goods_fen - coupon))
    return rhu((quote.paid_fen - shipping_paid) * Fraction(stays, whole)) + shipping_paid


def due_of(order: Order) -> int:
    """Return all that is due of an order: what is kept no more, and each payment that did not pay for it."""
    kept = 0 if order.status in CLOSED else keeps(order.quote, *order.staying)
    paid = order.quote.paid_fen - kept if order.paid_at else 0
    return paid + sum(each.amount_fen for each in order.payments if not each.applied)


def events_of(paying: Paying, before: Order | None, after: Order) -> list[RefundDue]:
    """Return what the outside is told to be due of an order's change."""
    found = order_events.of_change(before, after, paying.shop.policy, LATER)
    return [each for each in found if isinstance(each, RefundDue)]


# The ways ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """A change of a paid order of three units by which money is due: what stays, and what it is told as."""

    ready: Callable[[Paying, Order], object]
    act: Callable[[Paying, Order], object]
    stays: int
    reason: str


def _as_it_is(paying: Paying, order: Order) -> None:
    """Leave it."""


WAYS = {
    "cancel": Way(_as_it_is, lambda paying, order: paying.cancel(order, LATER), 0, "cancelled"),
    "units leave": Way(_as_it_is, lambda paying, order: paying.leave(order, 1, at=LATER), 2, "cancelled"),
    "all units leave": Way(_as_it_is, lambda paying, order: paying.leave(order, 3, at=LATER), 0, "cancelled"),
    "refusal": Way(Paying.ship, lambda paying, order: paying.refuse(order, LATER), 0, "refused"),
    "a part returned": Way(
        Paying.receive, lambda paying, order: paying.give_back(order, 2, at=LATER), 1, "returned"
    ),
    "all returned": Way(
        Paying.receive, lambda paying, order: paying.give_back(order, 3, at=LATER), 0, "returned"
    ),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def _recorded_by_staff(paying: Paying) -> Order:
    order = paying.place(quantity=3)
    return paying.by_staff(order, "wechatpay:77")


def _assigned(paying: Paying) -> Order:
    order = paying.place(quantity=3)
    notice = replace(_late(paying), amount=order.quote.paid_fen, number="somebody's", object_id="assigned")
    paying.tell(notice)
    paying.assigning.assign(notice.payment_id, order.order_id, operator="f", now=NOON, deadline=Deadline(20))
    return paying.order(order)


PAID: dict[str, tuple[Callable[[Paying], Order], str]] = {
    "wechatpay": (lambda paying: paying.bought("wechatpay", quantity=3), "provider"),
    "alipay": (lambda paying: paying.bought("alipay", quantity=3), "provider"),
    "stripe": (lambda paying: paying.bought("stripe", quantity=3), "provider"),
    "assigned": (_assigned, "provider"),
    "by hand": (lambda paying: paying.bought(BY_HAND, quantity=3), "manual"),
    "a provider's, recorded by staff": (_recorded_by_staff, "manual"),
}


def _late(paying: Paying) -> Any:
    """Return a notice of money for an order, not told yet."""
    return paying.wechatpay.pays(paying.number(paying.place()))


@EVERY_WAY
@pytest.mark.parametrize("paid", PAID)
def test_Y6_a_change_puts_one_refund_of_the_difference_to_the_applied_payment(
    paying: Paying, way: Way, paid: str
) -> None:
    buy, settled_by = PAID[paid]
    order = buy(paying)
    way.ready(paying, order)
    assert paying.refunds() == []
    before = paying.order(order)
    way.act(paying, order)
    after = paying.order(order)
    (due,) = paying.refunds()
    (payment,) = after.payments
    expected = order.quote.paid_fen - (keeps(order.quote, way.stays) if way.stays else 0)
    assert (due.amount, due.currency, due.payment_id) == (expected, "CNY", payment.payment_id)
    assert (due.order_id, due.subject, due.member_id) == (order.order_id, order.order_id, "alice")
    assert (due.made_at, due.reason) == (LATER, way.reason)
    assert due.state is (State.DUE if settled_by == "provider" else State.MANUAL)
    (told,) = events_of(paying, before, after)
    assert (told.refund_id, told.settled_by) == (due.refund_id, settled_by)
    assert (told.amount_fen, told.payment_id, told.reason) == (due.amount, due.payment_id, way.reason)
    assert paying.shown(order) == [(expected, due.state.value)]
    sent = [row["item"] for row in paying.due("refunds")]
    assert sent == ([f"REFUND#{due.refund_id}"] if settled_by == "provider" else [])
    assert paying.listed(State.MANUAL) == ([] if settled_by == "provider" else [due])


@EVERY_WAY
def test_Y6_the_refund_is_in_the_transaction_of_its_change(paying: Paying, calls: Calls, way: Way) -> None:
    order = paying.bought(quantity=3)
    way.ready(paying, order)
    calls.bodies.clear()
    way.act(paying, order)
    together = [
        [json.dumps(each) for each in body["TransactItems"]]
        for body in calls.bodies
        if "TransactItems" in body and '"REFUND#' in json.dumps(body)
    ]
    assert len(together) == 1
    orders_table = f'"{paying.shop.settings.orders_table}"'
    assert any(orders_table in each and '{"S": "ORDER"}' in each for each in together[0])
    assert sum('"REFUND#' in each and '"Put"' in each for each in together[0]) == 1


def test_Y6_steps_that_keep_all_money_put_no_refund(paying: Paying) -> None:
    order = paying.bought(quantity=2)
    paying.receive(order)
    unpaid, lapsed = paying.place(), paying.place()
    paying.cancel(unpaid)
    paying.lapse(lapsed)
    assert paying.refunds() == []
    assert [paying.shown(each) for each in (order, unpaid, lapsed)] == [[], [], []]


@pytest.mark.parametrize("paid", ["assigned", "by hand"])
def test_Y6_of_0_fen_there_is_no_refund_and_the_next_change_has_its_own(paying: Paying, paid: str) -> None:
    """The worked example of 1.60 x 2 with 4.00 of points: one unit gives 0, the other one 9.20."""
    paying.shop.stock(CRUMB, 10, CRUMB_FEN)
    order = paying.place(sku=CRUMB, quantity=2, points=2_000)
    assert order.quote.paid_fen == 920
    if paid == "by hand":
        paying.by_staff(order)
    else:
        notice = replace(_late(paying), amount=920, number="somebody's")
        paying.tell(notice)
        paying.assigning.assign(
            notice.payment_id, order.order_id, operator="f", now=NOON, deadline=Deadline(20)
        )
    paying.receive(order)
    before = paying.order(order)
    assert paying.give_back(order, {CRUMB: 1}).refund_fen == 0
    assert paying.refunds() == []
    assert events_of(paying, before, paying.order(order)) == []
    assert paying.give_back(order, {CRUMB: 1}, "r2").refund_fen == 920
    assert [each.amount for each in paying.refunds()] == [920]


def test_Y6_returns_in_parts_each_put_one_and_come_to_the_whole(paying: Paying) -> None:
    """66.67 x 3 with 4.00 of points, one at a time: the fen of O5."""
    order = paying.bought(quantity=3, points=2_000)
    paying.receive(order)
    steps = [order.quote.paid_fen, *(keeps(order.quote, stays) for stays in (2, 1, 0))]
    for number in range(3):
        before = paying.order(order)
        paying.give_back(order, 1, f"r{number}", LATER + number * MINUTE)
        assert len(paying.refunds()) == number + 1
        (told,) = events_of(paying, before, paying.order(order))
        assert told.amount_fen == steps[number] - steps[number + 1]
    found = sorted(paying.refunds(), key=lambda each: each.made_at)
    assert [each.amount for each in found] == [steps[each] - steps[each + 1] for each in range(3)]
    assert sum(each.amount for each in found) == order.quote.paid_fen
    assert [reason for reason, _ in itertools.groupby(each.reason for each in found)] == ["returned"]


def test_Y6_units_leave_then_the_rest_is_cancelled_or_returned(paying: Paying) -> None:
    cancels, returns = paying.bought(quantity=3), paying.bought(quantity=3)
    for order in (cancels, returns):
        paying.leave(order, 1)
    paying.cancel(cancels, LATER)
    paying.receive(returns)
    paying.give_back(returns, 2, at=LATER)
    for order, reasons in ((cancels, ["cancelled"] * 2), (returns, ["cancelled", "returned"])):
        found = sorted(paying.refunds(order.order_id), key=lambda each: each.made_at)
        assert [each.reason for each in found] == reasons
        assert sum(each.amount for each in found) == order.quote.paid_fen


# Payments that did not pay -------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["provider", "staff"])
@pytest.mark.parametrize("end", ["lapsed", "lapsed, not written", "cancelled", "paid", "paid, by hand"])
def test_Y6_O6_a_payment_that_was_not_applied_goes_back_whole_to_itself(
    paying: Paying, end: str, by: str
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    if end == "lapsed":
        paying.lapse(order)
    elif end == "cancelled":
        paying.cancel(order)
    elif end == "paid":
        paying.tell(replace(notice, object_id="first"))
    elif end == "paid, by hand":
        paying.by_staff(order, "cash-0")
    at = LAPSES + MINUTE
    if by == "provider":
        paying.tell(notice, at)
    else:
        paying.by_staff(order, "cash-1", at=at)
    (due,) = paying.refunds()
    payment_id = notice.payment_id if by == "provider" else "cash-1"
    assert (due.payment_id, due.amount, due.order_id) == (payment_id, order.quote.paid_fen, order.order_id)
    assert (due.reason, due.made_at) == ("payment_not_applied", at)
    assert due.state is (State.DUE if by == "provider" else State.MANUAL)
    (told,) = paying.told_of(RefundDue)
    assert (told.refund_id, told.settled_by) == (due.refund_id, "provider" if by == "provider" else "manual")
    assert (told.amount_fen, told.payment_id) == (due.amount, payment_id)


@pytest.mark.parametrize("amount", [1, TEA_FEN, 4_999_999])
def test_Y3_Y6_a_payment_of_another_amount_goes_back_whole_and_the_order_stays_payable(
    paying: Paying, amount: int
) -> None:
    order = paying.place()
    paying.tell(paying.wechatpay.pays(paying.number(order), amount=amount))
    (due,) = paying.refunds()
    assert (due.amount, due.state) == (amount, State.DUE)
    assert paying.order(order).status is Status.PLACED
    paying.by_staff(order, at=LATER)
    paying.cancel(order, LATER)
    found = paying.refunds()
    assert {each.payment_id: each.amount for each in found} == {
        due.payment_id: amount,
        "cash-1": order.quote.paid_fen,
    }


def test_W12_the_refund_of_a_double_payment_leaves_the_paid_order_and_its_own_payment_alone(
    paying: Paying,
) -> None:
    order = paying.place(quantity=2)
    notice = paying.wechatpay.pays(paying.number(order))
    paying.tell(notice)
    before = paying.order(order)
    paying.tell(replace(notice, object_id="second"), LATER)
    after = paying.order(order)
    assert (after.status, after.changes) == (before.status, before.changes) == (Status.PAID, before.changes)
    (due,) = paying.refunds()
    assert due.payment_id == "wechatpay:second"
    paying.receive(order)
    paying.give_back(order, 1)
    assert Counter(each.payment_id for each in paying.refunds()) == {
        "wechatpay:second": 1,
        notice.payment_id: 1,
    }


def test_Y6_two_payments_not_applied_have_a_refund_each_and_nothing_is_spread(paying: Paying) -> None:
    order = paying.bought()
    (applied,) = paying.order(order).payments
    for number in range(4):
        notice = _late(paying)
        paying.tell(replace(notice, object_id=f"n{number}", number=_first_number(paying, order)))
    paying.cancel(order)
    assert {each.payment_id: each.amount for each in paying.refunds()} == {
        applied.payment_id: order.quote.paid_fen,
        **{f"wechatpay:n{number}": paying.place().quote.paid_fen for number in range(4)},
    }


def _first_number(paying: Paying, order: Order) -> str:
    return paying.attempts(order)[0].attempt_id


# Ids -----------------------------------------------------------------------------------------------------


def test_Y6_ids_follow_from_the_order_and_its_change_or_its_payment_alone(paying: Paying) -> None:
    order = paying.bought(quantity=3)
    paying.receive(order)
    before = paying.dump()
    seen = []
    for _ in range(2):
        paying.restore(before)
        paying.give_back(order, 1)
        paying.give_back(order, 1, "r2", LATER)
        paying.by_staff(order, "cash-9", at=LATER)
        seen.append([each.refund_id for each in paying.refunds()])
    assert seen[0] == seen[1]
    assert len(set(seen[0])) == 3
    twin = paying.bought(quantity=3)
    paying.receive(twin)
    paying.give_back(twin, 1)
    assert not {each.refund_id for each in paying.refunds(twin.order_id)} & set(seen[0])


def test_Y6_rows_that_are_told_again_from_nothing_name_the_refunds_that_there_are(paying: Paying) -> None:
    """A record whose state before is unknown tells all changes again, under the ids of their refunds."""
    order = paying.bought(quantity=3)
    paying.receive(order)
    for number in range(3):
        paying.give_back(order, 1, f"r{number}")
    told = events_of(paying, None, paying.order(order))
    assert {each.refund_id: each.amount_fen for each in told} == {
        each.refund_id: each.amount for each in paying.refunds()
    }


# Once ----------------------------------------------------------------------------------------------------


@EVERY_WAY
def test_R1_a_change_that_is_sent_again_puts_nothing_more(paying: Paying, way: Way) -> None:
    order = paying.bought(quantity=3)
    way.ready(paying, order)
    way.act(paying, order)
    before = paying.refund_rows()
    assert len(before) == 1
    for _ in range(3):
        with suppress(RefusalError):
            way.act(paying, order)
    assert paying.refund_rows() == before


@pytest.mark.parametrize("sent", [False, True])
def test_R1_a_notice_that_is_told_again_puts_nothing_more_whatever_has_become_of_its_refund(
    paying: Paying, sent: bool
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.lapse(order)
    paying.tell(notice, LAPSES)
    if sent:
        paying.pass_time(LAPSES, LAPSES + 10 * MINUTE)
    before = paying.refund_rows()
    assert len(before) == 1
    for number in range(3):
        paying.tell(replace(notice, state=f"SUCCESS{number}"), LAPSES + DAY)
        assert paying.deliver(paying.kept(notice), at=LAPSES + DAY)
    assert paying.refund_rows() == before


def test_case_9_cancel_against_payment_ends_cancelled_with_one_refund(paying: Paying) -> None:
    for _ in range(6):
        order = paying.place()
        notice = paying.wechatpay.pays(paying.number(order))
        row = paying.keep(notice)
        acts: list[Callable[[], object]] = [
            partial(paying.cancel, order),
            partial(paying.deliver, row, at=LATER),
        ]
        at_once(4, lambda number, acts=acts: acts[number % 2]())  # type: ignore[misc]
        assert paying.deliver(row, at=LATER)
        with suppress(RefusalError):
            paying.cancel(order)
        assert paying.order(order).status is Status.CANCELLED
        (due,) = paying.refunds(order.order_id)
        assert (due.payment_id, due.amount) == (notice.payment_id, order.quote.paid_fen)
        found = paying.order(order)
        told = [*events_of(paying, None, found), *paying.told_of(RefundDue)]
        assert [each.refund_id for each in told if each.order_id == order.order_id] == [due.refund_id]


def test_case_12_the_same_return_twelve_times_at_once_puts_one_refund(paying: Paying) -> None:
    order = paying.bought(quantity=3)
    paying.receive(order)
    at_once(12, lambda _: paying.give_back(order, 1, at=LATER))
    (due,) = paying.refunds()
    assert due.amount == order.quote.paid_fen - keeps(order.quote, 2)


def test_case_13_returns_at_once_have_a_refund_each_and_the_sum_is_right(paying: Paying) -> None:
    order = paying.bought(quantity=6)
    paying.receive(order)
    at_once(6, lambda number: paying.give_back(order, 1, f"r{number}", LATER))
    for number in range(6):
        paying.give_back(order, 1, f"r{number}", LATER)
    assert len(paying.refunds()) == 6
    assert sum(each.amount for each in paying.refunds()) == order.quote.paid_fen


def test_case_9_cancel_units_and_shipment_at_once_leave_one_refund_at_most_for_each_change(
    paying: Paying,
) -> None:
    for _ in range(4):
        order = paying.bought(quantity=3)
        acts: list[Callable[[], object]] = [
            partial(paying.cancel, order),
            partial(paying.leave, order, 1),
            partial(paying.ship, order),
        ]
        at_once(6, lambda number, acts=acts: acts[number % 3]())  # type: ignore[misc]
        found = paying.order(order)
        assert sum(each.amount for each in paying.refunds(order.order_id)) == due_of(found)
        assert len(paying.refunds(order.order_id)) <= len(found.changes) - 1


def test_Y6_changes_written_before_this_version_make_none_whatever_is_replayed(paying: Paying) -> None:
    """An order from before has its changes, and no refund rows; what happens to it from now on has."""
    whole, part = paying.bought(quantity=3), paying.bought(quantity=3)
    late = paying.place()
    notice = paying.wechatpay.pays(paying.number(late))
    paying.lapse(late)
    paying.cancel(whole)
    paying.receive(part)
    paying.give_back(part, 1)
    paying.tell(notice, LAPSES)
    for row in paying.refund_rows():
        key = to_item(refund_key(row["subject"], row["refund_id"]))
        paying.shop.tables.client.delete_item(TableName=paying.table, Key=key)
    with suppress(RefusalError):
        paying.cancel(whole)
    paying.give_back(part, 1)
    paying.tell(replace(notice, state="AGAIN"), LAPSES)
    assert paying.deliver(paying.kept(notice), at=LAPSES)
    paying.pass_time(LAPSES, LAPSES + 5 * MINUTE)
    assert paying.refunds() == []
    paying.give_back(part, 1, "r2", LATER)
    (due,) = paying.refunds()
    assert due.amount == keeps(part.quote, 2) - keeps(part.quote, 1)
    assert due.refund_id == refunds.of_change(part.order_id, 2)


# The laws ------------------------------------------------------------------------------------------------


class Lives:
    """Orders that live at random, paid by whoever, late, twice, of other amounts; units leave and return."""

    def __init__(self, paying: Paying, seed: int) -> None:
        self.paying = paying
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.number = 0
        self.payments: dict[str, int] = {}

    def live(self, steps: int) -> Order:
        """Let an order live; return it as it is in the end."""
        paying, chance = self.paying, self.chance
        units = {TEA: chance.randint(1, 4), KETTLE: chance.randint(0, 3)}
        lines = {sku: count for sku, count in units.items() if count}
        self.number += 1
        placing = paying.shop.placing("alice", f"life{self.number}", *lines)
        points = chance.choice([0, 0, 500, 1_000])
        cart = Cart(
            lines=tuple(CartLine(sku=sku, quantity=count) for sku, count in lines.items()), points=points
        )
        try:
            order, _ = paying.shop.checkout.place(replace(placing, cart=cart), Deadline(20))
        except RefusalError:  # she has no points left
            cart = replace(cart, points=0)
            order, _ = paying.shop.checkout.place(replace(placing, cart=cart), Deadline(20))
        number = paying.number(order)
        notice = replace(
            paying.wechatpay.pays(number), amount=order.quote.paid_fen, object_id=f"tx{self.number}"
        )
        for step in range(steps):
            with suppress(RefusalError):
                self._step(order, notice, step)
        return paying.order(order)

    def _step(self, order: Order, notice: Any, step: int) -> None:
        paying, chance = self.paying, self.chance
        at = NOON + step * MINUTE
        match chance.choice("NNNDMSCLLRRRRVVF"):
            case "N":
                paying.tell(notice, at)
            case "D":
                paying.tell(replace(notice, object_id=f"{notice.object_id}d{step}"), at)
            case "M":
                amount = chance.randint(1, 99_999)
                paying.tell(replace(notice, object_id=f"{notice.object_id}m{step}", amount=amount), at)
            case "S":
                paying.by_staff(order, f"cash-{order.order_id}-{step}", at=at)
            case "C" if chance.random() < 0.4:
                paying.cancel(order, at)
            case "L":
                sku = chance.choice([TEA, KETTLE])
                paying.leave(order, {sku: 1}, f"c{chance.randint(0, 2)}", at)
            case "V":
                paying.receive(order, at)
            case "F" if chance.random() < 0.4:
                paying.refuse(order, at)
            case "R":
                sku = chance.choice([TEA, KETTLE])
                paying.give_back(order, {sku: chance.randint(1, 2)}, f"r{chance.randint(0, 5)}", at)


@pytest.mark.parametrize("seed", range(4))
def test_Y6_over_random_lives_all_refunds_come_to_all_that_is_due_per_order_and_per_payment(
    paying: Paying, seed: int
) -> None:
    paying.shop.stock(KETTLE, 1_000, KETTLE_FEN)
    lives = Lives(paying, seed)
    orders = [lives.live(14) for _ in range(30)]
    told = {each.refund_id: each for each in paying.told_of(RefundDue)}
    for order in orders:
        due = paying.refunds(order.order_id)
        assert sum(each.amount for each in due) == due_of(order)
        assert len(due) <= max(0, order.changes_count - 1) + sum(not each.applied for each in order.payments)
        by_payment = Counter[str]()
        for each in due:
            assert each.amount > 0
            by_payment[each.payment_id] += each.amount
        payments = {each.payment_id: each for each in order.payments}
        assert by_payment.keys() <= payments.keys()
        for payment_id, payment in payments.items():
            assert by_payment[payment_id] <= payment.amount_fen
            assert payment.applied or by_payment[payment_id] == payment.amount_fen
            notified = payment_id.startswith("wechatpay:")
            states = {each.state for each in due if each.payment_id == payment_id}
            assert states <= {State.DUE if notified else State.MANUAL}
        of_changes = {each.refund_id: each for each in events_of(paying, None, order)}
        of_payments = {name: each for name, each in told.items() if each.order_id == order.order_id}
        assert {name: each.amount_fen for name, each in (of_changes | of_payments).items()} == {
            each.refund_id: each.amount for each in due
        }
    assert len({each.refund_id for each in paying.refunds()}) == len(paying.refunds())
    assert any(len(paying.refunds(order.order_id)) > 2 for order in orders)


def test_Y6_rows_hold_nothing_personal_and_no_foreign_amount_in_fen(paying: Paying) -> None:
    order = paying.bought()
    paying.cancel(order)
    (row,) = paying.refund_rows()
    assert row.keys() <= {
        "subject", "item", "refund_id", "payment_id", "amount", "currency", "reason", "made_at", "order_id",
        "member_id", "state", "version", "due", "due_at",
    }  # fmt: skip


# Faults --------------------------------------------------------------------------------------------------


def _way(name: str, paid: str = "wechatpay") -> Callable[[Paying], Callable[[], object]]:
    def ready(paying: Paying) -> Callable[[], object]:
        order = PAID[paid][0](paying)
        WAYS[name].ready(paying, order)
        return lambda: WAYS[name].act(paying, order)

    return ready


def _notice_too_late(paying: Paying) -> Callable[[], object]:
    order = paying.place()
    row = paying.keep(paying.wechatpay.pays(paying.number(order)))
    return lambda: paying.deliver(row, at=LAPSES)


def _notice_of_another_amount(paying: Paying) -> Callable[[], object]:
    order = paying.place()
    row = paying.keep(paying.wechatpay.pays(paying.number(order), amount=1))
    return lambda: paying.deliver(row, at=LATER)


def _staff_too_late(paying: Paying) -> Callable[[], object]:
    order = paying.place()
    return lambda: paying.by_staff(order, at=LAPSES)


SCENES: dict[str, Callable[[Paying], Callable[[], object]]] = {
    "cancel": _way("cancel"),
    "units leave": _way("units leave"),
    "refusal, by hand": _way("refusal", "by hand"),
    "a part returned": _way("a part returned"),
    "all returned": _way("all returned", "stripe"),
    "a notice too late": _notice_too_late,
    "a notice of another amount": _notice_of_another_amount,
    "staff too late": _staff_too_late,
}
EVERY = pytest.mark.parametrize("scene", SCENES)


class MakingDue(Trial):
    """A change that makes money due, begun anew each time: it is there with its refund, or neither is."""

    def __init__(self, paying: Paying, scene: str) -> None:
        self.paying = paying
        act = SCENES[scene](paying)
        assert paying.refunds() == []
        # A record of a stream that was not done is no refusal: it is delivered again.
        super().__init__(paying, lambda: TRY_AGAIN if act() is False else None)
        (self.due,) = paying.refunds()

    def check(self, outcome: Any, where: object = None) -> None:
        super().check(outcome, where)
        assert self.paying.refunds() == [self.due]


@EVERY
def test_cases_14_to_22_at_every_call_a_change_and_its_refund_are_both_there_or_neither(
    paying: Paying, calls: Calls, scene: str
) -> None:
    MakingDue(paying, scene).strike_at_every_call(calls)


@EVERY
def test_case_20_killed_at_any_point_a_change_and_its_refund_are_both_there_or_neither(
    paying: Paying, client: "DynamoDBClient", scene: str
) -> None:
    MakingDue(paying, scene).kill_at_every_point(client)


def test_case_17_a_refund_that_is_there_already_is_never_put_twice_nor_changed(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row under the refund's key that nobody expects refuses the change: nothing is overwritten."""
    order = paying.bought(quantity=3)
    paying.receive(order)
    stranger = Refund(
        refund_id=refunds.of_change(order.order_id, 1),
        subject=order.order_id,
        payment_id="wechatpay:other",
        amount=1,
        reason="returned",
        made_at=NOON,
        state=State.FAILED,
    )
    paying.shop.tables.put(paying.table, refund_row(stranger))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with nothing_happens(paying):
        status, _ = refusal(lambda: paying.give_back(order, 1))
    assert status in (409, 503)
