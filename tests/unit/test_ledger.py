"""The ledger's arithmetic, and what an order's changes post."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.policy import load
from functions.points.ledger import (
    EntryKind,
    Wallet,
    earn,
    expire,
    points_earned,
    redeem,
    reverse_released,
    usable,
)
from functions.points.posting import Account, OrderChange, OrderFacts, Posting, post
from functions.tiers.qualification import at_registration, qualify

POLICY = load()
PAID_AT = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
PAID = OrderChange(at=PAID_AT, effective_fen=10_950, earned_points=110)
NEW_ACCOUNT = Account(wallet=Wallet(), standing=at_registration(POLICY), lot=None)


def order(*changes: OrderChange) -> OrderFacts:
    """Return what an account has to know of an order that redeemed nothing."""
    return OrderFacts(order_id="ord_1", member_id="alice", changes=changes)


def posted(account: Account, *changes: OrderChange) -> Posting:
    """Post an order's changes and expect that something is to be written."""
    posting = post(account, order(*changes), POLICY)
    assert posting is not None
    return posting


@pytest.mark.parametrize(
    ("paid_fen", "points"), [(9_950, 100), (9_949, 99), (0, 0), (49, 0), (50, 1), (10_950, 110)]
)
def test_E1_an_order_earns_a_point_per_yuan_rounded_half_up(paid_fen: int, points: int) -> None:
    assert points_earned(1, paid_fen) == points


def test_E2_points_enter_the_wallet_frozen() -> None:
    wallet, entry = earn(Wallet(), points=110, order_id="ord_1", occurred_at=PAID_AT)
    assert (wallet.frozen, dict(wallet.available), wallet.debt) == (110, {}, 0)
    assert (entry.kind, entry.number, entry.frozen_delta, entry.frozen) == (EntryKind.EARN, 1, 110, 110)


@pytest.mark.parametrize("wrong", [{"frozen": -1}, {"debt": -1}, {"available": {"2026": -1}}])
def test_no_bucket_of_a_wallet_is_ever_negative(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        Wallet(**wrong)  # type: ignore[arg-type]


def test_E5_expired_years_cannot_be_spent_from_their_first_second_on() -> None:
    wallet = Wallet(available={"2025": 300, "2026": 900})
    gone = datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert usable(wallet, POLICY, gone - timedelta(seconds=1)) == {"2025": 300, "2026": 900}
    assert usable(wallet, POLICY, gone) == {"2026": 900}


def test_a_paid_order_posts_its_lot_its_entry_and_its_share_of_E_together() -> None:
    posting = posted(NEW_ACCOUNT, PAID)
    assert (posting.lot.points, posting.lot.effective_fen, posting.lot.year) == (110, 10_950, 2026)
    assert (posting.wallet.frozen, posting.wallet.version) == (110, NEW_ACCOUNT.wallet.version + 1)
    assert [entry.frozen_delta for entry in posting.entries] == [110]
    assert posting.standing == qualify(POLICY, ever_paid=True, effective_fen=10_950)


def test_T5_the_tier_change_has_the_time_of_the_orders_change() -> None:
    (change,) = posted(NEW_ACCOUNT, PAID).tier_changes
    assert (change.before, change.after, change.changed_at, change.order_id, change.effective_fen) == (
        "J0",
        "J1",
        PAID_AT,
        "ord_1",
        10_950,
    )


def test_R2_a_change_that_the_account_has_seen_posts_nothing() -> None:
    first = posted(NEW_ACCOUNT, PAID)
    again = Account(wallet=first.wallet, standing=first.standing, lot=first.lot)
    assert post(again, order(PAID), POLICY) is None


def test_T2_changes_seen_together_are_posted_one_by_one() -> None:
    """The second one stands for any later change: lot and share of E move by the difference."""
    later = OrderChange(at=PAID_AT + timedelta(days=1), effective_fen=110_950, earned_points=1_110)
    together = posted(NEW_ACCOUNT, PAID, later)
    assert [entry.frozen_delta for entry in together.entries] == [110, 1_000]
    assert [entry.occurred_at for entry in together.entries] == [PAID_AT, later.at]
    assert [(change.before, change.after) for change in together.tier_changes] == [("J0", "J1"), ("J1", "J2")]
    assert (together.lot.points, together.lot.posted, together.wallet.frozen) == (1_110, 2, 1_110)
    first = posted(NEW_ACCOUNT, PAID)
    then = Account(wallet=first.wallet, standing=first.standing, lot=first.lot)
    assert posted(then, PAID, later).wallet.frozen == 1_110
    seen = Account(wallet=together.wallet, standing=together.standing, lot=together.lot)
    assert post(seen, order(PAID, later), POLICY) is None
    assert post(seen, order(PAID), POLICY) is None  # an older image comes late


def test_E6_redeeming_takes_the_oldest_year_first() -> None:
    wallet = Wallet(available={"2025": 300, "2026": 900})
    after, entry = redeem(wallet, points=1_000, order_id="ord_1", occurred_at=PAID_AT, policy=POLICY)
    assert (dict(after.available), dict(entry.available_delta)) == (
        {"2026": 200},
        {"2025": -300, "2026": -700},
    )
    assert (entry.kind, dict(entry.available)) == (EntryKind.REDEEM, {"2026": 200})


def test_E5_expired_points_are_not_redeemed() -> None:
    wallet = Wallet(available={"2024": 5_000, "2026": 900})
    after, _ = redeem(wallet, points=900, order_id="ord_1", occurred_at=PAID_AT, policy=POLICY)
    assert dict(after.available) == {"2024": 5_000}
    with pytest.raises(ValueError, match="cannot be taken"):
        redeem(wallet, points=901, order_id="ord_1", occurred_at=PAID_AT, policy=POLICY)


def test_R2_an_order_without_changes_posts_nothing() -> None:
    assert post(NEW_ACCOUNT, order(), POLICY) is None


def test_an_order_that_earns_nothing_still_counts_and_serialises_the_account() -> None:
    free = OrderChange(at=PAID_AT, effective_fen=0, earned_points=0)
    posting = posted(NEW_ACCOUNT, free)
    assert posting.entries == ()
    assert posting.standing.tier == "J1"  # T1
    assert posting.wallet.version == NEW_ACCOUNT.wallet.version + 1


def test_E5_the_year_is_that_of_payment_in_store_time() -> None:
    new_year_in_the_shop = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    late = OrderChange(at=new_year_in_the_shop, effective_fen=100, earned_points=1)
    assert posted(NEW_ACCOUNT, late).lot.year == 2026


def test_a_change_survives_its_row() -> None:
    assert OrderChange.from_row(PAID.to_row()) == PAID


def test_R4_points_written_off_under_an_older_policy_are_met_by_changes_from_before_that_moment_only() -> (
    None
):
    zone = POLICY.zone
    longer = replace(POLICY, points=replace(POLICY.points, valid_years=2))
    held = Wallet(available={"2025": 300, "2026": 50, "2027": 400})
    wallet, _ = expire(held, at=datetime(2027, 1, 1, tzinfo=zone), policy=POLICY)
    taken: dict[str, Any] = {"points": 300, "year": 2026, "order_id": "ord_1", "policy": longer}
    after, entries = reverse_released(wallet, occurred_at=datetime(2027, 5, 1, tzinfo=zone), **taken)
    assert (dict(after.available), dict(after.expired)) == ({"2027": 150}, {"2025": 300})
    assert [entry.kind for entry in entries] == [EntryKind.REVERSE]
    before, entries = reverse_released(wallet, occurred_at=datetime(2026, 12, 31, tzinfo=zone), **taken)
    assert (dict(before.available), dict(before.expired)) == ({"2027": 400}, {"2025": 50})
    assert [entry.occurred_at.astimezone(zone).year for entry in entries] == [2027, 2026]
