"""What a provider is asked of an attempt that is due, and what its answer makes of it (Y2, Y5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.domain.errors import TryAgainError
from functions.orders.life import as_of
from functions.orders.order import Status
from functions.payments import attempts
from functions.payments.attempts import Attempt, State
from functions.payments.book import PaymentBook
from functions.payments.hearing import hear
from functions.payments.providers.provider import (
    Answer,
    ProviderRefusedError,
    Sender,
    Stands,
    UnansweredError,
)
from functions.platform.deadline import Deadline
from functions.platform.observability import logger

CLOSE_SECONDS = 8.0
"""What must be left of a deadline, besides its margin, before a provider is asked to close an attempt: that
is three calls at worst, of four seconds each."""
SenderOf = Callable[[str], Sender]
"""Gives who asks a provider, by its name; made anew for each use, so that none keeps a request's state (W7).

Raises :class:`UnansweredError` where its keys cannot be had.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Asks providers after attempts, and writes what they say."""

    book: PaymentBook
    sender_of: SenderOf

    def work(self, order_id: str, place: int, *, now: datetime, deadline: Deadline) -> None:
        """Ask after an attempt that is due; one that is not, or is at its end, is let be.

        The index may be behind, and so may two workers meet: what is written is conditioned on the attempt as
        it was read.

        Raises
        ------
        TryAgainError
            What was found could not be settled.
        """
        attempt = self.book.attempt(order_id, place)
        if attempt is None or attempt.due_at is None or attempt.due_at > now:
            return
        if deadline.seconds_left() < CLOSE_SECONDS:
            raise unanswered()
        order = as_of(self.book.orders.require(order_id), now)
        if attempt.state is State.OPEN and (now >= attempt.ends_at or order.status is not Status.PLACED):
            closing = attempts.closing(attempt, now)
            if not self.book.replace(attempt, closing):
                return
            attempt = closing
        if attempt.state is State.CLOSING:
            self.close(attempt, now=now, deadline=deadline)
            return
        answer = self._answer(attempt, closes=False)
        if answer is not None and self._ends(attempt, answer, now=now, deadline=deadline):
            return
        kept = attempt if answer is None else attempts.keeping(attempt, answer.kept)
        self._written(attempt, attempts.asked(kept, now))

    def close(self, attempt: Attempt, *, now: datetime, deadline: Deadline) -> Stands | None:
        """Ask that a closing attempt be closed; return how it stands, or None where nobody says (Y2)."""
        answer = self._answer(attempt, closes=True)
        if answer is not None and self._ends(attempt, answer, now=now, deadline=deadline):
            return answer.stands
        stands = None if answer is None else answer.stands
        if stands is not Stands.PAYING and attempts.is_over(attempt, now, unanswered=stands is None):
            self._written(attempt, attempts.closed(attempt))
            return Stands.CLOSED
        kept = attempt if answer is None else attempts.keeping(attempt, answer.kept)
        absent = attempt.absent if stands is None else stands is Stands.ABSENT
        self._written(attempt, attempts.still_closing(kept, now, absent=absent))
        return stands

    def _ends(self, attempt: Attempt, answer: Answer, *, now: datetime, deadline: Deadline) -> bool:
        """Write what ends an attempt: its money, or that there will be none; return whether it has ended."""
        if answer.stands is Stands.PAID and answer.notice is not None:
            hear(self.book, answer.notice, now=now, deadline=deadline)
            return True
        if answer.stands is Stands.CLOSED:
            self._written(attempt, attempts.closed(attempt))
            return True
        return False

    def _answer(self, attempt: Attempt, *, closes: bool) -> Answer | None:
        """Return what the provider says, or None where it says nothing that can be trusted."""
        try:
            sender = self.sender_of(attempt.provider)
            if closes:
                return sender.close(attempt.asking, attempt.kept)
            return sender.ask(attempt.asking, attempt.kept)
        except UnansweredError:
            logger.warning("provider did not answer", extra=_about(attempt))
        except ProviderRefusedError as refusal:
            logger.warning("provider refused to say", extra=_about(attempt) | {"its_code": refusal.code})
        return None

    def _written(self, before: Attempt, after: Attempt) -> None:
        """Write what has become of an attempt; where another was faster, what that one wrote holds."""
        if not self.book.replace(before, after):
            logger.info("attempt has changed meanwhile", extra=_about(before))


def unanswered() -> TryAgainError:
    """Return the refusal of what hangs on a provider's answer that has not come."""
    return TryAgainError("try_again", "The payment provider did not answer; send the same request again.")


def _about(attempt: Attempt) -> dict[str, str]:
    return {"attempt_id": attempt.attempt_id, "provider": attempt.provider}
