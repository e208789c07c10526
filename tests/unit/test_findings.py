"""The findings: each script has the form that makes it one, and is listed. None is run here."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import ROOT

FOLDER = ROOT / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))
PINNED = re.compile(r"(?:@[a-z0-9-]+/)?[a-z0-9.-]+(?:\[[a-z]+\])?(?:==|@)[0-9]+(?:\.[0-9]+)+")
LISTED = re.compile(r"^\| \[(\S+\.sh)\]\((\S+)\) \| .+ \|$", re.MULTILINE)


def test_each_is_listed_once_and_nothing_else_is() -> None:
    rows = LISTED.findall((FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(name for name, _ in rows) == [script.name for script in SCRIPTS]
    assert [name for name, link in rows if name != link] == []
    assert {file.name for file in FOLDER.iterdir()} == {"README.md", *(script.name for script in SCRIPTS)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_can_be_run_and_stops_at_the_first_error(script: Path) -> None:
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/bin/sh"
    assert next(line for line in lines if line and not line.startswith("#")) == "set -eu"
    checked = subprocess.run(["/bin/sh", "-n", str(script)], check=False)  # noqa: S603 - reads it, runs nothing
    assert checked.returncode == 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_names_its_packages_pinned_and_no_index(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    (packages,) = re.findall(r'^packages="(.+)"$', text, re.MULTILINE)
    assert [each for each in packages.split() if not PINNED.fullmatch(each)] == []
    assert re.search(r"--(extra-)?index-url|--registry|--find-links|\s-i\s", text) is None
    assert "mktemp -d" in text
    assert "trap 'rm -rf" in text


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_shows_what_was_seen_and_compares_it(script: Path) -> None:
    head = script.read_text(encoding="utf-8").partition("\nset -eu\n")[0]
    said, _, seen = head.partition("# Seen on ")
    assert [
        word for word in ("Good guess: ", "What happens: ", "What we do: ") if f"# {word}" not in said
    ] == []
    shown = [line.removeprefix("#   ") for line in seen.splitlines()[1:]]
    assert len(shown) >= 2
    packages = script.read_text(encoding="utf-8").partition('packages="')[2].partition('"')[0].split()
    (first,) = re.findall(r"^@?[^\[=@]+", packages[0])
    assert shown[0].startswith(f"{first} ")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_none_needs_our_own_code(script: Path) -> None:
    code = script.read_text(encoding="utf-8").partition("<<'PYTHON'\n")[2]
    ours = {"benchmarks", "functions", "infra", "local", "ops", "reach", "tests", "tools"}
    assert set(re.findall(r"^ *(?:from|import) (\w+)", code, re.MULTILINE)) & ours == set()
