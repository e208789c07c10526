"""Statements of the till, fetched by our adapters through the providers' SDKs, and read by our forms (Y8)."""

from datetime import UTC, date, datetime

import pytest
import requests

from functions.payments.differences import day_of
from functions.payments.providers import alipay, stripe, wechatpay
from functions.payments.providers.provider import NotThere, PayingBack, Sender, UnansweredError
from functions.payments.statements.forms import FORMS
from functions.payments.statements.statement import (
    Because,
    DamagedError,
    Entry,
    Line,
    Says,
    Standing,
    read,
)
from tests.support.till import Clock, Desk, Json

PROVIDERS = ("wechatpay", "alipay", "stripe")
NUMBERS = tuple(f"01k8v3q5s0wfyb2t4n6m8p0r1z_{place:02}" for place in range(1, 6))
DAY_SECONDS = 86_400


def sender(desk: Desk, provider: str) -> Sender:
    """Return our adapter, at the till's time."""
    secret = desk.secret(provider, "send")

    def now() -> datetime:
        return datetime.fromtimestamp(desk.clock.time(), UTC)

    if provider == "wechatpay":
        return wechatpay.Sending(secret, now)
    return alipay.Sending(secret, now) if provider == "alipay" else stripe.Sending(secret)


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> str:
    """A provider's name."""
    name: str = request.param
    return name


def money(desk: Desk, provider: str, number: str, amount: int = 10_950) -> Json:
    """Let money come in, of which nothing is told."""
    return desk.control(
        "/money",
        {
            "provider": provider,
            "number": number,
            "amount_fen": amount,
            "lost": True,
            "notify_url": desk.shop.address,
        },
    )


def theirs_of(desk: Desk, provider: str, paid: Json) -> str:
    """Return what a provider calls a payment by: Stripe by its intent."""
    (trade,) = desk.till.book.of_number(paid["number"], provider)
    return trade.ident if provider == "stripe" else trade.transaction


def today(desk: Desk) -> date:
    """Return the day at the till."""
    return day_of(datetime.fromtimestamp(desk.clock.time(), UTC))


def lines(desk: Desk, provider: str, day: date) -> list[Line]:
    """Fetch a statement and read it."""
    found = sender(desk, provider).statement(day)
    assert not isinstance(found, NotThere)
    return [each for each in read(FORMS[provider], found, Standing()) if each is not None]


def next_day(clock: Clock) -> None:
    """Let a day pass."""
    clock.seconds += DAY_SECONDS


def test_Y8_what_has_happened_on_a_day_stands_on_its_statement_and_on_no_other(
    desk: Desk, clock: Clock, provider: str
) -> None:
    day = today(desk)
    paid = [money(desk, provider, number, 10_950 + place) for place, number in enumerate(NUMBERS[:3])]
    next_day(clock)
    money(desk, provider, NUMBERS[3])
    found = lines(desk, provider, day)
    assert [(each.entry, each.amount, each.currency, each.says) for each in found] == [
        (Entry.PAYMENT, 10_950 + place, "CNY", Says.DONE)
        for place in (range(3) if provider != "stripe" else reversed(range(3)))
    ]
    theirs = {theirs_of(desk, provider, each) for each in paid}
    assert {each.object_id for each in found} == theirs
    assert {each.number for each in found} == set(NUMBERS[:3])
    assert all(each.at is not None and day_of(each.at) == day for each in found)


def test_Y8_a_refund_stands_under_the_number_that_we_gave_it(desk: Desk, clock: Clock, provider: str) -> None:
    day = today(desk)
    paid = money(desk, provider, NUMBERS[0])
    payment = theirs_of(desk, provider, paid)
    back = PayingBack(
        number="01k8v3q5s0wfyb2t4n6m8p0r1z_R01",
        payment=payment,
        amount=950,
        total=10_950,
        currency="CNY",
        notify_url=desk.shop.address,
    )
    sender(desk, provider).pay_back(back)
    clock.seconds += 10
    next_day(clock)
    (refund,) = (each for each in lines(desk, provider, day) if each.entry is Entry.REFUND)
    assert (refund.number, refund.amount, refund.payment) == (back.number, 950, payment)
    assert refund.says is Says.DONE


def test_Y8_of_a_day_without_anything_there_is_no_statement_and_stripes_has_no_line(
    desk: Desk, clock: Clock, provider: str
) -> None:
    day = today(desk)
    next_day(clock)
    if provider == "stripe":
        assert lines(desk, provider, day) == []
    else:
        assert sender(desk, provider).statement(day) is NotThere.EMPTY


def test_Y8_what_is_planned_to_be_wrong_is(desk: Desk, clock: Clock, provider: str) -> None:
    day = today(desk)
    for number in NUMBERS[:3]:
        money(desk, provider, number)
    plan = {"provider": provider, "date": day.isoformat()}
    desk.control("/plan/statements", {**plan, "missing": NUMBERS[0], "doubled": NUMBERS[1]})
    next_day(clock)
    assert sorted(str(each.number) for each in lines(desk, provider, day)) == [
        NUMBERS[1],
        NUMBERS[1],
        NUMBERS[2],
    ]
    desk.control("/plan/statements", {**plan, "wrong_amount": NUMBERS[2]})
    assert sorted(each.amount for each in lines(desk, provider, day)) == [10_950, 10_950, 10_951]
    desk.control("/plan/statements", {**plan, "damaged": True})
    if provider == "stripe":
        with pytest.raises(UnansweredError):
            lines(desk, provider, day)
    else:
        with pytest.raises(DamagedError) as damaged:
            lines(desk, provider, day)
        assert damaged.value.because is Because.TOTALS
    desk.control("/plan/statements", plan)
    assert len(lines(desk, provider, day)) == 3


def test_Y8_a_statement_that_is_not_there_yet_is_told_so(desk: Desk, clock: Clock, provider: str) -> None:
    day = today(desk)
    money(desk, provider, NUMBERS[0])
    desk.control("/plan/statements", {"provider": provider, "date": day.isoformat(), "absent": True})
    next_day(clock)
    if provider == "stripe":
        with pytest.raises(UnansweredError):
            sender(desk, provider).statement(day)
    else:
        assert isinstance(sender(desk, provider).statement(day), NotThere)


@pytest.mark.parametrize("kind", ["error", "bare", "hang_up_before", "hang_up_after", "forged"])
@pytest.mark.parametrize("call", ["statement", "download"])
def test_Y8_every_fault_of_a_provider_is_no_answer_and_none_leaves_a_part(
    desk: Desk, clock: Clock, provider: str, kind: str, call: str
) -> None:
    if (provider == "stripe" and (call == "download" or kind == "forged")) or (
        call == "download" and kind in ("error", "forged")
    ):
        pytest.skip("there is no such thing")
    day = today(desk)
    money(desk, provider, NUMBERS[0])
    next_day(clock)
    desk.fault(kind, provider=provider, call=call)
    with pytest.raises(UnansweredError):
        lines(desk, provider, day)
    assert len(lines(desk, provider, day)) == 1


def test_Y8_a_bill_of_wechat_pays_that_is_not_what_its_digest_says_is_none(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = today(desk)
    money(desk, "wechatpay", NUMBERS[0])
    next_day(clock)
    monkeypatch.setattr("local.till.statements.digest", lambda content: "0" * 40)
    with pytest.raises(UnansweredError, match="digest"):
        lines(desk, "wechatpay", day)


def test_Y8_a_bill_is_downloaded_from_the_gateway_only(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = today(desk)
    money(desk, "wechatpay", NUMBERS[0])
    next_day(clock)
    monkeypatch.setattr(desk.till.wechatpay, "_gateway", f"{desk.gateway}.example")
    with pytest.raises(UnansweredError, match="gateway"):
        sender(desk, "wechatpay").statement(day)


def test_Y8_a_bill_that_is_downloaded_without_a_signature_is_refused(desk: Desk, clock: Clock) -> None:
    day = today(desk)
    money(desk, "wechatpay", NUMBERS[0])
    next_day(clock)
    answer = requests.get(f"{desk.gateway}/v3/billdownload/file?token={day}", timeout=10)
    assert answer.status_code == 401


def test_Y8_more_transactions_than_a_page_of_stripes_are_all_given(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe, "TRANSACTIONS_A_PAGE", 2)
    day = today(desk)
    for number in NUMBERS:
        money(desk, "stripe", number)
    next_day(clock)
    assert sorted(str(each.number) for each in lines(desk, "stripe", day)) == list(NUMBERS)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"provider": "paypal", "date": "2026-12-03"}, "provider is one of"),
        ({"provider": "stripe", "date": "yesterday"}, "isoformat"),
        ({"provider": "stripe", "date": "2026-12-03", "damaged": 1}, "damaged is true or false"),
        ({"provider": "stripe", "date": "2026-12-03", "missing": 1}, "missing is a number"),
        ({"date": "2026-12-03"}, "provider is missing"),
    ],
)
def test_a_plan_that_is_none_is_refused(desk: Desk, body: Json, says: str) -> None:
    answer = desk.ask("POST", "/plan/statements", body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
