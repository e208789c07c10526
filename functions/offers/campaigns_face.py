"""Face: campaigns as staff put them, and what members see of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from functions.catalog import rows as catalog_rows
from functions.catalog.products import Product
from functions.catalog.set_aside import units_at
from functions.domain.errors import invalid_fields
from functions.domain.policy import Policy
from functions.offers import uses as offer_uses
from functions.offers.campaign_answers_schema import (
    CampaignAnswer,
    OffersAnswer,
    PreviewAnswer,
    campaign_answer,
    offer_answer,
    preview_answer,
)
from functions.offers.campaign_rows import POSITION
from functions.offers.campaign_schema import RESERVED, CampaignRequest, PreviewRequest
from functions.offers.campaign_store import CampaignStore, named_skus, unknown_skus
from functions.offers.campaigns import ACTIVE, Campaign
from functions.offers.counting import figures, figures_of_each
from functions.offers.crossing import losing_lines_to, warning
from functions.offers.kinds.flash import FlashTerms
from functions.offers.left import Left, gift_skus, limit_keys
from functions.offers.previews import preview
from functions.offers.running import RunningCampaigns
from functions.offers.uses import Uses
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Response, Who, answer, route
from functions.platform.parameters import Body, Cursor, IfMatch, IfNoneMatch, Limit, Path, Query
from functions.platform.preconditions import replaced_version
from functions.platform.roles import Role
from functions.platform.settings import Settings
from functions.platform.shapes import Page, Sku
from functions.tiers import members

CampaignIdPath = Annotated[Sku, Path(description="The campaign's id.")]
CAMPAIGNS = "campaigns"
NEXT_MAX = 10
"""Campaigns that members are shown of those that have not started."""


@dataclass(frozen=True, slots=True)
class CampaignsFace:
    """What staff say of campaigns, and what runs for a member."""

    api: Api
    store: CampaignStore
    running: RunningCampaigns
    settings: Settings
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "PUT",
        "/campaigns/<campaign_id>",
        summary="Put a campaign",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        body=True,
        refuses={
            409: [
                "campaign_ended",
                "campaign_kind_fixed",
                "too_many_campaigns",
                "insufficient_stock",
                "units_in_use",
                "limit_in_use",
                "conflict",
            ],
            412: ["exists_already", "changed_meanwhile"],
            422: ["unknown_sku"],
        },
        also_answers={HTTPStatus.CREATED: "The campaign is new"},
    )
    def put_campaign(
        self,
        campaign_id: CampaignIdPath,
        request: Annotated[CampaignRequest, Body()],
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[CampaignAnswer]:
        """Create a campaign, or replace what is said of it. Contents that it has already keep its version.

        It holds for orders that are placed from five seconds after the answer on. Orders keep what they used.
        To end a campaign, let it end now; one that has ended stays as it is.

        The units of a flash sale are set aside from the stock. Those of a sku that leaves it go back, if none
        was sold; the others do some minutes after its end.
        """
        now = self.clock()
        campaign, new = self.store.put(
            self._campaign(campaign_id, request),
            now,
            self.api.deadline,
            replaces=replaced_version(if_match, if_none_match),
        )
        self.running.forget()
        shown = campaign_answer(
            campaign,
            figures(self.store.tables, self.store.table, campaign_id, self.api.deadline),
            self.policy,
            now,
            warning=self._warning(campaign),
            units_left=self._units_left(campaign),
        )
        return answer(shown, HTTPStatus.CREATED if new else HTTPStatus.OK)

    @route(
        "GET",
        "/campaigns/<campaign_id>",
        summary="See a campaign",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        refuses={404: ["campaign_not_found"]},
    )
    def get_campaign(self, campaign_id: CampaignIdPath) -> CampaignAnswer:
        """Show a campaign, and what it came to so far, net of what came back; of a flash what is left."""
        campaign = self.store.find(campaign_id)
        (shown,) = self._shown([campaign], self.clock())
        return shown.model_copy(update={"units_left": self._units_left(campaign)})

    @route(
        "GET",
        "/campaigns",
        summary="See the campaigns",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        refuses={400: ["invalid_cursor"]},
    )
    def get_campaigns(
        self,
        status: Annotated[
            Literal["scheduled", "running", "paused", "ended"] | None,
            Query(description="Only those that stand so now."),
        ] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[CampaignAnswer]:
        """List the campaigns, the one that starts last first. A page may have fewer than asked for, and still
        go on."""
        places = Cursors(f"{CAMPAIGNS} {status or ''}", self.api.caller.member_id, POSITION)
        now = self.clock()
        found, position = self.store.listed(
            status, now, limit=limit, after=places.read(cursor), deadline=self.api.deadline
        )
        return Page(items=self._shown(found, now), next_cursor=places.write(position))

    @route(
        "POST",
        "/campaigns/<campaign_id>/preview",
        summary="Try a campaign on a cart",
        who=Who.STAFF,
        roles=Role.MARKETING,
        body=True,
        refuses={422: ["unknown_sku", "product_withdrawn"]},
    )
    def preview_campaign(
        self, campaign_id: CampaignIdPath, request: Annotated[PreviewRequest, Body()]
    ) -> PreviewAnswer:
        """Price a cart as things stand, and as if a campaign were put so; nothing changes.

        The shopper is a member of the tier who has no coupons, redeems no points and has used nothing of any
        campaign; of each there is still all that it began with. It counts as active, paused or not.
        """
        campaign = self._campaign(campaign_id, request.campaign)
        codes = [tier.code for tier in self.policy.tiers]
        tier = codes[0] if request.tier is None else request.tier
        if tier not in codes:
            raise invalid_fields(("tier", f"must be one of {', '.join(codes)}"))
        at = max(self.clock(), campaign.starts_at) if request.at is None else request.at
        others, cart = self.running.known(self.api.deadline), request.cart()
        gifts = gift_skus((campaign, *(each for each in others if each.runs_at(at))))
        named = named_skus(campaign)
        products = self._products({*(line.sku for line in cart.lines), *gifts, *named})
        unknown = [sku for sku in named if sku not in products]
        if unknown:
            raise unknown_skus(unknown)  # as putting it would be refused
        shown = preview(
            campaign,
            cart,
            others=others,
            products=products,
            tier=tier,
            at=at,
            policy=self.policy,
        )
        return preview_answer(shown, at, self.policy)

    @route(
        "GET",
        "/offers",
        summary="See what offers run for you",
        who=Who.MEMBER,
        refuses={409: ["not_registered"]},
    )
    def get_offers(self) -> OffersAnswer:
        """List the campaigns that run now for the caller's tier, with what the caller may still have of each,
        and those that start next."""
        member_id, table, now = self.api.caller.member_id, self.settings.members_table, self.clock()
        row, used = self.store.tables.batch_get(
            [(table, members.key(member_id, members.STANDING)), (table, offer_uses.key(member_id))],
            self.api.deadline,
        )
        standing = members.registered_standing_of(row)
        if standing is None:
            raise members.not_registered()
        uses = offer_uses.uses_of(used)
        theirs = [
            each
            for each in self.running.known(self.api.deadline)
            if each.status == ACTIVE and (each.tiers is None or standing.tier in each.tiers)
        ]
        coming = sorted(
            (each for each in theirs if now < each.starts_at),
            key=lambda each: (each.starts_at, each.campaign_id),
        )
        running = [each for each in theirs if each.runs_at(now)]
        used_up = self._used_up(running, uses)
        return OffersAnswer(
            running=[
                offer_answer(each, uses, self.policy, used_up=each.campaign_id in used_up) for each in running
            ],
            next=[offer_answer(each, uses, self.policy) for each in coming[:NEXT_MAX]],
        )

    def _used_up(self, campaigns: Sequence[Campaign], uses: Uses) -> set[str]:
        """Return the campaigns of which all orders, or the whole budget, are taken: nobody gets them now."""
        table = self.store.table
        limits = limit_keys(table, campaigns, ())
        keys = [(table, key) for key in limits.values()]
        rows = self.store.tables.batch_get(keys, self.api.deadline) if keys else []
        left = Left(dict(zip(limits, rows, strict=True)))
        of_each = {each.campaign_id: left.of(each, uses) for each in campaigns}
        return {name for name, each in of_each.items() if 0 in (each.orders_left, each.budget_left_fen)}

    def _campaign(self, campaign_id: str, request: CampaignRequest) -> Campaign:
        """Return the campaign that staff say, or refuse what the policy has no place for."""
        if campaign_id in RESERVED:
            raise invalid_fields(("campaign_id", "is reserved"))
        known = {tier.code for tier in self.policy.tiers}
        if not set(request.tiers or ()) <= known:
            raise invalid_fields(("tiers", f"must be of {', '.join(sorted(known))}"))
        return request.campaign(campaign_id)

    def _products(self, skus: Iterable[str]) -> dict[str, Product]:
        names = sorted(skus)
        rows = self.store.tables.batch_get(
            [(self.store.table, catalog_rows.key(sku)) for sku in names], self.api.deadline
        )
        return {
            sku: catalog_rows.product_of(row) for sku, row in zip(names, rows, strict=True) if row is not None
        }

    def _shown(self, campaigns: Sequence[Campaign], at: datetime) -> list[CampaignAnswer]:
        store, ids = self.store, [campaign.campaign_id for campaign in campaigns]
        used = figures_of_each(store.tables, store.table, ids, self.api.deadline)
        return [
            campaign_answer(campaign, each, self.policy, at)
            for campaign, each in zip(campaigns, used, strict=True)
        ]

    def _units_left(self, campaign: Campaign) -> dict[str, int] | None:
        """Return what a flash sale has left of each sku; None of others."""
        if not isinstance(campaign.terms, FlashTerms):
            return None
        pairs = [(sku, campaign.campaign_id) for sku in sorted(campaign.terms.items)]
        units = units_at(self.store.tables, self.store.table, pairs, self.api.deadline)
        return {sku: count or 0 for (sku, _), count in zip(pairs, units, strict=True)}

    def _warning(self, campaign: Campaign) -> str | None:
        if not campaign.terms.is_line_offer or campaign.stacks:
            return None
        return warning(losing_lines_to(campaign, self.running.known(self.api.deadline)))
