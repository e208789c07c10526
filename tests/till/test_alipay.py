"""Alipay at the till, by python-alipay-sdk."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from alipay import AliPay, AliPayConfig
from alipay.exceptions import AliPayException, AliPayValidationError

from local.till.keys import Keys
from local.till.messages import BEIJING
from tests.support.till import Desk, Json

NUMBER = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_02"


def sdk(desk: Desk, private_key: str | None = None) -> AliPay:
    send = desk.secret("alipay", "send")
    client = AliPay(
        appid=send["app_id"],
        app_notify_url=desk.shop.address,
        app_private_key_string=private_key or send["private_keys"][0],
        alipay_public_key_string=send["public_keys"][0],
        config=AliPayConfig(timeout=5),
    )
    client._gateway = send["gateway"]
    return client


def link(desk: Desk, product: str = "page", amount: str = "109.50", **more: Any) -> str:
    sign = getattr(sdk(desk), f"api_alipay_trade_{product}_pay")
    signed = sign(subject="一份茶", out_trade_no=NUMBER, total_amount=amount, **more)
    return f"{desk.secret('alipay', 'send')['gateway']}?{signed}"


def code(desk: Desk, amount: str = "109.50", **more: Any) -> Json:
    answer: Json = sdk(desk).api_alipay_trade_precreate(
        subject="一份茶", out_trade_no=NUMBER, total_amount=amount, **more
    )
    return answer


def asked(desk: Desk) -> Json:
    answer: Json = sdk(desk).api_alipay_trade_query(out_trade_no=NUMBER)
    return answer


def heard(desk: Desk, place: int = 0) -> Json:
    fields = dict(parse_qsl(desk.shop.told[place].body.decode(), keep_blank_values=True))
    value = dict(fields)
    assert sdk(desk).verify(fields, fields.pop("sign"))
    return value


def ends(desk: Desk, seconds: float) -> str:
    moment = datetime.fromtimestamp(desk.clock.seconds + seconds, BEIJING)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize("product", ["page", "wap"])
def test_Y2_a_shopper_goes_to_the_page_pays_and_the_sdk_reads_what_is_told(desk: Desk, product: str) -> None:
    url = link(desk, product, return_url="http://shop.example/back?x=1")
    assert asked(desk)["sub_code"] == "ACQ.TRADE_NOT_EXIST"  # until somebody has come to it
    page = requests.get(url, timeout=5)
    assert (page.status_code, page.headers["Till-Number"]) == (200, NUMBER)
    assert "109.50 CNY" in page.text
    assert asked(desk)["trade_status"] == "WAIT_BUYER_PAY"
    paid = desk.control("/pay", {"number": NUMBER})
    assert paid["told"][0]["done"] == "taken"
    told = heard(desk)
    assert (told["out_trade_no"], told["trade_status"]) == (NUMBER, "TRADE_SUCCESS")
    assert (told["total_amount"], told["body"]) == ("109.50", "")
    assert told["seller_id"] == desk.secret("alipay", "receive")["seller_id"]
    answer = asked(desk)
    assert (answer["trade_status"], answer["trade_no"]) == ("TRADE_SUCCESS", told["trade_no"])
    returned = {name: values[0] for name, values in parse_qs(urlsplit(paid["return_to"]).query).items()}
    assert returned.pop("x") == "1"
    assert sdk(desk).verify(returned, returned.pop("sign"))


def test_Y2_a_code_is_known_when_it_has_been_scanned(desk: Desk) -> None:
    qr = code(desk)["qr_code"]
    assert code(desk)["qr_code"] == qr
    assert asked(desk)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert desk.control("/scan", {"qr": qr})["state"] == "open"
    assert asked(desk)["trade_status"] == "WAIT_BUYER_PAY"
    assert desk.control("/pay", {"qr": qr})["number"] == NUMBER
    assert code(desk)["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"


def test_other_contents_under_a_number_are_refused(desk: Desk) -> None:
    code(desk)
    assert code(desk, "109.51")["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    assert "CONTEXT_INCONSISTENT" in requests.get(link(desk), timeout=5).text


def test_a_trade_is_closed_once_and_never_when_it_is_paid_or_not_there(desk: Desk) -> None:
    client = sdk(desk)
    qr = code(desk)["qr_code"]
    assert client.api_alipay_trade_close(out_trade_no=NUMBER)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    desk.control("/scan", {"qr": qr})
    assert client.api_alipay_trade_close(out_trade_no=NUMBER)["code"] == "10000"
    assert asked(desk)["trade_status"] == "TRADE_CLOSED"
    assert client.api_alipay_trade_close(out_trade_no=NUMBER)["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert desk.ask("POST", "/pay", {"qr": qr}).json()["error"].startswith("ACQ.TRADE_HAS_CLOSE")


def test_Y2_a_trade_that_is_not_there_is_cancelled_without_effect(desk: Desk) -> None:
    url = link(desk)
    assert sdk(desk).api_alipay_trade_cancel(out_trade_no=NUMBER)["code"] == "10000"
    requests.get(url, timeout=5)
    assert desk.control("/pay", {"number": NUMBER})["state"] == "paid"
    assert sdk(desk).api_alipay_trade_cancel(out_trade_no=NUMBER)["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


def test_past_its_end_a_trade_reads_closed_and_its_page_opens_none(desk: Desk) -> None:
    url = link(desk, time_expire=ends(desk, 60))
    requests.get(url, timeout=5)
    desk.clock.seconds += 60
    assert asked(desk)["trade_status"] == "TRADE_CLOSED"
    assert "can no longer be paid" in requests.get(url, timeout=5).text
    assert desk.ask("POST", "/pay", {"number": NUMBER}).status_code == 409


def test_a_page_that_is_opened_first_after_its_end_makes_no_trade(desk: Desk) -> None:
    url = link(desk, time_expire=ends(desk, 60))
    desk.clock.seconds += 60
    assert "ACQ.TRADE_HAS_CLOSE" in requests.get(url, timeout=5).text
    assert asked(desk)["sub_code"] == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.parametrize("amount", ["0", "0.001", "-1", "NaN", "1e3x", "Infinity", ""])
def test_an_amount_that_is_none_is_refused(desk: Desk, amount: str) -> None:
    assert code(desk, amount)["sub_code"] == "ACQ.INVALID_PARAMETER"


def test_who_does_not_sign_as_the_shop_is_refused_without_a_signature(desk: Desk) -> None:
    strange = Keys.made().values["alipay"]["merchant"][0]
    with pytest.raises(AliPayException, match=r"isv\.invalid-signature"):
        sdk(desk, strange).api_alipay_trade_query(out_trade_no=NUMBER)
    assert "isv.invalid-signature" in requests.get(f"{link(desk)[:-12]}AAAAAAAAAAAA", timeout=5).text


def test_an_answer_by_somebody_else_is_none_to_the_sdk(desk: Desk) -> None:
    desk.fault("forged", provider="alipay", call="query")
    with pytest.raises(AliPayValidationError):
        asked(desk)


def test_a_system_that_fails_says_so_with_a_signature_and_the_status_200(desk: Desk) -> None:
    desk.fault("error", provider="alipay")
    assert asked(desk)["code"] == "20000"
    assert asked(desk)["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_Y1_both_of_two_keys_count_and_the_newest_signs(desk: Desk) -> None:
    before = sdk(desk)
    for kind in ("platform", "merchant"):
        desk.control("/rotate", {"key": f"alipay.{kind}"})
    assert code(desk)["code"] == "10000"
    with pytest.raises(AliPayValidationError):
        before.api_alipay_trade_query(out_trade_no=NUMBER)  # signed by a key that it does not know


def test_a_post_of_a_form_is_the_same_request(desk: Desk) -> None:
    gateway, _, query = link(desk).partition("?")
    page = requests.post(gateway, data=dict(parse_qsl(query)), timeout=5)
    assert page.headers["Till-Number"] == NUMBER
