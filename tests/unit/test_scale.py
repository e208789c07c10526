"""The model of docs/scale.md: its arithmetic, where its figures come from, and that the page says them."""

import heapq
import itertools
import math
import random
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import scale, tables
from benchmarks.scale import DAY, FLASH_SALE, REFUSED_MAX, Limit, Mix, Model, Per, Programme
from functions.contexts import timetable
from functions.counters import counter
from functions.coupons import jobs as coupon_jobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import policy as policies
from functions.offers import schema
from functions.orders import jobs as order_jobs
from functions.orders import life
from functions.orders import rows as order_rows
from functions.platform import deadline, dynamo, fanout
from functions.points import account_rows, jobs, posting
from functions.points.timetable import EXPIRE_POINTS
from functions.tiers import members

HOLD = 0.010
SENDS = 8


@pytest.fixture(scope="module")
def model() -> Model:
    """The model of the code as it is."""
    return Model.now()


def limit(model: Model, where: str, mix: Mix = DAY) -> Limit:
    """Return the one limit whose name begins so."""
    (found,) = [each for each in model.limits(mix) if each.where.startswith(where)]
    return found


def page_words() -> str:
    """Return the page's own words, its tables left out, on one line."""
    text = scale.PAGE.read_text(encoding="utf-8")
    return " ".join(re.sub(r"^\|.*$", "", text, flags=re.MULTILINE).split())


def test_a_row_carries_no_more_than_one_transaction_after_another() -> None:
    for offered in (1, 10, 100, 1_000, 100_000):
        placed = scale.conflicts(offered, HOLD, SENDS) / HOLD
        assert placed <= min(offered, 1 / HOLD) + 1e-6


def test_sent_once_it_is_erlangs_loss_formula() -> None:
    # 100 a second of 10 ms each offer one server one erlang, of which it loses half.
    assert scale.conflicts(100, HOLD, sends=1) == pytest.approx(0.5)
    assert scale.conflicts(300, HOLD, sends=1) == pytest.approx(0.75)


def test_what_gets_through_is_what_was_sent_less_what_is_refused() -> None:
    for offered in (20, 42, 90, 1_000):
        share = scale.conflicts(offered, HOLD, SENDS)
        assert share / HOLD == pytest.approx(offered * (1 - share**SENDS))


def test_one_in_a_thousand_is_refused_at_42_orders_per_second() -> None:
    # The eighth root of 0.001 is 0.4217: as much of the second has the row a transaction.
    assert scale.carried(0.001, HOLD, SENDS) == pytest.approx(42.2119, abs=1e-4)
    share = scale.conflicts(scale.carried(REFUSED_MAX, HOLD, SENDS), HOLD, SENDS)
    assert share**SENDS == pytest.approx(REFUSED_MAX, rel=1e-6)


def test_half_the_time_on_the_row_is_twice_the_orders() -> None:
    assert scale.carried(0.01, HOLD / 2, SENDS) == pytest.approx(2 * scale.carried(0.01, HOLD, SENDS))


def test_more_sends_refuse_fewer() -> None:
    refused = [scale.conflicts(50, HOLD, sends) ** sends for sends in (1, 2, 4, 8, 16)]
    assert refused == sorted(refused, reverse=True)


@pytest.mark.parametrize("offered", [40, 100, 400])
def test_a_row_that_is_simulated_refuses_as_much_as_the_formula_says(model: Model, offered: int) -> None:
    figures, drawn = model.figures, random.Random(7)  # noqa: S311 - a load, not a secret
    count = 6_000
    arrivals = itertools.accumulate(drawn.expovariate(offered) for _ in range(count))
    due = [(at, 1) for at in arrivals]
    free_at, refused = 0.0, 0
    while due:
        at, sent = heapq.heappop(due)
        if at >= free_at:
            free_at = at + HOLD
        elif sent == figures.sends:
            refused += 1
        else:
            span = min(figures.backoff_cap, figures.backoff_base * 2**sent)
            heapq.heappush(due, (at + drawn.uniform(0, span), sent + 1))
    expected = scale.conflicts(offered, HOLD, figures.sends) ** figures.sends
    assert refused / count == pytest.approx(expected, abs=0.03)


def test_a_request_that_meets_nobody_waits_for_nothing(model: Model) -> None:
    made = scale.rush(0.001, HOLD, model.figures, model.given)
    assert made.sends == pytest.approx(1, abs=1e-4)
    assert made.seconds == pytest.approx(model.given.request_seconds, abs=1e-4)


def test_a_request_waits_at_most_as_long_as_the_code_lets_it(model: Model) -> None:
    made = scale.rush(1e6, HOLD, model.figures, model.given)
    means = (0.02, 0.04, 0.08, 0.16, 0.25, 0.25, 0.25)
    assert made.seconds == pytest.approx(model.given.request_seconds + 7 * HOLD + sum(means), rel=1e-3)


def test_stock_in_n_rows_takes_n_times_as_many_orders() -> None:
    one = scale.carried(REFUSED_MAX, HOLD, SENDS)
    for rows in (1, 7, 24):
        assert scale.buckets_for(one * rows * 0.999, HOLD, SENDS) == rows
        assert scale.buckets_for(one * rows * 1.001, HOLD, SENDS) == rows + 1


def test_a_thousand_orders_per_second_need_24_rows(model: Model) -> None:
    assert scale.buckets_for(scale.SALE, HOLD, model.figures.sends) == 24


@pytest.mark.parametrize(
    ("field", "where"),
    [
        ("due_shards", "index `due`"),
        ("status_shards", "index `by_status`"),
        ("lot_shards", "index `lots_by_release`"),
        ("wallet_shards", "index `wallets_by_year`"),
        ("parallelization", "orders' stream to points"),
        ("publishers_at_once", "orders' stream to bus"),
        ("publishers_at_once", "members' stream to bus"),
        ("requests_per_second", "throttle of the stage"),
    ],
)
def test_twice_as_much_of_it_is_twice_the_limit(model: Model, field: str, where: str) -> None:
    twice = replace(model.figures, **{field: 2 * getattr(model.figures, field)})
    assert limit(replace(model, figures=twice), where).at == pytest.approx(2 * limit(model, where).at)


@pytest.mark.parametrize(
    ("quota", "where"),
    [
        ("api_requests", "API Gateway"),
        ("sign_ins", "Cognito"),
        ("put_events", "EventBridge"),
        ("table_writes", "table Orders, quota"),
        ("new_table_reads", "table Members, new, reads"),
    ],
)
def test_a_quota_that_is_doubled_doubles_its_limit(model: Model, quota: str, where: str) -> None:
    given = model.quotas[quota]
    raised = {**model.quotas, quota: replace(given, value=2 * given.value)}
    assert limit(replace(model, quotas=raised), where).at == pytest.approx(2 * limit(model, where).at)


def test_more_workers_than_shards_find_nothing_to_do(model: Model) -> None:
    figures = model.figures
    more = replace(model, figures=replace(figures, workers=2 * figures.lot_shards))
    both = replace(model, figures=replace(more.figures, lot_shards=2 * figures.lot_shards))
    released = "job `release-points`"
    assert figures.workers == figures.lot_shards
    assert limit(more, released).at == limit(model, released).at
    assert limit(both, released).at == pytest.approx(2 * limit(model, released).at)


def test_readers_and_reserves_take_from_the_accounts_concurrency(model: Model) -> None:
    where = "Lambda"
    # 1 000 less 120 reserved, 3 x 8 and 5 x 2 readers of 4 shards, and one of each of two that gather; ten
    # requests a second, ten per order.
    assert limit(model, where).at == pytest.approx((1_000 - 120 - 144) * 10 / 10)
    wide = replace(model, figures=replace(model.figures, parallelization=10, publishers_at_once=4))
    assert limit(wide, where).at == pytest.approx((1_000 - 120 - 208) * 10 / 10)
    slow = replace(model, given=replace(model.given, request_seconds=0.2))
    assert limit(slow, where).at == pytest.approx((1_000 - 120 - 144) * 5 / 10)


def test_Z7_a_batch_of_postings_is_limited_by_the_core_and_hardly_by_waiting(model: Model) -> None:
    waiting = 0.005 * 3 / 100 + 0.010 / model.figures.members_together / 4
    each = waiting + model.figures.cpu_posting / model.cores
    assert model.posting_seconds(DAY) == pytest.approx((0.9 + 0.9) * each)
    assert waiting < each / 5


def test_Z8_ten_events_share_a_call(model: Model) -> None:
    each = 0.010 / 10 + model.given.publish_cpu_seconds / model.cores
    assert model.published_seconds == pytest.approx(each)
    told = limit(model, "orders' stream to bus").at
    assert told == pytest.approx(4 * 2 / (3.8 * each))
    assert told > 500


def test_limits_on_worked_numbers(model: Model) -> None:
    assert limit(model, "throttle of the stage").at == 1_000 / 10
    assert limit(model, "index `due`").at == 16 * 1_000 / 2
    assert limit(model, "index `by_status`").at == 6 * 1_000 / 2
    assert limit(model, "Cognito").at == pytest.approx(120 / 0.3)
    written = 1 + 0.2 / 70  # what lapses is written by the seventy
    one_after_another = "stock of a sku in 48 rows, one transaction"
    assert limit(model, one_after_another, FLASH_SALE).at == pytest.approx(48 * 100 / written)
    assert limit(model, "row of a product, read units", FLASH_SALE).at == 3_000 / 3
    assert limit(model, "rows of a transaction").at == 97
    assert model.new_shards == 4


def test_tables_take_what_rows_of_transactions_cost(model: Model) -> None:
    sale = model.table_writes(FLASH_SALE)
    # Placed, paid or lapsed: two writes of a row of one kilobyte, and a payment's row for four of five.
    assert sale["Orders"] == pytest.approx(2 * 2 + 2 * 0.8)
    assert sale["Catalog"] == pytest.approx(2 * (1 + 0.2 / 70))
    # Wallet and entry where points are redeemed; wallet, lot, entry and standing where it is paid.
    assert sale["Members"] == pytest.approx(2 * (2 * 0.2 + 4 * 0.8))


def test_Z2_every_job_and_every_reader_takes_500_orders_a_second(model: Model) -> None:
    of_day = {each.where: each.at for each in model.limits(DAY)}
    jobs_of_day = {where: at for where, at in of_day.items() if where.startswith("job ")}
    assert {"job `lapse-unpaid`", "job `auto-receipt`", "job `release-points`"} <= jobs_of_day.keys()
    assert min(jobs_of_day.values()) >= 500
    readers = {where: at for where, at in of_day.items() if "stream to" in where}
    assert {where.split(", ")[0] for where in readers} == {
        "orders' stream to points",
        "orders' stream to bus",
        "members' stream to bus",
    }
    assert min(readers.values()) >= 500
    # Where everybody confirms, nobody waits for it.
    assert all("auto-receipt" not in each.where for each in model.limits(replace(DAY, unconfirmed=0)))


@pytest.mark.parametrize("requests", [1, 1_000, 2_000, 3_000, 3_500])
def test_Z2_what_refuses_first_on_an_ordinary_day_is_the_throttle_of_the_stage(
    model: Model, requests: int
) -> None:
    """Up to what a new account's quota of concurrency gives: a stage for more has it raised first."""
    stage = model.made_for(requests)
    throttle, *others = [each for each in stage.first(DAY) if not each.waits]
    assert (throttle.where, throttle.beyond[:3]) == ("throttle of the stage", "429")
    assert throttle.orders(DAY) == pytest.approx(requests / DAY.requests)
    assert throttle.orders(DAY) < others[0].orders(DAY)


def test_Z10_100_000_unpaid_orders_of_a_sale_lapse_within_a_minute(model: Model) -> None:
    """Where the stage was made for such a sale, and the product for such a demand: Z1's rows."""
    rates = {where: rate for where, rate, _ in model.lapse_limits(FLASH_SALE)}
    small = [where for where, rate in rates.items() if rate < 5_000]
    assert all("one row" in where or "for 1 000 requests" in where for where in small)
    assert min(rates.values()) >= scale.LAPSE / 60
    assert model.lapses_together(FLASH_SALE) == order_jobs.PAGE_ORDERS
    assert model.lapses_together(DAY) == 1


def lapsed_a_second(model: Model, rows: int, seconds: int = 200) -> float:
    """Return how many orders of a sale workers let lapse that meet on so many rows, as ``commit`` and
    ``together_until`` have them: eight sends with random waits, and then in halves."""
    figures, drawn = model.figures, random.Random(rows)  # noqa: S311 - a seed
    page = figures.orders_page
    rests = page * model.lapse_row_seconds(FLASH_SALE) - model.lapse_seconds(FLASH_SALE)
    free_at, done = [0.0] * rows, 0
    due = [(drawn.uniform(0, rests), worker, [page], 1) for worker in range(model.order_workers)]
    on = {worker: drawn.randrange(rows) for _, worker, _, _ in due}
    heapq.heapify(due)
    while due[0][0] < seconds:
        at, worker, groups, sent = heapq.heappop(due)
        count = groups[0]
        if free_at[on[worker]] <= at:
            at += model.together_seconds(1 + count * (1 + 2 * FLASH_SALE.points))
            free_at[on[worker]] = at
            done += count
            groups = groups[1:]
        elif sent < figures.sends:
            span = min(figures.backoff_cap, figures.backoff_base * 2**sent)
            at += model.given.transaction_seconds + drawn.uniform(0, span)
            heapq.heappush(due, (at, worker, groups, sent + 1))
            continue
        else:
            groups = [count // 2, count - count // 2, *groups[1:]]
        if not groups:
            at, groups, on[worker] = at + rests, [page], drawn.randrange(rows)
        heapq.heappush(due, (at, worker, groups, 1))
    return done / seconds


def test_Z10_workers_that_meet_on_one_row_get_most_of_what_it_takes_through(model: Model) -> None:
    at_most = {where: rate for where, rate, _ in model.lapse_limits(FLASH_SALE)}
    (one_row,) = [rate for where, rate in at_most.items() if "one row" in where]
    alone = lapsed_a_second(model, 1)
    assert scale.LAPSE / 60 < 0.7 * one_row < alone <= one_row
    assert lapsed_a_second(model, 24) > 5_000


def test_a_transaction_of_many_rows_has_them_for_longer(model: Model) -> None:
    given = model.given
    assert model.together_seconds(10) == given.transaction_seconds
    assert model.together_seconds(100) == given.transaction_seconds + 90 * given.transaction_row_seconds


def test_the_first_limit_is_the_least_and_follows_from_the_mix(model: Model) -> None:
    for mix in (DAY, FLASH_SALE):
        first, *others = model.first(mix)
        assert all(first.orders(mix) <= each.orders(mix) for each in others)
    chatty = replace(DAY, requests=1_000)
    assert model.first(chatty)[0].where == "throttle of the stage"


def test_limits_come_in_the_order_that_the_page_says(model: Model) -> None:
    assert model.first(DAY)[0].where == "throttle of the stage"
    refuses = [each for each in model.first(FLASH_SALE) if not each.waits]
    assert refuses[0].where == "Cognito, sign-ins"
    of_stock = next(each for each in refuses if each.where.startswith("stock of a sku"))
    assert of_stock.orders(FLASH_SALE) >= scale.SALE  # Z1


def test_a_sku_that_is_in_half_of_the_orders_bites_at_twice_its_load(model: Model) -> None:
    for each in model.limits(FLASH_SALE):
        if each.per is Per.SKU:
            assert each.orders(replace(FLASH_SALE, hot=0.5)) == pytest.approx(2 * each.at)
            assert each.orders(replace(FLASH_SALE, hot=0)) == float("inf")


def test_one_members_orders_are_no_part_of_the_shops_load(model: Model) -> None:
    assert all(each.per in (Per.ALL, Per.SKU) for each in model.first(DAY))


def test_a_reader_at_half_the_load_is_behind_by_half_the_time() -> None:
    assert scale.seconds_until(3_600, load=200, limit=100) == 7_200


def test_figures_of_functions_are_the_codes(model: Model) -> None:
    figures = model.figures
    assert (figures.due_shards, figures.status_shards) == (order_rows.DUE_SHARDS, order_rows.STATUS_SHARDS)
    assert (figures.lot_shards, figures.wallet_shards) == (
        account_rows.LOT_SHARDS,
        account_rows.WALLET_SHARDS,
    )
    assert figures.birthday_shards == members.BIRTHDAY_SHARDS
    assert (figures.lots_page, figures.birthdays_page) == (jobs.PAGE_ROWS, coupon_jobs.PAGE_ROWS)
    assert (figures.orders_page, figures.in_flight) == (order_jobs.PAGE_ORDERS, fanout.IN_FLIGHT)
    assert (figures.sends, figures.attempts) == (dynamo.SENDS_MAX, dynamo.ATTEMPTS_MAX)
    assert figures.backoff_base == dynamo.BACKOFF_BASE_SECONDS
    assert figures.backoff_cap == dynamo.BACKOFF_CAP_SECONDS
    assert figures.lines_max == schema.LINES_MAX
    assert figures.lots_per_release == posting.LOTS_PER_RELEASE_MAX


def test_a_constant_that_changes_changes_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_rows, "DUE_SHARDS", 32)
    monkeypatch.setattr(dynamo, "SENDS_MAX", 3)
    figures = Programme.read()
    assert (figures.due_shards, figures.sends) == (32, 3)


def test_schedules_are_the_timetables(model: Model) -> None:
    figures = model.figures
    by_name = {each.name: each for each in timetable(policies.load())}
    assert by_name[EXPIRE_POINTS].done_within.total_seconds() == figures.expire_within
    assert by_name[ISSUE_BIRTHDAY_COUPONS].done_within.total_seconds() == figures.issue_within


def test_figures_of_the_infrastructure_are_its_own(model: Model) -> None:
    figures = model.figures

    def construct(name: str) -> ModuleType:
        return import_module(f"infra.constructs.{name}")

    consumer, stage, orders = (
        construct("stream_consumer"),
        import_module("infra.stage"),
        import_module("infra.contexts.orders"),
    )
    assert figures.requests_per_second == stage.REQUESTS_PER_SECOND
    assert figures.burst_requests == stage.BURST_SECONDS * stage.REQUESTS_PER_SECOND
    assert (figures.writes_per_request, figures.reads_per_request) == (
        stage.WRITES_PER_REQUEST,
        stage.READS_PER_REQUEST,
    )
    # What a stage that says nothing gets is what a new table takes.
    assert figures.writes_per_request * figures.requests_per_second == model.quota("new_table_writes")
    assert figures.reads_per_request * figures.requests_per_second == model.quota("new_table_reads")
    assert model.quota("api_requests") == stage.REQUESTS_MAX
    assert figures.writes_per_request * stage.REQUESTS_MAX <= model.quota("table_writes")
    function = construct("function")
    assert (figures.memory_megabytes, figures.order_memory_megabytes) == (
        function.MEMORY_MEGABYTES,
        function.CORE_MEGABYTES,
    )
    assert model.quota("lambda_cpu_megabytes") == function.CORE_MEGABYTES
    assert figures.order_workers == orders.ORDER_WORKERS_MAX == 2 * figures.due_shards
    assert figures.workers == construct("work_queue").WORKERS_MAX
    assert figures.record_age == consumer.RECORD_AGE_MAX.to_seconds()
    assert figures.alarm_age * 1_000 == construct("alarms").BEHIND_MILLISECONDS_MAX


def test_what_is_reserved_is_what_the_stack_reserves(model: Model) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in scale.ROOMS)
    queues = text.count("room.tasks(")
    assert model.figures.reserved == 32 + 32 + 8 * (queues - 3) + 4 + 20 == 120
    assert model.figures.readers == len(re.findall(r"room\.(reader|publisher)\(", text)) == 10
    assert model.figures.gathering == text.count("gathers=") == 2


def test_a_setting_is_read_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "MOST = 9\nTIME = Duration.hours(2)\nLONG = 5 * 60\nNAME = 'x'\nSource(at_once=MOST, factor=3)\n"
    )
    assert scale.constant(path, "MOST") == 9
    assert scale.constant(path, "TIME") == 7_200
    assert scale.constant(path, "LONG") == 300
    assert scale.argument(path, "Source", "at_once") == 9
    assert scale.argument(path, "Source", "factor") == 3
    assert scale.argument(path, "Source", "other") is None
    for name in ("NAME", "GONE"):
        with pytest.raises(KeyError):
            scale.constant(path, name)


def test_measured_figures_are_those_of_the_pages(model: Model) -> None:
    assert scale.measured("checkout.md", "20", "write units") == 50
    assert scale.measured("points.md", "release-points", "CPU each") == model.figures.cpu_release * 1_000
    with pytest.raises(KeyError):
        scale.measured("checkout.md", "4", "write units")
    with pytest.raises(KeyError):
        scale.measured("checkout.md", "3", "gold")


def test_an_order_has_the_kilobytes_that_its_checkout_writes(model: Model) -> None:
    for lines in (1, 3, 20):
        kilobytes = model.order_kilobytes(replace(DAY, lines=lines))
        assert 2 * lines + 2 * kilobytes + 4 == scale.measured("checkout.md", str(lines), "write units")


def test_largest_rows_and_transactions_fit(model: Model) -> None:
    figures = model.figures
    assert figures.lines_max <= limit(model, "rows of a transaction").at
    assert 2 * figures.lots_per_release + 1 <= model.quota("transaction_rows")


def test_each_quota_names_its_page(model: Model) -> None:
    for quota in model.quotas.values():
        assert quota.page.startswith("https://docs.aws.amazon.com/")
        assert quota.title
        assert quota.unit
        assert quota.value > 0


def test_the_page_has_the_models_tables(model: Model) -> None:
    text = scale.PAGE.read_text(encoding="utf-8")
    assert tables.written(text, scale.parts(model), by=scale.BY) == text
    assert scale.main(["--check"]) == 0


def test_a_page_that_says_something_else_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "scale.md"
    text = scale.PAGE.read_text(encoding="utf-8")
    page.write_text(text.replace("| throttle of the stage | 100 |", "| throttle of the stage | 101 |"))
    assert page.read_text() != text
    monkeypatch.setattr(scale, "PAGE", page)
    assert scale.main(["--check"]) == 1
    assert "--write" in capsys.readouterr().err
    assert scale.main(["--write"]) == 0
    assert page.read_text(encoding="utf-8") == text


def test_a_page_without_a_place_for_a_table_is_refused(model: Model) -> None:
    with pytest.raises(ValueError, match="no place"):
        tables.written("# Scale\n", scale.parts(model), by=scale.BY)


def test_the_words_around_the_tables_say_the_models_figures(model: Model) -> None:
    figures, given, words = model.figures, model.given, page_words()
    hold, sends = given.transaction_seconds, figures.sends
    one = scale.carried(REFUSED_MAX, hold, sends)
    one_row = scale.number(one)
    sale = scale.rush(scale.SALE, hold, figures, given)
    batch = given.read_seconds + hold + model.cpu_seconds
    of_a_group = scale.number(scale.batched(batch, scale.FIFO_BATCH))
    free = limit(model, "Lambda").at * DAY.requests / model.quota("lambda_requests_each")
    together = model.lapses_together(FLASH_SALE)
    lapses = {
        name: next(rate for where, rate, _ in model.lapse_limits(FLASH_SALE) if where.startswith(name))
        for name in (
            "index `by_status`:",
            "table Orders, new, of a stage for 1 000",
            "one row of the sku",
        )
    }
    taken = int(scale.LAPSE / lapses["index `by_status`:"])
    said = [
        f"Up to {one_row} orders per second on one product",
        f"and {scale.number(scale.carried(REFUSED_MAX, 0.015, sends))} if it is 15",
        f"That is {scale.number(one * 3_600 // 10_000 * 10_000)} in an hour",
        f"{one_row} per second are {scale.number(one / (1 + (1 - FLASH_SALE.paid) / together))}",
        f"So at 1 000 orders per second, {scale.number(sale.placed)} are placed",
        f"after some {sale.seconds:.1f} seconds each",
        f"{scale.number(sale.at_once)} at once, and the account has {scale.number(free)} left",
        f"{sale.sends:.1f} sends per order",
        f"1 000 pieces last {scale.seconds_to_sell(1_000, scale.SALE, hold, sends):.0f} seconds",
        f"10 000 last {scale.seconds_to_sell(10_000, scale.SALE, hold, sends):.0f}",
        f"1 000 pieces are gone in {1_000 / one:.0f} seconds",
        f"{scale.buckets_for(scale.SALE, hold, sends)} rows take 1 000 orders per second",
        f"take {scale.buckets_for(scale.SALE, 0.015, sends)}, as if it were 15",
        f"{1_000 * batch:.0f} ms a batch that is {of_a_group} orders",
        f"{scale.number(model.quota('fifo_calls') * scale.FIFO_BATCH)} orders",
        f"512 MB are {model.cores:.2f} of a core",
        f"so {model.quota('sign_ups') // 2} shoppers a second can",
        f"have {figures.reserved} of it reserved",
        f"up to {sends} times",
        f"{scale.constant(scale.INFRA / 'room.py', 'API_TIMEOUT')} s of the function, less "
        f"{deadline.ANSWER_MARGIN_SECONDS} s for the answer",
        f"A cart has {figures.lines_max} lines, and its transaction at most {figures.lines_max + 3} rows",
        f"{figures.lots_per_release} lots: {2 * figures.lots_per_release + 1} rows",
        f"{together} to a transaction (a fifth",
        f"100 000 orders take {taken} seconds",
        f"The job runs every minute, so the stock is back {taken} to {60 + taken} seconds after",
        f"A new stage takes {scale.LAPSE / lapses['table Orders, new, of a stage for 1 000']:.0f} seconds",
        f"one row of a product {math.ceil(scale.LAPSE / lapses['one row of the sku'])}",
        f"{together + round(2 * FLASH_SALE.points * together) + 1} rows are taken for "
        f"{1_000 * model.lapse_seconds(FLASH_SALE):.0f} ms where three are {1_000 * hold:.0f}",
        f"A posting takes {posting.CHANGES_PER_POSTING_MAX} changes",
    ]
    assert [each for each in said if each not in words] == []
    assert f"up to {counter.ROWS_MAX} (`ROWS_MAX`" in words
    assert f"An order's row keeps {life.CHANGES_KEPT_MAX} changes" in words
