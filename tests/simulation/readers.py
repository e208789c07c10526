"""Who reads which table's stream, and which new images: what the filters of the event sources say."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
READERS: dict[str, tuple[str, Callable[[Json], bool]]] = {
    "posting": (
        "Orders",
        lambda image: (
            image["item"]["S"] == "ORDER"
            and "S" in image.get("paid_at", {})
            and image["status"]["S"] != "shipped"
        ),
    ),
    "orders-publisher": (
        "Orders",
        lambda image: (
            image["item"]["S"] == "ORDER"
            or (image["item"]["S"] == "PAYMENT" and not image["applied"]["BOOL"])
        ),
    ),
    "members-publisher": (
        "Members",
        lambda image: image["item"]["S"].startswith(
            ("ENTRY#", "NOTICE#EXPIRING#", "TIER#", "COUPON#BIRTHDAY#", "COUPON#TEMPLATE#")
        ),
    ),
    "catalog-publisher": ("Catalog", lambda image: _is_published(image)),
    "keeper": ("Catalog", lambda image: _is_kept(image)),
    "birthdays": ("Members", lambda image: image["item"]["S"] == "STANDING" and "birthday_shard" in image),
}
"""Who reads which table's stream, and which new images; the event sources' filters say the same."""
LEFT = ("orders_left", "budget_left_fen")


def _is_published(image: Json) -> bool:
    """Of the counters of campaigns the publisher hears only when nothing is left."""
    item = image["item"]["S"]
    if item in ("SET_ASIDE", "LIMIT"):
        amounts = ("total", "units") if item == "SET_ASIDE" else ("total", *LEFT)
        return any(image.get(name, {}).get("N") == "0" for name in amounts)
    return item in ("PRODUCT", "MEMBER_DAY", "CAMPAIGN")


def _is_kept(image: Json) -> bool:
    """The keeper hears of counters in several rows, or wanted so."""
    match image["item"]["S"]:
        case "STOCK" | "HOT":
            return True
        case "PRODUCT":
            return "generation" in image or "N" in image.get("rows_least", {})
        case "LIMIT":
            return "generation" in image or "terms" in image
        case "SET_ASIDE":
            return "terms" in image
    return False
