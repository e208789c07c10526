"""What was found: appended to a file as it comes, and written as a table."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.mutations.running import CAUGHT, ERROR, Outcome
from tools.mutations.sites import KINDS, Site, squeezed

_CHANGE_CHARACTERS_MAX = 160
_HEAD = """# What is missed when it is taken out

Every condition, version check, id and rounding was taken out of a copy of the code, one at a time; then the
simulator ran, and the tests that pass through that line. The table says which of them noticed: the simulator
by the violation that it named, the tests by the first that failed. "Not asked" are tests of what the
simulator had caught. `functions/…:N` is the file and the line at that time.

```sh
.venv/bin/python -m tools.mutations --list                        # what there is to take out
.venv/bin/python -m tools.mutations --tests --json found.jsonl    # takes it out; goes on where it was ended
.venv/bin/python -m tools.mutations --json found.jsonl --report docs/proof/mutations.md
```

`--kind guard` takes out the other checks that refuse something, too: there are many, and not in this run.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of a mutant; None where simulator or tests were not asked."""

    site: str
    change: str
    simulator: Outcome | None = None
    tests: Outcome | None = None

    @property
    def outcomes(self) -> list[Outcome]:
        """What was said of it by those that were asked."""
        return [each for each in (self.simulator, self.tests) if each is not None]

    @property
    def caught(self) -> bool:
        """Whether anything noticed."""
        return any(each.result == CAUGHT for each in self.outcomes)


def append(file: Path, finding: Finding) -> None:
    """Add a finding to a file of them."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(finding)) + "\n")


def read(file: Path) -> dict[str, Finding]:
    """Return the findings of a file by the keys of their sites; a later one completes an earlier one."""
    found: dict[str, Finding] = {}
    if not file.exists():
        return found
    for line in file.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        outcomes = {
            name: None if fields[name] is None else Outcome(**fields[name]) for name in ("simulator", "tests")
        }
        new = Finding(site=fields["site"], change=fields["change"], **outcomes)
        old = found.get(new.site)
        if old is not None and old.change == new.change:
            new = Finding(
                site=new.site,
                change=new.change,
                simulator=new.simulator or old.simulator,
                tests=new.tests or old.tests,
            )
        found[new.site] = new
    return found


def known(findings: Mapping[str, Finding], site: Site) -> Finding:
    """Return what is known of a site as it is now; nothing where it has changed since."""
    finding = findings.get(site.key)
    if finding is None or finding.change != site.change:
        return Finding(site=site.key, change=site.change)
    return finding


def table(sites: Sequence[Site], findings: Mapping[str, Finding], equivalent: Mapping[str, str]) -> str:
    """Return the table in Markdown: counts by kind, survivors first, equivalents with their reason last."""
    told = [(site, known(findings, site)) for site in sites]
    counted = [(site, finding) for site, finding in told if site.key not in equivalent]
    asked = [(site, finding) for site, finding in counted if finding.outcomes]
    survivors = [each for each in asked if not each[1].caught]
    caught = [each for each in asked if each[1].caught]
    parts = [_HEAD, _counts(counted, [site for site in sites if site.key in equivalent])]
    if survivors:
        parts.append("## Survivors\n\n" + _rows(survivors))
    if caught:
        parts.append("## Caught\n\n" + _rows(caught))
    reasons = [
        f"| {_cell(site.name)} | {_cell(equivalent[site.key])} |" for site in sites if site.key in equivalent
    ]
    if reasons:
        head = "| what was removed | why nothing can tell |\n|---|---|\n"
        parts.append("## Equivalent\n\n" + head + "\n".join(reasons) + "\n")
    return "\n".join(parts)


def _counts(counted: Sequence[tuple[Site, Finding]], equivalent: Sequence[Site]) -> str:
    lines = [
        "| kind | sites | run | caught by the simulator | caught by the tests | survivors | equivalent |",
        "|---|---|---|---|---|---|---|",
    ]
    same = Counter(site.kind for site in equivalent)
    for kind in (*KINDS, "all"):
        of_kind = [finding for site, finding in counted if kind in (site.kind, "all")]
        numbers = (
            len(of_kind),
            sum(bool(each.outcomes) for each in of_kind),
            _caught(each.simulator for each in of_kind),
            _caught(each.tests for each in of_kind),
            sum(bool(each.outcomes) and not each.caught for each in of_kind),
            len(equivalent) if kind == "all" else same[kind],
        )
        lines.append(f"| {kind} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines) + "\n"


def _caught(outcomes: Iterable[Outcome | None]) -> int:
    return sum(each is not None and each.result == CAUGHT for each in outcomes)


def _rows(told: Sequence[tuple[Site, Finding]]) -> str:
    lines = ["| what was removed | caught by the simulator | caught by the tests |", "|---|---|---|"]
    for site, finding in told:
        change = squeezed(site.change)
        if len(change) > _CHANGE_CHARACTERS_MAX:
            change = change[: _CHANGE_CHARACTERS_MAX - 3] + "..."
        removed = f"{_cell(site.name)}<br>{_cell(change)}"
        lines.append(f"| {removed} | {_said(finding.simulator)} | {_said(finding.tests)} |")
    return "\n".join(lines) + "\n"


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not asked"
    if outcome.result == CAUGHT:
        return _cell(outcome.detail)
    if outcome.result == ERROR:
        return f"error: {_cell(outcome.detail)}"
    return f"no: {outcome.detail}" if outcome.detail else "no"


def _cell(text: str) -> str:
    """Return a text as code in a cell of a table."""
    shown = squeezed(text).replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"
