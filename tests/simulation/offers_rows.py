"""Campaigns and coupons as an outsider reads them from their rows, in the words of the oracle."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.oracle.calendar import store_time
from tests.oracle.offer_shapes import BIRTHDAY, Coupon, Covers, Running

Json = dict[str, Any]
GIVEN_BACK = {"cancelled", "lapsed", "refused", "returned"}
"""The statuses with which coupon, uses and budget of an order have come back (V11)."""
TEMPLATE_COUPON = "COUPON#TEMPLATE#"


def moment(text: str) -> datetime:
    """Read a moment of a row."""
    return datetime.fromisoformat(text)


def campaign_id_of(row: Json) -> str:
    """Return whose row it is."""
    return str(row["sku"]).removeprefix("campaign:")


def covers_of(row: Json) -> Covers:
    """Return what a campaign or a template counts."""
    scope = row["scope"]
    return Covers(
        skus=None if scope["skus"] is None else frozenset(scope["skus"]),
        zone=scope["zone"],
        everything=scope["everything"],
        without=frozenset(scope["except_skus"]),
    )


def running_of(row: Json) -> Running:
    """Return a campaign of which nobody has had anything yet, and that nothing limits."""
    terms = row["terms"]
    one = Running(
        campaign_id=campaign_id_of(row),
        kind=row["kind"],
        covers=covers_of(row),
        version=row["version"],
        tiers=None if row["tiers"] is None else frozenset(row["tiers"]),
        group=row["group"],
        stacks=row["stacks"],
        with_coupons=row["with_coupons"],
        with_points=row["with_points"],
    )
    match row["kind"]:
        case "discount":
            return replace(one, rate=terms["rate"])
        case "flash":
            prices = {sku: item["price_fen"] for sku, item in terms["items"].items()}
            units = {sku: item["units"] for sku, item in terms["items"].items()}
            return replace(one, prices=prices, per_member=terms["per_member"], units_left=units)
        case "gift":
            return replace(
                one,
                gift_from_fen=terms["from_fen"],
                gift_sku=terms["sku"],
                gift_quantity=terms["quantity"],
            )
    steps = tuple((step["from_fen"], step["off_fen"]) for step in terms["steps"])
    return replace(one, steps=steps, repeat=terms["repeat"], max_off_fen=terms["max_off_fen"])


def runs_at(row: Json, at: datetime) -> bool:
    """Tell whether a campaign runs at a moment: [starts_at, ends_at), unless it is paused (V16)."""
    return row["status"] == "active" and moment(row["starts_at"]) <= at < moment(row["ends_at"])


def surely_counts(row: Json, sku: str) -> bool:
    """Tell whether a campaign touches a product whatever is said of the zone."""
    if row["kind"] == "flash":
        return sku in row["terms"]["items"]
    covers = covers_of(row)
    return (sku, False) in covers and (sku, True) in covers


def birthday_coupon(row: Json) -> Coupon:
    """Return a birthday coupon, from its row (P4)."""
    return Coupon(
        coupon_id=row["coupon_id"],
        kind=BIRTHDAY,
        valid_from=moment(row["valid_from"]),
        valid_until=moment(row["valid_until"]),
        face_fen=row["face_value_fen"],
        min_fen=row["min_goods_fen"],
        used=bool(row["order_id"]),
    )


def template_coupon(row: Json, version: Json) -> Coupon:
    """Return a coupon of a template, from its own row and that of the template's version."""
    return Coupon(
        coupon_id=row["coupon_id"],
        kind=version["kind"],
        valid_from=moment(row["valid_from"]),
        valid_until=moment(row["valid_until"]),
        face_fen=version["face_value_fen"] or 0,
        rate=version["rate"],
        max_off_fen=version["max_off_fen"],
        min_fen=version["min_fen"],
        covers=covers_of(version),
        exclusive=version["exclusive"],
        used=bool(row["order_id"]),
    )


def window_of(template: Json, at: datetime) -> tuple[datetime, datetime]:
    """V9: the first and the last usable second of a coupon that somebody gets at a moment."""
    valid = template["valid"]
    if "days" not in valid:
        return moment(valid["begins"]), moment(valid["until"])
    midnight = store_time(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return at, midnight + timedelta(days=valid["days"] + 1) - timedelta(seconds=1)


def has_ended(template: Json, at: datetime) -> bool:
    """Tell whether no coupon that somebody gets now could be used (V9)."""
    return "days" not in template["valid"] and at > moment(template["valid"]["until"])


def staying_of(order: Json) -> list[int]:
    """Return how many units of each line have not left an order by themselves (O5, O7)."""
    stays = [line["quantity"] for line in order["quote"]["lines"]]
    for gone in (order.get("cancelled", []), order.get("returned", [])):
        stays = [had - left for had, left in zip(stays, gone or [0] * len(stays), strict=True)]
    return stays


def line_id_of(line: Json) -> str:
    """V6: a bought line is called as its sku, a gift as its sku and its campaign."""
    gift_of = line.get("gift_of")
    return str(line["sku"]) if gift_of is None else f"{line['sku']}:{gift_of}"


def gifts_of(quote: Json) -> dict[str, int]:
    """Return the gifts of a quote, units by sku."""
    gifts: dict[str, int] = {}
    for line in quote["lines"]:
        if line.get("gift_of") is not None:
            gifts[line["sku"]] = gifts.get(line["sku"], 0) + line["quantity"]
    return gifts


def price_of(line: Json) -> str:
    """V1: what a line's price is of; rows leave out what follows from the prices."""
    if line.get("gift_of") is not None:
        return str(line["gift_of"])
    default = "list" if line["unit_price_fen"] == line["list_price_fen"] else "member_day"
    return str(line.get("price_of") or default)
