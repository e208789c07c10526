"""Hooks of the documents' site: a link leads where it leads in the repository, or the build fails.

Documents are read in two places. In the repository a link is a path between its files, and may leave `docs`.
The site has a copy of each file outside `docs` that a page links to, and some of them as pages. Headings have
the same names in both.
"""

import logging
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import File, Files, InclusionLevel
from properdocs.structure.pages import Page

DOCS = "docs/"
OUTSIDE = "repository/"
"""Where the site has what the repository has outside `docs`."""
PAGES = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "findings/README.md")
"""Pages outside `docs`."""
INDEX = "README.md"
BEFORE_THE_SITES_OWN = 1

logger = logging.getLogger("properdocs.hooks.pages")


def in_site(path: str) -> str:
    """Return where the site has a file of the repository."""
    return path.removeprefix(DOCS) if path.startswith(DOCS) else OUTSIDE + path


def in_repository(uri: str) -> str:
    """Return where the repository has a file of the site."""
    return uri.removeprefix(OUTSIDE) if uri.startswith(OUTSIDE) else DOCS + uri


def heading_name(heading: str, separator: str) -> str:
    """Return what a link calls a heading, as repository hosts do: a hyphen for each space, no other signs."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", separator)


class Links(Treeprocessor):  # type: ignore[misc]
    """Turns the links of the page that is being rendered into those of the site."""

    root: Path
    page: Page
    files: Files
    config: ProperDocsConfig

    def run(self, root: Element) -> None:
        """Go through the links and images of a page."""
        for element in root.iter():
            for name in {"href", "src"} & element.attrib.keys():
                element.set(name, self.led(element.attrib[name]))

    def led(self, link: str) -> str:
        """Return a link as the site has it; warn of one that leads nowhere, and leave it as it is."""
        path, mark, heading = link.partition("#")
        if not path or re.match(r"[a-z][a-z0-9+.-]*:|/", path):
            return link
        here = self.page.file.src_uri
        target = posixpath.normpath(posixpath.join(posixpath.dirname(in_repository(here)), unquote(path)))
        if (self.root / target).is_dir():
            target = posixpath.join(target, INDEX)
        uri = in_site(target)
        if target.startswith("../") or not (self.root / target).is_file():
            logger.warning("%s has a link to '%s', which the repository has not.", in_repository(here), link)
            return link
        if uri not in self.files.src_uris:
            if uri.endswith(".md"):
                logger.warning(
                    "%s has a link to '%s', which the site has not: name it in tools/pages.py.",
                    in_repository(here),
                    link,
                )
                return link
            self.files.append(_copy(self.config, self.root, target))
        return posixpath.relpath(uri, posixpath.dirname(here) or ".") + mark + heading


LINKS = Links()


class LinksExtension(Extension):  # type: ignore[misc]
    """Makes them part of the rendering."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Have the links turned before the site looks whether they are dead."""
        md.treeprocessors.register(LINKS, "links", BEFORE_THE_SITES_OWN)


def on_config(config: ProperDocsConfig) -> None:
    """Take part in the rendering of each page."""
    config.markdown_extensions.append(LinksExtension())
    config.mdx_configs.setdefault("toc", {})["slugify"] = heading_name


def on_files(files: Files, config: ProperDocsConfig) -> None:
    """Add the pages outside `docs`."""
    LINKS.root, LINKS.files, LINKS.config = Path(config.config_file_path).parent, files, config
    for path in PAGES:
        if (LINKS.root / path).is_file():
            files.append(_copy(config, LINKS.root, path))


def on_page_markdown(markdown: str, page: Page, config: ProperDocsConfig, files: Files) -> None:
    """Say which page is rendered next."""
    LINKS.page = page


def _copy(config: ProperDocsConfig, root: Path, path: str) -> File:
    inclusion = InclusionLevel.INCLUDED if path.endswith(".md") else InclusionLevel.NOT_IN_NAV
    return File.generated(config, in_site(path), abs_src_path=str(root / path), inclusion=inclusion)
