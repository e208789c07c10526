"""How often a member has guessed at codes: what failed in the last minutes, in one row under a version (V10).

Whatever tells somebody that a code is right goes by the version that was read, too: of guesses sent all at
once, no more are answered than of those sent one by one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from functions.domain import calendar
from functions.domain.errors import TooManyError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.tiers import members

ATTEMPTS = "ATTEMPTS"
GUESSES_MAX = 10
GUESSES_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """An attempt that failed; ``guess_id`` tells it from others of the same second."""

    at: datetime
    guess_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """A member's guesses, the latest last; ``version`` 0 is no row yet."""

    version: int = 0
    guesses: tuple[Guess, ...] = ()

    def lately(self, at: datetime) -> tuple[Guess, ...]:
        """Return those of the last minutes."""
        return tuple(guess for guess in self.guesses if at < guess.at + GUESSES_WITHIN)

    def check(self, at: datetime) -> None:
        """Refuse to look at another code before the first of too many guesses is long enough ago.

        Raises
        ------
        TooManyError
            ``too_many_attempts``.
        """
        lately = self.lately(at)
        if len(lately) >= GUESSES_MAX:
            free = lately[-GUESSES_MAX].at + GUESSES_WITHIN
            raise TooManyError(
                "too_many_attempts",
                "Too many codes were not valid; try again later.",
                retry_after_seconds=max(1, int((free - at).total_seconds())),
            )

    def has(self, guess_id: str) -> bool:
        """Tell whether a guess is among them."""
        return any(guess.guess_id == guess_id for guess in self.guesses)

    def failed(self, guess: Guess) -> "Attempts":
        """Return them with another one, without those that count no more."""
        return replace(self, guesses=(*self.lately(guess.at), guess))


def key(member_id: str) -> dict[str, str]:
    """Return the key of a member's guesses."""
    return members.key(member_id, ATTEMPTS)


def attempts_of(row: Row | None) -> Attempts:
    """Read a member's guesses; one without a row has made none."""
    if row is None:
        return Attempts()
    return Attempts(
        version=row["version"],
        guesses=tuple(Guess(at=calendar.from_row(at), guess_id=name) for at, name in row["guesses"]),
    )


def put(transaction: Transaction, table: str, member_id: str, attempts: Attempts) -> None:
    """Add to a transaction that a member's guesses are these, over those of the version that was read."""
    row = {
        **key(member_id),
        "version": attempts.version + 1,
        "guesses": [[calendar.to_row(guess.at), guess.guess_id] for guess in attempts.guesses],
    }
    transaction.put_version(table, row, replaces=attempts.version)


def require(transaction: Transaction, table: str, member_id: str, attempts: Attempts) -> None:
    """Add to a transaction that a member's guesses are still those that were read."""
    if attempts.version == 0:
        transaction.require(table, key(member_id), condition="attribute_not_exists(#member_id)")
    else:
        transaction.require(
            table, key(member_id), condition="#version = :version", values={":version": attempts.version}
        )


@dataclass(frozen=True, slots=True)
class Guesses:
    """The members' guesses. ``table`` is the members'."""

    tables: Tables
    table: str

    def forget(self, member_id: str, deadline: Deadline) -> None:
        """Forget when codes of an erased member failed. They can send no others, so none comes after it."""

        def attempt() -> None:
            found = attempts_of(self.tables.get(self.table, key(member_id)))
            if found.guesses:
                transaction = self.tables.transaction()
                put(transaction, self.table, member_id, replace(found, guesses=()))
                transaction.commit(deadline)

        until_clear(attempt, deadline)
