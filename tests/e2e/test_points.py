"""The life of points on the deployed stack: released, owed, audited, expired.

The last test moves the clock by more than a year.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from memberday_client.api.orders import place_order
from memberday_client.api.points import get_points
from memberday_client.api.reports import get_points_differences, get_points_liability
from memberday_client.models import BalancesAnswer, LiabilityAnswer

from functions.platform.dynamo import Tables
from reach.aws import Aws
from tests.support import accounts
from tests.support.answers import granted, refused
from tests.support.listener import StackListener
from tests.support.shopper import Shopper, registered
from tests.support.stack import Stack


@pytest.fixture
def listener(deployed: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(deployed)
    yield listener
    listener.close()


def summed(shopper: Shopper) -> tuple[int, int, int]:
    """Return what the ledger's entries sum to: available, frozen and owed (E9)."""
    entries = shopper.entries()
    return (
        sum(entry.available_delta for entry in entries),
        sum(entry.frozen_delta for entry in entries),
        sum(entry.debt_delta for entry in entries),
    )


def test_points_are_frozen_until_7_days_after_receipt_and_owed_when_spent_before_a_return(
    deployed: Stack, listener: StackListener
) -> None:
    shopper = registered(deployed, units=4)
    first, second = shopper.order("k1", 2), shopper.order("k2", 2)
    for order in (first, second):
        assert shopper.pay(order).status == "paid"
    assert shopper.delivered(first).status == "received"
    deployed.local("fire", "release-points")
    assert shopper.points() == (0, 398, 0)  # E2
    listener.clock("+7d")
    assert deployed.local("fire", "release-points")["job"] == "release-points"
    assert shopper.points() == (199, 199, 0)  # E3: the second order has not been received
    shopper.give_back(first)
    assert shopper.points() == (100, 199, 0)  # E4: out of what is available
    assert shopper.adjust(-70) == BalancesAnswer(available=30, frozen=199, debt=0)
    shopper.give_back(first)
    assert shopper.points() == (0, 199, 70)  # E4: what is spent is owed
    shopper.delivered(second)
    shopper.give_back(second)
    assert shopper.points() == (0, 100, 70)  # E4: out of what is frozen
    listener.clock("+7d")
    deployed.local("fire", "release-points")
    assert shopper.points() == (30, 0, 0) == summed(shopper)  # E4: the release pays the debt first
    assert [entry.kind for entry in shopper.entries()][2:] == [
        "release",
        "reverse",
        "adjust",
        "reverse",
        "reverse",
        "release",
    ]
    orders = [first.order_id, second.order_id]
    assert [each["points"] for each in listener.of_member(shopper, "PointsEarned")] == [199, 199]
    released = listener.of_member(shopper, "PointsReleased")
    assert [(each["order_id"], each["points"]) for each in released] == list(
        zip(orders, (199, 100), strict=True)
    )
    tiers = [(each["from"], each["to"]) for each in listener.of_member(shopper, "TierChanged")]
    assert tiers == [("J0", "J1")]


@contextmanager
def posting_down_for_a_day(stack: Stack) -> Iterator[None]:
    """Let the posting stand still while something happens, and for longer than the stream keeps it."""
    functions = Aws(stack.local("status")["endpoint"]).client("lambda")
    (mapping,) = [
        each["UUID"]
        for each in functions.list_event_source_mappings()["EventSourceMappings"]
        if "PointsPosting" in each["FunctionArn"]
    ]
    stack.local("settle")
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        yield
        stack.clock("+25h")
    finally:
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)


def report(stack: Stack) -> LiabilityAnswer:
    """Return the report of the last audit."""
    return granted(get_points_liability.sync(client=stack.client("clerk", staff=True)))


def audited(stack: Stack) -> dict[str, set[str]]:
    """Audit the points; return which checks failed, by member."""
    stack.local("fire", "audit-points")
    clerk = stack.client("clerk", staff=True)
    found: dict[str, set[str]] = {}
    page = granted(get_points_differences.sync(client=clerk, limit=100))
    while True:
        for each in page.items:
            found.setdefault(each.member_id, set()).add(each.what)
        if page.next_cursor is None:
            return found
        page = granted(get_points_differences.sync(client=clerk, limit=100, cursor=page.next_cursor))


def test_case_30_an_audit_finds_what_was_spoilt_or_lost_and_a_replay_posts_what_was_lost(
    deployed: Stack,
) -> None:
    spoilt, loser, whole = (registered(deployed, units) for units in (0, 2, 0))
    for shopper in (spoilt, whole):
        shopper.adjust(1_000)
    before = audited(deployed)  # other tests put rows in by hand
    assert not {spoilt.member_id, loser.member_id, whole.member_id} & before.keys()
    figures = report(deployed)

    order = loser.order(quantity=2)
    with posting_down_for_a_day(deployed):
        assert loser.pay(order).status == "paid"
    assert loser.points() == (0, 0, 0)
    tables = Tables(Aws(deployed.local("status")["endpoint"]).client("dynamodb"))
    table = deployed.outputs["MembersTableName"]
    (year,) = spoilt.entries()[0].available_by_year_delta.additional_keys
    accounts.hold_points(tables, table, spoilt.member_id, {year: 990})

    after = audited(deployed)
    assert {member: after[member] for member in after.keys() - before.keys()} == {
        spoilt.member_id: {"entries"},
        loser.member_id: {"posting"},
    }
    assert report(deployed).differences == figures.differences + 2

    accounts.hold_points(tables, table, spoilt.member_id, {year: 1_000})
    for _ in range(2):
        deployed.local("replay")
    assert loser.points() == (0, 199, 0) == summed(loser)
    assert loser.me().tier == "J1"
    assert audited(deployed).keys() == before.keys()
    mended = report(deployed)
    assert mended.frozen - figures.frozen == 199
    assert mended.orders == figures.orders + 1
    assert mended.value_fen == sum(each.points for each in mended.available) // 5


def test_E5_E10_what_a_year_leaves_is_told_30_days_ahead_and_gone_with_the_next_years_first_second(
    deployed: Stack, listener: StackListener
) -> None:
    shopper = registered(deployed, units=9)
    assert shopper.adjust(1_500).available == 1_500
    (earned_in,) = map(int, shopper.entries()[0].available_by_year_delta.additional_keys)
    last_usable = f"{earned_in + 1}-12-31T23:59:59+08:00"

    deployed.clock(f"{earned_in + 1}-12-02T09:00:00+08:00")
    assert shopper.adjust(300).available == 1_800
    for _ in range(2):
        deployed.local("fire", "announce-expiring")
    (told,) = listener.of_member(shopper, "PointsExpiring")
    assert (told["earned_in"], told["points"], told["expires_at"]) == (earned_in, 1_500, last_usable)

    deployed.clock(f"{earned_in + 1}-12-31T23:59:00+08:00")
    spent = shopper.order("in-time", points=500)
    assert spent.quote.points.redeemed == 500
    assert spent.placed_at <= datetime.fromisoformat(last_usable)
    assert shopper.points() == (1_300, 0, 0)

    expired_at = f"{earned_in + 2}-01-01T00:00:00+08:00"
    deployed.clock(expired_at)
    wish = shopper.wish(points=500)
    late = refused(place_order.sync(client=shopper.client, body=wish, idempotency_key="late"))
    assert (late.status, late.code) == (409, "insufficient_points")
    wallet = granted(get_points.sync(client=shopper.client))
    assert (wallet.available, [each.points for each in wallet.expiring]) == (300, [300])
    # Whether or not the job has run: after a step of the clock the cloud runs by itself what was missed.

    for _ in range(2):
        deployed.local("fire", "expire-points")
        assert shopper.points() == (300, 0, 0) == summed(shopper)
    expire = shopper.entries()[-1]
    assert (expire.kind, expire.occurred_at) == ("expire", datetime.fromisoformat(expired_at))
    assert expire.available_by_year_delta.to_dict() == {str(earned_in): -1_000}
    (gone,) = listener.of_member(shopper, "PointsExpired")
    assert (gone["earned_in"], gone["points"], gone["occurred_at"]) == (earned_in, 1_000, expired_at)

    deployed.clock("+31m")
    deployed.local("fire", "lapse-unpaid")
    assert shopper.points() == (300, 0, 0) == summed(shopper)  # E6: what comes back has expired
    lapse = shopper.entries()[-1]
    assert (lapse.kind, lapse.lapsed_points) == ("lapse", 500)
    assert lapse.occurred_at - spent.placed_at == timedelta(minutes=30)
