"""Payment providers as tests play them: their keys, what they tell, and a gateway on this machine."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

import stripe
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from wechatpayv3.utils import rsa_sign

from functions.payments.providers.provider import DEFAULT, Asking, PayingBack
from functions.platform import clock

NOW = datetime(2026, 11, 29, 8, 30, 15, tzinfo=UTC)
NUMBER = "01JDS9V6F3K4M5N6P7Q8R9S0T1_01"
ASKING = Asking(
    number=NUMBER,
    method=DEFAULT,
    amount_fen=12_345,
    title="Order 01JDS9V6F3K4M5N6P7Q8R9S0T1",
    asked_at=NOW,
    ends_at=datetime(2026, 11, 29, 8, 57, tzinfo=UTC),
    notify_url="https://shop.example/payments/notifications",
    return_url="",
)
TRANSFER, NEXT_TRANSFER = "mbxw2k4q7zr3v5t6yhjcnfdgap_R01", "mbxw2k4q7zr3v5t6yhjcnfdgap_R02"
WECHATPAY_PAYMENT = "4200001234202611290000000001"
ALIPAY_PAYMENT = "2026112922001400000000000001"
STRIPE_PAYMENT = "pi_3MtwBwLkdIwHu7ix28a3tqPa"
WECHATPAY_ID, WECHATPAY_NEXT_ID = "PUB_KEY_ID_0119000000000000000001", "PUB_KEY_ID_0119000000000000000002"
MCHID, APPID = "1900000109", "wx8888888888888888"
APIV3_KEYS = ("a" * 32, "b" * 32)
ALIPAY_APP_ID, SELLER_ID = "2021000000000001", "2088000000000001"
HUNG_SECONDS_MAX = 10
WEBHOOK_SECRETS = ("whsec_" + "1" * 32, "whsec_" + "2" * 32)


def paying_back(payment: str, **changed: Any) -> PayingBack:
    """Return a part of a payment that is to be paid back."""
    facts: dict[str, Any] = {
        "number": TRANSFER,
        "payment": payment,
        "amount": 1_005,
        "total": 12_345,
        "currency": "CNY",
        "notify_url": "https://shop.example/payments/notifications",
    }
    return PayingBack(**{**facts, **changed})


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Return a key pair of this name, made once: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> str:
    """Return a private key as a secret holds it."""
    return key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(name: str) -> str:
    """Return a public key as a secret holds it."""
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def certificate(name: str, serial: int, since: datetime, until: datetime) -> str:
    """Return a certificate of a key, as WeChat Pay's platform has them."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(
        issuer_name=subject,
        subject_name=subject,
        public_key=key(name).public_key(),
        serial_number=serial,
        not_valid_before=since,
        not_valid_after=until,
    )
    return made.sign(key(name), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


# WeChat Pay


def wechatpay_receive(**changed: Any) -> dict[str, Any]:
    """Return the secret by which WeChat Pay's notifications are read."""
    return {
        "mchid": MCHID,
        "appid": APPID,
        "apiv3_keys": [APIV3_KEYS[0]],
        "public_keys": [{"id": WECHATPAY_ID, "pem": public_pem("wechatpay")}],
        **changed,
    }


def wechatpay_send(gateway: str = "https://gateway.example", **changed: Any) -> dict[str, Any]:
    """Return the secret by which WeChat Pay is asked."""
    return {
        "gateway": gateway,
        "mchid": MCHID,
        "appid": APPID,
        "private_keys": [{"serial": "0A1B2C3D", "pem": private_pem("shop")}],
        "public_keys": [{"id": WECHATPAY_ID, "pem": public_pem("wechatpay")}],
        **changed,
    }


def wechatpay_headers(
    body: str | bytes, at: datetime = NOW, *, serial: str = WECHATPAY_ID, signer: str = "wechatpay"
) -> dict[str, str]:
    """Return what WeChat Pay signs a notification or an answer with, by the SDK's own function."""
    text = body.decode() if isinstance(body, bytes) else body
    stamp, nonce = str(int(at.timestamp())), "5K8264ILTKCH16CQ2502SI8ZNMTM67VS"
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": rsa_sign(key(signer), f"{stamp}\n{nonce}\n{text}\n"),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def transaction(**changed: Any) -> dict[str, Any]:
    """Return an order of WeChat Pay's that is paid, in the form of its documentation."""
    return {
        "transaction_id": "4200001234202611290000000001",
        "amount": {"payer_total": 12_345, "total": 12_345, "currency": "CNY", "payer_currency": "CNY"},
        "mchid": MCHID,
        "trade_state": "SUCCESS",
        "bank_type": "CMC",
        "success_time": "2026-11-29T16:30:14+08:00",
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "out_trade_no": NUMBER,
        "appid": APPID,
        "trade_state_desc": "支付成功",
        "trade_type": "NATIVE",
        **changed,
    }


def wechatpay_event(
    content: Mapping[str, Any],
    event_type: str = "TRANSACTION.SUCCESS",
    *,
    apiv3_key: str = APIV3_KEYS[0],
    original_type: str = "transaction",
    **changed: Any,
) -> bytes:
    """Return the body of a notification of WeChat Pay, in the form of its documentation."""
    nonce = "fdasflkja484"
    sealed = AESGCM(apiv3_key.encode()).encrypt(
        nonce.encode(), json.dumps(content, ensure_ascii=False).encode(), original_type.encode()
    )
    resource = {
        "original_type": original_type,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": original_type,
        "nonce": nonce,
    }
    event = {
        "id": "EV-2026112911223320873",
        "create_time": "2026-11-29T16:30:15+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功",
        "resource": resource,
        **changed,
    }
    return json.dumps(event, ensure_ascii=False).encode()


def wechatpay_refund(**changed: Any) -> dict[str, Any]:
    """Return a refund of WeChat Pay's that is done, in the form of its documentation."""
    return {
        "refund_id": "50200207182026112900011301001",
        "out_refund_no": TRANSFER,
        "transaction_id": WECHATPAY_PAYMENT,
        "out_trade_no": NUMBER,
        "channel": "ORIGINAL",
        "user_received_account": "招商银行信用卡0403",
        "success_time": "2026-11-30T10:34:56+08:00",
        "create_time": "2026-11-30T10:34:50+08:00",
        "status": "SUCCESS",
        "funds_account": "AVAILABLE",
        "amount": {
            "total": 12_345,
            "refund": 1_005,
            "from": [{"account": "AVAILABLE", "amount": 1_005}],
            "payer_total": 12_345,
            "payer_refund": 1_005,
            "settlement_refund": 1_005,
            "settlement_total": 12_345,
            "discount_refund": 0,
            "currency": "CNY",
        },
        "promotion_detail": [],
        **changed,
    }


def wechatpay_answered(content: Any, status: int = 200, **signed: Any) -> "Answered":
    """Return a signed answer of WeChat Pay."""
    body = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"} if body else {}
    return Answered(
        status=status, body=body, headers={**headers, **wechatpay_headers(body, clock.now(), **signed)}
    )


def wechatpay_gateway(by_path: Mapping[str, "Answered | None"], signer: str = "shop") -> "Answer":
    """Return what answers by path, once the shop's signature is right."""

    def answer(asked: Asked) -> Answered | None:
        sent = dict(re.findall(r'(\w+)="([^"]*)"', asked.headers["authorization"]))
        signed = "\n".join(
            (asked.method, asked.target, sent["timestamp"], sent["nonce_str"], asked.body.decode(), "")
        )
        signature = base64.b64decode(sent["signature"])
        key(signer).public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        assert (sent["mchid"], sent["serial_no"]) == (MCHID, "0A1B2C3D")
        return by_path[asked.path]

    return answer


# Alipay


def alipay_receive(**changed: Any) -> dict[str, Any]:
    """Return the secret by which Alipay's notifications are read."""
    return {
        "app_id": ALIPAY_APP_ID,
        "seller_id": SELLER_ID,
        "public_keys": [public_pem("alipay")],
        **changed,
    }


def alipay_send(gateway: str = "https://gateway.example/gateway.do", **changed: Any) -> dict[str, Any]:
    """Return the secret by which Alipay is asked."""
    return {
        "gateway": gateway,
        "app_id": ALIPAY_APP_ID,
        "seller_id": SELLER_ID,
        "private_keys": [private_pem("shop")],
        "public_keys": [public_pem("alipay")],
        **changed,
    }


def trade(**changed: str) -> dict[str, str]:
    """Return what Alipay tells of a trade that is paid, in the form of its documentation."""
    return {
        "notify_time": "2026-11-29 16:30:15",
        "notify_type": "trade_status_sync",
        "notify_id": "ac05099524730693a8b330c5ecf72da9786",
        "sign_type": "RSA2",
        "charset": "utf-8",
        "version": "1.0",
        "app_id": ALIPAY_APP_ID,
        "auth_app_id": ALIPAY_APP_ID,
        "trade_no": "2026112922001400000000000001",
        "out_trade_no": NUMBER,
        "buyer_id": "2088000000000002",
        "seller_id": SELLER_ID,
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "123.45",
        "receipt_amount": "123.45",
        "subject": "订单 & 1+1=2",
        "body": "",
        "gmt_create": "2026-11-29 16:29:50",
        "gmt_payment": "2026-11-29 16:30:14",
        **changed,
    }


def alipay_form(fields: Mapping[str, str], *, signer: str = "alipay", encoding: str = "utf-8") -> bytes:
    """Return the form that Alipay sends: all but ``sign_type`` is signed, as bytes of its encoding."""
    signed = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign_type")
    signature = base64.b64encode(rsa_signature(signed.encode(encoding), signer)).decode()
    items = {**fields, "sign": signature}.items()
    return "&".join(f"{name}={quote_plus(value.encode(encoding))}" for name, value in items).encode()


def rsa_signature(content: bytes, signer: str) -> bytes:
    """Return the signature of some bytes, as Alipay makes it."""
    return key(signer).sign(content, padding.PKCS1v15(), hashes.SHA256())


def alipay_answer(
    method: str, content: Mapping[str, Any], *, signer: str = "alipay", sign: bool = True
) -> bytes:
    """Return what Alipay answers to a question, in the form of its documentation."""
    signed = json.dumps({"msg": "Success", **content}, ensure_ascii=False, separators=(",", ":"))
    signature = base64.b64encode(rsa_signature(signed.encode(), signer)).decode()
    rest = f',"sign":"{signature}"' if sign else ""
    return f'{{"{method.replace(".", "_")}_response":{signed}{rest}}}'.encode()


def alipay_refund(**changed: Any) -> dict[str, Any]:
    """Return what Alipay answers to a refund that has moved money, in the form of its documentation."""
    return {
        "code": "10000",
        "trade_no": ALIPAY_PAYMENT,
        "out_trade_no": NUMBER,
        "buyer_logon_id": "会员***@example.com",
        "fund_change": "Y",
        "refund_fee": "10.05",
        "send_back_fee": "10.05",
        "refund_detail_item_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": "10.05"}],
        **changed,
    }


def alipay_refund_found(**changed: Any) -> dict[str, Any]:
    """Return what Alipay answers about a refund that is done, in the form of its documentation."""
    return {
        "code": "10000",
        "trade_no": ALIPAY_PAYMENT,
        "out_trade_no": NUMBER,
        "out_request_no": TRANSFER,
        "total_amount": "123.45",
        "refund_amount": "10.05",
        "refund_status": "REFUND_SUCCESS",
        **changed,
    }


def alipay_answered(method: str, told: Mapping[str, Any], **signed: Any) -> "Answered":
    """Return a signed answer of Alipay."""
    return Answered(
        body=alipay_answer(method, told, **signed), headers={"Content-Type": "text/html;charset=utf-8"}
    )


def alipay_parameters(target: str, signer: str = "shop") -> dict[str, str]:
    """Return what was sent to Alipay, if the shop has signed it."""
    sent = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True))
    signed = "&".join(f"{name}={sent[name]}" for name in sorted(sent) if name != "sign")
    signature = base64.b64decode(sent["sign"])
    key(signer).public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return sent


def alipay_gateway(by_method: Mapping[str, "Answered | None"], signer: str = "shop") -> "Answer":
    """Return what answers by method, once the shop's signature is right."""

    def answer(asked: Asked) -> Answered | None:
        assert asked.path == "/gateway.do"
        return by_method[alipay_parameters(asked.target, signer)["method"]]

    return answer


# Stripe


def stripe_receive(**changed: Any) -> dict[str, Any]:
    """Return the secret by which Stripe's notifications are read."""
    return {"livemode": False, "webhook_secrets": [WEBHOOK_SECRETS[0]], **changed}


def stripe_send(gateway: str = "https://gateway.example", **changed: Any) -> dict[str, Any]:
    """Return the secret by which Stripe is asked."""
    return {"gateway": gateway, "api_keys": ["sk_test_first"], **changed}


def intent(**changed: Any) -> dict[str, Any]:
    """Return a PaymentIntent of Stripe's that is paid, in the form of its documentation."""
    return {
        "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
        "object": "payment_intent",
        "amount": 12_345,
        "amount_received": 12_345,
        "client_secret": "pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH",
        "created": int(NOW.timestamp()) - 20,
        "currency": "cny",
        "livemode": False,
        "metadata": {"number": NUMBER},
        "status": "succeeded",
        **changed,
    }


def stripe_event(
    content: Mapping[str, Any], event_type: str = "payment_intent.succeeded", **changed: Any
) -> bytes:
    """Return the body of a notification of Stripe, in the form of its documentation."""
    event = {
        "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
        "object": "event",
        "api_version": "2026-10-28.acacia",
        "created": int(NOW.timestamp()) - 1,
        "data": {"object": dict(content)},
        "livemode": False,
        "pending_webhooks": 1,
        "type": event_type,
        **changed,
    }
    return json.dumps(event).encode()


def stripe_headers(body: bytes, at: datetime = NOW, *, secret: str = WEBHOOK_SECRETS[0]) -> dict[str, str]:
    """Return what Stripe signs a notification with, by the SDK's own function."""
    stamp = int(at.timestamp())
    signature = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, stamp)
    return {"Stripe-Signature": signature}


def stripe_refund(**changed: Any) -> dict[str, Any]:
    """Return a refund of Stripe's that is done, in the form of its documentation."""
    return {
        "id": "re_1Nispe2eZvKYlo2Cd31jOCgZ",
        "object": "refund",
        "amount": 1_005,
        "balance_transaction": "txn_1Nispe2eZvKYlo2CYezqFhEx",
        "charge": "ch_1NirD82eZvKYlo2CIvbtLWuY",
        "created": int(NOW.timestamp()) - 2,
        "currency": "cny",
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": {"number": TRANSFER},
        "payment_intent": STRIPE_PAYMENT,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        **changed,
    }


def stripe_dispute(**changed: Any) -> dict[str, Any]:
    """Return a dispute of Stripe's that is open, in the form of its documentation."""
    return {
        "id": "du_1MtJUT2eZvKYlo2CNaw2HvEv",
        "object": "dispute",
        "amount": 12_345,
        "balance_transactions": [],
        "charge": "ch_1NirD82eZvKYlo2CIvbtLWuY",
        "created": int(NOW.timestamp()) - 2,
        "currency": "cny",
        "evidence_details": {"due_by": 1_680_652_799, "has_evidence": False, "past_due": False},
        "is_charge_refundable": True,
        "livemode": False,
        "metadata": {},
        "payment_intent": STRIPE_PAYMENT,
        "reason": "general",
        "status": "needs_response",
        **changed,
    }


def stripe_answered(content: Any, status: int = 200) -> "Answered":
    """Return an answer of Stripe."""
    return Answered(
        status=status,
        body=json.dumps(content).encode(),
        headers={"Content-Type": "application/json", "Set-Cookie": "a=1"},
    )


def stripe_failed(status: int, **error: Any) -> "Answered":
    """Return an error of Stripe's."""
    return stripe_answered({"error": {"message": "No such sk_test_first", **error}}, status)


def stripe_gateway(by_call: Mapping[str, "Answered | None"]) -> "Answer":
    """Return what answers by method and path, to a key of the shop's."""

    def answer(asked: Asked) -> Answered | None:
        assert asked.headers["authorization"].startswith("Bearer sk_test_")
        assert "cookie" not in asked.headers
        return by_call[f"{asked.method} {asked.path}"]

    return answer


# A gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a gateway answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Asked], Answered | None]


@dataclass(slots=True)
class Gateway:
    """A provider's gateway, which answers what a test wants; None closes the connection without a word."""

    address: str = ""
    answer: Answer = lambda _: Answered(status=500)
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Give a gateway on this machine."""
    run = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method=self.command, target=self.path, headers=headers, body=body)
            run.asked.append(asked)
            answered = run.answer(asked)
            if answered is None:
                self.close_connection = True
                return
            self.send_response(answered.status)
            for name, value in answered.headers.items():
                self.send_header(name, value)
            if answered.status != 204:
                self.send_header("Content-Length", str(len(answered.body)))
            self.end_headers()
            self.wfile.write(answered.body)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    run.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield run
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hung_up(done: Event) -> Callable[[Asked], None]:
    """Return what a gateway does that says nothing until a test is done."""

    def answer(_: Asked) -> None:
        done.wait(HUNG_SECONDS_MAX)

    return answer


def around(now: datetime = NOW) -> tuple[datetime, datetime]:
    """Return when a certificate that holds now began and will end."""
    return now - timedelta(days=30), now + timedelta(days=30)
