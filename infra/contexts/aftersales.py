"""After-sales: cases are opened and decided on, come to their ends by themselves, and are told of."""

from functions.aftersales.timetable import FOLLOW_CASES
from infra.constructs.function import ProgrammeFunction
from infra.constructs.table import grant_rows
from infra.room import Room, rows


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
    _grant_what_moves(room, api)
    grant_rows(room.table("Members"), api, "ConditionCheckItem")

    room.publisher(
        "CasesPublisher",
        "functions.aftersales.stream.handler",
        reader="CasesToBus",
        table="Cases",
        filters=[rows("CASE")],
    )

    starter, worker = room.tasks("Case", "functions.aftersales")
    grant_rows(room.table("Cases"), starter, indexes=["cases_due"])
    grant_rows(room.table("Cases"), worker, "GetItem", "PutItem", "UpdateItem", indexes=["cases_due"])
    _grant_what_moves(room, worker)
    room.scheduled(starter, FOLLOW_CASES)


def _grant_what_moves(room: Room, function: ProgrammeFunction) -> None:
    """Let a function change an order with its case, and what that gives back."""
    grant_rows(room.table("Orders"), function, "BatchGetItem", "GetItem", "PutItem")
    grant_rows(room.table("Payments"), function, "PutItem")
    grant_rows(room.table("Members"), function, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    grant_rows(room.table("Catalog"), function, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
