"""Tells a story in the terminal as it happens; without a terminal it prints plain lines."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.rule import Rule
from rich.table import Table as RichTable
from rich.text import Text

from local.demo.acts import Chapter
from local.demo.figures import Table
from local.demo.player import Ended, Told

INDENT = 14
WIDTH_MIN = 40
PLAIN_WIDTH = 120


def console(*, stderr: bool = False) -> Console:
    """The console to tell on; where the output is no terminal its width is always the same."""
    made = Console(stderr=stderr, highlight=False, emoji=False)
    return (
        made if made.is_terminal else Console(stderr=stderr, highlight=False, emoji=False, width=PLAIN_WIDTH)
    )


class Teller:
    """An audience that prints; used as a context, it shows below what is being done."""

    def __init__(self, out: Console, chapters: int) -> None:
        self._out = out
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self._task = self._progress.add_task("", total=chapters)

    def __enter__(self) -> Teller:
        """Begin to show what is being done."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show it no more."""
        self.rests()

    def rests(self) -> None:
        """Show no more what is being done, for there is nothing; what is said is still printed."""
        self._progress.stop()

    def begins(self, chapter: Chapter, number: int) -> None:
        """Print a chapter's title."""
        self._progress.update(self._task, completed=number - 1)
        self._out.print()
        self._out.print(Rule(Text(chapter.title, "bold"), align="left", style="dim", characters="─"))

    def doing(self, says: str) -> None:
        """Show what is being done."""
        self._progress.update(self._task, description=says)

    def said(self, text: str) -> None:
        """Print a line that belongs to no chapter."""
        self._out.print(Text(text, "dim"))

    def shows(self, lines: Iterable[str]) -> None:
        """Print what somebody copies from: no line is broken."""
        self._out.print()
        for line in lines:
            self._out.print(Text(line), soft_wrap=True)

    def happened(self, told: Told) -> None:
        """Print a step: what was called, what came of it, and why."""
        self._lines(f"{told.at:%d %b %H:%M}", told.says, "bold")
        if told.calls:
            self._lines("", "; ".join(told.calls), "dim")
        for fact in told.facts:
            self._lines("", fact)
        for change in told.changes:
            self._lines("", f"→ {change}", "green")
        for rule, reason in told.why.items():
            self._lines("", Text.assemble((f"{rule} ", "bold magenta"), reason))
        if told.events:
            self._lines("", "events: " + ", ".join(told.events), "dim")

    def checked(self, ended: Ended) -> None:
        """Print that the books hold, or which check does not."""
        wrong = [outcome for outcome in ended.outcomes if outcome.wrong]
        entries = sum(len(member.entries) for member in ended.books.members.values())
        if not wrong:
            self._lines(
                "",
                f"✓ {len(ended.outcomes)} checks hold: {len(ended.books.members)} wallets, "
                f"{entries} ledger entries, {len(ended.books.orders)} orders",
                "green",
            )
        for outcome in wrong:
            for each in outcome.wrong:
                self._lines("", f"✗ {outcome.rules} {outcome.says}: {each}", "bold red")

    def table(self, table: Table) -> None:
        """Print a table."""
        made = RichTable(header_style="dim")
        for place, name in enumerate(table.columns):
            made.add_column(name, justify="right" if table.is_right(place) else "left", overflow="fold")
        for row in table.rows:
            made.add_row(*map(Text, row))
        self._out.print()
        self._out.print(Text(table.title, "bold"))
        self._out.print(made)

    def _lines(self, first: str, text: str | Text, style: str = "") -> None:
        """Print a text beside what stands left of it, wrapped, without blanks at the ends of lines."""
        made = text if isinstance(text, Text) else Text(text, style)
        for number, line in enumerate(made.wrap(self._out, max(self._out.width - INDENT, WIDTH_MIN))):
            left = Text(f"{first if number == 0 else '':{INDENT}}", "cyan")
            line.rstrip()
            self._out.print(left + line, overflow="ignore", no_wrap=True, crop=False)
