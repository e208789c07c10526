"""What a visit to the storefront costs, a clerk's day at the console, and the audit of all that staff do.

``python -m benchmarks.visits`` prints these tables of docs/costs.md, ``--write`` puts them there, and
``--check`` fails where the page says something else. What each page asks for is measured in a browser, with
the files as they are built (``python -m tests.web.visits --write``); units and prices are those of the costs.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from benchmarks import costs, tables
from benchmarks.costs import (
    DAYS_PER_MONTH,
    GIGABYTE,
    MILLION,
    MINUTES_PER_DAY,
    NOTHING,
    ONE,
    STORED_OVERHEAD,
    TRANSACTION_UNITS,
    Kind,
    Part,
    Work,
    item_bytes,
    money,
    number,
)
from benchmarks.tables import markdown
from functions.audit.tables import TABLES
from functions.domain import policy as policies
from functions.platform.dynamo import Row, to_item
from functions.platform.trail import RECORD, RECORD_KEPT_DAYS, Trail

FILE = Path(__file__).with_name("visits.json")
BY = "python -m benchmarks.visits --write"
THOUSAND = Decimal(1_000)
KILOBYTE = Decimal(1_000)
STOREFRONT, CONSOLE = "storefront", "console"
MEASURED: Mapping[str, str] = {
    "get_me": "see oneself",
    "get_member_day": "see the member day",
    "get_offers": "see what runs (1 campaign)",
    "get_products": "see the catalogue (20 products)",
    "get_product": "see a product",
    "quote_cart": "quote, 3 lines",
    "get_coupons": "see one's coupons",
    "get_points": "see the wallet",
    "get_points_entries": "see the entries",
    "get_orders": "see the orders (1 of them)",
    "get_order": "see an order as staff",
    "get_order_history": "see an order's history",
    "get_own_cases": "see one's cases",
    "get_tier_history": "see one's tiers",
    "search_members": "find 20 members by name",
    "get_member": "see a member as staff",
    "get_member_points_entries": "see a member's entries as staff",
    "search_orders": "see orders by status (20 of them)",
    "get_due_orders": "see what is due (20 orders)",
    "get_cases": "see the cases to act on",
    "get_sales": "see the sales of 20 orders",
    "refuse_order": "refuse a parcel",
}
"""What of the API was measured by itself; of two ways to search the dearer one."""
ALIKE = "see a product"
"""What all else is reckoned as: a read of some rows."""
WRITE = "refuse_order"
"""What a clerk's writes are reckoned as."""
RECORDED = frozenset({WRITE, "search_members", "get_member", "get_member_points_entries"})
"""What leaves a record, of what a clerk asks for: writes, and looks at members (K7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page asks for the first time that it is shown: files, their bytes, and the API."""

    name: str
    asked_each_time: int
    files: int
    size: int
    calls: Mapping[str, int]

    @property
    def requests(self) -> int:
        """What it asks of the API."""
        return sum(self.calls.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app: its document, and its pages in the order of a walk; the first brings what all need."""

    document: int
    pages: Mapping[str, Page]

    @property
    def first(self) -> Page:
        """The page that a visit begins with."""
        return next(iter(self.pages.values()))


@lru_cache
def apps() -> Mapping[str, App]:
    """Return what was measured of both apps."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: App(
            document=app["document_bytes"],
            pages={
                page: Page(
                    name=page,
                    asked_each_time=asked["asked_each_time"],
                    files=asked["files"],
                    size=asked["bytes"],
                    calls=asked["calls"],
                )
                for page, asked in app["pages"].items()
            },
        )
        for name, app in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Pages of an app, each so often; ``known`` is whether the browser has the files from before."""

    what: str
    app: str
    views: Mapping[str, Decimal]
    loads: Decimal = ONE
    known: bool = False
    besides: Mapping[str, Decimal] = field(default_factory=dict)
    """What is asked of the API while a page is open, besides what the page asks when it is opened."""

    @property
    def pages(self) -> Iterator[tuple[Page, Decimal]]:
        """The pages, and how often each is looked at."""
        for name, times in self.views.items():
            yield apps()[self.app].pages[name], times

    @property
    def files(self) -> int:
        """The files with their contents in their name that the browser is sent, each once."""
        return 0 if self.known else sum(page.files for page, times in self.pages if times)

    @property
    def asked_each_time(self) -> Decimal:
        """Requests for what the browser asks after with each load: the document, and where everything is."""
        return self.loads * apps()[self.app].first.asked_each_time

    @property
    def size(self) -> Decimal:
        """Bytes of all that, without headers; a document that is as it was is not sent again."""
        files = NOTHING if self.known else Decimal(sum(page.size for page, times in self.pages if times))
        return files + (NOTHING if self.known else Decimal(apps()[self.app].document))

    @property
    def requests(self) -> Decimal:
        """What is asked of the API, without preflights."""
        return sum(calls_of(self).values(), NOTHING)


def visits(model: costs.Model) -> list[Visit]:
    """Return the visits of the page: to look around, the same again, to buy, and a load of the console."""
    given = model.value
    around = {"home": ONE, "a product": given("seen_products"), "the cart": ONE}
    buys = {**around, "orders": ONE, "an order": Decimal(2)}
    again = {"quote_cart": given("seen_quotes") - ONE}
    return [
        Visit(
            what="storefront, the first visit: home, products, the cart",
            app=STOREFRONT,
            views=around,
            besides=again,
        ),
        Visit(what="the same on another day", app=STOREFRONT, views=around, known=True, besides=again),
        Visit(
            what="storefront, a visit that ends in an order, without the order",
            app=STOREFRONT,
            views=buys,
            known=True,
            besides=again,
        ),
        Visit(what="console, the first load: today", app=CONSOLE, views={"today": ONE}),
        Visit(what="the same again", app=CONSOLE, views={"today": ONE}, known=True),
    ]


def shown(model: costs.Model, visit: Visit) -> list[Part]:
    """Return what CloudFront and S3 are paid for a visit."""
    step = "pages"
    missed = visit.files * model.value("edge_misses")
    sent = visit.size + (visit.files + visit.asked_each_time) * model.value("answer_headers_bytes")
    return [
        Part(step=step, price="cdn_request", quantity=visit.files + visit.asked_each_time),
        Part(step=step, price="cdn_transfer", quantity=sent / GIGABYTE),
        # Files with their contents in their name lie beside what the function looks at.
        Part(step=step, price="cdn_function", quantity=visit.asked_each_time),
        # What is asked for each time is asked of the bucket, too.
        Part(step=step, price="object_get", quantity=missed + visit.asked_each_time),
    ]


def asked(model: costs.Model, calls: Mapping[str, Decimal]) -> list[Part]:
    """Return what the API is paid for operations, each so often, and for what browsers ask before them."""
    works = [
        Work(
            step="API",
            function="ShopApi",
            kind=Kind.REQUEST,
            times=times,
            milliseconds=model.request_ms(measured_as(operation)),
            operation=measured_as(operation),
        )
        for operation, times in calls.items()
    ]
    preflight = Work(
        step="API",
        function="MembersApi",
        kind=Kind.REQUEST,
        times=model.value("preflights") * sum(calls.values(), NOTHING),
        milliseconds=NOTHING,
    )
    return [part for work in (*works, preflight) for part in model.parts(work, NOTHING)]


def measured_as(operation: str) -> str:
    """Return the operation of benchmarks.operations that one of the API's is reckoned as."""
    return MEASURED.get(operation, ALIKE)


def calls_of(visit: Visit) -> dict[str, Decimal]:
    """Return what a visit asks of the API."""
    found = dict(visit.besides)
    for page, times in visit.pages:
        for operation, count in page.calls.items():
            found[operation] = found.get(operation, NOTHING) + times * count
    return found


def day(model: costs.Model) -> Visit:
    """Return a clerk's day at the console: pages, searches for members, and writes."""
    given = model.value
    return Visit(
        what="a clerk's day",
        app=CONSOLE,
        views={
            "today": given("clerk_todays"),
            "a member": given("clerk_searches"),
            "orders found": given("clerk_finds"),
            "an order": given("clerk_finds"),
            "cases": given("clerk_cases"),
            "a case": given("clerk_cases"),
        },
        loads=given("clerk_signs_in"),
        known=True,
        besides={"search_members": given("clerk_searches"), WRITE: given("clerk_writes")},
    )


def records_of_a_day(model: costs.Model) -> Decimal:
    """Return the records that a clerk's day leaves: of writes, and of looks at members."""
    calls = calls_of(day(model))
    return sum((times for name, times in calls.items() if name in RECORDED), NOTHING)


def day_parts(model: costs.Model) -> list[Part]:
    """Return what a clerk's day costs."""
    return [*shown(model, day(model)), *asked(model, calls_of(day(model)))]


def clerk_parts(model: costs.Model) -> list[Part]:
    """Return what a clerk costs in a month: days, and somebody who signs in."""
    days = [
        Part(step=part.step, price=part.price, quantity=model.value("clerk_days") * part.quantity)
        for part in day_parts(model)
    ]
    return [*days, Part(step="sign-in", price="active_user", quantity=ONE)]


# --- the audit ---

_AT = datetime(2026, 5, 1, 4, tzinfo=UTC)
_ORDER = f"ord_{'a' * 26}"


def record_rows() -> list[Row]:
    """Return the rows of a record as the code writes them: of a shipment that a service has told of."""
    order = {"order_id": _ORDER, "item": "ORDER", "member_id": costs._MEMBER, "version": 3}
    put = {
        "TableName": "Orders",
        "Item": to_item(order),
        "ConditionExpression": "#version = :replaces",
    }
    trail = Trail(
        table="Audit",
        zone=policies.load().zone,
        operation="ship_order",
        route="POST /orders/{order_id}/shipment",
        operator="1example23456789",
        operator_name=None,
        service=True,
        roles=["staff"],
        ids={"order_id": _ORDER},
        request_id="JKJaXmPLvHcESHA=",
        address="203.0.113.7",
        body={"carrier": "SF Express", "tracking_no": "SF1234567890123"},
    )
    return trail.rows([{"Put": put}], _AT)


def record_entries() -> list[int]:
    """Return the bytes of a record's entries in the indexes that it stands in."""
    (record,) = (row for row in record_rows() if row["item"] == RECORD)
    return [
        costs._entry_bytes(record, "audit_id", "item", *attributes)
        for attributes in TABLES["Audit"].indexes.values()
        if all(name in record for name in attributes)
    ]


ENTRY_UNITS = 1
"""A new entry of an index of keys; in a transaction, too (measured: benchmarks.operations)."""


def record_units() -> int:
    """Return the write units of a record: its rows count twice, and each index has an entry."""
    rows = sum(-(-item_bytes(row) // 1_024) for row in record_rows()) * TRANSACTION_UNITS
    return rows + len(record_entries()) * ENTRY_UNITS


def records_a_month(model: costs.Model) -> Decimal:
    """Return the records of a month: what a service tells of orders, what comes back, and clerks' days."""
    given = model.value
    each = given("paid") + given("shipped") + given("returned")
    of_clerks = given("clerks") * given("clerk_days") * records_of_a_day(model)
    return given("orders_a_month") * each + of_clerks


def audit_lines(model: costs.Model) -> list[tuple[str, str, list[Part]]]:
    """Return what the audit takes in a month: what, how much, and what is paid."""
    records, months = records_a_month(model), Decimal(RECORD_KEPT_DAYS) / (DAYS_PER_MONTH)
    rows = record_rows()
    kept = sum(item_bytes(row) + STORED_OVERHEAD for row in rows if row["item"] == RECORD)
    entries = sum(entry + STORED_OVERHEAD for entry in record_entries())
    held = records * months * (kept + entries) / GIGABYTE
    recovered = records * months * kept / GIGABYTE
    line_bytes = Decimal(item_bytes(rows[0]))
    archived = records * months * line_bytes / GIGABYTE
    objects = MINUTES_PER_DAY * DAYS_PER_MONTH * model.value("batches_of_records")
    units = records * record_units()

    def part(price: str, quantity: Decimal) -> Part:
        return Part(step="audit", price=price, quantity=quantity)

    archiver = [
        part("object_put", objects),
        *(part(name, quantity) for name, quantity in model._billed(objects, objects * model.value("run_ms"))),
    ]
    return [
        (
            "write units of records; in the orders above, but for the clerks'",
            number(units),
            [part("write_unit", units)],
        ),
        (
            "GB of records and their entries, after three years",
            number(held),
            [part("table_stored", held), part("table_recovery", recovered)],
        ),
        ("objects of the archive, one a minute, and who writes them", number(objects), archiver),
        ("GB of the archive, after three years", number(archived), [part("object_stored", archived)]),
    ]


# --- the page ---


def free_visits(model: costs.Model, visit: Visit) -> dict[str, Decimal]:
    """Return how many visits fit into what CloudFront gives away each month, by what is given."""
    quantities = {part.price: part.quantity for part in shown(model, visit)}
    return {
        name: price.free / quantities[name]
        for name, price in model.prices.items()
        if price.free and quantities.get(name)
    }


def everything(model: costs.Model) -> list[Part]:
    """Return the parts of all that is reckoned here."""
    of_visits = [
        part for visit in visits(model) for part in (*shown(model, visit), *asked(model, calls_of(visit)))
    ]
    of_audit = [part for *_, parts_ in audit_lines(model) for part in parts_]
    return [*of_visits, *clerk_parts(model), *of_audit]


def kilobytes(size: Decimal | int) -> str:
    """Write bytes as kilobytes."""
    return f"{Decimal(size) / KILOBYTE:.1f}"


def pages_table(_: costs.Model) -> str:
    """Return what each page asks for, as it was measured."""

    def lines() -> Iterator[Sequence[str]]:
        for name, app in apps().items():
            for page in app.pages.values():
                first = page is app.first
                yield (
                    name,
                    page.name + (", and what all pages need" if first else ""),
                    str(page.files + first),
                    kilobytes(page.size + (app.document if first else 0)),
                    str(page.requests),
                )

    return markdown(("app", "page", "files", "kB", "requests of the API"), lines())


def visits_table(model: costs.Model) -> str:
    """Return what a thousand visits cost, and how many are free."""

    def line(visit: Visit) -> Sequence[str]:
        of_pages, of_api = shown(model, visit), asked(model, calls_of(visit))
        least = min(free_visits(model, visit).values())
        return (
            visit.what,
            number(visit.files + visit.asked_each_time),
            kilobytes(visit.size),
            number(visit.requests),
            money(THOUSAND * model.dollars(of_pages)),
            money(THOUSAND * model.dollars(of_api)),
            number(least / MILLION),
        )

    head = (
        "visit",
        "files asked for",
        "kB",
        "requests of the API",
        "pages, a thousand",
        "API, a thousand",
        "million a month that CloudFront gives away",
    )
    return markdown(head, map(line, visits(model)))


def clerk_table(model: costs.Model) -> str:
    """Return what a clerk's day asks for and costs."""
    calls, clerk = calls_of(day(model)), clerk_parts(model)
    units = sum(
        (times * model.units[measured_as(operation)].write for operation, times in calls.items()), NOTHING
    )
    in_a_month = model.by_step(clerk)
    return markdown(
        ("a clerk's day", "is"),
        [
            ("requests of the API", number(sum(calls.values(), NOTHING))),
            ("records of the audit", number(records_of_a_day(model))),
            ("write units", number(units)),
            ("dollars", money(model.dollars(day_parts(model)))),
            *((f"dollars of a month: {step}", money(usd)) for step, usd in in_a_month.items()),
            ("dollars of a month, all in all", money(model.dollars(clerk))),
        ],
    )


def audit_table(model: costs.Model) -> str:
    """Return what the audit takes in a month."""
    lines = audit_lines(model)
    return markdown(
        ("in a month", "how much", "dollars"),
        [
            ("records", number(records_a_month(model)), ""),
            *((what, much, money(model.dollars(paid))) for what, much, paid in lines),
        ],
    )


def parts(model: costs.Model) -> Mapping[str, str]:
    """Return the page's tables by their names."""
    return {
        "pages": pages_table(model),
        "visits": visits_table(model),
        "clerk": clerk_table(model),
        "audit": audit_table(model),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, write them into the page, or check that it has them."""
    return tables.command(arguments, costs.PAGE, parts(costs.Model.now()), by=BY, says=str(__doc__))


if __name__ == "__main__":
    sys.exit(main())
