"""What an order knows of its cases: which units are in one, and what has become of units in cases (A2-A7)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from functions.cases.case import Case, CaseKind, OpenCase, open_case
from functions.orders.order import Order

Units = tuple[int, ...]


def cases_as_of(order: Order, now: datetime) -> Order:
    """Return the order without the cases that have ended by themselves, whether or not that was written.

    Its version is the same: what is written of it, the next change writes.
    """
    ended = [each for each in order.cases if each.ends_at is not None and each.ends_at <= now]
    if not ended:
        return order
    after = replace(order, cases=tuple(each for each in order.cases if each not in ended))
    for each in ended:
        if each.refused:
            after = refused_units(after, each.kind, each.units)
    return after


def in_cases(order: Order) -> Units:
    """Return how many units of each line are in open cases (A5)."""
    found = order.none_of_each
    for each in order.cases:
        found = _added(order, found, each.units)
    return found


def free_units(order: Order) -> Units:
    """Return how many units of each line stay with the member and are in no open case."""
    return tuple(stays - asked for stays, asked in zip(order.staying, in_cases(order), strict=True))


def with_case(order: Order, case: Case) -> Order:
    """Return the order, one version on, with a case as it is now: open with its units, or over.

    Units of one that ended with a refusal are not asked for again in that kind of case (A2).
    """
    known = {each.case_id: each for each in order.cases}
    before, now = known.get(case.case_id), open_case(case, order.line_ids)
    if now is not None:
        known[case.case_id] = now
    else:
        known.pop(case.case_id, None)
    after = replace(order, cases=tuple(known.values()), version=order.version + 1)
    if now is None and before is not None and case.is_refused:
        after = refused_units(after, case.kind, before.units)
    return after


def with_new_case(order: Order, case: Case) -> Order:
    """Return the order with a case that it did not have, whose units count for ever (A2)."""
    units = case.units
    asked = tuple(units.get(line_id, 0) for line_id in order.line_ids)
    return replace(with_case(order, case), cased=_added(order, order.cased, asked) if units else order.cased)


def refused_units(order: Order, kind: CaseKind, units: Units) -> Order:
    """Return the order with units that were finally refused in a kind of case (A2, A4)."""
    if not any(units):
        return order
    return replace(order, denied={**order.denied, kind.value: _added(order, order.denied.get(kind), units)})


def taken_back(order: Order, units: Mapping[str, int]) -> Order:
    """Return the order, of which these units of lines come back, without those of its open cases (A5).

    Free ones go first, then those of cases, the latest first; a case without any more is over.
    """
    wanted = [units.get(line_id, 0) for line_id in order.line_ids]
    left = [max(0, count - free) for count, free in zip(wanted, free_units(order), strict=True)]
    kept: list[OpenCase] = []
    for each in reversed(order.cases):
        gone = [min(count, more) for count, more in zip(each.units, left, strict=True)]
        left = [more - count for more, count in zip(left, gone, strict=True)]
        shrunk = tuple(count - less for count, less in zip(each.units, gone, strict=True))
        if any(shrunk) or not any(gone):
            kept.append(replace(each, units=shrunk))
    return replace(order, cases=tuple(reversed(kept)))


def let_go(order: Order, units: Mapping[str, int]) -> tuple[Mapping[str, Mapping[str, int]], Counter[str]]:
    """Return what is held after units of lines leave the member, and which skus those were (A7).

    Of a line go its own sku's first, then what it was exchanged for, by sku.
    """
    held = {line_id: dict(each) for line_id, each in order.exchanged.items()}
    skus: Counter[str] = Counter()
    for line, stays in zip(order.quote.lines, order.staying, strict=True):
        count = units.get(line.line_id, 0)
        others = held.get(line.line_id, {})
        own = min(count, stays - sum(others.values()))
        skus[line.sku] += own
        count -= own
        for sku in sorted(others):
            gone = min(count, others[sku])
            skus[sku] += gone
            count -= gone
            others[sku] -= gone
        held[line.line_id] = {sku: left for sku, left in others.items() if left}
    return {line_id: each for line_id, each in held.items() if each}, +skus


def exchange(order: Order, units: Mapping[str, int], given: Mapping[str, str]) -> tuple[Order, Counter[str]]:
    """Return the order, one version on, after units were exchanged, and the skus that came back (A7).

    ``given`` says which sku is handed out for each line. What is kept of the order stays as it was.
    """
    held, came_back = let_go(order, units)
    after = {line_id: dict(each) for line_id, each in held.items()}
    for line in order.quote.lines:
        count, sku = units.get(line.line_id, 0), given.get(line.line_id)
        if count and sku is not None and sku != line.sku:
            others = after.setdefault(line.line_id, {})
            others[sku] = others.get(sku, 0) + count
    return replace(order, exchanged=after, version=order.version + 1), came_back


def _added(order: Order, units: Units | None, more: Units) -> Units:
    return tuple(count + extra for count, extra in zip(units or order.none_of_each, more, strict=True))
