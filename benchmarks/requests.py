"""Requests against the bare SDK: the time in the handler against the same calls with the same items.

The bare SDK is a client as the SDK makes it, with the functions' time-outs and without the check of
parameters. It sends what a handler has sent, already in DynamoDB's typed form. So the ratio holds all that is
ours: the gateway's event, validation, pricing, the rows, the answer and the line in the log; and what the
functions' client does in another way than the SDK's own (:mod:`functions.platform.typed_json`).
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.operations import LINES, POLICY, lines, stocked
from benchmarks.rounds import Comparison, Work, compared
from functions.platform import dynamo, sdk
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from tests.support import dynoxide, tables
from tests.support.bench import Bench
from tests.support.events import Call, Context, claims

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TIMES = 60
"""Requests of one round."""
METHODS = {
    "BatchGetItem": "batch_get_item",
    "GetItem": "get_item",
    "Query": "query",
    "TransactWriteItems": "transact_write_items",
}
RECORD_ID = re.compile(r"\baud_[0-9a-f]{32}\b")
Sent = list[tuple[str, dict[str, Any]]]
"""The calls of one request: the operation, and what it was asked."""


def measured(*, rounds: int) -> Iterator[Comparison]:
    """Measure checkout and quote of carts of each size, and the wallet."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        bare = sdk.client("dynamodb", endpoint, parameter_validation=False)
        bench = Bench(Tables(client), tables.create(client, "requests"), POLICY)
        bench.open()
        stocked(bench, max(LINES))
        for count in LINES:
            cart = {"lines": lines(count), "coupon": "none"}

            def place(cart: dict[str, Any] = cart) -> Call:
                headers = {"idempotency-key": uuid.uuid4().hex}
                return Call("POST", "/orders", cart, claims("alice"), headers)

            yield against_the_sdk(
                f"checkout, {count} lines", bench.shop_api, place, (client, bare), rounds=rounds
            )
        for count in LINES:
            quote = Call("POST", "/quotes", {"lines": lines(count), "coupon": "none"}, claims("alice"))
            ask = partial(_same, quote)
            yield against_the_sdk(f"quote, {count} lines", bench.shop_api, ask, (client, bare), rounds=rounds)
        wallet = Call("GET", "/members/me/points", who=claims("alice"))
        yield against_the_sdk(
            "see the wallet", bench.points_api, partial(_same, wallet), (client, bare), rounds=rounds
        )


def against_the_sdk(
    name: str,
    api: Api,
    call: Callable[[], Call],
    clients: "tuple[DynamoDBClient, DynamoDBClient]",
    *,
    rounds: int,
    times: int | None = None,
) -> Comparison:
    """Compare what a handler does for a request with the calls that it makes, sent by the bare SDK.

    Parameters
    ----------
    call
        Returns a request, which is asked once: what may be done once only has ids of its own each time.
    clients
        The handler's, and the bare one.
    times
        Requests of a round; :data:`TIMES` unless told.
    """
    each_round = TIMES if times is None else times
    client, bare_client = clients
    with _noted(client) as sent:
        served(api, call().event())
    order_id = next((order for _, asked in sent for order in _order_ids(asked)), None)

    def prepare() -> tuple[Work, Work]:
        events = [call().event() for _ in range(each_round)]
        again = [_with_ids_of_its_own(sent, order_id) for _ in range(each_round)]

        def ours() -> None:
            for event in events:
                served(api, event)

        def bare() -> None:
            for one in again:
                for operation, asked in one:
                    getattr(bare_client, METHODS[operation])(**asked)

        return ours, bare

    return compared(name, prepare, times=each_round, rounds=rounds)


def _same(call: Call) -> Call:
    return call


def served(api: Api, event: dict[str, Any]) -> None:
    """Have a handler serve a request, which it does not refuse."""
    answer = api(event, Context())
    if answer["statusCode"] >= 400:
        raise SystemExit(f"the request was refused: {answer}")


@contextmanager
def _noted(client: "DynamoDBClient") -> Iterator[Sent]:
    """Note what a client is asked."""
    sent: Sent = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        sent.append((model.name, json.loads(json.dumps(params))))

    client.meta.events.register("provide-client-params.dynamodb.*", note)
    try:
        yield sent
    finally:
        client.meta.events.unregister("provide-client-params.dynamodb.*", note)


def _order_ids(asked: dict[str, Any]) -> Iterator[str]:
    """Give the ids of the orders that a transaction puts."""
    for action in asked.get("TransactItems", ()):
        order_id = action.get("Put", {}).get("Item", {}).get("order_id")
        if order_id is not None:
            yield order_id["S"]


def _with_ids_of_its_own(sent: Sent, order_id: str | None) -> Sent:
    """Return calls that can be sent besides those: of another order or record, under another token."""
    text = json.dumps(sent)
    if order_id is not None:
        text = text.replace(order_id, order_id[:-26] + uuid.uuid4().hex[:26].upper())
    again: Sent = json.loads(text)
    for number, (operation, asked) in enumerate(again):
        if "ClientRequestToken" in asked:
            written = json.loads(RECORD_ID.sub(f"aud_{uuid.uuid4().hex}", json.dumps(asked)))
            again[number] = (operation, {**written, "ClientRequestToken": str(uuid.uuid4())})
    return again
