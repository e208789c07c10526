"""The model of docs/scale.md: its arithmetic, where its figures come from, and that the page says them."""

import heapq
import itertools
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
from functions.coupons import jobs as coupon_jobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import policy as policies
from functions.domain.timetable import Every
from functions.offers import schema
from functions.orders import life
from functions.orders import rows as order_rows
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform import deadline, dynamo
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
        ("parallelization", "orders' stream to bus"),
        ("parallelization", "members' stream to bus"),
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
    # 1 000 less 60 reserved and 5 x 8 readers of 4 shards; ten requests a second each, ten per order.
    assert limit(model, where).at == pytest.approx((1_000 - 60 - 160) * 10 / 10)
    wide = replace(model, figures=replace(model.figures, parallelization=10))
    assert limit(wide, where).at == pytest.approx((1_000 - 60 - 200) * 10 / 10)
    slow = replace(model, given=replace(model.given, request_seconds=0.2))
    assert limit(slow, where).at == pytest.approx((1_000 - 60 - 160) * 5 / 10)


def test_limits_on_worked_numbers(model: Model) -> None:
    assert limit(model, "throttle of the stage").at == 1_000 / 10
    assert limit(model, "index `due`").at == 8 * 1_000 / 2
    assert limit(model, "index `by_status`").at == 4 * 1_000 / 2
    assert limit(model, "Cognito").at == pytest.approx(120 / 0.3)
    assert limit(model, "row of a sku, write units", FLASH_SALE).at == pytest.approx(1_000 / 2 / 1.2)
    assert limit(model, "row of a sku, one transaction", FLASH_SALE).at == pytest.approx(100 / 1.2)
    assert limit(model, "row of a sku, read units", FLASH_SALE).at == 3_000 / 3
    assert limit(model, "rows of a transaction").at == 97
    assert model.new_shards == 4


def test_tables_take_what_rows_of_transactions_cost(model: Model) -> None:
    sale = model.table_writes(FLASH_SALE)
    # Placed, paid or lapsed: two writes of a row of two kilobytes, and a payment's row for four of five.
    assert sale["Orders"] == pytest.approx(2 * 2 * 2 + 2 * 0.8)
    assert sale["Catalog"] == pytest.approx(2 * 1.2)
    # Wallet and entry where points are redeemed; wallet, lot, entry and standing where it is paid.
    assert sale["Members"] == pytest.approx(2 * (2 * 0.2 + 4 * 0.8))


def test_a_job_that_runs_more_often_does_more(model: Model) -> None:
    where = "job `auto-receipt`"
    often = replace(model, figures=replace(model.figures, receipt_every=300))
    assert limit(often, where).at == pytest.approx(12 * limit(model, where).at)
    # Where everybody confirms, nobody waits for it.
    assert all(each.where != where for each in model.limits(replace(DAY, unconfirmed=0)))


def test_the_first_limit_is_the_least_and_follows_from_the_mix(model: Model) -> None:
    for mix in (DAY, FLASH_SALE):
        first, *others = model.first(mix)
        assert all(first.orders(mix) <= each.orders(mix) for each in others)
    assert model.first(FLASH_SALE)[0].per is Per.SKU
    chatty = replace(DAY, requests=1_000)
    assert model.first(chatty)[0].where == "throttle of the stage"


def test_limits_come_in_the_order_that_the_page_says(model: Model) -> None:
    assert model.first(DAY)[0].where == "job `auto-receipt`"
    throttle = next(place for place, each in enumerate(model.first(DAY)) if "throttle" in each.where)
    assert not any("stream" in each.where for each in model.first(DAY)[:throttle])
    assert next(each for each in model.first(DAY) if not each.waits).where == "throttle of the stage"
    refuses = [each for each in model.first(FLASH_SALE) if not each.waits]
    assert [each.per for each in refuses[:2]] == [Per.SKU, Per.SKU]
    assert refuses[2].where == "Cognito, sign-ins"


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
    assert (figures.sends, figures.attempts) == (dynamo.SENDS_MAX, dynamo.ATTEMPTS_MAX)
    assert figures.backoff_base == dynamo.BACKOFF_BASE_SECONDS
    assert figures.backoff_cap == dynamo.BACKOFF_CAP_SECONDS
    assert figures.lines_max == schema.LINES_MAX
    assert figures.lots_per_release == posting.LOTS_PER_RELEASE_MAX


def test_a_constant_that_changes_changes_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_rows, "DUE_SHARDS", 16)
    monkeypatch.setattr(dynamo, "SENDS_MAX", 3)
    figures = Programme.read()
    assert (figures.due_shards, figures.sends) == (16, 3)


def test_schedules_are_the_timetables(model: Model) -> None:
    figures = model.figures
    by_name = {each.name: each for each in timetable(policies.load())}
    assert by_name[LAPSE_UNPAID].when == Every(figures.lapse_every // 60)
    assert by_name[AUTO_RECEIPT].when == Every(figures.receipt_every // 60)
    assert by_name[EXPIRE_POINTS].done_within.total_seconds() == figures.expire_within
    assert by_name[ISSUE_BIRTHDAY_COUPONS].done_within.total_seconds() == figures.issue_within


def test_figures_of_the_infrastructure_are_its_own(model: Model) -> None:
    figures = model.figures

    def construct(name: str) -> ModuleType:
        return import_module(f"infra.constructs.{name}")

    api, consumer, orders = (
        construct("membership_api"),
        construct("stream_consumer"),
        import_module("infra.contexts.orders"),
    )
    assert figures.requests_per_second == api.REQUESTS_PER_SECOND
    assert figures.burst_requests == api.BURST_REQUESTS
    assert figures.workers == construct("work_queue").WORKERS_MAX
    assert figures.record_age == consumer.RECORD_AGE_MAX.to_seconds()
    assert figures.alarm_age * 1_000 == construct("alarms").BEHIND_MILLISECONDS_MAX
    assert figures.job_seconds == orders.ORDER_JOBS_TIMEOUT.to_seconds() - deadline.ANSWER_MARGIN_SECONDS


def test_what_is_reserved_is_what_the_stack_reserves(model: Model) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in scale.ROOMS)
    queues = text.count("room.tasks(")
    assert model.figures.reserved == 4 + 8 * (queues - 1) + 32 == 60
    assert model.figures.readers == len(re.findall(r"room\.(reader|publisher)\(", text)) == 5


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


def test_memory_and_threads_stand_where_the_page_says(model: Model) -> None:
    function = (scale.INFRA / "constructs" / "function.py").read_text(encoding="utf-8")
    assert f"MEMORY_MEGABYTES = {model.figures.memory_megabytes}\n" in function
    assert f"SHARDS_AT_ONCE = {model.figures.threads}\n" in scale.SCHEDULE.read_text(encoding="utf-8")


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
    in_a_run = limit(model, "job `auto-receipt`").at * DAY.unconfirmed * figures.receipt_every
    batch = given.read_seconds + hold + model.cpu_seconds
    of_a_group = scale.number(scale.batched(batch, scale.FIFO_BATCH))
    free = limit(model, "Lambda").at * DAY.requests / model.quota("lambda_requests_each")
    said = [
        f"Up to {one_row} orders per second on one product",
        f"and {scale.number(scale.carried(REFUSED_MAX, 0.015, sends))} if it is 15",
        f"That is {scale.number(one * 3_600 // 10_000 * 10_000)} in an hour",
        f"{one_row} per second are {scale.number(limit(model, 'row of a sku, one in', FLASH_SALE).at)}",
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
        f"some {scale.number(in_a_run // 100 * 100)} orders a run",
        f"{scale.number(in_a_run * 24 // 1_000 * 1_000)} a day",
        f"512 MB are {model.cores:.2f} of a core",
        f"so {model.quota('sign_ups') // 2} shoppers a second can",
        f"have {figures.reserved} of it reserved",
        f"up to {sends} times",
        f"{scale.constant(scale.INFRA / 'room.py', 'API_TIMEOUT')} s of the function, less "
        f"{deadline.ANSWER_MARGIN_SECONDS} s for the answer",
        f"A cart has {figures.lines_max} lines, and its transaction at most {figures.lines_max + 3} rows",
        f"{figures.lots_per_release} lots: {2 * figures.lots_per_release + 1} rows",
        f"A posting takes {posting.CHANGES_PER_POSTING_MAX} changes",
    ]
    assert [each for each in said if each not in words] == []
    assert scale.all_free(24, scale.SALE, hold, sends) == pytest.approx(2e-6, rel=0.5)
    assert f"An order's row keeps {life.CHANGES_KEPT_MAX} changes" in words
