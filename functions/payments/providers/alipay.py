"""Alipay, by python-alipay-sdk (https://opendocs.alipay.com/open/028r8t): pages, codes to scan, questions.

The SDK builds, signs and checks. Its requests go out from here, since it knows one time-out for a whole call,
and one key of Alipay's. What is told in another encoding than UTF-8, which it does not know, it is handed as
the bytes that came. Alipay signs no age of a notification (Y3).
"""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from alipay import AliPay

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

NAME = "alipay"
WAP = "wap"
QR = "qr"
FIELDS_MAX = 200
"""The fields of a notification that are looked at; Alipay's has thirty."""
BILL_METHOD = "alipay.data.dataservice.bill.downloadurl.query"
ARCHIVE_BYTES_HELD = 4 * 1024 * 1024
"""A greater archive is in a file while it is read."""
_NO_BILL = "BILL_NOT_EXIST"
_SUMS = "汇总"
SUCCESS_CODE = "10000"
PAID_STATES = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
_CLOSED_STATE = "TRADE_CLOSED"
_STANDS: Mapping[str, Stands] = MappingProxyType(
    {
        "WAIT_BUYER_PAY": Stands.OPEN,
        _CLOSED_STATE: Stands.CLOSED,
        **dict.fromkeys(PAID_STATES, Stands.PAID),
    }
)
_ABSENT = "ACQ.TRADE_NOT_EXIST"
_REFUSING_CODES = frozenset({"40001", "40002", "40003", "40004", "40006"})
_NO_ANSWER = frozenset(
    {
        "ACQ.SYSTEM_ERROR",
        "aop.ACQ.SYSTEM_ERROR",
        "aop.unknow-error",
        "isp.unknow-error",
        "isv.invalid-signature",
        "isv.invalid-timestamp",
    }
)
"""Codes that say nothing of a trade: it may have happened, or may at the next try."""
_PAID_BACK: Mapping[str, PaidBack] = MappingProxyType(
    {
        "REFUND_PROCESSING": PaidBack.PROCESSING,
        "REFUND_SUCCESS": PaidBack.SUCCEEDED,
        "REFUND_FAIL": PaidBack.FAILED,
    }
)
_CHANGED = "Y"
"""``fund_change`` of a refund that has moved money just now."""
_FINAL = frozenset(
    {
        "ACQ.INVALID_PARAMETER",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR",
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REFUND_FEE_ERROR",
        "ACQ.TRADE_HAS_FINISHED",
        "ACQ.TRADE_NOT_ALLOW_REFUND",
        "ACQ.TRADE_STATUS_ERROR",
    }
)
"""Codes of a refund that the same contents will be refused with at every try."""
_NO_WORD = frozenset({_ABSENT, "ACQ.DISCORDANT_REPEAT_REQUEST"})
"""Codes that say nothing of a refund: its trade, which was paid, is not known, or its number is another's."""


class _Bytes(str):
    """A text of which each character stands for one byte: it becomes these bytes, however it is asked."""

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        return super().encode("latin-1")


class _Checking(AliPay):  # type: ignore[misc]  # the SDK has no types
    """The SDK with one public key of Alipay's, for texts as bytes: it signs nothing."""

    def __init__(self, app_id: str, public_key: str) -> None:
        # It wants a private key, which nobody has here; it never uses it.
        super().__init__(app_id, app_private_key_string=public_key, alipay_public_key_string=public_key)

    def _verify(self, raw_content: str, signature: str) -> bool:
        return bool(super()._verify(_Bytes(raw_content), signature))


class _Asking(AliPay):  # type: ignore[misc]  # the SDK has no types
    """The SDK with every public key of Alipay's, Beijing's time, and our time-outs."""

    def __init__(self, secret: Mapping[str, Any], now: Callable[[], datetime]) -> None:
        self._now = now
        app_id, public_keys = reading.text(secret, "app_id"), reading.texts(secret, "public_keys")
        private_keys = reading.texts(secret, "private_keys")
        self._checking = [_made("public_keys", AliPay, app_id, None, key, key) for key in public_keys]
        _made("private_keys", super().__init__, app_id, None, private_keys[0], public_keys[0])
        self._gateway = reading.text(secret, "gateway")  # the SDK has no setting for it

    def link(self, signed: str) -> str:
        """Return the address of what was signed."""
        return f"{self._gateway}?{signed}"

    def build_body(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Put what is asked for together, at Beijing's time: the SDK's is that of the machine."""
        stamp = self._now().astimezone(reading.BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        return {**super().build_body(*arguments, **named), "timestamp": stamp}

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> dict[str, Any]:
        """Send what is asked for, once, and return the answer if Alipay has signed it."""
        import requests  # not where only notifications are read

        answer = requests.get(
            self.link(self.sign_data(data)), timeout=(reading.CONNECT_SECONDS_MAX, reading.READ_SECONDS_MAX)
        )
        answer.raise_for_status()
        found: dict[str, Any] = self._verify_and_return_sync_response(answer.content.decode(), response_type)
        return found

    def bill_address(self, day: date) -> dict[str, Any]:
        """Ask where the trade bill of a day is: the SDK has no method of its own for it."""
        data = self.build_body(BILL_METHOD, {"bill_type": "trade", "bill_date": day.isoformat()})
        return self.verified_sync_response(data, BILL_METHOD.replace(".", "_") + "_response")

    def _verify(self, raw_content: str, signature: str) -> bool:
        return any(each._verify(raw_content, signature) for each in self._checking)


def _made(name: str, make: Callable[..., Any], *arguments: Any) -> Any:
    """Make something of keys, or name the ones of which nothing can be made."""
    try:
        return make(*arguments)
    except (ValueError, IndexError, TypeError):
        raise ValueError(f"{name}: no key can be read") from None


class Sending:
    """Asks Alipay: a page of Alipay's by default, one for phones (wap), or a code to scan (qr)."""

    methods: ClassVar[frozenset[str]] = frozenset({DEFAULT, WAP, QR})
    payer_methods: ClassVar[frozenset[str]] = frozenset()
    bound_methods: ClassVar[frozenset[str]] = frozenset()
    address_methods: ClassVar[frozenset[str]] = frozenset()
    amounts_fen: ClassVar[tuple[int, int]] = (1, 9_999_999_999)
    """``total_amount`` of alipay.trade.page.pay: from 0.01 to 100000000 yuan, in at most 11 characters."""

    def __init__(self, secret: Mapping[str, Any], now: Callable[[], datetime] = clock.now) -> None:
        reading.text(secret, "seller_id")
        self._client = _Asking(secret, now)

    def begin(self, asking: Asking, kept: Mapping[str, str], payer: str | None) -> Begun:
        """Sign the way to a page anew, or have a code made, once."""
        order = {
            "subject": asking.title,
            "out_trade_no": asking.number,
            "total_amount": reading.yuan(asking.amount_fen),
            "notify_url": asking.notify_url,
            "time_expire": asking.ends_at.astimezone(reading.BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        }
        if asking.method == QR:
            code = kept.get("qr_code")
            if code is None:
                made = self._asked(
                    self._client.api_alipay_trade_precreate, product_code="FACE_TO_FACE_PAYMENT", **order
                )
                code = reading.told(made, "qr_code")
            if code is None:
                raise UnansweredError("an answer without what was asked for")
            return Begun(action=Action(kind=ActionKind.QR, value=code), kept={"qr_code": code})
        order["return_url"] = asking.return_url
        if asking.method == WAP:
            signed = self._client.api_alipay_trade_wap_pay(product_code="QUICK_WAP_WAY", **order)
        else:
            signed = self._client.api_alipay_trade_page_pay(**order)
        return Begun(action=Action(kind=ActionKind.REDIRECT, value=self._client.link(signed)), kept={})

    def ask(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask how an attempt stands."""
        try:
            trade = self._asked(self._client.api_alipay_trade_query, out_trade_no=asking.number)
        except ProviderRefusedError as refusal:
            if refusal.code == _ABSENT:
                return Answer(stands=Stands.ABSENT)
            raise
        if trade.get("out_trade_no") != asking.number:
            raise UnansweredError("another trade")
        state = str(trade.get("trade_status"))
        stands = _STANDS.get(state)
        if state == _CLOSED_STATE and reading.told(trade, "send_pay_date"):
            stands = Stands.PAID  # it was paid, and all of it went back
        if stands is None or (stands is Stands.PAID and not reading.told(trade, "trade_no")):
            raise UnansweredError("an unknown state")
        if stands is not Stands.PAID:
            return Answer(stands=stands)
        at = reading.moment(reading.told(trade, "send_pay_date"))
        return Answer(stands=stands, notice=_of_trade(trade, state=state, paid=True, at=at))

    def close(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask that an attempt be closed, and how it stands then."""
        with suppress(ProviderRefusedError):  # it is paid, closed or not there: which one, the question tells
            self._asked(self._client.api_alipay_trade_close, out_trade_no=asking.number)
        return self.ask(asking, kept)

    def pay_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Have money paid back; sent again, it is paid back once.

        An answer that tells of no change is one of a repeat, or of what is not done yet: which, the question
        tells. No reason is sent: what is sent as text comes back as text (``_get_string_to_be_signed``).
        """
        try:
            refund = self._asked(
                self._client.api_alipay_trade_refund,
                refund_amount=reading.yuan(paying.amount),
                trade_no=paying.payment,
                out_request_no=paying.number,
            )
        except ProviderRefusedError as refusal:
            code = refusal.code
        else:
            if refund.get("trade_no") != paying.payment:
                raise UnansweredError("another trade")
            if refund.get("fund_change") == _CHANGED:
                at = reading.moment(reading.told(refund, "gmt_refund_pay"))
                return PaidBackAnswer(state=PaidBack.SUCCEEDED, at=at)
            found = self.ask_paid_back(paying)
            return PaidBackAnswer(state=PaidBack.PROCESSING) if found.state is PaidBack.ABSENT else found
        return reading.refused(code, final=_FINAL, nothing=_NO_WORD, ask=lambda: self.ask_paid_back(paying))

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Ask how a transfer stands, by our number of it: where there is none, no state is answered."""
        try:
            refund = self._asked(
                self._client.api_alipay_trade_fastpay_refund_query,
                out_request_no=paying.number,
                trade_no=paying.payment,
            )
        except ProviderRefusedError as refusal:
            raise UnansweredError(refusal.code) from None
        shown = (reading.told(refund, "trade_no"), reading.told(refund, "out_request_no"))
        asked_for = (paying.payment, paying.number)
        if any(found not in (None, each) for found, each in zip(shown, asked_for, strict=True)):
            raise UnansweredError("another refund")
        status = reading.told(refund, "refund_status")
        if status is None:
            return PaidBackAnswer(state=PaidBack.ABSENT)
        if shown != asked_for or reading.fen(refund.get("refund_amount")) != paying.amount:
            raise UnansweredError("another refund")
        state = _PAID_BACK.get(status)
        if state is None:
            raise UnansweredError("an unknown state")
        return PaidBackAnswer(
            state=state,
            because=status if state is PaidBack.FAILED else None,
            at=reading.moment(reading.told(refund, "gmt_refund_pay")),
        )

    def statement(self, day: date) -> Iterator[bytes] | NotThere:
        """Return the trade bill of a day: the file with the lines out of an archive, as it is in there."""
        try:
            bill = self._asked(self._client.bill_address, day=day)
        except ProviderRefusedError as refusal:
            if refusal.code.rpartition(".")[2].upper() == _NO_BILL:
                return NotThere.EMPTY
            raise UnansweredError(refusal.code) from None
        url = reading.told(bill, "bill_download_url")
        if url is None:
            raise UnansweredError("an answer without what was asked for")
        return _downloaded(url)

    def _asked(self, call: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
        """Return what is answered to a call, verified."""
        try:
            answer = call(**arguments)
            code, sub_code = answer.get("code"), reading.word(answer.get("sub_code"))
        except Exception as error:  # from the network, or one of the SDK's own for what is not signed
            raise UnansweredError(type(error).__name__) from None
        if code == SUCCESS_CODE:
            return answer
        if code not in _REFUSING_CODES or sub_code is None or sub_code in _NO_ANSWER:
            raise UnansweredError(f"code {reading.word(code)}")
        raise ProviderRefusedError(sub_code)


def _downloaded(url: str) -> Iterator[bytes]:
    """Give the lines out of the archive at an address that Alipay has signed; of it no more is in memory.

    The other file in there has sums by shop, and says so in its name.
    """
    import requests  # not where only notifications are read

    with tempfile.SpooledTemporaryFile(ARCHIVE_BYTES_HELD) as packed:
        try:
            with requests.get(
                url, timeout=(reading.CONNECT_SECONDS_MAX, reading.READ_SECONDS_MAX), stream=True
            ) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_content(reading.CHUNK_BYTES):
                    packed.write(chunk)
            with zipfile.ZipFile(packed, metadata_encoding="gbk") as archive:
                (name,) = (each for each in archive.namelist() if _SUMS not in each and each[-1] != "/")
                with archive.open(name) as lines:
                    while chunk := lines.read(reading.CHUNK_BYTES):
                        yield chunk
        except (requests.RequestException, zipfile.BadZipFile, ValueError, zlib.error) as error:
            raise UnansweredError(type(error).__name__) from None


class Receiving:
    """Reads what Alipay tells: a form, signed with one of Alipay's keys."""

    taken: ClassVar[Reply] = Reply(status=200, body="success")

    def __init__(self, secret: Mapping[str, Any]) -> None:
        self._app_id = reading.text(secret, "app_id")
        self._seller_id = reading.text(secret, "seller_id")
        public_keys = reading.texts(secret, "public_keys")
        self._checking = [_made("public_keys", _Checking, self._app_id, key) for key in public_keys]

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Check a notification and return what it says."""
        with reading.bad("form"):
            # Each byte becomes one character: what is signed are bytes, in whatever encoding they are text.
            # All that is read here is ASCII.
            pairs = parse_qsl(
                body.decode("latin-1"),
                keep_blank_values=True,
                encoding="latin-1",
                errors="strict",
                max_num_fields=FIELDS_MAX,
            )
            fields = dict(pairs)
            if len(fields) != len(pairs):
                raise BadNotificationError("form")
        signature = fields.pop("sign", "")
        if not signature or not any(_fits(each, fields, signature) for each in self._checking):
            raise BadNotificationError("signature")
        if fields.get("seller_id") != self._seller_id:
            raise BadNotificationError("merchant")
        if fields.get("app_id") != self._app_id:
            raise BadNotificationError("app")
        with reading.bad("form"):
            return _notice(fields)

    @classmethod
    def refused(cls, status: int) -> Reply:
        """Return what one is answered that is refused, or could not be kept."""
        return Reply(status=status, body="failure")


def _fits(checking: _Checking, fields: Mapping[str, str], signature: str) -> bool:
    """Tell whether a signature over all fields was made with a key; the SDK changes what it is handed."""
    try:
        return bool(checking.verify(dict(fields), signature))
    except Exception:  # whatever the SDK raises, nothing was verified
        return False


def _notice(fields: Mapping[str, str]) -> Notice:
    """Return what a notification says.

    A refund is told as a change of the trade that it is of, by fields that a payment lacks or has blank. How
    much it is is not told, only how much has gone back of the trade in all, which tells two of them apart.
    """
    state = fields.get("trade_status") or "unknown"
    at = reading.moment(fields.get("gmt_payment") or fields.get("notify_time"))
    event_id = reading.told(fields, "notify_id")
    trade_no = reading.told(fields, "trade_no")
    went_back = fields.get("refund_fee", "")
    is_refund = bool(fields.get("gmt_refund") or fields.get("out_biz_no"))
    if trade_no is not None and (is_refund or (went_back and reading.fen(went_back) != 0)):
        return Notice(
            provider=NAME,
            kind=Kind.REFUND,
            object_id=reading.told(fields, "out_biz_no") or f"{trade_no}-{went_back or fields['gmt_refund']}",
            state=state,
            number=reading.told(fields, "out_trade_no"),
            at=reading.moment(fields.get("gmt_refund")) or at,
            event_id=event_id,
            payment=trade_no,
            transfer=reading.told(fields, "out_biz_no"),
        )
    if trade_no is not None:
        return _of_trade(fields, state=state, paid=state in PAID_STATES, at=at, event_id=event_id)
    return Notice(
        provider=NAME,
        kind=Kind.PAYMENT,
        object_id=event_id or "unknown",
        state=state,
        number=reading.told(fields, "out_trade_no"),
        at=at,
        event_id=event_id,
    )


def _of_trade(
    trade: Mapping[str, Any], *, state: str, paid: bool, at: datetime | None, event_id: str | None = None
) -> Notice:
    """Return what Alipay says of a trade, told or asked for; yuan, where it names no currency."""
    return Notice(
        provider=NAME,
        kind=Kind.PAYMENT,
        object_id=trade["trade_no"],
        state=state,
        paid=paid,
        number=reading.told(trade, "out_trade_no"),
        amount=reading.fen(trade.get("total_amount")),
        currency=reading.currency(trade, "trans_currency") or CNY,
        at=at,
        event_id=event_id,
    )
