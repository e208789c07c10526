"""Alipay's trade bill of a day (https://opendocs.alipay.com/open/3c9f1bcf_alipay.data.dataservice.bill.downloadurl.query).

CSV in GBK: lines that begin with ``#`` at its head and at its end, and between them a line of columns and one
for each payment or refund, of which many fields end with a tab. Its totals are text in the lines at its end.
"""

import csv
import re
from typing import ClassVar

from functions.payments.providers.reading import BEIJING
from functions.payments.statements.amounts import moment, number, number_or_none, scaled
from functions.payments.statements.statement import (
    Because,
    Entry,
    FaultError,
    Line,
    Part,
    Standing,
    by_column,
    count,
    needed,
)

COMMENT = "#"
TRADE, OURS, SORT, AT = "支付宝交易号", "商户订单号", "业务类型", "完成时间"
TOTAL, RECEIVED, REQUEST, FEE = "订单金额（元）", "商家实收（元）", "退款批次号/请求号", "服务费（元）"
COLUMNS = (TRADE, OURS, SORT, AT, TOTAL, RECEIVED, REQUEST, FEE)
"""Those that are read; there are more of them."""
PAYMENT, REFUND = "交易", "退款"
_PAYMENTS = re.compile(r"#交易合计[：:]\s*([0-9]+)笔[，,]\s*商家实收共(-?[0-9.]+)元")
_REFUNDS = re.compile(r"#退款合计[：:]\s*([0-9]+)笔[，,]\s*商家实收退款共(-?[0-9.]+)元")


class AlipayForm:
    """How Alipay writes its trade bill."""

    encoding: ClassVar[str] = "gbk"
    quoted: ClassVar[bool] = False

    @staticmethod
    def take(text: str, standing: Standing) -> Line | None:
        """Return what a line says."""
        if text.startswith(COMMENT):
            _comment(text, standing)
            return None
        if not text.strip():
            return None
        match standing.part:
            case Part.HEAD:
                standing.columns = needed(_fields(text), COLUMNS)
                standing.part = Part.LINES
                return None
            case Part.LINES:
                return _line(by_column(standing.columns, _fields(text)), standing)
        raise FaultError(Because.MORE)

    @staticmethod
    def end(standing: Standing) -> None:
        """Check that both totals have come."""
        if standing.part is not Part.END:
            raise FaultError(Because.CUT_OFF)


def _comment(text: str, standing: Standing) -> None:
    """Check the totals, that of payments first; other comments say nothing that is compared."""
    for pattern, sort, before, after in (
        (_PAYMENTS, PAYMENT, Part.LINES, Part.TRAILER),
        (_REFUNDS, REFUND, Part.TRAILER, Part.END),
    ):
        found = pattern.match(text)
        if found is None:
            continue
        if standing.part is not before:
            raise FaultError(Because.COLUMNS if standing.part is Part.HEAD else Because.MORE)
        if int(found[1]) != standing.sums.get(f"{sort} lines", 0):
            raise FaultError(Because.TOTALS)
        if abs(scaled(found[2], 2)) != abs(standing.sums.get(f"{sort} received", 0)):
            raise FaultError(Because.TOTALS)
        standing.part = after


def _fields(text: str) -> list[str]:
    try:
        (fields,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        raise FaultError(Because.FIELD) from None
    return [each.strip() for each in fields]


def _line(fields: dict[str, str], standing: Standing) -> Line:
    """Return what a line says. A refund has no number of Alipay's: ours stands for it, within its trade."""
    sort, trade = fields[SORT], number(fields[TRADE])
    amount, at = scaled(fields[TOTAL], 2), moment(fields[AT], BEIJING)
    fee = scaled(fields[FEE] or "0", 5)
    received = scaled(fields[RECEIVED], 2)
    if sort not in (PAYMENT, REFUND):
        return count(standing, Line(line=standing.line, entry=Entry.APART, at=at), fee=fee)
    standing.add(f"{sort} lines", 1)
    standing.add(f"{sort} received", received)
    if sort == PAYMENT:
        if amount < 0:
            raise FaultError(Because.FIELD)
        line = Line(
            line=standing.line,
            entry=Entry.PAYMENT,
            object_id=trade,
            number=number_or_none(fields[OURS]),
            amount=amount,
            at=at,
        )
    else:
        request = number_or_none(fields[REQUEST])
        line = Line(
            line=standing.line,
            entry=Entry.REFUND,
            object_id=f"{trade}-{request or fields[AT].replace(' ', 'T')}",
            number=request,
            payment=trade,
            amount=abs(amount),
            at=at,
        )
    return count(standing, line, fee=fee)
