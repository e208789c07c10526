"""Faults at every call of every operation: all of it or nothing, an honest answer, a retry that completes.

What an operation leaves is compared to the byte, over all tables, with what it leaves undisturbed.
"""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.policy import Policy
from functions.platform import dynamo, http, streams
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ATTEMPTS_MAX, BATCH_ROUNDS_MAX, Row, Tables
from functions.platform.observability import metrics
from functions.tiers import members
from functions.tiers.members import member_standing_of
from tests.support import tables
from tests.support.bench import KETTLE, TEA, UNITS, Bench, Dump, Outcome, tried
from tests.support.events import claims, staff
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, Calls, Fault, cancelled
from tests.support.faults import Operation as FaultyOperation
from tests.support.points import calm, store
from tests.support.shop import NOON
from tests.support.trials import CONFLICT, ENDLESS, FAULTS, killed, struck
from tests.support.wire import Wire, let_send

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = timedelta(days=1)
TEA_MOVES = "/products/tea/stock"
ADJUSTMENTS = "/members/alice/points/adjustments"
YEAR_END = store(2027, 1, 1)


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@pytest.fixture(scope="module")
def shared(endpoint: str, wire: Wire) -> Tables:
    """The rows of the emulator, reached by one client."""
    return Tables(let_send(dynamo.client(endpoint), wire), lambda: NOON)


@pytest.fixture
def client(shared: Tables) -> "DynamoDBClient":
    """That client."""
    return shared.client


# --- the operations ---


@dataclass(frozen=True)
class Operation:
    """Something that the programme does: how it comes to it, and doing it."""

    prepare: Callable[[Bench], Any]
    act: Callable[[Bench, Any, Deadline], Outcome]


def _nothing(bench: Bench) -> None:
    pass


def _asked(method: str, path: str, body: Any = None, **how: Any) -> Callable[[Bench, Any, Deadline], Outcome]:
    """Return what sends this request; ``{}`` in the path is the order."""
    return lambda bench, order_id, _: bench.outcome(method, path.format(order_id), body, **how)


def _by_staff(method: str, path: str, body: Any = None) -> Callable[[Bench, Any, Deadline], Outcome]:
    return lambda bench, order_id, _: bench.by_staff(method, path.format(order_id), body)


def _placing(**offers: Any) -> Operation:
    return Operation(
        _nothing, lambda bench, _, __: bench.outcome("POST", "/orders", bench.cart(**offers), key="k1")
    )


def _product(name: str) -> dict[str, Any]:
    return {"name": name, "price_fen": 9_950, "member_zone": True, "low_stock_threshold": 3}


def _cancelled(bench: Bench) -> str:
    order_id = bench.placed()
    bench.must("POST", f"/orders/{order_id}/cancel")
    return order_id


def _waiting(bench: Bench, order_id: str) -> tuple[str, dict[str, Any]]:
    """Return where an order is paid, and its payment."""
    amount_fen = bench.order(order_id).quote.paid_fen
    return f"/orders/{order_id}/payment", {"payment_id": "p1", "amount_fen": amount_fen}


def _pay(bench: Bench, payment: tuple[str, dict[str, Any]], _: Deadline) -> Outcome:
    return bench.by_staff("POST", *payment)


def _post(bench: Bench, row: Row, _: Deadline) -> Outcome:
    return bench.delivered(bench.posting, row)


def _returned(bench: Bench) -> str:
    """Let an order that was paid by points be posted, and a part of it come back."""
    order_id = bench.received(points=2_000)
    assert bench.post(order_id).done
    assert bench.by_staff("POST", f"/orders/{order_id}/returns", _return(TEA, 1)).done
    return order_id


def _return(sku: str, quantity: int) -> dict[str, Any]:
    return {"return_id": f"r-{sku}", "lines": [{"sku": sku, "quantity": quantity}]}


def _lot(bench: Bench, *, behind: bool = False) -> str:
    """Let an order's lot be due for its release; ``behind`` by a return that is not posted."""
    order_id = bench.received()
    assert bench.post(order_id).done
    if behind:
        assert bench.by_staff("POST", f"/orders/{order_id}/returns", _return(TEA, 1)).done
    return order_id


def _release(bench: Bench, order_id: str, deadline: Deadline) -> Outcome:
    at = NOON + 7 * DAY
    return tried(
        lambda: bench.shop.accounts.release(
            "alice", [order_id], at=at, policy=bench.policy, deadline=deadline
        )
    )


def _expire(bench: Bench, _: Any, deadline: Deadline) -> Outcome:
    return tried(
        lambda: bench.shop.accounts.expire("alice", at=YEAR_END, policy=bench.policy, deadline=deadline)
    )


def _born_now(bench: Bench) -> Row:
    """Let bob hold a tier and have his birthday this month, and no coupon yet; return his standing."""
    birthday = date(1990, NOON.month, 9).isoformat()
    bench.must("PUT", "/members/me", {"name": "bob", "birthday": birthday}, who=claims("bob"))
    row = bench.tables.get(bench.settings.members_table, members.key("bob", members.STANDING))
    assert row is not None
    held = member_standing_of(row | {"tier": "J1", "ever_paid": True})
    standing = members.standing_row("bob", held)
    bench.tables.put(bench.settings.members_table, standing)
    return standing


def _issue(bench: Bench, standing: Row, _: Deadline) -> Outcome:
    return bench.delivered(bench.coupons, standing)


OPERATIONS = {
    "register": Operation(
        _nothing,
        _asked("PUT", "/members/me", {"name": "Bob", "birthday": "1990-05-09"}, who=claims("bob")),
    ),
    "tell a birthday": Operation(
        _nothing, _asked("PUT", "/members/me", {"name": "Alice", "birthday": "1990-05-09"})
    ),
    "change a birthday": Operation(
        _nothing, _by_staff("PUT", "/members/alice/birthday", {"birthday": "1990-06-09", "reason": "typing"})
    ),
    "put a new product": Operation(_nothing, _by_staff("PUT", "/products/cup", _product("Cup"))),
    "put a product again": Operation(_nothing, _by_staff("PUT", "/products/tea", _product("Green tea"))),
    "move stock in": Operation(
        _nothing, _by_staff("POST", TEA_MOVES, {"movement_id": "m", "delta": 5, "reason": "delivery"})
    ),
    "move all stock out": Operation(
        _nothing, _by_staff("POST", TEA_MOVES, {"movement_id": "m", "delta": -100, "reason": "loss"})
    ),
    "place": _placing(),
    "place with points": _placing(points=2_000),
    "place with the coupon": _placing(coupon=True),
    "pay": Operation(lambda bench: _waiting(bench, bench.placed()), _pay),
    "pay too late": Operation(lambda bench: _waiting(bench, _cancelled(bench)), _pay),
    "cancel unpaid": Operation(lambda bench: bench.placed(points=2_000), _asked("POST", "/orders/{}/cancel")),
    "cancel with the coupon": Operation(
        lambda bench: bench.placed(coupon=True), _asked("POST", "/orders/{}/cancel")
    ),
    "cancel paid": Operation(lambda bench: bench.paid(points=2_000), _asked("POST", "/orders/{}/cancel")),
    "ship": Operation(Bench.paid, _by_staff("POST", "/orders/{}/shipment", {"tracking_no": "T1"})),
    "receive": Operation(Bench.shipped, _asked("POST", "/orders/{}/receipt")),
    "refuse": Operation(lambda bench: bench.shipped(coupon=True), _by_staff("POST", "/orders/{}/refusal")),
    "return a part": Operation(
        lambda bench: bench.received(points=2_000),
        _by_staff("POST", "/orders/{}/returns", _return(TEA, 1)),
    ),
    "return all": Operation(
        lambda bench: bench.received(coupon=True),
        _by_staff(
            "POST",
            "/orders/{}/returns",
            {"return_id": "r", "lines": [{"sku": TEA, "quantity": 3}, {"sku": KETTLE, "quantity": 1}]},
        ),
    ),
    "credit": Operation(
        _nothing, _by_staff("POST", ADJUSTMENTS, {"adjustment_id": "a", "points": 50, "reason": "goodwill"})
    ),
    "debit everything": Operation(
        _nothing, _by_staff("POST", ADJUSTMENTS, {"adjustment_id": "a", "points": -4_000, "reason": "fraud"})
    ),
    "post a payment": Operation(lambda bench: bench.order_row(bench.paid()), _post),
    "post a return": Operation(lambda bench: bench.order_row(_returned(bench)), _post),
    "release": Operation(_lot, _release),
    "expire": Operation(_nothing, _expire),
    "issue a coupon": Operation(_born_now, _issue),
}
SINGLE_ROWS: dict[str, FaultyOperation] = {"receive": "PutItem"}
"""Operations that write one row by itself, and by which call: none of staff, who leave a record (K7)."""
EVERY = pytest.mark.parametrize("operation", OPERATIONS)


@dataclass
class Trial:
    """An operation on a bench: the states before and after it, and what it answers undisturbed."""

    bench: Bench
    operation: Operation
    without_transaction: bool
    made: Any = field(init=False)
    before: Dump = field(init=False)
    after: Dump = field(init=False)
    answered: Outcome = field(init=False)

    def __post_init__(self) -> None:
        self.made = self.operation.prepare(self.bench)
        self.before = self.bench.dump()
        self.answered = self.act()
        assert self.answered.done, self.answered
        self.after = self.bench.dump()
        assert self.after != self.before
        self.again()
        self.again()

    def act(self, deadline: Deadline | None = None) -> Outcome:
        """Do it."""
        return self.operation.act(self.bench, self.made, deadline or Deadline(20))

    def begin(self) -> None:
        """Bring everything from after it back to before it."""
        self.bench.restore(self.before, now=self.after)

    def has_happened(self) -> bool:
        """Tell whether it has happened: wholly, or not at all."""
        now = self.bench.dump()
        assert now in (self.before, self.after), _differences(now, self.before, self.after)
        return now == self.after

    def again(self) -> None:
        """Send it again: it is done, with one effect, and says so as the first time."""
        outcome = self.act()
        assert outcome.done, outcome
        assert outcome.body == self.answered.body
        assert self.bench.dump() == self.after


def _differences(now: Dump, *others: Dump) -> list[set[Any]]:
    return [set(now.items()) ^ set(other.items()) for other in others]


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    """The operations that were prepared so far: that takes longer than most faults."""
    return {}


@pytest.fixture
def trial(trials: dict[str, Trial], shared: Tables, policy: Policy, operation: str, calls: Calls) -> Trial:
    """An operation, for which no call waits."""
    if operation not in trials:
        bench = Bench(shared, tables.create(shared.client, uuid.uuid4().hex), policy)
        bench.open()
        trials[operation] = Trial(bench, OPERATIONS[operation], operation in SINGLE_ROWS)
    prepared = trials[operation]
    prepared.bench.restore(prepared.after)
    return prepared


def is_honest(outcome: Outcome) -> bool:
    """Tell whether a refusal says that the same may be sent again, and when; nobody waits for a stream."""
    if outcome.code == "delivered again" or (outcome.status, outcome.code) == (409, "conflict"):
        return True
    in_store = not outcome.headers  # the HTTP face adds when to come again
    says_when = in_store or outcome.headers.get("retry-after") == "1"
    return (outcome.status, outcome.code) == (503, "try_again") and says_when


# --- faults ---

WRITES: tuple[FaultyOperation, ...] = ("TransactWriteItems", "UpdateItem", "PutItem")
SENDS_AT_MOST = {"throttled": 18, "in progress": 18, "conflict": 9}
"""How often a transaction is sent at most that only meets these: eight times, a posting once more."""


def struck_everywhere(trial: Trial, calls: Calls, fault: str, sends: int) -> Iterator[tuple[str, Outcome]]:
    """Let each call of an operation by turns meet a fault; give which it was, and what came of it."""
    before = len(calls.sent)
    for name, outcome in struck(calls, fault, sends, trial.begin, trial.act):
        if name is None:
            return
        assert Counter(calls.sent[before:])[name] <= (2 * ATTEMPTS_MAX + 1) * SENDS_OF_THE_SDK
        yield name, outcome
        trial.again()
        before = len(calls.sent)


@EVERY
def test_cases_14_15_16_19_22_a_fault_that_passes_at_any_call_is_not_noticed(
    trial: Trial, calls: Calls
) -> None:
    for fault in FAULTS:
        sends = 3 if fault == "conflict" else 1  # case 16: three of them
        for name, outcome in struck_everywhere(trial, calls, fault, sends):
            assert outcome.done, (fault, name, outcome)
            assert outcome.body == trial.answered.body
            assert trial.has_happened()


@EVERY
def test_cases_14_to_22_a_call_that_the_sdk_gives_up_leaves_all_or_nothing_and_a_retry_completes(
    trial: Trial, calls: Calls
) -> None:
    for fault in FAULTS:
        for name, outcome in struck_everywhere(trial, calls, fault, SENDS_OF_THE_SDK):
            happened = trial.has_happened()
            if outcome.done:
                assert happened
                assert outcome.body == trial.answered.body
            else:
                assert name != "TransactWriteItems", "what came of a transaction is found out"
                assert is_honest(outcome), (fault, name, outcome)


@EVERY
def test_cases_18_20_22_a_fault_that_does_not_pass_ends_in_time_with_all_or_nothing(
    trial: Trial, calls: Calls
) -> None:
    for fault in ("lost", "error", "throttled", "in progress", "conflict"):
        for name, outcome in struck_everywhere(trial, calls, fault, ENDLESS):
            happened = trial.has_happened()
            if outcome.done:
                assert happened
            else:
                assert is_honest(outcome), (fault, name, outcome)
                assert (outcome.code == "conflict") <= (fault == "conflict")
                if name in WRITES and not FAULTS[fault][0].after:
                    assert not happened, "it says that nothing has happened"


@EVERY
def test_case_18_a_burst_is_met_with_bounded_sends_then_503_and_no_effect(trial: Trial, calls: Calls) -> None:
    for fault, sends_at_most in SENDS_AT_MOST.items():
        kind, only_transactions = FAULTS[fault]
        if only_transactions and trial.without_transaction:
            continue
        trial.begin()
        for name in WRITES:
            calls.fail(name, *[kind] * ENDLESS)
        before = len(calls.sent)
        outcome = trial.act()
        calm(calls)
        assert not outcome.done
        assert is_honest(outcome), (fault, outcome)
        sent = Counter(calls.sent[before:])
        assert 0 < sum(sent[name] for name in WRITES) <= sends_at_most
        assert not trial.has_happened()
        trial.again()


ROW_CONFLICT = Fault(error={"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException"})
"""What a write of a single row meets while a transaction has that row."""


@pytest.mark.parametrize("operation", SINGLE_ROWS)
def test_case_16_a_row_that_a_transaction_has_is_written_once_it_is_free(
    trial: Trial, calls: Calls, operation: str
) -> None:
    trial.begin()
    calls.fail(SINGLE_ROWS[operation], *[ROW_CONFLICT] * 3)
    outcome = trial.act()
    assert outcome.done, outcome
    assert outcome.body == trial.answered.body
    trial.again()
    trial.begin()
    calls.fail(SINGLE_ROWS[operation], *[ROW_CONFLICT] * ENDLESS)
    outcome = trial.act()
    calm(calls)
    assert not outcome.done
    assert is_honest(outcome), outcome
    assert not trial.has_happened()
    trial.again()


# --- a conflict beside a failed condition ---

BOTH = cancelled("ConditionalCheckFailed", "TransactionConflict")


@EVERY
def test_case_17_a_conflict_beside_a_failed_condition_is_never_sent_again_as_it_was(
    trial: Trial, calls: Calls
) -> None:
    if trial.without_transaction:
        return
    trial.begin()
    before = len(calls.sent)
    calls.fail("TransactWriteItems", BOTH)
    outcome = trial.act()
    assert outcome.done, outcome
    assert trial.has_happened()
    sent = list(zip(calls.sent, calls.bodies, strict=True))[before:]
    tokens = [body["ClientRequestToken"] for name, body in sent if name == "TransactWriteItems"]
    assert len(tokens) == len(set(tokens)) == 2


@dataclass(frozen=True)
class Rival:
    """What happens between an operation's read and its write, and how the operation ends for that."""

    act: Callable[[Bench, Any], Any]
    code: str = ""


def _bob_buys(**cart: Any) -> Callable[[Bench, Any], Any]:
    def act(bench: Bench, _: Any) -> Any:
        bench.must("PUT", "/members/me", {"name": "bob"}, who=claims("bob"))
        return bench.must("POST", "/orders", cart, who=claims("bob"), key="k")

    return act


def _for_order(path: str, body: Any = None) -> Callable[[Bench, Any], Any]:
    return lambda bench, order_id: bench.must("POST", path.format(order_id), body, who=staff("alice"))


def _debits(points: int) -> Callable[[Bench, Any], Any]:
    body = {"adjustment_id": "rival", "points": -points, "reason": "fraud"}
    return lambda bench, _: bench.must("POST", ADJUSTMENTS, body, who=staff())


ALL_TEA = {"lines": [{"sku": TEA, "quantity": UNITS}]}
EVERYTHING = {
    "return_id": "rival",
    "lines": [{"sku": TEA, "quantity": 3}, {"sku": KETTLE, "quantity": 1}],
}
RIVALS = {
    "place": Rival(_bob_buys(**ALL_TEA), "insufficient_stock"),
    "place with points": Rival(_debits(2_001), "insufficient_points"),
    "place with the coupon": Rival(lambda bench, _: bench.placed("k2", coupon=True), "coupon_used"),
    "cancel paid": Rival(_for_order("/orders/{}/shipment"), "order_not_cancellable"),
    "ship": Rival(_for_order("/orders/{}/cancel"), "order_not_shippable"),
    "receive": Rival(_for_order("/orders/{}/refusal"), "order_not_receivable"),
    "refuse": Rival(_for_order("/orders/{}/receipt"), "order_not_refusable"),
    "return a part": Rival(_for_order("/orders/{}/returns", EVERYTHING), "order_not_returnable"),
    "debit everything": Rival(_debits(1), "insufficient_points"),
    "move all stock out": Rival(
        _bob_buys(lines=[{"sku": TEA, "quantity": 1}]),
        "insufficient_stock",
    ),
    "tell a birthday": Rival(
        lambda bench, _: bench.must("PUT", "/members/me", {"name": "Al", "birthday": "1990-01-01"}),
        "birthday_locked",
    ),
    "pay": Rival(lambda bench, made: bench.must("POST", made[0].replace("payment", "cancel"))),
}


@pytest.mark.parametrize("operation", RIVALS)
def test_case_17_a_conflict_beside_a_condition_that_did_fail_ends_in_the_refusal_that_it_deserves(
    trial: Trial, calls: Calls, operation: str
) -> None:
    rival = RIVALS[operation]
    trial.begin()

    def meanwhile() -> None:
        rival.act(trial.bench, trial.made)
        if not trial.without_transaction:
            calls.fail(write, BOTH)

    write: FaultyOperation = SINGLE_ROWS.get(operation, "TransactWriteItems")
    calls.do_before(write, meanwhile)
    outcome = trial.act()
    assert (outcome.done, outcome.code) == (not rival.code, rival.code), outcome
    if rival.code:  # what the rival has done is all that there is
        refused = trial.bench.dump()
        trial.bench.restore(trial.before)
        rival.act(trial.bench, trial.made)
        assert trial.bench.dump() == refused
    else:
        (payment,) = outcome.body["payments"]
        assert (outcome.body["status"], payment["applied"]) == ("cancelled", False)


# --- reads that DynamoDB leaves half done ---


@contextmanager
def halved(client: "DynamoDBClient") -> Iterator[list[int]]:
    """Let DynamoDB process half of the keys of each batch read and hand the others back; give how many."""
    handed_back: list[int] = []

    def ask(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        asked = params["RequestItems"]
        keys = [(table, key) for table, wanted in asked.items() for key in wanted["Keys"]]
        kept = (len(keys) + 1) // 2
        params["RequestItems"] = _of_tables(keys[:kept], asked)
        context["rest"] = _of_tables(keys[kept:], asked)
        handed_back.append(len(keys) - kept)

    def answer(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        parsed["UnprocessedKeys"] = context["rest"]

    client.meta.events.register("before-parameter-build.dynamodb.BatchGetItem", ask)
    client.meta.events.register("after-call.dynamodb.BatchGetItem", answer)
    yield handed_back
    client.meta.events.unregister("before-parameter-build.dynamodb.BatchGetItem", ask)
    client.meta.events.unregister("after-call.dynamodb.BatchGetItem", answer)


def _of_tables(keys: list[tuple[str, Any]], asked: dict[str, Any]) -> dict[str, Any]:
    return {
        table: {**asked[table], "Keys": [key for each, key in keys if each == table]}
        for table in dict.fromkeys(table for table, _ in keys)
    }


@EVERY
def test_case_25_a_batch_read_that_is_left_half_done_is_completed(
    trial: Trial, client: "DynamoDBClient", calls: Calls
) -> None:
    trial.begin()
    before = len(calls.sent)
    with halved(client) as handed_back:
        outcome = trial.act()
    assert outcome.done, outcome
    assert outcome.body == trial.answered.body
    assert trial.has_happened()
    assert ("BatchGetItem" in calls.sent[before:]) == bool(handed_back)
    trial.again()


@EVERY
def test_case_25_keys_that_are_never_processed_end_as_503_with_all_or_nothing(
    trial: Trial, calls: Calls
) -> None:
    trial.begin()
    none = {"Responses": {}, "UnprocessedKeys": {"t": {"Keys": [{"k": {"S": "x"}}]}}}
    calls.fail("BatchGetItem", *[Fault(status=200, error=none)] * ENDLESS)
    before = len(calls.sent)
    outcome = trial.act()
    calm(calls)
    assert calls.sent[before:].count("BatchGetItem") <= BATCH_ROUNDS_MAX
    assert outcome.done == ("BatchGetItem" not in calls.sent[before:])
    assert outcome.done or is_honest(outcome), outcome
    trial.has_happened()
    trial.again()


# --- killed, hurried ---


@EVERY
def test_case_20_an_operation_killed_at_any_point_is_all_or_nothing_and_a_retry_completes(
    trial: Trial, client: "DynamoDBClient"
) -> None:
    seen = set[bool]()
    for _ in killed(client, trial.begin, trial.act):
        seen.add(trial.has_happened())
        trial.again()
    assert seen == {False, True}


class Looks(Deadline):
    """A deadline that passes after so many looks at the clock."""

    def __init__(self, looks: int) -> None:
        super().__init__(20)
        self.looks = looks

    def seconds_left(self) -> float:
        self.looks -= 1
        return super().seconds_left() if self.looks >= 0 else 0.0


LOOKS_MAX = 5
HURRIED: dict[str, tuple[Fault, int]] = {
    "nothing": (RESET_BEFORE, 0),
    "lost": (LOST_AFTER, SENDS_OF_THE_SDK),
    "reset": (RESET_BEFORE, SENDS_OF_THE_SDK),
    "conflict": (CONFLICT, ENDLESS),
}


@EVERY
def test_case_21_a_time_that_is_up_at_any_look_leaves_no_key_stuck(
    trial: Trial, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for (meets, (fault, sends)), looks in itertools.product(HURRIED.items(), range(LOOKS_MAX)):
        trial.begin()
        deadline = Looks(looks)
        with monkeypatch.context() as hurried:
            of = type("Hurried", (), {"of": staticmethod(lambda _, given=deadline: given)})
            hurried.setattr(http, "Deadline", of)
            hurried.setattr(streams, "Deadline", of)
            calls.fail("TransactWriteItems", *[fault] * sends)
            outcome = trial.act(deadline)
        calm(calls)
        happened = trial.has_happened()
        if outcome.done:
            assert happened
        else:
            assert is_honest(outcome), (meets, looks, outcome)
            assert happened <= (meets == "lost"), "it says that nothing has happened"
        assert outcome.done or sends or deadline.looks < 0
        trial.again()
