"""Reads that are behind, or come in pieces: what an index says is only a hint, and nothing is skipped."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from functions.aftersales.timetable import FOLLOW_CASES
from functions.coupons import claimable
from functions.coupons import jobs as coupon_jobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import identifiers
from functions.orders import jobs as order_jobs
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.platform.dynamo import Row, from_item, to_item
from functions.platform.observability import metrics
from functions.platform.settings import Settings
from functions.points import jobs as points_jobs
from functions.points import passes, shards
from functions.points.passes import AUDIT_ACCOUNTS, AUDIT_ORDERS
from functions.points.timetable import (
    ANNOUNCE_EXPIRING,
    AUDIT_POINTS,
    EXPIRE_POINTS,
    RELEASE_POINTS,
    REPLAY_POINTS,
)
from functions.tiers import members
from tests.stores.test_coupons import CouponWorkers
from tests.support.accounts import hold_coupon
from tests.support.aftersales import CaseWorkers
from tests.support.bench import TEA, Bench, Dump
from tests.support.events import claims, role, staff
from tests.support.orders import OrderWorkers
from tests.support.paying import money_waits
from tests.support.points import Points, Workers, store
from tests.support.shop import NOON
from tests.support.stack import ROOT
from tests.support.tables import INDEXES, PARTITION_KEYS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = timedelta(days=1)
YEAR_END = store(2027, 1, 1)
IN_2025 = store(2025, 6, 1)
PAST_WINDOW = NOON + timedelta(minutes=30)
PAST_RECEIPT = NOON + 11 * DAY
DUE = NOON + 7 * DAY
TIMES = {
    LAPSE_UNPAID: PAST_WINDOW,
    AUTO_RECEIPT: PAST_RECEIPT,
    LOOK_FOR_PARCELS: NOON + 4 * DAY,
    RELEASE_POINTS: DUE,
    EXPIRE_POINTS: YEAR_END,
    ANNOUNCE_EXPIRING: store(2026, 12, 2, 9),
    ISSUE_BIRTHDAY_COUPONS: store(2026, 5, 1, 0, 5),
    AUDIT_POINTS: DUE + DAY,
    REPLAY_POINTS: DUE + DAY,
}
"""When each job runs here."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages be small, audits have few segments, and nothing be counted."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    monkeypatch.setattr(order_jobs, "PAGE_ORDERS", 3)
    monkeypatch.setattr(points_jobs, "PAGE_ROWS", 3)
    monkeypatch.setattr(coupon_jobs, "PAGE_ROWS", 3)
    monkeypatch.setattr(shards, "SCAN_ROWS", 4)
    monkeypatch.setattr(shards, "SMALL_ROWS", 4)
    for work in (AUDIT_ACCOUNTS, AUDIT_ORDERS):
        monkeypatch.setitem(passes.SEGMENTS, work, 2)


def run(bench: Bench, job: str, at: datetime | None = None) -> None:
    """Run a job to its end; nothing of it fails."""
    moment = at or TIMES[job]
    kinds: dict[str, type[Workers]] = {
        LAPSE_UNPAID: OrderWorkers,
        AUTO_RECEIPT: OrderWorkers,
        LOOK_FOR_PARCELS: OrderWorkers,
        ISSUE_BIRTHDAY_COUPONS: CouponWorkers,
    }
    assert kinds.get(job, Workers)(bench.shop).do(job, moment) == []


# --- empty pages that are not the last ---


@contextmanager
def in_pieces(client: "DynamoDBClient") -> Iterator[list[str]]:
    """Let every query and scan begin with an empty page that has a cursor, and go on in short pages.

    Gives which operations met an empty page.
    """
    numbers = itertools.count()
    begins: dict[str, Any] = {}
    met: list[str] = []

    def ask(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        start = params.pop("ExclusiveStartKey", None)
        context["go on"] = start is not None and "empty" in start
        context["start"] = begins[start["empty"]["S"]] if context["go on"] else start
        if context["start"] is not None:
            params["ExclusiveStartKey"] = context["start"]
        params["Limit"] = max(1, params["Limit"] // 3)

    def empty(model: Any, context: dict[str, Any], **_: Any) -> Any:
        if context["go on"]:
            return None
        name = str(next(numbers))
        begins[name] = context["start"]
        met.append(model.name)
        page = {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": {"empty": {"S": name}}}
        return SimpleNamespace(status_code=200), {**page, "ResponseMetadata": {"HTTPStatusCode": 200}}

    hooks = [
        (f"{when}.dynamodb.{operation}", hook)
        for operation in ("Query", "Scan")
        for when, hook in (("before-parameter-build", ask), ("before-call", empty))
    ]
    for event, hook in hooks:
        client.meta.events.register(event, hook)
    yield met
    for event, hook in hooks:
        client.meta.events.unregister(event, hook)


def paged_routes() -> dict[str, bool]:
    """Return the routes of the document that take a cursor, and whether they are for staff."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    return {
        path: "`forbidden`" in operations["get"]["responses"].get("403", {}).get("description", "")
        for path, operations in document["paths"].items()
        if any(each["name"] == "cursor" for each in operations.get("get", {}).get("parameters", []))
    }


PAGED = paged_routes()
RETURNS, SALES = "/reports/returns", "/reports/sales"
"""Of their pages each sums up other orders."""
AUDIT = "/audit"
NEEDED: dict[str, list[dict[str, str]]] = {
    AUDIT: [{"operator": "clerk"}, {"member_id": "alice"}, {"date": "2026-05-01"}],
    "/orders/due": [{"kind": kind} for kind in ("lapse", "receipt", "late")],
    "/orders/search": [{}, {"tracking_no": "SF1"}],
}
"""What is asked for besides, where a list cannot do without or has several ways."""


def full_life(bench: Bench, points: Points) -> None:
    """Let there be more than a page of everything that is listed."""
    nobodys = identifiers.order_id("nobody", "k")
    money_waits(bench.tables, bench.settings, nobodys, NOON, 7)
    for number in range(7):
        bench.now = NOON + timedelta(minutes=number)
        order_id = bench.placed(f"k{number}")
        if number % 2:
            assert bench.pay(order_id, f"p{number}").done
            assert bench.post(order_id).done
        if number == 5:
            bench.must("POST", f"/orders/{order_id}/shipment", who=staff())
            for carrier in ("SF", "YTO", "ZTO"):
                bench.must("POST", f"/orders/{order_id}/shipment", {"carrier": carrier}, who=staff())
        birthday = {"birthday": f"1990-05-0{number + 1}", "reason": "told"}
        bench.must("PUT", "/members/alice/birthday", birthday, who=staff())
        if number == 3:
            bench.must("POST", f"/orders/{order_id}/cancel")
            assert bench.post(order_id).done
        name = {"name": "T", "price_fen": 990, "member_zone": True}
        bench.must("PUT", f"/products/zone-{number}", name, who=staff())
        movement = {"movement_id": f"m{number}", "delta": 1, "reason": "delivery"}
        bench.must("POST", "/products/zone-0/stock", movement, who=staff())
        if number:
            year = store(2030 + number, 1, 1)
            hold_coupon(
                bench.tables,
                bench.settings.members_table,
                "alice",
                face_fen=2_000,
                valid_from=year,
                valid_until=year + DAY,
            )
    for number in range(5):
        asked = {"name": "Week", "scope": {"all": True}, "status": "paused"}
        times = {
            "starts_at": f"2026-12-0{1 + number // 2}T00:00:00+08:00",
            "ends_at": "2099-01-01T00:00:00+08:00",
        }
        campaign = asked | times | {"kind": "discount", "terms": {"rate": "0.9"}}
        bench.must("PUT", f"/campaigns/c{number}", campaign, who=staff())
        template = {"kind": "amount", "face_value_fen": 100, "min_fen": 0, "valid": {"days": 7}}
        template |= {"status": "active", "claimable": True}
        bench.must("PUT", f"/coupon-templates/t{number}", asked | template, who=staff())
    for number, tier_points in enumerate((40_000, 90_000) * 2):
        paper = points.pay("alice", tier_points, NOON + number * DAY)
        points.post(paper)
        points.give_back(paper, 0, NOON + number * DAY + timedelta(hours=1))
        points.post(paper)
    for number in range(5):
        points.join(f"m{number}")
        points.pay(f"m{number}", 10, NOON)
    parcels_and_cases(bench)
    run(bench, AUDIT_POINTS)


def waiting(bench: Bench) -> None:
    """Let orders wait for money, and parcels of one number be on their way, some since the same second."""
    for number in range(14):
        bench.now = NOON + timedelta(hours=2, seconds=number // 4)
        order_id = bench.placed(f"waits{number}")
        if number % 2:
            assert bench.pay(order_id, f"waits{number}").done
            bench.must("POST", f"/orders/{order_id}/shipment", {"tracking_no": "SF1"}, who=staff())


def parcels_and_cases(bench: Bench) -> None:
    """Let six parcels be late, about each of which alice complains."""
    for number in range(6):
        bench.now = NOON + timedelta(hours=1, minutes=number)
        order_id = bench.placed(f"late{number}")
        assert bench.pay(order_id, f"late{number}").done
        bench.must("POST", f"/orders/{order_id}/shipment", who=staff())
        complaint = {"request_id": "q", "kind": "complaint", "reason": "late"}
        bench.must("POST", f"/orders/{order_id}/cases", complaint)
    run(bench, LOOK_FOR_PARCELS)


def walked(bench: Bench, path: str, limit: int, **query: str) -> list[Any]:
    """Return everything that a list shows, page by page."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = bench.must(
            "GET",
            path.format(sku="zone-0", member_id="alice", order_id=identifiers.order_id("alice", "k5")),
            who=(role("admin") if path == AUDIT else staff()) if PAGED[path] else claims("alice"),
            query={"limit": str(limit), **query, **more},
        )
        assert len(page["items"]) <= limit
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_case_26_no_paged_route_skips_anything_where_pages_are_empty_or_short(
    bench: Bench, points: Points, client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claimable, "KEPT_SECONDS", -1.0)  # each page is read anew
    full_life(bench, points)
    waiting(bench)
    for path in PAGED.keys() - {RETURNS, SALES}:
        queries: list[dict[str, str]] = list(NEEDED.get(path, [{}]))
        if path.endswith("/coupons"):
            queries.append({"status": "available"})
        if path == "/products":
            queries += [{"zone": "true"}, {"q": "t"}, {"q": "t", "zone": "true"}]
        for query, limit in itertools.product(queries, (1, 3, 20)):
            whole = walked(bench, path, 100, **query)
            assert len(whole) > 4, f"{path} {query} has too little to be skipped"
            assert walked(bench, path, limit, **query) == whole
            with in_pieces(client) as met:
                assert walked(bench, path, limit, **query) == whole
            assert met


def sums(bench: Bench, limit: int) -> dict[str, Counter[str]]:
    """Return what came back by sku, added up page by page."""
    found: dict[str, Counter[str]] = {}
    pages = iter_pages(bench, RETURNS, limit)
    for each in (item for page in pages for item in page):
        found.setdefault(each.pop("sku"), Counter()).update(each)
    return found


def test_K1_case_26_sales_are_the_same_sums_however_they_are_paged(
    bench: Bench, client: "DynamoDBClient"
) -> None:
    def sold(limit: int) -> dict[str, Counter[str]]:
        found: dict[str, Counter[str]] = {}
        for each in (item for page in iter_pages(bench, SALES, limit) for item in page):
            found.setdefault(each.pop("date"), Counter()).update(each)
        return found

    for number in range(7):
        bench.now = NOON + timedelta(hours=4 * number)
        assert bench.pay(bench.placed(f"s{number}"), f"s{number}").done
    whole = sold(100)
    assert [each["paid_orders"] for each in whole.values()] == [4, 3]
    for limit in (1, 3, 20):
        assert sold(limit) == whole
        with in_pieces(client) as met:
            assert sold(limit) == whole
        assert met


def iter_pages(bench: Bench, path: str, limit: int) -> Iterator[list[Any]]:
    """Give the pages of a list for staff."""
    cursor: str | None = None
    for _ in range(100):
        query = {"limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        page = bench.must("GET", path, who=staff(), query=query)
        yield page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
    raise AssertionError("the list has no end")


def test_case_26_what_comes_back_is_the_same_sum_however_it_is_paged(
    bench: Bench, client: "DynamoDBClient"
) -> None:
    for number in range(5):
        order_id = bench.placed(f"r{number}")
        assert bench.pay(order_id, f"r{number}").done
        bench.must("POST", f"/orders/{order_id}/shipment", who=staff())
        bench.must("POST", f"/orders/{order_id}/receipt")
        lines = [{"sku": TEA, "quantity": 1 + number % 2}]
        back = {"return_id": "b", "lines": lines}
        bench.must("POST", f"/orders/{order_id}/returns", back, who=staff())
    whole = sums(bench, 100)
    assert (whole[TEA]["received"], whole[TEA]["returned"]) == (15, 7)
    for limit in (1, 3, 20):
        assert sums(bench, limit) == whole
        with in_pieces(client) as met:
            assert sums(bench, limit) == whole
        assert met


def prepared(bench: Bench, points: Points, job: str) -> None:
    """Let there be more than a page of what a job has to do, in one shard and in others."""
    names = [f"m{number}" for number in range(12)]
    match job:
        case "lapse-unpaid":
            for number in range(9):
                bench.placed(f"k{number}")
        case "auto-receipt" | "look-for-parcels":
            for number in range(9):
                order_id = bench.placed(f"k{number}")
                assert bench.pay(order_id, f"p{number}").done
                assert bench.by_staff("POST", f"/orders/{order_id}/shipment").done
        case "release-points":
            points.join(*names)
            for name in (*names, *names[:1] * 7):
                points.bought(name, 10, NOON, NOON)
        case "expire-points" | "announce-expiring":
            points.join(*names)
            for name in names:
                points.adjust(name, 100, IN_2025, f"gift-{name}")
        case "issue-birthday-coupons":
            _born_in_may(bench, *names)
        case _:  # the audit, and the replay of what it finds
            points.join(*names)
            for name in names:
                points.pay(name, 10, NOON)
                points.bought(name, 20, NOON, NOON)


def _born_in_may(bench: Bench, *names: str) -> None:
    for name in names:
        told = {"name": name, "birthday": "1990-05-05"}
        bench.must("PUT", "/members/me", told, who=claims(name))
        row = bench.tables.get(bench.settings.members_table, members.key(name, members.STANDING))
        assert row is not None
        held = members.member_standing_of(row | {"tier": "J1", "ever_paid": True})
        bench.tables.put(bench.settings.members_table, members.standing_row(name, held))


@pytest.mark.parametrize("job", TIMES)
def test_case_26_no_job_skips_anything_where_pages_are_empty_or_short(
    bench: Bench, points: Points, client: "DynamoDBClient", job: str
) -> None:
    prepared(bench, points, job)
    before = bench.dump()
    run(bench, job)
    after = bench.dump()
    assert _without_reports(after) != _without_reports(before) or job == AUDIT_POINTS
    bench.restore(before)
    with in_pieces(client) as met:
        run(bench, job)
    assert met
    assert _without_parts(bench.dump()) == _without_parts(after)


def _without_parts(dump: Dump) -> Dump:
    """Return a state without the parts of an audit: how many there are follows the pages."""
    return {place: row for place, row in dump.items() if not place[2].startswith("PART#")}


def _without_reports(dump: Dump) -> Dump:
    """Return a state without the books of the jobs themselves."""
    return {place: row for place, row in dump.items() if place[0] != "Reports"}


# --- indexes that are behind ---


@contextmanager
def as_it_was(client: "DynamoDBClient", settings: Settings) -> Iterator[list[str]]:
    """Let all indexes answer from here on as they are now, whatever is written; give which were asked."""
    kept: dict[tuple[str, str], list[Row]] = {}
    for name, partition in PARTITION_KEYS.items():
        table: str = getattr(settings, f"{name.lower()}_table")
        found = [from_item(item) for item in client.scan(TableName=table)["Items"]]
        for index, key in INDEXES.get(name, {}).items():
            names = [partition, "item", *key]
            inside = [{each: row[each] for each in names} for row in found if set(key) <= row.keys()]
            kept[table, index] = sorted(inside, key=lambda row, by=key[1]: (row[by], row["item"]))  # type: ignore[misc]
    asked: list[str] = []

    def ask(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["query"] = params

    def answer(context: dict[str, Any], **_: Any) -> Any:
        query = context["query"]
        if "IndexName" not in query:
            return None
        asked.append(query["IndexName"])
        names, values = query["ExpressionAttributeNames"], from_item(query["ExpressionAttributeValues"])
        rows = [
            row
            for row in kept[query["TableName"], query["IndexName"]]
            if row[names["#partition"]] == values[":partition"]
            and (":lowest" not in values or row[names["#sort"]] >= values[":lowest"])
            and (":highest" not in values or row[names["#sort"]] <= values[":highest"])
        ]
        if not query["ScanIndexForward"]:
            rows.reverse()
        if "ExclusiveStartKey" in query:
            rows = rows[rows.index(from_item(query["ExclusiveStartKey"])) + 1 :]
        page = rows[: query["Limit"]]
        last = {"LastEvaluatedKey": to_item(page[-1])} if len(rows) > len(page) else {}
        parsed = {"Items": [to_item(row) for row in page], "Count": len(page), **last}
        return SimpleNamespace(status_code=200), {**parsed, "ResponseMetadata": {"HTTPStatusCode": 200}}

    client.meta.events.register("before-parameter-build.dynamodb.Query", ask)
    client.meta.events.register("before-call.dynamodb.Query", answer)
    yield asked
    client.meta.events.unregister("before-parameter-build.dynamodb.Query", ask)
    client.meta.events.unregister("before-call.dynamodb.Query", answer)


@dataclass(frozen=True)
class Behind:
    """A job whose index is behind: what has happened meanwhile to all that it names."""

    index: str
    meanwhile: Callable[[Bench, Points], object]


def _paid_or_cancelled(bench: Bench, _: Points) -> None:
    for number in range(9):
        order_id = bench.placed(f"k{number}")
        if number % 2:
            assert bench.pay(order_id, f"p{number}").done
        else:
            bench.must("POST", f"/orders/{order_id}/cancel")


def _received_or_refused(bench: Bench, _: Points) -> None:
    for number in range(9):
        order_id = bench.placed(f"k{number}")
        if number % 2:
            bench.must("POST", f"/orders/{order_id}/receipt")
        else:
            assert bench.by_staff("POST", f"/orders/{order_id}/refusal").done


def _released_or_back(bench: Bench, points: Points) -> None:
    for number, paper in enumerate(points.papers.values()):
        if number % 2:
            points.release(paper.member_id, paper, at=DUE)
        else:
            points.give_back(paper, 0, DUE - DAY)
            points.post(paper)


def _spent(bench: Bench, points: Points) -> None:
    for number in range(12):
        points.adjust(f"m{number}", -100, NOON, f"debit-{number}")
    points.adjust("alice", -700, NOON, "debit-alice")


def _written_off(bench: Bench, points: Points) -> None:
    for name in ("alice", *(f"m{number}" for number in range(12))):
        points.expire(name, YEAR_END)


def _born_elsewhen(bench: Bench, _: Points) -> None:
    for number in range(12):
        moved = {"birthday": date(1990, 6, 6).isoformat(), "reason": "typing"}
        assert bench.by_staff("PUT", f"/members/m{number}/birthday", moved).done


BEHIND = {
    LAPSE_UNPAID: Behind("due", _paid_or_cancelled),
    AUTO_RECEIPT: Behind("due", _received_or_refused),
    RELEASE_POINTS: Behind("lots_by_release", _released_or_back),
    EXPIRE_POINTS: Behind("wallets_by_year", _written_off),
    ANNOUNCE_EXPIRING: Behind("wallets_by_year", _spent),
    ISSUE_BIRTHDAY_COUPONS: Behind("birthdays", _born_elsewhen),
}


@pytest.mark.parametrize("job", BEHIND)
def test_case_24_a_job_leaves_alone_what_an_index_that_is_behind_still_names(
    bench: Bench, points: Points, client: "DynamoDBClient", settings: Settings, job: str
) -> None:
    behind = BEHIND[job]
    prepared(bench, points, job)
    with as_it_was(client, settings) as asked:
        behind.meanwhile(bench, points)
        left = bench.dump()
        run(bench, job)
    assert behind.index in asked
    assert _without_reports(bench.dump()) == _without_reports(left)
    run(bench, job)
    assert _without_reports(bench.dump()) == _without_reports(left)


@pytest.mark.parametrize("job", BEHIND)
def test_case_24_what_an_index_that_is_behind_does_not_name_yet_is_done_by_the_next_run(
    bench: Bench, points: Points, client: "DynamoDBClient", settings: Settings, job: str
) -> None:
    if job in (EXPIRE_POINTS, ANNOUNCE_EXPIRING):
        points.adjust("alice", -700, NOON, "debit-alice")  # so that nobody is due
    empty = bench.dump()
    prepared(bench, points, job)
    before = bench.dump()
    run(bench, job)
    after = _without_reports(bench.dump())
    bench.restore(empty)
    with as_it_was(client, settings) as asked:
        bench.restore(before)
        run(bench, job)
        assert BEHIND[job].index in asked
        assert _without_reports(bench.dump()) == _without_reports(before)
    run(bench, job)
    assert _without_reports(bench.dump()) == after


def test_case_24_a_list_of_orders_whose_index_is_behind_shows_orders_as_they_are(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    ids = [bench.placed(f"k{number}") for number in range(5)]
    with as_it_was(client, settings) as asked:
        assert bench.pay(ids[0]).done
        bench.must("POST", f"/orders/{ids[1]}/cancel")
        new = bench.placed("later")
        shown = {order["order_id"]: order for order in walked(bench, "/orders", 2)}
        assert asked
    assert shown.keys() == set(ids)
    assert all(shown[order_id] == bench.must("GET", f"/orders/{order_id}") for order_id in ids)
    assert new in [order["order_id"] for order in walked(bench, "/orders", 2)]


def test_case_24_a_zone_whose_index_is_behind_shows_no_product_that_has_left_it_and_prices_of_now(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    product = {"name": "T", "price_fen": 990, "member_zone": True}
    for number in range(5):
        bench.must("PUT", f"/products/z{number}", product, who=staff())
    with as_it_was(client, settings) as asked:
        bench.must("PUT", "/products/z1", product | {"member_zone": False}, who=staff())
        bench.must("PUT", "/products/z2", product | {"price_fen": 550}, who=staff())
        shown = {each["sku"]: each for each in walked(bench, "/products", 2, zone="true")}
        assert asked
    assert shown.keys() == {"z0", "z2", "z3", "z4"}
    assert shown["z2"] == bench.must("GET", "/products/z2")


def test_case_24_a_name_list_whose_index_is_behind_shows_only_names_that_begin_so_now(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    product = {"name": "Green tea", "price_fen": 990, "member_zone": True}
    for number in range(5):
        bench.must("PUT", f"/products/z{number}", product, who=staff())
    with as_it_was(client, settings) as asked:
        bench.must("PUT", "/products/z1", product | {"name": "Black tea"}, who=staff())
        bench.must("PUT", "/products/z2", product | {"status": "withdrawn"}, who=staff())
        bench.must("PUT", "/products/z3", product | {"name": "Green tea, 50 g"}, who=staff())
        shown = [each["sku"] for each in walked(bench, "/products", 2, q="green")]
        assert set(asked) == {"by_name"}
    assert shown == ["z0", "z3", "z4"]  # where the index still has them
    assert [each["sku"] for each in walked(bench, "/products", 2, q="green")] == ["z0", "z4", "z3"]


def test_case_24_a_search_whose_index_is_behind_shows_orders_as_they_are_and_by_what_they_are(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    ids = [bench.placed(f"k{number}") for number in range(5)]
    with as_it_was(client, settings) as asked:
        assert bench.pay(ids[0]).done
        bench.must("POST", f"/orders/{ids[1]}/cancel")
        assert len(walked(bench, "/orders/search", 2)) == 5
        placed = walked(bench, "/orders/search", 2, status="placed")
        assert {order["order_id"] for order in placed} == set(ids[2:])
        assert walked(bench, "/orders/search", 2, status="paid") == []
        assert set(asked) == {"by_status"}
    assert [order["order_id"] for order in walked(bench, "/orders/search", 2, status="paid")] == ids[:1]


def test_case_24_a_worklist_whose_index_is_behind_shows_cases_as_they_are(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    parcels_and_cases(bench)
    (first, *others) = walked(bench, "/cases", 2)
    with as_it_was(client, settings) as asked:
        bench.must("POST", f"/cases/{first['case_id']}/answer", {"text": "It is on its way."}, who=staff())
        assert walked(bench, "/cases", 2) == others
        shown = {each["case_id"]: each["state"] for each in walked(bench, "/members/me/cases", 2)}
        assert shown[first["case_id"]] == "answered"
        assert {"cases_by_deadline", "cases_by_member"} <= set(asked)


def test_case_24_late_parcels_whose_index_is_behind_are_those_that_are_on_their_way(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    parcels_and_cases(bench)
    (first, *others) = walked(bench, "/reports/late-deliveries", 2)
    with as_it_was(client, settings) as asked:
        bench.must("POST", f"/orders/{first['order_id']}/receipt")
        shown = walked(bench, "/reports/late-deliveries", 2)
        assert [each["order_id"] for each in shown] == [each["order_id"] for each in others]
        assert set(asked) == {"orders_late"}


def test_case_24_a_job_on_cases_leaves_alone_what_an_index_that_is_behind_still_names(
    bench: Bench, client: "DynamoDBClient", settings: Settings
) -> None:
    parcels_and_cases(bench)
    late = NOON + 5 * DAY
    with as_it_was(client, settings) as asked:
        for case in walked(bench, "/cases", 20):
            bench.must("POST", f"/cases/{case['case_id']}/withdraw")
        left = bench.dump()
        assert CaseWorkers(bench.shop).do(FOLLOW_CASES, late) == []
        assert "cases_due" in asked
        assert _without_reports(bench.dump()) == _without_reports(left)
    assert CaseWorkers(bench.shop).do(FOLLOW_CASES, late) == []
    assert _without_reports(bench.dump()) == _without_reports(left)


def test_case_24_no_index_is_left_out() -> None:
    covered = {behind.index for behind in BEHIND.values()} | {"by_member", "by_status", "zone", "by_name"}
    covered |= {"search", "by_tracking"}  # in test_search.py and test_parcels_indexed.py
    covered |= {"cases_by_deadline", "cases_by_member", "cases_due", "orders_late"}
    # In test_payment_jobs.py and test_refunds_workers.py; lists and exports read what they find by its key.
    covered |= {"payments_due", "unassigned", "refunds_listed", "attempts_by_member"}
    # Records never change, so that an index which is behind lacks the last ones, and shows nothing else.
    covered |= {index for index in INDEXES["Audit"] if index.startswith("audit_by_")}
    # What an audit does not find there yet is the next one's: test_audit_passes.py.
    covered |= {"orders_by_change", "accounts_by_change"}
    assert covered == {index for indexes in INDEXES.values() for index in indexes}
