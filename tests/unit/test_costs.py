"""The model of docs/costs.md: its arithmetic, where its figures come from, and that the page says them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks import audits, costs, operations, scale, tables, visits
from benchmarks.costs import LEFT_OUT, MILLION, Assumed, Kind, Model, Part, Price, Stack, Step, Units, Work
from benchmarks.scale import DAY
from functions.contexts import timetable
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import policy as policies
from functions.domain.timetable import Every
from functions.points.jobs import WORKS
from functions.points.passes import AUDITS
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS, EXPIRE_POINTS

CENT = Decimal("0.01")
EXACT = Decimal("1e-15")
"""What is lost when 28 digits are added in another order."""


class Noted(Mapping[str, Units]):
    """Units that remember which of them were asked for."""

    def __init__(self, units: Mapping[str, Units]) -> None:
        self._units = units
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Units:
        self.asked.add(name)
        return self._units[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)


@pytest.fixture(scope="module")
def model() -> Model:
    """The model of the code as it is."""
    return Model.now()


def everything(model: Model) -> list[Part]:
    """Return the parts of all that the page reckons."""
    runs = [part for run in model.runs() for part in model.run(run.job, run.due)]
    return [*model.orders(), *runs, *model.standing(), *visits.everything(model)]


def only(parts: list[Part], name: str) -> Decimal:
    """Return how much of one thing is bought."""
    return sum((part.quantity for part in parts if part.price == name), Decimal(0))


def small(model: Model) -> Model:
    """Return the model with round figures: a dollar for each unit, and nothing that is assumed."""
    priced = {name: replace(each, usd=Decimal(1), per=Decimal(1)) for name, each in model.prices.items()}
    nothing = {name: Assumed(value=Decimal(0), why=each.why) for name, each in model.given.items()}
    each = {"records_each": 1, "records_each_of_jobs": 1}
    return replace(model, prices=priced, given=nothing).assuming(**each)


def test_a_price_is_for_so_many_units() -> None:
    asked = Price(usd=Decimal("0.625"), per=MILLION, unit="", service="", confirmed=True, page="")
    assert asked.of(Decimal(8)) == Decimal("0.000005")
    assert asked.of(47 * MILLION) == Decimal("29.375")


def test_a_request_buys_its_units_its_time_its_lines_and_its_answer(model: Model) -> None:
    one = replace(small(model), units={"pay": Units(read=Decimal(2), write=Decimal(7))}).assuming(
        request_log_bytes=1_024**3, access_log_bytes=1_024**3, response_bytes=3 * 1_024**3
    )
    work = Work(
        step=Step.PAY,
        function="ShopApi",
        kind=Kind.REQUEST,
        times=Decimal(2),
        milliseconds=Decimal(50),
        operation="pay",
    )
    bought = {part.price: part.quantity for part in one.parts(work, Decimal("0.25"))}
    assert one.limits.figures.memory_megabytes == 512
    assert one.stack.log_months == 12
    assert bought == {
        "read_unit": 4,
        "write_unit": 14,
        "lambda_request": 2,
        "lambda_gb_second": Decimal("0.05"),  # twice 50 ms of half a gigabyte
        "api_request": 2,
        "transfer_out": 6,
        "log_ingested": 4,
        "log_stored": 0,  # compressed to nothing here
        "trace": Decimal("0.5"),
        "event": 0,
    }


def test_a_record_shares_its_invocation_and_a_row_of_a_job_has_none(model: Model) -> None:
    one = small(model).assuming(
        records_each=10, invocation_ms=20, log_compressed=1, record_log_bytes=1_024**3
    )
    work = Work(
        step=Step.PUBLISHING,
        function="OrdersPublisher",
        kind=Kind.RECORD,
        times=Decimal(100),
        milliseconds=Decimal(18),
        events=Decimal(2),
    )
    bought = {part.price: part.quantity for part in one.parts(work, Decimal(0))}
    assert bought["lambda_request"] == 10
    assert bought["event"] == 200
    assert bought["lambda_gb_second"] == (100 * 18 + 10 * 20) / Decimal(2_000)
    assert bought["log_ingested"] == 10
    assert bought["log_stored"] == 10 * 12
    row = replace(work, kind=Kind.ROW)
    assert one.invocations(row) == 0


def test_a_cold_start_is_billed_with_the_invocation(model: Model) -> None:
    one = small(model).assuming(cold_share=Decimal("0.5"), cold_ms=1_000)
    work = Work(
        step=Step.READS, function="ShopApi", kind=Kind.REQUEST, times=Decimal(4), milliseconds=Decimal(0)
    )
    assert only(list(one.parts(work, Decimal(0))), "lambda_gb_second") == 1


def test_a_request_takes_its_calls_one_after_another_and_its_cpu_on_a_part_of_a_core(model: Model) -> None:
    units = Units(read=Decimal(2), write=Decimal(7), calls={"BatchGetItem": 1, "TransactWriteItems": 1})
    cpu = {"checkout, 1 lines": 0.004 * model.limits.cores, "see the wallet": 0.001 * model.limits.cores}
    one = replace(model, units={"pay": units, "look": replace(units, write=Decimal(0))}, request_cpu=cpu)
    assert one.request_ms("pay") == 5 + 10 + 4
    assert one.request_ms("look") == 5 + 10 + 1
    assert max(one.request_ms(name) for name in one.units) < 1_000 * model.limits.given.request_seconds


def test_Z8_a_publishers_records_gather_while_its_window_is_open_and_others_do_not_wait(model: Model) -> None:
    rate = model.pace * sum(work.times for work in model.order() if work.function == "MembersPublisher")
    assert model.gathered("MembersPublisher") == 1 + rate * 3 / (4 * 2)
    assert model.gathered("PointsPosting") == model.value("records_each") == 1
    assert model.assuming(orders_a_month=10**12).gathered("MembersPublisher") == 100  # a batch


def test_Z8_production_is_not_traced_and_other_stages_are(model: Model) -> None:
    assert only(everything(model), "trace") == 0
    assert only(costs.all_traced(model).orders(), "trace") > 0


def test_of_few_invocations_all_are_traced_and_of_many_a_share(model: Model) -> None:
    model = costs.all_traced(model)

    def share(per_second: int | Decimal) -> Decimal:
        paced = model.assuming(orders_a_month=per_second * costs.SECONDS_PER_MONTH)
        work = Work(step=Step.PAY, function="f", kind=Kind.REQUEST, times=Decimal(1), milliseconds=Decimal(0))
        return paced.traced([work])["f"]

    assert share(Decimal("0.0001")) == pytest.approx(Decimal(1), abs=Decimal("0.001"))
    # At one a second, 63 % of the seconds have one: those, and a twentieth of what is left.
    assert share(1) == pytest.approx(Decimal("0.6321") + Decimal("0.3679") / 20, abs=Decimal("0.0001"))
    assert share(10_000) == pytest.approx(Decimal("0.0501"), abs=Decimal("0.0001"))


def test_units_of_a_million_orders_are_those_of_the_measured_operations(model: Model) -> None:
    given, units = model.value, model.units
    writes = sum(
        (
            share * units[name].write
            for share, name in (
                (Decimal("0.30"), "checkout, 1 lines"),
                (Decimal("0.43"), "checkout, 3 lines"),
                (Decimal("0.02"), "checkout, 20 lines"),
                (Decimal("0.20"), "checkout, 2 lines, paid with points"),
                (Decimal("0.05"), "checkout, 2 lines, with a coupon"),
                (given("paid"), "pay"),
                (given("shipped"), "ship"),
                (given("shipped"), "receive"),
                (1 - given("paid") + given("cancelled"), "cancel a paid order"),
                (given("returned"), "take back 1 unit"),
                (given("paid") + given("cancelled") + given("returned"), "post a payment"),
                (given("shipped"), "post a receipt"),
                (given("shipped"), "release a lot"),
            )
        ),
        Decimal(0),
    )
    # On another day than the change before, a row leaves its place in the index of changes and takes another.
    moved = (
        2 * given("shipped")
        + 2 * given("shipped")
        + 4 * model.undone
        + given("paid")
        + 2 * given("shipped")
        + given("shipped")
    )
    assert only(model.orders(), "write_unit") == (writes + moved) * MILLION


def test_sums_by_service_and_by_step_are_the_same_total(model: Model) -> None:
    for parts in (model.orders(), everything(model)):
        whole = model.dollars(parts)
        assert whole > 0
        assert abs(sum(model.by_service(parts).values()) - whole) < whole * EXACT
        assert abs(sum(model.by_step(parts).values()) - whole) < whole * EXACT
    assert model.by_step(model.orders()).keys() == set(Step)


@pytest.mark.parametrize("name", costs.prices())
def test_a_price_that_is_doubled_doubles_its_part_and_no_other(model: Model, name: str) -> None:
    dear = replace(model.prices[name], usd=2 * model.prices[name].usd)
    dearer = replace(model, prices={**model.prices, name: dear})
    parts = everything(model)
    assert everything(dearer) == parts
    own = [part for part in parts if part.price == name]
    others = [part for part in parts if part.price != name]
    once = model.dollars(own)
    assert abs(dearer.dollars(own) - 2 * once) <= once * EXACT
    assert once > 0 or name in ("stream_read", "trace")
    assert dearer.dollars(others) == model.dollars(others)


def test_twice_as_many_orders_cost_twice_as_much_at_the_same_pace(model: Model) -> None:
    one, two = model.dollars(model.orders()), model.dollars(model.orders(2 * MILLION))
    assert abs(two - 2 * one) < one * EXACT


def test_every_measured_operation_is_used_or_named_as_left_out(model: Model) -> None:
    noted = Noted(model.units)
    everything(replace(model, units=noted))
    measured = set(operations.known())
    assert noted.asked | LEFT_OUT.keys() == measured
    assert not noted.asked & LEFT_OUT.keys()
    assert measured == {*operations.OPERATIONS, *operations.JOBS}


def test_every_price_has_a_page_of_aws_and_is_used(model: Model) -> None:
    used = {part.price for part in everything(model)}
    for name, each in model.prices.items():
        assert re.fullmatch(r"https://aws\.amazon\.com/[a-z0-9-]+/pricing/([a-z-]+/)?", each.page), name
        assert each.usd > 0
        assert each.per > 0
    assert used == model.prices.keys()


def test_every_assumption_is_used_and_says_why(model: Model) -> None:
    text = "".join(Path(str(each.__file__)).read_text(encoding="utf-8") for each in (costs, visits))
    for name, each in model.given.items():
        assert f'"{name}"' in text, name
        assert each.why


def test_money_is_never_a_float(model: Model) -> None:
    assert all(isinstance(part.quantity, Decimal) for part in everything(model))
    assert all(isinstance(each.usd, Decimal) for each in model.prices.values())
    assert model.prices["lambda_gb_second"].usd == Decimal("0.0000133334")


def test_the_mix_is_that_of_an_ordinary_day(model: Model) -> None:
    given = model.value
    for ours, theirs in (
        ("quotes", DAY.quotes),
        ("paid", DAY.paid),
        ("shipped", DAY.shipped),
        ("shipped", DAY.received),
        ("shipped", DAY.released),
        ("unconfirmed", DAY.unconfirmed),
        ("carts_with_points", DAY.points),
    ):
        assert float(given(ours)) == theirs, ours
    asked = sum(work.times for work in model.order() if work.kind is Kind.REQUEST)
    assert float(asked) == DAY.requests
    assert sum(share for share, _ in model._carts()) == 1


def test_milliseconds_of_records_follow_from_those_of_calls(model: Model) -> None:
    calls, cpu = model.limits.given, model.limits.cpu_seconds
    for name, seconds in (
        ("posting_ms", calls.read_seconds + calls.transaction_seconds + cpu),
        ("published_ms", calls.publish_cpu_seconds / model.limits.cores),
    ):
        assert float(model.value(name)) == pytest.approx(1_000 * seconds, abs=1), name


def test_workers_wait_side_by_side_and_compute_one_after_the_other(model: Model) -> None:
    half = replace(
        model, limits=replace(model.limits, figures=replace(model.limits.figures, memory_megabytes=1_769))
    )
    assert half.row_ms(cpu_seconds=0.002, wait_seconds=0.004) == 2
    assert half.row_ms(cpu_seconds=0.002, wait_seconds=0.040) == 10


def test_a_run_costs_what_is_due(model: Model) -> None:
    def units(job: str, due: int) -> list[Decimal]:
        parts = model.run(job, Decimal(due))
        return [only(parts, "read_unit"), only(parts, "write_unit")]

    # 16 shards: half a unit for each look into the index, by who begins it or by a task; begun once, and
    # ended 16 times.
    nothing_due = [Decimal(8), Decimal(17)]
    assert units(EXPIRE_POINTS, 0) == units(ISSUE_BIRTHDAY_COUPONS, 0) == nothing_due
    each = model.units["expire a wallet's points"]
    assert units(EXPIRE_POINTS, 1_000) == [8 + 8 + 1_000 * each.read, 17 + 1_000 * each.write]
    assert only(model.run(EXPIRE_POINTS, Decimal(1_000)), "event") == 1_000
    assert only(model.run(EXPIRE_POINTS, Decimal(1_000)), "queue_request") == 3 * 16
    assert only(model.run(EXPIRE_POINTS, Decimal(0)), "queue_request") == 0
    assert only(model.run(ISSUE_BIRTHDAY_COUPONS, Decimal(0)), "queue_request") == 3 * 16


def test_a_task_whose_time_is_up_is_handed_on(model: Model) -> None:
    milliseconds = model.row_ms(model.limits.figures.cpu_expire, model.limits.given.transaction_seconds)
    in_a_task = model.stack.worker_seconds * 1_000 / milliseconds
    parts = model.run(EXPIRE_POINTS, in_a_task * Decimal("7.5"))
    assert only(parts, "queue_request") == 3 * (16 + 7)


def test_a_full_audit_reads_what_is_stored_once_each_lot_and_what_was_held(model: Model) -> None:
    bare = replace(
        model,
        rows=[
            costs.Stored(table="Orders", what="order", row=8_192, entries=(), each=Decimal(2)),
            costs.Stored(table="Members", what="wallet", row=4_096, entries=(50,), each=Decimal(1)),
        ],
    ).assuming(orders_each_a_year=2, paid=Decimal("0.5"))
    # Five pages of 4 kB at half a unit each, one lot, and what the account held.
    assert only(bare.run(AUDIT_POINTS, Decimal(10)), "read_unit") == 10 * (Decimal("2.5") + 1)


def test_an_audit_of_changes_reads_each_account_by_itself_and_two_rows_for_an_order(model: Model) -> None:
    bare = replace(
        model,
        rows=[costs.Stored(table="Members", what="wallet", row=5_000, entries=(), each=Decimal(1))],
    )
    orders = bare.orders_changed / bare.accounts_changed
    reads, writes = bare.audit_units(AUDIT_CHANGES, Decimal(10))
    assert reads == 10 * (Decimal(2) + 1 + 2 * orders) / 2
    assert writes == 20


def test_the_audits_cost_as_much_as_the_points_page_says(model: Model) -> None:
    page = (scale.ROOT / "docs" / "points.md").read_text(encoding="utf-8")
    says = re.findall(r"some (\d+) million units", page)
    runs = [run for run in model.runs() if run.job in AUDITS]
    for run, told in zip(runs, says, strict=True):
        reckoned = only(model.run(run.job, run.due), "read_unit") / MILLION
        assert reckoned == pytest.approx(Decimal(told), rel=Decimal("0.2"))


def test_Z3_both_audits_take_45_minutes_at_most_and_a_week_a_quarter_of_the_reads(model: Model) -> None:
    full, changes, week, before = audits.audits(model)
    for each in (full, changes):
        assert each.seconds is not None
        assert each.seconds <= 45 * 60
    assert week.reads <= before.reads / 4
    assert before.reads == 7 * model.value("members") * (
        (model.bytes_of("Members") + model.bytes_of("Orders")) / 8_192 + model.lots_of
    )


def test_the_page_has_the_table_of_the_audits(model: Model) -> None:
    page = scale.PAGE.read_text(encoding="utf-8")
    assert tables.written(page, audits.parts(model), by=audits.BY) == page


def test_every_job_of_the_timetable_has_its_run(model: Model) -> None:
    scheduled = {each.job for each in timetable(policies.load())}
    assert {run.job for run in model.runs()} <= scheduled
    assert set(WORKS) <= scheduled


def test_schedules_fire_as_often_as_the_timetable_says(model: Model) -> None:
    assert costs._runs_a_month(Every(5)) == Decimal("30.4375") * 288
    a_month = {run.job: run.a_month for run in model.runs()}
    assert a_month[AUDIT_POINTS] == Decimal("30.4375") / 7
    assert a_month[AUDIT_CHANGES] == Decimal("30.4375")
    assert a_month[ISSUE_BIRTHDAY_COUPONS] == 1
    assert a_month[EXPIRE_POINTS] == Decimal(1) / 12
    fired = sum(
        (costs._runs_a_month(each.when) for each in timetable(policies.load()) if each.job not in AUDITS),
        costs._runs_a_month(Every(model.watch_minutes)),
    )
    assert only(model.standing(), "schedule") == pytest.approx(fired)


def test_the_stack_is_counted_as_it_stands() -> None:
    stack = Stack.read()
    text = "".join(path.read_text(encoding="utf-8") for path in scale.ROOMS)
    queues = text.count("room.tasks(")
    functions = len(re.findall(r"room\.(function|api|publisher)\(", text)) + 2 * queues
    functions -= text.count('"DocumentsApi",')  # production does not show the API's document
    readers = len(re.findall(r"room\.(reader|publisher)\(", text))
    assert (stack.functions, stack.readers, stack.task_queues) == (functions, readers, queues)
    assert stack.failure_queues == 1 + readers + queues
    # Errors and throttles of each function, each queue and reader, the API, and four of the programme.
    assert stack.alarms == 2 * functions + readers + queues + stack.failure_queues + 1 + 4
    assert (stack.tables, stack.service_clients) == (7, 1)
    room = (scale.INFRA / "room.py").read_text(encoding="utf-8")
    assert "JOB_TIMEOUT = Duration.seconds(60)" in room
    assert stack.worker_seconds == Decimal("55.5")


def test_rows_are_as_large_as_dynamodb_counts_them() -> None:
    # Names and text by their bytes, a number by half its digits and one, a map by 3 and 1 for each entry.
    assert costs.item_bytes({"id": "abc", "n": 1_234, "m": {"a": "é"}}) == 5 + (1 + 3) + (1 + 3 + 1 + 1 + 2)


def test_an_order_that_is_stored_has_the_kilobytes_that_were_measured(model: Model) -> None:
    (order,) = [each for each in model.rows if each.what == "order"]
    assert -(-order.row // 1_024) == model.limits.order_kilobytes(DAY) == 2
    assert order.each == model.value("orders_each_a_year")


def test_what_is_stored_counts_rows_entries_and_overhead() -> None:
    row = costs.Stored(table="Members", what="wallet", row=200, entries=(50, 60), each=Decimal(3))
    assert row.recovered == 3 * 300
    assert row.stored == 3 * (300 + 150 + 160)


def test_members_who_sign_in_are_charged_by_their_number(model: Model) -> None:
    signed_in = only(model.standing(), "active_user")
    assert signed_in == model.value("members") * model.value("active_share") == 2_000_000
    assert model.by_service(model.standing())["Cognito"] > model.dollars(model.standing()) / 2


def test_each_lever_saves_something_and_less_than_all(model: Model) -> None:
    month, orders = model.dollars(model.standing()), model.dollars(model.orders())
    for lever in costs.levers(model):
        assert 0 < lever.saves < (month if lever.of == "a month" else orders), lever.turn


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0", "0.00"),
        ("142.638", "142.64"),
        ("0.4951", "0.50"),
        ("0.0106", "0.011"),
        ("0.0000058", "0.0000058"),
        ("30159.4", "30 159"),
    ],
)
def test_money_is_written_so_that_it_says_something(value: str, says: str) -> None:
    assert costs.money(Decimal(value)) == says


def test_numbers_are_written_with_thousands_apart() -> None:
    assert [costs.number(Decimal(each)) for each in ("12376408", "20", "1.2", "9", "0.0833")] == [
        "12 376 408",
        "20",
        "1.2",
        "9",
        "0.083",
    ]


def test_the_page_says_what_the_model_says(model: Model) -> None:
    page = costs.PAGE.read_text(encoding="utf-8")
    assert tables.written(page, costs.parts(model), by=costs.BY) == page


def test_the_pages_words_are_those_of_the_tables(model: Model) -> None:
    page = " ".join(costs.PAGE.read_text(encoding="utf-8").split())
    by_service = model.by_service(model.orders())
    assert "Writes are the largest part of the bill" in page
    assert max(by_service, key=lambda service: by_service[service]) == "DynamoDB"
    writes = model.prices["write_unit"].of(only(model.orders(), "write_unit"))
    assert writes > model.dollars(model.orders()) / 3
    assert "Writes cost five times as much as reads" in page
    assert model.prices["write_unit"].usd == 5 * model.prices["read_unit"].usd
    assert "The two audits together are the dearest job" in page
    a_month = {run.job: run.a_month * model.dollars(model.run(run.job, run.due)) for run in model.runs()}
    both = sum(a_month.pop(job) for job in AUDITS)
    assert both > max(a_month.values())


def test_a_page_that_says_something_else_fails_the_check(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "costs.md"
    page.write_text(costs.PAGE.read_text(encoding="utf-8").replace("| all |", "| sum |"), encoding="utf-8")
    monkeypatch.setattr(costs, "PAGE", page)
    assert costs.main(["--check"]) == 1
    assert "benchmarks.costs --write" in capsys.readouterr().err
    assert costs.main(["--write"]) == 0
    assert costs.main(["--check"]) == 0
    with pytest.raises(ValueError, match="no place for orders"):
        tables.written("nothing", costs.parts(model), by=costs.BY)
