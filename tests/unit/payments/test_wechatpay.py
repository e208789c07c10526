"""What WeChat Pay tells is read as it is meant, and nothing else is believed (Y1, Y3)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from functions.payments.providers import wechatpay
from functions.payments.providers.provider import BadNotificationError, Kind, Notice, Reply
from functions.payments.providers.wechatpay import Receiving
from tests.support.providers import (
    APIV3_KEYS,
    NOW,
    NUMBER,
    TRANSFER,
    WECHATPAY_ID,
    WECHATPAY_NEXT_ID,
    around,
    certificate,
    private_pem,
    public_pem,
    transaction,
    wechatpay_event,
    wechatpay_headers,
    wechatpay_receive,
    wechatpay_send,
)

REFUND = {
    "mchid": "1900000109",
    "transaction_id": "4200001234202611290000000001",
    "out_trade_no": NUMBER,
    "refund_id": "50200207182026112900011301001",
    "out_refund_no": TRANSFER,
    "refund_status": "SUCCESS",
    "success_time": "2026-11-30T10:34:56+08:00",
    "user_received_account": "招商银行信用卡0403",
    "amount": {"total": 12_345, "refund": 99, "payer_total": 12_345, "payer_refund": 99},
}
SERIAL = 0x0158A5C3F2
BY_CERTIFICATE = {"certificates": [certificate("platform", SERIAL, *around())], "public_keys": []}


def read(body: bytes, headers: dict[str, str] | None = None, secret: dict[str, Any] | None = None) -> Notice:
    """Read a notification that is signed, unless other headers are given."""
    return Receiving(secret or wechatpay_receive()).read(headers or wechatpay_headers(body), body, NOW)


def cause(body: bytes, headers: dict[str, str] | None = None, secret: dict[str, Any] | None = None) -> str:
    """Return why a notification is refused."""
    with pytest.raises(BadNotificationError) as refusal:
        read(body, headers, secret)
    assert refusal.value.__cause__ is None
    return refusal.value.cause


def test_Y3_a_payment_in_the_form_of_the_documentation_is_money() -> None:
    assert read(wechatpay_event(transaction())) == Notice(
        provider="wechatpay",
        kind=Kind.PAYMENT,
        object_id="4200001234202611290000000001",
        state="SUCCESS",
        paid=True,
        number=NUMBER,
        amount=12_345,
        currency="CNY",
        at=datetime(2026, 11, 29, 8, 30, 14, tzinfo=UTC),
        event_id="EV-2026112911223320873",
    )
    assert read(wechatpay_event(transaction())).payment_id == "wechatpay:4200001234202611290000000001"


def test_Y3_a_refund_in_the_form_of_the_documentation_is_an_observation() -> None:
    found = read(wechatpay_event(REFUND, "REFUND.SUCCESS", original_type="refund"))
    assert found == Notice(
        provider="wechatpay",
        kind=Kind.REFUND,
        object_id="50200207182026112900011301001",
        state="SUCCESS",
        number=NUMBER,
        amount=99,
        at=datetime(2026, 11, 30, 2, 34, 56, tzinfo=UTC),
        event_id="EV-2026112911223320873",
        payment="4200001234202611290000000001",
        transfer=TRANSFER,
    )


@pytest.mark.parametrize("state", ["ABNORMAL", "CLOSED", "PROCESSING"])
def test_Y7_a_refund_in_any_state_names_its_transfer_and_its_payment(state: str) -> None:
    event_type = f"REFUND.{state}"
    content = {**REFUND, "refund_status": state}
    found = read(wechatpay_event(content, event_type, original_type="refund"))
    assert (found.kind, found.state, found.paid) == (Kind.REFUND, state, False)
    assert (found.transfer, found.payment) == (TRANSFER, "4200001234202611290000000001")
    assert (found.disputed, found.lost) == (False, False)
    nameless = {name: value for name, value in content.items() if name != "refund_id"}
    found = read(wechatpay_event(nameless, event_type, original_type="refund"))
    assert (found.object_id, found.state) == ("EV-2026112911223320873", event_type)
    assert (found.transfer, found.payment) == (TRANSFER, "4200001234202611290000000001")


@pytest.mark.parametrize("missing", ["out_refund_no", "transaction_id"])
def test_Y7_a_refund_that_does_not_name_what_it_is_of_names_nothing(missing: str) -> None:
    for content in ({**REFUND, missing: None}, {**REFUND, missing: 1}):
        found = read(wechatpay_event(content, "REFUND.SUCCESS", original_type="refund"))
        assert {"out_refund_no": found.transfer, "transaction_id": found.payment}[missing] is None


def test_Y7_a_payment_names_no_transfer() -> None:
    found = read(wechatpay_event(transaction(out_refund_no=TRANSFER)))
    assert (found.transfer, found.payment) == (None, None)


@pytest.mark.parametrize("state", ["REFUND", "NOTPAY", "CLOSED", "USERPAYING", "PAYERROR", "", None, 1])
def test_Y3_an_order_in_any_other_state_is_an_observation(state: object) -> None:
    found = read(wechatpay_event(transaction(trade_state=state)))
    assert not found.paid
    assert found.kind is Kind.PAYMENT


@pytest.mark.parametrize(
    "event_type", ["TRANSACTION.CLOSED", "COUPON.USE", "COMPLAINT.CREATE", "REFUND.CLOSED"]
)
def test_Y3_an_event_of_any_other_type_is_an_observation(event_type: str) -> None:
    assert not read(wechatpay_event(transaction(), event_type)).paid


@pytest.mark.parametrize("missing", ["transaction_id", "trade_state"])
def test_Y3_a_payment_that_cannot_be_named_or_is_not_called_paid_is_none(missing: str) -> None:
    content = {name: value for name, value in transaction().items() if name != missing}
    assert not read(wechatpay_event(content)).paid


def test_Y3_a_kind_of_event_that_names_no_merchant_is_kept_under_its_own_id() -> None:
    found = read(wechatpay_event({"complaint_id": "200201820200101080076610000"}, "COMPLAINT.CREATE"))
    assert (found.object_id, found.state) == ("EV-2026112911223320873", "COMPLAINT.CREATE")


@pytest.mark.parametrize(
    ("total", "amount"),
    [
        (1, 1),
        (0, 0),
        (10**15, 10**15),
        (12_345_678_901_234_567_890, None),
        ("1.00", None),
        ("12345", None),
        (1.0, None),
        (0.1 + 0.2, None),
        (True, None),
        (-1, None),
        (None, None),
        ([1], None),
    ],
)
def test_Y3_an_amount_is_a_whole_number_of_fen_or_is_not_read(total: object, amount: int | None) -> None:
    found = read(wechatpay_event(transaction(amount={"total": total, "currency": "CNY"})))
    assert found.paid
    assert found.amount == amount


@pytest.mark.parametrize(
    ("told", "currency"),
    [
        ({"currency": "USD"}, "USD"),
        ({"currency": "cny"}, "CNY"),
        ({}, None),
        ({"currency": None}, None),
        ({"currency": ""}, None),
        ({"currency": 156}, None),
    ],
)
def test_Y3_a_currency_is_the_one_that_is_told(told: dict[str, object], currency: str | None) -> None:
    assert read(wechatpay_event(transaction(amount={"total": 1, **told}))).currency == currency


def test_Y3_an_amount_in_no_form_at_all_is_not_read() -> None:
    found = read(wechatpay_event(transaction(amount="12345", success_time="soon")))
    assert (found.paid, found.amount, found.currency, found.at) == (True, None, None, None)


@pytest.mark.parametrize("write", [str.lower, str.upper, str.title, str.swapcase])
def test_Y3_header_names_may_be_written_in_any_case(write: Any) -> None:
    body = wechatpay_event(transaction())
    assert read(body, {write(name): value for name, value in wechatpay_headers(body).items()}).paid


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_Y3_a_time_stamp_may_be_300_seconds_off_either_way(seconds: int) -> None:
    body = wechatpay_event(transaction())
    assert read(body, wechatpay_headers(body, NOW + timedelta(seconds=seconds))).paid


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_Y3_a_time_stamp_that_is_further_off_is_refused(seconds: int) -> None:
    body = wechatpay_event(transaction())
    assert cause(body, wechatpay_headers(body, NOW + timedelta(seconds=seconds))) == "time"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"mchid": "1900000110"}, "merchant"),
        ({"mchid": None}, "merchant"),
        ({"mchid": 1_900_000_109}, "merchant"),
        ({"appid": "wx0000000000000000"}, "app"),
        ({"appid": None}, "app"),
    ],
)
def test_Y3_what_is_for_another_merchant_or_app_is_refused(changed: dict[str, Any], why: str) -> None:
    assert cause(wechatpay_event(transaction(**changed))) == why


def test_Y3_a_refund_of_another_merchant_is_refused() -> None:
    assert cause(wechatpay_event({**REFUND, "mchid": "1900000110"}, "REFUND.SUCCESS")) == "merchant"


@pytest.mark.parametrize(
    "header",
    [
        "Wechatpay-Signature",
        "Wechatpay-Timestamp",
        "Wechatpay-Nonce",
        "Wechatpay-Serial",
        "Wechatpay-Signature-Type",
    ],
)
@pytest.mark.parametrize("value", [None, "", "0", "ü", "WECHATPAY/SIGNTEST/AAAA", "1" * 5000])
def test_Y3_every_header_is_needed_as_it_was_signed(header: str, value: str | None) -> None:
    body = wechatpay_event(transaction())
    headers = wechatpay_headers(body)
    headers = {name: each for name, each in headers.items() if name != header}
    assert cause(body, headers if value is None else {**headers, header: value}) == "signature"


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_Y3_what_nobody_signed_is_refused_whatever_it_is(body: bytes) -> None:
    assert cause(body, wechatpay_headers(wechatpay_event(transaction()))) == "signature"
    assert cause(body, {"unknown": ""}) == "signature"


def test_Y3_one_byte_more_or_other_breaks_the_signature() -> None:
    body = wechatpay_event(transaction())
    headers = wechatpay_headers(body)
    assert cause(body + b" ", headers) == "signature"
    assert cause(body.replace(b"TRANSACTION", b"TRANSACTIOM"), headers) == "signature"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b"[]",
        b"not json",
        b"[" * 100_000,
        b'{"id": "EV", "event_type": "TRANSACTION.SUCCESS", "resource": "none"}',
        wechatpay_event(transaction(), resource={"algorithm": "AEAD_SM4_GCM"}),
        wechatpay_event(
            transaction(), resource={"algorithm": "AEAD_AES_256_GCM", "ciphertext": "AA", "nonce": ""}
        ),
        wechatpay_event(transaction(), id=None)[:-1],
    ],
)
def test_Y3_what_is_signed_but_in_no_form_that_we_know_is_refused(body: bytes) -> None:
    assert cause(body) == "form"


def test_Y1_an_unknown_serial_and_an_api_key_that_we_lack_ask_for_the_keys_anew() -> None:
    body = wechatpay_event(transaction())
    unknown = wechatpay_headers(body, serial=WECHATPAY_NEXT_ID, signer="wechatpay next")
    assert cause(body, unknown) == "signature"
    assert cause(wechatpay_event(transaction(), apiv3_key=APIV3_KEYS[1])) == "signature"


def test_Y1_the_serial_chooses_between_two_public_keys_and_either_api_key_fits() -> None:
    keys = [
        {"id": WECHATPAY_NEXT_ID, "pem": public_pem("wechatpay next")},
        {"id": WECHATPAY_ID, "pem": public_pem("wechatpay")},
    ]
    secret = wechatpay_receive(public_keys=keys, apiv3_keys=list(APIV3_KEYS))
    for apiv3_key in APIV3_KEYS:
        body = wechatpay_event(transaction(), apiv3_key=apiv3_key)
        assert read(body, wechatpay_headers(body), secret).paid
        after = wechatpay_headers(body, serial=WECHATPAY_NEXT_ID, signer="wechatpay next")
        assert read(body, after, secret).paid
        crossed = wechatpay_headers(body, serial=WECHATPAY_NEXT_ID, signer="wechatpay")
        assert cause(body, crossed, secret) == "signature"


@pytest.mark.parametrize("serial", ["0158A5C3F2", "158A5C3F2", "158a5c3f2"])
def test_Y1_a_platform_certificate_is_known_by_its_serial(serial: str) -> None:
    body = wechatpay_event(transaction())
    headers = wechatpay_headers(body, serial=serial, signer="platform")
    assert read(body, headers, wechatpay_receive(**BY_CERTIFICATE)).paid


def test_Y1_in_a_changeover_a_certificate_and_a_public_key_both_count() -> None:
    secret = wechatpay_receive(certificates=BY_CERTIFICATE["certificates"])
    body = wechatpay_event(transaction())
    assert read(body, wechatpay_headers(body), secret).paid
    assert read(body, wechatpay_headers(body, serial=f"{SERIAL:X}", signer="platform"), secret).paid


def test_W6_with_certificates_alone_a_public_keys_serial_is_an_unknown_one_and_no_crash() -> None:
    body = wechatpay_event(transaction())
    assert cause(body, wechatpay_headers(body), wechatpay_receive(**BY_CERTIFICATE)) == "signature"


@pytest.mark.parametrize(("since", "until"), [(-2, -1), (1, 2)])
def test_Y1_a_certificate_counts_only_while_it_holds(since: int, until: int) -> None:
    pem = certificate("platform", SERIAL, NOW + timedelta(days=since), NOW + timedelta(days=until))
    secret = wechatpay_receive(certificates=[pem], public_keys=[])
    body = wechatpay_event(transaction())
    headers = wechatpay_headers(body, serial=f"{SERIAL:X}", signer="platform")
    assert cause(body, headers, secret) == "signature"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"mchid": ""}, "mchid"),
        ({"appid": None}, "appid"),
        ({"apiv3_keys": []}, "apiv3_keys"),
        ({"apiv3_keys": ["short-secret"]}, "apiv3_keys"),
        ({"apiv3_keys": ["c" * 32] * 3}, "apiv3_keys"),
        ({"public_keys": []}, "public_keys"),
        ({"public_keys": ["pem"]}, "public_keys"),
        ({"public_keys": [{"id": WECHATPAY_ID}]}, "pem"),
        ({"public_keys": [{"id": WECHATPAY_ID, "pem": "short-secret"}]}, "public_keys"),
        ({"certificates": ["short-secret"]}, "certificates"),
    ],
)
def test_Y1_a_secret_that_lacks_something_says_what_and_repeats_nothing(
    changed: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: ") as refusal:
        Receiving(wechatpay_receive(**changed))
    assert "short-secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"gateway": ""}, "gateway"),
        ({"private_keys": []}, "private_keys"),
        ({"private_keys": ["pem"]}, "private_keys"),
        ({"private_keys": [{"serial": "0A", "pem": "short-secret"}]}, "private_keys"),
        ({"private_keys": [{"pem": "short-secret"}]}, "serial"),
    ],
)
def test_Y1_a_secret_to_send_by_says_the_same(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: ") as refusal:
        wechatpay.Sending(wechatpay_send(**changed))
    assert "short-secret" not in str(refusal.value)


def test_Y3_what_is_answered_has_the_form_that_wechat_pay_wants() -> None:
    assert Receiving.taken == Reply(status=204, body="")
    for status in (401, 503):
        reply = Receiving.refused(status)
        assert (reply.status, reply.content_type) == (status, "application/json")
        assert json.loads(reply.body)["code"] == "FAIL"


def test_Y1_the_gateway_that_the_sdk_has_is_where_the_adapter_sets_ours() -> None:
    client = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid="1900000109",
        private_key=private_pem("shop"),
        cert_serial_no="0A",
        appid="wx8888888888888888",
        apiv3_key=APIV3_KEYS[0],
        public_key=public_pem("wechatpay"),
        public_key_id=WECHATPAY_ID,
    )
    assert client._core._gate_way == "https://api.mch.weixin.qq.com"
    ours = wechatpay.Sending(wechatpay_send("https://till.example"))
    assert ours._client._core._gate_way == "https://till.example"
    assert callable(client._core._verify_signature)
