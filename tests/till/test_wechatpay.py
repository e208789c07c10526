"""WeChat Pay at the till, by wechatpayv3."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.type import RequestType

from local.till.keys import Keys
from tests.support.till import Desk, Json

NUMBER = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_01"
KINDS = {
    "native": WeChatPayType.NATIVE,
    "jsapi": WeChatPayType.JSAPI,
    "h5": WeChatPayType.H5,
}


def sdk(desk: Desk, *, private_key: str | None = None, mchid: str | None = None) -> WeChatPay:
    send, receive = desk.secret("wechatpay", "send"), desk.secret("wechatpay", "receive")
    client = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=mchid or send["mchid"],
        private_key=private_key or send["private_keys"][0]["pem"],
        cert_serial_no=send["private_keys"][0]["serial"],
        appid=send["appid"],
        apiv3_key=receive["apiv3_keys"][0],
        notify_url=desk.shop.address,
        timeout=5,
        public_key=send["public_keys"][0]["pem"],
        public_key_id=send["public_keys"][0]["id"],
    )
    client._core._gate_way = desk.gateway
    return client


def created(desk: Desk, product: str = "native", **changed: Any) -> tuple[int, Json]:
    fields: Json = {
        "description": "一份茶",
        "out_trade_no": NUMBER,
        "amount": {"total": 10950, "currency": "CNY"},
        "pay_type": KINDS[product],
    }
    if product == "jsapi":
        fields["payer"] = {"openid": "oShopper"}
    if product == "h5":
        fields["scene_info"] = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    code, text = sdk(desk).pay(**(fields | changed))
    return code, json.loads(text)


def asked(desk: Desk, number: str = NUMBER) -> tuple[int, Json]:
    code, text = sdk(desk).query(out_trade_no=number)
    return code, json.loads(text)


def heard(desk: Desk, place: int = 0) -> Json:
    told = desk.shop.told[place]
    value: Json = sdk(desk).callback(told.headers, told.body)
    return value


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def test_Y2_a_shopper_scans_a_code_pays_and_the_sdk_reads_what_is_told(desk: Desk) -> None:
    code, answer = created(desk)
    assert code == 200
    assert asked(desk)[1]["trade_state"] == "NOTPAY"
    paid = desk.control("/pay", {"qr": answer["code_url"]})
    assert (paid["number"], paid["state"], paid["told"][0]["done"]) == (NUMBER, "paid", "taken")
    event = heard(desk)
    resource = event["resource"]
    assert (event["event_type"], resource["out_trade_no"]) == ("TRANSACTION.SUCCESS", NUMBER)
    assert (resource["amount"]["total"], resource["amount"]["currency"]) == (10950, "CNY")
    assert asked(desk) == (200, resource)


def test_Y2_the_device_opens_jsapi_with_parameters_that_the_shop_signs(desk: Desk) -> None:
    _, answer = created(desk, "jsapi")
    send, package = desk.secret("wechatpay", "send"), f"prepay_id={answer['prepay_id']}"
    sign = sdk(desk).sign([send["appid"], "1800000000", "nonce", package])
    params = {
        "appId": send["appid"],
        "timeStamp": "1800000000",
        "nonceStr": "nonce",
        "package": package,
        "signType": "RSA",
        "paySign": sign,
    }
    refused = desk.ask("POST", "/pay", {"params": params | {"nonceStr": "other"}})
    assert (refused.status_code, refused.json()["error"][:10]) == (409, "SIGN_ERROR")
    assert desk.control("/pay", {"params": params})["number"] == NUMBER
    assert heard(desk)["resource"]["payer"] == {"openid": "oShopper"}


def test_Y2_a_browser_goes_to_the_page_of_h5_and_pays_there(desk: Desk) -> None:
    _, answer = created(desk, "h5")
    page = requests.get(answer["h5_url"], timeout=5)
    assert (page.status_code, page.headers["Till-Number"]) == (200, NUMBER)
    assert "109.50 CNY" in page.text
    assert desk.control("/pay", {"number": NUMBER})["state"] == "paid"
    assert "paid already" in requests.get(answer["h5_url"], timeout=5).text


def test_the_same_contents_are_answered_again_and_others_are_OUT_TRADE_NO_USED(desk: Desk) -> None:
    assert created(desk) == created(desk)
    code, answer = created(desk, amount={"total": 1, "currency": "CNY"})
    assert (code, answer["code"]) == (403, "OUT_TRADE_NO_USED")


def test_what_is_not_there_is_ORDER_NOT_EXIST_and_what_is_paid_is_ORDERPAID(desk: Desk) -> None:
    assert (asked(desk)[0], asked(desk)[1]["code"]) == (404, "ORDER_NOT_EXIST")
    code, text = sdk(desk).close(out_trade_no=NUMBER)
    assert (code, json.loads(text)["code"]) == (404, "ORDER_NOT_EXIST")
    created(desk)
    desk.control("/pay", {"number": NUMBER})
    code, text = sdk(desk).close(out_trade_no=NUMBER)
    assert (code, json.loads(text)["code"]) == (400, "ORDERPAID")
    assert created(desk)[1]["code"] == "ORDERPAID"


def test_what_is_closed_is_answered_without_a_body_and_can_never_be_paid(desk: Desk) -> None:
    created(desk)
    assert sdk(desk).close(out_trade_no=NUMBER)[0] == 204
    assert asked(desk)[1]["trade_state"] == "CLOSED"
    assert desk.ask("POST", "/pay", {"number": NUMBER}).json()["error"].startswith("ORDER_CLOSED")
    assert created(desk)[1]["code"] == "ORDER_CLOSED"
    assert desk.shop.told == []


def test_past_its_end_a_trade_reads_closed_and_is_not_payable(desk: Desk) -> None:
    created(desk, time_expire=moment(desk.clock.seconds + 60))
    desk.clock.seconds += 59
    assert asked(desk)[1]["trade_state"] == "NOTPAY"
    desk.clock.seconds += 1
    assert asked(desk)[1]["trade_state"] == "CLOSED"
    assert desk.ask("POST", "/pay", {"number": NUMBER}).status_code == 409


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": {"total": 0}}, "/body/amount/total"),
        ({"amount": {"total": "1"}}, "/body/amount/total"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/body/amount/currency"),
        ({"out_trade_no": "a" * 33}, "/body/out_trade_no"),
        ({"notify_url": "http://127.0.0.1/x?y=1"}, "/body/notify_url"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "/body/time_expire"),
        ({"time_expire": "tomorrow"}, "/body/time_expire"),
        ({"mchid": "1900000000"}, "mchid"),
    ],
)
def test_a_field_that_is_wrong_is_named(desk: Desk, changed: Json, field: str) -> None:
    code, answer = created(desk, **changed)
    assert (code, answer["code"], answer["detail"]["field"]) == (400, "PARAM_ERROR", field)


def test_who_does_not_sign_as_the_shop_is_refused(desk: Desk) -> None:
    strange = Keys.made().values["wechatpay"]["merchant"][0]["pem"]
    code, text = sdk(desk, private_key=strange).query(out_trade_no=NUMBER)
    assert (code, json.loads(text)["code"]) == (401, "SIGN_ERROR")
    assert sdk(desk, mchid="1900000000").query(out_trade_no=NUMBER)[0] == 401
    assert requests.get(f"{desk.gateway}/v3/pay/transactions/id/1", timeout=5).status_code == 401


def test_who_signs_at_another_time_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    now = desk.clock.seconds
    monkeypatch.setattr(desk.till.book, "now", lambda: now + 301)
    assert (asked(desk)[0], asked(desk)[1]["code"]) == (401, "SIGN_ERROR")


def test_Y1_the_newest_key_signs_and_the_one_before_it_is_signed_with_where_it_is_asked_for(
    desk: Desk,
) -> None:
    before = sdk(desk)
    for kind in ("platform", "merchant", "apiv3"):
        desk.control("/rotate", {"key": f"wechatpay.{kind}"})
    assert len(desk.secret("wechatpay", "receive")["public_keys"]) == 2
    assert before.query(out_trade_no=NUMBER)[0] == 404  # its key still counts
    assert created(desk)[0] == 200
    desk.control("/pay", {"number": NUMBER})
    serial = desk.secret("wechatpay", "receive")["public_keys"][0]["id"]
    assert desk.shop.told[0].headers["wechatpay-serial"] == serial
    assert heard(desk)["resource"]["out_trade_no"] == NUMBER


def test_an_answer_by_somebody_else_is_none_to_the_sdk(desk: Desk) -> None:
    desk.fault("forged", provider="wechatpay", call="create")
    with pytest.raises(Exception, match="failed to verify the signature"):
        created(desk)
    assert created(desk)[0] == 200


def test_while_the_money_is_under_way_it_can_neither_be_closed_nor_paid(desk: Desk) -> None:
    created(desk)
    assert desk.control("/pay", {"number": NUMBER, "paying_seconds": 30})["state"] == "paying"
    assert asked(desk)[1]["trade_state"] == "USERPAYING"
    assert sdk(desk).close(out_trade_no=NUMBER)[0] == 400
    desk.clock.seconds += 30
    assert asked(desk)[1]["trade_state"] == "SUCCESS"


def test_other_paths_are_not_there(desk: Desk) -> None:
    code, text = sdk(desk)._core.request(
        "/v3/combine-transactions/native", method=RequestType.POST, data={"a": 1}
    )
    assert (code, json.loads(text)["code"]) == (404, "RESOURCE_NOT_EXISTS")


def test_a_browser_plays_the_phone_that_scans_a_code(desk: Desk) -> None:
    _, made = created(desk)
    page = requests.get(f"{desk.gateway}/till/shopper", {"code": made["code_url"]}, timeout=10)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["till-number"] == NUMBER
    assert "109.50 CNY" in page.text
    nowhere = requests.get(f"{desk.gateway}/till/shopper", {"code": "weixin://x"}, timeout=10)
    assert (nowhere.status_code, nowhere.json()) == (400, {"error": "this code leads nowhere"})
