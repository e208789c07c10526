"""A case holds no points: release, expiry and debts go on as without it (A8, E3-E7).

Alice asks for everything by cases, bob lives the same life with direct returns at the same moments: their
ledgers are the same to the point.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.support.aftersales import DAY, HOUR, Body, Desk, reach, store_time
from tests.support.events import staff

VASE_FEN = 99_500
OTHER = staff("another")
NAMES_ALONE = ("entry_id", "order_id")
"""What two members' entries cannot have alike."""


class Twins:
    """Two members who do the same at the same moments, of whom one asks by cases."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.alice, self.bob = Desk(suite, "alice"), Desk(suite, "bob")
        self.alice.stock(50, vase=VASE_FEN, tea=6_667)
        self.orders: dict[str, list[str]] = {}

    @property
    def both(self) -> tuple[Desk, Desk]:
        """Both desks."""
        return self.alice, self.bob

    def buy(self, key: str = "k1", *, points: int = 0, **units: int) -> tuple[str, str]:
        """Let both receive an order; return alice's and bob's."""
        mine, his = (each.received(key, offers={"points": points}, **units) for each in self.both)
        self.orders[key] = [mine, his]
        self.post()
        return mine, his

    def wait(self, span: timedelta) -> None:
        """Let time pass, and every job run that is due."""
        self.suite.pass_time(seconds=int(span.total_seconds()))
        self.jobs()

    def until(self, at: datetime) -> None:
        """Let it be a moment, and every job run that is due."""
        self.suite.now = at
        self.jobs()

    def jobs(self) -> None:
        """Run the jobs that move points, and the one that follows cases."""
        self.alice.follow()
        self.post()
        for job in ("release-points", "expire-points"):
            self.suite.fire(job)

    def post(self) -> None:
        """Let the stream tell of every order as it is now."""
        for orders in self.orders.values():
            for order_id in orders:
                self.alice.post_order(order_id)

    def ledgers(self) -> tuple[list[Body], list[Body]]:
        """Return both ledgers, without the names that they cannot have alike."""

        def ledger(desk: Desk) -> list[Body]:
            items = desk.get("/members/me/points/entries", desk.owner, limit="100")["items"]
            return [
                {name: value for name, value in each.items() if name not in NAMES_ALONE} for each in items
            ]

        return ledger(self.alice), ledger(self.bob)

    def same(self) -> list[str]:
        """Hold that both have the same points and standing; return the kinds of the ledger, oldest first."""
        self.post()
        mine, his = self.ledgers()
        assert mine == his
        wallets = [desk.get("/members/me/points", desk.owner) for desk in self.both]
        assert wallets[0] == wallets[1]
        tiers = [desk.get("/members/me", desk.owner) for desk in self.both]
        for name in ("tier", "effective_amount_fen"):
            assert tiers[0][name] == tiers[1][name]
        return [each["kind"] for each in mine][::-1]


@pytest.fixture
def twins(suite: Suite) -> Twins:
    """Alice and bob in a stocked shop."""
    return Twins(suite)


def begun(twins: Twins, order_id: str, units: dict[str, int], **said: Any) -> str:
    """Let alice's return be asked for, approved and sent back."""
    case_id = twins.alice.open(order_id, "r1", "return", units, **said)
    reach(twins.alice, case_id, "shipped_back")
    return case_id


def test_A8_what_comes_back_while_the_lot_is_frozen_leaves_it(twins: Twins) -> None:
    mine, his = twins.buy(vase=2)
    case_id = begun(twins, mine, {"vase": 1})
    twins.wait(2 * DAY)
    twins.alice.do(case_id, "receive")
    assert twins.bob.give_back(his, "b1", vase=1).status == 200
    assert twins.same() == ["earn", "reverse"]
    twins.wait(6 * DAY)
    assert twins.same() == ["earn", "reverse", "release"]


@pytest.mark.parametrize("state", ["requested", "approved", "shipped_back", "refused", "disputed"])
def test_A8_E3_an_open_case_delays_no_release(twins: Twins, state: str) -> None:
    mine, _ = twins.buy(vase=2)
    twins.wait(7 * DAY - HOUR)
    assert twins.same() == ["earn"]
    case_id = twins.alice.open(mine, "r1", "exchange", {"vase": 2})
    reach(twins.alice, case_id, state)
    twins.wait(HOUR)
    assert twins.alice.state(case_id) == state
    assert twins.same() == ["earn", "release"]
    assert twins.alice.get("/members/me/points", twins.alice.owner)["available"] == 1_990


def test_A8_E4_what_was_spent_between_approval_and_receipt_is_owed(twins: Twins) -> None:
    mine, his = twins.buy(vase=2)
    twins.wait(5 * DAY)
    case_id = begun(twins, mine, {"vase": 2})
    twins.wait(2 * DAY)
    twins.buy("k2", points=1_500, tea=1)
    twins.alice.do(case_id, "receive")
    assert twins.bob.give_back(his, "b1", vase=2).status == 200
    kinds = twins.same()
    assert kinds[-1] == "reverse"
    wallet = twins.alice.get("/members/me/points", twins.alice.owner)
    assert (wallet["available"], wallet["debt"]) == (0, 1_500)
    twins.wait(8 * DAY)
    twins.same()


@pytest.mark.parametrize("redeemed", [0, 500, 2_000])
def test_A8_E6_points_that_were_redeemed_come_back_as_by_a_direct_return(twins: Twins, redeemed: int) -> None:
    twins.buy("first", vase=3)
    twins.wait(8 * DAY)
    mine, his = twins.buy("k2", points=redeemed, tea=3)
    for number, units in enumerate((1, 2)):
        case_id = twins.alice.open(mine, f"r{number}", "return", {"tea": units})
        reach(twins.alice, case_id, "shipped_back")
        twins.wait(DAY)
        twins.alice.do(case_id, "receive")
        assert twins.bob.give_back(his, f"b{number}", tea=units).status == 200
        twins.same()
    for each in (mine, his):
        assert twins.alice.order(each)["retained"]["redeemed_points"] == 0


def test_A8_E5_E6_what_expires_while_a_case_is_open_lapses_as_without_it(twins: Twins) -> None:
    twins.until(store_time("2026-12-01 12:00:00"))
    twins.buy("first", vase=3)
    twins.wait(8 * DAY)
    twins.until(store_time("2027-12-28 12:00:00"))
    mine, his = twins.buy("k2", points=2_000, tea=3)
    case_id = begun(twins, mine, {"tea": 3})
    twins.until(store_time("2028-01-01 00:00:00"))
    twins.alice.do(case_id, "receive")
    assert twins.bob.give_back(his, "b1", tea=3).status == 200
    kinds = twins.same()
    assert "expire" in kinds
    assert "lapse" in kinds


def test_A8_a_refund_without_the_goods_takes_the_points_of_a_return(twins: Twins) -> None:
    mine, his = twins.buy(vase=2)
    twins.wait(8 * DAY)
    case_id = twins.alice.open(mine, "r1", "refund_only", {"vase": 1})
    twins.wait(HOUR)
    twins.alice.do(case_id, "approve")
    assert twins.bob.give_back(his, "b1", vase=1).status == 200
    assert twins.same() == ["earn", "release", "reverse"]


def test_A8_the_loss_of_a_parcel_takes_the_points_of_a_refusal(twins: Twins) -> None:
    orders = []
    for desk in twins.both:
        orders.append(desk.shipped(vase=1))
    twins.orders["k1"] = orders
    twins.post()
    case_id = twins.alice.open(orders[0], "r1", "refund_only", reason="not_received")
    twins.wait(DAY)
    twins.alice.do(case_id, "approve")
    twins.bob.must(f"/orders/{orders[1]}/refusal")
    assert twins.same() == ["earn", "reverse"]


def test_A7_A8_an_exchange_moves_no_points(twins: Twins) -> None:
    mine, his = twins.buy(vase=2)
    case_id = twins.alice.open(mine, "x1", "exchange", {"vase": 1})
    reach(twins.alice, case_id, "shipped_back")
    twins.alice.do(case_id, "receive")
    assert twins.same() == ["earn"]
    twins.wait(8 * DAY)
    assert twins.same() == ["earn", "release"]
    case_id = begun(twins, mine, {"vase": 2})
    twins.alice.do(case_id, "receive")
    assert twins.bob.give_back(his, "b1", vase=2).status == 200
    assert twins.same() == ["earn", "release", "reverse"]


@pytest.mark.parametrize("state", ["refused again", "refused and left", "withdrawn", "not sent back"])
def test_A8_a_case_of_which_nothing_comes_moves_no_points(twins: Twins, state: str) -> None:
    mine, _ = twins.buy(vase=2)
    case_id = twins.alice.open(mine, "r1", "return", {"vase": 2})
    reach(twins.alice, case_id, state)
    twins.wait(9 * DAY)
    assert twins.same() == ["earn", "release"]


def test_A6_A8_freight_moves_no_points_and_no_tier(twins: Twins) -> None:
    mine, his = twins.buy(vase=2)
    case_id = begun(twins, mine, {"vase": 1}, reason="damaged")
    twins.alice.do(case_id, "receive", {"return_shipping_fen": 3_000})
    assert twins.bob.give_back(his, "b1", vase=1).status == 200
    assert twins.same() == ["earn", "reverse"]


def test_A4_A8_what_did_not_come_keeps_its_points(twins: Twins) -> None:
    mine, his = twins.buy(vase=3)
    case_id = begun(twins, mine, {"vase": 3})
    twins.alice.do(
        case_id, "receive", {"lines": [{"sku": "vase", "quantity": 1}], "reason": "Two are missing."}
    )
    assert twins.bob.give_back(his, "b1", vase=1).status == 200
    assert twins.same() == ["earn", "reverse"]


def test_A5_A8_a_direct_return_out_of_a_case_is_a_direct_return(twins: Twins) -> None:
    mine, his = twins.buy(vase=3)
    begun(twins, mine, {"vase": 3})
    for number in range(3):
        for desk, order_id in zip(twins.both, (mine, his), strict=True):
            assert desk.give_back(order_id, f"b{number}", vase=1).status == 200
        twins.wait(3 * DAY)
        twins.same()
    wallet = twins.alice.get("/members/me/points", twins.alice.owner)
    assert (wallet["available"], wallet["frozen"], wallet["debt"]) == (0, 0, 0)
