"""Statements as providers write them: read line by line, refused whole where they are damaged (Y8)."""

import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from functions.payments.statements import stripe as report
from functions.payments.statements.forms import FORMS
from functions.payments.statements.statement import (
    LINE_BYTES_MAX,
    Because,
    DamagedError,
    Entry,
    Line,
    Says,
    Standing,
    read,
)
from tests.support.statements import (
    ALIPAY_COLUMNS,
    BILLS,
    WECHATPAY_COLUMNS,
    WECHATPAY_TOTALS,
    Said,
    alipay_bill,
    alipay_line,
    stripe_report,
    wechatpay_bill,
    wechatpay_line,
)

AT = datetime(2026, 12, 3, 4, 5, 6, tzinfo=UTC)
ORDER = "qwrywopk6bnhxc2jklglyfs64e"
PAID = Said(number=f"{ORDER}_01", theirs="4200001", amount=19_900, at=AT, fee="1.19400")
BACK = Said(number=f"{ORDER}_R01", theirs="5030001", payment="4200001", amount=9_950, at=AT, fee="-0.59700")
MEGABYTE = 1_000_000


def lines(provider: str, content: bytes, *, chunk: int = 7) -> list[Line]:
    """Read a whole statement, some bytes at a time; return the lines that say something."""
    chunks = [content[start : start + chunk] for start in range(0, len(content), chunk)]
    return [each for each in read(FORMS[provider], chunks, Standing()) if each is not None]


def refused(provider: str, content: bytes) -> tuple[int, Because]:
    """Read a statement that is refused; return the line and why."""
    with pytest.raises(DamagedError) as damaged:
        lines(provider, content)
    return damaged.value.line, damaged.value.because


def text_of(provider: str, content: bytes) -> str:
    """Return a statement as text."""
    return content.decode(FORMS[provider].encoding)


# --- what is read ---


@pytest.mark.parametrize("provider", BILLS)
@pytest.mark.parametrize("chunk", [1, 7, MEGABYTE])
def test_Y8_a_payment_and_a_refund_are_read_as_each_provider_writes_them(provider: str, chunk: int) -> None:
    payment, refund = lines(provider, BILLS[provider]([PAID, BACK]), chunk=chunk)
    assert (payment.entry, payment.object_id, payment.number) == (Entry.PAYMENT, "4200001", PAID.number)
    assert (payment.amount, payment.currency, payment.says, payment.at) == (19_900, "CNY", Says.DONE, AT)
    assert (refund.entry, refund.number, refund.payment) == (Entry.REFUND, BACK.number, "4200001")
    assert (refund.amount, refund.says) == (9_950, Says.DONE)
    assert refund.object_id == ("4200001-" + BACK.number if provider == "alipay" else "5030001")


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_a_statement_without_a_line_is_read(provider: str) -> None:
    assert lines(provider, BILLS[provider]([])) == []


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_the_sums_that_are_shown_are_those_of_the_lines(provider: str) -> None:
    standing = Standing()
    list(read(FORMS[provider], [BILLS[provider]([PAID, BACK])], standing))
    assert (standing.sums["payments"], standing.sums["refunds"]) == (19_900, 9_950)
    assert standing.sums["fees"] == (59_700 if provider == "wechatpay" else 59_000)
    assert standing.sums["lines"] == 2


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_a_statement_is_read_on_from_any_line_as_if_it_were_read_in_one_go(provider: str) -> None:
    content = BILLS[provider]([PAID, BACK, PAID, BACK])
    whole = lines(provider, content)
    for stop in range(1, text_of(provider, content).count("\n") + 1):
        standing = Standing()
        given = read(FORMS[provider], [content], standing)
        found = [next(given) for _ in range(stop)]
        standing = Standing.from_row(standing.to_row())
        found += read(FORMS[provider], [content[standing.offset :]], standing)
        assert [each for each in found if each is not None] == whole


def test_Y8_what_wechat_pay_says_in_its_documentation_is_read() -> None:
    line = (
        "`2014-11-10 16:33:45,`wx2421b1c4370ec43b,`10000100,`0,`1000,`1001690740201411100005734289,"
        "`1415640626,"
        "`085e9858e3ba5186aafcbaed1,`MICROPAY,`SUCCESS,`CFT,`CNY,`0.01,`0.0,`0,`0,`0,`0,`,`,`被扫支付测试,"
        "`订单额外描述,`0,`0.60%,`0.01,`0,`"
    )
    totals = "`1,`0.01,`0.0,`0.0,`0,`0.01,`0.0"
    content = "\n".join((WECHATPAY_COLUMNS, line, WECHATPAY_TOTALS, totals, "")).encode()
    (found,) = lines("wechatpay", content)
    assert (found.object_id, found.number, found.amount) == ("1001690740201411100005734289", "1415640626", 1)
    assert found.at == datetime(2014, 11, 10, 8, 33, 45, tzinfo=UTC)


def test_Y8_a_comma_a_quote_and_a_back_tick_in_a_products_name_are_no_fields_of_wechat_pays() -> None:
    line = wechatpay_line(PAID, title='a "b, `c` ,d')
    content = wechatpay_bill([PAID]).decode().replace(wechatpay_line(PAID), line).encode()
    assert [each.object_id for each in lines("wechatpay", content)] == ["4200001"]


def test_Y8_a_revoked_payment_is_undone_and_a_refund_under_way_is_not_done() -> None:
    revoked = Said(number="n", theirs="t", amount=5, at=AT, state="REVOKED")
    for state, says in (("PROCESSING", Says.UNDER_WAY), ("FAIL", Says.UNDONE), ("CHANGE", Says.UNDONE)):
        waits = Said(number="n", theirs="r", payment="t", amount=5, at=AT, state=state)
        found = lines("wechatpay", wechatpay_bill([revoked, waits]))
        assert [each.says for each in found] == [Says.UNDONE, says]


def test_Y8_what_is_no_payment_and_no_refund_of_alipays_stands_apart() -> None:
    content = alipay_bill([PAID]).decode("gbk")
    other = alipay_line(PAID).replace("交易\t", "分账\t", 1).replace("4200001", "9")
    apart, paid = lines(
        "alipay", content.replace(alipay_line(PAID), f"{other}\r\n{alipay_line(PAID)}").encode("gbk")
    )
    assert (apart.entry, paid.entry) == (Entry.APART, Entry.PAYMENT)


def row(category: str, **told: str) -> dict[str, str]:
    """Return a line of Stripe's report."""
    return {
        report.ID: "txn_1",
        report.AT: "2026-12-03 04:05:06",
        report.CURRENCY: "hkd",
        report.GROSS: "-1.50",
        report.FEE: "0.00",
        report.CATEGORY: category,
        report.SOURCE: "po_1",
        **told,
    }


@pytest.mark.parametrize("category", ["payout", "fee", "dispute", "dispute_reversal", "other_adjustment"])
def test_Y8_fees_payouts_and_disputes_of_stripes_stand_apart(category: str) -> None:
    (found,) = lines("stripe", report.head() + report.written([row(category)]))
    assert found.entry is Entry.APART


def test_Y8_what_the_shopper_paid_counts_and_not_what_that_was_in_the_currency_of_stripes_account() -> None:
    paid = row("charge", source_id="ch_1", payment_intent_id="pi_1") | {report.GROSS: "21.40"}
    paid |= {report.FACING_AMOUNT: "19.90", report.FACING_CURRENCY: "cny"}
    yen = paid | {report.FACING_AMOUNT: "380", report.FACING_CURRENCY: "jpy"}
    found = lines("stripe", report.head() + report.written([paid, yen]))
    assert [(each.object_id, each.amount, each.currency) for each in found] == [
        ("pi_1", 1_990, "CNY"),
        ("pi_1", 380, "JPY"),
    ]


def test_Y8_a_field_in_quotes_may_hold_the_end_of_a_line() -> None:
    head = ",".join((*report.COLUMNS, "description"))
    content = f'{head}\ntxn_1,2026-12-03 04:05:06,cny,5.00,0.10,charge,ch_1,"tea,\n""green"""\n'.encode()
    (found,) = lines("stripe", content)
    assert (found.line, found.amount) == (3, 500)


def test_Y8_a_failed_refund_of_stripes_is_undone() -> None:
    (found,) = lines(
        "stripe", stripe_report([Said(number="", theirs="re", payment="pi", amount=5, at=AT, state="F")])
    )
    assert (found.entry, found.says, found.number) == (Entry.REFUND, Says.UNDONE, None)


# --- damaged ---


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_a_statement_that_ends_before_its_end_is_refused(provider: str) -> None:
    whole = text_of(provider, BILLS[provider]([PAID, BACK])).splitlines(keepends=True)
    needs = {"wechatpay": len(whole), "alipay": len(whole) - 1, "stripe": 1}[provider]
    for kept in range(needs):
        content = "".join(whole[:kept]).encode(FORMS[provider].encoding)
        assert refused(provider, content) == (kept, Because.CUT_OFF)


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_every_line_of_columns_that_are_too_few_or_too_many_is_refused_by_its_number(
    provider: str,
) -> None:
    text = text_of(provider, BILLS[provider]([PAID, BACK])).splitlines(keepends=True)
    separator = {"wechatpay": ",`", "alipay": "\t,", "stripe": ","}[provider]
    said = [place for place, each in enumerate(text) if "4200001" in each]
    assert len(said) == 2
    for place in said:
        for line in (text[place].partition(separator)[2], text[place].rstrip() + separator + "\n"):
            damaged = [*text[:place], line if line[0] in "`2" else "`" + line, *text[place + 1 :]]
            found, because = refused(provider, "".join(damaged).encode(FORMS[provider].encoding))
            assert (found, because) == (place + 1, Because.COLUMNS)


@pytest.mark.parametrize(
    ("provider", "before", "after"),
    [
        ("wechatpay", "199.00", "199.001"),
        ("wechatpay", "199.00", "1e5"),
        ("wechatpay", "199.00", "-199.00"),
        ("wechatpay", "2026-12-03 12:05:06", "2026-13-03 12:05:06"),
        ("wechatpay", "SUCCESS", "USERPAYING"),
        ("wechatpay", "4200001", ""),
        ("alipay", "199.00", "199,00"),
        ("alipay", "199.00", "-199.00"),
        ("alipay", "199.00", "199.005"),
        ("alipay", "2026-12-03 12:05:06", "gestern"),
        ("alipay", "4200001", "4200 001"),
        ("stripe", "199.00", "199.001"),
        ("stripe", "199.00", "NaN"),
        ("stripe", "cny", "yuan"),
        ("stripe", "2026-12-03 04:05:06", ""),
        ("stripe", "txn_4200001", ""),
    ],
)
def test_Y8_a_field_that_cannot_be_read_exactly_is_refused_by_its_line(
    provider: str, before: str, after: str
) -> None:
    text = text_of(provider, BILLS[provider]([PAID]))
    place = next(number for number, each in enumerate(text.splitlines(), 1) if PAID.number in each)
    rows = text.splitlines(keepends=True)
    assert before in rows[place - 1]
    rows[place - 1] = rows[place - 1].replace(before, after)
    found, because = refused(provider, "".join(rows).encode(FORMS[provider].encoding))
    assert (found, because in (Because.FIELD, Because.COLUMNS)) == (place, True)


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_bytes_that_are_no_text_are_refused_by_their_line(provider: str) -> None:
    rows = BILLS[provider]([PAID]).splitlines(keepends=True)
    place = next(number for number, each in enumerate(rows) if PAID.number.encode() in each)
    rows[place] = rows[place].replace(b"0", b"\xff", 1)
    assert refused(provider, b"".join(rows)) == (place + 1, Because.ENCODING)


@pytest.mark.parametrize("place", range(7))
def test_Y8_each_total_of_wechat_pays_has_to_be_what_the_lines_come_to(place: int) -> None:
    right = ["2", "199.00", "99.50", "0.00", "0.60", "199.00", "99.50"]  # fees to the places they have
    assert len(lines("wechatpay", wechatpay_bill([PAID, BACK], totals=right))) == 2
    wrong = ["3", "199.01", "99.51", "0.01", "0.61", "198.99", "0.00"]
    totals = [*right[:place], wrong[place], *right[place + 1 :]]
    assert refused("wechatpay", wechatpay_bill([PAID, BACK], totals=totals)) == (5, Because.TOTALS)


def test_Y8_the_totals_of_alipays_have_to_be_what_the_lines_come_to() -> None:
    assert refused("alipay", alipay_bill([PAID, BACK], payments_fen=1)) == (9, Because.TOTALS)
    assert refused("alipay", alipay_bill([PAID, BACK], refunds_count=2)) == (10, Because.TOTALS)
    missing = alipay_bill([PAID, BACK]).decode("gbk").replace(alipay_line(BACK) + "\r\n", "")
    assert refused("alipay", missing.encode("gbk")) == (9, Because.TOTALS)


def test_Y8_a_line_after_the_end_is_refused() -> None:
    assert refused("wechatpay", wechatpay_bill([PAID]) + b"`1\r\n") == (5, Because.MORE)
    more = alipay_bill([PAID]) + alipay_line(PAID).encode("gbk")
    assert refused("alipay", more) == (11, Because.MORE)


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_a_page_that_is_no_statement_is_refused(provider: str) -> None:
    assert refused(provider, b"<html>\n<body>") == (1, Because.COLUMNS)
    assert refused(provider, b"x" * (LINE_BYTES_MAX + 1)) == (1, Because.LENGTH)


def test_Y8_columns_that_alipay_renames_are_refused() -> None:
    content = (
        alipay_bill([PAID]).decode("gbk").replace(ALIPAY_COLUMNS, ALIPAY_COLUMNS.replace("服务费", "费"))
    )
    assert refused("alipay", content.encode("gbk")) == (5, Because.COLUMNS)


# --- of any size ---


def _many(provider: str, count: int) -> Iterator[bytes]:
    """Give a statement of so many lines without holding it."""
    sample = [Said(number=f"{ORDER}_{9:02}", theirs=f"{place:010}", amount=100, at=AT) for place in range(2)]
    encoding = FORMS[provider].encoding
    whole = text_of(provider, BILLS[provider](sample)).splitlines(keepends=True)
    places = [number for number, each in enumerate(whole) if f"{ORDER}_09" in each]
    for line in whole[: places[0]]:
        yield line.encode(encoding)
    pattern = whole[places[0]]
    for number in range(count):
        yield pattern.replace("0000000000", f"{number:010}").encode(encoding)
    tail = "".join(whole[places[-1] + 1 :])
    total = f"{count}.00"
    yield (
        tail.replace("`2,", f"`{count},")
        .replace("`2.00", f"`{total}")
        .replace("2笔", f"{count}笔")
        .replace("共2.00元", f"共{total}元")
        .encode(encoding)
    )


@pytest.mark.parametrize("provider", BILLS)
def test_Y8_a_statement_of_ten_times_as_many_lines_takes_no_more_memory(provider: str) -> None:
    peaks = []
    for count in (2_000, 20_000):
        tracemalloc.start()
        standing = Standing()
        found = sum(1 for each in read(FORMS[provider], _many(provider, count), standing) if each is not None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (found, standing.sums["payments"]) == (count, 100 * count)
    assert all(later < sooner + 50_000 for sooner, later in pairwise(peaks))


def test_Y8_a_statement_of_200_000_lines_is_read_in_constant_memory() -> None:
    """What is held is counted, and not traced as above, which takes seven times as long."""
    count, standing, found, held = 200_000, Standing(), 0, []
    for each in read(FORMS["wechatpay"], _many("wechatpay", count), standing):
        found += each is not None
        if found % 20_000 == 1_000:
            held.append(sys.getallocatedblocks())
    assert (found, standing.sums["payments"]) == (count, 100 * count)
    assert max(held) < min(held) + 1_000
