"""HTTP: paying orders through providers, and money that is no order's."""

from collections.abc import Callable
from datetime import datetime

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.payments.asking import SenderOf
from functions.payments.assigning import Assigning
from functions.payments.book import PaymentBook
from functions.payments.by_hand import Refunds
from functions.payments.cashier import Cashier
from functions.payments.face import PaymentsFace
from functions.payments.keys import Keys
from functions.payments.senders import Senders
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import CashierSettings, ProvidersSettings, Settings


def create(
    book: PaymentBook,
    sender_of: SenderOf,
    on: tuple[str, ...],
    settings: CashierSettings,
    policy: Policy,
    now: Callable[[], datetime],
    *,
    audit_table: str,
) -> Api:
    """Return the payments' API over this book, these providers, policy and clock."""
    api = Api(Recorder(book.tables, audit_table, policy.zone))
    cashier = Cashier(
        book=book,
        sender_of=sender_of,
        on=on,
        payments_url=settings.payments_url,
        return_url=settings.return_url,
    )
    refunds = Refunds(book=book, sender_of=sender_of)
    assigning = Assigning(book=book, policy=policy)
    api.add(PaymentsFace(api, cashier, assigning, refunds, book, policy, now), tag="Payments")
    return api


def _from_environment() -> Api:
    policy, providers = policies.load(), ProvidersSettings.from_environment()
    settings = Settings.from_environment()
    book = PaymentBook.of(Tables(dynamo.client()), settings, policy)
    return create(
        book,
        Senders(Keys.of(providers.secrets)),
        providers.names,
        CashierSettings.from_environment(),
        policy,
        clock.now,
        audit_table=settings.audit_table,
    )


handler = _from_environment()
