"""WeChat Pay, API v3, as a shop that is its own merchant speaks it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import urlsplit

from local.till import statements
from local.till.dialect import Refused, canonical, digits, word
from local.till.keys import (
    WECHATPAY,
    Keys,
    encrypted,
    is_signed,
    public_pem,
    signature,
    stranger,
)
from local.till.messages import (
    BEIJING,
    Answered,
    Asked,
    Json,
    Sent,
    from_rfc3339,
    json_answer,
    page_answer,
    rfc3339,
)
from local.till.pages import cashier, refusal
from local.till.refunds import ABNORMAL, CLOSED, Dispute, Refund, RefundState
from local.till.trades import Book, Happened, Notification, State, Trade

SCHEME = "WECHATPAY2-SHA256-RSA2048"
AUTHORIZATION = re.compile(rf"{SCHEME} (.*)")
PART = re.compile(r'(\w+)="([^"]*)"')
CREATE = re.compile(r"/v3/pay/transactions/(native|jsapi|h5|app)")
OF_NUMBER = re.compile(r"/v3/pay/transactions/out-trade-no/([^/]+)")
OF_TRANSACTION = re.compile(r"/v3/pay/transactions/id/([^/]+)")
CLOSE = re.compile(r"/v3/pay/transactions/out-trade-no/([^/]+)/close")
REFUNDS = "/v3/refund/domestic/refunds"
REFUND_OF_NUMBER = re.compile(rf"{REFUNDS}/([^/]+)")
TRADE_BILL = "/v3/bill/tradebill"
BILL_FILE = "/v3/billdownload/file"
H5_PAGE = "/cgi-bin/mmpayweb-bin/checkmweb"
NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{6,32}")
REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
QR = "weixin://wxpay/bizpayurl?pr="
CLOCKS_APART_SECONDS_MAX = 300
LIFE_SECONDS = 7 * 86_400
DESCRIPTION_LENGTH_MAX = 127
NOTIFY_URL_LENGTH_MAX = 255
TOTAL_MAX = 10_000_000_000
REASON_BYTES_MAX = 80
REFUNDS_MAX = 50
REFUNDS_APART_SECONDS = 60
REFUNDED_WITHIN_SECONDS = 365 * 86_400
TRADE_TYPES = {"native": "NATIVE", "jsapi": "JSAPI", "h5": "MWEB", "app": "APP"}
STATES = {
    State.OPEN: ("NOTPAY", "订单未支付"),
    State.PAYING: ("USERPAYING", "用户支付中"),
    State.PAID: ("SUCCESS", "支付成功"),
    State.CLOSED: ("CLOSED", "订单已关闭"),
}
RETURNED = ("REFUND", "订单发生过退款,退款详情请查询退款单")
REFUND_STATES = {RefundState.PROCESSING: "PROCESSING", RefundState.SUCCEEDED: "SUCCESS"}
SUMMARIES = {"SUCCESS": "退款成功", CLOSED: "退款关闭", ABNORMAL: "退款异常"}


class WeChatPay:
    """The merchant's side of WeChat Pay, as far as money coming in and going back needs it."""

    name: ClassVar[str] = WECHATPAY
    repeats_after_seconds: ClassVar[tuple[int, ...]] = (
        *(15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600),
        *(10_800, 10_800, 10_800, 21_600, 21_600),
    )
    refund_seconds: ClassVar[float | None] = 5.0

    def __init__(self, keys: Keys, book: Book, gateway: str) -> None:
        self._all_keys = keys
        self._book = book
        self._gateway = gateway

    @property
    def _keys(self) -> Json:
        keys: Json = self._all_keys.values[WECHATPAY]
        return keys

    def call(self, asked: Asked) -> str:
        """What a request is."""
        if asked.path == H5_PAGE:
            return "page"
        if CLOSE.fullmatch(asked.path):
            return "close"
        if OF_NUMBER.fullmatch(asked.path) or OF_TRANSACTION.fullmatch(asked.path):
            return "query"
        if REFUND_OF_NUMBER.fullmatch(asked.path):
            return "refund_query"
        if asked.path == REFUNDS:
            return "refund"
        if asked.path in (TRADE_BILL, BILL_FILE):
            return "statement" if asked.path == TRADE_BILL else "download"
        return "create" if CREATE.fullmatch(asked.path) else "unknown"

    def answer(self, asked: Asked, *, forged: bool) -> Answered:
        """Do what was asked."""
        if asked.path == H5_PAGE:
            return self._h5_page(asked)
        try:
            self._authorize(asked)
            if asked.path == BILL_FILE:
                return self._bill_file(asked)  # which is not signed
            answered = self._done(asked)
        except Refused as refused:
            answered = _refusal(refused)
        return self._signed(asked, answered, forged=forged)

    def failed(self, asked: Asked) -> Answered:
        """What the provider says when its system fails."""
        refused = Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "SYSTEM_ERROR", "系统异常,请稍后重试")
        return self._signed(asked, _refusal(refused), forged=False)

    def payable(self, trade: Trade) -> None:
        """Make sure that a shopper may pay a trade."""
        _open(trade)

    def transaction(self) -> str:
        """A new number of a payment."""
        return f"4200{digits(24)}"

    def told(self, trade: Trade, happened: Happened) -> Json | None:
        """The transaction, when it is paid, as it was then."""
        if happened is not Happened.PAID:
            return None
        state, says = STATES[State.PAID]
        return {**self.shown(trade), "trade_state": state, "trade_state_desc": says}

    def told_back(self, of: Refund | Dispute, happened: Happened) -> list[Json]:
        """A refund, when it is at an end; of shoppers' complaints nothing is told here."""
        if not isinstance(of, Refund) or happened is Happened.REFUND_MADE:
            return []
        shown = self.refund_shown(of)
        amount = {name: shown["amount"][name] for name in ("total", "refund", "payer_total", "payer_refund")}
        names = ("out_trade_no", "transaction_id", "out_refund_no", "refund_id", "user_received_account")
        value: Json = {
            "mchid": self._keys["mchid"],
            **{name: shown[name] for name in names},
            "refund_status": shown["status"],
            "amount": amount,
        }
        return [value | ({"success_time": shown["success_time"]} if "success_time" in shown else {})]

    def event_id(self) -> str:
        """A new number of a notification."""
        return f"EV-{self._date()}{digits(18)}"

    def notification(self, notification: Notification) -> Sent:
        """A notification, its resource sealed by the newest API v3 key."""
        content = notification.content
        status = content.get("refund_status")
        nonce, associated = word(12), "refund" if status else "transaction"
        text = json.dumps(content, ensure_ascii=False)
        body = json.dumps(
            {
                "id": notification.event_id,
                "create_time": rfc3339(notification.happened_at),
                "resource_type": "encrypt-resource",
                "event_type": f"REFUND.{status}" if status else "TRANSACTION.SUCCESS",
                "summary": SUMMARIES[status] if status else "支付成功",
                "resource": {
                    "original_type": associated,
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": encrypted(self._keys["apiv3"][0], text, associated, nonce),
                    "associated_data": associated,
                    "nonce": nonce,
                },
            },
            ensure_ascii=False,
        )
        headers = self._signature(body, self._keys["platform"][0])
        return Sent({"Content-Type": "application/json", **headers}, body.encode())

    def taken(self, status: int, body: bytes) -> bool:
        """200 or 204 says so."""
        return status in (HTTPStatus.OK, HTTPStatus.NO_CONTENT)

    def shown(self, trade: Trade) -> Json:
        """A transaction as it is told and answered."""
        state, says = STATES[trade.state]
        if any(each.holds for each in self._book.refunds_of(trade)):
            state, says = RETURNED
        value: Json = {
            "appid": self._keys["appid"],
            "mchid": self._keys["mchid"],
            "out_trade_no": trade.number,
            "trade_state": state,
            "trade_state_desc": says,
            "promotion_detail": [],
            "amount": {"total": trade.amount, "currency": trade.currency},
        }
        if trade.state is State.PAID:
            paid, currency = trade.paid_amount, trade.paid_currency
            value |= {
                "transaction_id": trade.transaction,
                "trade_type": TRADE_TYPES.get(trade.product, "NATIVE"),
                "bank_type": "OTHERS",
                "attach": "",
                "success_time": rfc3339(trade.paid_at or 0),
                "payer": {"openid": trade.extra.get("openid") or "oTillShopper0000000000000000"},
                "amount": {
                    "total": paid,
                    "payer_total": paid,
                    "currency": currency,
                    "payer_currency": currency,
                },
            }
        return value

    def refund_shown(self, refund: Refund) -> Json:
        """A refund as it is answered."""
        trade = self._book.trades[refund.trade_key]
        value: Json = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.number,
            "transaction_id": trade.transaction,
            "out_trade_no": trade.number,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": rfc3339(refund.made_at),
            "status": REFUND_STATES.get(refund.state, refund.word),
            "funds_account": refund.extra.get("funds_account") or "AVAILABLE",
            "amount": {
                "total": trade.paid_amount,
                "refund": refund.amount,
                "from": [],
                "payer_total": trade.paid_amount,
                "payer_refund": refund.amount,
                "settlement_refund": refund.amount,
                "settlement_total": trade.paid_amount,
                "discount_refund": 0,
                "currency": refund.currency,
                "refund_fee": 0,
            },
            "promotion_detail": [],
        }
        if refund.state is RefundState.SUCCEEDED:
            value["success_time"] = rfc3339(refund.succeeded_at or 0)
        return value

    def of_params(self, params: Mapping[str, str]) -> Trade:
        """The trade that a device opens with the parameters that the shop has given it.

        Raises
        ------
        Refused
            They are not signed by the shop, or there is no such trade.
        """
        package = params.get("package", "")
        lines = (params.get("appId", ""), params.get("timeStamp", ""), params.get("nonceStr", ""), package)
        text = "".join(f"{line}\n" for line in lines).encode()
        signed = is_signed(self._merchant_keys(), text, params.get("paySign", ""))
        if not signed or params.get("signType") != "RSA" or params.get("appId") != self._keys["appid"]:
            raise Refused(HTTPStatus.BAD_REQUEST, "SIGN_ERROR", "支付验证签名失败")
        prefix, _, prepay_id = package.partition("=")
        trade = self._book.of_handle(WECHATPAY, prepay_id)
        if prefix != "prepay_id" or trade is None:
            raise Refused(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", "prepay_id无效")
        return trade

    def _authorize(self, asked: Asked) -> None:
        found = AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        parts = dict(PART.findall(found[1])) if found else {}
        if parts.keys() != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
            raise _sign_error("Http头Authorization值格式错误 请参考《微信支付商户REST API签名规则》")
        keys = [key["pem"] for key in self._keys["merchant"] if key["serial"] == parts["serial_no"]]
        if parts["mchid"] != self._keys["mchid"] or not keys:
            raise _sign_error("商户证书序列号有误。请使用签名私钥匹配的证书序列号")
        try:
            apart = abs(int(parts["timestamp"]) - self._book.now())
        except ValueError:
            raise _sign_error("Http头Authorization值中的timestamp格式错误") from None
        if apart > CLOCKS_APART_SECONDS_MAX:
            raise _sign_error("Http头Authorization值中的timestamp与发起请求的时间不得超过5分钟")
        head = f"{asked.method}\n{asked.target}\n{parts['timestamp']}\n{parts['nonce_str']}\n"
        text = head.encode() + asked.body + b"\n"
        if not is_signed([public_pem(pem) for pem in keys], text, parts["signature"]):
            raise _sign_error("错误的签名 验签失败")

    def _done(self, asked: Asked) -> Answered:
        path, method = asked.path, asked.method
        if (found := CREATE.fullmatch(path)) and method == "POST":
            return self._create(found[1], _object(asked.body))
        if (found := CLOSE.fullmatch(path)) and method == "POST":
            self._merchant(_object(asked.body).get("mchid"))
            return self._close(self._known(found[1]))
        if (found := OF_NUMBER.fullmatch(path)) and method == "GET":
            self._merchant(asked.parameters().get("mchid"))
            return json_answer(HTTPStatus.OK, self.shown(self._known(found[1])))
        if (found := OF_TRANSACTION.fullmatch(path)) and method == "GET":
            self._merchant(asked.parameters().get("mchid"))
            if (trade := self._book.of_transaction(WECHATPAY, found[1])) is None:
                raise _not_there()
            return json_answer(HTTPStatus.OK, self.shown(trade))
        if path == REFUNDS and method == "POST":
            return json_answer(HTTPStatus.OK, self.refund_shown(self._refunded(_object(asked.body))))
        if (found := REFUND_OF_NUMBER.fullmatch(path)) and method == "GET":
            if (refund := self._book.refunds.get((WECHATPAY, found[1]))) is None:
                raise Refused(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "退款单不存在")
            return json_answer(HTTPStatus.OK, self.refund_shown(refund))
        if path == TRADE_BILL and method == "GET":
            return json_answer(HTTPStatus.OK, self._trade_bill(asked.parameters()))
        raise Refused(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "请求的资源不存在")

    def _trade_bill(self, parameters: Mapping[str, str]) -> Json:
        """Where the bill of a day is, and its digest."""
        if parameters.get("bill_type", "ALL") != "ALL" or parameters.get("tar_type") != "GZIP":
            raise _param("/query/bill_type", "账单类型错误")
        try:
            day = date.fromisoformat(parameters.get("bill_date", ""))
        except ValueError:
            raise _param("/query/bill_date", "账单日期格式错误") from None
        if statements.span(day)[1] > self._book.now():
            raise _param("/query/bill_date", "账单日期错误")
        content = self._bill(day)
        url = f"{self._gateway}{BILL_FILE}?token={day.isoformat()}"
        return {"download_url": url, "hash_type": "SHA1", "hash_value": statements.digest(content)}

    def _bill(self, day: date) -> bytes:
        wrong = statements.planned(self._book, WECHATPAY, day)
        if wrong.absent:
            raise Refused(HTTPStatus.BAD_REQUEST, "STATEMENT_CREATING", "账单生成中")
        said = statements.entries(self._book, WECHATPAY, *statements.span(day), wrong)
        if not said:
            raise Refused(HTTPStatus.NOT_FOUND, "NO_STATEMENT_EXIST", "账单文件不存在")
        return statements.wechatpay(said, self._keys, damaged=wrong.damaged)

    def _bill_file(self, asked: Asked) -> Answered:
        try:
            day = date.fromisoformat(asked.parameters().get("token", ""))
        except ValueError:
            raise _param("/query/token", "token错误") from None
        return Answered(
            HTTPStatus.OK, statements.zipped(self._bill(day)), {"Content-Type": "application/x-gzip"}
        )

    def _create(self, product: str, body: Json) -> Answered:
        number, total = self._checked(product, body)
        trade = self._book.trades.get((WECHATPAY, number))
        contents = canonical({**body, "product": product})
        if trade is None:
            expires = body.get("time_expire")
            trade = self._book.add(
                Trade(
                    provider=WECHATPAY,
                    ident=number,
                    number=number,
                    product=product,
                    amount=total,
                    currency=body["amount"].get("currency", "CNY"),
                    title=body["description"],
                    notify_url=body["notify_url"],
                    made_at=self._book.now(),
                    contents=contents,
                    handle=f"wx{self._date()}{secrets.token_hex(11)}",
                    expires_at=from_rfc3339(expires) if expires else self._book.now() + LIFE_SECONDS,
                    extra={"openid": body.get("payer", {}).get("openid")},
                )
            )
        elif trade.contents != contents:
            raise Refused(HTTPStatus.FORBIDDEN, "OUT_TRADE_NO_USED", "商户订单号重复")
        _open(trade)
        if product == "native":
            return json_answer(HTTPStatus.OK, {"code_url": f"{QR}{trade.handle}"})
        if product == "h5":
            url = f"{self._gateway}{H5_PAGE}?prepay_id={trade.handle}&package={digits(10)}"
            return json_answer(HTTPStatus.OK, {"h5_url": url})
        return json_answer(HTTPStatus.OK, {"prepay_id": trade.handle})

    def _checked(self, product: str, body: Json) -> tuple[str, int]:
        """The number and the amount of a request that is well formed."""
        self._merchant(body.get("mchid"))
        if body.get("appid") != self._keys["appid"]:
            raise Refused(HTTPStatus.BAD_REQUEST, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
        number, amount = body.get("out_trade_no"), body.get("amount")
        if not isinstance(number, str) or not NUMBER.fullmatch(number):
            raise _param("/body/out_trade_no", "商户订单号格式错误")
        if not isinstance(body.get("description"), str) or not body["description"]:
            raise _param("/body/description", "商品描述不能为空")
        if len(body["description"]) > DESCRIPTION_LENGTH_MAX:
            raise _param("/body/description", "商品描述过长")
        _check_address(body.get("notify_url"))
        amount = amount if isinstance(amount, dict) else {}
        total = amount.get("total")
        if isinstance(total, bool) or not isinstance(total, int) or not 0 < total <= TOTAL_MAX:
            raise _param("/body/amount/total", "订单金额应为正整数 单位为分")
        if amount.get("currency", "CNY") != "CNY":
            raise _param("/body/amount/currency", "境内商户号仅支持人民币")
        self._check_end(body.get("time_expire"))
        payer, scene = body.get("payer"), body.get("scene_info")
        if product == "jsapi" and not (isinstance(payer, dict) and payer.get("openid")):
            raise _param("/body/payer/openid", "用户标识不能为空")
        if product == "h5":
            if not isinstance(scene, dict) or not scene.get("payer_client_ip"):
                raise _param("/body/scene_info/payer_client_ip", "用户终端IP不能为空")
            if not isinstance(scene.get("h5_info"), dict) or not scene["h5_info"].get("type"):
                raise _param("/body/scene_info/h5_info/type", "场景类型不能为空")
        return number, total

    def _check_end(self, text: object) -> None:
        if text is None:
            return
        try:
            ends_at = from_rfc3339(str(text))
        except ValueError:
            raise _param("/body/time_expire", "时间格式错误 应为rfc3339格式") from None
        if ends_at <= self._book.now():
            raise _param("/body/time_expire", "订单失效时间不能早于当前时间")

    def _close(self, trade: Trade) -> Answered:
        if trade.state is State.PAYING:
            raise Refused(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", "用户支付中 暂不能关闭订单")
        _open(trade)
        self._book.close(trade, self._book.now())
        return Answered(HTTPStatus.NO_CONTENT)

    def _refunded(self, body: Json) -> Refund:
        """The refund that a request is about, taken if it is new."""
        number, amount = self._checked_refund(body)
        trade = self._refundable(body)
        # Where it is told is no part of what is compared: the documentation names order and amounts.
        asked = {name: value for name, value in body.items() if name != "notify_url"}
        contents = canonical({**asked, "out_trade_no": trade.number, "transaction_id": trade.transaction})
        refund = self._book.refunds.get((WECHATPAY, number))
        if refund is not None:
            if refund.contents != contents:
                raise _invalid("订单金额或退款金额与之前请求不一致,请核实后再试")
            return refund
        if (amount["total"], amount["currency"]) != (trade.paid_amount, trade.paid_currency):
            raise _invalid("订单金额或退款金额与之前请求不一致,请核实后再试")
        now, before = self._book.now(), self._book.refunds_of(trade)
        if now >= (trade.paid_at or 0) + REFUNDED_WITHIN_SECONDS:
            raise _invalid("交易时间超过一年的订单无法提交退款")
        if len(before) >= REFUNDS_MAX:
            raise _invalid("每个支付订单的部分退款次数不能超过50次")
        if amount["refund"] > self._book.left_of(trade):
            raise _invalid("申请退款总金额不能超过订单金额")
        if before and now < max(each.made_at for each in before) + REFUNDS_APART_SECONDS:
            says = "同一笔订单多次退款的请求需相隔1分钟"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "FREQUENCY_LIMITED", says)
        if self._book.refund_plan(trade).short:
            raise Refused(HTTPStatus.FORBIDDEN, "NOT_ENOUGH", "基本账户余额不足,请充值后重新发起")
        taken = Refund(
            provider=WECHATPAY,
            ident=number,
            number=number,
            trade=trade.ident,
            refund_id=f"5030{digits(25)}",
            amount=amount["refund"],
            currency=amount["currency"],
            contents=contents,
            made_at=now,
            notify_url=body.get("notify_url") or "",
            extra={"funds_account": body.get("funds_account")},
        )
        return self._book.refund(taken, self.refund_seconds)

    def _checked_refund(self, body: Json) -> tuple[str, Json]:
        """The number and the amounts of a request that is well formed."""
        number, amount, reason = body.get("out_refund_no"), body.get("amount"), body.get("reason", "")
        if not isinstance(number, str) or not REFUND_NUMBER.fullmatch(number):
            raise _param("/body/out_refund_no", "商户退款单号格式错误")
        amount = amount if isinstance(amount, dict) else {}
        for name in ("refund", "total"):
            fen = amount.get(name)
            if isinstance(fen, bool) or not isinstance(fen, int) or not 0 < fen <= TOTAL_MAX:
                raise _param(f"/body/amount/{name}", "金额应为正整数 单位为分")
        if not isinstance(amount.get("currency"), str):
            raise _param("/body/amount/currency", "退款币种不能为空")
        if not isinstance(reason, str) or len(reason.encode()) > REASON_BYTES_MAX:
            raise _param("/body/reason", "退款原因过长")
        if body.get("notify_url") is not None:
            _check_address(body["notify_url"])
        return number, amount

    def _refundable(self, body: Json) -> Trade:
        """The trade that a refund is of, which is paid."""
        transaction, number = body.get("transaction_id"), body.get("out_trade_no")
        if not transaction and not number:
            raise _param("/body/transaction_id", "微信支付订单号和商户订单号不能同时为空")
        if transaction:
            trade = self._book.of_transaction(WECHATPAY, str(transaction))
        else:
            trade = self._book.trades.get((WECHATPAY, str(number)))
        if trade is None or (number and number != trade.number):
            raise Refused(HTTPStatus.NOT_FOUND, "RESOURCE_NOT_EXISTS", "订单不存在")
        if trade.state is not State.PAID:
            raise _invalid("订单未支付成功,不支持退款")
        return trade

    def _known(self, number: str) -> Trade:
        trade = self._book.trades.get((WECHATPAY, number))
        if trade is None:
            raise _not_there()
        return trade

    def _merchant(self, mchid: object) -> None:
        if mchid != self._keys["mchid"]:
            raise _param("mchid", "商户号与签名的商户号不一致")

    def _h5_page(self, asked: Asked) -> Answered:
        parameters = asked.parameters()
        trade = self._book.of_handle(WECHATPAY, parameters.get("prepay_id", ""))
        if trade is None:
            return page_answer(refusal("商家参数格式有误 请联系商家解决"), HTTPStatus.BAD_REQUEST)
        return page_answer(
            cashier(trade, "WeChat Pay", parameters.get("redirect_url", "")),
            headers={"Till-Number": trade.number},
        )

    def _merchant_keys(self) -> list[str]:
        return [public_pem(key["pem"]) for key in self._keys["merchant"]]

    def _signed(self, asked: Asked, answered: Answered, *, forged: bool) -> Answered:
        """Sign an answer by the key that was asked for, else by the newest."""
        wanted = asked.headers.get("wechatpay-serial")
        keys = self._keys["platform"]
        key = next((each for each in keys if each["id"] == wanted), keys[0])
        if forged:
            key = {"id": key["id"], "pem": stranger()}
        headers = {**answered.headers, **self._signature(answered.body.decode(), key)}
        return Answered(answered.status, answered.body, {**headers, "Request-ID": word(32).upper()})

    def _signature(self, body: str, key: Mapping[str, str]) -> dict[str, str]:
        timestamp, nonce = str(int(self._book.now())), word(32)
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": signature(key["pem"], f"{timestamp}\n{nonce}\n{body}\n"),
            "Wechatpay-Serial": key["id"],
            "Wechatpay-Signature-Type": SCHEME,
        }

    def _date(self) -> str:
        return datetime.fromtimestamp(self._book.now(), BEIJING).strftime("%d%H%M%S")


def _refusal(refused: Refused) -> Answered:
    return json_answer(refused.status, {"code": refused.code, "message": refused.message, **refused.more})


def _open(trade: Trade) -> None:
    if trade.state is State.PAYING:
        raise Refused(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", "用户支付中")
    if trade.state is State.PAID:
        raise Refused(HTTPStatus.BAD_REQUEST, "ORDERPAID", "该订单已支付")
    if trade.state is State.CLOSED:
        raise Refused(HTTPStatus.BAD_REQUEST, "ORDER_CLOSED", "订单已关闭")


def _object(body: bytes) -> Json:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", "请求体不是有效的JSON")
    return value


def _check_address(url: object) -> None:
    parts = urlsplit(url) if isinstance(url, str) and len(url) <= NOTIFY_URL_LENGTH_MAX else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
        raise _param("/body/notify_url", "通知地址必须为外网可访问的url 不能携带参数")


def _param(field: str, says: str) -> Refused:
    detail = {"field": field, "location": "body" if field.startswith("/") else "query", "issue": says}
    return Refused(HTTPStatus.BAD_REQUEST, "PARAM_ERROR", says, detail=detail)


def _invalid(says: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "INVALID_REQUEST", says)


def _sign_error(says: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, "SIGN_ERROR", says)


def _not_there() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在")
