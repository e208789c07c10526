"""Tables in Markdown, and pages that hold them between markers."""

from collections.abc import Iterable, Mapping, Sequence


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
