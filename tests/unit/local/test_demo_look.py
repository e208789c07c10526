"""Looking around at the demo's end: who stays and who does not, what is shown, and what ends it."""

import os
import select
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO, cast

import pytest

from local.__main__ import main
from local.demo import look, sale, script, show, today
from local.demo.player import Player
from local.deployment import Project
from local.errors import LocalError
from local.interrupts import Interrupted, Interrupts
from local.users import CONSOLE, ROLES, SHOPPER, STOREFRONT, Person
from ops import pages
from tests.support import story
from tests.support.stack import ROOT

CTRL_C = b"\x03"
SECONDS_MAX = 30
PEOPLE = (Person("console-clerk", "pw-1", CONSOLE, "clerk"), Person("dana", "pw-2", STOREFRONT, None))
OUTPUTS = {"ConsoleUrl": "http://console.test", "StorefrontUrl": "http://shop.test"}


@contextmanager
def given(typed: bytes) -> Iterator[TextIO]:
    """Give an input to which something was typed, and which ends then."""
    reads, writes = os.pipe()
    os.write(writes, typed)
    os.close(writes)
    with os.fdopen(reads) as stream:
        yield stream


@pytest.mark.parametrize("typed", [b"\n", b"enough\nmore\n", b""])
def test_a_line_or_the_end_of_the_input_is_enough(typed: bytes) -> None:
    with given(typed) as stream:
        look.until_enough(stream)


class Signalled:
    """An input that never says anything; whoever begins to read it is sent a signal."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number
        self.reads, self.writes = os.pipe()

    def fileno(self) -> int:
        """Send the signal."""
        os.kill(os.getpid(), self._number)
        return self.reads

    def close(self) -> None:
        """End it."""
        os.close(self.reads)
        os.close(self.writes)


def test_an_interrupt_is_enough_and_no_failure() -> None:
    stream = Signalled(signal.SIGINT)
    with Interrupts().handled():
        look.until_enough(cast("TextIO", stream))
    stream.close()


def test_another_signal_ends_the_command_as_it_does_everywhere() -> None:
    stream = Signalled(signal.SIGTERM)
    with Interrupts().handled(), pytest.raises(Interrupted, match="SIGTERM"):
        look.until_enough(cast("TextIO", stream))
    stream.close()


class Terminal:
    """A terminal, and the keys that are pressed on it; what is typed once it listens is typed at once."""

    def __init__(self) -> None:
        self.keys, self.number = os.openpty()

    def type_when_it_listens(self, monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
        """Have something typed as soon as the terminal's settings have been changed."""
        was = termios.tcsetattr

        def change(number: int, when: int, settings: Any) -> None:
            was(number, when, settings)
            if when == termios.TCSAFLUSH:
                os.write(self.keys, typed)

        monkeypatch.setattr(termios, "tcsetattr", change)

    def close(self) -> None:
        """End it."""
        os.close(self.keys)
        os.close(self.number)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal."""
    made = Terminal()
    yield made
    made.close()


@pytest.mark.parametrize("typed", [b"\n", CTRL_C])
def test_at_a_terminal_enter_and_ctrl_c_are_enough_and_it_is_left_as_it_was(
    terminal: Terminal, typed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = termios.tcgetattr(terminal.number)
    terminal.type_when_it_listens(monkeypatch, typed)
    with open(terminal.number, closefd=False, encoding="utf-8") as stream:
        look.until_enough(stream)
    assert termios.tcgetattr(terminal.number) == before


def test_what_was_typed_while_the_year_went_by_ends_nothing(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.write(terminal.keys, b"too early\n")
    assert select.select([terminal.number], [], [], SECONDS_MAX)[0]  # it has arrived
    terminal.type_when_it_listens(monkeypatch, b"enough\n")
    read: list[bytes] = []
    was = os.read
    monkeypatch.setattr(os, "read", lambda number, size: read.append(was(number, size)))
    with open(terminal.number, closefd=False, encoding="utf-8") as stream:
        look.until_enough(stream)
    assert read == [b"enough\n"]


def test_nobody_is_there_where_the_input_is_no_terminal() -> None:
    assert look.somebody_is_there() is False


@pytest.mark.parametrize(
    ("arguments", "there", "stays"),
    [
        ([], True, True),
        ([], False, False),
        (["--look"], False, True),
        (["--no-look"], True, False),
        (["--json"], True, False),
        (["--json", "--look"], False, True),
    ],
)
def test_the_demo_stays_where_somebody_is_there_or_as_it_is_told(
    tmp_path: Path, arguments: list[str], there: bool, stays: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def shown(*_: Any, **options: Any) -> tuple[dict[str, Any], str]:
        asked.update(options)
        return {}, ""

    monkeypatch.setattr(show, "show", shown)
    monkeypatch.setattr(look, "somebody_is_there", lambda: there)
    assert main(["--dir", str(tmp_path), "demo", *arguments], Project(tmp_path)) == 0
    assert asked["stays"] is stays


def test_everybody_who_signs_in_is_told_what_there_is_to_see(tmp_path: Path) -> None:
    assert set(look.SEES) == {*(f"console-{role}" for role in ROLES), SHOPPER, *look.MEMBERS}
    assert {*look.MEMBERS} <= {each.name for each in (*script.CAST, *sale.SHOPPERS)}
    found = list(look.lines(tmp_path, PEOPLE, OUTPUTS, "reach"))
    assert found[1] == "the console: http://console.test/ (not built yet: make web)"
    assert found[2].split() == ["console-clerk", "pw-1"]
    assert found[4].startswith("the storefront: http://shop.test/")
    assert found[6].strip() == look.SEES["dana"]
    assert found[-1] == "and from another terminal: reach --help"


def test_pages_that_are_built_are_not_said_to_be_missing(tmp_path: Path) -> None:
    built = pages.dist_of(tmp_path, CONSOLE)
    built.mkdir(parents=True)
    (built / pages.INDEX).touch()
    found = list(look.lines(tmp_path, PEOPLE, OUTPUTS, "reach"))
    assert found[1] == "the console: http://console.test/"


class FakeTheatre(SimpleNamespace):
    """A theatre after the play."""

    outputs = OUTPUTS

    def now(self) -> datetime:
        """Return some time."""
        return datetime(2026, 12, 20, tzinfo=UTC)

    def people(self) -> list[Person]:
        """Return who signs in at the console."""
        return [PEOPLE[0]]

    def password(self, who: str) -> str:
        """Return the password of a member."""
        return f"of-{who}"

    def look_at_alarms(self) -> None:
        """Look at nothing."""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What becomes of the cloud, and when somebody looks around, in order."""
    happened: list[str] = []

    @contextmanager
    def cloud(*_: Any, **__: Any) -> Iterator[FakeTheatre]:
        happened.append("starts")
        yield FakeTheatre()
        happened.append("is cleared away")

    monkeypatch.setattr(show, "_cloud", cloud)
    monkeypatch.setattr(look, "until_enough", lambda _: happened.append("is looked at"))
    monkeypatch.setattr(Player, "play", lambda *_: story.played())
    return happened


def live(root: Path, *, stays: bool) -> str:
    """Live the year, and return what is said at its end."""
    return show.show(Project(root), None, Interrupts(), record=None, aside=False, stays=stays)[1]


def test_somebody_looks_around_while_the_cloud_is_there(
    tmp_path: Path, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = live(tmp_path, stays=True)
    assert heard == ["starts", "is looked at", "is cleared away"]
    assert said.startswith("all is cleared away\n")
    told = capsys.readouterr().out
    assert told.index("every check held") < told.index(look.BEGINS) < told.index("of-dana")


def test_where_nobody_looks_it_ends_at_once(
    tmp_path: Path, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = live(tmp_path, stays=False)
    assert heard == ["starts", "is cleared away"]
    assert said.startswith("every check held")
    assert "of-dana" not in capsys.readouterr().out


def test_a_demo_that_fails_never_stays(
    tmp_path: Path, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise LocalError("the demo failed, an invariant does not hold")

    monkeypatch.setattr(Player, "play", fails)
    with pytest.raises(LocalError, match="an invariant does not hold"):
        live(tmp_path, stays=True)
    assert heard == ["starts"]


def test_the_page_of_the_demo_says_who_sees_what() -> None:
    text = (ROOT / "docs/demo.md").read_text(encoding="utf-8")
    for name, sees in look.SEES.items():
        assert f"| `{name}` | {sees} |" in text
    assert today.COUPON in text
    assert today.CODE in text
