"""``python -m tests.agreement --carts 120000 --seed N``: ask both, and say where they differ."""

import argparse
import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pprint import pformat

import tests.conftest  # noqa: F401 - the environment that handlers read when they are imported

BATCH = 500


def _batch(start: int, seed: int, carts: int) -> tuple[Counter[str], list[tuple[int, list[str]]]]:
    from tests.agreement.comparison import Count, differences, kinds_of
    from tests.oracle.offer_carts import question

    count, found = Count(), []
    for number in range(start, min(start + BATCH, carts)):
        differ = differences(question(seed, number), count)
        if differ:
            found.append((number, kinds_of(differ)))
    return count.of, found


def _show(seed: int, number: int, kind: str) -> None:
    """Print a cart on which they differ, made as small as it goes."""
    from tests.agreement.comparison import differences, kinds_of, smaller
    from tests.oracle.offer_carts import question

    whole = question(seed, number)
    small = smaller(whole, lambda one: kind in kinds_of(differences(one)))
    print(f"\n--- {kind}\nquestion({seed}, {number}), and what of it is enough:")
    print(pformat(small.cart, width=150))
    if small.rules != type(small.rules)():
        print(pformat(small.rules, width=150))
    for one in differences(small):
        print(f"{one.where}\n  product: {one.product}\n  oracle:  {one.oracle}", flush=True)


def main() -> int:
    """Return 0 if both said the same of every cart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--carts", type=int, default=120_000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="a fresh one")
    parser.add_argument("--show", type=int, default=2, help="how many carts of each kind of difference")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    start = time.perf_counter()
    counts: Counter[str] = Counter()
    differ: dict[str, list[int]] = {}
    carts_that_differ = 0
    batches = range(0, arguments.carts, BATCH)
    with ProcessPoolExecutor(arguments.processes) as pool:
        for counted, found in pool.map(partial(_batch, seed=arguments.seed, carts=arguments.carts), batches):
            counts += counted
            carts_that_differ += len(found)
            for number, kinds in found:
                for kind in set(kinds):
                    differ.setdefault(kind, []).append(number)
    print(f"seed {arguments.seed}, {time.perf_counter() - start:.0f} s")
    for name, times in sorted(counts.items()):
        print(f"{times:9} {name}")
    print(f"{carts_that_differ:9} carts differ")
    for kind, numbers in sorted(differ.items(), key=lambda each: -len(each[1])):
        print(f"{len(numbers):9} {kind}: {numbers[:8]}")
    for kind, numbers in sorted(differ.items(), key=lambda each: -len(each[1])):
        for number in numbers[: arguments.show]:
            _show(arguments.seed, number, kind)
    return 1 if carts_that_differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
