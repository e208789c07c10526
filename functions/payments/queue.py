"""Work queue: the tasks of the jobs on payments; it alone asks providers by itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.payments.asking import Asking, SenderOf
from functions.payments.assigning import Assigning
from functions.payments.book import PaymentBook
from functions.payments.jobs import PaymentJobs
from functions.payments.keys import Keys
from functions.payments.paying_back import PayBack
from functions.payments.reconciling import Reconciling
from functions.payments.senders import Senders
from functions.payments.statements.shelf import Shelf
from functions.platform import bucket, clock, dynamo, fanout
from functions.platform.bucket import Bucket
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.fanout import WorkQueue, consume
from functions.platform.runs import Runs
from functions.platform.settings import (
    CashierSettings,
    ProvidersSettings,
    QueueSettings,
    Settings,
    StatementsSettings,
)


class Worker:
    """The Lambda handler that works tasks off."""

    def __init__(
        self,
        book: PaymentBook,
        sender_of: SenderOf,
        payments_url: str,
        policy: Policy,
        shelf: Shelf,
        on: tuple[str, ...],
        reports_table: str,
        queue: WorkQueue,
        now: Callable[[], datetime],
    ) -> None:
        self._jobs = PaymentJobs(
            book=book,
            asking=Asking(book=book, sender_of=sender_of),
            pay_back=PayBack(book=book, sender_of=sender_of, payments_url=payments_url, clock=now),
            assigning=Assigning(book=book, policy=policy),
            reconciling=Reconciling(book=book, sender_of=sender_of, shelf=shelf, on=on),
            runs=Runs(book.tables, reports_table),
            queue=queue,
        )

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Work each task off, or hand on what is left of it; return the tasks to be delivered again."""
        return consume(event, context, self._jobs.work)


_settings, _policy = Settings.from_environment(), policies.load()
_providers = ProvidersSettings.from_environment()
handler = Worker(
    PaymentBook.of(Tables(dynamo.client()), _settings, _policy),
    Senders(Keys.of(_providers.secrets)),
    CashierSettings.from_environment().payments_url,
    _policy,
    Shelf(Bucket(bucket.client(), StatementsSettings.from_environment().bucket)),
    _providers.names,
    _settings.reports_table,
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    clock.now,
)
