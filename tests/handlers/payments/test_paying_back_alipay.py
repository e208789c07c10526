"""Alipay is asked to pay back by its SDK, over a wire, by a gateway that checks what arrives (Y7)."""

import json
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from functions.payments.providers import reading
from functions.payments.providers.alipay import Sending
from functions.payments.providers.provider import PaidBack, PaidBackAnswer, UnansweredError
from tests.support.providers import (
    ALIPAY_PAYMENT,
    NEXT_TRANSFER,
    TRANSFER,
    Answered,
    Gateway,
    alipay_answer,
    alipay_gateway,
    alipay_refund,
    alipay_refund_found,
    alipay_send,
    gateway,
    hung_up,
    paying_back,
    private_pem,
    public_pem,
)
from tests.support.providers import alipay_answered as answered
from tests.support.providers import alipay_parameters as parameters

PAYING = paying_back(ALIPAY_PAYMENT)
REFUND, QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
DONE = PaidBackAnswer(state=PaidBack.SUCCEEDED)
ABSENT = {"code": "10000"}
"""What is answered about a refund that is not there: that the question was taken, and nothing else."""


@pytest.fixture
def alipay() -> Iterator[Gateway]:
    with gateway() as run:
        yield run


def answers(run: Gateway, by_method: Mapping[str, Answered | None], signer: str = "shop") -> Sending:
    """Have a gateway answer by method; return who asks it."""
    run.answer = alipay_gateway(by_method, signer)
    return Sending(alipay_send(f"{run.address}/gateway.do"))


def refused(method: str, sub_code: str, code: str = "40004") -> Answered:
    """Return a refusal."""
    told = {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "卖家余额不足"}
    return answered(method, told)


def contents(run: Gateway) -> list[tuple[str, Any]]:
    """Return what was asked for."""
    sent = [parameters(asked.target) for asked in run.asked]
    return [(each["method"], json.loads(each["biz_content"])) for each in sent]


def methods(run: Gateway) -> list[str]:
    """Return what was called."""
    return [method for method, _ in contents(run)]


def test_Y7_a_transfer_is_sent_with_every_field_and_a_change_of_funds_is_its_success(alipay: Gateway) -> None:
    sending = answers(alipay, {REFUND: answered(REFUND, alipay_refund())})
    assert sending.pay_back(PAYING) == DONE
    assert contents(alipay) == [
        (REFUND, {"trade_no": ALIPAY_PAYMENT, "out_request_no": TRANSFER, "refund_amount": "10.05"})
    ]


@pytest.mark.parametrize(("fen", "yuan"), [(1, "0.01"), (10, "0.10"), (100, "1.00"), (435, "4.35")])
def test_Y7_an_amount_is_sent_with_two_places(alipay: Gateway, fen: int, yuan: str) -> None:
    answers(alipay, {REFUND: answered(REFUND, alipay_refund())}).pay_back(replace(PAYING, amount=fen))
    assert contents(alipay)[0][1]["refund_amount"] == yuan


def test_Y7_every_send_has_the_same_contents_whatever_was_tried_before(alipay: Gateway) -> None:
    sending = answers(alipay, {REFUND: None})
    for tries in range(3):
        with pytest.raises(UnansweredError):
            sending.pay_back(replace(PAYING, tries=tries))
    assert len({json.dumps(each) for each in contents(alipay)}) == 1
    assert len(alipay.asked) == 3  # nothing is sent again by itself


@pytest.mark.parametrize("unchanged", ["N", None])
def test_Y7_a_repeated_send_that_moves_nothing_is_asked_how_the_first_one_stands(
    alipay: Gateway, unchanged: str | None
) -> None:
    repeat = answered(REFUND, alipay_refund(fund_change=unchanged))
    sending = answers(alipay, {REFUND: repeat, QUERY: answered(QUERY, alipay_refund_found())})
    assert sending.pay_back(PAYING) == DONE
    assert methods(alipay) == [REFUND, QUERY]
    sending = answers(alipay, {REFUND: repeat, QUERY: answered(QUERY, ABSENT)})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.PROCESSING)  # it was taken
    sending = answers(alipay, {REFUND: repeat, QUERY: None})
    with pytest.raises(UnansweredError):
        sending.pay_back(PAYING)


def test_Y7_a_transfer_is_asked_after_by_our_number_and_its_trade(alipay: Gateway) -> None:
    sending = answers(alipay, {QUERY: answered(QUERY, alipay_refund_found())})
    assert sending.ask_paid_back(PAYING) == DONE
    assert contents(alipay) == [(QUERY, {"trade_no": ALIPAY_PAYMENT, "out_request_no": TRANSFER})]


def test_Y7_the_providers_time_is_told_where_it_says_it(alipay: Gateway) -> None:
    at = {"gmt_refund_pay": "2026-11-30 10:34:56"}
    by_method = {
        REFUND: answered(REFUND, alipay_refund(**at)),
        QUERY: answered(QUERY, alipay_refund_found(**at)),
    }
    sending = answers(alipay, by_method)
    for call in (sending.pay_back, sending.ask_paid_back):
        assert call(PAYING).at == datetime(2026, 11, 30, 2, 34, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "state", "because"),
    [
        ("REFUND_SUCCESS", PaidBack.SUCCEEDED, None),
        ("REFUND_PROCESSING", PaidBack.PROCESSING, None),
        ("REFUND_FAIL", PaidBack.FAILED, "REFUND_FAIL"),
    ],
)
def test_Y7_every_state_stands_for_one_of_ours(
    alipay: Gateway, status: str, state: PaidBack, because: str | None
) -> None:
    sending = answers(alipay, {QUERY: answered(QUERY, alipay_refund_found(refund_status=status))})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=state, because=because)


@pytest.mark.parametrize(
    "told",
    [
        ABSENT,
        {**ABSENT, "trade_no": ALIPAY_PAYMENT, "out_request_no": TRANSFER},
        {**ABSENT, "trade_no": "", "out_request_no": "", "refund_status": ""},
        alipay_refund_found(refund_status=None),
    ],
)
def test_Y7_an_unknown_number_has_no_state_and_is_absent(alipay: Gateway, told: dict[str, Any]) -> None:
    sending = answers(alipay, {QUERY: answered(QUERY, told)})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.ABSENT)


def test_Y7_what_a_lost_answer_was_is_found(alipay: Gateway) -> None:
    sending = answers(alipay, {REFUND: None, QUERY: answered(QUERY, alipay_refund_found())})
    with pytest.raises(UnansweredError):
        sending.pay_back(PAYING)
    assert sending.ask_paid_back(PAYING) == DONE


@pytest.mark.parametrize(
    ("sub_code", "code"),
    [
        ("ACQ.SELLER_BALANCE_NOT_ENOUGH", "40004"),
        ("ACQ.REASON_TRADE_BEEN_FREEZEN", "40004"),
        ("ACQ.SOMETHING_NEW", "40004"),
        ("isv.insufficient-isv-permissions", "40006"),
    ],
)
def test_Y7_what_is_not_taken_now_may_be_later(alipay: Gateway, sub_code: str, code: str) -> None:
    sending = answers(alipay, {REFUND: refused(REFUND, sub_code, code)})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.REFUSED, because=sub_code)
    assert len(alipay.asked) == 1


FINAL = [
    "ACQ.INVALID_PARAMETER",
    "ACQ.REASON_TRADE_REFUND_FEE_ERR",
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
    "ACQ.REFUND_FEE_ERROR",
    "ACQ.TRADE_HAS_FINISHED",
    "ACQ.TRADE_NOT_ALLOW_REFUND",
    "ACQ.TRADE_STATUS_ERROR",
]


@pytest.mark.parametrize("sub_code", FINAL)
def test_Y7_what_will_never_be_taken_has_failed_once_it_is_not_there(alipay: Gateway, sub_code: str) -> None:
    sending = answers(alipay, {REFUND: refused(REFUND, sub_code), QUERY: answered(QUERY, ABSENT)})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.FAILED, because=sub_code)
    assert methods(alipay) == [REFUND, QUERY]


@pytest.mark.parametrize("sub_code", FINAL)
def test_Y7_what_is_refused_because_it_was_done_before_has_not_failed(alipay: Gateway, sub_code: str) -> None:
    found = answered(QUERY, alipay_refund_found())
    sending = answers(alipay, {REFUND: refused(REFUND, sub_code), QUERY: found})
    assert sending.pay_back(PAYING) == DONE


@pytest.mark.parametrize(
    "found",
    [
        None,
        Answered(status=500),
        answered(QUERY, ABSENT, signer="somebody"),
        answered(QUERY, ABSENT, sign=False),
        refused(QUERY, "ACQ.TRADE_NOT_EXIST"),
        answered(QUERY, alipay_refund_found(refund_amount="0.01")),
    ],
)
def test_Y7_a_refusal_that_nobody_confirms_is_no_answer(alipay: Gateway, found: Answered | None) -> None:
    sending = answers(alipay, {REFUND: refused(REFUND, "ACQ.TRADE_HAS_FINISHED"), QUERY: found})
    with pytest.raises(UnansweredError) as unanswered:
        sending.pay_back(PAYING)
    assert "During handling" not in "".join(traceback.format_exception(unanswered.value))


@pytest.mark.parametrize("sub_code", ["ACQ.TRADE_NOT_EXIST", "ACQ.DISCORDANT_REPEAT_REQUEST"])
def test_Y7_who_does_not_know_the_payment_or_knows_another_refund_says_nothing_of_the_transfer(
    alipay: Gateway, sub_code: str
) -> None:
    sending = answers(alipay, {REFUND: refused(REFUND, sub_code), QUERY: answered(QUERY, ABSENT)})
    with pytest.raises(UnansweredError, match=f"^{sub_code}$"):
        sending.pay_back(PAYING)


@pytest.mark.parametrize("sub_code", ["ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST", "ACQ.INVALID_PARAMETER"])
def test_Y7_a_question_that_is_refused_is_no_state(alipay: Gateway, sub_code: str) -> None:
    with pytest.raises(UnansweredError, match=f"^{sub_code}$"):
        answers(alipay, {QUERY: refused(QUERY, sub_code)}).ask_paid_back(PAYING)


def no_answers(method: str, good: dict[str, Any]) -> dict[str, Answered | None]:
    """Return what is no answer to a call of a method; each would be one if it were not for one thing."""
    body = alipay_answer(method, good)
    return {
        "lost": None,
        "unsigned": Answered(body=alipay_answer(method, good, sign=False)),
        "signed by somebody": Answered(body=alipay_answer(method, good, signer="somebody")),
        "changed": Answered(body=body.replace(b"2026112922001400000000000001", b"2" * 28)),
        "an unsigned refusal": Answered(
            body=alipay_answer(method, {"code": "40004", "sub_code": "ACQ.TRADE_HAS_FINISHED"}, sign=False)
        ),
        "a signature that we do not have": Answered(
            body=b'{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"},"sign":"AA=="}'
        ),
        "a 500": Answered(status=500, body=body),
        "a 401": Answered(status=401, body=body),
        "a page": Answered(body=b"<html>"),
        "nothing": Answered(),
        "null": Answered(body=b"null"),
        "an outage": answered(method, {"code": "20000", "sub_code": "isp.unknow-error"}),
        "a limit": answered(method, {"code": "40005", "sub_code": "isv.app-call-limited"}),
        "a failure within": answered(method, {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}),
        "a refusal without a word": answered(method, {"code": "40004", "sub_msg": "a secret"}),
        "another payment": answered(method, {**good, "trade_no": "2026112922001400000000000009"}),
    }


REFUND_NO_ANSWERS = {
    **no_answers(REFUND, alipay_refund()),
    "no payment": answered(REFUND, alipay_refund(trade_no=None)),
}
QUERY_NO_ANSWERS = {
    **no_answers(QUERY, alipay_refund_found()),
    "no payment": answered(QUERY, alipay_refund_found(trade_no=None)),
    "another transfer": answered(QUERY, alipay_refund_found(out_request_no=NEXT_TRANSFER)),
    "no transfer": answered(QUERY, alipay_refund_found(out_request_no=None)),
    "another sum": answered(QUERY, alipay_refund_found(refund_amount="123.45")),
    "no sum": answered(QUERY, alipay_refund_found(refund_amount=None)),
    "an unknown state": answered(QUERY, alipay_refund_found(refund_status="REFUND_NEW")),
    "nothing of another transfer": answered(QUERY, {**ABSENT, "out_request_no": NEXT_TRANSFER}),
}


def check_unanswered(alipay: Gateway, call: Any) -> None:
    """Check that a call is not answered, says nothing that it must not, and is not made again."""
    with pytest.raises(UnansweredError) as unanswered:
        call(PAYING)
    said = "".join(traceback.format_exception(unanswered.value))
    assert "During handling" not in said
    assert "secret" not in said
    assert "sign=" not in said
    assert len(alipay.asked) == 1


@pytest.mark.parametrize("what", REFUND_NO_ANSWERS)
def test_Y7_what_cannot_be_trusted_is_no_answer(alipay: Gateway, what: str) -> None:
    check_unanswered(alipay, answers(alipay, {REFUND: REFUND_NO_ANSWERS[what]}).pay_back)


@pytest.mark.parametrize("what", QUERY_NO_ANSWERS)
def test_Y7_what_cannot_be_trusted_is_no_state(alipay: Gateway, what: str) -> None:
    check_unanswered(alipay, answers(alipay, {QUERY: QUERY_NO_ANSWERS[what]}).ask_paid_back)


@pytest.mark.parametrize("name", ["pay_back", "ask_paid_back"])
def test_Y1_a_gateway_that_says_nothing_is_given_up(
    alipay: Gateway, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS_MAX", 0.05)
    done = Event()
    sending = answers(alipay, {})
    alipay.answer = hung_up(done)
    try:
        with pytest.raises(UnansweredError, match=r"^ReadTimeout$"):
            getattr(sending, name)(PAYING)
    finally:
        done.set()


def test_Y1_a_gateway_that_is_not_there_is_no_answer() -> None:
    sending = Sending(alipay_send("http://127.0.0.1:9/gateway.do"))
    for call in (sending.pay_back, sending.ask_paid_back):
        with pytest.raises(UnansweredError, match=r"^ConnectionError$"):
            call(PAYING)


@pytest.mark.parametrize("signer", ["alipay", "alipay next"])
def test_Y1_in_the_middle_of_a_rotation_answers_under_either_key_count_and_the_first_signs(
    alipay: Gateway, signer: str
) -> None:
    by_method = {
        REFUND: answered(REFUND, alipay_refund(), signer=signer),
        QUERY: answered(QUERY, alipay_refund_found(), signer=signer),
    }
    answers(alipay, by_method, signer="shop next")
    sending = Sending(
        alipay_send(
            f"{alipay.address}/gateway.do",
            public_keys=[public_pem("alipay"), public_pem("alipay next")],
            private_keys=[private_pem("shop next"), private_pem("shop")],
        )
    )
    assert [sending.pay_back(PAYING), sending.ask_paid_back(PAYING)] == [DONE, DONE]
