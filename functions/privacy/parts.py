"""Kinds of things that follow one another in an export, page by page."""

from collections.abc import Callable, Sequence

from functions.privacy.schema import Exported

Found = tuple[Sequence[Exported], str | None]
"""Things of one kind, and the position to go on after; None where no more of it follow."""
Part = Callable[[int, str | None], Found]
"""Gives so many things of one kind, after a position."""


def joined(parts: Sequence[Part], *, limit: int, after: str | None) -> tuple[list[Exported], str | None]:
    """Return a page of parts that follow one another, and the position to go on after."""
    number, position = 0, after
    if after is not None:
        text, _, rest = after.partition(" ")
        number, position = int(text), rest or None
    items: list[Exported] = []
    while number < len(parts) and len(items) < limit:
        found, position = parts[number](limit - len(items), position)
        items += found
        if position is None:
            number += 1
    return items, None if number == len(parts) else f"{number} {position or ''}"
