"""What staff run for a time: campaigns, of four kinds, and what is left of one for a member (V1-V16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from functions.domain.scope import Scope
from functions.offers.kinds import Terms

Kind = Literal["discount", "flash", "spend_save", "gift"]
CampaignStatus = Literal["active", "paused"]
ACTIVE: Literal["active"] = "active"
PAUSED: Literal["paused"] = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much there is of a campaign: orders, orders per member, money given; None is no limit (V14)."""

    orders: int | None = None
    per_member: int | None = None
    budget_fen: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as staff last put it. ``version`` counts the puts that changed it.

    ``group`` is that of an order offer, None for a line offer; ``stacks`` is about line offers (V3),
    ``with_coupons`` and ``with_points`` about order offers (V7). ``tiers`` None means all.
    """

    campaign_id: str
    version: int
    name: str
    starts_at: datetime
    ends_at: datetime
    scope: Scope
    tiers: frozenset[str] | None = None
    group: str | None = None
    stacks: bool = True
    with_coupons: bool = True
    with_points: bool = True
    terms: Terms
    limits: Limits = NO_LIMITS
    status: CampaignStatus = ACTIVE

    @property
    def kind(self) -> str:
        """Which kind it is of: its terms say it."""
        return self.terms.kind

    def runs_at(self, at: datetime) -> bool:
        """Tell whether it runs at a moment: from its start on, until before its end, unless paused (V16)."""
        return self.status == ACTIVE and self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A running campaign, and what is left of it for a member; None where nothing limits it (V14).

    ``units_left`` is what is left of a flash by sku, ``member_units`` how many of each this member has of it.
    """

    campaign: Campaign
    orders_left: int | None = None
    member_orders_left: int | None = None
    budget_left_fen: int | None = None
    units_left: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    member_units: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
