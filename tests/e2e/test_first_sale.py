"""The first sale, by hand: the page prints what it says when it is pasted."""

import re
import shutil

import pytest

from tests.support.shell import typed
from tests.support.stack import ROOT, Stack

PAGE = (ROOT / "docs" / "first-sale.md").read_text(encoding="utf-8")
STEP = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:```json\n(?P<printed>.*?)```)?", re.DOTALL)
MARKER = "--- next step ---"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk uses curl")
def test_the_walk_prints_what_the_page_says(deployed: Stack) -> None:
    walk = [(step["commands"], step["printed"] or "") for step in STEP.finditer(PAGE)]
    assert len(walk) > 8
    printed = typed(deployed, f"\necho '{MARKER}'\n".join(commands for commands, _ in walk)).split(MARKER)
    assert [part.strip() for part in printed] == [shown.strip() for _, shown in walk]
