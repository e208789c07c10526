"""Alipay's gateway.do with RSA2, as a shop with keys (and not certificates) speaks it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from local.till import statements
from local.till.dialect import Refused, canonical, digits, word
from local.till.keys import ALIPAY, Keys, is_signed, public_pem, signature, stranger
from local.till.messages import (
    Answered,
    Asked,
    Json,
    Sent,
    from_wall_time,
    json_answer,
    page_answer,
    wall_time,
)
from local.till.pages import cashier, refusal
from local.till.refunds import Dispute, Refund, RefundState
from local.till.trades import Book, Happened, Notification, State, Trade

PATH = "/gateway.do"
QR = "https://qr.alipay.com/"
PAGES = frozenset({"alipay.trade.page.pay", "alipay.trade.wap.pay"})
PRECREATE = "alipay.trade.precreate"
REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"
BILL = "alipay.data.dataservice.bill.downloadurl.query"
BILL_FILE = "/downloadBillFile.resource"
CALLS = {
    **dict.fromkeys(PAGES, "page"),
    PRECREATE: "create",
    "alipay.trade.query": "query",
    "alipay.trade.close": "close",
    "alipay.trade.cancel": "close",
    REFUND: "refund",
    REFUND_QUERY: "refund_query",
    BILL: "statement",
}
NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
REQUEST_NUMBER = re.compile(r"[\x21-\x7e]{1,64}")
SUBJECT_LENGTH_MAX = 256
FEN_MAX = 10_000_000_000
PAGE_LIFE_SECONDS = 15 * 86_400
QR_LIFE_SECONDS = 2 * 3_600
STATES = {
    State.OPEN: "WAIT_BUYER_PAY",
    State.PAYING: "WAIT_BUYER_PAY",
    State.PAID: "TRADE_SUCCESS",
    State.CLOSED: "TRADE_CLOSED",
}
SUCCESS = {"code": "10000", "msg": "Success"}
BUYER = {"buyer_logon_id": "til***@example.com", "buyer_user_id": "2088000000000001"}


class Alipay:
    """The shop's side of Alipay, as far as money coming in and going back needs it."""

    name: ClassVar[str] = ALIPAY
    repeats_after_seconds: ClassVar[tuple[int, ...]] = (240, 600, 600, 3_600, 7_200, 21_600, 54_000)
    refund_seconds: ClassVar[float | None] = None

    def __init__(self, keys: Keys, book: Book, gateway: str) -> None:
        self._all_keys = keys
        self._book = book
        self._gateway = gateway

    @property
    def _keys(self) -> Json:
        keys: Json = self._all_keys.values[ALIPAY]
        return keys

    def call(self, asked: Asked) -> str:
        """What a request is."""
        if asked.path == BILL_FILE:
            return "download"
        return CALLS.get(_parameters(asked).get("method", ""), "unknown")

    def answer(self, asked: Asked, *, forged: bool) -> Answered:
        """Do what was asked."""
        if asked.path == BILL_FILE:
            return self._bill_file(asked)
        parameters = _parameters(asked)
        method = parameters.get("method", "")
        try:
            content = self._content(parameters)
            if method in PAGES:
                return self._page(method, content, parameters)
            value = self._done(method, content, parameters)
        except Refused as refused:
            if method in PAGES:
                return page_answer(refusal(f"{refused.code}: {refused.message}"), HTTPStatus.OK)
            if refused.code.startswith("isv."):
                return _unsigned(method, refused)
            value = {**_refusal(refused), "out_trade_no": _number_of(parameters)}
        return self._signed(method, value, forged=forged)

    def failed(self, asked: Asked) -> Answered:
        """What the provider says when its system fails: it does so with the status 200."""
        method = _parameters(asked).get("method", "")
        if method in PAGES:
            return page_answer(refusal("系统繁忙 请稍后再试"), HTTPStatus.OK)
        refused = Refused(20_000, "ACQ.SYSTEM_ERROR", "系统异常")
        return self._signed(method, _refusal(refused), forged=False)

    def payable(self, trade: Trade) -> None:
        """Make sure that a shopper may pay a trade."""
        if trade.state is State.PAID:
            raise _business("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if trade.state is State.CLOSED:
            raise _business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        if trade.state is State.PAYING:
            raise _business("ACQ.TRADE_STATUS_ERROR", "交易正在支付")

    def transaction(self) -> str:
        """A new number of a payment; a trade has it from its opening on."""
        return f"{wall_time(self._book.now())[:10].replace('-', '')}22001{digits(15)}"

    def told(self, trade: Trade, happened: Happened) -> Json | None:
        """The trade, when it is paid."""
        return self._told(trade) if happened is Happened.PAID else None

    def told_back(self, of: Refund | Dispute, happened: Happened) -> list[Json]:
        """The trade, when something has gone back of it: a refund's amount is told only in the sum of all.

        That one has failed later is not told here, but to an address of the app that the till does not have.
        """
        if not isinstance(of, Refund) or happened is not Happened.REFUNDED:
            return []
        trade = self._book.trades[of.trade_key]
        at = of.succeeded_at or 0
        value = {
            **self._told(trade),
            "trade_status": self._status(trade),
            "out_biz_no": of.number,
            "refund_fee": _yuan(sum(each.amount for each in self._gone(trade))),
            "gmt_refund": f"{wall_time(at)}.{int(at % 1 * 1_000):03}",
        }
        if value["trade_status"] == STATES[State.CLOSED]:
            value["gmt_close"] = wall_time(at)
        return [value]

    def _told(self, trade: Trade) -> Json:
        amount, paid_at = _yuan(trade.paid_amount), wall_time(trade.paid_at or 0)
        return {
            "notify_type": "trade_status_sync",
            "app_id": self._keys["app_id"],
            "auth_app_id": self._keys["app_id"],
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade.transaction,
            "out_trade_no": trade.number,
            "seller_id": self._keys["seller_id"],
            "buyer_id": BUYER["buyer_user_id"],
            "buyer_logon_id": BUYER["buyer_logon_id"],
            "trade_status": STATES[State.PAID],
            "total_amount": amount,
            "receipt_amount": amount,
            "invoice_amount": amount,
            "buyer_pay_amount": amount,
            "point_amount": "0.00",
            "subject": trade.title,
            "body": trade.extra.get("body", ""),  # signed, though it is blank
            "gmt_create": wall_time(trade.made_at),
            "gmt_payment": paid_at,
            "fund_bill_list": json.dumps([{"amount": amount, "fundChannel": "ALIPAYACCOUNT"}]),
        }

    def event_id(self) -> str:
        """A new number of a notification."""
        return f"{wall_time(self._book.now())[:10].replace('-', '')}00222{digits(17)}"

    def notification(self, notification: Notification) -> Sent:
        """A notification: a form, of which all but ``sign`` and ``sign_type`` is signed."""
        fields = {
            **notification.content,
            "notify_id": notification.event_id,
            "notify_time": wall_time(self._book.now()),
        }
        signed = signature(self._keys["platform"][0], _text(fields))
        body = urlencode({**fields, "sign_type": "RSA2", "sign": signed}).encode()
        return Sent({"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, body)

    def taken(self, status: int, body: bytes) -> bool:
        """The text ``success`` says so, and nothing else."""
        return status == HTTPStatus.OK and body.strip() == b"success"

    def return_address(self, trade: Trade) -> str:
        """Where a shopper is sent back to, with what the provider says of the trade; empty if nowhere."""
        if not trade.return_url:
            return ""
        fields = {
            "charset": "utf-8",
            "out_trade_no": trade.number,
            "method": f"{trade.product}.return",
            "total_amount": _yuan(trade.amount),
            "trade_no": trade.transaction,
            "auth_app_id": self._keys["app_id"],
            "version": "1.0",
            "app_id": self._keys["app_id"],
            "seller_id": self._keys["seller_id"],
            "timestamp": wall_time(self._book.now()),
        }
        signed = signature(self._keys["platform"][0], _text(fields))
        query = urlencode({**fields, "sign_type": "RSA2", "sign": signed})
        return f"{trade.return_url}{'&' if '?' in trade.return_url else '?'}{query}"

    def scanned(self, trade: Trade) -> None:
        """A shopper has come to a trade, by its code or page: from here on the provider knows of it."""
        if not trade.opened and trade.state is State.OPEN:
            trade.opened = True
            trade.transaction = self.transaction()
            self._book.save(trade)

    def _content(self, parameters: Mapping[str, str]) -> Json:
        """What is asked by somebody who may."""
        if parameters.get("app_id") != self._keys["app_id"]:
            raise _invalid("isv.invalid-app-id", "无效的AppID参数")
        if parameters.get("sign_type") != "RSA2":
            raise _invalid("isv.invalid-signature-type", "无效的签名类型")
        unsigned = {name: value for name, value in parameters.items() if name != "sign" and value}
        keys = [public_pem(pem) for pem in self._keys["merchant"]]
        if not is_signed(keys, _text(unsigned).encode(), parameters.get("sign", "")):
            raise _invalid("isv.invalid-signature", "验签出错 建议检查签名字符串或签名私钥与应用公钥是否匹配")
        if parameters.get("method") not in CALLS:
            raise _invalid("isv.invalid-method", "不存在的方法名")
        for name in ("charset", "timestamp", "version"):
            if not parameters.get(name):
                raise _invalid(f"isv.missing-{name}", f"缺少{name}参数")
        try:
            content = json.loads(parameters.get("biz_content", ""))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise _business("ACQ.INVALID_PARAMETER", "参数无效")
        return content

    def _done(self, method: str, content: Json, parameters: Mapping[str, str]) -> Json:
        if method == PRECREATE:
            trade = self._made(method, content, parameters, QR_LIFE_SECONDS)
            return {**SUCCESS, "out_trade_no": trade.number, "qr_code": f"{QR}{trade.handle}"}
        if method == "alipay.trade.query":
            return self._shown(self._known(content))
        if method == REFUND:
            return self._refunded(content)
        if method == REFUND_QUERY:
            return self._refund_asked(content)
        if method == BILL:
            return self._bill_asked(content)
        if method == "alipay.trade.close":
            trade = self._known(content)
            if trade.state is not State.OPEN:
                raise _business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
            self._book.close(trade, self._book.now())
            return {**SUCCESS, "out_trade_no": trade.number, "trade_no": trade.transaction}
        return self._cancelled(content)

    def _bill_asked(self, content: Json) -> Json:
        """Where the archive of a day's bill is."""
        try:
            day = date.fromisoformat(str(content.get("bill_date")))
        except ValueError:
            day = None
        if day is None or content.get("bill_type") != "trade":
            raise _business("isp.invalid-arguments", "参数无效")
        if self._bill(day) is None:
            raise _business("isp.bill_not_exist", "账单不存在")
        return {**SUCCESS, "bill_download_url": f"{self._gateway}{BILL_FILE}?bizDates={day.isoformat()}"}

    def _bill(self, day: date) -> bytes | None:
        """A day's bill, or None where there is none, yet or at all."""
        wrong = statements.planned(self._book, ALIPAY, day)
        since, before = statements.span(day)
        said = statements.entries(self._book, ALIPAY, since, before, wrong)
        if wrong.absent or before > self._book.now() or not said:
            return None
        return statements.alipay(said, self._keys, day, damaged=wrong.damaged)

    def _bill_file(self, asked: Asked) -> Answered:
        """The archive of a bill, to whoever knows its address."""
        try:
            day = date.fromisoformat(asked.parameters().get("bizDates", ""))
        except ValueError:
            return page_answer(refusal("账单不存在"), HTTPStatus.NOT_FOUND)
        content = self._bill(day)
        if content is None:
            return page_answer(refusal("账单不存在"), HTTPStatus.NOT_FOUND)
        archive = statements.packed(content, self._keys["seller_id"], day)
        return Answered(HTTPStatus.OK, archive, {"Content-Type": "application/zip"})

    def _cancelled(self, content: Json) -> Json:
        """Cancel a trade; one that nobody knows of is answered with a success, too, without any effect."""
        number = content.get("out_trade_no")
        trade = self._book.trades.get((ALIPAY, str(number)))
        answer: Json = {**SUCCESS, "out_trade_no": number, "retry_flag": "N"}
        if trade is None:
            return answer
        if trade.state in (State.PAID, State.PAYING):
            raise _business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        was_known, is_open = trade.opened, trade.state is State.OPEN
        if is_open:
            self._book.close(trade, self._book.now())
        return {**answer, "trade_no": trade.transaction, "action": "close"} if was_known else answer

    def _page(self, method: str, content: Json, parameters: Mapping[str, str]) -> Answered:
        trade = self._made(method, content, parameters, PAGE_LIFE_SECONDS)
        self.scanned(trade)
        return page_answer(cashier(trade, "Alipay", ""), headers={"Till-Number": trade.number})

    def _made(self, method: str, content: Json, parameters: Mapping[str, str], life_seconds: int) -> Trade:
        """The trade that a request is about, made if it is new."""
        number, fen = self._checked(content)
        contents = canonical({"method": method, "notify_url": parameters.get("notify_url"), **content})
        trade = self._book.trades.get((ALIPAY, number))
        if trade is not None:
            if trade.contents != contents:
                raise _business("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
            if method == PRECREATE:
                self.payable(trade)
            return trade
        ends = content.get("time_expire")
        expires_at = self._end(ends) if ends else self._book.now() + life_seconds
        return self._book.add(
            Trade(
                provider=ALIPAY,
                ident=number,
                number=number,
                product=method,
                amount=fen,
                currency="CNY",
                title=content["subject"],
                notify_url=parameters.get("notify_url", ""),
                return_url=parameters.get("return_url", ""),
                made_at=self._book.now(),
                expires_at=expires_at,
                contents=contents,
                handle=f"bax{word(21)}",
                opened=False,
                extra={"body": content.get("body", "")},
            )
        )

    def _checked(self, content: Json) -> tuple[str, int]:
        """The number and the amount of a payment that is well formed."""
        number, subject = content.get("out_trade_no"), content.get("subject")
        if not isinstance(number, str) or not NUMBER.fullmatch(number):
            raise _business("ACQ.INVALID_PARAMETER", "参数无效: out_trade_no")
        if not isinstance(subject, str) or not subject or len(subject) > SUBJECT_LENGTH_MAX:
            raise _business("ACQ.INVALID_PARAMETER", "参数无效: subject")
        fen = _fen(content, "total_amount")
        if fen > FEN_MAX:
            raise _business("ACQ.TOTAL_FEE_EXCEED", "订单总金额不在允许范围内")
        return number, fen

    def _end(self, text: object) -> float:
        try:
            ends_at = from_wall_time(str(text))
        except ValueError:
            raise _business("ACQ.INVALID_PARAMETER", "参数无效: time_expire") from None
        if ends_at <= self._book.now():
            raise _business("ACQ.TRADE_HAS_CLOSE", "订单已超过支付时间")
        return ends_at

    def _refunded(self, content: Json) -> Json:
        """Refund, or answer that nothing changes: the money has gone back under this number before."""
        trade, fen = self._known(content), _fen(content, "refund_amount")
        number = content.get("out_request_no") or trade.number
        if not isinstance(number, str) or not REQUEST_NUMBER.fullmatch(number):
            raise _business("ACQ.INVALID_PARAMETER", "参数无效: out_request_no")
        asked = {name: value for name, value in content.items() if name not in ("trade_no", "out_trade_no")}
        contents = canonical({**asked, "refund_amount": fen})
        refund = self._book.refunds.get((ALIPAY, _ident(trade, number)))
        if refund is not None and refund.contents != contents:
            raise _business("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求")
        changes = refund is None or refund.state is RefundState.FAILED
        if changes:
            self._check_refund(trade, fen, is_part=bool(content.get("out_request_no")))
            # One that has failed is done now, under the same number.
            refund = refund or Refund(
                provider=ALIPAY,
                ident=_ident(trade, number),
                number=number,
                trade=trade.ident,
                refund_id="",
                amount=fen,
                currency=trade.paid_currency,
                contents=contents,
                made_at=self._book.now(),
            )
            self._book.refund(refund, self.refund_seconds)
        return {
            **SUCCESS,
            **BUYER,
            "trade_no": trade.transaction,
            "out_trade_no": trade.number,
            "fund_change": "Y" if changes else "N",
            "refund_fee": _yuan(sum(each.amount for each in self._gone(trade))),
            "send_back_fee": _yuan(fen if changes else 0),
        }

    def _check_refund(self, trade: Trade, fen: int, *, is_part: bool) -> None:
        if self._status(trade) != STATES[State.PAID]:
            raise _business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if not is_part and fen != trade.paid_amount:
            raise _business("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "撤销或退款金额与订单金额不一致")
        if fen > self._book.left_of(trade):
            raise _business("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
        if self._book.refund_plan(trade).short:
            raise _business("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")

    def _refund_asked(self, content: Json) -> Json:
        """A refund; of one that is not there, or has failed, only that the question was understood."""
        trade, number = self._known(content), content.get("out_request_no")
        if not isinstance(number, str) or not number:
            raise _business("ACQ.INVALID_PARAMETER", "参数无效: out_request_no")
        refund = self._book.refunds.get((ALIPAY, _ident(trade, number)))
        if refund is None or refund.state is not RefundState.SUCCEEDED:
            return dict(SUCCESS)
        return {
            **SUCCESS,
            "trade_no": trade.transaction,
            "out_trade_no": trade.number,
            "out_request_no": refund.number,
            "total_amount": _yuan(trade.paid_amount),
            "refund_amount": _yuan(refund.amount),
            "refund_status": "REFUND_SUCCESS",
        }

    def _gone(self, trade: Trade) -> list[Refund]:
        refunds = self._book.refunds_of(trade)
        return [each for each in refunds if each.state is RefundState.SUCCEEDED]

    def _status(self, trade: Trade) -> str:
        """A trade's status: one of which all has gone back is closed."""
        is_paid = trade.state is State.PAID
        return STATES[State.CLOSED if is_paid and not self._book.left_of(trade) else trade.state]

    def _known(self, content: Json) -> Trade:
        """The trade that is named, if a shopper has come to it."""
        number, transaction = content.get("out_trade_no"), content.get("trade_no")
        if transaction and (trade := self._book.of_transaction(ALIPAY, str(transaction))) is not None:
            return trade
        found = self._book.trades.get((ALIPAY, str(number)))
        if found is None or not found.opened:
            raise _business("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return found

    def _shown(self, trade: Trade) -> Json:
        paid = trade.state is State.PAID
        amount = _yuan(trade.paid_amount if paid else trade.amount)
        value: Json = {
            **SUCCESS,
            "out_trade_no": trade.number,
            "trade_no": trade.transaction,
            "trade_status": self._status(trade),
            "total_amount": amount,
            "receipt_amount": amount if paid else "0.00",
            "buyer_pay_amount": amount if paid else "0.00",
            "invoice_amount": amount if paid else "0.00",
            "point_amount": "0.00",
            **BUYER,
        }
        if paid:
            value |= {
                "send_pay_date": wall_time(trade.paid_at or 0),
                "fund_bill_list": [{"amount": amount, "fund_channel": "ALIPAYACCOUNT"}],
            }
        return value

    def _signed(self, method: str, value: Json, *, forged: bool) -> Answered:
        """An answer, signed as it is written."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        key = stranger() if forged else self._keys["platform"][0]
        body = f'{{"{_node(method)}":{text},"sign":"{signature(key, text)}"}}'
        headers = {"Content-Type": "text/html;charset=utf-8"}  # as the real one says of its JSON
        return Answered(HTTPStatus.OK, body.encode(), headers)


def _parameters(asked: Asked) -> dict[str, str]:
    """Those of the query and, for a POST, of its form."""
    form = asked.body.decode("utf-8", "replace") if asked.method == "POST" else ""
    return {**asked.parameters(), **dict(parse_qsl(form, keep_blank_values=True))}


def _number_of(parameters: Mapping[str, str]) -> str:
    try:
        return str(json.loads(parameters["biz_content"])["out_trade_no"])
    except (KeyError, ValueError, TypeError):
        return ""


def _ident(trade: Trade, number: str) -> str:
    """What a refund is called by: its number is unique within its trade."""
    return f"{trade.ident}/{number}"


def _fen(content: Json, name: str) -> int:
    """An amount of yuan, in fen."""
    try:
        fen = Decimal(str(content.get(name))) * 100
    except InvalidOperation:
        raise _business("ACQ.INVALID_PARAMETER", f"参数无效: {name}") from None
    if not fen.is_finite() or fen != fen.to_integral_value() or fen < 1:
        raise _business("ACQ.INVALID_PARAMETER", f"参数无效: {name}")
    return int(fen)


def _text(fields: Mapping[str, str]) -> str:
    """What is signed: all that is there, by name."""
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()))


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _node(method: str) -> str:
    return f"{method.replace('.', '_')}_response"


def _refusal(refused: Refused) -> Json:
    failing = refused.status == 20_000
    return {
        "code": str(refused.status),
        "msg": "Service Currently Unavailable" if failing else "Business Failed",
        "sub_code": refused.code,
        "sub_msg": refused.message,
    }


def _unsigned(method: str, refused: Refused) -> Answered:
    """Who is not known, or does not sign, gets no signature either."""
    value = {**_refusal(refused), "msg": "Invalid Arguments"}
    return json_answer(HTTPStatus.OK, {_node(method) if method in CALLS else "error_response": value})


def _invalid(code: str, says: str) -> Refused:
    return Refused(40_002, code, says)


def _business(code: str, says: str) -> Refused:
    return Refused(40_004, code, says)
