"""What the documents tell to type is there: targets, modules, commands and options, jobs and queues.

That walks do what they say is tested on a deployed stack (test_first_order.py, test_first_sale.py,
test_storefront.py).
"""

import importlib.util
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from functions import contexts
from functions.domain import policy
from functions.operations.timetable import WATCH_JOBS
from local import __main__ as local
from local.errors import LocalError
from ops import __main__ as ops
from tests.support.stack import ROOT

PLACEHOLDER = "…"
PYTHON = ".venv/bin/python"
FOLDERS = ("docs", "functions", "infra", "tests")
WALKS = {"docs/first-order.md", "docs/first-sale.md", "docs/storefront.md"}
"""Pages whose commands run one after another on a deployed stack; they make words of their own."""
BY_HAND = {"git show", "git revert", "aws sns", "aws secretsmanager", "pip install"}
"""What changes the reader's repository or account, and no test may type."""
INLINE = re.compile(rf"`((?:make|(?:{re.escape(PYTHON)}|python3?) -m) [^`]+)`")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
JOBS = {WATCH_JOBS, *(each.job for each in contexts.timetable(policy.load()))}
STACK = "".join(
    file.read_text(encoding="utf-8") for file in sorted((ROOT / "infra" / "contexts").glob("*.py"))
)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Snippet:
    """A command, and the page that tells to type it."""

    page: str
    line: str

    def __str__(self) -> str:
        return f"{self.page}: {self.line}"

    @property
    def words(self) -> list[str]:
        """Its words, up to where a shell goes on with something else."""
        words = shlex.split(self.line, comments=True)
        ends = [number for number, word in enumerate(words) if word in ("|", ">", "&&", ";")]
        return words[: min(ends, default=len(words))]


def pages() -> Iterator[Path]:
    """Give every page that a reader may follow; a decision tells what was, and not what to type."""
    yield from ROOT.glob("*.md")
    for folder in FOLDERS:
        yield from (page for page in (ROOT / folder).rglob("*.md") if "decisions" not in page.parts)


def snippets() -> list[Snippet]:
    """Return every command of every page."""
    found = []
    for page in sorted(pages()):
        name, text = str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
        lines = [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
        lines += INLINE.findall(text)
        lines += [match for line in lines for match in re.findall(rf"\$\(({re.escape(PYTHON)}[^)]*)\)", line)]
        found += [Snippet(name, line) for line in dict.fromkeys(lines) if line.strip()]
    return found


SNIPPETS = snippets()
OF_MAKE = [each for each in SNIPPETS if each.words[:1] == ["make"]]
OF_PYTHON = [each for each in SNIPPETS if re.match(r"[^\s$]*python3? -m", each.line)]


def modules(*names: str) -> list[Snippet]:
    """Return the commands of these modules."""
    return [each for each in OF_PYTHON if each.words[2] in names and PLACEHOLDER not in each.words]


def test_there_are_commands_of_every_kind() -> None:
    assert len(OF_MAKE) > 15
    assert len(modules("local")) > 8
    assert len(modules("ops")) > 10
    assert len(OF_PYTHON) > 30


@pytest.mark.parametrize("snippet", SNIPPETS, ids=str)
def test_a_command_is_one_that_the_reader_has(snippet: Snippet) -> None:
    words = snippet.words
    known = words[0] in ("make", PYTHON) or " ".join(words[:2]) in BY_HAND
    assert known or snippet.page in WALKS, "nobody has tried this"


@pytest.mark.parametrize("snippet", OF_MAKE, ids=str)
def test_a_target_of_make_is_there_with_what_it_is_told(snippet: Snippet) -> None:
    _, *words = snippet.words
    for word in words:
        name, told, _ = word.partition("=")
        if told:
            assert re.search(rf"\$\({name}\)|^{name} \?=|[ ,]{name}[ ,]", MAKEFILE, re.MULTILINE), name
        else:
            assert re.search(rf"^{name}:.* ## ", MAKEFILE, re.MULTILINE), name


@pytest.mark.parametrize("snippet", OF_PYTHON, ids=str)
def test_a_module_is_there_and_knows_its_options(snippet: Snippet) -> None:
    python, _, module, *arguments = snippet.words
    assert python == PYTHON, "the project's own Python has the packages"
    found = importlib.util.find_spec(module)
    assert found is not None
    if found.submodule_search_locations is not None:
        found = importlib.util.find_spec(f"{module}.__main__")
    assert found is not None
    assert found.origin is not None
    said = Path(found.origin).read_text(encoding="utf-8")
    if "tables.command(" in said:
        said += (ROOT / "benchmarks" / "tables.py").read_text(encoding="utf-8")
    for option in (word for word in arguments if word.startswith("-")):
        assert f'"{option}"' in said, option


@pytest.mark.parametrize("snippet", modules("local"), ids=str)
def test_the_local_cloud_takes_the_command(snippet: Snippet) -> None:
    try:
        arguments = local.parser().parse_args(snippet.words[3:])
    except LocalError as error:
        pytest.fail(str(error))
    assert getattr(arguments, "job", None) in {None, *JOBS}


@pytest.mark.parametrize("snippet", modules("ops"), ids=str)
def test_the_operators_command_takes_the_command(snippet: Snippet) -> None:
    if snippet.words[3:]:
        arguments = ops.parser().parse_args(snippet.words[3:])
        assert getattr(arguments, "job", None) in {None, *JOBS}
        queue = getattr(arguments, "queue", None)
        assert queue is None or f'"{queue}"' in STACK
