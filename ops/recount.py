"""What the orders say that campaigns and coupons were used for, counted anew (V11, V14).

All orders are read, page by page, and what each is to its campaigns and its member is added up. There are few
campaigns; of members so many are kept at once as fit, by the order of their ids, and the orders are read once
more for those that come after.
"""

from __future__ import annotations

from collections import Counter as Amounts
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from functions.offers.counting import Figures
from functions.offers.kinds.flash import FlashTerms
from functions.orders.given import Given, figures, given
from functions.orders.order import CLOSED, Order
from functions.orders.rows import ORDER, order_of
from functions.platform.dynamo import Key, Row, Tables

PAGE_ROWS = 500
MEMBERS_MAX = 50_000
"""Members whose uses are kept at once."""
_LEFT_OUT = frozenset({"payments", "changes", "redeemed_by_year", "stock_rows"})
_NAMES = ("item", *sorted({each.name for each in fields(Order)} - _LEFT_OUT))


@dataclass(slots=True)
class OfCampaign:
    """What all orders are to a campaign: its figures, flash units taken by sku, and how many members (V2)."""

    figures: Figures = field(default_factory=Figures)
    units: Amounts[str] = field(default_factory=Amounts)
    members: int = 0


@dataclass(slots=True)
class OfMember:
    """What a member's orders use: orders and flash units by campaign, and which order uses which coupon."""

    orders: Amounts[str] = field(default_factory=Amounts)
    units: dict[str, Amounts[str]] = field(default_factory=dict)
    coupons: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Window:
    """The members after an id, as many as are kept at once; ``upto`` is the last one, None is all."""

    after: str
    upto: str | None = None
    members: dict[str, OfMember] = field(default_factory=dict)

    def has(self, member_id: str) -> bool:
        """Tell whether a member is one of these."""
        return self.after < member_id and (self.upto is None or member_id <= self.upto)

    def member(self, member_id: str) -> OfMember:
        """Return what is counted of a member; of those with greater ids, whoever does not fit is let go."""
        if member_id not in self.members and len(self.members) >= MEMBERS_MAX:
            ids = sorted(self.members)
            self.upto = ids[(len(ids) - 1) // 2]
            self.members = {each: self.members[each] for each in ids if each <= self.upto}
        if not self.has(member_id):
            return OfMember()
        return self.members.setdefault(member_id, OfMember())


@dataclass(slots=True)
class Recounted:
    """What was counted of all campaigns, and of the members of a window."""

    window: Window
    campaigns: dict[str, OfCampaign] = field(default_factory=dict)


def recount(tables: Tables, orders_table: str, *, after: str = "") -> Recounted:
    """Read all orders, and count what they use; of members, of those whose ids come after one."""
    found = Recounted(window=Window(after=after))
    for row in pages(tables, orders_table, _NAMES):
        if row["item"] == ORDER and _uses_offers(row):
            _count(found, order_of(row))
    return found


def pages(tables: Tables, table: str, names: tuple[str, ...]) -> Iterator[Row]:
    """Give these attributes of all rows of a table, which are read page by page."""
    after: Key | None = None
    more = True
    while more:
        rows, after = tables.scan(table, segment=0, of=1, names=names, limit=PAGE_ROWS, after=after)
        yield from rows
        more = after is not None


def _uses_offers(row: Row) -> bool:
    quote = row["quote"]
    return bool(quote.get("campaigns") or quote.get("line_offers") or _template_coupon(quote))


def _template_coupon(quote: Row) -> str | None:
    coupon = quote["coupon"]
    return None if coupon is None or coupon.get("template_id") is None else str(coupon["coupon_id"])


def _count(found: Recounted, order: Order) -> None:
    used, is_open = given(order.quote), order.status not in CLOSED
    member = found.window.member(order.member_id) if found.window.has(order.member_id) else OfMember()
    for campaign_id, each in used.items():
        of = found.campaigns.setdefault(campaign_id, OfCampaign())
        of.figures += figures(order, campaign_id)
        units = _units(order, campaign_id, each)
        of.units.update(units)
        member.orders[campaign_id] += int(is_open)
        member.units.setdefault(campaign_id, Amounts()).update(units)
    coupon = order.quote.coupon
    if is_open and coupon is not None and coupon.template_id is not None:
        member.coupons[coupon.coupon_id] = order.order_id


def _units(order: Order, campaign_id: str, use: Given) -> Amounts[str]:
    """Return the units that an order has of a flash: what was received is sold, whatever came back."""
    if use.kind != FlashTerms.kind:
        return Amounts()
    cancelled = order.cancelled or order.none_of_each
    found: Amounts[str] = Amounts()
    for place, line in enumerate(order.quote.lines):
        if line.price_of == campaign_id:
            sold = order.received_at is not None
            found[line.sku] += line.quantity - cancelled[place] if sold else order.staying[place]
    return +found
