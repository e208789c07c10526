"""A turn of a build: a process that measures something of one tree, and prints the figures as JSON.

``python -P benchmarks/turn.py WHAT '{"how": ...}'``, with the tree as the working directory and as the
``PYTHONPATH``. It is a file of its own and no part of a package, so that one tree's file asks another tree's
code: nothing is imported but what the tree has, and what came from elsewhere fails the turn. What is asked of
a tree is here in one place; a tree that lacks it answers null.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
DAYS_PER_WEEK, DAYS_PER_MONTH = 7, 30.4375


def requests(*, rounds: int, times: int) -> dict[str, Any]:
    """Measure requests against the bare SDK, so many of each kind in a round."""
    from benchmarks import machine
    from benchmarks import requests as asked

    machine.to_nowhere()
    asked.TIMES = times
    return {each.name: each.figures() for each in asked.measured(rounds=rounds)}


def office(*, rounds: int, times: int) -> dict[str, Any]:
    """Measure what the console asks, so many of each kind in a round."""
    from benchmarks import machine
    from benchmarks import office_ratios as asked

    machine.to_nowhere()
    return {each.name: each.figures() for each in asked.measured(rounds=rounds, times=times)}


def pricing(*, rounds: int) -> dict[str, Any]:
    """Measure pricing in process."""
    from benchmarks import pricing as priced

    return {each.name: each.figures() for each in priced.measured(rounds=rounds)}


def bundles() -> dict[str, Any]:
    """Build what is deployed; return its size, and what functions start from on this machine."""
    from benchmarks import cold_starts
    from infra import bundle

    folder = str(bundle.build(bundle.HOST).folder)
    # A tree whose bundle carries its packages whole has no other folder of them.
    whole = getattr(bundle, "libraries", None)
    return {
        "bytes": cold_starts.bundle_bytes(),
        "folders": dict.fromkeys(cold_starts.handler_modules(), folder),
        "bare": cold_starts.BARE,
        "bare_folder": folder if whole is None else str(whole(bundle.HOST)),
        "environment": dict(cold_starts.ENVIRONMENT),
    }


def operations() -> dict[str, Any]:
    """Count the calls and units of each operation."""
    from benchmarks import machine
    from benchmarks import operations as counted

    machine.quiet()
    return dict(counted.all_measured())


def job(*, of: str, items: int) -> dict[str, Any] | None:
    """Measure a job that has so many items to do, against a bare loop over as many; None if it is not there.

    Parameters
    ----------
    of
        What measures it: a module of the tree, and a function of it (``benchmarks.postings:post``).
    """
    from benchmarks import machine
    from benchmarks.rounds import Spread

    machine.quiet()
    module_name, _, name = of.partition(":")
    module: Any = import_module(module_name)
    if not hasattr(module, name):
        return None
    module.BASELINE_WRITES = items
    measured = getattr(module, name)(items)
    figures = measured.figures()
    return {measured.job: {**figures, "ratio": asdict(Spread.of([figures["ratio"]]))}}


def models() -> dict[str, Any]:
    """Return what the models of limits and of costs say."""
    from benchmarks import costs, scale

    limits, bill = scale.Model.now(), costs.Model.now()
    refusing = [each for each in limits.first(scale.DAY) if not each.waits]
    (throttle,) = [each for each in refusing if each.where == "throttle of the stage"]
    others = [each.orders(scale.DAY) for each in refusing if each is not throttle]
    (lapse,) = [each for each in limits.first(scale.FLASH_SALE) if each.where == "job `lapse-unpaid`"]
    return {
        "lapse of a flash sale": {"orders/s": lapse.orders(scale.FLASH_SALE) * (1 - scale.FLASH_SALE.paid)},
        "audit": _audits(bill),
        "scale": {
            mix.name: {each.where: each.orders(mix) for each in limits.first(mix)}
            for mix in (scale.DAY, scale.FLASH_SALE)
        },
        "not orders": {
            each.where: each.at
            for each in limits.limits(scale.DAY)
            if each.per not in (scale.Per.ALL, scale.Per.SKU)
        },
        "throttle": {"what else refuses, of the throttle": min(others) / throttle.orders(scale.DAY)},
        "costs": {
            "a million orders": float(bill.dollars(bill.orders())),
            "a month without load": float(bill.dollars(bill.standing())),
            "a run": {run.job: float(bill.dollars(bill.run(run.job, run.due))) for run in bill.runs()},
        },
    }


def _audits(bill: Any) -> dict[str, Any]:
    """Return how long the audits of 10 M members take, and what those of a week read.

    Without a model of the audits, the usual workers take what the model of costs has them billed for.
    """

    def bought(run: Any, price: str) -> float:
        return float(sum(part.quantity for part in bill.run(run.job, run.due) if part.price == price))

    runs = [run for run in bill.runs() if run.job.startswith("audit-")]
    if find_spec("benchmarks.audits"):
        audits = import_module("benchmarks.audits").audits(bill)
        minutes = {each.what: float(each.seconds) / 60 for each in audits if each.seconds is not None}
    else:
        usual = bill.limits.figures
        at_once = usual.workers * usual.memory_megabytes / 1_024
        minutes = {f"`{run.job}`": bought(run, "lambda_gb_second") / at_once / 60 for run in runs}
    a_week = DAYS_PER_WEEK / DAYS_PER_MONTH
    return {
        "minutes": minutes,
        "read units a week": sum(bought(run, "read_unit") * float(run.a_month) * a_week for run in runs),
    }


def origins(*, modules: list[str]) -> dict[str, Any]:
    """Return the file that each of these modules comes from."""
    return {name: str(import_module(name).__file__) for name in modules}


TURNS: Mapping[str, Callable[..., dict[str, Any] | None]] = {
    each.__name__: each for each in (requests, office, pricing, bundles, operations, job, models, origins)
}
"""What a build can be asked, by name."""


def strangers(tree: Path) -> Iterator[str]:
    """Give the house's modules that are imported here and do not come from this tree."""
    house = {folder.name for root in (tree, HERE) for folder in root.iterdir() if any(folder.glob("*.py"))}
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in house:
            file = getattr(module, "__file__", None)
            files = [file] if file else getattr(module, "__path__", ())
            for each in files:
                if not Path(each).resolve().is_relative_to(tree):
                    yield f"{name} from {each}"


def main() -> None:
    """Take the turn that the command line asks for."""
    what, how = sys.argv[1:]
    tree = Path.cwd().resolve()
    try:
        figures = TURNS[what](**json.loads(how))
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("benchmarks."):
            raise
        figures = None  # the tree does not measure it
    if found := list(strangers(tree)):
        raise SystemExit(f"not of {tree}: {', '.join(found)}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
