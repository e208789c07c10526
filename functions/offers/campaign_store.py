"""Where campaigns live: put by staff in one transaction with all that follows from it, found, and listed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from functions.catalog import rows as catalog_rows
from functions.catalog.listing import BY_NAME, NAME_KEY, ZONE
from functions.catalog.setting_aside import Change, change_units
from functions.catalog.stock import tell_left_behind
from functions.counters.counter import Counter
from functions.counters.spreading import spread_over
from functions.domain.errors import ConflictError, InvalidError, NotFoundError, RefusalError, invalid_fields
from functions.offers import directory
from functions.offers.campaign_rows import SHELF, campaign_of, id_of, key, position_of, row_of
from functions.offers.campaigns import PAUSED, Campaign
from functions.offers.directory import directory_of, row_after
from functions.offers.kinds.flash import FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.limit_counters import change_limits
from functions.platform import preconditions
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    HIGHEST,
    LOWEST,
    STAFF_ACTIONS_MAX,
    ConditionFailedError,
    Row,
    Tables,
    Transaction,
    below,
    until_clear,
)

State = Literal["scheduled", "running", "paused", "ended"]
SCHEDULED: State = "scheduled"
RUNNING: State = "running"
IS_PAUSED: State = "paused"
ENDED: State = "ended"

IN_THE_WAY = (
    "Others change the same things; send the same request again. A limit that there has not been cannot be "
    "put while many orders a second use the campaign: pause it, and put the limit five seconds later."
)


def state_of(campaign: Campaign, at: datetime) -> State:
    """Return how a campaign stands at a moment; one that has not ended may be paused before it has begun."""
    if campaign.ends_at <= at:
        return ENDED
    if campaign.status == PAUSED:
        return IS_PAUSED
    return SCHEDULED if at < campaign.starts_at else RUNNING


def no_campaign() -> NotFoundError:
    """Return the refusal of an id that no campaign has."""
    return NotFoundError("campaign_not_found", "There is no such campaign.")


@dataclass(frozen=True, slots=True)
class CampaignStore:
    """The campaigns, in the catalogue's table."""

    tables: Tables
    table: str

    def find(self, campaign_id: str) -> Campaign:
        """Return a campaign as staff last put it.

        Raises
        ------
        NotFoundError
            ``campaign_not_found``.
        """
        row = self.tables.get(self.table, key(campaign_id))
        if row is None:
            raise no_campaign()
        return campaign_of(row)

    def of_ids(self, campaign_ids: Iterable[str], deadline: Deadline) -> list[Campaign]:
        """Return the campaigns of these ids that there are, in this order."""
        keys = [(self.table, key(each)) for each in campaign_ids]
        rows = self.tables.batch_get(keys, deadline) if keys else []
        return [campaign_of(row) for row in rows if row is not None]

    def put(
        self, campaign: Campaign, at: datetime, deadline: Deadline, *, replaces: int | None = None
    ) -> tuple[Campaign, bool]:
        """Create a campaign, or replace what is said of it; return it by its version, and whether it is new.

        ``replaces`` is the version that there must be, if any is said (`platform/preconditions.py`).

        All that follows is of the same transaction: the units that a flash sets aside, the counters of the
        limits, and the directory. Contents that it has already change nothing. Where it is more than fits
        into one, the limits are put after all else, as a version of their own.

        Raises
        ------
        InvalidError
            ``unknown_sku``: it names a product that there is not. ``invalid_request``: a new one is over.
        ConflictError
            ``campaign_ended``, ``campaign_kind_fixed``, ``too_many_campaigns``, ``insufficient_stock``,
            ``units_in_use``, ``limit_in_use``; ``conflict``: others were faster all the time.
        PreconditionError
            ``exists_already``, ``changed_meanwhile``.
        """
        self._check_skus(campaign, deadline)
        created = False
        in_part: Campaign | None = None
        """What an attempt may have put before the limits: then it is ours that is replaced."""

        def attempt() -> tuple[Campaign, bool]:
            nonlocal created, replaces, in_part
            row, listed = self.tables.batch_get(
                [(self.table, key(campaign.campaign_id)), (self.table, directory.KEY)], deadline
            )
            before = None if row is None else campaign_of(row)
            same = before is not None and replace(campaign, version=before.version) == before
            if before is not None and before == in_part:
                replaces = before.version if replaces is not None else None
            preconditions.check(replaces, None if before is None else before.version, same=same)
            if before is not None and same:
                return before, before.version == 1 and (created or replaces == preconditions.NOTHING)
            _check_may_be_put(campaign, before, at)
            created = before is None
            after = replace(campaign, version=1 if before is None else before.version + 1)
            in_part = None if before is None else replace(after, limits=before.limits)
            try:
                self._put(before, after, listed, deadline)
            except RefusalError:
                # Rows that are read one after the other are no snapshot: this may be about a put meanwhile.
                if self.tables.get(self.table, key(campaign.campaign_id)) == row:
                    raise
                raise ConditionFailedError([]) from None
            return after, created

        try:
            return until_clear(attempt, deadline)
        except ConflictError as refusal:
            if refusal.code != "conflict":
                raise
            raise ConflictError("conflict", IN_THE_WAY) from refusal

    def listed(
        self, state: State | None, at: datetime, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Campaign], str | None]:
        """Return a page of the campaigns that stand so, the last to start first, and where to go on after.

        Those that are not over are as they are now; the index of all may be behind. A page of those that are
        over may have fewer than ``limit``, and still go on.
        """
        if state in (None, ENDED):
            return self._of_index(state, at, limit, after, deadline)
        entries = directory_of(self.tables.get(self.table, directory.KEY)).campaigns
        places = sorted((position_of(name, each.starts_at) for name, each in entries.items()), reverse=True)
        ids = [place.partition("#")[2] for place in places if after is None or place < after]
        found = [each for each in self.of_ids(ids, deadline) if state_of(each, at) == state]
        return found[:limit], _position(found[limit - 1]) if len(found) > limit else None

    def _of_index(
        self, state: State | None, at: datetime, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Campaign], str | None]:
        rows, more = self.tables.query_span(
            self.table,
            index=BY_NAME,
            partition=(ZONE, SHELF),
            sort=NAME_KEY,
            span=(LOWEST, HIGHEST if after is None else below(after)),
            limit=limit,
            newest_first=True,
        )
        found = self.of_ids((id_of(row) for row in rows), deadline)
        fitting = [each for each in found if state in (None, state_of(each, at))]
        return fitting, str(rows[-1][NAME_KEY]) if more else None

    def _put(self, before: Campaign | None, after: Campaign, listed: Row | None, deadline: Deadline) -> None:
        transaction, scattered = self._putting(before, after, listed, deadline)
        if len(transaction.actions) <= STAFF_ACTIONS_MAX:
            try:
                transaction.commit(deadline)
            except ConditionFailedError as failed:
                tell_left_behind(self.tables, self.table, failed.rows, deadline)
                raise
            return
        for each in scattered:  # V15: rows are joined first, and the put is tried again
            spread_over(self.tables, each, 1, deadline)
        if not scattered and before is not None and before.limits != after.limits:
            self._put(before, replace(after, limits=before.limits), listed, deadline)
        raise ConditionFailedError([])

    def _putting(
        self, before: Campaign | None, after: Campaign, listed: Row | None, deadline: Deadline
    ) -> tuple[Transaction, Sequence[Counter]]:
        """Return what puts a campaign, and the counters of which it takes from several rows."""
        there = directory_of(listed)
        transaction = self.tables.transaction()
        replaces = 0 if before is None else before.version
        transaction.put_version(self.table, row_of(after), replaces=replaces)
        transaction.put_version(self.table, row_after(there.having(after)), replaces=there.version)
        scattered = change_units(
            self.tables,
            transaction,
            self.table,
            after.campaign_id,
            _changes(before, after),
            deadline,
            version=after.version,
        )
        change_limits(self.tables, transaction, self.table, before, after, deadline)
        return transaction, scattered

    def _check_skus(self, campaign: Campaign, deadline: Deadline) -> None:
        """Refuse skus that the catalogue does not have, in what is asked for by sku."""
        skus = named_skus(campaign)
        rows = self.tables.batch_get([(self.table, catalog_rows.key(sku)) for sku in skus], deadline)
        unknown = [sku for sku, row in zip(skus, rows, strict=True) if row is None]
        if unknown:
            raise unknown_skus(unknown)


def _check_may_be_put(campaign: Campaign, before: Campaign | None, at: datetime) -> None:
    if before is None:
        if campaign.ends_at <= at:
            raise invalid_fields(("ends_at", "must be in the future"))
        return
    if before.kind != campaign.kind:
        raise ConflictError("campaign_kind_fixed", f"It is a {before.kind}, and stays one.")
    if before.ends_at <= at:
        raise ConflictError("campaign_ended", "It has ended, and nothing of it changes any more.")


def _changes(before: Campaign | None, after: Campaign) -> Sequence[Change]:
    """Return how many units of each sku a campaign sets aside, before and after a put."""
    old, new = _units(before), _units(after)
    return [Change(sku=sku, before=old.get(sku), after=new.get(sku)) for sku in sorted({*old, *new})]


def _units(campaign: Campaign | None) -> dict[str, int]:
    if campaign is None or not isinstance(campaign.terms, FlashTerms):
        return {}
    return {sku: item.units for sku, item in campaign.terms.items.items()}


def unknown_skus(skus: Sequence[str]) -> InvalidError:
    """Return the refusal of a campaign that names products which there are not."""
    return InvalidError("unknown_sku", "The catalogue has no such product.", skus=list(skus))


def named_skus(campaign: Campaign) -> list[str]:
    """Return the skus that a campaign names, other than those that it leaves out."""
    named = set(campaign.scope.skus or ())
    if isinstance(campaign.terms, FlashTerms):
        named |= set(campaign.terms.items)
    if isinstance(campaign.terms, GiftTerms):
        named.add(campaign.terms.sku)
    return sorted(named)


def _position(campaign: Campaign) -> str:
    return position_of(campaign.campaign_id, campaign.starts_at)
