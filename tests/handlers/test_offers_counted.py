"""`ops offers`: what is counted of campaigns and coupons fits to the orders, and what does not is found."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from functions.catalog.set_aside import counter_of_units
from functions.coupons import held
from functions.coupons.code_rows import code_key, uses_counter
from functions.coupons.template_rows import claims_counter
from functions.offers import counting, uses
from functions.platform.dynamo import Key, Row
from ops import offers, recount
from ops.offers import Difference, Names
from tests.handlers.conftest import Suite
from tests.support.coupons import Desk
from tests.support.events import Answer, Call, claims, staff

MEMBERS = ("alice", "bob", "carol")
UNIQUE, SHARED = "unique", "SUMMER-2026"
LIMITS = {"orders": 100, "budget_fen": 1_000_000}


def names(suite: Suite) -> Names:
    """Return what the suite's tables are called."""
    of = suite.settings
    return Names(catalog=of.catalog_table, members=of.members_table, orders=of.orders_table)


def counted(suite: Suite) -> list[Difference]:
    """Return what differs."""
    return offers.differences(suite.tables, names(suite), suite.now)


def campaign(suite: Suite, campaign_id: str, kind: str, terms: Any, **more: Any) -> None:
    """Put a campaign that runs from now on, with limits."""
    body = {
        "name": campaign_id,
        "kind": kind,
        "starts_at": (suite.now - timedelta(days=1)).isoformat(),
        "ends_at": (suite.now + timedelta(days=30)).isoformat(),
        **({} if kind == "flash" else {"scope": {"skus": ["tea"]}}),
        "terms": terms,
        "limits": LIMITS,
        "status": "active",
    }
    answer = suite.call(Call("PUT", f"/campaigns/{campaign_id}", body | more, staff()))
    assert answer.status in (200, 201), answer.body


def product(suite: Suite, sku: str, units: int) -> None:
    """Put a product into the catalogue."""
    body = {"name": sku, "price_fen": 10_000, "member_zone": False}
    assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status == 201
    movement = {"movement_id": sku, "delta": units, "reason": "delivery"}
    assert suite.call(Call("POST", f"/products/{sku}/stock", movement, staff())).status == 200


def order(suite: Suite, who: str, key: str, lines: Mapping[str, int], **more: Any) -> Answer:
    """Place an order."""
    body = {"lines": [{"sku": sku, "quantity": count} for sku, count in lines.items()], **more}
    answer = suite.order(claims(who), key, body)
    assert answer.status == 201, answer.body
    return answer


def send(suite: Suite, placed: Answer, what: str, body: Any = None) -> None:
    """Let staff do something with an order."""
    answer = suite.call(Call("POST", f"/orders/{placed.body['order_id']}/{what}", body, staff()))
    assert answer.status == 200, answer.body


def pay(suite: Suite, placed: Answer, *, received: bool = False) -> None:
    """Let an order be paid, and received if it says so."""
    body = {"payment_id": placed.body["order_id"], "amount_fen": placed.body["paid_fen"]}
    send(suite, placed, "payment", body)
    if received:
        send(suite, placed, "shipment")
        send(suite, placed, "receipt")


@pytest.fixture
def sale(suite: Suite) -> Suite:
    """A sale of each kind of campaign, coupons got in every way, and orders that stand everywhere."""
    for sku in ("tea", "cup", "mug"):
        product(suite, sku, 500)
    campaign(suite, "saves", "spend_save", {"steps": [{"from_fen": 20_000, "off_fen": 3_000}]})
    campaign(suite, "gift", "gift", {"from_fen": 30_000, "sku": "mug", "quantity": 1})
    campaign(suite, "rate", "discount", {"rate": "0.9"})
    campaign(suite, "flash", "flash", {"items": {"cup": {"price_fen": 990, "units": 50}}, "per_member": 20})
    desk = Desk(suite.call)
    desk.put("welcome", min_fen=1_000, valid={"days": 20}, limits={"total": 10, "per_member": 3})
    desk.put("short", valid={"days": 1})
    (unique,) = desk.codes(batch_id=UNIQUE, count=1)
    desk.codes(batch_id="s1", code=SHARED, limit=5)
    for number, member_id in enumerate(MEMBERS):
        who = suite.member(member_id)
        coupon = desk.claim(who).body["coupon_id"]
        assert desk.claim(who, "k2", "short").status == 201
        assert desk.redeem(who, SHARED).status == 201
        desk.issue(member_id, issue_id=member_id)
        open_order = order(suite, member_id, "open", {"tea": 4, "cup": 2}, coupon=coupon)
        assert {each["campaign_id"] for each in open_order.body["quote"]["campaigns"]} == {"saves", "gift"}
        pay(suite, open_order, received=number == 1)
        cancelled = order(suite, member_id, "cancelled", {"tea": 3, "cup": 1}, coupon="best")
        send(suite, cancelled, "cancel")
        parts = order(suite, member_id, "parts", {"tea": 4, "cup": 3})
        pay(suite, parts)
        leaving = {"cancel_id": "c1", "lines": [{"sku": "cup", "quantity": 1}, {"sku": "tea", "quantity": 1}]}
        send(suite, parts, "cancel", leaving)
        back = order(suite, member_id, "back", {"cup": 2})
        pay(suite, back, received=True)
        send(
            suite, back, "returns", {"return_id": "r1", "lines": [{"sku": "cup", "quantity": 1 + number % 2}]}
        )
    assert desk.redeem(claims("alice"), unique).status == 201
    suite.pass_time(days=4)
    return suite


def test_V14_what_is_counted_of_a_sale_fits_to_its_orders(sale: Suite) -> None:
    assert counted(sale) == []


def test_members_who_do_not_fit_at_once_are_counted_one_window_after_the_other(
    sale: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recount, "MEMBERS_MAX", 1)
    assert counted(sale) == []
    spoil(sale, sale.settings.members_table, uses.key("carol"), version=99, campaigns={})
    assert {(each.what, each.of.partition(" ")[0]) for each in counted(sale)} == {
        ("uses orders", "carol"),
        ("uses units", "carol"),
    }


def test_V2_after_the_end_of_a_flash_what_comes_back_is_no_difference(sale: Suite) -> None:
    late = order(sale, "alice", "late", {"cup": 1})
    pay(sale, late)
    sale.pass_time(days=40)
    send(sale, late, "cancel")
    assert counted(sale) == []


def test_a_difference_that_goes_by_the_next_look_is_none(
    sale: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_figures(sale)
    looks: list[str] = []

    def mended(*arguments: Any, **named: Any) -> recount.Recounted:
        if looks:
            spoil_figures(sale, by=-1 if len(looks) == 1 else 0)
        looks.append("look")
        return recount.recount(*arguments, **named)

    monkeypatch.setattr(offers, "recount", mended)
    assert counted(sale) == []
    assert len(looks) == 2


def spoil(suite: Suite, table: str, key: Key, **wrong: Any) -> None:
    """Change a row past the code."""
    row = suite.tables.get(table, key)
    assert row is not None
    suite.tables.put(table, row | wrong)


def spoil_figures(suite: Suite, by: int = 1) -> None:
    """Let a campaign have an order more, or fewer, than it has."""
    table, key = suite.settings.catalog_table, counting.figures_key("saves", 0)
    row: Row = suite.tables.get(table, key) or dict(key)
    suite.tables.put(table, row | {"orders": row.get("orders", 0) + by})


def _home(counter_of: Callable[[str], Any]) -> Callable[[Suite], None]:
    def plant(suite: Suite) -> None:
        counted = counter_of(suite.settings.catalog_table)
        row = suite.tables.get(counted.table, counted.home)
        assert row is not None
        suite.tables.put(counted.table, row | {counted.amount: row[counted.amount] - 1})

    return plant


def _coupon(suite: Suite, **wrong: Any) -> None:
    members = suite.settings.members_table
    (own, *_) = [
        each["coupon_id"]
        for each in Desk(suite.call).coupons(claims("bob"))
        if each["status"] == "available" and each["template_id"] == "welcome"
    ]
    spoil(suite, members, held.coupon_key("bob", own), **wrong)


def _held(suite: Suite) -> None:
    spoil(suite, suite.settings.members_table, held.key("bob"), coupons={}, claims={"welcome": 9})


def _unique_code(suite: Suite) -> None:
    (code,) = Desk(suite.call).codes(batch_id=UNIQUE, count=1)
    spoil(suite, suite.settings.catalog_table, code_key(code), used_by="bob")


PLANTED: dict[str, tuple[Callable[[Suite], None], set[str]]] = {
    "an order too many in the figures": (spoil_figures, {"figure orders"}),
    "too little left of the orders": (
        _home(lambda table: counting.orders_counter(table, "saves")),
        {"limit orders"},
    ),
    "too little left of a budget": (
        _home(lambda table: counting.budget_counter(table, "rate")),
        {"limit budget_fen"},
    ),
    "a unit of a flash that is nowhere": (
        _home(lambda table: counter_of_units(table, "cup", "flash")),
        {"flash units"},
    ),
    "a claim that nobody has made": (_home(lambda table: claims_counter(table, "welcome")), {"claims"}),
    "a use of a code that nobody has made": (
        _home(lambda table: uses_counter(table, "SUMMER2026")),
        {"uses of a code"},
    ),
    "a coupon that an order uses which does not": (
        lambda suite: _coupon(suite, order_id="ord_other"),
        {"coupon is used by", "held"},
    ),
    "coupons that a member does not find": (_held, {"held", "claims of a member"}),
    "a code that somebody else has used": (_unique_code, {"code is used by", "coupon of a code"}),
    "uses that a member has not had": (
        lambda suite: spoil(suite, suite.settings.members_table, uses.key("bob"), campaigns={}),
        {"uses orders", "uses units"},
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_that_is_planted_is_found_and_no_other(sale: Suite, fault: str) -> None:
    plant, said = PLANTED[fault]
    plant(sale)
    assert {each.what for each in counted(sale)} == said
