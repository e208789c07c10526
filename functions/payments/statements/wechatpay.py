"""WeChat Pay's trade bill of a day, ``bill_type=ALL`` (https://pay.weixin.qq.com/doc/v3/merchant/4013071123).

Text in UTF-8: a line of columns, lines of which every field begins with a back-tick, a line of the totals'
columns, and the totals. A field is no CSV: what stands in a product's name is not quoted, so that fields are
told apart by the comma with the next one's back-tick.
"""

from typing import ClassVar

from functions.payments.providers.provider import CNY
from functions.payments.providers.reading import BEIJING
from functions.payments.statements.amounts import moment, number, number_or_none, places_of, scaled
from functions.payments.statements.statement import (
    Because,
    Entry,
    FaultError,
    Line,
    Part,
    Says,
    Standing,
    by_column,
    count,
    needed,
)

MARK = "`"
AT, TRANSACTION, OURS, STATE, CURRENCY = "交易时间", "微信订单号", "商户订单号", "交易状态", "货币种类"
SETTLED, TOTAL, FEE = "应结订单金额", "订单金额", "手续费"
REFUND, OUR_REFUND, REFUND_STATE = "微信退款单号", "商户退款单号", "退款状态"
REFUNDED, COUPONS_BACK, ASKED_BACK = "退款金额", "充值券退款金额", "申请退款金额"
COLUMNS = (
    *(AT, TRANSACTION, OURS, STATE, CURRENCY, SETTLED, TOTAL, FEE),
    *(REFUND, OUR_REFUND, REFUND_STATE, REFUNDED, COUPONS_BACK, ASKED_BACK),
)
"""Those that are read; there are more of them."""
LINES = "总交易单数"
TOTALS = {
    "应结订单总金额": SETTLED,
    "退款总金额": REFUNDED,
    "充值券退款总金额": COUPONS_BACK,
    "手续费总金额": FEE,
    "订单总金额": TOTAL,
    "申请退款总金额": ASKED_BACK,
}
"""What each total is the sum of."""
_PLACES = 5
"""Fees have so many places of a yuan; all sums are kept with as many."""
_REFUND_SAYS = {"SUCCESS": Says.DONE, "PROCESSING": Says.UNDER_WAY}
_NOTHING = frozenset({"", "0"})
"""What stands where there is no number."""


class WeChatPayForm:
    """How WeChat Pay writes its trade bill."""

    encoding: ClassVar[str] = "utf-8"
    quoted: ClassVar[bool] = False

    @staticmethod
    def take(text: str, standing: Standing) -> Line | None:
        """Return what a line says."""
        match standing.part:
            case Part.HEAD:
                standing.columns = needed(text.split(","), COLUMNS)
                standing.part = Part.LINES
            case Part.LINES if text.startswith(MARK):
                return _line(by_column(standing.columns, _fields(text)), standing)
            case Part.LINES:
                standing.columns = needed(text.split(","), (LINES, *TOTALS))
                standing.part = Part.TRAILER
            case Part.TRAILER:
                _check_totals(by_column(standing.columns, _fields(text)), standing)
                standing.part = Part.END
            case Part.END if text.strip():
                raise FaultError(Because.MORE)
        return None

    @staticmethod
    def end(standing: Standing) -> None:
        """Check that the totals have come."""
        if standing.part is not Part.END:
            raise FaultError(Because.CUT_OFF)


def _fields(text: str) -> list[str]:
    if not text.startswith(MARK):
        raise FaultError(Because.FIELD)
    return [each.strip() for each in text.rstrip()[1:].split("," + MARK)]


def _line(fields: dict[str, str], standing: Standing) -> Line:
    for name in TOTALS.values():
        standing.add(name, scaled(fields[name], _PLACES))
    standing.add(LINES, 1)
    state, refund = fields[STATE], fields[REFUND]
    is_refund = state == "REFUND" or refund not in _NOTHING
    if fields[CURRENCY] != CNY and not fields[CURRENCY].isalpha():
        raise FaultError(Because.FIELD)
    if is_refund:
        line = Line(
            line=standing.line,
            entry=Entry.REFUND,
            object_id=number(refund),
            number=number_or_none(fields[OUR_REFUND]),
            payment=number(fields[TRANSACTION]),
            amount=_amount(fields[ASKED_BACK]),
            currency=fields[CURRENCY],
            says=_REFUND_SAYS.get(fields[REFUND_STATE], Says.UNDONE),
            at=moment(fields[AT], BEIJING),
        )
    elif state in ("SUCCESS", "REVOKED"):
        line = Line(
            line=standing.line,
            entry=Entry.PAYMENT,
            object_id=number(fields[TRANSACTION]),
            number=number_or_none(fields[OURS]),
            amount=_amount(fields[TOTAL]),
            currency=fields[CURRENCY],
            says=Says.DONE if state == "SUCCESS" else Says.UNDONE,
            at=moment(fields[AT], BEIJING),
        )
    else:
        raise FaultError(Because.FIELD)
    return count(standing, line, fee=scaled(fields[FEE], _PLACES))


def _amount(written: str) -> int:
    found = scaled(written, 2)
    if found < 0:
        raise FaultError(Because.FIELD)
    return found


def _check_totals(fields: dict[str, str], standing: Standing) -> None:
    """Check that the lines come to the totals; a total of fees is as exact as it is written."""
    if fields[LINES] != str(standing.sums.get(LINES, 0)):
        raise FaultError(Because.TOTALS)
    for name, column in TOTALS.items():
        total, lines = scaled(fields[name], _PLACES), standing.sums.get(column, 0)
        half = 10 ** (_PLACES - min(places_of(fields[name]), _PLACES)) // 2 if column == FEE else 0
        if abs(total - lines) > half:
            raise FaultError(Because.TOTALS)
