"""What must hold of campaigns and coupons: figures and limits, reckoned anew from all orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from functions.domain.policy import Policy
from local.demo.acts import Json
from local.demo.books import Books

CLOSED = frozenset({"returned", "cancelled", "lapsed", "refused"})
NEVER_RECEIVED = CLOSED - {"returned"}
LINE_OFFERS = frozenset({"discount", "flash"})
FIGURES = ("orders", "units", "given_fen", "goods_fen", "refunded_fen", "members")


def figures_are_what_orders_say(books: Books, _policy: Policy) -> Iterator[str]:
    """Say which campaign's figures the orders do not add up to."""
    for campaign in books.campaigns:
        found = dict.fromkeys(FIGURES, 0)
        members = set()
        for name, member in books.members.items():
            for order in member.orders:
                if not _uses(order, campaign):
                    continue
                found["refunded_fen"] += order["refunded_fen"]
                if order["status"] not in CLOSED:
                    members.add(name)
                    for figure, amount in _of_order(order, campaign, books).items():
                        found[figure] += amount
        found["members"] = len(members)
        if found != campaign["used"]:
            yield f"{campaign['campaign_id']} says {campaign['used']}, its orders say {found}"


def no_limit_is_passed(books: Books, _policy: Policy) -> Iterator[str]:
    """Say which limit of a campaign, a flash sale or a template is passed."""
    for campaign in books.campaigns:
        limits, name = campaign["limits"], campaign["campaign_id"]
        orders: Counter[str] = Counter()
        units: Counter[tuple[str, str]] = Counter()
        given_fen = 0
        for who, member in books.members.items():
            for order in member.orders:
                if _uses(order, campaign) and order["status"] not in CLOSED:
                    orders[who] += 1
                    given_fen += _of_order(order, campaign, books)["given_fen"]
                for line in _taken(order, name):
                    units[who, line["sku"]] += line["quantity"] - line["cancelled_quantity"]
        most = max(orders.values(), default=0)
        for limit, used in (("orders", orders.total()), ("per_member", most), ("budget_fen", given_fen)):
            if limits[limit] is not None and used > limits[limit]:
                yield f"{name} has {used} of {limit}, which is limited to {limits[limit]}"
        if campaign["kind"] == "flash":
            yield from _units_are_within(campaign, units)
    for template in books.templates:
        total = template["limits"]["total"]
        if total is not None and template["claimed"] > total:
            yield f"{template['template_id']} was claimed {template['claimed']} times, of {total}"


def _units_are_within(campaign: Json, units: Counter[tuple[str, str]]) -> Iterator[str]:
    name, terms = campaign["campaign_id"], campaign["terms"]
    for (who, sku), count in units.items():
        if count > terms["per_member"]:
            yield f"{who} has {count} {sku} of {name}, which gives {terms['per_member']}"
    for sku, item in terms["items"].items():
        sold = sum(count for (_, each), count in units.items() if each == sku)
        if sold > item["units"]:
            yield f"{name} has sold {sold} {sku} of {item['units']}"


def coupons_stand_as_their_orders_do(books: Books, _policy: Policy) -> Iterator[str]:
    """Say which coupon is used by an order that does not say so, or by none that it says."""
    for name, member in books.members.items():
        using: dict[str, str] = {}
        for order in member.orders:
            used = order["quote"]["coupon"]
            if used is not None and order["status"] not in CLOSED:
                if used["coupon_id"] in using:
                    yield f"{name}'s coupon {used['coupon_id']} is used by two orders"
                using[used["coupon_id"]] = order["order_id"]
        for coupon in member.coupons:
            said = using.get(coupon["coupon_id"])
            if coupon["order_id"] != said or (coupon["status"] == "used") != (said is not None):
                yield f"{name}'s coupon is {coupon['status']} by {coupon['order_id']}, the orders say {said}"


def set_aside(books: Books) -> Counter[str]:
    """Return the units by sku that lie with flash sales which have not ended: neither on a shelf nor sold."""
    found: Counter[str] = Counter()
    for campaign in books.campaigns:
        if campaign["kind"] != "flash" or campaign["state"] == "ended":
            continue
        for sku, item in campaign["terms"]["items"].items():
            found[sku] += item["units"]
        for order in books.orders:
            for line in _taken(order, campaign["campaign_id"]):
                found[line["sku"]] -= line["quantity"] - line["cancelled_quantity"]
    return found


def _taken(order: Json, campaign_id: str) -> list[Json]:
    """Return the lines of an order whose units are still of a flash sale's: returned ones, too."""
    if order["status"] in NEVER_RECEIVED:
        return []
    return [line for line in order["lines"] if line["price_of"] == campaign_id and line["gift_of"] is None]


def _uses(order: Json, campaign: Json) -> bool:
    name = campaign["campaign_id"]
    if campaign["kind"] in LINE_OFFERS:
        return any(line["price_of"] == name and line["gift_of"] is None for line in order["lines"])
    return any(use["campaign_id"] == name for use in order["quote"]["campaigns"])


def _of_order(order: Json, campaign: Json, books: Books) -> Mapping[str, int]:
    """Return what an order that is not closed is to a campaign's figures."""
    name, kind = campaign["campaign_id"], campaign["kind"]
    lines = list(zip(order["lines"], order["quote"]["lines"], strict=True))
    if kind in LINE_OFFERS:
        about = base = [pair for pair in lines if pair[0]["price_of"] == name and pair[0]["gift_of"] is None]
    else:
        base = [pair for pair in lines if _counts(pair[0], campaign, books)]
        about = [pair for pair in lines if pair[0]["gift_of"] == name] if kind == "gift" else base
    if kind == "spend_save":
        uses = order["quote"]["campaigns"]
        given_fen = sum(use["amount_fen"] for use in uses if use["campaign_id"] == name)
    else:
        given_fen = sum(
            (quoted["list_price_fen"] - quoted["unit_price_fen"]) * quoted["quantity"] for _, quoted in about
        )
    return {
        "orders": 1,
        "units": sum(_staying(line) for line, _ in about),
        "given_fen": given_fen,
        "goods_fen": sum(line["unit_price_fen"] * _staying(line) for line, _ in base),
    }


def _counts(line: Json, campaign: Json, books: Books) -> bool:
    """Tell whether an order offer counts a line: of its scope, bought, at a price that stacks."""
    apart = {each["campaign_id"] for each in books.campaigns if each.get("stacks") is False}
    if line["gift_of"] is not None or line["price_of"] in apart:
        return False
    if line["sku"] in (campaign.get("except_skus") or ()):
        return False
    scope = campaign["scope"]
    if scope.get("skus") is not None:
        return line["sku"] in scope["skus"]
    return bool(scope.get("all")) or line["sku"] in books.zone


def _staying(line: Json) -> int:
    units: int = line["quantity"] - line["cancelled_quantity"] - line["returned_quantity"]
    return units
