"""WeChat Pay is asked by its SDK, over a wire, by a gateway that checks what arrives (Y1, Y2)."""

import json
import traceback
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from functions.payments.providers import reading
from functions.payments.providers.provider import (
    ActionKind,
    Kind,
    Notice,
    ProviderRefusedError,
    Stands,
    UnansweredError,
)
from functions.payments.providers.wechatpay import Sending
from functions.platform import clock
from tests.support.providers import (
    ASKING,
    NUMBER,
    WECHATPAY_ID,
    WECHATPAY_NEXT_ID,
    Answered,
    Asked,
    Gateway,
    around,
    certificate,
    gateway,
    hung_up,
    key,
    private_pem,
    public_pem,
    transaction,
    wechatpay_gateway,
    wechatpay_send,
)
from tests.support.providers import wechatpay_answered as answered

ORDER = f"/v3/pay/transactions/out-trade-no/{NUMBER}"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
OPEN = transaction(trade_state="NOTPAY", transaction_id=None, amount={"total": 12_345}, success_time=None)


@pytest.fixture
def wechatpay() -> Iterator[Gateway]:
    with gateway() as run:
        yield run


def answers(run: Gateway, by_path: Mapping[str, Answered | None], signer: str = "shop") -> Sending:
    """Have a gateway answer by path; return who asks it."""
    run.answer = wechatpay_gateway(by_path, signer)
    return Sending(wechatpay_send(run.address))


def body_of(asked: Asked) -> Any:
    """Return what was sent."""
    return json.loads(asked.body)


def test_Y2_by_default_a_code_to_scan_is_asked_for_with_every_field(wechatpay: Gateway) -> None:
    url = "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"
    sending = answers(wechatpay, {"/v3/pay/transactions/native": answered({"code_url": url})})
    begun = sending.begin(ASKING, {}, None)
    assert (begun.action.kind, begun.action.value, begun.kept) == (ActionKind.QR, url, {"code_url": url})
    assert body_of(wechatpay.asked[0]) == {
        "appid": "wx8888888888888888",
        "mchid": "1900000109",
        "description": "Order 01JDS9V6F3K4M5N6P7Q8R9S0T1",
        "out_trade_no": NUMBER,
        "time_expire": "2026-11-29T16:57:00+08:00",
        "notify_url": "https://shop.example/payments/notifications",
        "amount": {"total": 12_345, "currency": "CNY"},
    }
    assert wechatpay.asked[0].headers["wechatpay-serial"] == WECHATPAY_ID


def test_Y2_what_was_opened_is_shown_again_without_a_call(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {})
    assert sending.begin(ASKING, {"code_url": "weixin://1"}, None).action.value == "weixin://1"
    again = sending.begin(replace(ASKING, method="jsapi"), {"prepay_id": "wx1"}, None)
    assert isinstance(again.action.value, dict)
    assert again.action.value["package"] == "prepay_id=wx1"
    assert wechatpay.asked == []


def test_Y2_a_retry_sends_exactly_what_the_first_try_sent(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {"/v3/pay/transactions/native": None})
    for _ in range(2):
        with pytest.raises(UnansweredError):
            sending.begin(ASKING, {}, None)
    assert wechatpay.asked[0].body == wechatpay.asked[1].body
    assert len(wechatpay.asked) == 2  # nothing is sent again by itself


def test_Y2_within_wechat_the_device_gets_signed_parameters(wechatpay: Gateway) -> None:
    prepay_id = "wx26112521580621e9b071c00d9e093b0000"
    sending = answers(wechatpay, {"/v3/pay/transactions/jsapi": answered({"prepay_id": prepay_id})})
    begun = sending.begin(replace(ASKING, method="jsapi"), {}, OPENID)
    assert body_of(wechatpay.asked[0])["payer"] == {"openid": OPENID}
    assert begun.kept == {"prepay_id": prepay_id}
    assert begun.action.kind is ActionKind.PARAMS
    params = begun.action.value
    assert isinstance(params, dict)
    assert set(params) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    signed = "\n".join((params["appId"], params["timeStamp"], params["nonceStr"], params["package"], ""))
    key("shop").public_key().verify(
        b64decode(params["paySign"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    again = sending.begin(replace(ASKING, method="jsapi"), begun.kept, None).action.value
    assert isinstance(again, dict)
    assert again["nonceStr"] != params["nonceStr"]
    assert len(wechatpay.asked) == 1


@pytest.mark.parametrize(("return_url", "more"), [("", ""), ("https://shop.example/o?a=1", "&redirect_url=")])
def test_Y2_from_other_browsers_the_shopper_is_sent_to_a_page_which_is_asked_for_each_time(
    wechatpay: Gateway, return_url: str, more: str
) -> None:
    url = "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=1"
    sending = answers(wechatpay, {"/v3/pay/transactions/h5": answered({"h5_url": url})})
    asking = replace(ASKING, method="h5", return_url=return_url)
    for _ in range(2):
        begun = sending.begin(asking, {}, "203.0.113.7")
        assert begun.action.kind is ActionKind.REDIRECT
        assert begun.action.value == url + (more and more + quote(return_url, safe=""))
        assert begun.kept == {}
    assert len({asked.body for asked in wechatpay.asked}) == 1
    assert body_of(wechatpay.asked[0])["scene_info"] == {
        "payer_client_ip": "203.0.113.7",
        "h5_info": {"type": "Wap"},
    }


@pytest.mark.parametrize("method", ["jsapi", "h5"])
def test_Y2_a_method_that_needs_to_know_who_pays_asks_for_nothing_without(
    wechatpay: Gateway, method: str
) -> None:
    sending = answers(wechatpay, {})
    assert method in Sending.payer_methods
    with pytest.raises(ValueError, match="who pays"):
        sending.begin(replace(ASKING, method=method), {}, None)
    assert wechatpay.asked == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ORDERPAID"),
        (403, "OUT_TRADE_NO_USED"),
        (400, "ORDER_CLOSED"),
        (400, "PARAM_ERROR"),
        (403, "NO_AUTH"),
    ],
)
def test_Y2_a_refusal_is_the_providers_word(wechatpay: Gateway, status: int, code: str) -> None:
    refusal = answered({"code": code, "message": "商户订单号重复"}, status)
    sending = answers(wechatpay, {"/v3/pay/transactions/native": refusal})
    with pytest.raises(ProviderRefusedError) as refused:
        sending.begin(ASKING, {}, None)
    assert refused.value.code == code


NO_ANSWERS = {
    "lost": None,
    "unsigned": Answered(body=b'{"code_url":"weixin://1"}', headers={"Content-Type": "application/json"}),
    "signed by somebody": answered({"code_url": "weixin://1"}, signer="somebody"),
    "under an unknown key": answered({"code_url": "weixin://1"}, serial=WECHATPAY_NEXT_ID),
    "under an unknown certificate": answered({"code_url": "weixin://1"}, serial="0158A5C3F2"),
    "of another body": replace(answered({"code_url": "weixin://1"}), body=b'{"code_url":"weixin://2"}'),
    "without what was asked for": answered({"code_uri": "weixin://1"}),
    "no JSON": answered("weixin://1"),
    "a 401": answered({"code": "SIGN_ERROR"}, 401),
    "a 401 by another word": answered({"code": "NO_AUTH"}, 401),
    "a 429": answered({"code": "FREQUENCY_LIMITED"}, 429),
    "a 500": answered({"code": "SYSTEM_ERROR"}, 500),
    "a 502 of something between": Answered(status=502, body=b"<html>"),
    "a 403 of something between": Answered(status=403, body=b"<html>", headers={"Content-Type": "text/html"}),
    "a 404 without a code": Answered(status=404),
    "a 400 that says nothing": answered({"code": "SYSTEM_ERROR"}, 400),
    "a code that is none": answered({"code": "a secret <script>"}, 400),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_Y2_what_cannot_be_trusted_is_no_answer(wechatpay: Gateway, what: str) -> None:
    sending = answers(wechatpay, {"/v3/pay/transactions/native": NO_ANSWERS[what]})
    with pytest.raises(UnansweredError) as unanswered:
        sending.begin(ASKING, {}, None)
    said = "".join(traceback.format_exception(unanswered.value))
    assert "During handling" not in said
    assert "secret" not in said
    assert len(wechatpay.asked) == 1  # nobody asks for certificates, and nobody tries again


def test_Y1_a_gateway_that_says_nothing_is_given_up(
    wechatpay: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS_MAX", 0.05)
    done = Event()
    sending = answers(wechatpay, {})
    wechatpay.answer = hung_up(done)
    try:
        with pytest.raises(UnansweredError, match=r"^ReadTimeout$"):
            sending.ask(ASKING, {})
    finally:
        done.set()


def test_Y1_a_gateway_that_is_not_there_is_no_answer(wechatpay: Gateway) -> None:
    sending = Sending(wechatpay_send("http://127.0.0.1:9"))
    for call in (sending.ask, sending.close):
        with pytest.raises(UnansweredError, match=r"^ConnectionError$"):
            call(ASKING, {})


@pytest.mark.parametrize("signed", [{}, {"serial": WECHATPAY_NEXT_ID, "signer": "wechatpay next"}])
@pytest.mark.parametrize("first", [0, 1])
def test_Y1_in_the_middle_of_a_rotation_answers_under_either_key_count(
    wechatpay: Gateway, signed: dict[str, Any], first: int
) -> None:
    answers(wechatpay, {ORDER: answered(OPEN, **signed)})
    keys = [
        {"id": WECHATPAY_ID, "pem": public_pem("wechatpay")},
        {"id": WECHATPAY_NEXT_ID, "pem": public_pem("wechatpay next")},
    ]
    sending = Sending(wechatpay_send(wechatpay.address, public_keys=[keys[first], keys[1 - first]]))
    assert sending.ask(ASKING, {}).stands is Stands.OPEN
    assert wechatpay.asked[0].headers["wechatpay-serial"] == keys[first]["id"]


def test_Y1_answers_under_a_platform_certificate_count(wechatpay: Gateway) -> None:
    answers(wechatpay, {ORDER: answered(OPEN, serial="0158A5C3F2", signer="platform")})
    pem = certificate("platform", 0x0158A5C3F2, *around(clock.now()))
    by_certificate = {"certificates": [pem], "public_keys": []}
    sending = Sending(wechatpay_send(wechatpay.address, **by_certificate))
    assert sending.ask(ASKING, {}).stands is Stands.OPEN
    assert wechatpay.asked[0].headers["wechatpay-serial"] == "158A5C3F2"
    old = certificate("platform", 0x0158A5C3F2, *(at - timedelta(days=90) for at in around(clock.now())))
    with pytest.raises(UnansweredError):
        Sending(wechatpay_send(wechatpay.address, certificates=[old], public_keys=[])).ask(ASKING, {})


def test_Y1_the_first_of_two_private_keys_signs(wechatpay: Gateway) -> None:
    answers(wechatpay, {ORDER: answered(OPEN)}, signer="shop next")
    keys = [
        {"serial": "0A1B2C3D", "pem": private_pem("shop next")},
        {"serial": "1", "pem": private_pem("shop")},
    ]
    assert Sending(wechatpay_send(wechatpay.address, private_keys=keys)).ask(ASKING, {}).stands is Stands.OPEN


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        ("NOTPAY", Stands.OPEN),
        ("USERPAYING", Stands.PAYING),
        ("ACCEPT", Stands.PAYING),
        ("SUCCESS", Stands.PAID),
        ("REFUND", Stands.PAID),
        ("CLOSED", Stands.CLOSED),
        ("REVOKED", Stands.CLOSED),
        ("PAYERROR", Stands.CLOSED),
    ],
)
def test_Y2_every_documented_state_stands_for_one_of_ours(
    wechatpay: Gateway, state: str, stands: Stands
) -> None:
    sending = answers(wechatpay, {ORDER: answered(transaction(trade_state=state))})
    answer = sending.ask(ASKING, {})
    assert answer.stands is stands
    assert wechatpay.asked[0].target == f"{ORDER}?mchid=1900000109"
    if stands is Stands.PAID:
        assert answer.notice == Notice(
            provider="wechatpay",
            kind=Kind.PAYMENT,
            object_id="4200001234202611290000000001",
            state=state,
            paid=True,
            number=NUMBER,
            amount=12_345,
            currency="CNY",
            at=reading.moment("2026-11-29T16:30:14+08:00"),
        )
    else:
        assert answer.notice is None


@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"])
def test_Y2_an_order_that_is_not_there_is_absent_and_not_closed(wechatpay: Gateway, code: str) -> None:
    missing = answered({"code": code, "message": "订单不存在"}, 404)
    sending = answers(wechatpay, {ORDER: missing, f"{ORDER}/close": missing})
    assert sending.ask(ASKING, {}).stands is Stands.ABSENT
    assert sending.close(ASKING, {}).stands is Stands.ABSENT


@pytest.mark.parametrize(
    "changed",
    [
        {"out_trade_no": NUMBER.replace("_01", "_02")},
        {"mchid": "1900000110"},
        {"appid": "wx0000000000000000"},
        {"trade_state": "NEW"},
        {"trade_state": None},
        {"trade_state": "SUCCESS", "transaction_id": ""},
    ],
)
def test_Y2_an_answer_about_another_order_or_in_an_unknown_state_is_none(
    wechatpay: Gateway, changed: dict[str, Any]
) -> None:
    sending = answers(wechatpay, {ORDER: answered(transaction(**changed))})
    with pytest.raises(UnansweredError):
        sending.ask(ASKING, {})


def test_Y2_a_question_that_is_refused_is_no_state(wechatpay: Gateway) -> None:
    sending = answers(wechatpay, {ORDER: answered({"code": "PARAM_ERROR"}, 400)})
    with pytest.raises(ProviderRefusedError):
        sending.ask(ASKING, {})


@pytest.mark.parametrize(
    ("closed", "state", "stands"),
    [
        (answered(None, 204), "CLOSED", Stands.CLOSED),
        (answered(None, 204), "NOTPAY", Stands.OPEN),
        (answered({"code": "ORDER_CLOSED"}, 400), "CLOSED", Stands.CLOSED),
        (answered({"code": "ORDERPAID"}, 400), "SUCCESS", Stands.PAID),
        (answered({"code": "USERPAYING"}, 400), "USERPAYING", Stands.PAYING),
    ],
)
def test_Y2_after_closing_it_is_asked_how_the_order_stands(
    wechatpay: Gateway, closed: Answered, state: str, stands: Stands
) -> None:
    order = answered(transaction(trade_state=state))
    sending = answers(wechatpay, {f"{ORDER}/close": closed, ORDER: order})
    assert sending.close(ASKING, {}).stands is stands
    assert body_of(wechatpay.asked[0]) == {"mchid": "1900000109"}
    assert [asked.method for asked in wechatpay.asked] == ["POST", "GET"]


def test_Y2_closing_without_an_answer_is_not_closed(wechatpay: Gateway) -> None:
    for nothing in (None, Answered(status=204), answered({"code": "SYSTEM_ERROR"}, 500)):
        sending = answers(wechatpay, {f"{ORDER}/close": nothing})
        with pytest.raises(UnansweredError):
            sending.close(ASKING, {})


def test_W7_one_client_asks_for_each_order_and_answers_with_that_orders_own(wechatpay: Gateway) -> None:
    other = NUMBER.replace("_01", "_02")
    by_path: dict[str, Answered | None] = {
        ORDER: answered(OPEN),
        ORDER.replace(NUMBER, other): answered({**OPEN, "out_trade_no": other, "trade_state": "CLOSED"}),
        "/v3/pay/transactions/native": answered({"code_url": "weixin://1"}),
    }
    sending = answers(wechatpay, by_path)
    second = replace(ASKING, number=other)
    assert sending.begin(ASKING, {}, None).action.value == "weixin://1"
    by_path["/v3/pay/transactions/native"] = answered({"code_url": "weixin://2"})
    assert sending.begin(second, {}, None).action.value == "weixin://2"
    for _ in range(2):
        assert sending.ask(ASKING, {}).stands is Stands.OPEN
        assert sending.ask(second, {}).stands is Stands.CLOSED
    begun = [body_of(asked)["out_trade_no"] for asked in wechatpay.asked if asked.method == "POST"]
    assert begun == [NUMBER, other]
