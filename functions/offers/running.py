"""The campaigns that run, as functions know them: from a copy that is some seconds old at most (V16)."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from functions.offers import directory
from functions.offers.campaign_rows import campaign_of, key
from functions.offers.campaigns import Campaign
from functions.offers.directory import Entry, directory_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables

KEPT_SECONDS = 4.0
"""How long a copy is used: a change holds in every function a second before it must."""


@dataclass(slots=True)
class RunningCampaigns:
    """All campaigns of the directory, read anew when the copy is too old, those that changed alone."""

    tables: Tables
    table: str
    _kept: Mapping[str, Campaign] = field(default_factory=dict)
    _read_at: float | None = None

    def at(self, at: datetime, deadline: Deadline) -> tuple[Campaign, ...]:
        """Return the campaigns that run at a moment, by id."""
        return tuple(campaign for campaign in self.known(deadline) if campaign.runs_at(at))

    def known(self, deadline: Deadline) -> tuple[Campaign, ...]:
        """Return all campaigns that are not over and put away, by id.

        Raises
        ------
        TryAgainError
            ``try_again``: they could not be read in time.
        """
        if not self.is_fresh:
            begun = time.monotonic()
            self.hear(self.tables.get(self.table, directory.KEY), begun, deadline)
        return self.kept

    @property
    def is_fresh(self) -> bool:
        """Whether the copy may still be used as it is."""
        return self._read_at is not None and time.monotonic() - self._read_at <= KEPT_SECONDS

    @property
    def kept(self) -> tuple[Campaign, ...]:
        """The campaigns of the copy, however old."""
        return tuple(self._kept.values())

    def hear(self, row: Row | None, read_at: float, deadline: Deadline) -> bool:
        """Take the directory's row, which was asked for at a monotonic time; return whether it changed any.

        So whoever reads other rows can read that one along with them. What has changed is read here.
        """
        entries = directory_of(row).campaigns
        changed = [name for name, entry in entries.items() if not self._has(name, entry)]
        read = self._campaigns(changed, deadline)
        before = self._kept
        self._kept = {name: read[name] if name in read else before[name] for name in sorted(entries)}
        self._read_at = read_at
        return self._kept != before

    def forget(self) -> None:
        """Have the next who asks read the directory: a campaign has changed."""
        self._read_at = None

    def _has(self, campaign_id: str, entry: Entry) -> bool:
        kept = self._kept.get(campaign_id)
        return kept is not None and kept.version >= entry.version

    def _campaigns(self, campaign_ids: Iterable[str], deadline: Deadline) -> dict[str, Campaign]:
        """Read campaigns; one may be newer by now than the directory says."""
        names = list(campaign_ids)
        rows = self.tables.batch_get([(self.table, key(name)) for name in names], deadline) if names else []
        return {name: campaign_of(row) for name, row in zip(names, rows, strict=True) if row is not None}
