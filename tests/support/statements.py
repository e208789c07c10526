"""Statements as providers write them, and a bucket in memory that they lie in (Y8)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from functions.payments.providers.reading import BEIJING
from functions.payments.statements import stripe as report

# The bucket ----------------------------------------------------------------------------------------------


class Body:
    """What S3 gives of an object, some bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def close(self) -> None:
        """Let it go."""

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        """Give the bytes, in smaller parts than asked for, as a network does."""
        size = min(size, 4_096)
        for start in range(0, len(self._content), size):
            yield self._content[start : start + size]


@dataclass
class Bucket:
    """A versioned bucket in memory, as far as statements ask one."""

    versions: dict[str, list[bytes]] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before: Callable[[str], object] = lambda operation: None
    """Happens before each call."""

    def put(self, provider: str, day: date, content: bytes) -> None:
        """Put a statement as somebody does by hand."""
        self.versions.setdefault(f"statements/{provider}/{day}.csv", []).append(content)

    def content(self, provider: str, day: date) -> bytes | None:
        """Return the newest version of a statement."""
        found = self.versions.get(f"statements/{provider}/{day}.csv")
        return found[-1] if found else None

    def _called(self, operation: str) -> None:
        self.before(operation)
        self.calls.append(operation)

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        """Say which version is the newest."""
        self._called("HeadObject")
        if not self.versions.get(Key):
            raise _error("HeadObject", "404")
        return {"VersionId": f"v{len(self.versions[Key])}"}

    def get_object(self, *, Bucket: str, Key: str, VersionId: str, Range: str = "") -> dict[str, Any]:
        """Give a version, or the rest of it."""
        self._called("GetObject")
        content = self.versions[Key][int(VersionId[1:]) - 1]
        offset = int(Range.removeprefix("bytes=").removesuffix("-")) if Range else 0
        if Range and offset >= len(content):
            raise _error("GetObject", "InvalidRange")
        return {"Body": Body(content[offset:])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str, **_: Any) -> dict[str, Any]:
        """Put the first version of an object."""
        self._called("PutObject")
        if self.versions.get(Key):
            raise _error("PutObject", "PreconditionFailed")
        self.versions[Key] = [Body]
        return {}

    def create_multipart_upload(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        """Begin to put an object in parts."""
        self._called("CreateMultipartUpload")
        upload = f"{Key}#{len(self.uploads)}"
        self.uploads[upload] = {}
        return {"UploadId": upload}

    def upload_part(self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes) -> Any:
        """Put a part."""
        self._called("UploadPart")
        self.uploads[UploadId][PartNumber] = Body
        return {"ETag": f"e{PartNumber}"}

    def complete_multipart_upload(self, *, Key: str, UploadId: str, **_: Any) -> dict[str, Any]:
        """Make an object of the parts."""
        self._called("CompleteMultipartUpload")
        if self.versions.get(Key):
            raise _error("CompleteMultipartUpload", "PreconditionFailed")
        parts = self.uploads.pop(UploadId)
        self.versions[Key] = [b"".join(parts[number] for number in sorted(parts))]
        return {}

    def abort_multipart_upload(self, *, UploadId: str, **_: Any) -> dict[str, Any]:
        """Let the parts go."""
        self._called("AbortMultipartUpload")
        self.uploads.pop(UploadId, None)
        return {}


def _error(operation: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


@contextmanager
def dying_at(bucket: Bucket, call: int, death: type[BaseException]) -> Iterator[None]:
    """Let whoever asks the bucket die before a call, counted from 0."""
    left = [call]

    def before(_: str) -> None:
        if left[0] == 0:
            left[0] -= 1
            raise death
        left[0] -= 1

    bucket.before = before
    try:
        yield
    finally:
        bucket.before = lambda operation: None


# What is written on them ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Said:
    """A payment or a refund as a statement has it; amounts in minor units."""

    number: str
    theirs: str
    amount: int
    at: datetime
    payment: str = ""
    """The provider's number of the payment that a refund is of."""
    state: str = "SUCCESS"
    currency: str = "CNY"
    fee: str = "0.00000"

    @property
    def is_refund(self) -> bool:
        """Whether it is one."""
        return bool(self.payment)


def yuan(amount: int) -> str:
    """Write fen as yuan."""
    return f"{Decimal(amount) / 100:.2f}"


WECHATPAY_COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
WECHATPAY_TOTALS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)


def _ticked(fields: Sequence[str]) -> str:
    return ",".join(f"`{each}" for each in fields)


def wechatpay_line(said: Said, *, title: str = '茶, 绿茶 "一级"') -> str:
    """Write a line of WeChat Pay's trade bill."""
    at = said.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    paid, back = ("0.00", yuan(said.amount)) if said.is_refund else (yuan(said.amount), "0.00")
    refund = (said.theirs, said.number) if said.is_refund else ("0", "0")
    order = (said.payment, "order") if said.is_refund else (said.theirs, said.number)
    state = "REFUND" if said.is_refund else said.state
    return _ticked(
        [
            *(at, "wx1", "1900000109", "0", "", *order, "oUpF8", "NATIVE", state, "OTHERS", said.currency),
            *(paid, "0.00", *refund, back, "0.00", "ORIGINAL" if said.is_refund else ""),
            *(said.state if said.is_refund else "", title, "", said.fee, "0.60%", paid, back, ""),
        ]
    )


def wechatpay_bill(said: Sequence[Said], *, totals: Sequence[str] | None = None) -> bytes:
    """Write WeChat Pay's trade bill."""
    payments = sum(each.amount for each in said if not each.is_refund)
    refunds = sum(each.amount for each in said if each.is_refund)
    fees = f"{sum((Decimal(each.fee) for each in said), Decimal(0)):.5f}"
    summed = totals or [
        *(str(len(said)), yuan(payments), yuan(refunds), "0.00", fees, yuan(payments), yuan(refunds))
    ]
    lines = [WECHATPAY_COLUMNS, *map(wechatpay_line, said), WECHATPAY_TOTALS, _ticked(summed)]
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


ALIPAY_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


def alipay_line(said: Said) -> str:
    """Write a line of Alipay's trade bill."""
    at = said.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    amount = f"-{yuan(said.amount)}" if said.is_refund else yuan(said.amount)
    fee = f"{Decimal(said.fee):.2f}"
    fields = [
        *(said.payment or said.theirs, "order" if said.is_refund else said.number),
        *("退款" if said.is_refund else "交易", "茶叶", at, at, "", "", "", "", "*明(139****0000)"),
        *(amount, amount, "0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00"),
        *(said.number if said.is_refund else "", fee, "0.00", "备注"),
    ]
    return ",".join(f"{each}\t" for each in fields)


def alipay_bill(
    said: Sequence[Said], *, payments_fen: int | None = None, refunds_count: int | None = None
) -> bytes:
    """Write Alipay's trade bill, with other totals if they are told."""
    paid = [each for each in said if not each.is_refund]
    back = [each for each in said if each.is_refund]
    total = sum(each.amount for each in paid) if payments_fen is None else payments_fen
    refunds = len(back) if refunds_count is None else refunds_count
    went = sum(each.amount for each in back)
    lines = [
        "#支付宝业务明细查询",
        "#账号：[20880000000000000156]",
        "#起始日期：[2026年12月03日 00:00:00]   终止日期：[2026年12月04日 00:00:00]",
        "#-----------------------------------------业务明细列表----------------------------------------",
        ALIPAY_COLUMNS,
        *map(alipay_line, said),
        "#-----------------------------------------业务明细列表结束------------------------------------",
        f"#交易合计：{len(paid)}笔，商家实收共{yuan(total)}元，商家优惠共0.00元",
        f"#退款合计：{refunds}笔，商家实收退款共-{yuan(went)}元，商家优惠退款共0.00元",
        "#导出时间：[2026年12月04日 09:02:11]",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("gbk")


def stripe_report(said: Sequence[Said]) -> bytes:
    """Write Stripe's report."""

    def row(each: Said) -> dict[str, str]:
        amount = yuan(each.amount)
        category = "refund" if each.is_refund else "charge"
        found = {
            report.ID: f"txn_{each.theirs}",
            report.AT: each.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
            report.CURRENCY: each.currency.lower(),
            report.GROSS: f"-{amount}" if each.is_refund else amount,
            report.FEE: f"{Decimal(each.fee):.2f}",
            report.CATEGORY: category if each.state == "SUCCESS" else f"{category}_failure",
            report.SOURCE: each.theirs if each.is_refund else f"ch_{each.theirs}",
            report.INTENT: each.payment or each.theirs,
        }
        found[report.OUR_REFUND if each.is_refund else report.OURS] = each.number
        return found

    return report.head() + report.written(map(row, said))


BILLS: dict[str, Callable[[Sequence[Said]], bytes]] = {
    "wechatpay": wechatpay_bill,
    "alipay": alipay_bill,
    "stripe": stripe_report,
}
