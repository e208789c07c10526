"""Placing and paying orders: one effect, whatever is repeated, concurrent or cut off in between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.checkout.placing import Placing, QuoteChangedError
from functions.domain.errors import ConflictError, InvalidError, NotFoundError, RefusalError, TryAgainError
from functions.orders import life
from functions.orders.order import Order, Status
from functions.orders.payments import pay
from functions.platform.deadline import Deadline
from functions.platform.dynamo import to_item
from tests.support.accounts import hold_coupon, hold_points, hold_tier
from tests.support.faults import (
    IN_PROGRESS,
    LOST_AFTER,
    RESET_BEFORE,
    SENDS_OF_THE_SDK,
    SERVER_ERROR,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
    cancelled,
)
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A shop with a registered member and 7 units of tea."""
    shop.register("alice")
    shop.stock("tea", 7)
    return shop


def placed(results: list[tuple[Order, bool] | RefusalError]) -> list[Order]:
    """Return the orders that were newly placed."""
    return [each[0] for each in results if not isinstance(each, RefusalError) and not each[1]]


def refused(shop: Shop, member_id: str, *skus: str, quantity: int = 1) -> str:
    """Return the code with which an order is refused."""
    with pytest.raises(RefusalError) as refusal:
        shop.place(member_id, "refused", *skus, quantity=quantity)
    return refusal.value.code


def test_O1_placing_takes_the_stock(stocked: Shop) -> None:
    order, repeat = stocked.place("alice", "k1", "tea", quantity=2)
    assert (order.status, repeat, stocked.units("tea")) == (Status.PLACED, False, 5)
    assert stocked.book.find(order.order_id) == order


def test_case_1_and_5_the_same_key_again_finds_the_order_for_ever(stocked: Shop) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    paid = stocked.pay(order)
    assert stocked.place("alice", "k1", "tea") == (paid, True)
    assert stocked.units("tea") == 6


def test_case_3_the_same_key_with_another_body_is_refused(stocked: Shop) -> None:
    stocked.place("alice", "k1", "tea")
    with pytest.raises(InvalidError) as refusal:
        stocked.place("alice", "k1", "tea", quantity=2)
    assert refusal.value.code == "idempotency_key_reused"
    assert stocked.units("tea") == 6


def test_case_4_the_same_key_of_another_member_is_another_order(stocked: Shop) -> None:
    stocked.register("bob")
    first, _ = stocked.place("alice", "k1", "tea")
    second, repeat = stocked.place("bob", "k1", "tea")
    assert (first.order_id == second.order_id, repeat, stocked.units("tea")) == (False, False, 5)


def test_a_refused_order_uses_no_key_up_and_takes_nothing(stocked: Shop) -> None:
    stocked.stock("cup", 0)
    assert refused(stocked, "alice", "tea", "cup") == "insufficient_stock"
    assert stocked.units("tea") == 7
    order, repeat = stocked.place("alice", "refused", "tea")
    assert (order.status, repeat) == (Status.PLACED, False)


def test_refusals_name_what_is_short_or_unknown(stocked: Shop) -> None:
    assert refused(stocked, "bob", "tea") == "not_registered"
    assert refused(stocked, "alice", "gone") == "unknown_sku"
    with pytest.raises(ConflictError) as refusal:
        stocked.place("alice", "k1", "tea", quantity=8)
    assert (refusal.value.code, refusal.value.facts) == (
        "insufficient_stock",
        {"skus": ["tea"], "left": {"tea": 7}},
    )


def test_another_amount_than_expected_is_refused_with_the_new_quote(stocked: Shop) -> None:
    wrong = stocked.placing("alice", "k1", "tea", expected_paid_fen=1)
    with pytest.raises(QuoteChangedError) as refusal:
        stocked.checkout.place(wrong, Deadline(20))
    assert (refusal.value.code, refusal.value.quote.paid_fen) == ("quote_changed", 10_950)
    right = stocked.placing("alice", "k1", "tea", expected_paid_fen=10_950)
    assert stocked.checkout.place(right, Deadline(20))[1] is False


def test_a_successful_order_takes_two_round_trips_and_a_refused_one_two(stocked: Shop, calls: Calls) -> None:
    stocked.place("alice", "k1", "tea")
    assert calls.sent[-2:] == ["BatchGetItem", "TransactWriteItems"]
    sent = len(calls.sent)
    refused(stocked, "alice", "tea", quantity=100)
    assert calls.sent[sent:] == ["BatchGetItem", "GetItem"]


def test_case_2_the_same_key_50_times_at_once_leaves_one_order(stocked: Shop) -> None:
    results = at_once(50, lambda _: stocked.place("alice", "k1", "tea"))
    assert len(placed(results)) == 1
    assert {each.code for each in results if isinstance(each, RefusalError)} <= {"conflict"}
    assert stocked.units("tea") == 6


def test_case_8_40_buyers_of_7_units_leave_7_orders(stocked: Shop) -> None:
    for number in range(40):
        stocked.register(f"buyer{number}")
    results = at_once(40, lambda n: stocked.place(f"buyer{n}", "k1", "tea"))
    assert (len(placed(results)), stocked.units("tea")) == (7, 0)
    assert {each.code for each in results if isinstance(each, RefusalError)} == {"insufficient_stock"}


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR, SERVER_ERROR_AFTER, IN_PROGRESS])
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK, SENDS_OF_THE_SDK + 1])
def test_case_14_15_19_22_an_order_cut_off_is_placed_once(
    stocked: Shop, calls: Calls, fault: Fault, sends: int
) -> None:
    calls.fail("TransactWriteItems", *[fault] * sends)
    order, _ = stocked.place("alice", "k1", "tea")
    assert stocked.book.find(order.order_id) == order
    assert stocked.place("alice", "k1", "tea") == (order, True)
    assert stocked.units("tea") == 6


@pytest.mark.parametrize("operation", ["BatchGetItem", "GetItem"])
@pytest.mark.parametrize("fault", [RESET_BEFORE, SERVER_ERROR, THROTTLED])
def test_a_read_that_fails_is_503_and_nothing_has_happened(
    stocked: Shop, calls: Calls, operation: str, fault: Fault
) -> None:
    calls.fail(operation, *[fault] * SENDS_OF_THE_SDK)  # type: ignore[arg-type]
    with pytest.raises(TryAgainError):
        stocked.place("alice", "k1", "tea", quantity=1 if operation == "BatchGetItem" else 8)
    assert stocked.units("tea") == 7
    assert stocked.place("alice", "k1", "tea")[1] is False


def test_case_16_three_transaction_conflicts_are_sent_again(stocked: Shop, calls: Calls) -> None:
    calls.fail("TransactWriteItems", *[cancelled("None", "TransactionConflict")] * 3)
    assert stocked.place("alice", "k1", "tea")[1] is False
    assert stocked.units("tea") == 6


def test_endless_conflicts_end_as_409_with_nothing_done(stocked: Shop, calls: Calls) -> None:
    calls.fail("TransactWriteItems", *[cancelled("TransactionConflict", "None")] * 100)
    with pytest.raises(ConflictError) as refusal:
        stocked.place("alice", "k1", "tea")
    assert refusal.value.code == "conflict"
    assert stocked.units("tea") == 7


def test_case_17_a_conflict_beside_a_failed_condition_is_not_sent_again(stocked: Shop, calls: Calls) -> None:
    sent = len(calls.sent)
    calls.fail("TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed"))
    stocked.place("alice", "k1", "tea")
    assert calls.sent[sent:] == ["BatchGetItem", "TransactWriteItems"] * 2  # a fresh read in between


def test_case_18_a_burst_of_throttling_ends_as_503_with_nothing_done(stocked: Shop, calls: Calls) -> None:
    calls.fail("TransactWriteItems", *[THROTTLED] * 1000)
    with pytest.raises(TryAgainError):
        stocked.checkout.place(stocked.placing("alice", "k1", "tea"), Deadline(1))
    calls.faults.clear()
    assert stocked.units("tea") == 7
    assert stocked.place("alice", "k1", "tea")[1] is False


def test_case_21_near_the_deadline_no_key_is_stuck(stocked: Shop, calls: Calls) -> None:
    calls.fail("TransactWriteItems", *[LOST_AFTER] * SENDS_OF_THE_SDK)
    with pytest.raises(TryAgainError):
        stocked.checkout.place(stocked.placing("alice", "k1", "tea"), OneSend())
    order, repeat = stocked.place("alice", "k1", "tea")
    assert (order.status, repeat, stocked.units("tea")) == (Status.PLACED, True, 6)


def test_a_price_that_changes_between_read_and_write_is_charged_as_it_is_then(
    stocked: Shop, calls: Calls
) -> None:
    calls.do_before("TransactWriteItems", lambda: stocked.stock("tea", 0, price_fen=20_000))
    order, _ = stocked.place("alice", "k1", "tea")
    assert (order.quote.paid_fen, stocked.units("tea")) == (20_000, 6)


@pytest.mark.parametrize(("enters", "paid_fen"), [(True, 17_000), (False, 20_000)])
def test_P2_a_zone_flag_that_changes_between_read_and_write_is_charged_as_it_is_then(
    stocked: Shop, calls: Calls, enters: bool, paid_fen: int
) -> None:
    hold_tier(stocked.tables, stocked.settings.members_table, "alice", "J3", stocked.policy)

    def flag(in_zone: bool) -> None:
        stocked.catalog.put(
            "tea",
            name="tea",
            price_fen=20_000,
            member_zone=in_zone,
            low_stock_threshold=None,
            deadline=Deadline(20),
        )

    flag(not enters)
    calls.do_before("TransactWriteItems", lambda: flag(enters))
    on_the_member_day = replace(stocked.placing("alice", "k1", "tea"), placed_at=NOON + timedelta(days=9))
    order, repeat = stocked.checkout.place(on_the_member_day, Deadline(20))
    assert (order.quote.paid_fen, order.quote.member_day, repeat) == (paid_fen, True, False)
    assert stocked.units("tea") == 6


def withdraw(shop: Shop, sku: str = "tea") -> None:
    """Withdraw a product."""
    shop.catalog.put(
        sku,
        name=sku,
        price_fen=9_950,
        member_zone=False,
        low_stock_threshold=None,
        deadline=Deadline(20),
        status="withdrawn",
    )


def test_O7_a_product_withdrawn_between_read_and_write_is_refused(stocked: Shop, calls: Calls) -> None:
    calls.do_before("TransactWriteItems", lambda: withdraw(stocked))
    assert refused(stocked, "alice", "tea") == "product_withdrawn"
    assert calls.sent.count("TransactWriteItems") == 1
    assert stocked.units("tea") == 7


def test_O7_a_product_withdrawn_after_the_first_try_of_an_order_leaves_it_placed(
    stocked: Shop, calls: Calls
) -> None:
    first, _ = stocked.place("alice", "k1", "tea")
    withdraw(stocked)
    assert stocked.place("alice", "k1", "tea") == (first, True)


def test_O7_orders_and_a_withdrawal_at_once_sell_nothing_that_is_withdrawn(stocked: Shop) -> None:
    stocked.stock("cup", 100)

    def act(number: int) -> Order | None:
        if number == 7:
            withdraw(stocked, "cup")
            return None
        return stocked.place("alice", f"k{number}", "cup")[0]

    results = at_once(20, act)
    placed = [each for each in results if isinstance(each, Order)]
    codes = {each.code for each in results if isinstance(each, RefusalError)}
    assert codes <= {"product_withdrawn", "conflict"}
    assert stocked.units("cup") == 100 - len(placed)
    assert refused(stocked, "alice", "cup") == "product_withdrawn"
    for order in placed:  # what comes back is there, and is not sold
        stocked.book.change(order.order_id, lambda each: life.cancel(each, now=NOON), Deadline(20))
    assert stocked.units("cup") == 100
    assert refused(stocked, "alice", "cup") == "product_withdrawn"


def test_O7_a_row_from_before_products_could_be_withdrawn_is_on_sale(stocked: Shop) -> None:
    row = stocked.tables.get(stocked.settings.catalog_table, {"sku": "tea", "item": "PRODUCT"})
    assert row is not None
    old = {name: value for name, value in row.items() if name not in ("status", "zone", "name_key")}
    stocked.tables.put(stocked.settings.catalog_table, old)
    order, _ = stocked.place("alice", "k1", "tea")
    assert (order.quote.goods_fen, stocked.product("tea").status) == (9_950, "on_sale")


def test_the_last_unit_sold_between_read_and_write_is_refused(stocked: Shop, calls: Calls) -> None:
    stocked.register("bob")
    calls.do_before("TransactWriteItems", lambda: stocked.place("bob", "k1", "tea", quantity=7))
    assert refused(stocked, "alice", "tea") == "insufficient_stock"
    assert calls.sent[-4:] == ["BatchGetItem", *["BatchGetItem", "TransactWriteItems"], "TransactWriteItems"]
    assert stocked.units("tea") == 0


def test_R1_the_last_units_sold_to_the_first_try_of_the_same_order_are_its_answer(
    stocked: Shop, calls: Calls
) -> None:
    first: list[tuple[Order, bool]] = []
    calls.do_before(
        "TransactWriteItems", lambda: first.append(stocked.place("alice", "k1", "tea", quantity=7))
    )
    repeated = stocked.place("alice", "k1", "tea", quantity=7)
    ((order, is_repeat),) = first
    assert (is_repeat, repeated) == (False, (order, True))
    assert (stocked.book.find(order.order_id), stocked.units("tea")) == (order, 0)


def test_points_spent_between_read_and_write_are_refused_in_two_calls(stocked: Shop, calls: Calls) -> None:
    hold_points(stocked.tables, stocked.settings.members_table, "alice", {"2026": 500})
    calls.do_before(
        "TransactWriteItems", lambda: stocked.checkout.place(with_points(stocked, 1), Deadline(20))
    )
    with pytest.raises(ConflictError) as refusal:
        stocked.checkout.place(with_points(stocked, 2), Deadline(20))
    assert refusal.value.code == "insufficient_points"
    # the other order's two calls stand between this one's read and write; nothing follows
    assert calls.sent[-4:] == ["BatchGetItem", "BatchGetItem", "TransactWriteItems", "TransactWriteItems"]


def test_a_coupon_used_between_read_and_write_is_refused_in_two_calls(stocked: Shop, calls: Calls) -> None:
    stocked.stock("kettle", 5, price_fen=20_000)
    month = timedelta(days=15)
    coupon = hold_coupon(
        stocked.tables,
        stocked.settings.members_table,
        "alice",
        face_fen=2_000,
        valid_from=NOON - month,
        valid_until=NOON + month,
    )

    def order(key: str) -> Order:
        placing = stocked.placing("alice", key, "kettle")
        placing = replace(placing, cart=replace(placing.cart, coupon=coupon.coupon_id))
        return stocked.checkout.place(placing, Deadline(20))[0]

    calls.do_before("TransactWriteItems", lambda: order("k1"))
    with pytest.raises(ConflictError) as refusal:
        order("k2")
    assert refusal.value.code == "coupon_used"
    assert calls.sent[-4:] == ["BatchGetItem", "BatchGetItem", "TransactWriteItems", "TransactWriteItems"]
    assert stocked.units("kettle") == 4


def test_a_batch_is_no_snapshot_so_a_repeat_is_looked_for_before_a_refusal(
    stocked: Shop, calls: Calls
) -> None:
    order, _ = stocked.place("alice", "k1", "tea", quantity=7)
    settings, read = stocked.settings, stocked.tables.get
    standing = read(settings.members_table, {"member_id": "alice", "item": "STANDING"})
    sold_out = read(settings.catalog_table, {"sku": "tea", "item": "PRODUCT"})
    assert standing is not None
    assert sold_out is not None
    without_the_order = {
        settings.members_table: [to_item(standing)],
        settings.catalog_table: [to_item(sold_out)],
    }
    calls.fail(
        "BatchGetItem", Fault(status=200, error={"Responses": without_the_order, "UnprocessedKeys": {}})
    )
    assert stocked.place("alice", "k1", "tea", quantity=7) == (order, True)


def test_case_25_unprocessed_keys_are_asked_for_again(stocked: Shop, calls: Calls) -> None:
    key = {"sku": {"S": "tea"}, "item": {"S": "PRODUCT"}}
    table = stocked.settings.catalog_table
    unprocessed = {table: {"Keys": [key], "ConsistentRead": True}}
    calls.fail("BatchGetItem", Fault(status=200, error={"Responses": {}, "UnprocessedKeys": unprocessed}))
    rows = stocked.tables.batch_get([(table, {"sku": "tea", "item": "PRODUCT"})], Deadline(20))
    assert [row and row["sku"] for row in rows] == ["tea"]


def test_payments_are_recorded_once_and_the_order_is_paid(stocked: Shop) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    paid = stocked.pay(order)
    assert (paid.status, stocked.pay(order), stocked.book.find(order.order_id)) == (Status.PAID, paid, paid)


def test_a_payment_id_is_global(stocked: Shop) -> None:
    first, _ = stocked.place("alice", "k1", "tea")
    second, _ = stocked.place("alice", "k2", "tea")
    stocked.pay(first)
    for order_id, amount_fen in ((second.order_id, 10_950), (first.order_id, 1)):
        with pytest.raises(InvalidError) as refusal:
            pay(
                stocked.book,
                order_id,
                payment_id="p1",
                amount_fen=amount_fen,
                now=NOON,
                deadline=Deadline(20),
            )
        assert refusal.value.code == "payment_id_reused"


def test_an_unknown_order_cannot_be_paid_and_the_payment_id_is_not_used_up(stocked: Shop) -> None:
    with pytest.raises(NotFoundError):
        pay(stocked.book, "ord_x", payment_id="p1", amount_fen=1, now=NOON, deadline=Deadline(20))
    order, _ = stocked.place("alice", "k1", "tea")
    assert stocked.pay(order).status is Status.PAID


def test_one_payment_sent_many_times_at_once_counts_once(stocked: Shop) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    at_once(20, lambda _: stocked.pay(order))
    found = stocked.book.find(order.order_id)
    assert found is not None
    assert (len(found.payments), len(found.changes)) == (1, 1)


def test_O6_of_payments_at_once_one_pays_and_the_others_are_due_back(stocked: Shop) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    results = at_once(6, lambda n: stocked.pay(order, f"p{n}"))
    recorded = sum(not isinstance(each, RefusalError) for each in results)
    found = stocked.book.find(order.order_id)
    assert found is not None
    assert (len(found.payments), sum(each.applied for each in found.payments)) == (recorded, 1)


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER])
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
def test_a_payment_cut_off_counts_once(stocked: Shop, calls: Calls, fault: Fault, sends: int) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    calls.fail("TransactWriteItems", *[fault] * sends)
    paid = stocked.pay(order)
    assert (paid.status, len(paid.payments)) == (Status.PAID, 1)


def test_50_lines_can_be_ordered_and_paid(shop: Shop) -> None:
    shop.register("alice")
    skus = [f"sku{number}" for number in range(50)]
    for sku in skus:
        shop.stock(sku, 999)
    order, _ = shop.place("alice", "k1", *skus, quantity=999)
    assert shop.pay(order).status is Status.PAID
    assert {shop.units(sku) for sku in skus} == {0}


class OneSend(Deadline):
    """A deadline that passes while the first transaction is under way."""

    def __init__(self) -> None:
        super().__init__(20)
        self._looks = 0

    def seconds_left(self) -> float:
        self._looks += 1
        return 20.0 if self._looks == 1 else 0.0


def test_after_the_deadline_nothing_is_sent_and_nothing_has_happened(stocked: Shop, calls: Calls) -> None:
    with pytest.raises(TryAgainError):
        stocked.checkout.place(stocked.placing("alice", "k1", "tea"), Deadline(0))
    assert "TransactWriteItems" not in calls.sent[-1:]
    assert stocked.units("tea") == 7


def test_after_an_unknown_outcome_no_conflict_says_that_nothing_has_happened(
    stocked: Shop, calls: Calls
) -> None:
    """The first write may still arrive, so 503 is the one true answer."""
    calls.fail("TransactWriteItems", *[RESET_BEFORE] * SENDS_OF_THE_SDK)
    calls.fail("TransactWriteItems", *[cancelled("TransactionConflict")] * 1000)
    with pytest.raises(TryAgainError):
        stocked.place("alice", "k1", "tea")


def test_after_an_unknown_outcome_no_refusal_does_either(stocked: Shop, calls: Calls) -> None:
    """Between the lost write and the next look somebody else buys everything."""
    stocked.register("bob")
    looks: list[Callable[[], object]] = [lambda: None, lambda: stocked.place("bob", "k1", "tea", quantity=7)]
    second_look = iter(looks)

    def before_each_look() -> None:
        act = next(second_look, None)
        if act is not None:
            calls.do_before("BatchGetItem", before_each_look)
            act()

    calls.do_before("BatchGetItem", before_each_look)
    calls.fail("TransactWriteItems", *[RESET_BEFORE] * SENDS_OF_THE_SDK)
    with pytest.raises(TryAgainError):
        stocked.place("alice", "k1", "tea")
    with pytest.raises(ConflictError) as refusal:
        stocked.place("alice", "k1", "tea")
    assert refusal.value.code == "insufficient_stock"


def test_all_sends_of_a_transaction_are_one_request(stocked: Shop, calls: Calls) -> None:
    calls.fail("TransactWriteItems", IN_PROGRESS, cancelled("TransactionConflict"), LOST_AFTER)
    stocked.place("alice", "k1", "tea")
    tokens = [
        body["ClientRequestToken"]
        for sent, body in zip(calls.sent, calls.bodies, strict=True)
        if sent == "TransactWriteItems"
    ]
    assert len(tokens[-4:]) == 4
    assert len(set(tokens[-4:])) == 1


def test_reads_that_decide_are_consistent(stocked: Shop, calls: Calls) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    stocked.book.find(order.order_id)
    stocked.accounts.entries("alice", limit=1, after=None)
    for sent, body in zip(calls.sent, calls.bodies, strict=True):
        if sent == "BatchGetItem":
            assert all(asked["ConsistentRead"] for asked in body["RequestItems"].values())
        elif sent in ("GetItem", "Query"):
            assert body["ConsistentRead"]


def test_case_42_an_id_that_no_order_can_have_is_looked_for_nowhere(stocked: Shop, calls: Calls) -> None:
    sent = len(calls.sent)
    for text in ("a" * 3_000, "ord_", "ord_" + "a" * 27, "payment:p1", ""):
        assert stocked.book.find(text) is None
        with pytest.raises(NotFoundError):
            pay(stocked.book, text, payment_id="p", amount_fen=1, now=NOON, deadline=Deadline(20))
    assert len(calls.sent) == sent


def test_R1_one_payment_id_on_two_orders_at_once_pays_one(stocked: Shop) -> None:
    for number in range(10):
        stocked.stock(f"cup{number}", 2)
        orders = [stocked.place("alice", f"cup{number}-{each}", f"cup{number}")[0] for each in range(2)]

        def pay(which: int, orders: list[Order] = orders, number: int = number) -> Order:
            return stocked.pay(orders[which], f"shared{number}")

        results = at_once(2, pay)
        refusals = [each.code for each in results if isinstance(each, RefusalError)]
        assert refusals == ["payment_id_reused"]


def test_a_repeated_payment_is_answered_with_the_order_as_it_is(stocked: Shop, calls: Calls) -> None:
    order, _ = stocked.place("alice", "k1", "tea")
    unpaid = stocked.tables.get(stocked.settings.orders_table, {"order_id": order.order_id, "item": "ORDER"})
    stocked.pay(order)
    spent = stocked.tables.get(stocked.settings.orders_table, {"order_id": "payment:p1", "item": "PAYMENT"})
    assert unpaid is not None
    assert spent is not None
    torn = {stocked.settings.orders_table: [to_item(unpaid), to_item(spent)]}
    calls.fail("BatchGetItem", Fault(status=200, error={"Responses": torn, "UnprocessedKeys": {}}))
    assert stocked.pay(order).status is Status.PAID


def with_points(shop: Shop, number: int) -> Placing:
    """Return a request of alice that redeems 500 points."""
    placing = shop.placing("alice", f"k{number}", "tea")
    return replace(placing, cart=replace(placing.cart, points=500))


def test_case_6_orders_at_once_never_spend_more_points_than_the_wallet_held(shop: Shop) -> None:
    shop.register("alice")
    shop.stock("tea", 100)
    hold_points(shop.tables, shop.settings.members_table, "alice", {"2025": 700, "2026": 1_300})
    results = at_once(30, lambda n: shop.checkout.place(with_points(shop, n), Deadline(20)))
    wallet = shop.accounts.wallet("alice")
    assert wallet is not None
    entries, _ = shop.accounts.entries("alice", limit=100, after=None)
    spent = -sum(sum(entry.available_delta.values()) for entry in entries)
    assert spent == 500 * len(placed(results))
    assert (spent, sum(wallet.available.values())) == (2_000, 0)
    assert {each.code for each in results if isinstance(each, RefusalError)} <= {
        "insufficient_points",
        "conflict",
    }
    assert shop.units("tea") == 100 - len(placed(results))


def test_case_7_a_coupon_is_used_by_one_of_many_orders_at_once(shop: Shop) -> None:
    shop.register("alice")
    shop.stock("kettle", 100, price_fen=20_000)
    coupon = hold_coupon(
        shop.tables,
        shop.settings.members_table,
        "alice",
        face_fen=2_000,
        valid_from=NOON - timedelta(days=1),
        valid_until=NOON + timedelta(days=1),
    )

    def order(number: int) -> tuple[Order, bool]:
        placing = shop.placing("alice", f"k{number}", "kettle")
        placing = replace(placing, cart=replace(placing.cart, coupon=coupon.coupon_id))
        return shop.checkout.place(placing, Deadline(20))

    results = at_once(30, order)
    assert len(placed(results)) == 1
    assert {each.code for each in results if isinstance(each, RefusalError)} <= {"coupon_used", "conflict"}
    assert shop.units("kettle") == 99


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER])
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
def test_an_order_with_points_cut_off_spends_them_once(
    stocked: Shop, calls: Calls, fault: Fault, sends: int
) -> None:
    hold_points(stocked.tables, stocked.settings.members_table, "alice", {"2026": 1_000})
    calls.fail("TransactWriteItems", *[fault] * sends)
    order, _ = stocked.checkout.place(with_points(stocked, 1), Deadline(20))
    wallet = stocked.accounts.wallet("alice")
    assert wallet is not None
    assert (order.quote.redeemed_points, dict(wallet.available), wallet.entries) == (500, {"2026": 500}, 1)


def test_an_order_with_every_offer_stays_within_dynamodbs_limits(shop: Shop, calls: Calls) -> None:
    shop.register("alice")
    hold_points(shop.tables, shop.settings.members_table, "alice", {"2026": 2_000})
    skus = [f"sku{number}" for number in range(50)]
    for sku in skus:
        shop.stock(sku, 999)
    placing = shop.placing("alice", "k1", *skus, quantity=999)
    sent = len(calls.sent)
    order, _ = shop.checkout.place(replace(placing, cart=replace(placing.cart, points="best")), Deadline(20))
    assert order.quote.redeemed_points == 2_000
    assert calls.sent[sent:] == ["BatchGetItem", "TransactWriteItems"]


def test_a_quote_is_one_round_trip(stocked: Shop, calls: Calls) -> None:
    sent = len(calls.sent)
    stocked.checkout.quote(stocked.placing("alice", "k1", "tea").cart, "alice", NOON, Deadline(20))
    assert calls.sent[sent:] == ["BatchGetItem"]
