"""How many campaigns may overlap, how they stand, and which of them take lines from which (V3, V16)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.domain.errors import ConflictError
from functions.domain.scope import Scope
from functions.offers.campaign_rows import campaign_of, row_of
from functions.offers.campaign_store import state_of
from functions.offers.campaigns import Campaign, Limits
from functions.offers.crossing import losing_lines_to, warning
from functions.offers.directory import (
    GROUPS_MAX,
    OPEN_MAX,
    ORDER_OFFERS_MAX,
    OVERLAP_MAX,
    STAYS_AFTER_END,
    Directory,
    directory_of,
    row_after,
)
from functions.offers.kinds import KINDS
from tests.support.shop import NOON

HOUR = timedelta(hours=1)
TERMS: dict[str, dict[str, Any]] = {
    "discount": {"rate": "0.85"},
    "flash": {"items": {"tea": {"price_fen": 990, "units": 4}}, "per_member": 2},
    "spend_save": {
        "steps": [{"from_fen": 300, "off_fen": 50}, {"from_fen": 400, "off_fen": 70}],
        "repeat": False,
        "max_off_fen": None,
    },
    "gift": {"from_fen": 299, "sku": "cup", "quantity": 2},
}
"""Of each kind, as a row has them."""


def campaign(campaign_id: str = "c", kind: str = "spend_save", **change: object) -> Campaign:
    """Return a campaign that runs for an hour from noon."""
    order_offer = kind in ("spend_save", "gift")
    made = Campaign(
        campaign_id=campaign_id,
        version=1,
        name="A campaign",
        starts_at=NOON,
        ends_at=NOON + HOUR,
        scope=Scope(skus=frozenset({"tea"})) if kind == "flash" else Scope(everything=True),
        group=kind if order_offer else None,
        terms=KINDS[kind].from_row(TERMS[kind]),
    )
    return replace(made, **change)  # type: ignore[arg-type]


def directory(*campaigns: Campaign) -> Directory:
    """Return a directory of these campaigns, put in turn."""
    made = Directory(campaigns={})
    for each in campaigns:
        made = made.having(each)
    return made


def shifted(each: Campaign, by: timedelta) -> Campaign:
    """Return a campaign that runs at another time."""
    return replace(each, starts_at=each.starts_at + by, ends_at=each.ends_at + by)


@pytest.mark.parametrize("kind", TERMS)
def test_a_campaign_of_each_kind_is_read_as_it_was_written(kind: str) -> None:
    made = campaign(
        kind=kind,
        tiers=frozenset({"J4", "J5"}),
        limits=Limits(orders=3, budget_fen=9),
        status="paused",
        scope=Scope(zone=True, except_skus=frozenset({"b", "a"})),
    )
    assert campaign_of(row_of(made)) == made
    assert campaign_of(row_of(campaign(kind=kind))) == campaign(kind=kind)


@pytest.mark.parametrize(
    ("at", "active", "paused"),
    [
        (NOON - timedelta(seconds=1), "scheduled", "paused"),
        (NOON, "running", "paused"),
        (NOON + HOUR - timedelta(seconds=1), "running", "paused"),
        (NOON + HOUR, "ended", "ended"),
    ],
)
def test_V16_a_campaign_runs_from_its_start_until_before_its_end(
    at: datetime, active: str, paused: str
) -> None:
    assert state_of(campaign(), at) == active
    assert state_of(campaign(status="paused"), at) == paused
    assert campaign().runs_at(at) is (active == "running")


@pytest.mark.parametrize(
    ("many", "kind", "groups"),
    [(OVERLAP_MAX, "discount", 1), (ORDER_OFFERS_MAX, "spend_save", 1), (GROUPS_MAX, "gift", GROUPS_MAX)],
)
def test_no_more_overlap_at_one_moment_than_may_paused_ones_too(many: int, kind: str, groups: int) -> None:
    def made(number: int) -> Campaign:
        group = None if kind == "discount" else f"g{number % groups}"
        return campaign(f"c{number}", kind, group=group, status="paused" if number % 2 else "active")

    full = directory(*map(made, range(many)))
    one_more = replace(made(many), group=None if kind == "discount" else "other" if groups > 1 else "g0")
    with pytest.raises(ConflictError) as refusal:
        full.having(one_more)
    assert refusal.value.code == "too_many_campaigns"
    assert len(full.having(shifted(one_more, HOUR)).campaigns) == many + 1
    assert len(full.having(shifted(one_more, -HOUR)).campaigns) == many + 1
    with pytest.raises(ConflictError):
        full.having(replace(one_more, starts_at=NOON - HOUR, ends_at=NOON + timedelta(seconds=1)))
    assert len(full.having(replace(made(0), name="Put again")).campaigns) == many


def test_what_overlaps_a_long_campaign_one_after_the_other_does_not_add_up() -> None:
    many = [shifted(campaign(f"c{number}", group=f"g{number}"), number * HOUR) for number in range(20)]
    full = directory(*many)
    long = campaign("long", group="long", ends_at=NOON + 30 * HOUR)
    assert len(full.having(long).campaigns) == 21


def test_no_more_are_open_than_a_row_holds() -> None:
    full = directory(*(shifted(campaign(f"c{number}"), number * HOUR) for number in range(OPEN_MAX)))
    with pytest.raises(ConflictError) as refusal:
        full.having(shifted(campaign("more"), OPEN_MAX * HOUR))
    assert refusal.value.code == "too_many_campaigns"
    assert directory_of(row_after(full)).campaigns == full.campaigns
    assert directory_of(row_after(full)).version == full.version + 1


def test_a_campaign_leaves_the_directory_a_minute_after_its_end() -> None:
    full = directory(campaign("a"), shifted(campaign("b"), HOUR))
    over = NOON + HOUR + STAYS_AFTER_END
    assert full.over_at(over - timedelta(seconds=1)) == ()
    assert full.over_at(over) == ("a",)
    assert full.without("a").campaigns.keys() == {"b"}


TEA, CUP, ZONE = Scope(skus=frozenset({"tea"})), Scope(skus=frozenset({"cup"})), Scope(zone=True)


@pytest.mark.parametrize(
    ("line_offer", "order_offer", "loses"),
    [
        ({}, {}, True),
        ({"stacks": True}, {}, False),
        ({"status": "paused"}, {}, False),
        ({}, {"status": "paused"}, False),
        ({"scope": TEA}, {"scope": CUP}, False),
        ({"scope": TEA}, {"scope": TEA}, True),
        ({"scope": TEA}, {"scope": ZONE}, True),
        ({"scope": ZONE}, {"scope": CUP}, True),
        ({"scope": TEA}, {"scope": Scope(everything=True, except_skus=frozenset({"tea"}))}, False),
        ({"tiers": frozenset({"J1"})}, {"tiers": frozenset({"J2"})}, False),
        ({"tiers": frozenset({"J1"})}, {"tiers": frozenset({"J1", "J2"})}, True),
        ({"starts_at": NOON + HOUR, "ends_at": NOON + 2 * HOUR}, {}, False),
    ],
)
def test_V3_an_order_offer_loses_lines_to_what_does_not_stack(
    line_offer: dict[str, Any], order_offer: dict[str, Any], loses: bool
) -> None:
    price = campaign("price", "discount", **({"stacks": False} | line_offer))
    others = [campaign("off", **order_offer), campaign("other", "discount")]
    assert losing_lines_to(price, others) == (("off",) if loses else ())
    assert (warning(losing_lines_to(price, others)) is not None) is loses


def test_V3_an_order_offer_takes_no_lines_from_another() -> None:
    assert losing_lines_to(campaign("off"), [campaign("other")]) == ()
