"""Stripe's itemised report "Balance change from activity" (https://docs.stripe.com/reports/balance).

CSV in UTF-8, amounts in major units. It has no trailer, so that only its lines are checked. What the shopper
paid stands in the columns ``customer_facing_…``; ``gross`` is what that came to in the currency of the
account. Our own files of this form, which we write from Stripe's balance transactions, have those columns
that are read here.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, ClassVar

from functions.payments.providers.provider import CNY
from functions.payments.statements.amounts import moment, number, number_or_none, scaled
from functions.payments.statements.statement import (
    FEE_PARTS,
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

ID, AT, CURRENCY, GROSS, FEE = "balance_transaction_id", "created_utc", "currency", "gross", "fee"
CATEGORY, SOURCE = "reporting_category", "source_id"
FACING_AMOUNT, FACING_CURRENCY = "customer_facing_amount", "customer_facing_currency"
INTENT, OURS, OUR_REFUND = "payment_intent_id", "payment_metadata[number]", "refund_metadata[number]"
COLUMNS = (ID, AT, CURRENCY, GROSS, FEE, CATEGORY, SOURCE)
"""Those without which nothing can be read."""
ALL_COLUMNS = (*COLUMNS, FACING_AMOUNT, FACING_CURRENCY, INTENT, OURS, OUR_REFUND)
_PAYMENTS = {"charge": Says.DONE, "charge_failure": Says.UNDONE}
_REFUNDS = {"refund": Says.DONE, "refund_failure": Says.UNDONE}
_WITHOUT_PLACES = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
_WITH_THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Currencies whose minor units are not hundredths (https://docs.stripe.com/currencies)."""


class StripeForm:
    """How Stripe writes its report."""

    encoding: ClassVar[str] = "utf-8"
    quoted: ClassVar[bool] = True

    @staticmethod
    def take(text: str, standing: Standing) -> Line | None:
        """Return what a line says."""
        if standing.part is Part.HEAD:
            standing.columns = needed(_fields(text), COLUMNS)
            standing.part = Part.LINES
            return None
        if not text:
            return None
        return _line(by_column(standing.columns, _fields(text)), standing)

    @staticmethod
    def end(standing: Standing) -> None:
        """Check that there were columns: of a day without any money there is no line."""
        if standing.part is Part.HEAD:
            raise FaultError(Because.CUT_OFF)


def places(currency: str) -> int:
    """Return how many places of a currency are its minor units."""
    if currency in _WITHOUT_PLACES:
        return 0
    return 3 if currency in _WITH_THREE else 2


def _fields(text: str) -> list[str]:
    try:
        (fields,) = csv.reader(text.splitlines(keepends=True), strict=True)
    except (csv.Error, ValueError):
        raise FaultError(Because.FIELD) from None
    return fields


def _line(fields: dict[str, str], standing: Standing) -> Line:
    category, currency = fields[CATEGORY], _currency(fields[CURRENCY])
    number(fields[ID])
    at = moment(fields[AT], UTC)
    gross = scaled(fields[GROSS], places(currency))
    fee = scaled(fields[FEE] or "0", places(currency)) * FEE_PARTS if currency == CNY else 0
    if category not in _PAYMENTS and category not in _REFUNDS:
        return count(standing, Line(line=standing.line, entry=Entry.APART, at=at), fee=fee)
    if fields.get(FACING_AMOUNT):
        currency = _currency(fields.get(FACING_CURRENCY, ""))
        gross = scaled(fields[FACING_AMOUNT], places(currency))
    source, intent = number(fields[SOURCE]), fields.get(INTENT, "")
    if category in _PAYMENTS:
        line = Line(
            line=standing.line,
            entry=Entry.PAYMENT,
            object_id=number(intent or source),
            number=number_or_none(fields.get(OURS, "")),
            amount=abs(gross),
            currency=currency,
            says=_PAYMENTS[category],
            at=at,
        )
    else:
        line = Line(
            line=standing.line,
            entry=Entry.REFUND,
            object_id=source,
            number=number_or_none(fields.get(OUR_REFUND, "")),
            payment=number_or_none(intent),
            amount=abs(gross),
            currency=currency,
            says=_REFUNDS[category],
            at=at,
        )
    return count(standing, line, fee=fee)


def _currency(written: str) -> str:
    if len(written) != 3 or not (written.isascii() and written.isalpha()):
        raise FaultError(Because.FIELD)
    return written.upper()


# Our own files of this form ------------------------------------------------------------------------------


def written(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Write lines by their columns, as the report has them."""
    text = StringIO()
    csv.DictWriter(text, ALL_COLUMNS, restval="", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def head() -> bytes:
    """Write the line of columns."""
    return written([dict(zip(ALL_COLUMNS, ALL_COLUMNS, strict=True))])


def of_transaction(transaction: Mapping[str, Any]) -> dict[str, str]:
    """Return a balance transaction, with its source in it, as a line of the report."""
    source = transaction.get("source")
    about: Mapping[str, Any] = source if isinstance(source, dict) else {"id": source}
    currency = str(transaction["currency"]).upper()
    row = {
        ID: str(transaction["id"]),
        AT: datetime.fromtimestamp(int(transaction["created"]), UTC).strftime("%Y-%m-%d %H:%M:%S"),
        CURRENCY: currency.lower(),
        GROSS: _major(transaction["amount"], currency),
        FEE: _major(transaction["fee"], currency),
        CATEGORY: str(transaction["reporting_category"]),
        SOURCE: str(about.get("id") or ""),
    }
    if row[CATEGORY] in _PAYMENTS or row[CATEGORY] in _REFUNDS:
        facing = str(about["currency"]).upper()
        metadata = about.get("metadata") or {}
        row[FACING_AMOUNT], row[FACING_CURRENCY] = _major(about["amount"], facing), facing.lower()
        row[INTENT] = str(about.get("payment_intent") or "")
        row[OURS if row[CATEGORY] in _PAYMENTS else OUR_REFUND] = str(metadata.get("number") or "")
    return row


def _major(amount: int, currency: str) -> str:
    return f"{Decimal(int(amount)).scaleb(-places(currency)):.{places(currency)}f}"
