"""The documents' site: links lead where they do in the repository, and dead ones end the build."""

import re
from pathlib import Path

import pytest
from properdocs.commands import build
from properdocs.config import load_config
from properdocs.exceptions import Abort

from tests.support.stack import ROOT
from tools.pages import heading_name

CONFIG = "properdocs.yml"
LOADED = re.compile(r'<(?:script|link|img)\b[^>]*\b(?:src|href)="([^"]*)"')


def built(tmp_path: Path, pages: dict[str, str]) -> Path:
    """Build a small repository's site, by the project's configuration but for its list of pages."""
    tmp_path.mkdir(exist_ok=True)
    said = (ROOT / CONFIG).read_text(encoding="utf-8").partition("nav:\n  - ")[0]
    (tmp_path / CONFIG).write_text(said + "nav: [README.md]\n", encoding="utf-8")
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    for path, text in {"docs/README.md": "# Start\n", **pages}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    build.build(load_config(str(tmp_path / CONFIG)))
    return tmp_path / ".build" / "site"


def test_a_link_out_of_the_documents_leads_to_a_copy_in_the_site(tmp_path: Path) -> None:
    site = built(
        tmp_path,
        {
            "docs/README.md": "# Start\n\n[rules](../functions/rules.toml)\n",
            "functions/rules.toml": "a = 1\n",
        },
    )
    assert 'href="repository/functions/rules.toml"' in (site / "index.html").read_text(encoding="utf-8")
    assert (site / "repository/functions/rules.toml").read_text(encoding="utf-8") == "a = 1\n"


def test_links_between_the_top_page_and_the_documents_lead_there_and_back(tmp_path: Path) -> None:
    start = "# Start\n\n[top](../CONTRIBUTING.md#how-to) [more](more)\n"
    pages = {
        "docs/README.md": start,
        "docs/more/README.md": "# More\n",
        "CONTRIBUTING.md": "## How to\n\n[start](docs/README.md#start) [folder](docs/more)\n",
    }
    with pytest.raises(Abort):  # they are on no list of pages
        built(tmp_path, pages)
    config = load_config(
        str(tmp_path / CONFIG), nav=["README.md", "more/README.md", "repository/CONTRIBUTING.md"]
    )
    build.build(config)
    top = (tmp_path / ".build/site/repository/CONTRIBUTING.html").read_text(encoding="utf-8")
    assert 'href="../index.html#start"' in top
    assert 'href="../more/index.html"' in top
    index = (tmp_path / ".build/site/index.html").read_text(encoding="utf-8")
    assert 'href="repository/CONTRIBUTING.html#how-to"' in index


@pytest.mark.parametrize(
    "link",
    [
        "missing.md",
        "#missing",
        "README.md#missing",
        "../missing.toml",
        "../functions",
        "../../outside.txt",
        "/README.md",
        "repository/functions/rules.toml",
        "../functions/notes.md",
    ],
)
def test_a_dead_link_ends_the_build(link: str, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("", encoding="utf-8")
    start = f"# Start\n\n[rules](../functions/rules.toml) [dead]({link})\n"
    pages = {"docs/README.md": start, "functions/rules.toml": "", "functions/notes.md": ""}
    with pytest.raises(Abort):
        built(tmp_path / "repository", pages)


def test_a_page_that_is_on_no_list_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(Abort):
        built(tmp_path, {"docs/forgotten.md": "# Forgotten\n"})


def test_the_site_loads_nothing_from_outside(tmp_path: Path) -> None:
    site = built(tmp_path, {"docs/README.md": "# Start\n\n```sh\ntrue\n```\n"})
    loaded = LOADED.findall((site / "index.html").read_text(encoding="utf-8"))
    assert loaded
    assert not [each for each in loaded if "//" in each]
    styles = [style.read_text(encoding="utf-8") for style in site.rglob("*.css")]
    assert not [style for style in styles if re.search(r"url\(\W?(?:https?:)?//|@import", style)]


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("The audit", "the-audit"),
        (
            "A hot sku: 1 000 orders per second on one product",
            "a-hot-sku-1-000-orders-per-second-on-one-product",
        ),
        ("Prices (P1-P9)", "prices-p1-p9"),
        ("Rights – and duties", "rights--and-duties"),
        ("npm (`package-lock.json`)", "npm-package-lockjson"),
    ],
)
def test_a_heading_has_the_name_that_repository_hosts_give_it(heading: str, name: str) -> None:
    assert heading_name(heading, "-") == name


def test_every_decision_is_on_the_list_by_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"^- \[(\d{4})\]\((\S+)\) (.*)$", (folder / "README.md").read_text("utf-8"), re.MULTILINE
    )
    found = {file.name: file.read_text("utf-8").splitlines()[0] for file in sorted(folder.glob("0*.md"))}
    assert {file: f"# {number} {title}" for number, file, title in listed} == found
