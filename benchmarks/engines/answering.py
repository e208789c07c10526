"""Answers for an engine, among its own packages: ``python -P answering.py ADAPTER [ARGUMENT...]``.

It is a file of its own and imports nothing of ours but the adapter beside it, so that it runs wherever an
engine does. The first line that it reads is a case, and it answers ``{"version": ...}`` once the engine is
ready for it. Each further line is ``{"coupon": ..., "times": ...}``: price the cart so many times with the
coupon of that id, or without one. It answers ``{"paid_fen": ..., "cpu_us": ...}``: what the order pays, and
the CPU of one pricing.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmarks.engines.cases import Case

Price = Callable[[], int]
"""Prices a cart once; returns what the order pays, in fen."""


class Engine(Protocol):
    """An engine that is ready for a case; an adapter's ``engine`` returns it."""

    version: str

    def prepared(self, coupon: str | None) -> Price:
        """Return what prices the cart with a coupon; what this does is not measured."""


def adapted(name: str, case: "Case", arguments: Sequence[str]) -> Engine:
    """Return the engine of the adapter of that name, which stands beside this file."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise SystemExit(f"no adapter is called {name}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    engine: Engine = module.engine(case, *arguments)
    return engine


def taken(price: Price, times: int) -> dict[str, float]:
    """Price so many times; return the answer."""
    gc.collect()
    paid_fen = 0
    begun = time.process_time()
    for _ in range(times):
        paid_fen = price()
    return {"paid_fen": paid_fen, "cpu_us": (time.process_time() - begun) / times * 1e6}


def main() -> None:
    """Answer until nobody asks any more."""
    name, *arguments = sys.argv[1:]
    engine = adapted(name, json.loads(sys.stdin.readline()), arguments)
    print(json.dumps({"version": engine.version}), flush=True)
    ready: dict[str | None, Price] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        coupon = asked["coupon"]
        if coupon not in ready:
            ready[coupon] = engine.prepared(coupon)
        print(json.dumps(taken(ready[coupon], asked["times"])), flush=True)


if __name__ == "__main__":
    main()
