"""Payments through providers: who asks for one, what providers tell, and what comes of both (Y1-Y8).

What is signed or checked by a provider's key runs from a bundle of its own, with the providers' SDKs in it.
"""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_

from functions.payments.routes import PUBLIC_ROUTES
from infra import bundle
from infra.constructs.function import CORE_MEGABYTES, ProgrammeFunction
from infra.constructs.statements import Statements
from infra.constructs.table import grant_rows
from infra.room import API_TIMEOUT, EXISTS, STREAM_TIMEOUT, Room, rows
from infra.shared import RECEIVE, SEND

NOTIFICATIONS_MAX = 20
"""Notifications at once: whoever has no token cannot take the checkout's share."""
CASHIER_TIMEOUT = Duration.seconds(29)
"""Its provider may be asked to close one attempt and to open another; an HTTP API waits thirty seconds."""
PAID_PAGE = "/paid"
"""The storefront's page that leads to the order which was being paid."""
STORE = ("BatchGetItem", "GetItem", "PutItem", "UpdateItem")
"""What is done with attempts and notices: all but to delete one, and to read them all."""


def build(room: Room) -> None:
    """Build the API of payments, what hears providers, who works off what they tell, and the jobs.

    A function that answers a provider or a shopper has a whole core: it loads an SDK when it starts, and a
    provider waits three seconds.
    """
    code = room.code(bundle.payments)
    payments, keys = room.table("Payments"), room.shared.payment_keys
    cashier = keys.environment | {
        "PAYMENTS_URL": f"{room.shared.api_url}/payments",
        "PAYMENTS_RETURN_URL": _returns_to(room),
    }

    api = room.api(
        "PaymentsApi",
        "functions.payments.api.handler",
        environment=cashier,
        code=code,
        memory_megabytes=CORE_MEGABYTES,
        timeout=CASHIER_TIMEOUT,
    )
    grant_rows(payments, api, *STORE, "Query", indexes=["unassigned", "refunds_listed"])
    _grant_orders(room, api, "ConditionCheckItem")
    keys.grant(api, SEND)

    _notifications(room, code)

    heard = room.function("PaymentsHeard", "functions.payments.heard.handler", STREAM_TIMEOUT, code=code)
    grant_rows(payments, heard, *STORE)
    _grant_orders(room, heard)
    room.reader("PaymentsToOrders", heard, table="Payments", filters=[rows(to_work={"S": EXISTS})])

    room.publisher(
        "PaymentsPublisher",
        "functions.payments.stream.handler",
        reader="PaymentsToBus",
        table="Payments",
        filters=[rows(told={"S": EXISTS})],
        code=code,
    )

    statements = Statements(room.stack, "Statements", stage=room.stage) if room.stage.payment_keys else None
    bucket = {"STATEMENTS_BUCKET": "" if statements is None else statements.bucket_name}
    starter, worker = room.tasks("Payments", "functions.payments", for_worker=cashier | bucket, code=code)
    grant_rows(payments, starter, indexes=["payments_due"])
    grant_rows(payments, worker, *STORE, "ConditionCheckItem", "Query", indexes=["payments_due"])
    _grant_orders(room, worker, "ConditionCheckItem")
    keys.grant(worker, SEND)
    if statements is not None:
        statements.grant_keeping(worker)
    room.scheduled(starter)


def _returns_to(room: Room) -> str:
    """Return where a shopper comes back to who has paid: on the local cloud, our storefront if no other page.

    On AWS nobody is led to it unasked: a shop has pages of its own, and may never have published ours.
    """
    if room.stage.returns_to or not room.stage.local:
        return room.stage.returns_to
    return f"{room.shared.storefront}{PAID_PAGE}"


def _notifications(room: Room, code: lambda_.Code) -> None:
    """Build what providers tell: it may put a row and read the keys that check one, and nothing else."""
    keys = room.shared.payment_keys
    function = room.function(
        "PaymentsNotifications",
        "functions.payments.notifications.handler",
        API_TIMEOUT,
        environment=room.shared.table_names | keys.environment,
        at_once_max=NOTIFICATIONS_MAX,
        code=code,
        memory_megabytes=CORE_MEGABYTES,
    )
    grant_rows(room.table("Payments"), function, "PutItem")
    keys.grant(function, RECEIVE)
    room.serve(function, PUBLIC_ROUTES["PaymentsNotifications"], public=True)


def _grant_orders(room: Room, function: ProgrammeFunction, *more: str) -> None:
    """Let a function record a payment with its order, which is put whole, and read what that is about."""
    grant_rows(room.table("Orders"), function, "BatchGetItem", "GetItem", "PutItem", *more)
    for table in ("Members", "Catalog"):
        grant_rows(room.table(table), function, "BatchGetItem", "GetItem")
