"""A second reading of the programme's rules, to test the first against.

Naive on purpose, and without a line of the project in it: each function reads as its rule does.
"""

from tests.oracle.calendar import (
    birthday_month,
    coupon_window,
    earn_year,
    in_window,
    is_birthday_month,
    is_member_day,
    member_day_date,
    next_member_day_date,
    points_available_from,
    points_gone_at,
    points_last_second,
    points_usable,
    store_time,
)
from tests.oracle.pricing import Cart, HeldCoupon, UnusedOffers, quote, unit_price_fen, unused_offers
from tests.oracle.refunds import Order, order_of, refund, retained
from tests.oracle.tables import RULES, Refused, Rules, TierRow, earned_points, points_value_fen, rhu
from tests.oracle.tiers import amount_to_next, benefits, tier

__all__ = [
    "RULES",
    "Cart",
    "HeldCoupon",
    "Order",
    "Refused",
    "Rules",
    "TierRow",
    "UnusedOffers",
    "amount_to_next",
    "benefits",
    "birthday_month",
    "coupon_window",
    "earn_year",
    "earned_points",
    "in_window",
    "is_birthday_month",
    "is_member_day",
    "member_day_date",
    "next_member_day_date",
    "order_of",
    "points_available_from",
    "points_gone_at",
    "points_last_second",
    "points_usable",
    "points_value_fen",
    "quote",
    "refund",
    "retained",
    "rhu",
    "store_time",
    "tier",
    "unit_price_fen",
    "unused_offers",
]
