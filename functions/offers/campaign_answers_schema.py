"""What the routes of campaigns answer: a campaign as staff see it, and as members do."""

from datetime import datetime
from typing import Any

from pydantic import Field

from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.offers.campaign_store import State, state_of
from functions.offers.campaigns import Campaign, CampaignStatus, Kind
from functions.offers.counting import Figures
from functions.offers.kinds import Terms
from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.flash import FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms
from functions.offers.previews import Preview
from functions.offers.schema import QuoteAnswer, quote_answer
from functions.offers.uses import Uses
from functions.platform.scopes import ScopeAnswer, scope_answer
from functions.platform.shapes import Answer, Rate, StoreTime


def _none(value: object) -> bool:
    return value is None


class DiscountTermsAnswer(Answer):
    """A factor of the list price."""

    rate: Rate


class FlashItemAnswer(Answer):
    """What a unit costs, and how many there are in all, sold ones too."""

    price_fen: int
    units: int


class FlashTermsAnswer(Answer):
    """Prices and units by sku, and how many units of each a member may have."""

    items: dict[str, FlashItemAnswer]
    per_member: int


class StepAnswer(Answer):
    """From how much, so much off."""

    from_fen: int
    off_fen: int


class SpendSaveTermsAnswer(Answer):
    """Steps that rise in both; one alone may repeat, up to a cap."""

    steps: list[StepAnswer]
    repeat: bool
    max_off_fen: int | None


class GiftTermsAnswer(Answer):
    """From how much on, which product is given, and how many units of it."""

    from_fen: int
    sku: str
    quantity: int


TermsAnswer = DiscountTermsAnswer | FlashTermsAnswer | SpendSaveTermsAnswer | GiftTermsAnswer


class FlashPriceAnswer(Answer):
    """What a unit costs."""

    price_fen: int


class FlashOfferAnswer(Answer):
    """Prices by sku, and how many units of each a member may have."""

    items: dict[str, FlashPriceAnswer]
    per_member: int


class LimitsAnswer(Answer):
    """How much there is of a campaign; null is no limit."""

    orders: int | None
    per_member: int | None
    budget_fen: int | None


class UsedAnswer(Answer):
    """What a campaign came to, net of what came back."""

    orders: int
    units: int
    given_fen: int
    goods_fen: int
    refunded_fen: int
    members: int


class CampaignAnswer(Answer):
    """A campaign as staff see it.

    `group`, `with_coupons` and `with_points` are there for order offers, `stacks` for line offers, a scope
    for all but flash sales.
    """

    campaign_id: str
    version: int = Field(description="Counts the puts that changed it.")
    name: str
    kind: Kind
    starts_at: StoreTime
    ends_at: StoreTime
    scope: ScopeAnswer | None = Field(default=None, exclude_if=_none)
    except_skus: list[str] | None = Field(default=None, exclude_if=_none)
    tiers: list[str] | None
    group: str | None = Field(default=None, exclude_if=_none)
    stacks: bool | None = Field(default=None, exclude_if=_none)
    with_coupons: bool | None = Field(default=None, exclude_if=_none)
    with_points: bool | None = Field(default=None, exclude_if=_none)
    terms: TermsAnswer
    limits: LimitsAnswer
    status: CampaignStatus
    state: State = Field(description="How it stands at this moment.")
    used: UsedAnswer
    units_left: dict[str, int] | None = Field(
        default=None,
        exclude_if=_none,
        description="Of a flash sale that is seen by itself: what is left of its units, by sku.",
    )
    warning: str | None = Field(
        default=None, exclude_if=_none, description="What a put of it brings about that may not be meant."
    )


class YourAnswer(Answer):
    """What a member may still have; null where nothing limits it."""

    orders_left: int | None
    units_left: dict[str, int] | None = Field(description="Of a flash sale, by sku.")


class OfferAnswer(Answer):
    """A campaign as members see it."""

    campaign_id: str
    name: str
    kind: Kind
    starts_at: StoreTime
    ends_at: StoreTime
    scope: ScopeAnswer | None = Field(default=None, exclude_if=_none)
    except_skus: list[str] | None = Field(default=None, exclude_if=_none)
    tiers: list[str] | None
    group: str | None = Field(default=None, exclude_if=_none)
    stacks: bool | None = Field(default=None, exclude_if=_none)
    with_coupons: bool | None = Field(default=None, exclude_if=_none)
    with_points: bool | None = Field(default=None, exclude_if=_none)
    terms: DiscountTermsAnswer | FlashOfferAnswer | SpendSaveTermsAnswer | GiftTermsAnswer
    your: YourAnswer
    used_up: bool = Field(
        default=False,
        exclude_if=lambda used_up: not used_up,
        description="All of its orders, or its whole budget, are taken.",
    )


class OffersAnswer(Answer):
    """What runs now for the caller, and what starts next, soonest first."""

    running: list[OfferAnswer]
    next: list[OfferAnswer]


class PreviewAnswer(Answer):
    """What a cart costs now, and what it would cost with the campaign: for whom, and when."""

    tier: str
    at: StoreTime
    before: QuoteAnswer
    after: QuoteAnswer


def preview_answer(shown: Preview, at: datetime, policy: Policy) -> PreviewAnswer:
    """Show a preview of a campaign."""
    return PreviewAnswer(
        tier=shown.after.tier,
        at=at.astimezone(policy.zone),
        before=quote_answer(shown.before),
        after=quote_answer(shown.after),
    )


def campaign_answer(
    campaign: Campaign,
    used: Figures,
    policy: Policy,
    at: datetime,
    *,
    warning: str | None = None,
    units_left: dict[str, int] | None = None,
) -> CampaignAnswer:
    """Show a campaign to staff."""
    return CampaignAnswer(
        **_said(campaign, policy),
        version=campaign.version,
        terms=_terms(campaign.terms),
        limits=LimitsAnswer(**plain(campaign.limits)),
        status=campaign.status,
        state=state_of(campaign, at),
        used=UsedAnswer(**plain(used)),
        warning=warning,
        units_left=units_left,
    )


def offer_answer(campaign: Campaign, uses: Uses, policy: Policy, *, used_up: bool = False) -> OfferAnswer:
    """Show a campaign to a member, with what they may still have of it; nothing of what others have."""
    limits, units_left = campaign.limits, None
    shown: DiscountTermsAnswer | FlashOfferAnswer | SpendSaveTermsAnswer | GiftTermsAnswer
    if isinstance(campaign.terms, FlashTerms):
        flash, had = campaign.terms, uses.units_of(campaign.campaign_id)
        units_left = {sku: max(0, flash.per_member - had.get(sku, 0)) for sku in sorted(flash.items)}
        prices = {
            sku: FlashPriceAnswer(price_fen=item.price_fen) for sku, item in sorted(flash.items.items())
        }
        shown = FlashOfferAnswer(items=prices, per_member=flash.per_member)
    else:
        shown = _other_terms(campaign.terms)
    orders_left = None
    if limits.per_member is not None:
        orders_left = max(0, limits.per_member - uses.orders_of(campaign.campaign_id))
    return OfferAnswer(
        **_said(campaign, policy),
        terms=shown,
        your=YourAnswer(orders_left=orders_left, units_left=units_left),
        used_up=used_up,
    )


def _said(campaign: Campaign, policy: Policy) -> dict[str, Any]:
    """Return what everybody sees of a campaign."""
    said: dict[str, Any] = {
        "campaign_id": campaign.campaign_id,
        "name": campaign.name,
        "kind": campaign.kind,
        "starts_at": campaign.starts_at.astimezone(policy.zone),
        "ends_at": campaign.ends_at.astimezone(policy.zone),
        "tiers": None if campaign.tiers is None else sorted(campaign.tiers),
    }
    if not isinstance(campaign.terms, FlashTerms):
        said["scope"] = scope_answer(campaign.scope)
        if campaign.scope.except_skus:
            said["except_skus"] = sorted(campaign.scope.except_skus)
    if campaign.terms.is_line_offer:
        return said | {"stacks": campaign.stacks}
    names = ("group", "with_coupons", "with_points")
    return said | {name: getattr(campaign, name) for name in names}


def _terms(terms: Terms) -> TermsAnswer:
    if isinstance(terms, FlashTerms):
        return FlashTermsAnswer(**terms.to_row())
    return _other_terms(terms)


def _other_terms(
    terms: DiscountTerms | SpendSaveTerms | GiftTerms,
) -> DiscountTermsAnswer | SpendSaveTermsAnswer | GiftTermsAnswer:
    match terms:
        case DiscountTerms():
            return DiscountTermsAnswer(rate=terms.rate)
        case SpendSaveTerms():
            return SpendSaveTermsAnswer(**terms.to_row())
        case GiftTerms():
            return GiftTermsAnswer(**terms.to_row())
