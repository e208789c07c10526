"""What was sold, by the store's day that it was ordered on: figures of a page of orders (K1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from functions.orders.order import Order, Status


@dataclass(slots=True)
class Sales:
    """The orders of one day, and what those of them charge that were paid.

    What is paid is list less discount, with shipping, less what points were worth; of that so much went back.
    """

    placed_orders: int = 0
    paid_orders: int = 0
    cancelled_orders: int = 0
    lapsed_orders: int = 0
    list_fen: int = 0
    discount_fen: int = 0
    shipping_fen: int = 0
    points_value_fen: int = 0
    paid_fen: int = 0
    refunded_fen: int = 0
    redeemed_points: int = 0


def sales_by_day(orders: Iterable[Order], zone: ZoneInfo) -> dict[date, Sales]:
    """Sum orders up by the day that they were placed on in store time, the latest day first."""
    found: dict[date, Sales] = {}
    for order in orders:
        of_day = found.setdefault(order.placed_at.astimezone(zone).date(), Sales())
        of_day.placed_orders += 1
        of_day.cancelled_orders += order.status is Status.CANCELLED
        of_day.lapsed_orders += order.status is Status.LAPSED
        if order.paid_at is None:
            continue
        quote = order.quote
        list_fen = sum(line.list_price_fen * line.quantity for line in quote.lines)
        of_day.paid_orders += 1
        of_day.list_fen += list_fen
        of_day.discount_fen += list_fen - quote.goods_charged_fen
        of_day.shipping_fen += quote.shipping_fen
        of_day.points_value_fen += quote.points_value_fen
        of_day.paid_fen += quote.paid_fen
        of_day.refunded_fen += order.refunded_fen
        of_day.redeemed_points += quote.redeemed_points
    return dict(sorted(found.items(), reverse=True))
