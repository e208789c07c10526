"""Looking around at the year's end: where the pages are, who signs in, and waiting until that is enough."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from local.interrupts import Interrupted
from local.users import CONSOLE, STOREFRONT, Person
from ops import pages

BEGINS = "look around, as long as you like: Enter, Ctrl-C or the end of the input clears all away"
TYPED_BYTES_MAX = 4_096
"""More of what somebody types is never read: the first line is enough."""
SEES: Mapping[str, str] = {
    "console-clerk": "orders to ship, cases by deadline and a dispute, a parcel that is late, stock",
    "console-marketing": "campaigns that run, and what they gave; one to come, one paused; templates",
    "console-finance": "money that is no order's, a refund that failed, a statement a fen off, reports",
    "console-admin": "all of that, and jobs with their last runs, what the clerk did, and the policy",
    "shopper": "nothing yet: somebody who joins",
    "dana": "the statement above, a coupon to use, a parcel that is late and what she said of it",
    "ivy": "a return that waits for staff, and one that WeChat Pay has paid back",
    "jun": "a return on its way back, and a towel that became a cloth",
    "kai": "a refund that failed, a complaint that was settled, a coupon by code",
    "gus": "an order to pay within half an hour, a debt of points that was paid",
    "fay": "the highest tier's prices on this member day, a dispute",
}
"""What there is to see, by who signs in."""
MEMBERS = ("dana", "ivy", "jun", "kai", "gus", "fay")
"""Who of the story signs in at the storefront."""


def somebody_is_there() -> bool:
    """Whether a person sits before the command, who can read what it prints and end it."""
    try:
        return sys.stdin.isatty() and sys.stdout.isatty() and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def lines(root: Path, people: Sequence[Person], outputs: Mapping[str, str], reached_by: str) -> Iterator[str]:
    """Say where the pages are, and who signs in there to see what.

    Parameters
    ----------
    root
        The project's folder, in which the pages are built.
    people
        Everybody who can sign in.
    outputs
        What the stack says of itself.
    reached_by
        The command by which the cloud is reached from another terminal.
    """
    yield BEGINS
    for page in (CONSOLE, STOREFRONT):
        there = pages.built(pages.dist_of(root, page))
        yield f"the {page}: {outputs[f'{page.title()}Url']}/{'' if there else ' (not built yet: make web)'}"
        for each in people:
            if each.page == page:
                yield f"  {each.name:18} {each.password}"
                yield f"  {'':18} {SEES[each.name]}"
    yield f"and from another terminal: {reached_by} --help"


def until_enough(given: TextIO) -> None:
    """Wait for a line, for Ctrl-C, or for the end of what is given.

    Raises
    ------
    Interrupted
        The command is to end for another reason than Ctrl-C.
    """
    try:
        with _ctrl_c_is_a_line(given.fileno()) as number:
            os.read(number, TYPED_BYTES_MAX)
    except OSError:  # the terminal has gone, and who sat before it
        return
    except Interrupted as error:
        if error.number != signal.SIGINT:
            raise


@contextmanager
def _ctrl_c_is_a_line(number: int) -> Iterator[int]:
    """Have a terminal end a line at Ctrl-C, and interrupt nobody.

    Otherwise ``make``, which waits for us, would be interrupted as well, and call it a failure. What was
    typed before is thrown away: it was not meant for this.
    """
    if not os.isatty(number):
        yield number
        return
    before = termios.tcgetattr(number)
    signs = list(before[6])
    signs[termios.VEOL] = signs[termios.VINTR]
    signs[termios.VINTR] = bytes([os.fpathconf(number, "PC_VDISABLE") & 0xFF])
    termios.tcsetattr(number, termios.TCSAFLUSH, [*before[:6], signs])
    try:
        yield number
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
