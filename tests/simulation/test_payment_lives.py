"""Random lives of paid orders break no law, and a programme that is broken on purpose breaks one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from ministack.services import dynamodb as emulator

from functions.cases.case import CaseKind
from functions.orders import book as order_book
from functions.orders import due_back, life, payments
from functions.orders.order import Order, Status
from functions.payments import asking, attempts, disputes, hearing, paying_back
from functions.payments.attempts import Attempt
from functions.payments.book import PaymentBook
from functions.payments.paying_back import PayBack
from functions.payments.providers.provider import PaidBack, Stands
from functions.payments.rows import Unassigned
from functions.refunds.refund import Refund, Transfer
from tests.simulation import case_acts, payment_lives
from tests.simulation.faults import Kind as FaultKind
from tests.simulation.payment_lives import Ended, Json, lived, ready, several
from tests.simulation.payment_tables import RefusedError
from tests.support import tables

SEEDS = range(201, 271)
FRESH = 80
MET = (
    *(f"case opened {kind}" for kind in CaseKind),
    *(f"case {act}" for act in case_acts.ALL),
    *("case approved by time", "case approved not_answered", "case closed not_sent_back"),
    *("case closed returned_directly", "case closed order_refused", "case closed order_cancelled"),
    *("cases that shrank", "cases complaint requested overdue", "orders with others' units", "units lost"),
    *("freight by provider", "freight by hand", "refunds that freight left no payment for"),
    "parcels late",
    *(f"refused {code}" for code in ("case_state", "case_not_possible", "unit_in_case", "case_decided")),
    *(f"refused {code}" for code in ("too_many_cases", "request_id_reused", "case_exceeds_order")),
    *(f"refused {code}" for code in ("other_operator_needed", "insufficient_stock", "case_settled")),
)
"""What is met of cases in the fixed lives: each kind of act, what time does, and most refusals."""
NOT_MET = {FaultKind.ENTRIES_REFUSED}
NOTICED_IN = (*range(1, 11), *range(1_081, 1_101), *range(11, 401))
"""Lives; most are noticed within ten, one needs those that come next."""


def test_no_law_is_broken_in_fixed_lives() -> None:
    come, broken = several(SEEDS)
    assert not broken, str(broken[0])
    assert not [name for name in MET if not come.counts[name]]
    assert {*come.faults} == {kind.value for kind in FaultKind if kind not in NOT_MET}


def test_no_law_is_broken_in_fresh_lives(fresh_seed: int) -> None:
    first = fresh_seed % 10_000_000 * 1_000
    come, broken = several(range(first, first + FRESH))
    assert not broken, (
        f"python -m tests.simulation.payment_lives --lives 1 --seed {broken[0].seed}\n{broken[0]}"
    )
    for name in ("refunds succeeded", "refunds failed", "refunds manual", "unassigned at rest", "died"):
        assert come.counts[name], name
    assert come.faults.total() > FRESH
    assert come.fates.total() > FRESH // 2


def test_a_life_is_the_same_again() -> None:
    lines = [[line for seed in (7, 8) for line in lived(seed).lines] for _ in range(2)]
    assert lines[0] == lines[1]
    other = subprocess.run(  # our own module, in a process with other hashes of texts
        [
            sys.executable,
            "-c",
            "from tests.simulation.payment_lives import *;"
            " print(*lived(7).lines, *lived(8).lines, sep='\\n')",
        ],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert other.stdout.splitlines() == lines[0]


# The tables that lives stand on ----------------------------------------------------------------------------


OPERATIONS: dict[str, Callable[[Json], tuple[int, Json, Any]]] = {
    "GetItem": emulator._get_item,
    "BatchGetItem": emulator._batch_get_item,
    "Query": emulator._query,
    "PutItem": emulator._put_item,
    "UpdateItem": emulator._update_item,
    "TransactWriteItems": emulator._transact_write_items,
}


class Beside:
    """MiniStack's emulator, asked every call of a life as well; its answers must be the same."""

    def __init__(self) -> None:
        emulator.reset()
        self.compared = 0
        for name in tables.PARTITION_KEYS:
            made = {"TableName": name, "BillingMode": "PAY_PER_REQUEST", **tables.definition(name)}
            assert emulator._create_table(made)[0] == 200

    def begin_from(self, saved: Any) -> None:
        """Hold the rows that a life begins with."""
        for name, partitions in saved.items():
            table = emulator._tables[name]
            table["items"].clear()
            for partition, rows in partitions.items():
                table["items"][partition] = dict(rows)
            emulator._items_replaced(table)
        emulator._txn_idempotency.clear()

    def compare(self, operation: str, sent: Json, answered: Json | RefusedError) -> None:
        """Ask the same, and compare."""
        status, _, body = OPERATIONS[operation](json.loads(json.dumps(sent)))
        found = json.loads(body)
        self.compared += 1
        if isinstance(answered, RefusedError):
            assert status == 400
            assert found["__type"].rpartition("#")[2] == answered.body["__type"]
            assert found.get("Item") == answered.body.get("Item")
            reasons = [(each["Code"], each.get("Item")) for each in found.get("CancellationReasons", ())]
            ours = answered.body.get("CancellationReasons", ())
            assert reasons == [(each["Code"], each.get("Item")) for each in ours]
            return
        assert status == 200, found
        if operation == "Query" and "IndexName" in sent and "Limit" in sent:
            # Rows of one moment stand in an index in no order: a page may end with another one of them.
            assert len(found["Items"]) == len(answered["Items"])
            return
        for name in ("Item", "Items", "Attributes"):
            assert found.get(name) == answered.get(name), (operation, sent)
        for table, rows in answered.get("Responses", {}).items():
            assert sorted(found["Responses"].get(table, []), key=str) == sorted(rows, key=str)


def test_the_tables_answer_as_an_emulator_does(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Beside()
    with ready() as programme:
        begin_from = programme.aws.begin_from

        def begin_both_from(saved: Any) -> None:
            begin_from(saved)
            beside.begin_from(saved)

        monkeypatch.setattr(programme.aws, "begin_from", begin_both_from)
        monkeypatch.setattr(programme.aws, "answered", beside.compare)
        for seed in range(20):
            ended = payment_lives._lived(seed, programme)
            assert ended.violation is None
    emulator.reset()
    assert beside.compared > 2_000


# A programme that is broken on purpose ----------------------------------------------------------------------


def _a_notice_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Told money is noted as worked off, and nothing else."""
    taken = hearing._take

    def take(book: PaymentBook, notice: Any, noted: Any, **more: Any) -> None:
        if noted._row is not None and int(notice.object_id[-1]) % 3 == 0:
            noted.alone(more["deadline"])
        else:
            taken(book, notice, noted, **more)

    patch.setattr(hearing, "_take", take)


def _sent_again_without_asking(patch: pytest.MonkeyPatch) -> None:
    """A transfer that is under way is sent again when it is due."""

    def follow_up(self: PayBack, work: Any, transfer: Transfer, now: Any, deadline: Any) -> None:
        again = self._about_to_send(
            work.paid,
            transfer,
            deadline,
            sends=transfer.sends + 1,
            tries=transfer.tries + 1,
            last_sent_at=now,
            due_at=now + timedelta(minutes=1),
        )
        self._send(work, again, now, deadline)

    patch.setattr(PayBack, "_follow_up", follow_up)


def _a_number_of_its_own_for_each_send(patch: pytest.MonkeyPatch) -> None:
    """As medusa did: what is sent again is another one to the provider (W12)."""
    number = Transfer.number.fget  # type: ignore[attr-defined]

    def other(self: Transfer) -> str:
        return f"{number(self)}{self.sends:02}"

    patch.setattr(Transfer, "number", property(other))


def _sent_again_at_once(patch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what may still arrive."""
    patch.setattr(paying_back, "UNANSWERED_FOR", timedelta())


def _any_amount_is_applied(patch: pytest.MonkeyPatch) -> None:
    paid = life.pay

    def pay(order: Order, **facts: Any) -> Order:
        if life.as_of(order, facts["now"]).status is not Status.PLACED:
            return paid(order, **facts)
        after = paid(order, **{**facts, "amount_fen": order.quote.paid_fen})
        *others, last = after.payments
        return replace(after, payments=(*others, replace(last, amount_fen=facts["amount_fen"])))

    patch.setattr(life, "pay", pay)


def _what_is_not_there_is_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attempts, "is_over", lambda attempt, now, unanswered=False: not unanswered)


def _what_is_not_applied_goes_back_to_what_is(patch: pytest.MonkeyPatch) -> None:
    refund_of = due_back.refund_of_payment

    def other(order: Order, payment: Any) -> Refund | None:
        refund, paid = refund_of(order, payment), due_back.payment_that_paid(order)
        return refund if refund is None or paid is None else replace(refund, payment_id=paid.payment_id)

    patch.setattr(payments, "refund_of_payment", other)


def _disputes_are_not_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disputes, "disputed", lambda paid, notice: paid)


def _a_change_makes_nothing_due(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(order_book, "refunds_of_change", lambda before, after: [])


def _late_money_is_not_due(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(payments, "refund_of_payment", lambda order, payment: None)


def _what_goes_back_is_assigned_all_the_same(patch: pytest.MonkeyPatch) -> None:
    """Money of which staff have decided once is decided of again."""
    patch.setattr(Unassigned, "is_decided", property(lambda self: False))


def _an_attempt_is_closed_unasked(patch: pytest.MonkeyPatch) -> None:
    """Its end is ours, whatever its provider says."""

    def close(self: asking.Asking, attempt: Attempt, **_: Any) -> Any:
        self._written(attempt, attempts.closed(attempt))
        return Stands.CLOSED

    patch.setattr(asking.Asking, "close", close)


def _a_payer_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attempts, "digest_of", lambda payer: payer)


def _transfers_are_not_apart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("functions.refunds.refund.APART", timedelta())


def _what_is_under_way_has_failed(patch: pytest.MonkeyPatch) -> None:
    became = PayBack._became

    def other(self: PayBack, work: Any, transfer: Transfer, answer: Any, *more: Any) -> None:
        if answer.state is PaidBack.PROCESSING:
            answer = replace(answer, state=PaidBack.FAILED)
        became(self, work, transfer, answer, *more)

    patch.setattr(PayBack, "_became", other)


BROKEN = (
    _a_notice_is_forgotten,
    _sent_again_without_asking,
    _a_number_of_its_own_for_each_send,
    _sent_again_at_once,
    _any_amount_is_applied,
    _what_is_not_there_is_closed,
    _what_is_not_applied_goes_back_to_what_is,
    _disputes_are_not_heard,
    _a_change_makes_nothing_due,
    _late_money_is_not_due,
    _what_goes_back_is_assigned_all_the_same,
    _an_attempt_is_closed_unasked,
    _a_payer_is_kept,
    _transfers_are_not_apart,
    _what_is_under_way_has_failed,
)


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__.strip("_"))
def test_what_is_broken_on_purpose_is_noticed(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    come, broken = several(NOTICED_IN, rough=True)
    assert broken, f"not noticed in {come.lives} lives"
    print(f"{breaks.__name__}: {come.lives} lives, {broken[0].violation}")


def test_a_violation_is_told_with_its_seed_and_what_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    _late_money_is_not_due(monkeypatch)
    _, broken = several(NOTICED_IN)
    told = str(broken[0])
    assert isinstance(broken[0], Ended)
    assert f"seed {broken[0].seed}: " in told
    assert "orders" in told
    assert "VIOLATED" in told
