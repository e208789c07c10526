"""A year on the deployed stack: each tier's member gets one coupon, and the member day is the 10th.

The clock moves by a year and more, so these tests come last.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from memberday_client.api.coupons import get_coupons
from memberday_client.api.orders import cancel_order
from memberday_client.models import CouponAnswer, CouponStatus, CouponUseAnswer

from tests.support import schemas
from tests.support.answers import granted
from tests.support.listener import StackListener
from tests.support.shopper import Shopper
from tests.support.stack import Stack

MEMBERS = {
    "J0": ("1990-05-05", None, 0),
    "J1": ("1990-01-31", 50_000, 2_000),
    "J2": ("1990-03-01", 150_000, 2_000),
    "J3": ("2000-02-29", 900_000, 3_000),
    "J4": ("1990-07-15", 3_100_000, 5_000),
    "J5": ("1990-12-31", 8_100_000, 10_000),
}
"""Birthday, price of the one order that lifts a member to the tier, and the face value of the coupon."""
RATES = {"J0": "1.00", "J1": "1.00", "J2": "0.90", "J3": "0.80", "J4": "0.70", "J5": "0.60"}
ZONE_FEN = 100_000


@pytest.fixture
def listener(deployed: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(deployed)
    yield listener
    listener.close()


def joined(stack: Stack, tier: str) -> Shopper:
    """Return a member who has bought what it takes to hold a tier."""
    birthday, price_fen, _ = MEMBERS[tier]
    shopper = Shopper(stack)
    shopper.register(date.fromisoformat(birthday))
    if price_fen is not None:
        shopper.stocked(1, price_fen=price_fen)
        assert shopper.pay(shopper.order()).status == "paid"
    shopper.stocked(1, price_fen=ZONE_FEN, member_zone=True)
    return shopper


def unit_price(shopper: Shopper) -> tuple[bool, int]:
    """Return whether a quote says that it is the member day, and what a unit costs."""
    quote = shopper.quote()
    return quote.member_day, quote.lines[0].unit_price_fen


def coupons(shopper: Shopper, status: CouponStatus | None = None) -> list[CouponAnswer]:
    """Return a member's coupons, or those that stand so."""
    return granted(get_coupons.sync(client=shopper.client, status=status)).items


def now(stack: Stack) -> datetime:
    """Return the cloud's time."""
    return datetime.fromisoformat(stack.local("clock")["now"])


def test_B1_P2_from_january_to_december_one_coupon_of_the_right_face_and_twelve_member_days(
    deployed: Stack, listener: StackListener
) -> None:
    year = now(deployed).year + 1
    listener.clock(f"{year}-01-01T00:00:10+08:00")
    members = {tier: joined(deployed, tier) for tier in MEMBERS}
    deployed.local("settle")
    for tier, shopper in members.items():
        assert shopper.me().tier == tier
    shoppers = list(members.items())
    for month in range(1, 13):
        if month > 1:
            listener.clock(f"{year}-{month:02}-01T00:05:00+08:00")
        for _ in range(2 if month in (1, 12) else 1):
            deployed.local("fire", "issue-birthday-coupons")
        listener.clock(f"{year}-{month:02}-09T23:50:00+08:00")
        tier, shopper = shoppers[month % len(shoppers)]
        assert unit_price(shopper) == (False, ZONE_FEN)
        listener.clock(f"{year}-{month:02}-10T00:00:00+08:00")
        deployed.local("fire", "open-member-day")
        assert unit_price(shopper) == (True, ZONE_FEN * int(100 * float(RATES[tier])) // 100)
        listener.clock(f"{year}-{month:02}-11T00:00:00+08:00")
        assert unit_price(shopper) == (False, ZONE_FEN)
        if shopper.name == members["J4"].name and month == 7:  # while it is valid
            (coupon,) = coupons(shopper, "available")
            assert coupon.valid_until.isoformat() == f"{year}-07-31T23:59:59+08:00"
    deployed.local("settle")
    for tier, shopper in members.items():
        birthday, _, face_fen = MEMBERS[tier]
        held = coupons(shopper)
        assert [coupon.face_value_fen for coupon in held] == ([face_fen] if face_fen else [])
        for coupon in held:
            first = coupon.valid_from
            assert (first.month, first.day, first.hour) == (int(birthday[5:7]), 1, 0)
            assert (coupon.valid_until + timedelta(seconds=1)).day == 1
            assert coupon.status == ("available" if tier == "J5" else "expired")
    heard = listener.hear()
    ours = {shopper.member_id: tier for tier, shopper in members.items()}
    issued = {
        event["detail"]["event_id"]: event["detail"]
        for event in heard
        if event["detail-type"] == "CouponIssued" and event["detail"]["member_id"] in ours
    }
    assert sorted(detail["face_value_fen"] for detail in issued.values()) == [
        2_000,
        2_000,
        3_000,
        5_000,
        10_000,
    ]
    opened = {
        event["detail"]["date"]: event["detail"]["rates"]
        for event in heard
        if event["detail-type"] == "MemberDayOpened" and event["detail"]["date"].startswith(str(year))
    }
    assert sorted(opened) == [f"{year}-{month:02}-10" for month in range(1, 13)]
    assert set(map(str, opened.values())) == {str({"J2": "0.90", "J3": "0.80", "J4": "0.70", "J5": "0.60"})}
    for event in heard:
        schemas.check(event["detail-type"], event["detail"])
    assert {"CouponIssued", "MemberDayOpened", "OrderPaid", "PointsEarned", "TierChanged"} <= {
        event["detail-type"] for event in heard
    }


def test_B2_who_pays_first_in_the_month_of_the_birthday_gets_the_coupon_then(deployed: Stack) -> None:
    today = now(deployed)
    shopper = Shopper(deployed)
    shopper.register(date(1990, today.month, 28))
    assert coupons(shopper) == []
    shopper.stocked(3, price_fen=30_000)
    shopper.pay(shopper.order())
    deployed.local("settle")
    (coupon,) = coupons(shopper, "available")
    assert coupon.face_value_fen == 2_000
    order = shopper.order("k2", coupon=coupon.coupon_id)  # B5
    assert order.quote.coupon == CouponUseAnswer(coupon_id=coupon.coupon_id, amount_fen=2_000)
    (used,) = coupons(shopper, "used")
    assert used.order_id == order.order_id
    granted(cancel_order.sync(order.order_id, client=shopper.client))
    assert coupons(shopper, "available") == [coupon]


def test_stock_that_falls_to_its_threshold_is_told_once(deployed: Stack, listener: StackListener) -> None:
    shopper = Shopper(deployed)
    shopper.register()
    shopper.stocked(3, low_stock_threshold=2)
    for number in range(2):
        shopper.order(f"k{number}")
    deployed.local("settle")
    low = [
        event["detail"]
        for event in listener.hear()
        if event["detail-type"] == "StockLow" and event["detail"]["sku"] == shopper.sku
    ]
    assert [(detail["stock"], detail["low_stock_threshold"]) for detail in low] == [(2, 2)]
    schemas.check("StockLow", low[0])
