"""What a changed policy would be: whether it holds, and which of its settings are others (K8).

It is pure, and for a text that anybody may have written: each line that is parsed is short enough for the
parser to come to its end at once. A key of thousands of parts would take it minutes.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Fault, Policy, PolicyError

TEXT_BYTES_MAX = 64 * 1024
LINE_CHARACTERS_MAX = 1_000
DOTS_IN_LINE_MAX = 20
"""Dots join the parts of a key, and a key stands in one line: no setting has more than three parts."""
FAULTS_MAX = 100
"""Faults that are told of: somebody who makes more mends these first."""
FAULT_CHARACTERS_MAX = 200
TEXT = "toml"
"""Where a fault is that is the text's as a whole."""
Value = int | bool | str | None
"""What a setting is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting that is another one; None where it is not there."""

    setting: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a text would be as a policy: its version, and what it changes; or what is wrong with it."""

    version: str | None = None
    faults: tuple[Fault, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether it is a policy."""
        return self.version is not None


def check(text: str, stands: Policy) -> Checked:
    """Return what a text would change as the policy in the place of the one that stands; nothing is written.

    It may be whatever somebody sends of at most :data:`TEXT_BYTES_MAX` bytes.
    """
    try:
        would_be = policy_of(text)
    except PolicyError as error:
        faults = error.faults or ((TEXT, str(error)),)
        return Checked(
            faults=tuple((_short(place), _short(message)) for place, message in faults[:FAULTS_MAX])
        )
    return Checked(version=would_be.version, changes=tuple(changes(stands, would_be)))


def policy_of(text: str) -> Policy:
    """Read a policy from a text in TOML that anybody may have written.

    Raises
    ------
    PolicyError
        It cannot be parsed, or breaks a rule; the message names the line, or the fields.
    """
    for number, line in enumerate(text.split("\n"), 1):  # TOML knows no other end of a line
        if len(line) > LINE_CHARACTERS_MAX:
            raise PolicyError(f"has more than {LINE_CHARACTERS_MAX} characters (at line {number})")
        if line.count(".") > DOTS_IN_LINE_MAX:
            raise PolicyError(f"has more than {DOTS_IN_LINE_MAX} dots (at line {number})")
    try:
        return policies.policy_of(tomllib.loads(text))
    except RecursionError as error:
        raise PolicyError("is nested too deeply") from error
    except ValueError as error:  # TOML's own, and a number that no text is made of
        raise PolicyError(str(error)) from error


def changes(before: Policy, after: Policy) -> Iterator[Change]:
    """Give the settings that differ between two policies, by name."""
    old, new = dict(settings(before)), dict(settings(after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield Change(setting=name, before=old.get(name), after=new.get(name))


def settings(policy: Policy) -> Iterator[tuple[str, Value]]:
    """Give every setting of a policy with its value; a tier's goes by its code: ``J3.above_fen``."""
    yield from _leaves(policy.data, "")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for part in value:
            named = {name: each for name, each in part.items() if name != "code"}
            yield from _leaves(named, part["code"])
    else:
        yield path, value


def _short(text: str) -> str:
    return text if len(text) <= FAULT_CHARACTERS_MAX else f"{text[:FAULT_CHARACTERS_MAX]}…"
