"""After-sales: cases are opened and decided on, come to their ends by themselves, and are told of."""

from infra.constructs.table import grant_rows
from infra.room import Room, rows

CASE_WORKERS_MAX = 4
"""One for each shard of the job: more would find nothing to do."""


def build(room: Room) -> None:
    """Build the API of cases, the reader that publishes them, and their job."""
    api = room.api("CasesApi", "functions.aftersales.api.handler")
    grant_rows(
        room.table("Cases"),
        api,
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "UpdateItem",
        indexes=["cases_by_deadline", "cases_by_member"],
    )
    grant_rows(room.table("Orders"), api, "BatchGetItem", "GetItem", "PutItem")
    grant_rows(room.table("Payments"), api, "PutItem")
    grant_rows(
        room.table("Members"),
        api,
        "BatchGetItem",
        "ConditionCheckItem",
        "GetItem",
        "PutItem",
        "UpdateItem",
    )
    grant_rows(room.table("Catalog"), api, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")

    room.publisher(
        "CasesPublisher",
        "functions.aftersales.stream.handler",
        reader="CasesToBus",
        table="Cases",
        filters=[rows("CASE")],
    )

    # What happens to a case by itself moves no money, and no stock but what was held for an exchange.
    starter, worker = room.tasks("Case", "functions.aftersales", workers=CASE_WORKERS_MAX)
    grant_rows(room.table("Cases"), starter, indexes=["cases_due"])
    grant_rows(room.table("Cases"), worker, "GetItem", "PutItem", "UpdateItem", indexes=["cases_due"])
    grant_rows(room.table("Orders"), worker, "GetItem", "PutItem")
    grant_rows(room.table("Catalog"), worker, "GetItem", "UpdateItem")
    room.scheduled(starter)
