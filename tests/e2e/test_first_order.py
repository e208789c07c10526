"""The first order, by hand: the page prints what it says when it is pasted."""

import re
import shutil

import pytest

from tests.support.shell import typed
from tests.support.stack import ROOT, Stack

PAGE = (ROOT / "docs" / "first-order.md").read_text(encoding="utf-8")
TASKS = re.compile(r"(?<=: tasks )\d+")
"""How many parts of a job had something to do: of others' too, and none if the clock's step has done it."""


def steps() -> list[tuple[str, str]]:
    """Return the walk's blocks of commands, each with what it prints."""
    return [
        (match["commands"], match["printed"] or "")
        for match in re.finditer(
            r"```sh\n(?P<commands>.*?)```\n(?:```json\n(?P<printed>.*?)```)?", PAGE, re.DOTALL
        )
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk uses curl")
def test_the_walk_prints_what_the_page_says(deployed: Stack) -> None:
    walk = steps()
    assert len(walk) > 5
    marker = "--- next step ---"
    script = f"\necho '{marker}'\n".join(commands for commands, _ in walk)
    printed = TASKS.sub("some", typed(deployed, script)).split(marker)
    expected = [TASKS.sub("some", shown) for _, shown in walk]
    assert [part.strip() for part in printed] == [part.strip() for part in expected]
