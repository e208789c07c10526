"""Takes the safeguards out one at a time and tells which of them nothing misses.

python -m tools.mutations --list
python -m tools.mutations --tests --json FILE [--kind KIND] [--only TEXT] [--shard I/N]
python -m tools.mutations --json FILE --report FILE
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from tools.mutations import report, running, sites
from tools.mutations.equivalents import EQUIVALENT
from tools.mutations.report import Finding
from tools.mutations.running import ERROR, SURVIVED, RunError, TestMap
from tools.mutations.sites import Site

ROOT = Path(__file__).parent.parent.parent
SIMULATE = "python -m tests.simulation --seed 1 --steps 3000"
ALL_TESTS_SECONDS_MAX = 3600


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutations", description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="show the sites and what is changed there")
    parser.add_argument("--only", metavar="TEXT", help="only sites with this in their name")
    parser.add_argument("--kind", choices=sites.KINDS, action="append", help="only of this kind; repeatable")
    parser.add_argument("--equivalent", action="store_true", help="only sites that nothing is to notice")
    parser.add_argument("--shard", metavar="I/N", type=_shard, default=(1, 1), help="every N-th site")
    parser.add_argument(
        "--simulate", metavar="COMMAND", default=SIMULATE, help=f'the simulator ({SIMULATE}); "" for none'
    )
    parser.add_argument("--tests", action="store_true", help="run the tests that pass through each site")
    parser.add_argument(
        "--time-out",
        metavar="SECONDS",
        type=float,
        default=300.0,
        help="for each run of the simulator, and for each single test (300)",
    )
    parser.add_argument(
        "--enough",
        metavar="SECONDS",
        type=float,
        help="on each mutant only the first tests, as many as usually take so long (all)",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="what was found, one a line; goes on there")
    parser.add_argument("--report", metavar="FILE", type=Path, help="write the table of what --json holds")
    return parser.parse_args(arguments)


def chosen(asked: argparse.Namespace, found: Sequence[Site]) -> list[Site]:
    """Return the sites that the command line asks for: those that nothing can tell, or all others."""
    part, parts = asked.shard
    wanted = [
        site
        for site in found
        if (asked.only is None or asked.only in site.name)
        and (asked.kind is None or site.kind in asked.kind)
        and (site.key in EQUIVALENT) == asked.equivalent
    ]
    return wanted[part - 1 :: parts]


def check(asked: argparse.Namespace, wanted: Sequence[Site], root: Path = ROOT) -> list[Finding]:
    """Run what is asked for on each site that is not in the file yet; return all findings of these sites.

    Raises
    ------
    RunError
        The whole code does not pass, so that nothing can be said of a part of it.
    """
    findings = {} if asked.json is None else report.read(asked.json)
    tests = _whole(asked, root)
    done: list[Finding] = []
    for number, site in enumerate(wanted, 1):
        finding = report.known(findings, site)
        new = _look(asked, site, finding, tests, root)
        if new != finding:
            if asked.json is not None:
                report.append(asked.json, new)
            print(f"{number}/{len(wanted)} {_told(new)}  {site.name}", flush=True)
        done.append(new)
    return done


def _look(
    asked: argparse.Namespace, site: Site, finding: Finding, tests: TestMap | None, root: Path
) -> Finding:
    """Run on one mutant what is not known of it."""
    simulate = bool(asked.simulate) and (finding.simulator is None or finding.simulator.result == ERROR)
    through, left_out = _tests_of(asked, site, tests)
    test = tests is not None and (
        finding.tests is None
        or finding.tests.result == ERROR
        or (finding.tests.result == SURVIVED and finding.tests.detail not in ("", left_out))
    )
    if not simulate and not test:
        return finding
    with running.without(root, site) as tree:
        if simulate:
            outcome = running.simulate(tree, asked.simulate, seconds=asked.time_out)
            finding = replace(finding, simulator=outcome)
        if test and tests is not None:
            usual = sum(tests.seconds.get(each, 0.0) for each in through)
            outcome = running.test(tree, through, seconds=asked.time_out, usually=usual)
            if outcome.result == SURVIVED:
                outcome = replace(outcome, detail=left_out)
            finding = replace(finding, tests=outcome)
    return finding


def _tests_of(asked: argparse.Namespace, site: Site, tests: TestMap | None) -> tuple[list[str], str]:
    """Return the tests to run on a mutant, and what to say where that is not all that pass through it."""
    if tests is None:
        return [], ""
    through = tests.through(site)
    if not through:
        return [], "no test passes through it"
    if asked.enough is None:
        return through, ""
    first = tests.first(through, asked.enough)
    return first, "" if len(first) == len(through) else f"{len(first)} of {len(through)} tests"


def _whole(asked: argparse.Namespace, root: Path) -> TestMap | None:
    """Run everything on the whole code; return which tests pass where, if tests are asked for."""
    digest = running.digest_of(root)
    noted = None if asked.json is None else asked.json.with_suffix(".tests.json")
    tests = TestMap.load(noted, digest) if asked.tests and noted is not None else None
    with running.copy_of(root) as tree:
        running.require_own_code(tree)
        if asked.simulate:
            outcome = running.simulate(tree, asked.simulate, seconds=asked.time_out)
            if outcome.result != running.SURVIVED:
                raise RunError(f"the simulator fails on the whole code: {outcome.detail}")
        if asked.tests and tests is None:
            print("all tests on the whole code, to see which pass where", flush=True)
            tests = running.map_tests(tree, digest, seconds=ALL_TESTS_SECONDS_MAX)
            if noted is not None:
                tests.save(noted)
    return tests


def _told(finding: Finding) -> str:
    return " ".join(
        f"{name}={outcome.result}{f' ({outcome.detail})' if outcome.detail else ''}"
        for name, outcome in (("simulator", finding.simulator), ("tests", finding.tests))
        if outcome is not None
    )


def _shard(text: str) -> tuple[int, int]:
    part, parts = map(int, text.split("/"))
    if not 1 <= part <= parts:
        raise argparse.ArgumentTypeError("I/N with I from 1 to N")
    return part, parts


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 where a mutant was caught by nothing, 2 where nothing can be said."""
    asked = options(arguments)
    found = sites.find_all(ROOT)
    if asked.report is not None:
        findings = {} if asked.json is None else report.read(asked.json)
        asked.report.write_text(report.table(found, findings, EQUIVALENT), encoding="utf-8")
        return 0
    wanted = chosen(asked, found)
    if asked.list:
        for site in wanted:
            print(f"{site.kind:9} {site.name}\n          {site.change}")
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        done = check(asked, wanted)
    except RunError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    survivors = [finding for finding in done if not finding.caught]
    print(f"{len(done)} mutants, {len(survivors)} caught by nothing")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
