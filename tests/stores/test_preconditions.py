"""K1 under contention: of several who make the same thing, or change the same version of it, one does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from functions.catalog.stock import counter_of
from functions.counters.spreading import spread_over
from functions.coupons.template_store import Templates
from functions.domain.errors import RefusalError
from functions.offers.campaign_store import CampaignStore
from functions.offers.campaigns import Limits
from functions.platform.deadline import Deadline
from functions.platform.preconditions import NOTHING
from tests.stores.test_campaigns_put import flash, off
from tests.stores.test_template_coupons import WELCOME
from tests.support.faults import LOST_AFTER, SENDS_OF_THE_SDK, Calls
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

Put = Callable[[Shop, str, int | None], tuple[Any, bool]]


def _product(shop: Shop, name: str, replaces: int | None) -> tuple[Any, bool]:
    return shop.catalog.put(
        "new",
        name=name,
        price_fen=100,
        member_zone=False,
        low_stock_threshold=None,
        deadline=Deadline(20),
        replaces=replaces,
    )


def _campaign(shop: Shop, name: str, replaces: int | None) -> tuple[Any, bool]:
    store = CampaignStore(shop.tables, shop.settings.catalog_table)
    return store.put(off(name=name), NOON, Deadline(20), replaces=replaces)


def _template(shop: Shop, name: str, replaces: int | None) -> tuple[Any, bool]:
    store = Templates(shop.tables, shop.settings.catalog_table)
    counted, new = store.put(replace(WELCOME, name=name), NOON, Deadline(20), replaces=replaces)
    return counted.template, new


@pytest.fixture(params=[_product, _campaign, _template])
def put(request: pytest.FixtureRequest) -> Put:
    """Puts a thing of one kind, under one id."""
    made: Put = request.param
    return made


def test_K1_of_six_who_make_the_same_thing_at_once_one_does(shop: Shop, put: Put) -> None:
    found = at_once(6, lambda number: put(shop, f"of {number}", NOTHING))
    made = [each for each in found if not isinstance(each, RefusalError)]
    assert [new for _, new in made] == [True]
    assert {each.code for each in found if isinstance(each, RefusalError)} == {"exists_already"}
    assert put(shop, made[0][0].name, None)[0].version == 1


def test_K1_of_six_who_change_the_same_version_at_once_one_does(shop: Shop, put: Put) -> None:
    put(shop, "first", NOTHING)
    found = at_once(6, lambda number: put(shop, f"of {number}", 1))
    changed = [each for each in found if not isinstance(each, RefusalError)]
    assert [(thing.version, new) for thing, new in changed] == [(2, False)]
    assert {each.code for each in found if isinstance(each, RefusalError)} == {"changed_meanwhile"}


def test_R1_a_making_whose_answer_is_lost_is_answered_as_made(shop: Shop, calls: Calls, put: Put) -> None:
    calls.fail("TransactWriteItems", *[LOST_AFTER] * SENDS_OF_THE_SDK)
    made, _ = put(shop, "first", NOTHING)
    assert (made.name, made.version) == ("first", 1)
    assert put(shop, "first", NOTHING) == (made, True)


def test_V15_a_change_that_takes_two_versions_is_in_nobodys_way(shop: Shop) -> None:
    skus = [f"sku-{number}" for number in range(40)]
    table = shop.settings.catalog_table
    for sku in skus:
        shop.stock(sku, 12)
        spread_over(shop.tables, counter_of(table, sku), 6, Deadline(20))
    store = CampaignStore(shop.tables, table)
    first = flash(1, **dict.fromkeys(skus[1:], 12), sku=skus[0])
    assert store.put(first, NOON, Deadline(20), replaces=NOTHING)[0].version == 1
    limited = replace(flash(2, **dict.fromkeys(skus[1:], 11), sku=skus[0]), limits=Limits(orders=9))
    after, _ = store.put(limited, NOON, Deadline(20), replaces=1)
    assert (after.version, replace(after, version=0)) == (3, limited)
