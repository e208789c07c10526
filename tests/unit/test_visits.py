"""What visits cost: the arithmetic, what the audit weighs, and that the page says so."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from benchmarks import costs, tables, visits
from benchmarks.costs import GIGABYTE, Model, Part
from benchmarks.visits import CONSOLE, STOREFRONT, Visit
from functions.platform.cors import ANSWER_SECONDS
from functions.platform.trail import RECORD_KEPT_DAYS
from tests.support.stack import ROOT

ONE = Decimal(1)


@pytest.fixture(scope="module")
def model() -> Model:
    """The model of the code as it is."""
    return Model.now()


def only(parts: Sequence[Part], name: str) -> Decimal:
    """Return how much of one thing is bought."""
    return sum((part.quantity for part in parts if part.price == name), Decimal(0))


def test_K5_a_first_visit_is_sent_each_file_once_and_a_later_one_what_is_asked_for_each_time(
    model: Model,
) -> None:
    home = visits.apps()[STOREFRONT].pages["home"]
    first = Visit(what="", app=STOREFRONT, views={"home": Decimal(3)})
    assert only(visits.shown(model, first), "cdn_request") == home.files + home.asked_each_time
    assert first.size == home.size + visits.apps()[STOREFRONT].document
    later = replace(first, known=True)
    assert only(visits.shown(model, later), "cdn_request") == home.asked_each_time == 5
    assert (
        only(visits.shown(model, later), "cdn_transfer") == 5 * model.value("answer_headers_bytes") / GIGABYTE
    )


def test_K5_the_bucket_is_asked_for_what_the_edge_may_not_keep_and_for_a_share_of_the_rest(
    model: Model,
) -> None:
    visit = Visit(what="", app=STOREFRONT, views={"home": ONE})
    parts = visits.shown(model.assuming(edge_misses=1), visit)
    assert only(parts, "object_get") == only(parts, "cdn_request")
    parts = visits.shown(model.assuming(edge_misses=0), visit)
    assert only(parts, "object_get") == only(parts, "cdn_function") == visit.asked_each_time


def test_K4_the_first_page_is_within_its_limit_as_it_was_measured() -> None:
    for app in visits.apps().values():
        assert 100_000 < app.document + app.first.size < 250_000


def test_an_operation_is_asked_for_as_often_as_its_pages_are_looked_at(model: Model) -> None:
    visit = Visit(
        what="",
        app=STOREFRONT,
        views={"home": ONE, "a product": Decimal(4)},
        besides={"quote_cart": Decimal(2)},
    )
    calls, pages = visits.calls_of(visit), visits.apps()[STOREFRONT].pages
    assert (
        calls["get_product"]
        == pages["home"].calls["get_product"] + 4 * pages["a product"].calls["get_product"]
    )
    assert calls["quote_cart"] == 2
    assert visit.requests == sum(calls.values())
    asked = visits.asked(model.assuming(preflights=Decimal("0.5")), calls)
    assert only(asked, "api_request") == Decimal("1.5") * visit.requests


def test_all_that_is_reckoned_as_an_operation_is_one_of_the_api_and_measured(model: Model) -> None:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    known = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert visits.MEASURED.keys() | visits.RECORDED <= known
    assert {*visits.MEASURED.values(), visits.ALIKE} <= model.units.keys()
    asked = {name for app in visits.apps().values() for page in app.pages.values() for name in page.calls}
    assert asked <= known


def test_K7_a_clerks_looks_at_members_are_writes(model: Model) -> None:
    calls = visits.calls_of(visits.day(model))
    for operation in visits.RECORDED:
        assert calls[operation] > 0
        assert model.units[visits.measured_as(operation)].write >= 6
    others = calls.keys() - visits.RECORDED
    assert all(not model.units[visits.measured_as(operation)].write for operation in others)


def test_K7_a_record_weighs_what_was_measured_of_a_write_with_and_without_one(model: Model) -> None:
    with_record, without = model.units["receive as staff"].write, model.units["receive"].write
    # A put by itself counts once, in a transaction with its record twice: of a row of 1 kB one unit more.
    assert visits.record_units() == 8
    assert 8 <= with_record - without <= 10


def test_K7_three_years_of_records_are_kept_and_copied_once_a_minute(model: Model) -> None:
    assert RECORD_KEPT_DAYS == 1_096
    bare = model.assuming(orders_a_month=0, clerks=1, clerk_days=1)
    assert visits.records_a_month(bare) == visits.records_of_a_day(model)
    lines = {what: parts for what, _, parts in visits.audit_lines(model)}
    objects = next(parts for what, parts in lines.items() if "objects" in what)
    assert only(objects, "object_put") == 1_440 * costs.DAYS_PER_MONTH
    stored = next(parts for what, parts in lines.items() if what.startswith("GB of records"))
    assert only(stored, "table_stored") > only(stored, "table_recovery") > 0


def test_what_cloudfront_gives_away_is_used_up_first_by_what_is_asked_for_each_time(model: Model) -> None:
    for visit in visits.visits(model):
        free = visits.free_visits(model, visit)
        assert set(free) == {"cdn_transfer", "cdn_request", "cdn_function"}
        assert min(free.values()) == 2_000_000 / visit.asked_each_time


def test_the_page_says_what_the_model_says(model: Model) -> None:
    page = costs.PAGE.read_text(encoding="utf-8")
    assert tables.written(page, visits.parts(model), by=visits.BY) == page


def test_the_pages_words_are_those_of_the_tables(model: Model) -> None:
    page = " ".join(costs.PAGE.read_text(encoding="utf-8").split())
    assert "The API's part is the visit's bill" in page
    for visit in visits.visits(model):
        of_api = visits.asked(model, visits.calls_of(visit))
        assert model.dollars(of_api) > model.dollars(visits.shown(model, visit))
        assert max(model.by_service(of_api).items(), key=lambda each: each[1])[0] == "API Gateway"
    assert "some fifty loads of the page" in page
    assert 45 <= model.value("clerk_signs_in") <= 55
    assert "good for an hour" in page
    assert ANSWER_SECONDS == 3_600
    given = model.value
    by_services = given("orders_a_month") * (given("paid") + given("shipped"))
    assert "Nearly all records are of payments and shipments" in page
    assert by_services / visits.records_a_month(model) > Decimal("0.9")
    assert re.search("records are of payments and shipments .* it is half", page)


def test_the_console_is_looked_at_with_all_pages_of_a_clerks_day(model: Model) -> None:
    assert set(visits.day(model).views) <= visits.apps()[CONSOLE].pages.keys()
