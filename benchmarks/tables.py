"""Tables in Markdown, and pages that hold them between markers."""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def row(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    return "\n".join(map(row, (head, ["---"] * len(head), *rows)))


def written(page: str, parts: Mapping[str, str], *, by: str) -> str:
    """Return a page with these parts in their places, which a command writes.

    Raises
    ------
    ValueError
        The page has no place for one of them.
    """
    for name, part in parts.items():
        begins, ends = f"<!-- {name}: written by {by} -->", f"<!-- end of {name} -->"
        before, found, rest = page.partition(begins)
        _, also_found, after = rest.partition(ends)
        if not found or not also_found:
            raise ValueError(f"no place for {name}")
        page = f"{before}{begins}\n{part}\n{ends}{after}"
    return page


def command(
    arguments: Sequence[str] | None, page: Path, parts: Mapping[str, str], *, by: str, says: str
) -> int:
    """Print a model's tables, write them into their page, or check that it has them; return 1 if not.

    Parameters
    ----------
    arguments
        Those of the command line if None: ``--write``, ``--check``, or none.
    by, says
        The command that writes the page, and what it says of itself.
    """
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args(arguments)
    if not (asked.write or asked.check):
        print(*parts.values(), sep="\n\n")
        return 0
    text = page.read_text(encoding="utf-8")
    should = written(text, parts, by=by)
    if asked.write:
        page.write_text(should, encoding="utf-8")
    elif text != should:
        sys.stderr.write(f"docs/{page.name} is not what the model says: {by}\n")
        return 1
    return 0
