"""The first order, by hand: the page prints what it says when it is pasted."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import ROOT, Stack

PAGE = (ROOT / "docs" / "first-order.md").read_text(encoding="utf-8")
SHELL_SECONDS_MAX = 120


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
    result = subprocess.run(  # noqa: S603 - our own page
        ["bash", "-eu", "-c", script],  # noqa: S607 - the user's shell
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "MEMBERDAY_LOCAL_DIR": str(deployed.folder),
            "HOME": str(Path.home()),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=SHELL_SECONDS_MAX,
    )
    deployed.forget_tokens()
    assert result.returncode == 0, result.stderr
    printed = [part.strip() for part in result.stdout.split(marker)]
    assert printed == [expected.strip() for _, expected in walk]
