"""``python -m tests.simulation``: run seeds, say what they came to, shrink the first that fails."""

import argparse
import gc
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import tests.conftest  # noqa: F401 - the environment that handlers read when they are imported


def _one(seed: int, steps: int, faults: float):  # type: ignore[no-untyped-def]
    from tests.simulation.simulation import run

    gc.set_threshold(200_000)
    return run(seed, steps, faults=faults)


def main() -> int:
    """Return 0 if nothing was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first seed (a fresh one)")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--steps", type=int, default=2_000, help="steps of each seed")
    parser.add_argument("--faults", type=float, default=0.1, help="how many of the calls to AWS fail")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--tries", type=int, default=300, help="tries to shrink what fails")
    arguments = parser.parse_args()
    from tests.simulation.script import as_test
    from tests.simulation.simulation import shrunk

    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    operations: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    start = time.perf_counter()
    print(f"seeds {seeds.start} to {seeds.stop - 1}, {arguments.steps} steps each", flush=True)
    with ProcessPoolExecutor(arguments.processes) as pool:
        each = [arguments.steps] * len(seeds)
        rates = [arguments.faults] * len(seeds)
        for told in pool.map(_one, seeds, each, rates):
            operations += told.operations
            calls += told.calls
            faults += told.faults
            if told.violation is not None:
                print(f"violation: {told.violation}", flush=True)
                print(f"seed {told.seed} after {len(told.steps)} steps; shrinking", flush=True)
                steps = shrunk(told.steps, told.violation.name, tries_max=arguments.tries)
                print(as_test(f"found_by_seed_{told.seed}", steps), flush=True)
                pool.shutdown(cancel_futures=True)
                return 1
    seconds = time.perf_counter() - start
    total = sum(operations.values())
    print(f"{total} operations in {seconds:.0f} s ({total / seconds:.0f}/s), {sum(calls.values())} calls")
    print("operations:", dict(operations.most_common()))
    print("calls:", dict(calls.most_common()))
    print(f"faults ({sum(faults.values())}):", dict(faults.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
