"""``python -m tests.simulation``: run seeds, say what they came to, shrink the first that fails."""

import argparse
import gc
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import tests.conftest  # noqa: F401 - the environment that handlers read when they are imported

if TYPE_CHECKING:
    from tests.simulation.simulation import Told

COUNTED = ("operations", "at_rest", "failed", "calls", "faults", "spread")


def _one(seed: int, steps: int, faults: float, hot: bool) -> "Told":
    from tests.simulation.simulation import run

    gc.set_threshold(200_000)
    return run(seed, steps, faults=faults, hot=hot)


def main() -> int:
    """Return 0 if nothing was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first seed (a fresh one)")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--steps", type=int, default=2_000, help="steps of each seed")
    parser.add_argument("--faults", type=float, default=0.1, help="how many of the calls to AWS fail")
    parser.add_argument("--hot", action="store_true", help="most of it about two products, as in a sale")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many seeds at once")
    parser.add_argument("--record", type=Path, help="a file to write a line of counts to for each seed")
    parser.add_argument("--digest", action="store_true", help="say for each seed what its world ended as")
    parser.add_argument("--tries", type=int, default=300, help="tries to shrink what fails")
    arguments = parser.parse_args()
    from tests.simulation.script import as_test
    from tests.simulation.simulation import shrunk

    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    sums: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    start, done = time.perf_counter(), 0
    print(f"seeds {seeds.start} to {seeds.stop - 1}, {arguments.steps} steps each", flush=True)
    with ProcessPoolExecutor(arguments.processes) as pool:
        one = partial(_one, steps=arguments.steps, faults=arguments.faults, hot=arguments.hot)
        for told in pool.map(one, seeds):
            for name, sum_of in sums.items():
                sum_of += getattr(told, name)
            done += 1
            if told.violation is not None:
                print(f"violation: {told.violation}", flush=True)
                print(f"seed {told.seed} after {len(told.steps)} steps; shrinking", flush=True)
                pool.shutdown(wait=False, cancel_futures=True)
                steps = shrunk(told.steps, told.violation.name, tries_max=arguments.tries)
                print(as_test(f"found_by_seed_{told.seed}", steps), flush=True)
                return 1
            if arguments.digest:
                print(f"seed {told.seed} ends as {told.digest}", flush=True)
            if arguments.record:
                with arguments.record.open("a") as record:
                    counts = {name: getattr(told, name) for name in COUNTED}
                    print(json.dumps({"seed": told.seed, "steps": arguments.steps, **counts}), file=record)
    seconds = time.perf_counter() - start
    print(f"{done} seeds, nothing violated; {said(sums, seconds)}")
    return 0


def said(sums: dict[str, Counter[str]], seconds: float) -> str:
    """Say what simulations came to."""
    operations, calls, faults = (sums[name].total() for name in ("operations", "calls", "faults"))
    lines = [
        f"{operations} operations under faults in {seconds:.0f} s ({operations / seconds:.0f}/s)",
        f"{calls} calls, of which {faults} ({faults / max(calls, 1):.1%}) met a fault",
        *(f"{name}: {dict(counts.most_common())}" for name, counts in sums.items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
