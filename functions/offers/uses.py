"""What a member has had of each campaign: orders, and units of flash sales, in one row (V2, V14)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from functions.domain import calendar
from functions.platform.dynamo import Row
from functions.tiers import members

USES = "USES"
KEPT_AFTER_END = timedelta(days=100)
"""How long a campaign's uses are kept after its end: whoever returns an order later is counted on."""
_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a member has of a campaign now: orders that are not closed, and units of a flash sale by sku.

    ``until`` is when the campaign ends, as it was known at the last use.
    """

    orders: int = 0
    units: Mapping[str, int] = field(default_factory=lambda: _NONE)
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """A member's uses by campaign; ``version`` counts the changes of their row, 0 is none."""

    version: int = 0
    of: Mapping[str, Use] = field(default_factory=dict)

    def orders_of(self, campaign_id: str) -> int:
        """Return how many orders of theirs use a campaign."""
        return self.of[campaign_id].orders if campaign_id in self.of else 0

    def units_of(self, campaign_id: str) -> Mapping[str, int]:
        """Return how many units of each sku they have had of a flash sale."""
        return self.of[campaign_id].units if campaign_id in self.of else _NONE

    def taken(self, campaign_id: str, units: Mapping[str, int], *, until: datetime) -> "Uses":
        """Return the uses after an order of theirs that uses a campaign, with these units of a flash sale."""
        before = self.of.get(campaign_id, Use(until=until))
        return self._with(
            campaign_id, Use(orders=before.orders + 1, units=_added(before.units, units, 1), until=until)
        )

    def given_back(self, campaign_id: str, units: Mapping[str, int], *, orders: int) -> "Uses":
        """Return the uses after units of a flash sale came back to the allowance, and the use, if ``orders``.

        What is not known any more, long after the campaign's end, is not given back.
        """
        before = self.of.get(campaign_id)
        if before is None:
            return self
        after = replace(before, orders=max(0, before.orders - orders), units=_added(before.units, units, -1))
        return self._with(campaign_id, after)

    def without_old(self, now: datetime, still_open: Collection[str]) -> "Uses":
        """Return the uses without those of campaigns that ended long ago.

        Those of ``still_open`` campaigns are kept: an end may have been put off since the last use.
        """
        kept = {
            name: use
            for name, use in self.of.items()
            if name in still_open or now < use.until + KEPT_AFTER_END
        }
        return self if len(kept) == len(self.of) else replace(self, of=kept)

    def _with(self, campaign_id: str, use: Use) -> "Uses":
        return replace(self, of={**self.of, campaign_id: use})


def key(member_id: str) -> dict[str, str]:
    """Return the key of a member's uses."""
    return members.key(member_id, USES)


def uses_of(row: Row | None) -> Uses:
    """Read a member's uses from their row; a member without one has used nothing."""
    if row is None:
        return Uses()
    return Uses(
        version=row["version"],
        of={
            name: Use(orders=use["orders"], units=use["units"], until=calendar.from_row(use["until"]))
            for name, use in row["campaigns"].items()
        },
    )


def row_after(member_id: str, uses: Uses) -> Row:
    """Write a member's uses as the row that follows the one of their version."""
    return {
        **key(member_id),
        "version": uses.version + 1,
        "campaigns": {
            name: {"orders": use.orders, "units": dict(use.units), "until": calendar.to_row(use.until)}
            for name, use in uses.of.items()
        },
    }


def _added(before: Mapping[str, int], units: Mapping[str, int], sign: int) -> Mapping[str, int]:
    after = dict(before)
    for sku, count in units.items():
        after[sku] = max(0, after.get(sku, 0) + sign * count)
    return {sku: count for sku, count in after.items() if count}
