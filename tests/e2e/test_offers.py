"""The worked examples of the rules, asked of the deployed stack on and off the member day.

What later work brings about by itself (a tier, available points, a coupon) is put into the tables by hand.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from memberday_client.api.catalogue import get_member_day, get_products
from memberday_client.api.orders import place_order, quote_cart
from memberday_client.api.points import get_points
from memberday_client.models import CouponUseAnswer, MemberDayAnswer, PointsUseAnswer

from functions.coupons.birthday import Coupon
from functions.domain.policy import load
from functions.platform.dynamo import Tables
from reach.aws import Aws
from tests.support import accounts
from tests.support.answers import granted, refused
from tests.support.shopper import Shopper
from tests.support.stack import Stack

POLICY = load()
STORE = ZoneInfo(POLICY.time_zone)


class Holder(Shopper):
    """A member whose account is put into a state by hand."""

    def __init__(self, stack: Stack, tier: str, price_fen: int, *, zone: bool = False) -> None:
        super().__init__(stack)
        self.register()
        self.stocked(99, price_fen=price_fen, member_zone=zone)
        client = Aws(stack.local("status")["endpoint"]).client("dynamodb")
        self._tables, self._table = Tables(client), stack.outputs["MembersTableName"]
        accounts.hold_tier(self._tables, self._table, self.member_id, tier, POLICY)

    def hold_points(self, points: int) -> None:
        """Let the member hold available points of this year."""
        year = str(self.now().astimezone(STORE).year)
        accounts.hold_points(self._tables, self._table, self.member_id, {year: points})

    def hold_coupon(self, face_fen: int) -> Coupon:
        """Let the member hold a birthday coupon that is in force."""
        now = self.now().astimezone(STORE)
        month = now.replace(day=1, hour=0, minute=0, second=0)
        return accounts.hold_coupon(
            self._tables,
            self._table,
            self.member_id,
            face_fen=face_fen,
            valid_from=month,
            valid_until=month + timedelta(days=27),
        )

    def now(self) -> datetime:
        """Return the local cloud's time."""
        return datetime.fromisoformat(self.stack.local("clock")["now"])


@pytest.fixture
def member_day(ordinary_day: Stack) -> Stack:
    """The stack at noon of the next member day."""
    now = datetime.fromisoformat(ordinary_day.local("clock")["now"]).astimezone(STORE)
    noon = now.replace(day=10, hour=12, minute=0, second=0)
    ordinary_day.clock(noon.isoformat(timespec="seconds"))
    return ordinary_day


def day(shopper: Shopper) -> MemberDayAnswer:
    """Return what the member day is to somebody now."""
    return granted(get_member_day.sync(client=shopper.client))


def test_J3_buys_a_zone_item_of_129_00_twice_on_the_member_day(member_day: Stack) -> None:
    shopper = Holder(member_day, "J3", 12_900, zone=True)
    quote = shopper.quote(2)
    assert (quote.member_day, quote.lines[0].unit_price_fen) == (True, 10_320)
    assert (quote.goods_fen, quote.shipping_fen, quote.paid_fen, quote.earns_points) == (
        20_640,
        0,
        20_640,
        206,
    )
    assert day(shopper).your_rate == "0.80"
    zone = granted(get_products.sync(client=shopper.client, zone="true", limit=100)).items
    assert [each.your_price_fen for each in zone if each.sku == shopper.sku] == [10_320]


def test_J0_buys_one_item_of_99_50(ordinary_day: Stack) -> None:
    quote = Holder(ordinary_day, "J0", 9_950).quote()
    assert (quote.goods_fen, quote.shipping_fen, quote.paid_fen, quote.earns_points) == (
        9_950,
        1_000,
        10_950,
        110,
    )


def test_J4_asks_for_a_coupon_on_168_00(ordinary_day: Stack) -> None:
    shopper = Holder(ordinary_day, "J4", 16_800)
    cart = shopper.cart(coupon=shopper.hold_coupon(5_000).coupon_id)
    problem = refused(quote_cart.sync(client=shopper.client, body=cart))
    assert (problem.status, problem.code) == (422, "coupon_not_applicable")
    best = shopper.quote(coupon="best")
    assert (best.coupon, best.shipping_fen, best.paid_fen) == (None, 0, 16_800)


def test_J5_uses_a_coupon_of_100_on_198_00(ordinary_day: Stack) -> None:
    shopper = Holder(ordinary_day, "J5", 19_800)
    coupon = shopper.hold_coupon(10_000)
    quote = shopper.quote(coupon=coupon.coupon_id)
    assert quote.coupon == CouponUseAnswer(coupon_id=coupon.coupon_id, amount_fen=10_000)
    assert (quote.shipping_fen, quote.paid_fen, quote.earns_points) == (1_000, 10_800, 108)


def test_J2_redeems_2_000_points_on_3_20_and_shipping(ordinary_day: Stack) -> None:
    shopper = Holder(ordinary_day, "J2", 320)
    shopper.hold_points(2_000)
    quote = shopper.quote(points=2_000)
    assert quote.points == PointsUseAnswer(redeemed=2_000, value_fen=400)
    assert (quote.order_amount_fen, quote.paid_fen, quote.earns_points) == (1_320, 920, 9)


def test_an_order_with_points_and_one_with_a_coupon_use_them_up(ordinary_day: Stack) -> None:
    shopper = Holder(ordinary_day, "J2", 20_000)
    shopper.hold_points(1_200)
    coupon = shopper.hold_coupon(2_000).coupon_id
    shopper.order("k1", points="best")
    assert granted(get_points.sync(client=shopper.client)).available == 200
    shopper.order("k2", coupon=coupon)
    again = shopper.wish(coupon=coupon)
    third = refused(place_order.sync(client=shopper.client, body=again, idempotency_key="k3"))
    assert (third.status, third.code) == (409, "coupon_used")


def test_after_the_member_day_prices_are_list_prices_again(member_day: Stack) -> None:
    shopper = Holder(member_day, "J5", 10_000, zone=True)
    assert (shopper.quote().goods_fen, day(shopper).open_) == (6_000, True)
    member_day.clock("+12h")
    assert (shopper.quote().goods_fen, day(shopper).open_) == (10_000, False)


def test_nobody_has_a_rate_before_registration(member_day: Stack) -> None:
    answer = day(Shopper(member_day))
    assert (answer.open_, answer.your_rate) == (True, None)
