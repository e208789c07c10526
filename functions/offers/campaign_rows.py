"""How campaigns stand in the table of the catalogue: each by itself, and all that are open in a directory."""

from datetime import datetime

from functions.domain import calendar
from functions.domain.identifiers import PATH_ID
from functions.domain.scope import Scope
from functions.offers.campaigns import Campaign, Limits
from functions.offers.kinds import KINDS
from functions.platform.dynamo import Row

CAMPAIGN = "CAMPAIGN"
SHELF = "campaigns"
"""Where campaigns stand in the catalogue's index by name: a shelf of their own, by start and id."""
POSITION = rf"[0-9TZ:-]{{20}}#{PATH_ID}"
"""Where a campaign stands on that shelf."""
_PARTITION = "campaign:"
"""How the partition of a campaign begins; no sku has a colon."""


def key(campaign_id: str) -> dict[str, str]:
    """Return the key of a campaign's row."""
    return {"sku": _PARTITION + campaign_id, "item": CAMPAIGN}


def id_of(row: Row) -> str:
    """Return whose row it is; that of an index has its keys alone."""
    return str(row["sku"]).removeprefix(_PARTITION)


def position_of(campaign_id: str, starts_at: datetime) -> str:
    """Return where a campaign stands among all."""
    return f"{calendar.to_row(starts_at)}#{campaign_id}"


def row_of(campaign: Campaign) -> Row:
    """Write a campaign as its row."""
    return {
        **key(campaign.campaign_id),
        "zone": SHELF,
        "name_key": position_of(campaign.campaign_id, campaign.starts_at),
        "version": campaign.version,
        "name": campaign.name,
        "kind": campaign.kind,
        "starts_at": calendar.to_row(campaign.starts_at),
        "ends_at": calendar.to_row(campaign.ends_at),
        "scope": campaign.scope.to_row(),
        "tiers": None if campaign.tiers is None else sorted(campaign.tiers),
        "group": campaign.group,
        "stacks": campaign.stacks,
        "with_coupons": campaign.with_coupons,
        "with_points": campaign.with_points,
        "terms": campaign.terms.to_row(),
        "limits": {
            "orders": campaign.limits.orders,
            "per_member": campaign.limits.per_member,
            "budget_fen": campaign.limits.budget_fen,
        },
        "status": campaign.status,
    }


def campaign_of(row: Row) -> Campaign:
    """Read a campaign from its row."""
    return Campaign(
        campaign_id=id_of(row),
        version=row["version"],
        name=row["name"],
        starts_at=calendar.from_row(row["starts_at"]),
        ends_at=calendar.from_row(row["ends_at"]),
        scope=Scope.from_row(row["scope"]),
        tiers=None if row["tiers"] is None else frozenset(row["tiers"]),
        group=row["group"],
        stacks=row["stacks"],
        with_coupons=row["with_coupons"],
        with_points=row["with_points"],
        terms=KINDS[row["kind"]].from_row(row["terms"]),
        limits=Limits(**row["limits"]),
        status=row["status"],
    )
