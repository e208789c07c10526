"""The copy of campaigns that a function keeps (V16)."""

from dataclasses import replace

import pytest

from functions.offers import running
from functions.offers.running import KEPT_SECONDS, RunningCampaigns
from functions.platform.deadline import Deadline
from tests.stores.test_campaigns_put import flash, off, put
from tests.support.faults import Calls
from tests.support.shop import NOON, Shop


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        """Return it."""
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which copies are old."""
    made = Clock()
    monkeypatch.setattr(running, "time", made)
    return made


def versions(copy: RunningCampaigns) -> dict[str, int]:
    """Return what a copy knows."""
    return {each.campaign_id: each.version for each in copy.known(Deadline(20))}


def test_V16_a_copy_is_used_for_some_seconds_and_reads_what_has_changed_alone(
    shop: Shop, clock: Clock, calls: Calls
) -> None:
    shop.stock("tea", 9)
    put(shop, off())
    put(shop, flash(4))
    copy = RunningCampaigns(shop.tables, shop.settings.catalog_table)
    assert versions(copy) == {"flash": 1, "off": 1}
    put(shop, off(name="Another name"))
    put(shop, off(name="A third name"))
    clock.seconds += KEPT_SECONDS
    before = len(calls.sent)
    assert versions(copy) == {"flash": 1, "off": 1}
    assert len(calls.sent) == before
    clock.seconds += 0.1
    assert versions(copy) == {"flash": 1, "off": 3}
    assert len(calls.sent) == before + 2
    assert versions(copy) == {"flash": 1, "off": 3}
    clock.seconds += 2 * KEPT_SECONDS
    assert versions(copy) == {"flash": 1, "off": 3}
    assert len(calls.sent) == before + 3


def test_V16_what_a_put_of_the_same_function_changed_it_knows_at_once(shop: Shop, clock: Clock) -> None:
    copy = RunningCampaigns(shop.tables, shop.settings.catalog_table)
    assert versions(copy) == {}
    put(shop, off())
    assert versions(copy) == {}
    copy.forget()
    assert versions(copy) == {"off": 1}


def test_V16_those_that_run_at_a_moment_are_told_from_the_others(shop: Shop, clock: Clock) -> None:
    made = off()
    put(shop, made)
    put(shop, replace(made, campaign_id="paused", status="paused"))
    copy = RunningCampaigns(shop.tables, shop.settings.catalog_table)
    assert [each.campaign_id for each in copy.at(NOON, Deadline(20))] == ["off"]
    assert copy.at(made.ends_at, Deadline(20)) == ()
