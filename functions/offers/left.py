"""What is left of campaigns, read from the home rows of their counters (V2, V14, V15)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.catalog.set_aside import SET_ASIDE, counter_of_units
from functions.counters.counter import TERMS, Counter, Spread, is_closed, told
from functions.offers.campaigns import Available, Campaign
from functions.offers.counting import budget_counter, orders_counter
from functions.offers.kinds.flash import FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.uses import Uses
from functions.platform.dynamo import Key, Row


def touching(campaigns: Iterable[Campaign], skus: Iterable[str], at: datetime) -> tuple[Campaign, ...]:
    """Return those that run at a moment and may count one of these skus; the zone is not known yet."""
    asked = set(skus)
    return tuple(
        each
        for each in campaigns
        if each.runs_at(at) and (each.scope.skus is None or not asked.isdisjoint(each.scope.skus))
    )


def gift_skus(campaigns: Iterable[Campaign]) -> frozenset[str]:
    """Return the skus that campaigns give away, whose products a quote needs (V6)."""
    return frozenset(each.terms.sku for each in campaigns if isinstance(each.terms, GiftTerms))


def counters_of(table: str, campaign: Campaign, skus: Sequence[str]) -> list[Counter]:
    """Return the counters that an order of these skus may take from when it uses a campaign."""
    counters: list[Counter] = []
    if campaign.limits.orders is not None:
        counters.append(orders_counter(table, campaign.campaign_id))
    if campaign.limits.budget_fen is not None:
        counters.append(budget_counter(table, campaign.campaign_id))
    if isinstance(campaign.terms, FlashTerms):
        items = campaign.terms.items
        counters += [counter_of_units(table, sku, campaign.campaign_id) for sku in skus if sku in items]
    return counters


def limit_keys(table: str, campaigns: Iterable[Campaign], skus: Sequence[str]) -> Mapping[str, Key]:
    """Return the keys of the home rows of all counters that these campaigns are limited by, by name."""
    return {
        counter.name: counter.home for campaign in campaigns for counter in counters_of(table, campaign, skus)
    }


@dataclass(frozen=True, slots=True)
class Left:
    """The home rows of counters by name, and what has been found of some of them since, at one moment."""

    rows: Mapping[str, Row | None]
    exactly: Mapping[str, int] | None = None

    def amount(self, counter: Counter) -> int:
        """Return how much of a counter is left: nothing if there is none, or if it is closed."""
        name = counter.name
        if self.exactly is not None and name in self.exactly:
            return self.exactly[name]
        row = self.rows.get(name)
        if row is None or (counter.item == SET_ASIDE and TERMS not in row):
            return 0
        return max(0, told(row, counter.amount))

    def lacks_any(self, campaigns: Iterable[Campaign], skus: Sequence[str]) -> bool:
        """Tell whether a counter that limits these campaigns is closed, or not there: they are of before."""
        for campaign in campaigns:
            for counter in counters_of("", campaign, skus):
                row = self.rows.get(counter.name)
                if row is None or is_closed(row, counter):
                    return True
        return False

    def spread(self, counter: Counter) -> Spread:
        """Return how a counter lies."""
        row = self.rows.get(counter.name)
        return Spread() if row is None else Spread.of(row)

    def knowing(self, exactly: Mapping[str, int]) -> "Left":
        """Return the same with amounts that have been found out at one moment."""
        return replace(self, exactly={**(self.exactly or {}), **exactly})

    def of(self, campaign: Campaign, uses: Uses) -> Available:
        """Return a campaign with what is left of it for a member."""
        limits, name = campaign.limits, campaign.campaign_id
        orders = budget = mine = None
        if limits.orders is not None:
            orders = self.amount(orders_counter("", name))
        if limits.budget_fen is not None:
            budget = self.amount(budget_counter("", name))
        if limits.per_member is not None:
            mine = max(0, limits.per_member - uses.orders_of(name))
        units: dict[str, int] = {}
        if isinstance(campaign.terms, FlashTerms):
            units = {
                sku: self.amount(counter_of_units("", sku, name))
                for sku in campaign.terms.items
                if counter_of_units("", sku, name).name in self.rows
            }
        return Available(
            campaign=campaign,
            orders_left=orders,
            member_orders_left=mine,
            budget_left_fen=budget,
            units_left=units,
            member_units=uses.units_of(name),
        )
