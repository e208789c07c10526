"""The job on statements: what they say is held against what we have, by number, once (Y8)."""

import itertools
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

import pytest

from functions.orders.order import Order, Status
from functions.payments import differences, reconciling
from functions.payments.attempts import State
from functions.payments.differences import Difference, DifferenceKind
from functions.payments.listing import Day
from functions.payments.providers.provider import NotThere, PaidBack
from functions.payments.providers.reading import BEIJING
from functions.payments.timetable import RECONCILE_PAYMENTS
from functions.platform.observability import metrics
from tests.support.faults import SENDS_OF_THE_SDK, Calls
from tests.support.paying import BY_HAND, Fate, Paying, Word
from tests.support.points import Died, calm, mortal, strike
from tests.support.shop import NOON, Shop
from tests.support.statements import BILLS, Said, alipay_bill, dying_at, wechatpay_bill
from tests.support.trials import CALL_FAULTS, FAULTS

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
D = differences.day_of(NOON)
"""The day on which everything is paid here."""
PROVIDERS = ("wechatpay", "alipay", "stripe")


def morning(day: date, hour: int = 10, minute: int = 30) -> datetime:
    """Return when the statement of a day is first looked for: on the day after it, in Asia/Shanghai."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING) + DAY


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is counted, by its name."""
    found = Counter[str]()
    monkeypatch.setattr(metrics, "add_metric", lambda name, value, **_: found.update({name: value}))
    return found


@pytest.fixture
def paying(shop: Shop, counted: Counter[str]) -> Paying:
    """A stocked shop, alice, and three providers, whose statements say nothing unless they are told to."""
    made = Paying(shop)
    made.open()
    for name, provider in made.providers.items():
        provider.statements |= {D + day * DAY: BILLS[name]([]) for day in range(-1, 4)}
    return made


def paid(paying: Paying, provider: str = "wechatpay", *, at: datetime = NOON, tells: bool = True) -> Said:
    """Let an order be paid through a provider, which tells of it; return what its statement says of that."""
    order = paying.place(at=at)
    number = paying.number(order, provider, at=at)
    if paying.providers[provider].lazy:
        paying.providers[provider].opens(number)
    notice = paying.providers[provider].pays(number, at=at)
    if tells:
        paying.tell(notice, at)
    assert notice.amount is not None
    return Said(number=number, theirs=notice.object_id, amount=notice.amount, at=at)


def gone_back(paying: Paying, provider: str = "wechatpay", *, at: datetime = NOON) -> tuple[Said, Said]:
    """Let a payment be paid back whole; return what the statement says of both."""
    said = paid(paying, provider, at=at)
    order_id = "ord_" + said.number.partition("_")[0]
    paying.cancel(paying.order(order_id), at)
    paying.pass_time(at + MINUTE, at + 5 * MINUTE)
    (transfer,) = (each for each in paying.transfers() if each.subject == order_id)
    back = Said(
        number=transfer.number,
        theirs=f"50-{transfer.number}",
        payment=said.theirs,
        amount=transfer.amount,
        at=at + MINUTE,
    )
    return said, back


def state(paying: Paying, said: Iterable[Said], provider: str = "wechatpay", day: date = D) -> None:
    """Let a provider's statement of a day say so."""
    paying.providers[provider].statements[day] = BILLS[provider](list(said))


def run(paying: Paying, *days: date, hour: int = 10) -> None:
    """Run the job on the mornings after days."""
    for day in days:
        paying.reconcile(morning(day, hour))


def kinds(day: Day) -> list[tuple[str, str | None]]:
    """Return the differences of a day, by kind and number."""
    return [(each.kind.value, each.number) for each in day.differences]


def only(day: Day) -> Difference:
    """Return the one difference of a day."""
    (found,) = day.differences
    return found


def states(paying: Paying, day: date = D) -> dict[str, str]:
    """Return how the statements of a day stand."""
    return {each.provider: each.state.value for each in paying.day(day).statements}


# --- what agrees ---


@pytest.mark.parametrize("provider", PROVIDERS)
def test_Y8_what_both_have_alike_is_no_difference(
    paying: Paying, provider: str, counted: Counter[str]
) -> None:
    said, back = gone_back(paying, provider)
    state(paying, [paid(paying, provider), said, back], provider)
    state(paying, [], provider, D + DAY)
    run(paying, D, D + DAY)
    day = paying.day(D)
    assert day.differences == []
    (statement,) = (each for each in day.statements if each.provider == provider)
    assert (statement.state.value, statement.lines) == ("compared", 3)
    assert (statement.payments_fen, statement.refunds_fen) == (2 * said.amount, back.amount)
    assert statement.settled is not None
    assert counted["payment_differences"] == 0


def test_Y8_money_of_staffs_is_not_compared(paying: Paying) -> None:
    paying.bought(BY_HAND)
    state(paying, [])
    state(paying, [], day=D + DAY)
    run(paying, D, D + DAY)
    assert paying.day(D).differences == []


def test_Y8_a_payment_that_staff_have_recorded_by_its_number_is_the_providers(paying: Paying) -> None:
    said = paid(paying, tells=False)
    order = paying.order("ord_" + said.number.partition("_")[0])
    paying.by_staff(order, f"wechatpay:{said.theirs}")
    state(paying, [said])
    run(paying, D)
    assert paying.day(D).differences == []
    assert paying.states(order) == [State.PAID]
    assert len(paying.paid(order)) == 1


# --- each kind ---


def test_Y8_a_payment_missing_here_is_taken_in_as_a_notification_and_told(
    paying: Paying, counted: Counter[str]
) -> None:
    said = paid(paying, tells=False)
    state(paying, [said])
    run(paying, D)
    order = paying.order("ord_" + said.number.partition("_")[0])
    assert paying.paid(order) == [(f"wechatpay:{said.theirs}", said.amount, False)]  # late money (O6)
    found = only(paying.day(D))
    assert (found.kind, found.payment_id) == (DifferenceKind.MISSING_HERE, f"wechatpay:{said.theirs}")
    assert found.theirs is not None
    assert (found.theirs.amount, found.theirs.currency, found.line) == (said.amount, "CNY", 2)
    assert counted["payment_differences"] == 1


def test_Y8_a_payment_missing_here_pays_an_order_that_still_waits(paying: Paying) -> None:
    at = morning(D) - 10 * MINUTE
    said = paid(paying, at=at, tells=False)
    state(paying, [replace(said, at=at - 12 * HOUR)])
    run(paying, D)
    assert paying.order("ord_" + said.number.partition("_")[0]).status is Status.PAID


def test_Y8_money_of_a_number_that_is_none_of_ours_is_unassigned(paying: Paying) -> None:
    state(paying, [Said(number="shop-2", theirs="42-x", amount=500, at=NOON)])
    run(paying, D, D)
    assert [each.payment_id for each in paying.unassigned()] == ["wechatpay:42-x"]
    assert kinds(paying.day(D)) == [("missing_here", "42-x")]


def test_Y8_a_refund_that_others_have_made_is_missing_here_and_nothing_is_taken_in(paying: Paying) -> None:
    said = paid(paying)
    other = Said(number="by-hand", theirs="50-x", payment=said.theirs, amount=100, at=NOON)
    state(paying, [said, other])
    before = paying.paid("ord_" + said.number.partition("_")[0])
    run(paying, D)
    assert kinds(paying.day(D)) == [("missing_here", "50-x")]
    assert paying.paid("ord_" + said.number.partition("_")[0]) == before
    assert paying.refunds() == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_Y8_what_we_have_and_no_statement_from_the_day_before_to_the_day_after_is_missing_there(
    paying: Paying, provider: str
) -> None:
    said, back = gone_back(paying, provider)
    state(paying, [], provider)
    run(paying, D)
    assert paying.day(D).differences == []  # it may stand on the next day's
    state(paying, [], provider, D + DAY)
    run(paying, D + DAY)
    assert kinds(paying.day(D)) == [("missing_there", said.theirs), ("missing_there", back.number)]
    assert all(each.theirs is None and each.ours is not None for each in paying.day(D).differences)
    assert paying.day(D + DAY).differences == []


@pytest.mark.parametrize("entry", ["payment", "refund"])
def test_Y8_another_amount_is_a_difference(paying: Paying, entry: str) -> None:
    said, back = gone_back(paying)
    other = replace(said, amount=said.amount + 1) if entry == "payment" else said
    state(paying, [other, back if entry == "payment" else replace(back, amount=1)])
    run(paying, D)
    found = only(paying.day(D))
    assert (found.kind, found.entry) == (DifferenceKind.AMOUNT, entry)
    assert found.ours is not None
    assert found.theirs is not None
    assert (found.ours.amount, found.theirs.amount) in ((said.amount, said.amount + 1), (back.amount, 1))


def test_Y8_another_currency_is_a_difference_of_amount(paying: Paying) -> None:
    said = paid(paying, "stripe")
    state(paying, [replace(said, currency="USD")], "stripe")
    run(paying, D)
    found = only(paying.day(D))
    assert (found.kind, found.theirs and found.theirs.currency) == (DifferenceKind.AMOUNT, "USD")
    (statement,) = (each for each in paying.day(D).statements if each.provider == "stripe")
    assert (statement.payments_fen, statement.foreign) == (0, 1)


def test_Y8_a_payment_that_was_undone_there_and_a_refund_that_failed_there_differ_in_state(
    paying: Paying,
) -> None:
    said, back = gone_back(paying)
    state(paying, [replace(said, state="REVOKED"), replace(back, state="FAIL")])
    run(paying, D)
    assert [(each.kind, each.entry) for each in paying.day(D).differences] == [
        (DifferenceKind.STATE, "payment"),
        (DifferenceKind.STATE, "refund"),
    ]


def test_Y8_a_refund_that_has_failed_here_and_was_done_there_differs_and_is_asked_after(
    paying: Paying,
) -> None:
    said = paid(paying)
    order_id = "ord_" + said.number.partition("_")[0]
    paying.wechatpay.script(Word.PAY_BACK, Fate.FAILED)
    paying.cancel(paying.order(order_id))
    paying.pass_time(NOON + MINUTE, NOON + 5 * MINUTE)
    (transfer,) = paying.transfers()
    back = Said(number=transfer.number, theirs="50", payment=said.theirs, amount=said.amount, at=NOON)
    state(paying, [said, back])
    paying.wechatpay.becomes(transfer.number, PaidBack.SUCCEEDED)
    run(paying, D)
    assert [(each.kind, each.number) for each in paying.day(D).differences] == [
        (DifferenceKind.STATE, transfer.number)
    ]
    paying.go_on(morning(D) + MINUTE)
    assert paying.transfers()[0].state.value == "succeeded"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_Y8_what_a_statement_says_twice_is_doubled(paying: Paying, provider: str) -> None:
    said, back = gone_back(paying, provider)
    state(paying, [said, back, said, back], provider)
    run(paying, D)
    assert kinds(paying.day(D)) == [("doubled", said.theirs), ("doubled", back.number)]


def test_Y8_what_two_days_say_is_doubled_on_the_later_one(paying: Paying) -> None:
    said = paid(paying)
    state(paying, [said])
    state(paying, [said], day=D + DAY)
    run(paying, D, D + DAY)
    assert paying.day(D).differences == []
    assert kinds(paying.day(D + DAY)) == [("doubled", said.theirs)]


def test_Y8_another_refund_of_a_transfers_number_is_doubled_unless_the_first_had_failed(
    paying: Paying,
) -> None:
    said, back = gone_back(paying, "stripe")
    state(paying, [said, back, replace(back, theirs="re_2")], "stripe")
    run(paying, D)
    assert kinds(paying.day(D)) == [("doubled", back.number)]


def test_Y8_what_comes_shortly_after_many_others_is_doubled_across_pages(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "PAGE_LINES", 2)
    many = [paid(paying) for _ in range(5)]
    state(paying, [*many, many[0]])
    run(paying, D)
    assert kinds(paying.day(D)) == [("doubled", many[0].theirs)]


# --- near midnight ---


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("days", [-1, 1])
def test_Y8_what_stands_on_the_statement_before_or_after_is_not_missing(
    paying: Paying, provider: str, days: int
) -> None:
    said = paid(paying, provider)
    for day in (D - DAY, D, D + DAY):
        state(paying, [said] if day == D + days * DAY else [], provider, day)
    run(paying, D - DAY, D, D + DAY)
    assert [paying.day(day).differences for day in (D - DAY, D, D + DAY)] == [[], [], []]


def test_Y8_what_stands_two_days_later_is_missing_there(paying: Paying) -> None:
    said = paid(paying)
    for day in (D, D + DAY):
        state(paying, [], day=day)
    state(paying, [said], day=D + 2 * DAY)
    run(paying, D, D + DAY, D + 2 * DAY)
    assert kinds(paying.day(D)) == [("missing_there", said.theirs)]


def test_Y8_days_are_those_of_shanghai(paying: Paying) -> None:
    midnight = datetime(D.year, D.month, D.day, tzinfo=BEIJING)
    assert differences.day_of(midnight) == D
    assert differences.day_of(midnight - timedelta(seconds=1)) == D - DAY


# --- when there is none ---


def test_Y8_without_a_statement_by_18_00_that_is_a_difference_and_is_taken_back_when_it_comes(
    paying: Paying, counted: Counter[str]
) -> None:
    said = paid(paying)
    del paying.wechatpay.statements[D]
    for hour in range(10, 18):
        paying.reconcile(morning(D, hour))
        assert paying.day(D).differences == []
        assert states(paying)["wechatpay"] == "waiting"
    assert counted["payment_differences"] == 0
    paying.reconcile(morning(D, 18))
    assert [(each.kind, each.provider) for each in paying.day(D).differences] == [
        (DifferenceKind.NO_STATEMENT, "wechatpay")
    ]
    assert counted["payment_differences"] == 1
    state(paying, [said])
    paying.reconcile(morning(D + DAY))
    assert paying.day(D).differences == []


def test_Y8_a_provider_that_has_none_of_a_day_on_which_nothing_happened_is_believed(paying: Paying) -> None:
    paying.wechatpay.statements[D] = NotThere.EMPTY
    paying.alipay.statements[D] = NotThere.EMPTY
    paid(paying)
    state(paying, [], "stripe")
    paying.reconcile(morning(D, 18))
    assert states(paying) == {"wechatpay": "none", "alipay": "empty", "stripe": "compared"}
    assert [each.provider for each in paying.day(D).differences] == ["wechatpay"]


def test_Y8_a_provider_without_keys_and_one_that_breaks_off_leave_nothing_in_the_bucket(
    paying: Paying,
) -> None:
    said = paid(paying)
    state(paying, [said])
    paying.on = ("wechatpay", "stripe")
    paying.no_keys.add("stripe")
    paying.wechatpay.script(Word.STATEMENT, Fate.UNANSWERED_AFTER)
    paying.reconcile(morning(D))
    assert paying.bucket.versions == {}
    paying.reconcile(morning(D, 11))
    assert paying.bucket.content("wechatpay", D) == wechatpay_bill([said])
    assert states(paying)["wechatpay"] == "compared"


def test_Y8_a_statement_that_somebody_has_put_there_is_used_as_it_is(paying: Paying) -> None:
    said = paid(paying, "alipay")
    paying.bucket.put("alipay", D, alipay_bill([said]))
    paying.reconcile(morning(D))
    assert paying.alipay.statements_asked == []
    assert (states(paying)["alipay"], paying.day(D).differences) == ("compared", [])


def test_Y8_of_a_provider_that_is_off_nothing_is_asked(paying: Paying) -> None:
    paying.on = ("stripe",)
    paying.reconcile(morning(D, 18))
    assert states(paying).keys() == {"stripe"}
    assert paying.wechatpay.statements_asked == []


def test_Y8_days_before_the_first_run_are_not_asked_after_and_missed_days_are_caught_up_with(
    paying: Paying,
) -> None:
    paying.wechatpay.statements.clear()
    paying.reconcile(morning(D))
    assert paying.wechatpay.statements_asked == [D]
    later = D + 3 * DAY
    for day in (D, D + DAY, D + 2 * DAY, later):
        state(paying, [], day=day)
    paying.reconcile(morning(later))
    assert all(states(paying, day)["wechatpay"] == "compared" for day in (D, D + DAY, D + 2 * DAY, later))
    paying.wechatpay.statements_asked.clear()
    paying.reconcile(morning(later, 11))
    assert paying.wechatpay.statements_asked == []


# --- damaged ---


def test_Y8_a_damaged_statement_is_refused_whole_and_told_by_its_line(
    paying: Paying, counted: Counter[str]
) -> None:
    said = paid(paying, tells=False)
    content = wechatpay_bill([said, said], totals=["2", "0.01", "0.00", "0.00", "0.00", "0.01", "0.00"])
    paying.bucket.put("wechatpay", D, content)
    for _ in range(2):
        run(paying, D)
        found = only(paying.day(D))
        assert (found.kind, found.line, found.because) == (DifferenceKind.DAMAGED, 5, "totals")
    assert paying.paid("ord_" + said.number.partition("_")[0]) == []
    assert not [row for row in paying.rows() if row["subject"].startswith("stated:")]
    assert counted["payment_differences"] == 1
    assert said.theirs not in str(found)


def test_Y8_a_statement_that_replaces_another_is_compared_anew_and_the_old_list_is_gone(
    paying: Paying,
) -> None:
    first, second = paid(paying), paid(paying)
    paying.bucket.put("wechatpay", D, b"nonsense")
    run(paying, D)
    assert only(paying.day(D)).kind is DifferenceKind.DAMAGED
    paying.bucket.put("wechatpay", D, wechatpay_bill([first, first]))
    state(paying, [], day=D + DAY)
    run(paying, D, D + DAY)
    assert kinds(paying.day(D)) == [("doubled", first.theirs), ("missing_there", second.theirs)]
    paying.bucket.put("wechatpay", D, wechatpay_bill([first, second]))
    run(paying, D + DAY)
    assert paying.day(D).differences == []


# --- twice, in parts, dying ---


def many(paying: Paying) -> None:
    """Let there be differences of every kind on a day."""
    agrees, doubled, amount = paid(paying), paid(paying), paid(paying)
    missing = paid(paying, tells=False)
    said, back = gone_back(paying)
    paid(paying)  # it is missing there
    told = [agrees, doubled, replace(amount, amount=1), missing, doubled, said, replace(back, state="FAIL")]
    told.append(Said(number="other", theirs="42-other", amount=7, at=NOON))
    state(paying, told)
    state(paying, [], day=D + DAY)


def all_of(paying: Paying) -> object:
    """Return all that comes of a comparison, but for when."""
    day = paying.day(D)
    return (
        [(each.kind, each.number, each.ours, each.theirs, each.line) for each in day.differences],
        [replace(each, at=NOON) for each in day.statements],
        [each.payment_id for each in paying.unassigned()],
        sorted((each["subject"], each["amount_fen"], each["applied"]) for each in _payments(paying)),
        [each.state.value for each in paying.transfers()],
    )


def _payments(paying: Paying) -> list[dict[str, object]]:
    dump = paying.dump()
    orders = {partition for name, partition, item in dump if name == "Orders" and item == "ORDER"}
    found: list[dict[str, object]] = []
    for order_id in sorted(orders):
        order: Order = paying.order(order_id)
        found += [
            {"subject": each.payment_id, "amount_fen": each.amount_fen, "applied": each.applied}
            for each in order.payments
        ]
    return found


def test_Y8_run_again_it_is_the_same_and_asks_for_nothing(paying: Paying) -> None:
    many(paying)
    run(paying, D, D + DAY)
    expected, asked = all_of(paying), list(paying.wechatpay.statements_asked)
    assert len(paying.day(D).differences) == 6
    for hour in (11, 12):
        run(paying, D + DAY, hour=hour)
        assert all_of(paying) == expected
    assert paying.wechatpay.statements_asked == asked


def test_Y8_a_page_of_any_size_gives_the_whole_list(paying: Paying) -> None:
    many(paying)
    run(paying, D, D + DAY)
    whole = paying.day(D).differences
    for limit in (1, 2, 3, 5, 7):
        assert paying.day(D, limit=limit).differences == whole


def test_Y8_a_long_statement_is_worked_off_in_parts(paying: Paying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "PAGE_LINES", 2)
    monkeypatch.setattr(reconciling, "CHECKED_AT_ONCE", 2)
    monkeypatch.setattr(reconciling, "PAGE_HAD", 1)
    many(paying)
    before = paying.dump()
    run(paying, D, D + DAY)
    expected = all_of(paying)
    paying.restore(before)
    paying.bucket.versions.clear()
    workers, looks = paying.workers(receives_max=500), Random(8)  # noqa: S311
    for day in (D, D + DAY):
        assert workers.do(RECONCILE_PAYMENTS, morning(day), looks=lambda: looks.randint(2, 16)) == []
    assert len(workers.box.put) > 9
    assert all_of(paying) == expected


def test_Y8_killed_at_any_call_of_the_database_and_repeated_it_is_the_same(paying: Paying) -> None:
    many(paying)
    before = paying.dump()
    run(paying, D, D + DAY)
    expected = all_of(paying)
    for steps in itertools.count(0, 1):
        paying.restore(before)
        paying.bucket.versions.clear()
        workers = paying.workers()
        workers.start(RECONCILE_PAYMENTS, morning(D))
        with mortal(paying.shop.tables.client, workers.box, steps) as life, suppress(Died):
            workers.run()
        assert workers.run() == []
        run(paying, D, D + DAY)
        assert all_of(paying) == expected, steps
        if not life.over:
            break
    assert steps > 20


def test_Y8_killed_at_any_call_of_the_bucket_and_repeated_it_is_the_same(paying: Paying) -> None:
    many(paying)
    before = paying.dump()
    run(paying, D, D + DAY)
    expected, calls = all_of(paying), len(paying.bucket.calls)
    for call in range(calls):
        paying.restore(before)
        paying.bucket.versions.clear()
        workers = paying.workers()
        workers.start(RECONCILE_PAYMENTS, morning(D))
        with dying_at(paying.bucket, call, Died), suppress(Died):
            workers.run()
        assert workers.run() == []
        run(paying, D, D + DAY)
        assert all_of(paying) == expected, call


@pytest.mark.parametrize("fault", CALL_FAULTS)
def test_Y8_cases_14_to_22_at_every_call_of_the_database_it_is_the_same(
    paying: Paying, calls: Calls, fault: str
) -> None:
    many(paying)
    before = paying.dump()
    run(paying, D, D + DAY)
    expected = all_of(paying)
    for number in itertools.count(0, 2):
        paying.restore(before)
        paying.bucket.versions.clear()
        workers = paying.workers()
        workers.start(RECONCILE_PAYMENTS, morning(D))
        name_of = strike(calls, number, *[FAULTS[fault][0]] * SENDS_OF_THE_SDK)
        workers.run()
        calm(calls)
        workers.redrive()
        assert workers.run() == []
        run(paying, D, D + DAY)
        assert all_of(paying) == expected, number
        if name_of() is None:
            break
    assert number > 10


def test_Y8_what_was_put_by_somebody_else_meanwhile_is_what_is_compared(paying: Paying) -> None:
    said = paid(paying)
    state(paying, [said])

    def before(operation: str) -> None:
        if operation == "PutObject" and not paying.bucket.versions:
            paying.bucket.put("wechatpay", D, wechatpay_bill([said, said]))

    paying.bucket.before = before
    run(paying, D)
    assert kinds(paying.day(D)) == [("doubled", said.theirs)]


def test_Y8_a_great_statement_is_put_in_parts_and_one_that_breaks_off_is_not_there(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.platform.bucket.PART_BYTES", 64)
    said = paid(paying)
    state(paying, [said])
    paying.on = ("wechatpay",)
    paying.wechatpay.script(Word.STATEMENT, Fate.UNANSWERED_AFTER)
    paying.reconcile(morning(D))
    assert (paying.bucket.versions, paying.bucket.uploads) == ({}, {})
    paying.reconcile(morning(D, 11))
    assert paying.bucket.content("wechatpay", D) == wechatpay_bill([said])
    assert (paying.bucket.uploads, paying.day(D).differences) == ({}, [])
