"""What each order has of the campaigns that it uses: counted from its row, whatever the programme counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.offers_rows import GIVEN_BACK, price_of, staying_of

Json = dict[str, Any]
FIGURES = ("orders", "units", "given_fen", "goods_fen", "refunded_fen")
"""What an order adds to a campaign's figures; the members are counted over all orders."""


@dataclass(frozen=True)
class Part:
    """What an order has of a campaign now.

    ``had`` are units of a flash that count for the member's allowance, and that the flash has sold (V2).
    """

    member: str
    version: int
    is_open: bool
    given_fen: int
    figures: Counter[str]
    had: Counter[str] = field(default_factory=Counter)


def uses_of(quote: Json) -> dict[str, Json]:
    """Return the campaigns that a quote uses, each with its version and kind."""
    uses = [*quote.get("line_offers", []), *quote.get("campaigns", [])]
    return {use["campaign_id"]: use for use in uses}


def parts_of(order: Json) -> Mapping[str, Part]:
    """Return what an order has of each campaign."""
    return {name: _part(order, use) for name, use in uses_of(order["quote"]).items()}


def _part(order: Json, use: Json) -> Part:
    quote, status = order["quote"], order["status"]
    lines, stays = quote["lines"], staying_of(order)
    about = lines_of(quote, use)
    base = use["base"] if use["kind"] in ("spend_save", "gift") else about
    is_open = status not in GIVEN_BACK
    given = given_fen(quote, use)
    changes = order.get("changes", [])
    refunded = quote["paid_fen"] - changes[-1]["paid_fen"] if changes else 0
    figures = Counter({"refunded_fen": refunded})
    if is_open:
        figures["orders"] = 1
        figures["units"] = sum(stays[place] for place in about)
        figures["given_fen"] = given
        figures["goods_fen"] = sum(lines[place]["unit_price_fen"] * stays[place] for place in base)
    had: Counter[str] = Counter()
    if use["kind"] == "flash" and status not in ("cancelled", "lapsed", "refused"):
        cancelled = order.get("cancelled") or [0] * len(lines)
        had = +Counter({lines[place]["sku"]: lines[place]["quantity"] - cancelled[place] for place in about})
    return Part(order["member_id"], use["version"], is_open, given, figures, had)


def lines_of(quote: Json, use: Json) -> Sequence[int]:
    """Return the places of the lines that a campaign prices, gives, or takes something off."""
    lines, campaign_id = quote["lines"], use["campaign_id"]
    match use["kind"]:
        case "spend_save":
            return tuple(use["base"])
        case "gift":
            return [place for place, line in enumerate(lines) if line.get("gift_of") == campaign_id]
    return [
        place
        for place, line in enumerate(lines)
        if line.get("gift_of") is None and price_of(line) == campaign_id
    ]


def given_fen(quote: Json, use: Json) -> int:
    """Return what a campaign cost the shop on an order."""
    if use["kind"] == "spend_save":
        return int(use["amount_fen"])
    lines = [quote["lines"][place] for place in lines_of(quote, use)]
    return sum((line["list_price_fen"] - line["unit_price_fen"]) * line["quantity"] for line in lines)
