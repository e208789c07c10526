"""A programme whose cases are broken on purpose breaks a law of the random lives (A1-A11)."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from functions.aftersales import case_book, events, freight
from functions.aftersales.case_book import CaseBook
from functions.cases import case as cases
from functions.cases import figures
from functions.cases.case import Case, CaseKind, CaseState
from functions.orders import due_back, in_cases, life
from functions.orders.book import OrderBook
from functions.orders.coming_back import Change
from functions.orders.order import Order
from tests.simulation.payment_lives import LIVES_PER_CASES, several

NOTICED_WITHIN = 400
"""Lives; most are noticed within thirty."""


def _exchanges_take_no_stock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CaseBook, "_take", lambda *_: None)


def _what_an_exchange_held_stays_away(patch: pytest.MonkeyPatch) -> None:
    """An exchange that ends by itself or is withdrawn does not give its stock back (A7)."""
    patch.setattr(
        Case,
        "holds_stock",
        property(lambda case: case.kind is CaseKind.EXCHANGE and case.state is not CaseState.REQUESTED),
    )


def _what_was_exchanged_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    exchanged = in_cases.exchange

    def exchange(order: Order, *more: Any) -> Any:
        after, came_back = exchanged(order, *more)
        return replace(after, exchanged=order.exchanged), came_back

    patch.setattr(in_cases, "exchange", exchange)


def _a_direct_return_leaves_cases_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(life, "taken_back", lambda order, units: order)


def _cases_outlive_their_orders(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OrderBook, "_close_cases", lambda *_, **__: Counter())


def _units_are_in_two_cases(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(in_cases, "free_units", lambda order: order.staying)


def _what_is_lost_goes_to_the_shelf(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Change, "lost", property(lambda change: {}))


def _silence_approves_all(patch: pytest.MonkeyPatch) -> None:
    approved = (CaseKind.RETURN, CaseKind.EXCHANGE)
    patch.setattr(
        cases,
        "_is_approved_by_silence",
        lambda case: case.kind in approved and case.state in (CaseState.REQUESTED, CaseState.DISPUTED),
    )


def _a_deadline_counts_from_when_it_is_noticed(patch: pytest.MonkeyPatch) -> None:
    """What a deadline does has the time of whoever writes it."""
    read = cases.as_of

    def as_of(case: Case, now: datetime) -> Case:
        after, seen = read(case, now), len(case.history)
        late = tuple(replace(step, at=now) for step in after.history[seen:])
        return replace(after, history=(*after.history[:seen], *late))

    patch.setattr(case_book, "as_of", as_of)


def _a_late_member_may_escalate(patch: pytest.MonkeyPatch) -> None:
    """What is final is taken as it was last written."""
    read = cases.as_of

    def as_of(case: Case, now: datetime) -> Case:
        return case if case.state is CaseState.REFUSED else read(case, now)

    patch.setattr(case_book, "as_of", as_of)


def _who_refused_decides_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cases, "_require_other", lambda case, operator: None)


def _a_case_is_received_twice(patch: pytest.MonkeyPatch) -> None:
    """Its receipt does not close it."""
    received = cases.receive

    def receive(case: Case, **said: Any) -> Case:
        return replace(received(case, **said), state=CaseState.SHIPPED_BACK, deadline=case.deadline)

    patch.setattr(cases, "receive", receive)


def _all_that_was_asked_for_has_come(patch: pytest.MonkeyPatch) -> None:
    """What did not come is not refused."""
    patch.setattr(case_book, "_rest", lambda order, case, came: order.none_of_each)


def _freight_is_of_the_payment_always(patch: pytest.MonkeyPatch) -> None:
    """Freight goes back to the payment, whatever is left of it."""
    patch.setattr(freight, "min", lambda fen, left: fen, raising=False)


def _freight_is_forgotten_by_later_refunds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(due_back, "bears", lambda order, due: True)


def _freight_makes_no_refund(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(case_book, "granted", lambda order, *_, **__: (order, []))


def _a_complaint_is_settled_again(patch: pytest.MonkeyPatch) -> None:
    settled = cases.settle

    def settle(case: Case, *said: Any, **more: Any) -> Case:
        return settled(replace(case, settlement=None), *said, **more)

    patch.setattr(cases, "settle", settle)
    patch.setattr(case_book, "_same", lambda *_: False)


def _a_settlement_gives_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("functions.aftersales.settling.accounts.put_wallet", lambda *_, **__: None)


def _overdue_is_told_with_each_write(patch: pytest.MonkeyPatch) -> None:
    of_change = events.of_change

    def often(before: Case | None, after: Case, policy: Any) -> Iterator[Any]:
        was = None if before is None or not after.overdue else replace(before, overdue=False, overdues=0)
        return of_change(was or before, after, policy)

    patch.setattr(events, "of_change", often)


def _repeats_open_another_case(patch: pytest.MonkeyPatch) -> None:
    """No case counts for the units that it is about, so there is no end of them (A2)."""
    patch.setattr(in_cases, "with_new_case", in_cases.with_case)


def _figures_are_counted_from_the_second_change_on(patch: pytest.MonkeyPatch) -> None:
    count = figures.count

    def other(transaction: Any, table: str, before: Case | None, after: Case, zone: Any) -> None:
        if before is not None:
            count(transaction, table, before, after, zone)

    patch.setattr(figures, "count", other)


def _parcels_are_late_whatever_came(patch: pytest.MonkeyPatch) -> None:
    """The job does not ask the order where it stands (A11)."""
    patch.setattr(
        life, "late", lambda order, *, since, now: replace(order, version=order.version + 1, late_at=since)
    )


def _parcels_are_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(life, "late", lambda order, *, since, now: order)


BROKEN = (
    _exchanges_take_no_stock,
    _what_an_exchange_held_stays_away,
    _what_was_exchanged_is_forgotten,
    _a_direct_return_leaves_cases_alone,
    _cases_outlive_their_orders,
    _units_are_in_two_cases,
    _what_is_lost_goes_to_the_shelf,
    _silence_approves_all,
    _a_deadline_counts_from_when_it_is_noticed,
    _a_late_member_may_escalate,
    _who_refused_decides_again,
    _a_case_is_received_twice,
    _all_that_was_asked_for_has_come,
    _freight_is_of_the_payment_always,
    _freight_is_forgotten_by_later_refunds,
    _freight_makes_no_refund,
    _a_complaint_is_settled_again,
    _a_settlement_gives_nothing,
    _overdue_is_told_with_each_write,
    _repeats_open_another_case,
    _figures_are_counted_from_the_second_change_on,
    _parcels_are_late_whatever_came,
    _parcels_are_not_looked_for,
)


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__.strip("_"))
def test_cases_that_are_broken_on_purpose_are_noticed(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    come, broken = several(range(0, NOTICED_WITHIN * LIVES_PER_CASES, LIVES_PER_CASES))
    assert broken, f"not noticed in {come.lives} lives"
    print(f"{breaks.__name__}: {come.lives} lives, {broken[0].violation}")
