"""What Alipay tells is read as it is meant, and nothing else is believed (Y1, Y3)."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from alipay import AliPay

from functions.payments.providers import alipay
from functions.payments.providers.alipay import Receiving
from functions.payments.providers.provider import BadNotificationError, Kind, Notice, Reply
from tests.support.providers import (
    NOW,
    NUMBER,
    TRANSFER,
    alipay_form,
    alipay_receive,
    alipay_send,
    private_pem,
    public_pem,
    trade,
)

REFUND = {"gmt_refund": "2026-11-30 10:00:00.123", "refund_fee": "20.05", "out_biz_no": "back-7"}
GBK = {"charset": "GBK", "subject": "会员日·优惠茶叶礼盒", "body": "，。"}


def read(body: bytes, secret: dict[str, Any] | None = None) -> Notice:
    """Read a notification."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return Receiving(secret or alipay_receive()).read(headers, body, NOW)


def cause(body: bytes, secret: dict[str, Any] | None = None) -> str:
    """Return why a notification is refused."""
    with pytest.raises(BadNotificationError) as refusal:
        read(body, secret)
    assert refusal.value.__cause__ is None
    return refusal.value.cause


@pytest.mark.parametrize("state", ["TRADE_SUCCESS", "TRADE_FINISHED"])
def test_Y3_a_payment_in_the_form_of_the_documentation_is_money(state: str) -> None:
    assert read(alipay_form(trade(trade_status=state))) == Notice(
        provider="alipay",
        kind=Kind.PAYMENT,
        object_id="2026112922001400000000000001",
        state=state,
        paid=True,
        number=NUMBER,
        amount=12_345,
        currency="CNY",
        at=datetime(2026, 11, 29, 8, 30, 14, tzinfo=UTC),
        event_id="ac05099524730693a8b330c5ecf72da9786",
    )


def test_Y3_what_the_sdk_signs_is_what_the_adapter_takes() -> None:
    signer = AliPay(
        "1", app_private_key_string=private_pem("alipay"), alipay_public_key_string=public_pem("alipay")
    )
    fields = {name: value for name, value in trade().items() if name != "sign_type"}
    assert read(signer.sign_data(fields).encode()).paid


@pytest.mark.parametrize("state", ["WAIT_BUYER_PAY", "TRADE_CLOSED", "trade_success", "", "PAID"])
def test_Y3_a_trade_in_any_other_state_is_an_observation(state: str) -> None:
    found = read(alipay_form(trade(trade_status=state)))
    assert not found.paid
    assert found.kind is Kind.PAYMENT


@pytest.mark.parametrize("state", ["TRADE_SUCCESS", "TRADE_CLOSED", "TRADE_FINISHED"])
@pytest.mark.parametrize("mark", [[*REFUND], ["gmt_refund"], ["refund_fee"], ["out_biz_no"]])
def test_Y3_a_refund_is_told_as_a_change_of_its_trade_and_is_no_money(state: str, mark: list[str]) -> None:
    found = read(alipay_form(trade(trade_status=state, **{name: REFUND[name] for name in mark})))
    assert (found.kind, found.paid, found.state, found.number) == (Kind.REFUND, False, state, NUMBER)
    assert (found.amount, found.currency) == (None, None)


def test_Y3_a_refund_has_its_own_id_or_is_told_apart_by_what_has_gone_back_in_all() -> None:
    assert read(alipay_form(trade(**REFUND))).object_id == "back-7"
    fees = [read(alipay_form(trade(refund_fee=fee))).object_id for fee in ("1.00", "2.00", "1.00")]
    assert fees[0] == fees[2] != fees[1]
    assert read(alipay_form(trade(**REFUND))).at == datetime(2026, 11, 30, 2, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("state", ["TRADE_SUCCESS", "TRADE_CLOSED"])
def test_Y7_a_refund_names_its_transfer_and_its_payment(state: str) -> None:
    found = read(alipay_form(trade(**{**REFUND, "out_biz_no": TRANSFER}, trade_status=state)))
    assert (found.kind, found.transfer, found.object_id) == (Kind.REFUND, TRANSFER, TRANSFER)
    assert found.payment == "2026112922001400000000000001"
    assert (found.disputed, found.lost) == (False, False)


def test_Y7_a_refund_without_a_number_names_its_payment_alone() -> None:
    found = read(alipay_form(trade(refund_fee="20.05", out_biz_no="")))
    assert (found.kind, found.transfer, found.payment) == (Kind.REFUND, None, "2026112922001400000000000001")


def test_Y7_a_payment_names_no_transfer() -> None:
    found = read(alipay_form(trade()))
    assert (found.transfer, found.payment) == (None, None)


@pytest.mark.parametrize(
    "blank", [{"refund_fee": "0.00"}, {"refund_fee": ""}, {"gmt_refund": "", "out_biz_no": ""}]
)
def test_Y3_blank_fields_of_a_refund_make_none(blank: dict[str, str]) -> None:
    assert read(alipay_form(trade(**blank))).paid


@pytest.mark.parametrize(
    ("total", "amount"),
    [
        ("123.45", 12_345),
        ("0.01", 1),
        ("0.1", 10),
        ("1", 100),
        ("1.00", 100),
        ("0.30", 30),
        ("100000000.00", 10_000_000_000),
        ("4.35", 435),
        ("1.10", 110),
        ("0.30000000000000004", None),
        ("1.000", None),
        ("1.001", None),
        ("12345678901234567890.00", None),
        ("99999999999999.99", None),
        ("-1.00", None),
        ("+1.00", None),
        (" 1.00", None),
        ("1.00\n", None),
        ("1,00", None),
        ("1e2", None),
        ("1_0", None),
        ("１.00", None),
        (".5", None),
        ("5.", None),
        ("NaN", None),
        ("Infinity", None),
        ("", None),
    ],
)
def test_Y3_an_amount_is_a_text_of_at_most_two_places_or_is_not_read(total: str, amount: int | None) -> None:
    found = read(alipay_form(trade(total_amount=total)))
    assert found.paid
    assert found.amount == amount


def test_Y3_an_amount_or_a_time_that_is_not_told_is_not_read() -> None:
    fields = trade()
    del fields["total_amount"], fields["gmt_payment"], fields["notify_time"]
    assert (read(alipay_form(fields)).amount, read(alipay_form(fields)).at) == (None, None)


def test_Y3_another_currency_is_told_as_it_is() -> None:
    assert read(alipay_form(trade(trans_currency="usd"))).currency == "USD"


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_Y3_a_form_in_gbk_is_verified_as_the_bytes_that_came(encoding: str) -> None:
    fields = trade(**GBK, passback_params="€" if encoding == "utf-8" else "元")
    assert read(alipay_form(fields, encoding=encoding)).paid


def test_Y3_the_sdk_alone_refuses_a_form_in_gbk() -> None:
    """Should this fail, the SDK has learned it, and the adapter need not hand it bytes any more."""
    fields = {name: value for name, value in trade(**GBK).items() if name != "sign_type"}
    form = dict(each.split("=", 1) for each in alipay_form(fields, encoding="gbk").decode().split("&"))
    sdk = AliPay(
        "1", app_private_key_string=private_pem("shop"), alipay_public_key_string=public_pem("alipay")
    )
    signature = form["sign"].replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    assert sdk.verify(dict(fields), signature) is False


def test_Y3_blank_fields_are_signed_and_kept() -> None:
    assert read(alipay_form(trade(body="", discount="", passback_params=""))).paid
    body = alipay_form(trade(body=""))
    assert cause(body.replace(b"&body=&", b"&")) == "signature"


def test_Y3_all_but_the_signature_and_its_type_is_signed() -> None:
    body = alipay_form(trade())
    for name in trade():
        value = quote_plus(trade()[name]).encode()
        changed = body.replace(f"{name}=".encode() + value, f"{name}=".encode() + value + b"0", 1)
        assert changed != body
        assert cause(changed) == "signature", name
    assert cause(body + b"&more=1") == "signature"


def test_Y3_a_form_that_names_a_field_twice_is_refused() -> None:
    assert cause(alipay_form(trade()) + b"&total_amount=1.00") == "form"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"sign=",
        b"sign=AAAA",
        b"trade_no=1",
        b"\xff\xfe\x00",
        b'{"trade_no": 1}',
        b"sign=%FF&sign_type=RSA2",
        b"sign_type=RSA2&sign=a",
        alipay_form(trade()).replace(b"sign_type=RSA2", b"sign_type=RSA"),
        alipay_form(trade()).replace(b"sign_type=RSA2", b"sign_type=MD5"),
        alipay_form(trade(), signer="somebody"),
    ],
)
def test_Y3_what_is_not_signed_by_alipay_is_refused(body: bytes) -> None:
    assert cause(body) == "signature"


def test_Y3_a_form_of_more_fields_than_any_is_not_looked_at() -> None:
    assert cause(b"&".join(b"f%d=" % each for each in range(10_000))) == "form"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"app_id": "2021000000000002"}, "app"),
        ({"app_id": ""}, "app"),
        ({"seller_id": "2088000000000009"}, "merchant"),
        ({"seller_id": ""}, "merchant"),
    ],
)
def test_Y3_what_is_for_another_seller_or_app_is_refused(changed: dict[str, str], why: str) -> None:
    assert cause(alipay_form(trade(**changed))) == why


@pytest.mark.parametrize(("missing", "why"), [("app_id", "app"), ("seller_id", "merchant")])
def test_Y3_what_names_no_seller_or_app_is_refused(missing: str, why: str) -> None:
    assert cause(alipay_form({name: value for name, value in trade().items() if name != missing})) == why


def test_Y3_a_trade_without_a_number_of_alipays_is_an_observation_under_the_events_id() -> None:
    found = read(alipay_form(trade(trade_no="")))
    assert (found.paid, found.object_id) == (False, "ac05099524730693a8b330c5ecf72da9786")


def test_Y1_a_second_key_is_tried_under_the_same_conditions_as_the_first() -> None:
    """The SDK takes the signature's type out of what it is handed, and does not miss it the next time."""
    both = alipay_receive(public_keys=[public_pem("alipay next"), public_pem("alipay")])
    assert cause(alipay_form(trade(sign_type="MD5")), both) == "signature"


def test_Y1_both_of_two_keys_are_tried() -> None:
    both = alipay_receive(public_keys=[public_pem("alipay next"), public_pem("alipay")])
    assert read(alipay_form(trade()), both).paid
    assert read(alipay_form(trade(), signer="alipay next"), both).paid
    assert cause(alipay_form(trade(), signer="somebody"), both) == "signature"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"app_id": ""}, "app_id"),
        ({"seller_id": None}, "seller_id"),
        ({"public_keys": []}, "public_keys"),
        ({"public_keys": [{"pem": ""}]}, "public_keys"),
        ({"public_keys": ["short-secret"]}, "public_keys"),
    ],
)
def test_Y1_a_secret_that_lacks_something_says_what_and_repeats_nothing(
    changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: ") as refusal:
        Receiving(alipay_receive(**changed))
    assert "short-secret" not in str(refusal.value)
    with pytest.raises(ValueError, match=rf"^{named}: "):
        alipay.Sending(alipay_send(**changed))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"gateway": ""}, "gateway"),
        ({"private_keys": []}, "private_keys"),
        ({"private_keys": ["short-secret"]}, "private_keys"),
    ],
)
def test_Y1_a_secret_to_send_by_says_the_same(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: ") as refusal:
        alipay.Sending(alipay_send(**changed))
    assert "short-secret" not in str(refusal.value)


def test_Y3_what_is_answered_has_the_form_that_alipay_wants() -> None:
    assert Receiving.taken == Reply(status=200, body="success", content_type="text/plain")
    for status in (401, 503):
        assert Receiving.refused(status) == Reply(status=status, body="failure", content_type="text/plain")


def test_Y1_the_gateway_that_the_sdk_has_is_where_the_adapter_sets_ours() -> None:
    sdk = AliPay(
        "1", app_private_key_string=private_pem("shop"), alipay_public_key_string=public_pem("alipay")
    )
    assert sdk._gateway == "https://openapi.alipay.com/gateway.do"
    ours = alipay.Sending(alipay_send("https://till.example/gateway.do"))
    assert ours._client._gateway == "https://till.example/gateway.do"
