"""What the routes of campaigns take and answer: what staff say of one, and what members see of it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
)

from functions.catalog.schema import PRICE_FEN_MAX, STOCK_MAX, Text
from functions.domain.scope import Scope
from functions.offers.campaigns import NO_LIMITS, Campaign, CampaignStatus, Kind, Limits
from functions.offers.kinds import Terms
from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.flash import FlashItem, FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms, Step
from functions.offers.quotes import Cart, CartLine
from functions.offers.schema import QUANTITY_MAX, Lines
from functions.platform.scopes import ScopeTold, Skus, each_once, scope_of
from functions.platform.shapes import BRANCH, Moment, Request, Sku

RATE = r"^0\.[0-9]{1,4}$"
FLASH_SKUS_MAX = 40
STEPS_MAX = 10
AMOUNT_FEN_MAX = 10_000_000_000
"""No goods of an order and no step comes near to it."""
BUDGET_FEN_MAX = 1_000_000_000_000
ORDERS_MAX = 1_000_000_000
RESERVED = frozenset({"list", "member_day"})
"""What a line's price may be of besides campaigns: none of them is called so (V1)."""
LINE_OFFERS = frozenset({"discount", "flash"})


Amount = Annotated[int, Field(ge=1, le=AMOUNT_FEN_MAX)]


class DiscountTermsRequest(Request):
    """A factor of the list price, as decimal text."""

    rate: Annotated[str, StringConstraints(pattern=RATE)] = Field(examples=["0.85"])

    @field_validator("rate")
    @classmethod
    def _more_than_nothing(cls, rate: str) -> str:
        if not Decimal(rate):
            raise ValueError("must be more than 0")
        return rate

    def terms(self) -> Terms:
        """Return the terms."""
        return DiscountTerms(rate=Decimal(self.rate))


class FlashItemRequest(Request):
    """What a unit costs, and how many there are in all, sold ones too."""

    price_fen: Annotated[int, Field(ge=1, le=PRICE_FEN_MAX)]
    units: Annotated[int, Field(ge=1, le=STOCK_MAX)]


def _all_by_name(schema: dict[str, Any]) -> None:
    """Say what all names of an object are: by a pattern alone others would be allowed, with anything."""
    ((pattern, value),) = schema.pop("patternProperties").items()
    schema["propertyNames"]["pattern"] = pattern
    schema["additionalProperties"] = value


class FlashTermsRequest(Request):
    """Prices and units by sku, and how many units of each a member may have."""

    items: Annotated[
        dict[Sku, FlashItemRequest],
        Field(min_length=1, max_length=FLASH_SKUS_MAX, json_schema_extra=_all_by_name),
    ]
    per_member: Annotated[int, Field(ge=1, le=STOCK_MAX)]

    def terms(self) -> Terms:
        """Return the terms."""
        items = {
            sku: FlashItem(price_fen=each.price_fen, units=each.units) for sku, each in self.items.items()
        }
        return FlashTerms(items=items, per_member=self.per_member)


class StepRequest(Request):
    """From how much, so much off."""

    from_fen: Amount
    off_fen: Amount


class SpendSaveTermsRequest(Request):
    """Steps that rise in both; one alone may repeat, up to a cap."""

    steps: Annotated[list[StepRequest], Field(min_length=1, max_length=STEPS_MAX)]
    repeat: bool = False
    max_off_fen: Amount | None = None

    @field_validator("steps")
    @classmethod
    def _rising(cls, steps: list[StepRequest]) -> list[StepRequest]:
        if any(step.off_fen > step.from_fen for step in steps):
            raise ValueError("off_fen must be at most from_fen")
        for lower, higher in pairwise(steps):
            if not (lower.from_fen < higher.from_fen and lower.off_fen < higher.off_fen):
                raise ValueError("from_fen and off_fen must rise from step to step")
        return steps

    @field_validator("repeat")
    @classmethod
    def _one_step_repeats(cls, repeat: bool, told: ValidationInfo) -> bool:
        if repeat and len(told.data.get("steps", [0])) > 1:
            raise ValueError("goes with one step only")
        return repeat

    @field_validator("max_off_fen")
    @classmethod
    def _a_cap_of_what_repeats(cls, cap: int | None, told: ValidationInfo) -> int | None:
        if cap is not None and not told.data.get("repeat", True):
            raise ValueError("goes with repeat only")
        return cap

    def terms(self) -> Terms:
        """Return the terms."""
        steps = tuple(Step(from_fen=step.from_fen, off_fen=step.off_fen) for step in self.steps)
        return SpendSaveTerms(steps=steps, repeat=self.repeat, max_off_fen=self.max_off_fen)


class GiftTermsRequest(Request):
    """From how much on, which product is given, and how many units of it."""

    from_fen: Amount
    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]

    def terms(self) -> Terms:
        """Return the terms."""
        return GiftTerms(from_fen=self.from_fen, sku=self.sku, quantity=self.quantity)


class _OfKind(dict[str, Any]):
    """The terms as they were sent, of a campaign of this kind."""

    kind: str


def _terms_branch(value: Any) -> str:
    return BRANCH + (value.kind if isinstance(value, _OfKind) else str(getattr(value, "kind", "discount")))


TermsTold = Annotated[
    Annotated[DiscountTermsRequest, Tag(BRANCH + "discount")]
    | Annotated[FlashTermsRequest, Tag(BRANCH + "flash")]
    | Annotated[SpendSaveTermsRequest, Tag(BRANCH + "spend_save")]
    | Annotated[GiftTermsRequest, Tag(BRANCH + "gift")],
    Discriminator(_terms_branch),
]


class LimitsRequest(Request):
    """How much there is of a campaign; what is not said has no limit."""

    orders: Annotated[int, Field(ge=1, le=ORDERS_MAX)] | None = None
    per_member: Annotated[int, Field(ge=1, le=ORDERS_MAX)] | None = Field(
        default=None, description="Orders of each member."
    )
    budget_fen: Annotated[int, Field(ge=1, le=BUDGET_FEN_MAX)] | None = Field(
        default=None, description="What it may cost the shop in all."
    )


class CampaignRequest(Request):
    """What staff say of a campaign; the terms are those of its kind."""

    name: Text
    kind: Kind
    starts_at: Moment
    ends_at: Moment
    scope: ScopeTold | None = Field(
        default=None,
        validate_default=True,
        description="The products it is about. A flash sale has none: it is about its items.",
    )
    except_skus: Skus | None = Field(default=None, description="Left out of the scope.")
    tiers: Annotated[list[str], Field(min_length=1, max_length=100), AfterValidator(each_once)] | None = (
        Field(default=None, description="For members of these tiers; else for all.")
    )
    group: Sku | None = Field(
        default=None,
        description="Of order offers: an order takes one of each group at most. Else it is the kind.",
    )
    stacks: bool | None = Field(
        default=None,
        description="Of line offers: whether order offers and coupons count its lines, as they do if it is "
        "not said.",
    )
    with_coupons: bool | None = Field(
        default=None, description="Of order offers: whether it goes with a coupon; it does if it is not said."
    )
    with_points: bool | None = Field(
        default=None, description="Of order offers: whether it goes with points; it does if it is not said."
    )
    terms: TermsTold
    limits: LimitsRequest | None = None
    status: CampaignStatus

    @field_validator("ends_at")
    @classmethod
    def _ends_after_it_starts(cls, ends_at: datetime, told: ValidationInfo) -> datetime:
        if "starts_at" in told.data and ends_at <= told.data["starts_at"]:
            raise ValueError("must be later than starts_at")
        return ends_at

    @field_validator("scope")
    @classmethod
    def _a_flash_is_about_its_items(cls, scope: Any, told: ValidationInfo) -> Any:
        kind = told.data.get("kind")
        if kind == "flash" and scope is not None:
            raise ValueError("a flash is about its items, and has no scope")
        if kind not in ("flash", None) and scope is None:
            raise ValueError("is needed")
        return scope

    @field_validator("except_skus")
    @classmethod
    def _of_a_scope(cls, skus: list[str] | None, told: ValidationInfo) -> list[str] | None:
        if skus is not None and told.data.get("kind") == "flash":
            raise ValueError("a flash is about its items, and has no scope")
        return skus

    @field_validator("group", "with_coupons", "with_points")
    @classmethod
    def _of_order_offers(cls, value: Any, told: ValidationInfo) -> Any:
        if value is not None and told.data.get("kind") in LINE_OFFERS:
            raise ValueError("is for order offers only")
        return value

    @field_validator("stacks")
    @classmethod
    def _of_line_offers(cls, value: bool | None, told: ValidationInfo) -> bool | None:
        if value is not None and told.data.get("kind") not in (*LINE_OFFERS, None):
            raise ValueError("is for line offers only")
        return value

    @field_validator("terms", mode="wrap")
    @classmethod
    def _of_its_kind(cls, terms: Any, read: Callable[[Any], Any], told: ValidationInfo) -> Any:
        """Read the terms as those of the kind; of one that is not known there is nothing to say of them."""
        if "kind" not in told.data:
            return terms
        if not isinstance(terms, dict):
            return read(terms)
        sent = _OfKind(terms)
        sent.kind = told.data["kind"]
        return read(sent)

    def campaign(self, campaign_id: str) -> Campaign:
        """Return the campaign that is asked for, of no version yet."""
        is_order_offer = self.kind not in LINE_OFFERS
        return Campaign(
            campaign_id=campaign_id,
            version=0,
            name=self.name,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            scope=self._scope(),
            tiers=None if self.tiers is None else frozenset(self.tiers),
            group=(self.group or self.kind) if is_order_offer else None,
            stacks=self.stacks is not False,
            with_coupons=self.with_coupons is not False,
            with_points=self.with_points is not False,
            terms=self.terms.terms(),
            limits=NO_LIMITS if self.limits is None else Limits(**self.limits.model_dump()),
            status=self.status,
        )

    def _scope(self) -> Scope:
        if self.scope is not None:
            return scope_of(self.scope, self.except_skus)
        assert isinstance(self.terms, FlashTermsRequest)  # noqa: S101 - all others have a scope
        return Scope(skus=frozenset(self.terms.items))


class PreviewRequest(Request):
    """A campaign that is about to be put, and a cart to try it on."""

    campaign: CampaignRequest
    lines: Lines
    tier: str | None = Field(default=None, description="The member's tier; the first, if it is not said.")
    at: Moment | None = Field(
        default=None, description="When it is ordered; now, or when the campaign starts if that is later."
    )

    def cart(self) -> Cart:
        """Return the cart: with the best of order offers, without coupon and points."""
        return Cart(lines=tuple(CartLine(sku=line.sku, quantity=line.quantity) for line in self.lines))
