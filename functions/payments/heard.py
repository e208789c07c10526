"""Payments stream: what providers told is worked off, each for itself (Y3)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.domain import policy as policies
from functions.payments.book import PaymentBook
from functions.payments.hearing import hear
from functions.payments.rows import notice_of
from functions.platform import clock, dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume


class Hearer:
    """The Lambda handler that works off what providers told, as the stream's records have it."""

    def __init__(self, book: PaymentBook, now: Callable[[], datetime]) -> None:
        self._book = book
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Let each have its effect; return the records to be delivered again."""
        return consume(event, context, self._hear, log_ids=("subject", "item"))

    def _hear(self, change: RowChange, deadline: Deadline) -> None:
        """Delivered again, or after a job has worked it off, it has no second effect."""
        row = change.after
        hear(self._book, notice_of(row), now=self._now(), deadline=deadline, noticed=row)


handler = Hearer(
    PaymentBook.of(Tables(dynamo.client()), Settings.from_environment(), policies.load()),
    clock.now,
)
