"""Statements of a day: what has happened at the till, as each provider writes it, and what is wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from local.till.messages import BEIJING, wall_time
from local.till.refunds import Refund, RefundState
from local.till.trades import Book, Json, State, Trade

WECHATPAY_COLUMNS = (
    *(
        "交易时间",
        "公众账号ID",
        "商户号",
        "特约商户号",
        "设备号",
        "微信订单号",
        "商户订单号",
        "用户标识",
        "交易类型",
        "交易状态",
    ),
    *(
        "付款银行",
        "货币种类",
        "应结订单金额",
        "代金券金额",
        "微信退款单号",
        "商户退款单号",
        "退款金额",
        "充值券退款金额",
    ),
    *(
        "退款类型",
        "退款状态",
        "商品名称",
        "商户数据包",
        "手续费",
        "费率",
        "订单金额",
        "申请退款金额",
        "费率备注",
    ),
)
WECHATPAY_TOTALS = (
    *(
        "总交易单数",
        "应结订单总金额",
        "退款总金额",
        "充值券退款总金额",
        "手续费总金额",
        "订单总金额",
        "申请退款总金额",
    ),
)
ALIPAY_COLUMNS = (
    *(
        "支付宝交易号",
        "商户订单号",
        "业务类型",
        "商品名称",
        "创建时间",
        "完成时间",
        "门店编号",
        "门店名称",
        "操作员",
        "终端号",
    ),
    *(
        "对方账户",
        "订单金额（元）",
        "商家实收（元）",
        "支付宝红包（元）",
        "集分宝（元）",
        "支付宝优惠（元）",
        "商家优惠（元）",
    ),
    *(
        "券核销金额（元）",
        "券名称",
        "商家红包消费金额（元）",
        "卡消费金额（元）",
        "退款批次号/请求号",
        "服务费（元）",
        "分润（元）",
    ),
    "备注",
)
FEE_PER_TEN_THOUSAND = 60
"""What a provider keeps of a payment, and gives back of a refund."""


@dataclass(frozen=True, kw_only=True)
class StatementPlan:
    """What is wrong with the statement of a day."""

    missing: str = ""
    """The shop's number of a payment or a refund that does not stand on it."""
    doubled: str = ""
    """That of one that stands on it twice."""
    wrong_amount: str = ""
    """That of one that stands on it with one minor unit more."""
    damaged: bool = False
    """Its end is not what its lines come to; of Stripe, which has none, its last line is cut off."""
    absent: bool = False
    """It is not there yet."""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """A plan from JSON, whose other members are not looked at.

        Raises
        ------
        ValueError
            A value is of a wrong type.
        """
        found: Json = {}
        for name in ("missing", "doubled", "wrong_amount"):
            found[name] = value.get(name, "")
            if not isinstance(found[name], str):
                raise ValueError(f"{name} is a number of the shop's")
        for name in ("damaged", "absent"):
            found[name] = value.get(name, False)
            if not isinstance(found[name], bool):
                raise ValueError(f"{name} is true or false")
        return cls(**found)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A payment or a refund of a day; amounts in minor units."""

    trade: Trade
    refund: Refund | None
    at: float
    amount: int
    currency: str

    @property
    def number(self) -> str:
        """What the shop calls it by."""
        return self.refund.number if self.refund else self.trade.number

    @property
    def fee(self) -> int:
        """What the provider keeps of it, in a hundredth of a minor unit; of a refund it is given back."""
        kept = self.amount * FEE_PER_TEN_THOUSAND // 100
        return -kept if self.refund else kept


def plan_key(provider: str, day: date) -> str:
    """Where it is kept what is wrong with a statement."""
    return f"statement-plan:{provider}:{day.isoformat()}"


def planned(book: Book, provider: str, day: date) -> StatementPlan:
    """What is wrong with the statement of a day."""
    return StatementPlan(**(book.kept.get(plan_key(provider, day)) or {}))


def plan(book: Book, provider: str, day: date, wrong: StatementPlan) -> None:
    """Have something be wrong with it."""
    book.keep(plan_key(provider, day), asdict(wrong))


def span(day: date) -> tuple[float, float]:
    """When a day begins and ends."""
    since = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    return since.timestamp(), (since + timedelta(days=1)).timestamp()


def entries(book: Book, provider: str, since: float, before: float, wrong: StatementPlan) -> list[Entry]:
    """What happened in a time, the oldest first, with what is planned to be wrong."""
    found: list[Entry] = []
    for trade in book.trades.values():
        if trade.provider != provider or trade.state is not State.PAID or trade.paid_at is None:
            continue
        amount, currency = trade.paid_amount, trade.paid_currency
        found.append(Entry(trade=trade, refund=None, at=trade.paid_at, amount=amount, currency=currency))
        for each in book.refunds_of(trade):
            at = each.succeeded_at or each.made_at
            found.append(Entry(trade=trade, refund=each, at=at, amount=each.amount, currency=each.currency))
    found = sorted(
        (each for each in found if since <= each.at < before and each.number != wrong.missing),
        key=lambda each: each.at,
    )
    found += [each for each in found if each.number == wrong.doubled]
    return [
        replace(each, amount=each.amount + 1) if each.number == wrong.wrong_amount else each for each in found
    ]


def wechatpay(said: Sequence[Entry], keys: Json, *, damaged: bool) -> bytes:
    """WeChat Pay's trade bill."""
    payments = sum(each.amount for each in said if each.refund is None)
    refunds = sum(each.amount for each in said if each.refund)
    fees = sum(each.fee for each in said)
    count = len(said) + (1 if damaged else 0)
    totals = (str(count), _yuan(payments), _yuan(refunds), "0.00", f"{fees / 10_000:.2f}")
    lines = [
        ",".join(WECHATPAY_COLUMNS),
        *(_ticked(_wechatpay_fields(each, keys)) for each in said),
        ",".join(WECHATPAY_TOTALS),
        _ticked((*totals, _yuan(payments), _yuan(refunds))),
    ]
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


def _wechatpay_fields(entry: Entry, keys: Json) -> Iterable[str]:
    refund, trade = entry.refund, entry.trade
    paid = "0.00" if refund else _yuan(entry.amount)
    back = _yuan(entry.amount) if refund else "0.00"
    yield from (wall_time(entry.at), keys["appid"], keys["mchid"], "0", "", trade.transaction, trade.number)
    yield from (trade.extra.get("openid") or "oTillShopper0000000000000000", "NATIVE")
    yield from ("REFUND" if refund else "SUCCESS", "OTHERS", entry.currency, paid, "0.00")
    yield from (refund.refund_id, refund.number) if refund else ("0", "0")
    yield from (back, "0.00", "ORIGINAL" if refund else "", _refund_state(refund), trade.title, "")
    yield from (f"{entry.fee / 10_000:.5f}", "0.60%", paid, back, "")


def _refund_state(refund: Refund | None) -> str:
    if refund is None:
        return ""
    return {RefundState.SUCCEEDED: "SUCCESS", RefundState.PROCESSING: "PROCESSING"}.get(refund.state, "FAIL")


def alipay(said: Sequence[Entry], keys: Json, day: date, *, damaged: bool) -> bytes:
    """Alipay's trade bill, as it lies in its archive; a refund that has failed does not stand there."""
    done = [each for each in said if each.refund is None or each.refund.state is RefundState.SUCCEEDED]
    payments = [each for each in done if each.refund is None]
    refunds = [each for each in done if each.refund]
    count = len(payments) + (1 if damaged else 0)
    after = day + timedelta(days=1)
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{keys['seller_id']}0156]",
        f"#起始日期：[{day:%Y年%m月%d日} 00:00:00]   终止日期：[{after:%Y年%m月%d日} 00:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------",
        ",".join(ALIPAY_COLUMNS),
        *(",".join(f"{field}\t" for field in _alipay_fields(each)) for each in done),
        "#-----------------------------------------业务明细列表结束------------------------------------",
        f"#交易合计：{count}笔，商家实收共{_yuan(sum(each.amount for each in payments))}元，商家优惠共0.00元",
        f"#退款合计：{len(refunds)}笔，商家实收退款共-{_yuan(sum(each.amount for each in refunds))}元，"
        "商家优惠退款共0.00元",
        f"#导出时间：[{after:%Y年%m月%d日} 09:00:00]",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("gbk")


def _alipay_fields(entry: Entry) -> Iterable[str]:
    refund, trade = entry.refund, entry.trade
    amount = f"-{_yuan(entry.amount)}" if refund else _yuan(entry.amount)
    yield from (trade.transaction, trade.number, "退款" if refund else "交易", trade.title.replace(",", " "))
    yield from (wall_time(trade.made_at), wall_time(entry.at), "", "", "", "", "*顾客(til***@example.com)")
    yield from (amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00")
    yield from (refund.number if refund else "", f"{entry.fee / 10_000:.2f}", "0.00", "")


def packed(content: bytes, account: str, day: date) -> bytes:
    """Alipay's archive: the lines, and the sums by shop, under names in GBK."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for name, text in (
            ("业务明细", content),
            ("业务明细(汇总)", "#支付宝业务汇总查询\r\n".encode("gbk")),
        ):
            # As Windows writes it: the bytes are GBK, and nothing says so.
            called = f"{account}0156_{day:%Y%m%d}_{name}.csv".encode("gbk").decode("cp437")
            written.writestr(_Named(called), text)
    return archive.getvalue()


class _Named(zipfile.ZipInfo):
    """A member whose name's bytes are written as they are."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("cp437"), self.flag_bits


def zipped(content: bytes) -> bytes:
    """What WeChat Pay gives to download."""
    return gzip.compress(content, mtime=0)


def digest(content: bytes) -> str:
    """What WeChat Pay says of a bill before it is packed."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _ticked(fields: Iterable[str]) -> str:
    return ",".join(f"`{each}" for each in fields)


def _yuan(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"
