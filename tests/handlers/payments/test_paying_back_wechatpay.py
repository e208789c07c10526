"""WeChat Pay is asked to pay back by its SDK, over a wire, by a gateway that checks what arrives (Y7)."""

import json
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from functions.payments.providers import reading
from functions.payments.providers.provider import PaidBack, PaidBackAnswer, UnansweredError
from functions.payments.providers.wechatpay import Sending
from tests.support.providers import (
    NEXT_TRANSFER,
    TRANSFER,
    WECHATPAY_ID,
    WECHATPAY_NEXT_ID,
    WECHATPAY_PAYMENT,
    Answered,
    Gateway,
    gateway,
    hung_up,
    paying_back,
    private_pem,
    public_pem,
    wechatpay_gateway,
    wechatpay_refund,
    wechatpay_send,
)
from tests.support.providers import wechatpay_answered as answered

PAYING = paying_back(WECHATPAY_PAYMENT)
REFUNDS = "/v3/refund/domestic/refunds"
REFUND = f"{REFUNDS}/{TRANSFER}"
AMOUNT = wechatpay_refund()["amount"]
DONE = PaidBackAnswer(state=PaidBack.SUCCEEDED, at=datetime(2026, 11, 30, 2, 34, 56, tzinfo=UTC))
NOT_THERE = answered({"code": "RESOURCE_NOT_EXISTS", "message": "退款单不存在"}, 404)


@pytest.fixture
def wechatpay() -> Iterator[Gateway]:
    with gateway() as run:
        yield run


def answers(run: Gateway, by_path: Mapping[str, Answered | None], signer: str = "shop") -> Sending:
    """Have a gateway answer by path; return who asks it."""
    run.answer = wechatpay_gateway(by_path, signer)
    return Sending(wechatpay_send(run.address))


def refused(code: str, status: int) -> Answered:
    """Return a refusal."""
    return answered({"code": code, "message": "退款请求失败"}, status)


def calls(run: Gateway) -> list[str]:
    """Return what was asked for."""
    return [f"{asked.method} {asked.path}" for asked in run.asked]


def test_Y7_a_transfer_is_sent_with_every_field(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {REFUNDS: answered(wechatpay_refund())})
    assert sending.pay_back(PAYING) == DONE
    assert json.loads(wechatpay.asked[0].body) == {
        "out_refund_no": TRANSFER,
        "transaction_id": WECHATPAY_PAYMENT,
        "amount": {"refund": 1_005, "total": 12_345, "currency": "CNY"},
        "notify_url": "https://shop.example/payments/notifications",
    }
    assert calls(wechatpay) == [f"POST {REFUNDS}"]


def test_Y7_every_send_has_the_same_contents_whatever_was_tried_before(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {REFUNDS: None})
    for tries in range(3):
        with pytest.raises(UnansweredError):
            sending.pay_back(replace(PAYING, tries=tries))
    assert len({asked.body for asked in wechatpay.asked}) == 1
    assert len(wechatpay.asked) == 3  # nothing is sent again by itself


def test_Y7_a_repeated_send_is_answered_as_the_refund_stands(wechatpay: Gateway) -> None:
    taken = answered(wechatpay_refund(status="PROCESSING", success_time=None))
    sending = answers(wechatpay, {REFUNDS: taken})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.PROCESSING)
    sending = answers(wechatpay, {REFUNDS: answered(wechatpay_refund())})
    assert sending.pay_back(PAYING) == DONE


@pytest.mark.parametrize(
    ("status", "state", "because"),
    [
        ("PROCESSING", PaidBack.PROCESSING, None),
        ("SUCCESS", PaidBack.SUCCEEDED, None),
        ("CLOSED", PaidBack.FAILED, "CLOSED"),
        ("ABNORMAL", PaidBack.FAILED, "ABNORMAL"),
    ],
)
def test_Y7_every_documented_state_stands_for_one_of_ours(
    wechatpay: Gateway, status: str, state: PaidBack, because: str | None
) -> None:
    refund = answered(wechatpay_refund(status=status, success_time=None))
    sending = answers(wechatpay, {REFUNDS: refund, REFUND: refund})
    for call in (sending.pay_back, sending.ask_paid_back):
        assert call(PAYING) == PaidBackAnswer(state=state, because=because)


def test_Y7_a_transfer_is_asked_after_by_our_number(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {REFUND: answered(wechatpay_refund())})
    assert sending.ask_paid_back(PAYING) == DONE
    assert calls(wechatpay) == [f"GET {REFUND}"]


def test_Y7_what_a_lost_answer_was_is_found(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {REFUNDS: None, REFUND: answered(wechatpay_refund())})
    with pytest.raises(UnansweredError):
        sending.pay_back(PAYING)
    assert sending.ask_paid_back(PAYING) == DONE


def test_Y7_an_unknown_number_is_absent(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {REFUND: NOT_THERE})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.ABSENT)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "NOT_ENOUGH"),
        (429, "FREQUENCY_LIMITED"),
        (429, "RATELIMIT_EXCEEDED"),
        (403, "NO_AUTH"),
        (404, "MCH_NOT_EXISTS"),
        (403, "REQUEST_BLOCKED"),
        (400, "SOMETHING_NEW"),
    ],
)
def test_Y7_what_is_not_taken_now_may_be_later(wechatpay: Gateway, status: int, code: str) -> None:
    sending = answers(wechatpay, {REFUNDS: refused(code, status)})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.REFUSED, because=code)
    assert len(wechatpay.asked) == 1


FINAL = [(400, "PARAM_ERROR"), (400, "INVALID_REQUEST"), (403, "USER_ACCOUNT_ABNORMAL")]


@pytest.mark.parametrize(("status", "code"), FINAL)
def test_Y7_what_will_never_be_taken_has_failed_once_it_is_not_there(
    wechatpay: Gateway, status: int, code: str
) -> None:
    sending = answers(wechatpay, {REFUNDS: refused(code, status), REFUND: NOT_THERE})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.FAILED, because=code)
    assert calls(wechatpay) == [f"POST {REFUNDS}", f"GET {REFUND}"]


@pytest.mark.parametrize(("status", "code"), FINAL)
@pytest.mark.parametrize("state", ["SUCCESS", "PROCESSING"])
def test_Y7_what_is_refused_because_it_was_done_before_has_not_failed(
    wechatpay: Gateway, status: int, code: str, state: str
) -> None:
    found = answered(wechatpay_refund(status=state))
    sending = answers(wechatpay, {REFUNDS: refused(code, status), REFUND: found})
    assert sending.pay_back(PAYING).state in (PaidBack.SUCCEEDED, PaidBack.PROCESSING)


@pytest.mark.parametrize(
    "found",
    [
        None,
        refused("SYSTEM_ERROR", 500),
        answered(wechatpay_refund(), signer="somebody"),
        answered(wechatpay_refund(amount={**AMOUNT, "refund": 1})),
    ],
)
def test_Y7_a_refusal_that_nobody_confirms_is_no_answer(wechatpay: Gateway, found: Answered | None) -> None:
    sending = answers(wechatpay, {REFUNDS: refused("INVALID_REQUEST", 400), REFUND: found})
    with pytest.raises(UnansweredError) as unanswered:
        sending.pay_back(PAYING)
    assert "During handling" not in "".join(traceback.format_exception(unanswered.value))


@pytest.mark.parametrize("code", ["RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST"])
def test_Y7_who_does_not_know_the_payment_says_nothing_of_the_transfer(wechatpay: Gateway, code: str) -> None:
    sending = answers(wechatpay, {REFUNDS: refused(code, 404), REFUND: NOT_THERE})
    with pytest.raises(UnansweredError, match=f"^{code}$"):
        sending.pay_back(PAYING)


@pytest.mark.parametrize(
    ("status", "code"), [(400, "PARAM_ERROR"), (403, "NO_AUTH"), (404, "ORDER_NOT_EXIST")]
)
def test_Y7_a_question_that_is_refused_is_no_state(wechatpay: Gateway, status: int, code: str) -> None:
    with pytest.raises(UnansweredError, match=f"^{code}$"):
        answers(wechatpay, {REFUND: refused(code, status)}).ask_paid_back(PAYING)


GOOD = answered(wechatpay_refund())
NO_ANSWERS = {
    "lost": None,
    "unsigned": Answered(body=GOOD.body, headers={"Content-Type": "application/json"}),
    "signed by somebody": answered(wechatpay_refund(), signer="somebody"),
    "under an unknown key": answered(wechatpay_refund(), serial=WECHATPAY_NEXT_ID),
    "of another amount": replace(GOOD, body=GOOD.body.replace(b"1005", b"1")),
    "no JSON": answered("SUCCESS"),
    "nothing": answered(None, 204),
    "a 401": refused("SIGN_ERROR", 401),
    "a 401 by another word": refused("INVALID_REQUEST", 401),
    "a 401 by a limit": refused("FREQUENCY_LIMITED", 401),
    "a 429 by another word": refused("INVALID_REQUEST", 429),
    "a 500": refused("SYSTEM_ERROR", 500),
    "a 500 by another word": refused("INVALID_REQUEST", 500),
    "a 503 by a limit": refused("FREQUENCY_LIMITED", 503),
    "a 502 of something between": Answered(status=502, body=b"<html>"),
    "a 403 of something between": Answered(status=403, body=b"<html>"),
    "a 429 of something between": Answered(status=429),
    "a 404 without a code": Answered(status=404),
    "a 400 that says nothing": refused("SYSTEM_ERROR", 400),
    "a code that is none": refused("a secret <script>", 400),
    "another transfer": answered(wechatpay_refund(out_refund_no=NEXT_TRANSFER)),
    "another payment": answered(wechatpay_refund(transaction_id="4200000000000000000000000009")),
    "another sum": answered(wechatpay_refund(amount={**AMOUNT, "refund": 12_345})),
    "a sum as text": answered(wechatpay_refund(amount={**AMOUNT, "refund": "1005"})),
    "no sum": answered(wechatpay_refund(amount=None)),
    "another currency": answered(wechatpay_refund(amount={**AMOUNT, "currency": "USD"})),
    "an unknown state": answered(wechatpay_refund(status="NEW")),
    "no state": answered(wechatpay_refund(status=None)),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
@pytest.mark.parametrize("name", ["pay_back", "ask_paid_back"])
def test_Y7_what_cannot_be_trusted_is_no_answer(wechatpay: Gateway, name: str, what: str) -> None:
    sending = answers(wechatpay, {REFUNDS: NO_ANSWERS[what], REFUND: NO_ANSWERS[what]})
    with pytest.raises(UnansweredError) as unanswered:
        getattr(sending, name)(PAYING)
    said = "".join(traceback.format_exception(unanswered.value))
    assert "During handling" not in said
    assert "secret" not in said
    assert len(wechatpay.asked) == 1  # nobody asks for certificates, and nobody tries again


def test_Y7_a_limit_of_questions_is_no_answer(wechatpay: Gateway) -> None:
    with pytest.raises(UnansweredError):
        answers(wechatpay, {REFUND: refused("FREQUENCY_LIMITED", 429)}).ask_paid_back(PAYING)


def test_Y7_a_refund_that_names_no_currency_is_in_that_of_its_payment(wechatpay: Gateway) -> None:
    amount = {name: value for name, value in AMOUNT.items() if name != "currency"}
    sending = answers(wechatpay, {REFUND: answered(wechatpay_refund(amount=amount))})
    assert sending.ask_paid_back(PAYING) == DONE


@pytest.mark.parametrize("name", ["pay_back", "ask_paid_back"])
def test_Y1_a_gateway_that_says_nothing_is_given_up(
    wechatpay: Gateway, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS_MAX", 0.05)
    done = Event()
    sending = answers(wechatpay, {})
    wechatpay.answer = hung_up(done)
    try:
        with pytest.raises(UnansweredError, match=r"^ReadTimeout$"):
            getattr(sending, name)(PAYING)
    finally:
        done.set()


def test_Y1_a_gateway_that_is_not_there_is_no_answer() -> None:
    sending = Sending(wechatpay_send("http://127.0.0.1:9"))
    for call in (sending.pay_back, sending.ask_paid_back):
        with pytest.raises(UnansweredError, match=r"^ConnectionError$"):
            call(PAYING)


@pytest.mark.parametrize("signed", [{}, {"serial": WECHATPAY_NEXT_ID, "signer": "wechatpay next"}])
def test_Y1_in_the_middle_of_a_rotation_answers_under_either_key_count_and_the_first_signs(
    wechatpay: Gateway, signed: dict[str, Any]
) -> None:
    refund = answered(wechatpay_refund(), **signed)
    answers(wechatpay, {REFUNDS: refund, REFUND: refund}, signer="shop next")
    sending = Sending(
        wechatpay_send(
            wechatpay.address,
            private_keys=[
                {"serial": "0A1B2C3D", "pem": private_pem("shop next")},
                {"serial": "1", "pem": private_pem("shop")},
            ],
            public_keys=[
                {"id": WECHATPAY_ID, "pem": public_pem("wechatpay")},
                {"id": WECHATPAY_NEXT_ID, "pem": public_pem("wechatpay next")},
            ],
        )
    )
    assert [sending.pay_back(PAYING), sending.ask_paid_back(PAYING)] == [DONE, DONE]
