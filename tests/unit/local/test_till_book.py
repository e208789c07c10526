"""The till's book: how a trade ends, what a file of it is worth, and which faults a call meets."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from local.till import pages
from local.till.faults import Fault, Faults, Kind
from local.till.messages import from_rfc3339, from_wall_time, rfc3339, wall_time
from local.till.plans import Plan, RefundPlan
from local.till.refunds import FOLLOWS, Dispute, DisputeState, Refund, RefundState
from local.till.stripe import _nested
from local.till.trades import Book, Happened, Journal, State, Trade

NOON = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.seconds = NOON

    def time(self) -> float:
        return self.seconds


def trade(**changed: Any) -> Trade:
    fields: dict[str, Any] = {
        "provider": "wechatpay",
        "ident": "order_01",
        "number": "order_01",
        "product": "native",
        "amount": 100,
        "currency": "CNY",
        "title": "tea",
        "notify_url": "http://127.0.0.1:1/",
        "made_at": NOON,
        "contents": "",
        "handle": "code",
        "expires_at": NOON + 60,
    }
    return Trade(**(fields | changed))


def test_Y2_a_trade_ends_by_itself_at_its_end_and_not_before() -> None:
    clock = Clock()
    book = Book(clock.time)
    book.add(trade())
    clock.seconds += 59
    book.settle()
    assert book.trades["wechatpay", "order_01"].state is State.OPEN
    clock.seconds += 3_600
    book.settle()
    ended = book.trades["wechatpay", "order_01"]
    assert (ended.state, ended.closed_at) == (State.CLOSED, NOON + 60)


def test_money_that_is_under_way_before_the_end_arrives_after_it() -> None:
    clock, happened = Clock(), []
    book = Book(clock.time)
    book.happened = lambda _trade, what: happened.append(what)
    paying = book.add(trade())
    book.pay(paying, Plan(paying_seconds=90), "4200")
    clock.seconds += 60
    book.settle()
    assert paying.state is State.PAYING
    clock.seconds += 3_600
    book.settle()
    assert (paying.state, paying.paid_at, happened) == (
        State.PAID,
        NOON + 90,
        [Happened.PAYING, Happened.PAID],
    )


def test_a_trade_that_was_paid_or_closed_stays_so_at_its_end() -> None:
    clock = Clock()
    book = Book(clock.time)
    paid, closed = book.add(trade()), book.add(trade(ident="order_02", number="order_02"))
    book.pay(paid, Plan(), "4200")
    book.close(closed, NOON)
    clock.seconds += 60
    book.settle()
    assert (paid.state, closed.closed_at) == (State.PAID, NOON)


def test_a_book_is_read_as_it_was_written_and_grows_by_lines_that_count(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "trades.jsonl"
    book = Book(clock.time, Journal(path))
    paid = book.add(trade())
    book.pay(paid, Plan(twice=True), "4200")
    book.keep("stripe:key", {"status": 200})
    path.write_text(path.read_text() + '["trade", "half')
    again = Book(clock.time, Journal(path))
    assert again.trades == {paid.key: paid}
    assert again.kept == {"stripe:key": {"status": 200}}
    assert again.of_number("order_01") == [paid]
    assert len(path.read_text().splitlines()) == 2


def test_an_end_that_passed_while_the_till_was_stopped_has_passed(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "trades.jsonl"
    Book(clock.time, Journal(path)).add(trade())
    clock.seconds += 60
    again = Book(clock.time, Journal(path))
    again.settle()
    assert again.trades["wechatpay", "order_01"].state is State.CLOSED


@pytest.mark.parametrize(("amount", "other"), [(100, 99), (1, 2)])
def test_the_wrong_amount_is_one_off_and_never_nothing(amount: int, other: int) -> None:
    book = Book(Clock().time)
    paid = book.add(trade(amount=amount))
    book.pay(paid, Plan(wrong_amount=True), "4200")
    assert (paid.paid_amount, paid.amount) == (other, amount)


def refund(**changed: Any) -> Refund:
    fields: dict[str, Any] = {
        "provider": "wechatpay",
        "ident": "order_R01",
        "number": "order_R01",
        "trade": "order_01",
        "refund_id": "5030",
        "amount": 60,
        "currency": "CNY",
        "contents": "",
        "made_at": NOON,
    }
    return Refund(**(fields | changed))


def paid_book(clock: Clock, plan: RefundPlan, path: Path | None = None) -> Book:
    book = Book(clock.time, Journal(path) if path else None)
    book.pay(book.add(trade(refund_plan=plan)), Plan(), "4200")
    return book


def test_Y7_a_refund_succeeds_and_fails_at_its_own_moments_however_late_one_looks(tmp_path: Path) -> None:
    clock, happened = Clock(), []
    path = tmp_path / "trades.jsonl"
    book = paid_book(clock, RefundPlan(processing_seconds=5, fails_seconds=60), path)
    book.refund(refund(), 1.0)
    again = Book(clock.time, Journal(path))
    again.went_back = lambda of, what: happened.append((type(of), what))
    clock.seconds += 3_600
    again.settle()
    (found,) = again.refunds_of(again.trades["wechatpay", "order_01"])
    assert (found.succeeded_at, found.failed_at, found.word) == (NOON + 5, NOON + 60, "ABNORMAL")
    assert happened == [(Refund, Happened.REFUNDED), (Refund, Happened.REFUND_FAILED)]
    settled = Book(clock.time, Journal(path))
    settled.settle()
    assert settled.refunds == again.refunds


def test_Y7_what_somebody_says_of_a_refund_ends_what_was_planned() -> None:
    clock = Clock()
    book = paid_book(clock, RefundPlan(fails_seconds=60))
    made = book.refund(refund(), 30.0)
    book.settle_refund(made, RefundState.SUCCEEDED)
    clock.seconds += 60
    book.settle()
    assert (made.state, made.succeeded_at) == (RefundState.SUCCEEDED, NOON)


@pytest.mark.parametrize(("word", "left"), [("CLOSED", 100), ("ABNORMAL", 40)])
def test_Y7_a_refund_holds_its_amount_until_it_will_not_be_done(word: str, left: int) -> None:
    book = paid_book(Clock(), RefundPlan())
    (paid,) = book.trades.values()
    made = book.refund(refund(), 30.0)
    assert book.left_of(paid) == 40
    book.settle_refund(made, RefundState.FAILED, word)
    assert (made.word, book.left_of(paid)) == (word, left)


def test_a_dispute_goes_only_where_disputes_go() -> None:
    begun = [before for before in FOLLOWS if before is not None]
    for before, after in product(begun, DisputeState):
        book = paid_book(Clock(), RefundPlan())
        dispute = Dispute(
            provider="wechatpay",
            ident="du_1",
            trade="order_01",
            amount=100,
            currency="CNY",
            reason="fraudulent",
            made_at=NOON,
            state=before,
        )
        book.disputes[dispute.key] = dispute
        if after in FOLLOWS[before]:
            book.dispute(dispute, after)
            assert (dispute.state, dispute.is_open) == (after, after in FOLLOWS)
        else:
            with pytest.raises(ValueError, match="a dispute cannot be"):
                book.dispute(dispute, after)
            assert dispute.state is before


def test_a_fault_is_met_by_the_calls_that_it_is_for_and_so_many_times() -> None:
    faults = Faults()
    faults.add(Fault(Kind.BARE, "stripe", "create", times=2))
    assert faults.meet("stripe", "query") is None
    assert faults.meet("alipay", "create") is None
    assert [bool(faults.meet("stripe", "create")) for _ in range(3)] == [True, True, False]


def test_moments_are_those_of_beijing() -> None:
    assert (rfc3339(NOON), wall_time(NOON)) == ("2027-01-15T16:00:00+08:00", "2027-01-15 16:00:00")
    assert from_rfc3339(rfc3339(NOON)) == from_wall_time(wall_time(NOON)) == NOON
    with pytest.raises(ValueError, match="no offset"):
        from_rfc3339("2027-01-15T16:00:00")


def test_a_form_with_brackets_is_read_as_it_is_meant() -> None:
    form = [("a", "1"), ("metadata[number]", "x"), ("types[]", "card"), ("types[]", "link"), ("b[c][0]", "d")]
    assert _nested(form) == {
        "a": "1",
        "metadata": {"number": "x"},
        "types": {"0": "card", "1": "link"},
        "b": {"c": {"0": "d"}},
    }


def test_nothing_of_a_trade_is_more_than_text_on_its_page() -> None:
    hostile = trade(title="<script>alert(1)</script>", number="</script><b>")
    page = pages.cashier(hostile, "WeChat Pay", "javascript:alert(1)")
    assert "<script>alert" not in page
    assert "</script><b>" not in page
    assert "javascript:" not in page
