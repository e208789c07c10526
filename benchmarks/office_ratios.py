"""What the console's requests take, as ratios.

Lists and searches are measured against the bare SDK, which sends the same calls
(:mod:`benchmarks.requests`); a write of staff against the same one without its record (K7), and the preview
of a campaign against the quote of the same cart (K1).
"""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial

from benchmarks.office import (
    ADMIN,
    ALICE,
    CART,
    CART_OF_A_PREVIEW,
    CLERK,
    FINANCE,
    MARKETING,
    PHONE,
    SAVES,
    TODAY,
    adjustment,
    namesakes,
    ordered,
    recorded,
    running,
    sent,
    told,
)
from benchmarks.requests import against_the_sdk, served
from benchmarks.rounds import Comparison, Work, compared
from functions.domain.policy import load
from functions.platform import dynamo, http, sdk
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.trail import Trail
from tests.support import dynoxide, tables
from tests.support.bench import Bench
from tests.support.events import Call


def measured(*, rounds: int, times: int) -> Iterator[Comparison]:
    """Measure what the console asks in a shop with a page of everything."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        clients = (client, sdk.client("dynamodb", endpoint, parameter_validation=False))
        bench = Bench(Tables(client), tables.create(client, "office"), load())
        bench.open()
        for scene in (told, namesakes, sent, ordered, recorded, running):
            scene(bench)
        for name, api, asks in (
            ("find a member by phone", bench.members_api, search({"phone": PHONE})),
            ("find 20 members by name", bench.members_api, search({"name_prefix": "lin"})),
            ("find an order by its parcel", bench.shop_api, look("/orders/search", CLERK, tracking_no="T1")),
            ("see what is due (20 orders)", bench.shop_api, look("/orders/due", CLERK, kind="lapse")),
            ("see the sales of 20 orders", bench.shop_api, look("/reports/sales", FINANCE, date=TODAY)),
            ("see the audit (20 records)", bench.audit_api, look("/audit", ADMIN, operator=FINANCE["sub"])),
        ):
            yield against_the_sdk(name, api, partial(again, asks), clients, rounds=rounds, times=times)
        yield compared(
            "a write of staff with its record, of one without",
            partial(recorded_or_not, bench.points_api, times),
            times=times,
            rounds=rounds,
        )
        yield compared(
            "a campaign's preview, of a quote",
            partial(previewed_or_quoted, bench.shop_api, times),
            times=times,
            rounds=rounds,
        )


def search(sought: dict[str, str]) -> Call:
    """Return a clerk's search for members."""
    return Call("POST", "/members/search", sought, CLERK)


def look(path: str, who: dict[str, str], **query: str) -> Call:
    """Return what somebody of the shop looks at."""
    return Call("GET", path, None, who, query=query)


def again(call: Call) -> Call:
    """Return a request with an id of the gateway's own: a look that has left its record leaves no other."""
    event = call.event()
    event["requestContext"]["requestId"] = uuid.uuid4().hex
    return replace(call, made=event)


def recorded_or_not(points_api: Api, times: int) -> tuple[Work, Work]:
    """Return as many adjustments by staff with their records, and as many that nobody writes down."""

    def adjust(leaving_records: AbstractContextManager[None]) -> Work:
        path = "/members/alice/points/adjustments"
        events = [
            again(Call("POST", path, adjustment(uuid.uuid4().hex), FINANCE)).event() for _ in range(times)
        ]

        def work() -> None:
            with leaving_records:
                for event in events:
                    served(points_api, event)

        return work

    return adjust(nullcontext()), adjust(unrecorded())


@contextmanager
def unrecorded() -> Iterator[None]:
    """Have what is asked meanwhile leave no record, as it would be without an audit."""

    def followed_by_nobody(_: Trail | None) -> AbstractContextManager[None]:
        return nullcontext()

    of_module = vars(http)
    kept = of_module["following"]
    of_module["following"] = followed_by_nobody
    try:
        yield
    finally:
        of_module["following"] = kept


def previewed_or_quoted(shop_api: Api, times: int) -> tuple[Work, Work]:
    """Return as many previews of a campaign, and as many quotes of the same cart."""
    preview = {"campaign": SAVES, **CART_OF_A_PREVIEW}

    def ask(call: Call) -> Work:
        events = [again(call).event() for _ in range(times)]

        def work() -> None:
            for event in events:
                served(shop_api, event)

        return work

    return (
        ask(Call("POST", "/campaigns/more/preview", preview, MARKETING)),
        ask(Call("POST", "/quotes", CART, ALICE)),
    )
