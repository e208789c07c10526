"""What is due goes back through its provider: one transfer at a time, each once, whatever befalls it (Y7)."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from functions.orders.order import Order
from functions.payments.providers.provider import PaidBack, PayingBack
from functions.platform.observability import metrics
from functions.refunds.refund import Refund, State
from functions.refunds.rows import refund_row
from tests.support.paying import (
    BY_HAND,
    LAPSES,
    MINUTE,
    PROVIDERS,
    TEA_FEN,
    Fate,
    Paying,
    SentBack,
    Word,
    check_providers,
)
from tests.support.shop import NOON, Shop

if TYPE_CHECKING:
    pass

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FIRST = NOON + MINUTE
"""The first run of the job after noon."""
UNTIL = 360 * DAY
"""How long after its payment a refund is sent."""
EVERY_PROVIDER = pytest.mark.parametrize("name", PROVIDERS)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is counted, by its name."""
    found = Counter[str]()
    monkeypatch.setattr(metrics, "add_metric", lambda name, value, **_: found.update({name: value}))
    return found


@pytest.fixture
def paying(shop: Shop, counted: Counter[str]) -> Iterator[Paying]:
    """A stocked shop, alice, and providers that do what they are told; whose books hold in the end."""
    made = Paying(shop)
    made.open()
    yield made
    check_providers(made)


def number_of(order: Order, place: int = 1) -> str:
    """Return the number of a transfer of an order."""
    return f"{order.order_id.removeprefix('ord_')}_R{place:02}"


def payment_of(paying: Paying, order: Order) -> str:
    """Return the provider's number of the payment that paid for an order."""
    (payment,) = [each for each in paying.order(order).payments if each.applied]
    return payment.payment_id.partition(":")[2]


def due(
    paying: Paying, provider: str = "wechatpay", *, units: int = 1, of: int = 3, at: datetime = NOON
) -> Order:
    """Return an order of which so many units came back, paid through a provider."""
    order = paying.bought(provider, quantity=of, at=NOON)
    paying.receive(order)
    paying.give_back(order, units, "due", at)
    return order


def states(paying: Paying, order: Order) -> list[str]:
    """Return where an order's refunds stand, the first first."""
    return [state for _, state in paying.shown(order)]


def total(paying: Paying, order: Order) -> int:
    """Return all that is due of an order."""
    return sum(amount for amount, _ in paying.shown(order))


# What is sent --------------------------------------------------------------------------------------------


@EVERY_PROVIDER
def test_Y7_what_is_due_goes_back_to_its_payment_with_the_next_run(paying: Paying, name: str) -> None:
    order = paying.bought(name, quantity=3)
    paying.cancel(order)
    assert paying.shown(order) == [(order.quote.paid_fen, "due")]
    paying.job(FIRST)
    provider = paying.providers[name]
    assert provider.sent_back == [
        SentBack(
            Word.PAY_BACK,
            PayingBack(
                number=number_of(order),
                payment=payment_of(paying, order),
                amount=order.quote.paid_fen,
                total=order.quote.paid_fen,
                currency="CNY",
                notify_url=f"{paying.payments_url}/{name}/notifications",
            ),
            FIRST,
        )
    ]
    assert provider.went_back(payment_of(paying, order)) == order.quote.paid_fen
    assert paying.shown(order) == [(order.quote.paid_fen, "succeeded")]
    assert (paying.due("refunds"), paying.listed(State.FAILED)) == ([], [])


def test_Y7_a_part_goes_back_as_a_part_of_its_payment(paying: Paying) -> None:
    order = due(paying)
    paying.job(FIRST)
    (sent,) = paying.wechatpay.sends()
    assert (sent.paying.amount, sent.paying.total) == (TEA_FEN, order.quote.paid_fen)


def test_Y6_what_came_in_by_hand_is_never_sent(paying: Paying) -> None:
    orders = [paying.bought(BY_HAND), paying.by_staff(paying.place(), "wechatpay:77")]
    for order in orders:
        paying.cancel(order)
    paying.job(FIRST)
    paying.pass_time(FIRST, NOON + 3 * DAY)
    assert [each.sent_back for each in paying.providers.values()] == [[], [], []]
    assert [states(paying, order) for order in orders] == [["manual"], ["manual"]]
    assert len(paying.listed(State.MANUAL)) == 2


def test_Y6_a_payment_that_was_not_applied_goes_back_through_its_provider(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.lapse(order)
    paying.tell(notice, LAPSES)
    paying.job(LAPSES + MINUTE)
    assert paying.wechatpay.went_back(notice.object_id) == order.quote.paid_fen
    assert paying.shown(order) == [(order.quote.paid_fen, "succeeded")]


def test_Y6_each_payment_of_an_order_has_its_own_money_back(paying: Paying) -> None:
    order = paying.place()
    first, second = paying.number(order), "stripe"
    notice = paying.wechatpay.pays(first)
    paying.tell(notice)
    (attempt,) = paying.attempts(order)
    paying.tell(replace(notice, object_id="again", amount=order.quote.paid_fen - 1))
    paying.cancel(order)
    paying.pass_time(FIRST, NOON + HOUR)
    assert second not in {each.paying.payment for each in paying.stripe.sends()}
    assert paying.wechatpay.went_back(notice.object_id) == order.quote.paid_fen
    assert paying.wechatpay.went_back("again") == order.quote.paid_fen - 1
    assert len({each.paying.number for each in paying.wechatpay.sends()}) == 2
    assert attempt.payment_id == notice.payment_id


# One at a time -------------------------------------------------------------------------------------------


def test_Y7_transfers_of_a_payment_are_at_least_61_seconds_apart(paying: Paying) -> None:
    order = due(paying)
    paying.job(FIRST)
    paying.give_back(order, 1, "r2", FIRST)
    paying.job(FIRST + 60 * SECOND)
    assert len(paying.wechatpay.sends()) == 1
    paying.job(FIRST + 61 * SECOND)
    assert len(paying.wechatpay.sends()) == 2
    assert states(paying, order) == ["succeeded"] * 2


def test_Y7_no_other_transfer_begins_while_one_is_under_way(paying: Paying) -> None:
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.job(FIRST)
    paying.give_back(order, 1, "r2", FIRST)
    paying.pass_time(FIRST + MINUTE, NOON + 5 * HOUR, every=7 * MINUTE)
    assert [each.paying.number for each in paying.wechatpay.sends()] == [number_of(order)]
    assert states(paying, order) == ["sent", "due"]
    paying.wechatpay.becomes(number_of(order), PaidBack.SUCCEEDED)
    paying.pass_time(NOON + 5 * HOUR, NOON + 8 * HOUR)
    assert [each.paying.number for each in paying.wechatpay.sends()] == [
        number_of(order),
        number_of(order, 2),
    ]
    assert states(paying, order) == ["succeeded"] * 2


def test_Y7_what_is_added_after_a_transfer_was_sent_is_never_put_into_it(paying: Paying) -> None:
    """Its contents never change: not at a later send either."""
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.UNANSWERED)
    paying.job(FIRST)
    paying.give_back(order, 1, "r2", FIRST)
    paying.pass_time(FIRST + MINUTE, NOON + 3 * HOUR)
    assert {each.paying.amount for each in paying.wechatpay.sends(number_of(order))} == {TEA_FEN}
    assert paying.wechatpay.went_back(payment_of(paying, order)) == 2 * TEA_FEN


# Few enough ----------------------------------------------------------------------------------------------


class Returning:
    """An order of many units that come back one by one."""

    def __init__(self, paying: Paying, units: int, *, price_fen: int = TEA_FEN) -> None:
        self.paying, self.units, self.back = paying, units, 0
        paying.shop.stock("bead", units, price_fen)
        self.order = paying.bought(quantity=units, sku="bead")
        paying.receive(self.order)
        self.payment = payment_of(paying, self.order)

    def come_back(self, at: datetime, units: int = 1) -> None:
        """Let units come back, each by a return of its own."""
        for _ in range(units):
            self.back += 1
            self.paying.give_back(self.order, {"bead": 1}, f"r{self.back}", at)

    def singly(self, count: int, at: datetime = NOON) -> datetime:
        """Let units come back, each when the one before has gone; return when that was."""
        for _ in range(count):
            self.come_back(at)
            at += 2 * MINUTE
            self.paying.go_on(at)
        return at

    @property
    def sent(self) -> int:
        """How many transfers there have been."""
        return len({each.paying.number for each in self.paying.wechatpay.sends()})

    @property
    def gone(self) -> int:
        """What has gone back."""
        return self.paying.wechatpay.went_back(self.payment)


def test_Y7_from_the_40th_transfer_on_refunds_wait_up_to_a_day_to_be_joined(paying: Paying) -> None:
    many = Returning(paying, 60)
    at = many.singly(39)
    assert (many.sent, many.gone) == (39, 39 * TEA_FEN)
    many.come_back(at)
    for hours in (1, 7, 23):
        many.paying.pass_time(at + MINUTE, at + hours * HOUR)
        many.come_back(at + hours * HOUR)
    paying.pass_time(at + 23 * HOUR, at + DAY - SECOND)
    assert many.sent == 39
    paying.go_on(at + DAY)
    assert (many.sent, many.gone) == (40, 43 * TEA_FEN)
    last = paying.wechatpay.sends()[-1]
    assert last.paying.amount == 4 * TEA_FEN
    assert paying.due("refunds") == []


def test_Y7_the_50th_transfer_is_kept_for_the_rest(paying: Paying) -> None:
    many = Returning(paying, 60)
    at = many.singly(39)
    for day in range(10):
        many.come_back(at + day * DAY + HOUR * day)
        at = paying.pass_time(at + day * DAY, at + (day + 1) * DAY + 11 * HOUR) - day * DAY
    at = NOON + 40 * DAY
    assert (many.sent, many.gone) == (49, 49 * TEA_FEN)
    many.come_back(at)
    paying.pass_time(at, at + 60 * DAY)
    assert many.sent == 49
    many.come_back(at + 60 * DAY, 9)
    paying.pass_time(at + 60 * DAY, at + 61 * DAY)
    assert many.sent == 49
    many.come_back(at + 61 * DAY)  # the last unit: nothing can come after it
    paying.pass_time(at + 61 * DAY, at + 62 * DAY)
    assert (many.sent, many.gone) == (50, many.order.quote.paid_fen)
    assert set(states(paying, many.order)) == {"succeeded"}


def _at_49(paying: Paying) -> Returning:
    many = Returning(paying, 60)
    at = many.singly(39)
    for day in range(1, 11):
        many.come_back(NOON + 3 * day * DAY)
        paying.pass_time(NOON + 3 * day * DAY, NOON + (3 * day + 2) * DAY)
    assert many.sent == 49, at
    return many


def test_Y7_the_rest_goes_back_before_it_is_too_old(paying: Paying) -> None:
    many = _at_49(paying)
    many.come_back(NOON + 100 * DAY, 3)
    paying.pass_time(NOON + 100 * DAY, NOON + UNTIL + DAY)
    assert (many.sent, many.gone) == (50, 52 * TEA_FEN)
    assert paying.listed(State.FAILED) == []
    assert set(states(paying, many.order)) == {"succeeded"}


def test_Y7_after_the_50th_there_is_no_other_and_what_is_due_then_is_finances(paying: Paying) -> None:
    """Between the last transfer and the end of the payment's 360 days units still come back."""
    many = _at_49(paying)
    many.come_back(NOON + 100 * DAY)
    paying.pass_time(NOON + 100 * DAY, NOON + 355 * DAY)
    assert many.sent == 50
    many.come_back(NOON + 355 * DAY)
    paying.pass_time(NOON + 355 * DAY, NOON + UNTIL + 2 * DAY)
    assert (many.sent, many.gone) == (50, 50 * TEA_FEN)
    assert [each.amount for each in paying.listed(State.FAILED)] == [TEA_FEN]


def test_Y7_a_thousand_units_back_one_by_one_are_fifty_transfers_at_most_and_all_comes_back(
    paying: Paying,
) -> None:
    many = Returning(paying, 1_000, price_fen=1_001)
    at = many.singly(45)
    chance = random.Random(3)  # noqa: S311 - no secret
    while many.back < many.units:
        many.come_back(at, min(chance.randint(20, 90), many.units - many.back))
        later = at + chance.choice([3, 11, 30]) * HOUR
        paying.pass_time(at + MINUTE, later)
        at = later
    paying.pass_time(at, at + 3 * DAY)
    assert many.sent <= 50
    assert many.gone == many.order.quote.paid_fen == 1_001 * 1_000
    assert len(paying.refunds()) == 1_000
    assert sum(each.amount for each in paying.refunds()) == many.gone
    assert all(each.transfer is not None for each in paying.refunds())
    assert (paying.due("refunds"), paying.listed(State.FAILED)) == ([], [])


def test_Y7_more_refunds_at_once_than_a_transaction_takes_are_one_transfer(paying: Paying) -> None:
    many = Returning(paying, 205, price_fen=1_001)
    many.come_back(NOON, 200)
    paying.go_on(FIRST)
    assert (many.sent, many.gone) == (1, 200 * 1_001)
    assert Counter(states(paying, many.order)) == {"succeeded": 200}


# Not too old, not too much -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "goes"), [(UNTIL - 61 * SECOND, True), (UNTIL + SECOND, False), (UNTIL + 5 * DAY, False)]
)
def test_case_35_Y7_a_refund_of_a_payment_older_than_360_days_is_not_sent(
    paying: Paying, after: timedelta, goes: bool
) -> None:
    order = paying.bought(quantity=3)
    paying.receive(order)
    paying.give_back(order, 1, at=NOON + after)
    paying.job(NOON + after + MINUTE)
    if goes:
        assert states(paying, order) == ["succeeded"]
        return
    assert states(paying, order) == ["failed"]
    assert paying.wechatpay.sent_back == []
    (failed,) = paying.listed(State.FAILED)
    assert failed.because == "too_old"
    assert paying.due("refunds") == []


def test_Y7_one_that_was_held_until_it_was_too_old_fails_too(paying: Paying) -> None:
    order = paying.bought(quantity=3)
    paying.receive(order)
    paying.tell(paying.wechatpay.dispute(payment_of(paying, order)))
    paying.give_back(order, 1, at=NOON + UNTIL - DAY)
    paying.pass_time(NOON + UNTIL - DAY, NOON + UNTIL + DAY)
    assert paying.wechatpay.sends() == []
    assert [each.because for each in paying.listed(State.FAILED)] == ["too_old"]


def test_Y6_more_than_the_payment_is_never_sent(paying: Paying) -> None:
    """Rows that come to more than their payment, by whatever error: the oldest go, the rest is looked at."""
    order = due(paying, units=2)
    wrong = Refund(
        refund_id=f"ref_{order.order_id.removeprefix('ord_')}_c00099",
        subject=order.order_id,
        payment_id=paying.order(order).payments[0].payment_id,
        amount=TEA_FEN + 1,
        reason="returned",
        made_at=NOON + SECOND,
        order_id=order.order_id,
        member_id="alice",
    )
    paying.shop.tables.put(paying.table, refund_row(wrong))
    paying.pass_time(FIRST, NOON + DAY)
    assert paying.wechatpay.went_back(payment_of(paying, order)) == 2 * TEA_FEN
    assert [each.refund_id for each in paying.listed(State.FAILED)] == [wrong.refund_id]


# What a provider answers ---------------------------------------------------------------------------------


@EVERY_PROVIDER
def test_Y7_a_send_whose_answer_is_lost_is_asked_after_and_never_sent_again(
    paying: Paying, name: str
) -> None:
    order = due(paying, name)
    provider = paying.providers[name]
    provider.script(Word.PAY_BACK, Fate.UNANSWERED_AFTER)
    paying.job(FIRST)
    assert states(paying, order) == ["sent"]
    paying.pass_time(FIRST + MINUTE, NOON + HOUR)
    assert [each.word for each in provider.sent_back] == [Word.PAY_BACK, Word.ASK_PAID_BACK]
    assert states(paying, order) == ["succeeded"]


def test_Y7_contents_stay_as_they_were_where_the_suite_has_another_address_meanwhile(
    paying: Paying,
) -> None:
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.UNANSWERED)
    paying.job(FIRST)
    paying.payments_url = "https://another.test/payments"
    paying.pass_time(FIRST + MINUTE, NOON + HOUR)
    assert len(paying.wechatpay.sends()) == 2
    assert {each.paying.notify_url for each in paying.wechatpay.sent_back} == {
        "https://api.test/payments/wechatpay/notifications"
    }
    assert states(paying, order) == ["succeeded"]


@EVERY_PROVIDER
def test_Y7_a_send_that_never_arrived_is_sent_again_ten_minutes_later_with_the_same_contents(
    paying: Paying, name: str
) -> None:
    order = due(paying, name)
    provider = paying.providers[name]
    provider.script(Word.PAY_BACK, Fate.UNANSWERED, Fate.UNANSWERED)
    paying.job(FIRST)
    for minute in range(1, 10):
        paying.job(FIRST + minute * MINUTE)
    paying.job(FIRST + 10 * MINUTE - SECOND)
    assert len(provider.sends()) == 1
    assert provider.asks() != []
    paying.job(FIRST + 10 * MINUTE)
    assert [each.at for each in provider.sends()] == [FIRST, FIRST + 10 * MINUTE]
    paying.pass_time(FIRST + 11 * MINUTE, NOON + HOUR)
    sends = provider.sends()
    assert len(sends) == 3
    assert all(later.at - sooner.at >= 10 * MINUTE for sooner, later in itertools.pairwise(sends))
    assert {replace(each.paying, tries=0) for each in sends} == {sends[0].paying}
    assert states(paying, order) == ["succeeded"]


def test_Y7_a_key_rises_only_after_the_provider_has_said_that_it_does_not_exist(paying: Paying) -> None:
    due(paying, "stripe")
    paying.stripe.script(Word.PAY_BACK, Fate.UNANSWERED, Fate.UNANSWERED)
    paying.stripe.script(Word.ASK_PAID_BACK, *[Fate.UNANSWERED] * 5)
    paying.pass_time(FIRST, NOON + 5 * HOUR)
    told = 0
    for sent in paying.stripe.sent_back:
        if sent.word is Word.PAY_BACK:
            assert sent.paying.tries <= told
        elif sent.paying.tries == told:
            told += 1  # it may have been answered with absent
    tries = [each.paying.tries for each in paying.stripe.sends()]
    assert tries == sorted(set(tries))
    assert len(tries) == 3


def test_Y7_it_is_not_sent_again_while_the_provider_does_not_answer_whether_it_is_there(
    paying: Paying,
) -> None:
    order = due(paying, "stripe")
    paying.stripe.script(Word.PAY_BACK, Fate.UNANSWERED)
    paying.stripe.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED
    paying.pass_time(FIRST, NOON + 20 * HOUR)
    assert len(paying.stripe.sends()) == 1
    paying.stripe.always.clear()
    paying.pass_time(NOON + 20 * HOUR, NOON + 23 * HOUR)
    assert len(paying.stripe.sends()) == 2
    assert states(paying, order) == ["succeeded"]


@EVERY_PROVIDER
def test_Y7_a_send_that_arrives_minutes_late_is_found_and_moves_its_money_once(
    paying: Paying, name: str
) -> None:
    order = due(paying, name)
    provider = paying.providers[name]
    provider.script(Word.PAY_BACK, Fate.UNANSWERED)
    paying.pass_time(FIRST, FIRST + 8 * MINUTE)
    provider.pay_back(provider.sends()[0].paying, PaidBack.SUCCEEDED)
    paying.pass_time(FIRST + 9 * MINUTE, NOON + HOUR)
    assert len(provider.sends()) == 1
    assert provider.transfers() == {number_of(order): TEA_FEN}
    assert states(paying, order) == ["succeeded"]


def test_Y7_keys_that_cannot_be_had_are_no_answer(paying: Paying) -> None:
    order = due(paying)
    paying.no_keys.add("wechatpay")
    paying.pass_time(FIRST, NOON + HOUR)
    assert (states(paying, order), paying.wechatpay.sent_back) == (["sent"], [])
    paying.no_keys.clear()
    paying.pass_time(NOON + HOUR, NOON + 4 * HOUR)
    assert states(paying, order) == ["succeeded"]


@EVERY_PROVIDER
@pytest.mark.parametrize("ends", [PaidBack.SUCCEEDED, PaidBack.FAILED])
def test_Y7_one_that_is_being_done_is_asked_after_until_it_ends(
    paying: Paying, name: str, ends: PaidBack
) -> None:
    order = due(paying, name)
    provider = paying.providers[name]
    provider.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.pass_time(FIRST, NOON + 5 * HOUR)
    assert states(paying, order) == ["sent"]
    provider.becomes(number_of(order), ends)
    paying.pass_time(NOON + 5 * HOUR, NOON + 7 * HOUR)
    assert states(paying, order) == [ends.value]
    assert len(provider.sends()) == 1
    assert len(paying.listed(State.FAILED)) == (ends is PaidBack.FAILED)


@pytest.mark.parametrize("ends", [PaidBack.SUCCEEDED, PaidBack.FAILED])
def test_Y7_a_notice_has_the_transfer_asked_after_with_the_next_run(paying: Paying, ends: PaidBack) -> None:
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.pass_time(FIRST, NOON + 20 * HOUR)
    at = NOON + 20 * HOUR + MINUTE
    paying.tell(paying.wechatpay.becomes(number_of(order), ends), at)
    paying.job(at)
    assert states(paying, order) == [ends.value]


def test_Y7_a_notice_decides_nothing_its_query_does(paying: Paying) -> None:
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.job(FIRST)
    for word in ("SUCCESS", "CLOSED", "ABNORMAL"):
        paying.tell(paying.wechatpay.back_notice(number_of(order), word), FIRST)
    paying.job(FIRST + MINUTE)
    assert states(paying, order) == ["sent"]
    stranger = replace(
        paying.wechatpay.back_notice(number_of(order)), transfer="somebody's", object_id="other"
    )
    for notice in (stranger, replace(stranger, transfer=None, object_id="none")):
        paying.tell(notice, FIRST)
    assert states(paying, order) == ["sent"]


def test_Y7_W2_what_its_provider_will_not_do_is_finances_and_is_never_sent_again(
    paying: Paying, counted: Counter[str]
) -> None:
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.FAILED)
    paying.job(FIRST)
    assert states(paying, order) == ["failed"]
    (failed,) = paying.listed(State.FAILED)
    assert (failed.because, failed.amount) == ("ACCOUNT_ABNORMAL", TEA_FEN)
    assert counted["refunds_failed"] == 1
    paying.pass_time(FIRST, NOON + 30 * DAY)
    assert len(paying.wechatpay.sends()) == 1
    assert paying.wechatpay.went_back(payment_of(paying, order)) == 0


def test_Y7_after_one_has_failed_the_next_refund_of_the_payment_goes_on_its_own(paying: Paying) -> None:
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.FAILED)
    paying.job(FIRST)
    paying.give_back(order, 1, "r2", FIRST)
    paying.pass_time(FIRST + MINUTE, NOON + HOUR)
    assert states(paying, order) == ["failed", "succeeded"]
    assert paying.wechatpay.transfers() == {number_of(order): 0, number_of(order, 2): TEA_FEN}


@EVERY_PROVIDER
def test_Y7_too_little_money_is_tried_again_until_there_is_enough(paying: Paying, name: str) -> None:
    order = due(paying, name)
    provider = paying.providers[name]
    provider.always[Word.PAY_BACK] = Fate.REFUSED
    paying.pass_time(FIRST, NOON + 20 * HOUR, every=HOUR)
    assert len(provider.sends()) > 2
    assert states(paying, order) == ["sent"]
    provider.always.clear()
    paying.pass_time(NOON + 20 * HOUR, NOON + 23 * HOUR)
    assert states(paying, order) == ["succeeded"]
    assert provider.transfers() == {number_of(order): TEA_FEN}
    assert {each.paying.number for each in provider.sends()} == {number_of(order)}


@pytest.mark.parametrize(
    "fates",
    [
        {Word.PAY_BACK: Fate.REFUSED},
        {Word.PAY_BACK: Fate.UNANSWERED},
        {Word.PAY_BACK: Fate.UNANSWERED, Word.ASK_PAID_BACK: Fate.UNANSWERED},
        {Word.PAY_BACK: Fate.UNANSWERED_AFTER, Word.ASK_PAID_BACK: Fate.UNANSWERED},
    ],
    ids=["too little money", "nothing arrives", "no answer at all", "all answers lost"],
)
@pytest.mark.parametrize("name", ["wechatpay", "stripe"])
def test_Y7_after_two_days_without_its_providers_word_it_has_failed_and_not_sooner(
    paying: Paying, name: str, fates: dict[Word, Fate]
) -> None:
    order = due(paying, name)
    provider = paying.providers[name]
    provider.always |= fates
    paying.pass_time(FIRST, FIRST + 2 * DAY - SECOND, every=3 * HOUR)
    paying.go_on(FIRST + 2 * DAY - SECOND)
    assert states(paying, order) == ["sent"]
    paying.pass_time(FIRST + 2 * DAY, FIRST + 2 * DAY + HOUR)
    assert states(paying, order) == ["failed"]
    assert len(paying.listed(State.FAILED)) == 1
    sends = len(provider.sends())
    provider.always.clear()
    paying.pass_time(FIRST + 2 * DAY + HOUR, FIRST + 40 * DAY, every=HOUR)
    assert len(provider.sends()) == sends
    assert len(provider.transfers()) <= 1


# Words that come late ------------------------------------------------------------------------------------


def _failed_by_time(paying: Paying) -> tuple[Order, datetime]:
    """Return an order whose transfer has failed after two days, though it is being done."""
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.wechatpay.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED
    paying.pass_time(FIRST, FIRST + 2 * DAY + HOUR, every=4 * HOUR)
    paying.go_on(FIRST + 2 * DAY + HOUR)
    paying.wechatpay.always.clear()
    assert states(paying, order) == ["failed"]
    return order, FIRST + 2 * DAY + HOUR


def test_Y7_a_success_told_after_it_had_failed_is_a_success_and_leaves_finances_list(
    paying: Paying, counted: Counter[str]
) -> None:
    order, at = _failed_by_time(paying)
    notice = paying.wechatpay.becomes(number_of(order), PaidBack.SUCCEEDED)
    for _ in range(2):
        paying.tell(notice, at)
        paying.pass_time(at, at + HOUR)
    assert states(paying, order) == ["succeeded"]
    assert paying.listed(State.FAILED) == []
    assert counted["refunds_doubled"] == 0
    assert paying.told() == []


def test_Y7_a_success_told_before_its_query_says_so_is_found_all_the_same(paying: Paying) -> None:
    """The notice overtakes the provider's own books by some minutes: they still say that it is being done."""
    order, at = _failed_by_time(paying)
    paying.tell(paying.wechatpay.back_notice(number_of(order), "SUCCESS"), at)
    paying.pass_time(at, at + 5 * MINUTE)
    paying.wechatpay.becomes(number_of(order), PaidBack.SUCCEEDED)
    paying.pass_time(at + 5 * MINUTE, at + 5 * HOUR)
    assert states(paying, order) == ["succeeded"]


@EVERY_PROVIDER
def test_Y7_a_failure_told_after_it_had_succeeded_is_finances_and_counted_for_the_alarm(
    paying: Paying, counted: Counter[str], name: str
) -> None:
    order = due(paying, name, units=2)
    provider = paying.providers[name]
    paying.job(FIRST)
    assert (states(paying, order), counted["refunds_failed"]) == (["succeeded"], 0)
    at = NOON + 9 * DAY
    notice = provider.becomes(number_of(order), PaidBack.FAILED)
    for _ in range(2):
        paying.tell(notice, at)
        paying.job(at + MINUTE)
    assert states(paying, order) == ["failed"]
    (failed,) = paying.listed(State.FAILED)
    assert (failed.amount, counted["refunds_failed"]) == (2 * TEA_FEN, 1)
    paying.pass_time(at, at + 30 * DAY)
    assert len(provider.sends()) == 1


def test_Y7_a_late_failure_whose_query_is_not_answered_is_asked_again(paying: Paying) -> None:
    order = due(paying)
    paying.job(FIRST)
    paying.wechatpay.script(Word.ASK_PAID_BACK, *[Fate.UNANSWERED] * 3)
    paying.tell(paying.wechatpay.becomes(number_of(order), PaidBack.FAILED), FIRST + MINUTE)
    paying.pass_time(FIRST + MINUTE, NOON + 3 * HOUR)
    assert states(paying, order) == ["failed"]


def test_Y7_it_can_fail_and_succeed_again_as_its_provider_says(paying: Paying) -> None:
    order = due(paying)
    paying.job(FIRST)
    at = FIRST + MINUTE
    for number, word in enumerate([PaidBack.FAILED, PaidBack.SUCCEEDED, PaidBack.FAILED, PaidBack.SUCCEEDED]):
        notice = paying.wechatpay.becomes(number_of(order), word)
        paying.tell(replace(notice, state=f"{notice.state}{number}"), at)
        at = paying.pass_time(at, at + 5 * MINUTE) + 6 * MINUTE
        assert states(paying, order) == [word.value]
        assert len(paying.listed(State.FAILED)) == (word is PaidBack.FAILED)
    assert len(paying.wechatpay.sends()) == 1
