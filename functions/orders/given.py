"""What campaigns gave on an order, and what an order is to a campaign's figures (V14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from functions.offers.counting import Figures
from functions.offers.kinds.flash import FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.quotes import CampaignUse, LineOfferUse, Quote
from functions.orders.order import CLOSED, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a campaign gave on an order; ``units`` are those of each sku that came out of a flash (V2)."""

    version: int
    kind: str
    given_fen: int
    units: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


def given(quote: Quote) -> Mapping[str, Given]:
    """Return what each campaign that an order uses gave on it, by the campaign's id.

    Of a line offer that is what its lines cost less than at list price, of a gift its list price.
    """
    return {campaign_id: _given(quote, use) for campaign_id, use in _uses(quote).items()}


def figures(order: Order, campaign_id: str) -> Figures:
    """Return what an order is now to the figures of a campaign that it uses.

    One that has given everything back is nothing to them but its refund. Units are those that stay of the
    campaign's lines, of its base, or of its gift; the goods are what stays of its lines, or of its base.

    Raises
    ------
    KeyError
        The order does not use that campaign.
    """
    quote = order.quote
    use = _uses(quote)[campaign_id]
    if order.status in CLOSED:
        return Figures(refunded_fen=order.refunded_fen)
    staying, about = order.staying, _lines(quote, use)
    goods = use.base if isinstance(use, CampaignUse) else about
    return Figures(
        orders=1,
        units=sum(staying[place] for place in about),
        given_fen=_given(quote, use).given_fen,
        goods_fen=sum(quote.lines[place].unit_price_fen * staying[place] for place in goods),
        refunded_fen=order.refunded_fen,
    )


def _uses(quote: Quote) -> dict[str, CampaignUse | LineOfferUse]:
    return {use.campaign_id: use for use in quote.line_offers} | {
        use.campaign_id: use for use in quote.campaigns
    }


def _given(quote: Quote, use: CampaignUse | LineOfferUse) -> Given:
    lines = [quote.lines[place] for place in _lines(quote, use)]
    given_fen = sum((line.list_price_fen - line.unit_price_fen) * line.quantity for line in lines)
    if isinstance(use, CampaignUse) and use.kind != GiftTerms.kind:
        given_fen = use.amount_fen
    return Given(
        version=use.version,
        kind=use.kind,
        given_fen=given_fen,
        units={line.sku: line.quantity for line in lines} if use.kind == FlashTerms.kind else {},
    )


def _lines(quote: Quote, use: CampaignUse | LineOfferUse) -> Sequence[int]:
    """Return the places of the lines that a campaign is about: that it prices, its base, or its gift."""
    if isinstance(use, LineOfferUse):
        named = [line.price_of if line.gift_of is None else None for line in quote.lines]
    elif use.kind == GiftTerms.kind:
        named = [line.gift_of for line in quote.lines]
    else:
        return use.base
    return [place for place, name in enumerate(named) if name == use.campaign_id]
