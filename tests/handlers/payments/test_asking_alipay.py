"""Alipay is asked by its SDK, over a wire, by a gateway that checks what arrives (Y1, Y2)."""

import json
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest

from functions.payments.providers import reading
from functions.payments.providers.alipay import Sending
from functions.payments.providers.provider import (
    ActionKind,
    Kind,
    Notice,
    ProviderRefusedError,
    Stands,
    UnansweredError,
)
from functions.platform import clock
from tests.support.providers import (
    ASKING,
    NUMBER,
    Answered,
    Gateway,
    alipay_answer,
    alipay_gateway,
    alipay_send,
    gateway,
    hung_up,
    private_pem,
    public_pem,
)
from tests.support.providers import alipay_answered as answered
from tests.support.providers import alipay_parameters as parameters

PRECREATE, QUERY, CLOSE = (f"alipay.trade.{name}" for name in ("precreate", "query", "close"))
QR_CODE = "https://qr.alipay.com/bavh4wjlxf12tper3a"
TRADE = {
    "code": "10000",
    "out_trade_no": NUMBER,
    "trade_no": "2026112922001400000000000001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "123.45",
    "send_pay_date": "2026-11-29 16:30:14",
    "buyer_logon_id": "会员***@example.com",
}


@pytest.fixture
def alipay() -> Iterator[Gateway]:
    with gateway() as run:
        yield run


def content(target: str) -> Any:
    """Return what a request is about."""
    return json.loads(parameters(target)["biz_content"])


def answers(run: Gateway, by_method: Mapping[str, Answered | None], signer: str = "shop") -> Sending:
    """Have a gateway answer by method; return who asks it."""
    run.answer = alipay_gateway(by_method, signer)
    return Sending(alipay_send(f"{run.address}/gateway.do"))


@pytest.mark.parametrize(
    ("method", "name", "product"),
    [
        ("default", "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        ("wap", "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    ],
)
@pytest.mark.parametrize("return_url", ["", "https://shop.example/orders?a=1&b=2"])
def test_Y2_a_page_is_a_signed_address_made_without_a_call(
    alipay: Gateway, method: str, name: str, product: str, return_url: str
) -> None:
    sending = answers(alipay, {})
    begun = sending.begin(replace(ASKING, method=method, return_url=return_url), {}, None)
    assert (begun.action.kind, begun.kept) == (ActionKind.REDIRECT, {})
    assert isinstance(begun.action.value, str)
    assert begun.action.value.startswith(f"{alipay.address}/gateway.do?")
    sent = parameters(begun.action.value)
    assert content(begun.action.value) == {
        "subject": "Order 01JDS9V6F3K4M5N6P7Q8R9S0T1",
        "out_trade_no": NUMBER,
        "total_amount": "123.45",
        "product_code": product,
        "time_expire": "2026-11-29 16:57:00",
    }
    assert (sent["method"], sent["app_id"]) == (name, "2021000000000001")
    assert (sent["charset"], sent["sign_type"]) == ("utf-8", "RSA2")
    assert sent["notify_url"] == ASKING.notify_url
    assert sent.get("return_url", "") == return_url
    assert alipay.asked == []


def test_Y2_the_time_of_a_request_is_beijings_wherever_we_run(alipay: Gateway) -> None:
    sent = parameters(str(answers(alipay, {}).begin(ASKING, {}, None).action.value))
    at = datetime.strptime(sent["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=reading.BEIJING)
    assert abs(clock.now() - at) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fen", "yuan"), [(1, "0.01"), (10, "0.10"), (100, "1.00"), (435, "4.35"), (9_999_999_999, "99999999.99")]
)
def test_Y2_an_amount_is_sent_with_two_places(alipay: Gateway, fen: int, yuan: str) -> None:
    begun = answers(alipay, {}).begin(replace(ASKING, amount_fen=fen), {}, None)
    assert content(str(begun.action.value))["total_amount"] == yuan


def test_Y2_a_code_to_scan_is_made_once_with_every_field_and_shown_again(alipay: Gateway) -> None:
    made = {"code": "10000", "out_trade_no": NUMBER, "qr_code": QR_CODE}
    sending = answers(alipay, {PRECREATE: answered(PRECREATE, made)})
    asking = replace(ASKING, method="qr")
    begun = sending.begin(asking, {}, None)
    assert (begun.action.kind, begun.action.value) == (ActionKind.QR, QR_CODE)
    assert begun.kept == {"qr_code": QR_CODE}
    assert sending.begin(asking, begun.kept, None) == begun
    assert len(alipay.asked) == 1
    assert content(alipay.asked[0].target) == {
        "subject": "Order 01JDS9V6F3K4M5N6P7Q8R9S0T1",
        "out_trade_no": NUMBER,
        "total_amount": "123.45",
        "product_code": "FACE_TO_FACE_PAYMENT",
        "time_expire": "2026-11-29 16:57:00",
    }
    assert parameters(alipay.asked[0].target)["notify_url"] == ASKING.notify_url


@pytest.mark.parametrize("code", ["ACQ.TOTAL_FEE_EXCEED", "ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_CLOSE"])
def test_Y2_a_refusal_is_the_providers_word(alipay: Gateway, code: str) -> None:
    told = {"code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": "订单金额超过限额"}
    sending = answers(alipay, {PRECREATE: answered(PRECREATE, told)})
    with pytest.raises(ProviderRefusedError) as refused:
        sending.begin(replace(ASKING, method="qr"), {}, None)
    assert refused.value.code == code


GOOD = alipay_answer(QUERY, TRADE)
NO_ANSWERS = {
    "lost": None,
    "unsigned": Answered(body=alipay_answer(QUERY, TRADE, sign=False)),
    "signed by somebody": Answered(body=alipay_answer(QUERY, TRADE, signer="somebody")),
    "of another amount": Answered(body=GOOD.replace(b"123.45", b"1.00")),
    "an unsigned refusal": Answered(
        body=alipay_answer(QUERY, {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}, sign=False)
    ),
    "a signature that we do not have": Answered(
        body=b'{"error_response":{"code":"40002","sub_code":"isv.invalid-signature"},"sign":"AA=="}'
    ),
    "a 500": Answered(status=500, body=GOOD),
    "a 404": Answered(status=404, body=b"<html>"),
    "a page": Answered(body=b"<html>"),
    "nothing": Answered(),
    "null": Answered(body=b"null"),
    "no UTF-8": Answered(body=b"\xff" + GOOD),
    "an outage": answered(QUERY, {"code": "20000", "sub_code": "isp.unknow-error"}),
    "a limit": answered(QUERY, {"code": "40005", "sub_code": "isv.app-call-limited"}),
    "a failure within": answered(QUERY, {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}),
    "a refusal without a word": answered(QUERY, {"code": "40004", "sub_msg": "a secret"}),
    "another trade": answered(QUERY, {**TRADE, "out_trade_no": NUMBER.replace("_01", "_02")}),
    "an unknown state": answered(QUERY, {**TRADE, "trade_status": "TRADE_PENDING"}),
    "a payment without a number": answered(QUERY, {**TRADE, "trade_no": ""}),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_Y2_what_cannot_be_trusted_is_no_answer(alipay: Gateway, what: str) -> None:
    sending = answers(alipay, {QUERY: NO_ANSWERS[what]})
    with pytest.raises(UnansweredError) as unanswered:
        sending.ask(ASKING, {})
    said = "".join(traceback.format_exception(unanswered.value))
    assert "During handling" not in said
    assert "secret" not in said
    assert "sign=" not in said
    assert len(alipay.asked) == 1  # nobody tries again


def test_Y2_a_code_that_is_not_in_the_answer_is_none(alipay: Gateway) -> None:
    sending = answers(alipay, {PRECREATE: answered(PRECREATE, {"code": "10000"})})
    with pytest.raises(UnansweredError):
        sending.begin(replace(ASKING, method="qr"), {}, None)


def test_Y1_a_gateway_that_says_nothing_is_given_up(alipay: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS_MAX", 0.05)
    done = Event()
    sending = answers(alipay, {})
    alipay.answer = hung_up(done)
    try:
        with pytest.raises(UnansweredError, match=r"^ReadTimeout$"):
            sending.ask(ASKING, {})
    finally:
        done.set()


def test_Y1_a_gateway_that_is_not_there_is_no_answer() -> None:
    sending = Sending(alipay_send("http://127.0.0.1:9/gateway.do"))
    for call in (sending.ask, sending.close):
        with pytest.raises(UnansweredError, match=r"^ConnectionError$"):
            call(ASKING, {})


@pytest.mark.parametrize("signer", ["alipay", "alipay next"])
def test_Y1_in_the_middle_of_a_rotation_answers_under_either_key_count(alipay: Gateway, signer: str) -> None:
    answers(alipay, {QUERY: answered(QUERY, TRADE, signer=signer)}, signer="shop next")
    sending = Sending(
        alipay_send(
            f"{alipay.address}/gateway.do",
            public_keys=[public_pem("alipay"), public_pem("alipay next")],
            private_keys=[private_pem("shop next"), private_pem("shop")],
        )
    )
    assert sending.ask(ASKING, {}).stands is Stands.PAID
    assert len(alipay.asked) == 1


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ({"trade_status": "WAIT_BUYER_PAY", "send_pay_date": ""}, Stands.OPEN),
        ({"trade_status": "TRADE_CLOSED", "send_pay_date": ""}, Stands.CLOSED),
        ({"trade_status": "TRADE_SUCCESS"}, Stands.PAID),
        ({"trade_status": "TRADE_FINISHED"}, Stands.PAID),
        ({"trade_status": "TRADE_CLOSED"}, Stands.PAID),  # all of it has gone back
    ],
)
def test_Y2_every_documented_state_stands_for_one_of_ours(
    alipay: Gateway, told: dict[str, str], stands: Stands
) -> None:
    sending = answers(alipay, {QUERY: answered(QUERY, {**TRADE, **told})})
    answer = sending.ask(ASKING, {})
    assert answer.stands is stands
    assert content(alipay.asked[0].target) == {"out_trade_no": NUMBER}
    if stands is Stands.PAID:
        assert answer.notice == Notice(
            provider="alipay",
            kind=Kind.PAYMENT,
            object_id="2026112922001400000000000001",
            state=told["trade_status"],
            paid=True,
            number=NUMBER,
            amount=12_345,
            currency="CNY",
            at=reading.moment("2026-11-29T16:30:14+08:00"),
        )
    else:
        assert answer.notice is None


def test_Y2_a_trade_that_is_not_there_is_absent_and_not_closed(alipay: Gateway) -> None:
    missing = {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}
    sending = answers(alipay, {QUERY: answered(QUERY, missing), CLOSE: answered(CLOSE, missing)})
    assert sending.ask(ASKING, {}).stands is Stands.ABSENT
    assert sending.close(ASKING, {}).stands is Stands.ABSENT


def test_Y2_a_question_that_is_refused_is_no_state(alipay: Gateway) -> None:
    refusal = {"code": "40004", "sub_code": "ACQ.INVALID_PARAMETER"}
    with pytest.raises(ProviderRefusedError):
        answers(alipay, {QUERY: answered(QUERY, refusal)}).ask(ASKING, {})


@pytest.mark.parametrize(
    ("closed", "state", "stands"),
    [
        ({"code": "10000", "out_trade_no": NUMBER}, "TRADE_CLOSED", Stands.CLOSED),
        ({"code": "10000", "out_trade_no": NUMBER}, "WAIT_BUYER_PAY", Stands.OPEN),
        ({"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}, "TRADE_SUCCESS", Stands.PAID),
        ({"code": "40004", "sub_code": "ACQ.REASON_TRADE_STATUS_INVALID"}, "TRADE_CLOSED", Stands.CLOSED),
    ],
)
def test_Y2_after_closing_it_is_asked_how_the_trade_stands(
    alipay: Gateway, closed: dict[str, str], state: str, stands: Stands
) -> None:
    paid_at = "2026-11-29 16:30:14" if stands is Stands.PAID else ""
    trade = {**TRADE, "trade_status": state, "send_pay_date": paid_at}
    sending = answers(alipay, {CLOSE: answered(CLOSE, closed), QUERY: answered(QUERY, trade)})
    assert sending.close(ASKING, {}).stands is stands
    assert [parameters(asked.target)["method"] for asked in alipay.asked] == [CLOSE, QUERY]


def test_Y2_closing_without_an_answer_is_not_closed(alipay: Gateway) -> None:
    sending = answers(alipay, {CLOSE: None, QUERY: answered(QUERY, TRADE)})
    with pytest.raises(UnansweredError):
        sending.close(ASKING, {})
    assert len(alipay.asked) == 1
