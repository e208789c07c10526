"""The pictures of the pages: each page has one in both languages, and the document shows them all (K6)."""

import re

from tests.support.stack import ROOT
from tests.web.screenshots import FOLDER, LANGUAGES, PICTURES

CONSOLE = ROOT / "web" / "console" / "src"
STOREFRONT = ROOT / "web" / "storefront" / "src"
WITHOUT = {"/paid", "*", "/campaigns/new"}
"""A page that leads on at once, that of no page, and one that looks as the form of an old campaign does."""
SHOWN = re.compile(r"!\[([^]]+)\]\(pictures/pages/([a-z-]+\.(?:zh|en)\.png)\)")
KILOBYTES_MAX = 450


def shown_at(app: str) -> set[str]:
    """Return the paths of an app that have a picture."""
    return {each.path for each in PICTURES if each.app == app}


def has_picture(pattern: str, paths: set[str]) -> bool:
    """Tell whether one of the paths is of a route."""
    route = re.compile(re.sub(r":\w+", "[^/?]+", pattern) + r"(\?.*)?")
    return any(route.fullmatch(path) for path in paths)


def test_K6_every_page_of_the_console_has_a_picture() -> None:
    paths = re.findall(
        r'^    path: "(.+)",$', (CONSOLE / "pages.ts").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(paths) > 15
    shown = shown_at("console")
    assert {path for path in {*paths} - WITHOUT if not has_picture(path, shown)} == set()


def test_K6_every_report_has_a_picture() -> None:
    index = (CONSOLE / "pages" / "reports" / "index.tsx").read_text(encoding="utf-8")
    reports = re.findall(r'^  \["(\w+)", "get_', index, re.MULTILINE)
    assert len(reports) == 8
    assert {f"/reports?report={each}" for each in reports} <= shown_at("console")


def test_K6_every_page_of_the_storefront_has_a_picture() -> None:
    paths = re.findall(r'<Route path="(.+?)"', (STOREFRONT / "app.tsx").read_text(encoding="utf-8"))
    assert len(paths) > 8
    shown = shown_at("storefront")
    assert {path for path in {*paths} - WITHOUT if not has_picture(path, shown)} == set()


def test_K6_the_document_shows_every_picture_with_words_in_its_language() -> None:
    page = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    found = SHOWN.findall(page)
    taken = [each.file(language).name for each in PICTURES for language in LANGUAGES]
    assert sorted(file for _, file in found) == sorted(taken)
    for words, file in found:
        assert bool(re.search("[\u4e00-\u9fff]", words)) == (".zh." in file), file


def test_K6_every_picture_is_there_and_small_and_there_is_no_other() -> None:
    taken = {each.file(language) for each in PICTURES for language in LANGUAGES}
    assert set(FOLDER.glob("*")) == taken
    for file in taken:
        assert file.stat().st_size <= KILOBYTES_MAX * 1_024, file
