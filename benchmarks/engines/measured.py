"""What the engines take and find: each case by all of them, in turns, in several rounds."""

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks.engines.cases import Case, least_fen
from benchmarks.engines.running import Engine, Running, started
from benchmarks.rounds import Spread, in_turns

ROUNDS = 7
"""Rounds that count; one more before them warms everything up."""
TURN_SECONDS = 0.3
"""CPU that an engine's pricings of one round take, about."""


def measured(
    cases: Sequence[Case],
    engines: Sequence[Engine],
    folder: Path,
    *,
    rounds: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Have all engines price all cases; return the figures of each case, by its name."""
    found: dict[str, Any] = {}
    for case in cases:
        with ExitStack() as kept:
            running = []
            for engine in engines:
                say(f"{case['name']}: {engine.name} starts")
                running.append(kept.enter_context(started(engine, case, folder)))
            say(f"{case['name']}: {rounds} rounds")
            found[case["name"]] = of_case(case, running, rounds=rounds)
    return found


def of_case(case: Case, running: Sequence[Running], *, rounds: int) -> dict[str, Any]:
    """Return the figures of a case; the first of the engines is ours, which the others are compared with.

    What each engine takes is the CPU of one pricing with the coupon that it finds, or that is the best of
    those that it can be told. The ratio is that of two turns of one round.
    """
    coupons = (None, *(coupon["id"] for coupon in case["coupons"]))
    ours, *_ = running
    told = {each: told_best(each, coupons) for each in running}
    times = {
        each: max(1, math.ceil(TURN_SECONDS * 1e6 / each.cpu_us(coupon, 1)))
        for each, (coupon, _) in told.items()
    }
    taken: dict[Running, list[float]] = {each: [] for each in running}
    for number in range(rounds + 1):
        for each in in_turns(running, number):
            taken[each].append(each.cpu_us(told[each][0], times[each]))
    counted = {each: all_rounds[1:] for each, all_rounds in taken.items()}
    return {
        "least_fen": least_fen(case),
        "engines": {
            each.engine.name: {
                "version": each.version,
                "cpu_us": asdict(Spread.of(counted[each])),
                "ratio": asdict(
                    Spread.of([its / mine for mine, its in zip(counted[ours], counted[each], strict=True)])
                ),
                "pricings": 1 if each.engine.finds_the_best else len(coupons),
                "paid_fen": told[each][1],
            }
            for each in running
        },
    }


def told_best(running: Running, coupons: Sequence[str | None]) -> tuple[str | None, int]:
    """Return the coupon with which an order pays the least by an engine, and what it pays."""
    pays = {
        coupon: running.paid_fen(coupon) for coupon in ((None,) if running.engine.finds_the_best else coupons)
    }
    return min(pays.items(), key=itemgetter(1))
