"""The directory of campaigns that are not over: how many may run at once, and who is to be read (V16).

It is one row, which every put of a campaign changes, so that of two that are put at once none is overlooked.
No order looks at it: functions read it every few seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from functions.domain import calendar
from functions.domain.errors import ConflictError
from functions.offers.campaigns import Campaign
from functions.platform.dynamo import Key, Row

DIRECTORY = "DIRECTORY"
KEY: Key = MappingProxyType({"sku": "campaigns", "item": DIRECTORY})
OVERLAP_MAX = 32
ORDER_OFFERS_MAX = 16
GROUPS_MAX = 4
"""Campaigns that may overlap at one moment, order offers among them, and the groups of those."""
OPEN_MAX = 400
"""Campaigns that may be open at all, those planned for later too: the row is read whole by every function."""
STAYS_AFTER_END = timedelta(minutes=1)
"""How long a campaign stays in it after its end: whoever placed an order just before has it still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A campaign in the directory. ``group`` is that of an order offer, None for a line offer."""

    version: int
    kind: str
    group: str | None
    starts_at: datetime
    ends_at: datetime
    status: str

    @classmethod
    def of(cls, campaign: Campaign) -> "Entry":
        """Return what the directory says of a campaign."""
        return cls(
            version=campaign.version,
            kind=campaign.kind,
            group=campaign.group,
            starts_at=campaign.starts_at,
            ends_at=campaign.ends_at,
            status=campaign.status,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The open campaigns by id; ``version`` counts the changes, 0 is none."""

    version: int = 0
    campaigns: Mapping[str, Entry]

    def having(self, campaign: Campaign) -> "Directory":
        """Return the directory with a campaign as it is put.

        Raises
        ------
        ConflictError
            ``too_many_campaigns``: too many would overlap with it at one moment, or be open at all.
        """
        entry = Entry.of(campaign)
        others = {name: each for name, each in self.campaigns.items() if name != campaign.campaign_id}
        if len(others) >= OPEN_MAX:
            raise _too_many(f"No more than {OPEN_MAX} may be open.")
        _check_overlap(entry, [each for each in others.values() if _overlap(each, entry)])
        return replace(self, campaigns={**others, campaign.campaign_id: entry})

    def without(self, *campaign_ids: str) -> "Directory":
        """Return the directory without these campaigns."""
        left = {name: each for name, each in self.campaigns.items() if name not in campaign_ids}
        return replace(self, campaigns=left)

    def over_at(self, at: datetime) -> tuple[str, ...]:
        """Return the campaigns whose end was so long ago that nobody places an order by them any more."""
        return tuple(name for name, each in self.campaigns.items() if each.ends_at + STAYS_AFTER_END <= at)


def directory_of(row: Row | None) -> Directory:
    """Read the directory; without a row it is empty."""
    if row is None:
        return Directory(campaigns={})
    return Directory(
        version=row["version"],
        campaigns={
            name: Entry(
                version=each["version"],
                kind=each["kind"],
                group=each["group"],
                starts_at=calendar.from_row(each["starts_at"]),
                ends_at=calendar.from_row(each["ends_at"]),
                status=each["status"],
            )
            for name, each in row["campaigns"].items()
        },
    )


def row_after(directory: Directory) -> Row:
    """Write a directory as the row that follows the one of its version."""
    return {
        **KEY,
        "version": directory.version + 1,
        "campaigns": {
            name: {
                "version": each.version,
                "kind": each.kind,
                "group": each.group,
                "starts_at": calendar.to_row(each.starts_at),
                "ends_at": calendar.to_row(each.ends_at),
                "status": each.status,
            }
            for name, each in sorted(directory.campaigns.items())
        },
    }


def _check_overlap(entry: Entry, others: list[Entry]) -> None:
    """Refuse an entry with which too many would overlap: most do where one of them starts."""
    starts = {max(each.starts_at, entry.starts_at) for each in (*others, entry)}
    for at in starts:
        then = [each for each in others if each.starts_at <= at < each.ends_at] + [entry]
        groups = [each.group for each in then if each.group is not None]
        if len(then) > OVERLAP_MAX:
            raise _too_many(f"No more than {OVERLAP_MAX} may overlap at one moment.")
        if len(groups) > ORDER_OFFERS_MAX:
            raise _too_many(f"No more than {ORDER_OFFERS_MAX} order offers may overlap at one moment.")
        if len(set(groups)) > GROUPS_MAX:
            raise _too_many(f"Order offers of no more than {GROUPS_MAX} groups may overlap at one moment.")


def _overlap(one: Entry, other: Entry) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _too_many(detail: str) -> ConflictError:
    return ConflictError("too_many_campaigns", detail)
