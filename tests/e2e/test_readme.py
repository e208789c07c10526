"""The README's walk gives the printed answers when it is pasted."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import ROOT, Stack

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL_SECONDS_MAX = 120


def steps() -> list[tuple[str, str]]:
    """Return the walk's blocks of commands, each with what it prints."""
    walk = README.split("## A first order, by hand", 1)[1].split("\n## ", 1)[0]
    return [
        (match["commands"], match["printed"] or "")
        for match in re.finditer(
            r"```sh\n(?P<commands>.*?)```\n(?:```json\n(?P<printed>.*?)```)?", walk, re.DOTALL
        )
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk uses curl")
def test_the_walk_prints_what_the_readme_says(deployed: Stack) -> None:
    walk = steps()
    assert len(walk) > 5
    marker = "--- next step ---"
    script = f"\necho '{marker}'\n".join(commands for commands, _ in walk)
    result = subprocess.run(  # noqa: S603 - our own README
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


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_file_that_the_readme_links_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


def test_the_policy_version_in_the_readme_is_the_committed_policys() -> None:
    from functions.domain.policy import load

    shown = re.findall(r'"policy_version": "(\w+)"', README)
    assert shown
    assert set(shown) == {load().version}
