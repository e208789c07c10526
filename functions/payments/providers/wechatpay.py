"""WeChat Pay, API v3, by wechatpayv3 (https://pay.weixin.qq.com/doc/v3/merchant/4012062524).

The SDK signs what is sent and checks what is answered. It knows one key of the platform and asks for
certificates by itself where another signs; here all keys of the secret count, and nothing is asked for. Of a
notification it checks neither age, merchant and app, nor amounts: that is done here (Y3).
"""

import hashlib
import json
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import (
    aes_decrypt,
    build_authorization,
    load_certificate,
    load_public_key,
    rsa_verify,
)

from functions.payments.providers import reading
from functions.payments.providers.provider import (
    CNY,
    DEFAULT,
    Action,
    ActionKind,
    Answer,
    Asking,
    BadNotificationError,
    Begun,
    Kind,
    Notice,
    NotThere,
    PaidBack,
    PaidBackAnswer,
    PayingBack,
    ProviderRefusedError,
    Reply,
    Stands,
    UnansweredError,
)
from functions.platform import clock

NAME = "wechatpay"
JSAPI = "jsapi"
H5 = "h5"
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
ALGORITHM = "AEAD_AES_256_GCM"
APIV3_KEY_BYTES = 32
PAID_EVENT = "TRANSACTION.SUCCESS"
PAID_STATE = "SUCCESS"
_STANDS: Mapping[str, Stands] = MappingProxyType(
    {
        "NOTPAY": Stands.OPEN,
        "USERPAYING": Stands.PAYING,
        "ACCEPT": Stands.PAYING,
        PAID_STATE: Stands.PAID,
        "REFUND": Stands.PAID,  # it was paid, and some of it went back
        "CLOSED": Stands.CLOSED,
        "REVOKED": Stands.CLOSED,
        "PAYERROR": Stands.CLOSED,
    }
)
_ABSENT = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_NO_ANSWER = frozenset(
    {"SIGN_ERROR", "SYSTEM_ERROR", "BANK_ERROR", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"}
)
"""Codes that say nothing of an order: it may have happened, or may at the next try."""
_PAID_BACK: Mapping[str, PaidBack] = MappingProxyType(
    {
        "PROCESSING": PaidBack.PROCESSING,
        "SUCCESS": PaidBack.SUCCEEDED,
        "CLOSED": PaidBack.FAILED,
        "ABNORMAL": PaidBack.FAILED,  # the payer's bank has not taken it, and nobody goes on by himself
    }
)
_NO_REFUND = "RESOURCE_NOT_EXISTS"
_FINAL = frozenset({"PARAM_ERROR", "INVALID_REQUEST", "USER_ACCOUNT_ABNORMAL"})
"""Codes of a refund that the same contents will be refused with at every try."""
_NO_WORD = frozenset({"RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST"})
"""Codes that say nothing of a refund: who does not know a payment that has come in is not whom it came by."""
_NO_STATEMENT: Mapping[str, NotThere] = MappingProxyType(
    {"NO_STATEMENT_EXIST": NotThere.EMPTY, "STATEMENT_CREATING": NotThere.YET}
)
_LIMITS = frozenset({"FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"})
"""Codes of a refund that was not taken because there are too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """A key that the platform signs with; a certificate's holds for a time."""

    serial: str
    public_key: Any
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return (self.since is None or self.since <= now) and (self.until is None or now <= self.until)


class _Platform:
    """The keys that the platform signs with: public keys by their ids, certificates by their serials."""

    def __init__(self, secret: Mapping[str, Any]) -> None:
        public_keys = reading.some(secret, "public_keys") if secret.get("public_keys") else []
        certificates = reading.texts(secret, "certificates") if secret.get("certificates") else ()
        keys = [
            *(_of_public_key(each) for each in public_keys),
            *(_of_certificate(pem) for pem in certificates),
        ]
        if not keys:
            raise ValueError("public_keys: are needed, or certificates")
        self.first = keys[0]
        self._keys = {key.serial: key for key in keys}

    def signed(self, headers: Mapping[str, str], body: str, now: datetime) -> bool:
        """Tell whether the platform has signed a body; ``headers`` have names in small letters."""
        serial = headers.get("wechatpay-serial", "")
        key = self._keys.get(serial) or self._keys.get(_serial(serial))
        if key is None or not key.holds(now) or headers.get("wechatpay-signature-type") != SIGNATURE_TYPE:
            return False
        stamp, nonce = headers["wechatpay-timestamp"], headers["wechatpay-nonce"]
        return bool(rsa_verify(stamp, nonce, body, headers["wechatpay-signature"], key.public_key))


def _of_public_key(given: object) -> _Key:
    if not isinstance(given, dict):
        raise ValueError("public_keys: objects are needed")
    pem, serial = reading.text(given, "pem"), reading.text(given, "id")
    try:
        return _Key(serial=serial, public_key=load_public_key(pem))
    except Exception:  # the SDK raises nothing closer
        raise ValueError("public_keys: no key can be read") from None


def _of_certificate(pem: str) -> _Key:
    certificate = load_certificate(pem)
    if certificate is None:
        raise ValueError("certificates: none can be read")
    return _Key(
        serial=f"{certificate.serial_number:X}",
        public_key=certificate.public_key(),
        since=certificate.not_valid_before_utc,
        until=certificate.not_valid_after_utc,
    )


def _serial(written: str) -> str:
    """Return a certificate's serial as we hold it: a number, which some write with zeros before it."""
    return written.upper().lstrip("0")


class Sending:
    """Asks WeChat Pay: native (a code to scan) by default, within WeChat (jsapi), from other browsers (h5).

    Who pays is an openid for jsapi; for h5 it is the address that the shopper's device has, without which
    WeChat Pay opens no such payment and from which alone it lets it be paid. A link of h5 holds for five
    minutes, and is had anew by asking for the same payment again: nothing of it is kept.
    """

    methods: ClassVar[frozenset[str]] = frozenset({DEFAULT, JSAPI, H5})
    payer_methods: ClassVar[frozenset[str]] = frozenset({JSAPI, H5})
    bound_methods: ClassVar[frozenset[str]] = frozenset({JSAPI})
    address_methods: ClassVar[frozenset[str]] = frozenset({H5})
    amounts_fen: ClassVar[tuple[int, int]] = (1, 100_000_000)
    """The documentation of ``amount.total`` says whole fen, no greatest: a million yuan is ours."""

    def __init__(self, secret: Mapping[str, Any], now: Callable[[], datetime] = clock.now) -> None:
        self._now = now
        self._mchid = reading.text(secret, "mchid")
        self._appid = reading.text(secret, "appid")
        self._platform = _Platform(secret)
        private_key = reading.some(secret, "private_keys")[0]
        if not isinstance(private_key, dict):
            raise ValueError("private_keys: objects are needed")
        first = self._platform.first
        settings = {
            "mchid": self._mchid,
            "appid": self._appid,
            "cert_serial_no": reading.text(private_key, "serial"),
            "private_key": reading.text(private_key, "pem"),
            "public_key": first.public_key.public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            ).decode(),
            "public_key_id": first.serial,
        }
        self._gateway = reading.text(secret, "gateway")
        try:
            self._client = WeChatPay(
                wechatpay_type=WeChatPayType.NATIVE,
                apiv3_key=None,  # nothing that is answered is encrypted with it
                timeout=(reading.CONNECT_SECONDS_MAX, reading.READ_SECONDS_MAX),
                **settings,
            )
        except Exception:  # the SDK raises nothing closer
            raise ValueError("private_keys: no key can be read") from None
        self._client._core._gate_way = self._gateway  # the SDK has no setting for it
        self._client._core._verify_signature = self._is_signed

    def begin(self, asking: Asking, kept: Mapping[str, str], payer: str | None) -> Begun:
        """Have a payment opened, or show again the one that is."""
        if asking.method == JSAPI:
            prepay_id = kept.get("prepay_id") or self._opened(
                asking, "prepay_id", pay_type=WeChatPayType.JSAPI, payer={"openid": _needed(payer)}
            )
            params = self._params(prepay_id)
            return Begun(action=Action(kind=ActionKind.PARAMS, value=params), kept={"prepay_id": prepay_id})
        if asking.method == H5:
            scene = {"payer_client_ip": _needed(payer), "h5_info": {"type": "Wap"}}
            link = self._opened(asking, "h5_url", pay_type=WeChatPayType.H5, scene_info=scene)
            if asking.return_url:
                link += f"{'&' if '?' in link else '?'}redirect_url={quote(asking.return_url, safe='')}"
            return Begun(action=Action(kind=ActionKind.REDIRECT, value=link), kept={})
        code_url = kept.get("code_url") or self._opened(asking, "code_url", pay_type=WeChatPayType.NATIVE)
        return Begun(action=Action(kind=ActionKind.QR, value=code_url), kept={"code_url": code_url})

    def ask(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask how an attempt stands."""
        try:
            order = self._asked(self._client.query, out_trade_no=asking.number)
        except ProviderRefusedError as refusal:
            if refusal.code in _ABSENT:
                return Answer(stands=Stands.ABSENT)
            raise
        asked_for = (asking.number, self._mchid, self._appid)
        if tuple(order.get(name) for name in ("out_trade_no", "mchid", "appid")) != asked_for:
            raise UnansweredError("another order")
        stands = _STANDS.get(str(order.get("trade_state")))
        if stands is None or (stands is Stands.PAID and not reading.told(order, "transaction_id")):
            raise UnansweredError("an unknown state")
        notice = _of_transaction(order, paid=True) if stands is Stands.PAID else None
        return Answer(stands=stands, notice=notice)

    def close(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask that an attempt be closed, and how it stands then."""
        with suppress(ProviderRefusedError):  # it is paid, closed or not there: which one, the question tells
            self._asked(self._client.close, out_trade_no=asking.number)
        return self.ask(asking, kept)

    def pay_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Have money paid back; sent again, it is answered as it stands and paid back once."""
        try:
            refund = self._asked(
                self._client.refund,
                limits=_LIMITS,
                out_refund_no=paying.number,
                transaction_id=paying.payment,
                amount={"refund": paying.amount, "total": paying.total, "currency": paying.currency},
                notify_url=paying.notify_url,
            )
        except ProviderRefusedError as refusal:
            code = refusal.code
        else:
            return _paid_back(paying, refund)
        return reading.refused(code, final=_FINAL, nothing=_NO_WORD, ask=lambda: self.ask_paid_back(paying))

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Ask how a transfer stands, by our number of it."""
        try:
            refund = self._asked(self._client.query_refund, out_refund_no=paying.number)
        except ProviderRefusedError as refusal:
            if refusal.code == _NO_REFUND:
                return PaidBackAnswer(state=PaidBack.ABSENT)
            raise UnansweredError(refusal.code) from None
        return _paid_back(paying, refund)

    def statement(self, day: date) -> Iterator[bytes] | NotThere:
        """Return the trade bill of a day: asked for packed, given unpacked, and held against its digest."""
        try:
            bill = self._asked(self._client.trade_bill, bill_date=day.isoformat())
        except ProviderRefusedError as refusal:
            if refusal.code in _NO_STATEMENT:
                return _NO_STATEMENT[refusal.code]
            raise UnansweredError(refusal.code) from None
        url, digest = reading.told(bill, "download_url"), reading.told(bill, "hash_value")
        if url is None or digest is None or reading.told(bill, "hash_type") != "SHA1":
            raise UnansweredError("an answer without what was asked for")
        if not url.startswith(f"{self._gateway}/"):
            raise UnansweredError("another gateway")
        return self._downloaded(url, digest.lower())

    def _downloaded(self, url: str, digest: str) -> Iterator[bytes]:
        """Give a bill's bytes. The SDK would hold all of them, and as text; it signs what is asked here.

        What is downloaded is not signed: its digest is, which came with the address.
        """
        import requests  # not where only notifications are read

        # What the provider says is SHA-1; that it is what was said the signature of the address shows.
        found = hashlib.sha1(usedforsecurity=False)
        try:
            with requests.get(
                url,
                headers={"Authorization": self._authorization(url)},
                timeout=(reading.CONNECT_SECONDS_MAX, reading.READ_SECONDS_MAX),
                stream=True,
            ) as answer:
                answer.raise_for_status()
                for chunk in reading.unpacked(answer.iter_content(reading.CHUNK_BYTES)):
                    found.update(chunk)
                    yield chunk
        except (requests.RequestException, zlib.error) as error:
            raise UnansweredError(type(error).__name__) from None
        if found.hexdigest() != digest:
            raise UnansweredError("another digest")

    def _authorization(self, url: str) -> str:
        core = self._client._core
        return str(
            build_authorization(
                url.removeprefix(self._gateway), "GET", self._mchid, core._cert_serial_no, core._private_key
            )
        )

    def _opened(self, asking: Asking, wanted: str, **settings: Any) -> str:
        """Have an order made, or made again as it is, and return what its answer has for the device."""
        order = self._asked(
            self._client.pay,
            description=asking.title,
            out_trade_no=asking.number,
            time_expire=asking.ends_at.astimezone(reading.BEIJING).isoformat(timespec="seconds"),
            notify_url=asking.notify_url,
            amount={"total": asking.amount_fen, "currency": CNY},
            **settings,
        )
        found = reading.told(order, wanted)
        if found is None:
            raise UnansweredError("an answer without what was asked for")
        return found

    def _params(self, prepay_id: str) -> dict[str, str]:
        """Return what the device opens WeChat's own window with, signed anew."""
        stamp, nonce = str(int(self._now().timestamp())), uuid.uuid4().hex
        package = f"prepay_id={prepay_id}"
        return {
            "appId": self._appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._client.sign([self._appid, stamp, nonce, package]),
        }

    def _asked(
        self,
        call: Callable[..., tuple[int, Any]],
        *,
        limits: frozenset[str] = frozenset(),
        **arguments: Any,
    ) -> dict[str, Any]:
        """Return what is answered to a call, verified; an answer without contents is empty.

        ``limits`` are codes of too many calls that are known to say that this one was not taken.
        """
        try:
            status, content = call(**arguments)
        except Exception as error:  # from the network, or one of the SDK's own for a wrong signature
            raise UnansweredError(type(error).__name__) from None
        try:
            answer = reading.parsed(content) if content else {}
        except (ValueError, RecursionError):
            raise UnansweredError("an answer that is no JSON") from None
        if 200 <= status < 300:
            return answer
        code = reading.word(answer.get("code"))
        # What was signed may not be what arrived: a 401 says nothing of an order.
        if code is None or status == 401 or not 400 <= status < 500:
            raise UnansweredError(f"status {status}")
        if code not in limits and (code in _NO_ANSWER or status == 429):
            raise UnansweredError(f"status {status}")
        raise ProviderRefusedError(code)

    def _is_signed(self, headers: Mapping[str, str], body: str) -> bool:
        return self._platform.signed(reading.lowered(headers), body, self._now())


def _needed(payer: str | None) -> str:
    if not payer:
        raise ValueError("this method needs to know who pays")
    return payer


def _paid_back(paying: PayingBack, refund: Mapping[str, Any]) -> PaidBackAnswer:
    """Return how a refund stands that WeChat Pay shows, made or asked for: the two have one form."""
    amount = reading.part(refund, "amount")
    shown = (refund.get("out_refund_no"), refund.get("transaction_id"), reading.whole(amount.get("refund")))
    if shown != (paying.number, paying.payment, paying.amount):
        raise UnansweredError("another refund")
    if reading.currency(amount, "currency") not in (None, paying.currency):
        raise UnansweredError("another currency")
    status = str(refund.get("status"))
    state = _PAID_BACK.get(status)
    if state is None:
        raise UnansweredError("an unknown state")
    return PaidBackAnswer(
        state=state,
        because=status if state is PaidBack.FAILED else None,
        at=reading.moment(reading.told(refund, "success_time")),
    )


class Receiving:
    """Reads what WeChat Pay tells: one of the platform's keys signs it, the API v3 key encrypts it."""

    taken: ClassVar[Reply] = Reply(status=204, body="")

    def __init__(self, secret: Mapping[str, Any]) -> None:
        self._mchid = reading.text(secret, "mchid")
        self._appid = reading.text(secret, "appid")
        self._apiv3_keys = reading.texts(secret, "apiv3_keys")
        if any(len(key.encode()) != APIV3_KEY_BYTES for key in self._apiv3_keys):
            raise ValueError(f"apiv3_keys: {APIV3_KEY_BYTES} bytes are needed")
        self._platform = _Platform(secret)

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Check a notification and return what it says."""
        by_name = reading.lowered(headers)
        with reading.bad("signature"):
            if not self._platform.signed(by_name, body.decode(), now):
                raise BadNotificationError("signature")
        reading.check_age(by_name["wechatpay-timestamp"], now)
        with reading.bad("form"):
            event = reading.parsed(body)
            content = reading.parsed(self._decrypted(reading.part(event, "resource")))
            return self._notice(event, content)

    @classmethod
    def refused(cls, status: int) -> Reply:
        """Return what one is answered that is refused, or could not be kept."""
        message = "signature" if status == 401 else "try again"
        body = json.dumps({"code": "FAIL", "message": message})
        return Reply(status=status, body=body, content_type="application/json")

    def _decrypted(self, resource: Mapping[str, Any]) -> str:
        if resource["algorithm"] != ALGORITHM:
            raise BadNotificationError("form")
        for key in self._apiv3_keys:
            content: str | None = aes_decrypt(
                nonce=resource["nonce"],
                ciphertext=resource["ciphertext"],
                associated_data=resource.get("associated_data") or "",
                apiv3_key=key,
            )
            if content is not None:
                return content
        raise BadNotificationError("signature")  # under a key that we do not have, yet or any more

    def _notice(self, event: Mapping[str, Any], content: Mapping[str, Any]) -> Notice:
        """Return what an event says, which names our merchant, and our app where it is a payment.

        A kind of event that we know nothing of is an observation under the event's own id.
        """
        event_type, event_id = event["event_type"], event["id"]
        is_payment, is_refund = (event_type.startswith(f"{kind}.") for kind in ("TRANSACTION", "REFUND"))
        _check("merchant", content.get("mchid"), self._mchid, needed=is_payment or is_refund)
        _check("app", content.get("appid"), self._appid, needed=is_payment)
        refund_id, transaction_id = (reading.told(content, name) for name in ("refund_id", "transaction_id"))
        if is_payment and transaction_id is not None:
            is_paid = event_type == PAID_EVENT and content.get("trade_state") == PAID_STATE
            return _of_transaction(content, paid=is_paid, event_id=event_id)
        if is_refund and refund_id is not None:
            return Notice(
                provider=NAME,
                kind=Kind.REFUND,
                object_id=refund_id,
                state=reading.told(content, "refund_status") or event_type,
                number=reading.told(content, "out_trade_no"),
                amount=reading.whole(reading.part(content, "amount").get("refund")),
                currency=reading.currency(reading.part(content, "amount"), "currency"),
                at=reading.moment(reading.told(content, "success_time")),
                event_id=event_id,
                payment=transaction_id,
                transfer=reading.told(content, "out_refund_no"),
            )
        return Notice(
            provider=NAME,
            kind=Kind.REFUND if is_refund else Kind.PAYMENT,
            object_id=event_id,
            state=event_type,
            number=reading.told(content, "out_trade_no"),
            at=reading.moment(reading.told(event, "create_time")),
            event_id=event_id,
            payment=transaction_id if is_refund else None,
            transfer=reading.told(content, "out_refund_no") if is_refund else None,
        )


def _check(cause: str, found: object, ours: str, *, needed: bool) -> None:
    if found != ours and (needed or found is not None):
        raise BadNotificationError(cause)


def _of_transaction(content: Mapping[str, Any], *, paid: bool, event_id: str | None = None) -> Notice:
    """Return what WeChat Pay says of an order, told or asked for: the two have one form."""
    amount = reading.part(content, "amount")
    return Notice(
        provider=NAME,
        kind=Kind.PAYMENT,
        object_id=content["transaction_id"],
        state=str(content.get("trade_state")),
        paid=paid,
        number=reading.told(content, "out_trade_no"),
        amount=reading.whole(amount.get("total")),
        currency=reading.currency(amount, "currency"),
        at=reading.moment(reading.told(content, "success_time")),
        event_id=event_id,
    )
