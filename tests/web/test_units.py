"""The pages' own unit tests, and that what the pages need is locked without an address (K4)."""

import json
from pathlib import Path

import pytest

from tests.support.stack import ROOT
from tools.web import build, run

WEB = ROOT / "web"


def test_K4_what_is_built_already_is_not_built_again() -> None:
    build()
    page = WEB / "storefront" / "dist" / "index.html"
    before = page.stat().st_mtime_ns
    assert build() is False
    assert page.stat().st_mtime_ns == before


def test_K4_the_unit_tests_of_the_pages_pass() -> None:
    assert "Tests" in run("test")


@pytest.mark.parametrize("folder", [ROOT, WEB])
def test_K4_a_lock_of_npm_names_no_address(folder: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    addresses = [
        name for name, said in lock["packages"].items() if "resolved" in said and not said.get("link", False)
    ]
    assert addresses == []
    assert "://" not in json.dumps([said.get("resolved", "") for said in lock["packages"].values()])


def test_K4_every_package_of_the_pages_is_pinned_and_locked_with_its_digest() -> None:
    declared = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    wanted = {**declared["dependencies"], **declared["devDependencies"]}
    packages = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    without = [
        name
        for name, said in packages.items()
        if name.startswith("node_modules/") and not said.get("link") and "integrity" not in said
    ]
    assert without == []


def test_K4_every_package_of_the_pages_has_its_reason_in_the_documents() -> None:
    declared = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    named = {
        cell.strip()
        for line in page.splitlines()
        if line.startswith("| ")
        for cell in line.split("|")[1].split(",")
    }
    assert {*declared["dependencies"], *declared["devDependencies"]} - named == set()
