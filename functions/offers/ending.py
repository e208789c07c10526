"""Campaigns that are over leave the directory, once the units of a flash are back on the shelf (V2)."""

from dataclasses import dataclass
from datetime import datetime

from functions.catalog.setting_aside import close_units
from functions.domain.errors import RefusalError
from functions.offers import directory
from functions.offers.campaign_store import CampaignStore
from functions.offers.campaigns import Campaign
from functions.offers.directory import directory_of, row_after
from functions.offers.kinds.flash import FlashTerms
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables, until_clear
from functions.platform.observability import logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a run did: campaigns that it put away, and whether some are left for the next one."""

    campaigns: int
    left: int


def end_campaigns(tables: Tables, table: str, at: datetime, deadline: Deadline) -> Ended:
    """Put away the campaigns whose end is a minute ago or longer, as many as there is time for.

    It works from what is there, so that a run that broke off, or comes twice, changes nothing.
    """
    over = directory_of(tables.get(table, directory.KEY)).over_at(at)
    done = []
    for campaign in CampaignStore(tables, table).of_ids(over, deadline):
        if not deadline.seconds_left():
            break
        try:
            _close(tables, table, campaign, deadline)
        except RefusalError:
            logger.warning("campaign not closed", exc_info=True, extra={"campaign_id": campaign.campaign_id})
        else:
            done.append(campaign.campaign_id)
    if done:
        until_clear(lambda: _leave(tables, table, done, at, deadline), deadline)
    return Ended(campaigns=len(done), left=len(over) - len(done))


def _close(tables: Tables, table: str, campaign: Campaign, deadline: Deadline) -> None:
    if isinstance(campaign.terms, FlashTerms):
        for sku in sorted(campaign.terms.items):
            close_units(tables, table, campaign.campaign_id, sku, deadline)


def _leave(tables: Tables, table: str, done: list[str], at: datetime, deadline: Deadline) -> None:
    there = directory_of(tables.get(table, directory.KEY))
    gone = set(done) & set(there.over_at(at))
    if gone:
        transaction = tables.transaction()
        transaction.put_version(table, row_after(there.without(*gone)), replaces=there.version)
        transaction.commit(deadline)
