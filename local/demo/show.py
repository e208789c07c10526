"""The whole demo: a cloud of its own, the story, the tables at the end, and nothing left behind."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from functions.domain import policy as policies
from local.demo import figures, look, page, script
from local.demo.acts import Json
from local.demo.player import Played, Player
from local.demo.teller import Teller, console
from local.demo.theatre import Theatre
from local.deployment import Project
from local.errors import LocalError
from local.interrupts import Interrupts
from local.lifecycle import Lifecycle
from local.users import STOREFRONT, Person
from reach.folder import StateFolder, write_atomically

FOLDER = ".local-demo"
"""The demo's own state folder, so that the cloud of ``make run`` and its clock are left alone."""
NEXT = """where to go next
  make run                        the same cloud for yourself, with a clock that you can move
  docs/first-order.md             a first order by hand
  docs/programme.md               the rules that you have just seen
  docs/till.md                    the till at which orders were paid
  make demo RECORD=demo.html      the same as a page with charts"""


def show(
    project: Project,
    chosen: Path | None,
    interrupts: Interrupts,
    *,
    record: Path | None,
    aside: bool,
    stays: bool,
) -> tuple[Json, str]:
    """Live the year; what ``--json`` prints, and what a person reads at the end.

    ``chosen`` is a folder to use instead of the demo's own, which must not hold a cloud. With ``aside`` the
    story is told on stderr, because stdout is for something else. A demo that ``stays`` says where the pages
    are, and keeps its cloud until whoever looks at them has seen enough.

    Raises
    ------
    LocalError
        Something came out otherwise than the script or an invariant says, or the cloud could not be started.
    """
    begun = time.monotonic()
    if record is not None and not record.parent.is_dir():
        raise LocalError(f"there is no folder {record.parent} for the record")
    folder = StateFolder((chosen or project.root / FOLDER).expanduser().resolve())
    out = console(stderr=aside)
    with (
        Teller(out, len(script.STORY)) as teller,
        _cloud(project, folder, interrupts, teller, ours=chosen is None) as theatre,
    ):
        teller.said(f"a year of memberday, on a cloud of its own in {folder.root.name}")
        policy = policies.load()
        year = theatre.now().astimezone(policy.zone).year + 1
        played = Player(theatre, teller, policy, year, script.WARES).play(script.STORY)
        teller.rests()
        tables = (
            figures.accounts(played.books),
            figures.statement(played, script.STATEMENT_OF),
            figures.programme(played),
        )
        for table in tables:
            teller.table(table)
        said = [f"every check held; {time.monotonic() - begun:.0f} s"]
        if record is not None:
            write_atomically(record, page.rendered(played, tables))
            said = [f"recorded in {record}", *said]
        if stays:
            teller.shows([*said, *_to_see(project, folder, theatre)])
            look.until_enough(sys.stdin)
            teller.said("clearing all away")
            said = ["all is cleared away"]
    return _answer(played), "\n".join([*said, NEXT])


def _to_see(project: Project, folder: StateFolder, theatre: Theatre) -> Iterator[str]:
    """Say where the pages are, once all alarms have been looked at, which are on one of them."""
    theatre.look_at_alarms()
    members = [Person(name, theatre.password(name), page=STOREFRONT, group=None) for name in look.MEMBERS]
    people = [*theatre.people(), *members]
    reached_by = f".venv/bin/python -m local --dir {shlex.quote(str(folder.root))}"
    yield from look.lines(project.root, people, theatre.outputs, reached_by)


def _answer(played: Played) -> Json:
    return {
        "year": played.year,
        "figures": figures.figures(played),
        "checks": [
            {"rules": outcome.rules, "says": outcome.says, "holds": not outcome.wrong}
            for outcome in played.chapters[-1].outcomes
        ],
    }


def _opening(now: datetime) -> str:
    """When the story begins that can be lived next."""
    year = script.year_of(now.astimezone(policies.load().zone))
    return script.OPENS_AT.replace("{last}", str(year - 1))


@contextmanager
def _cloud(
    project: Project, folder: StateFolder, interrupts: Interrupts, teller: Teller, *, ours: bool
) -> Iterator[Theatre]:
    """Start and deploy; at the end, whatever that is, nothing runs, and after a success nothing is kept."""
    say: Callable[[str], None] = teller.said
    lifecycle = Lifecycle(replace(project, context=()), folder, interrupts, say)
    if folder.exists():
        if not ours:
            raise LocalError(f"{folder.root} holds a cloud: the demo needs a folder of its own")
        if lifecycle.cloud.running() is not None:
            end = f".venv/bin/python -m local --dir {shlex.quote(str(folder.root))} reset"
            raise LocalError(f"another demo runs in {folder.root}: wait for it, or end it with `{end}`")
        lifecycle.reset()
    folder.create()  # before anything can fail: what is cleared away below is the demo's own
    with ExitStack() as lock:
        lock.enter_context(folder.locked())  # who comes second ends here, and clears nothing away
        try:
            teller.doing("starting the cloud and deploying to it")
            lifecycle.cloud.start(None)
            # Before there are schedules: they would do what is due at the end of the step.
            lifecycle.cloud.move_clock(_opening(lifecycle.cloud.now()))
            lock.close()  # the deployment takes it by itself
            up = lifecycle.up(None)
            yield Theatre(lifecycle.cloud, lifecycle.till, folder, up.outputs, project.stack)
            lifecycle.reset()
        except BaseException:
            lifecycle.till.kill()
            lifecycle.cloud.kill()
            for part in (folder.cloud, folder.assembly, folder.temporary, folder.home):
                shutil.rmtree(part, ignore_errors=True)
            say(f"what the functions printed is in {folder.server_log}")
            raise
