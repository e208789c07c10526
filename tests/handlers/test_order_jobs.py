"""The jobs of an order's life: what nobody pays for lapses, what nobody confirms is received."""

from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import (
    Life,
    hold_coupon,
    job,
    life,
    shop,
    store_time,
    units,
    user_of_coupon,
)
from tests.support.events import Call, claims

SHIPPED = "2026-05-02T12:00:00+08:00"
AUTOMATIC = "2026-05-12T12:00:00+08:00"


def shipped(suite: Suite) -> Life:
    """Return an order of two teas that was shipped on 2 May at noon."""
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2})
    order.pay()
    assert order.ship()["shipped_at"] == SHIPPED
    return order


# --- lapse-unpaid ---


def test_O2_an_order_is_open_until_its_30_minutes_are_over(suite: Suite) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2}, held={"2026": 500}, points=500)
    suite.pass_time(minutes=29, seconds=59)
    order.run("lapse-unpaid")
    order.deliver()
    assert order.seen() == order.placed
    assert (units(suite), order.wallet()["available"]) == (8, 0)
    suite.pass_time(seconds=1)
    assert order.seen()["status"] == "lapsed"
    order.run("lapse-unpaid")
    order.deliver()
    assert (units(suite), order.wallet()["available"]) == (10, 500)


def test_O2_an_order_reads_the_same_before_and_after_the_job(suite: Suite) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2}, held={"2026": 500}, points=500)
    suite.pass_time(minutes=30)
    before = order.seen()
    order.run("lapse-unpaid")
    assert order.seen() == before


@pytest.mark.parametrize("late", [{}, {"minutes": 4}, {"days": 3}])
def test_R2_the_lapse_has_one_effect_however_late_and_often_the_job_runs(
    suite: Suite, late: dict[str, int]
) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2}, held={"2025": 500}, points=500)
    suite.pass_time(minutes=30)
    suite.pass_time(**late)
    order.run("lapse-unpaid")
    order.deliver()
    after = order.everything()
    for _ in range(2):
        suite.pass_time(hours=1)
        order.run("lapse-unpaid")
        order.deliver("each twice")
    assert order.everything() == after
    assert after["order"]["closed_at"] == "2026-05-01T12:30:00+08:00"
    assert after["stock"] == {"tea": 10}
    assert after["wallet"] == {"available": 500, "frozen": 0, "debt": 0}
    assert [(entry["kind"], entry["occurred_at"]) for entry in after["entries"]] == [
        ("redeem", "2026-05-01T12:00:00+08:00"),
        ("restore", "2026-05-01T12:30:00+08:00"),
    ]


def test_O2_the_job_leaves_alone_what_was_paid_or_cancelled(suite: Suite) -> None:
    shop(suite, tea=9_950)
    paid, cancelled, unpaid = [life(suite, {"tea": 1}, key=key) for key in ("k1", "k2", "k3")]
    paid.pay()
    cancelled.must("cancel")
    suite.pass_time(hours=2)
    before = [paid.seen(), cancelled.seen()]
    job(suite, "lapse-unpaid")
    assert [paid.seen(), cancelled.seen()] == before
    assert (unpaid.seen()["status"], units(suite)) == ("lapsed", 9)


def test_R3_the_job_catches_up_with_everything_that_is_due(suite: Suite) -> None:
    shop(suite, tea=9_950)
    orders = []
    for number in range(6):
        orders.append(life(suite, {"tea": 1}, key=f"k{number}"))
        suite.pass_time(minutes=7)
    suite.now = store_time("2026-05-01T12:51:00")
    job(suite, "lapse-unpaid")
    assert units(suite) == 8
    assert [order.seen()["status"] for order in orders] == ["lapsed"] * 4 + ["placed"] * 2
    suite.pass_time(days=1)
    job(suite, "lapse-unpaid")
    assert units(suite) == 10


def test_O2_a_payment_after_the_30_minutes_does_not_keep_the_job_from_giving_back(suite: Suite) -> None:
    shop(suite, tea=9_950)
    order = life(suite, {"tea": 2}, held={"2026": 500}, points=500)
    suite.pass_time(minutes=30)
    order.pay()
    order.run("lapse-unpaid")
    order.deliver()
    seen = order.seen()
    assert (seen["status"], seen["paid_at"], seen["refunded_fen"]) == ("lapsed", None, 0)
    assert [each["applied"] for each in seen["payments"]] == [False]
    assert (units(suite), order.wallet()["available"], order.standing()) == (10, 500, ("J0", 0))
    assert order.kinds() == ["redeem", "restore"]


def test_O1_what_a_lapse_gave_back_can_be_ordered_again(suite: Suite) -> None:
    shop(suite, tea=9_950)
    coupon = hold_coupon(suite)
    offers: dict[str, Any] = {"tier": "J2", "coupon": coupon.coupon_id}
    life(suite, {"tea": 10}, key="k1", **offers)
    suite.pass_time(minutes=30)
    job(suite, "lapse-unpaid")
    again = life(suite, {"tea": 10}, key="k2", **offers)
    assert (user_of_coupon(suite), units(suite)) == (again.order_id, 0)
    job(suite, "lapse-unpaid")
    assert (user_of_coupon(suite), units(suite)) == (again.order_id, 0)


@pytest.mark.parametrize("job_at", ["2027-01-01T00:15:00", "2027-01-01T00:20:00", "2027-01-04T09:00:00"])
def test_E6_points_whose_year_expired_before_the_lapse_lapse_with_it(suite: Suite, job_at: str) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time("2026-12-31T23:45:00")
    order = life(suite, {"tea": 2}, held={"2025": 1_200, "2026": 500}, points=1_500)
    suite.now = store_time(job_at)
    order.run("lapse-unpaid")
    order.deliver("each twice")
    closed_at = "2027-01-01T00:15:00+08:00"
    assert (order.seen()["closed_at"], order.seen()["retained"]["redeemed_points"]) == (closed_at, 0)
    assert order.kinds() == ["redeem", "restore", "lapse"]
    _, restore, lapse = order.entries()
    assert restore["available_by_year_delta"] == {"2026": 300}
    assert (lapse["occurred_at"], lapse["lapsed_points"]) == (closed_at, 1_200)
    assert lapse["available_by_year_delta"] == {}
    assert (lapse["available_delta"], lapse["frozen_delta"], lapse["debt_delta"]) == (0, 0, 0)
    assert order.wallet() == {"available": 500, "frozen": 0, "debt": 0}
    assert units(suite) == 10


def test_E6_a_lapse_of_points_alone_is_one_entry(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time("2026-12-31T23:45:00")
    order = life(suite, {"tea": 2}, held={"2025": 1_000, "2026": 200}, points=1_000)
    suite.now = store_time("2027-01-01T00:15:00")
    order.run("lapse-unpaid")
    order.deliver()
    assert [(entry["kind"], entry["lapsed_points"]) for entry in order.entries()] == [
        ("redeem", 0),
        ("lapse", 1_000),
    ]
    assert order.wallet() == {"available": 200, "frozen": 0, "debt": 0}


def test_E6_what_counts_is_when_the_order_lapsed_and_not_when_the_job_ran(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time("2026-12-31T23:29:59")
    order = life(suite, {"tea": 2}, held={"2025": 1_000, "2026": 200}, points=1_000)
    suite.now = store_time("2027-01-01T00:05:00")
    order.run("lapse-unpaid")
    order.deliver()
    _, restore = order.entries()
    assert (restore["kind"], restore["occurred_at"]) == ("restore", "2026-12-31T23:59:59+08:00")
    assert (restore["available_by_year_delta"], restore["lapsed_points"]) == ({"2025": 1_000}, 0)
    # E5: they are back, and expired since.
    assert order.by_year() == {"2025": 1_000, "2026": 200}
    assert order.wallet() == {"available": 200, "frozen": 0, "debt": 0}


# --- auto-receipt ---


def test_O3_a_shipped_order_is_received_by_the_job_at_10_days_and_never_before(suite: Suite) -> None:
    order = shipped(suite)
    suite.pass_time(days=10, seconds=-1)
    before = order.seen()
    order.run("auto-receipt")
    assert order.seen() == before
    assert before["status"] == "shipped"
    suite.pass_time(seconds=1)
    order.run("auto-receipt")
    assert order.seen() == before | {"status": "received", "received_at": AUTOMATIC}


@pytest.mark.parametrize("late", [{"minutes": 59}, {"days": 30}])
def test_O3_the_receipt_is_at_10_days_however_late_and_often_the_job_runs(
    suite: Suite, late: dict[str, int]
) -> None:
    order = shipped(suite)
    suite.pass_time(days=10)
    suite.pass_time(**late)
    order.run("auto-receipt")
    order.deliver()
    after = order.everything()
    assert (after["order"]["status"], after["order"]["received_at"]) == ("received", AUTOMATIC)
    suite.pass_time(days=1)
    order.run("auto-receipt")
    order.deliver("each twice")
    assert order.everything() == after
    assert (after["wallet"]["frozen"], after["stock"], order.kinds()) == (199, {"tea": 8}, ["earn"])


def test_O3_who_confirms_after_10_days_but_before_the_job_gets_the_same_time(suite: Suite) -> None:
    order = shipped(suite)
    suite.pass_time(days=10, hours=5)
    confirmed = order.must("receipt", who=claims("alice"))
    assert (confirmed["status"], confirmed["received_at"]) == ("received", AUTOMATIC)
    order.run("auto-receipt")
    assert order.seen() == confirmed


def test_O3_who_confirms_in_time_is_not_overruled_by_the_job(suite: Suite) -> None:
    order = shipped(suite)
    suite.pass_time(days=10, seconds=-1)
    confirmed = order.must("receipt", who=claims("alice"))
    assert confirmed["received_at"] == "2026-05-12T11:59:59+08:00"
    suite.pass_time(days=2)
    order.run("auto-receipt")
    assert order.seen() == confirmed


def test_O3_the_job_leaves_alone_what_was_refused_returned_or_is_not_shipped(suite: Suite) -> None:
    shop(suite, tea=9_950)
    paid, refused, back = [life(suite, {"tea": 1}, key=key) for key in ("k1", "k2", "k3")]
    for number, order in enumerate((paid, refused, back)):
        order.pay(f"p{number}")
    refused.ship()
    refused.must("refusal")
    back.ship()
    back.receive()
    back.give_back("r1", tea=1)
    before = [order.seen() for order in (paid, refused, back)]
    suite.pass_time(days=30)
    job(suite, "auto-receipt")
    job(suite, "lapse-unpaid")
    assert [order.seen() for order in (paid, refused, back)] == before
    assert units(suite) == 9


def test_O3_an_order_received_by_the_job_can_be_confirmed_again_and_returned(suite: Suite) -> None:
    order = shipped(suite)
    suite.pass_time(days=11)
    order.run("auto-receipt")
    received = order.seen()
    assert order.must("receipt", who=claims("alice")) == received
    returned = order.give_back("r1", tea=2)
    assert (returned["status"], returned["received_at"]) == ("returned", AUTOMATIC)
    assert returned["refund_fen"] == received["paid_fen"]


def test_O3_the_member_sees_the_order_shipped_until_it_is_received(suite: Suite) -> None:
    order = shipped(suite)
    suite.pass_time(days=9)
    own = suite.call(Call("GET", f"/orders/{order.order_id}", who=claims("alice"))).body
    assert (own["status"], own["received_at"], own["shipped_at"]) == ("shipped", None, SHIPPED)
