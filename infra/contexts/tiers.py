"""Members and their tiers: who they are, how they are found, and what the outside hears of them."""

from functions.coupons.coupons import BIRTHDAY
from functions.coupons.held import OF_TEMPLATE
from functions.points.account_rows import ENTRY, NOTICE
from functions.tiers.members import TIER_CHANGE
from infra.constructs.table import grant_rows
from infra.room import Room, rows_that_begin


def build(room: Room) -> None:
    """Build the members' API, the reader that publishes what happens to a member, and the indexing."""
    members, key = room.table("Members"), room.shared.phone_key
    api = room.api("MembersApi", "functions.tiers.api.handler", environment=key.environment)
    grant_rows(members, api, "BatchGetItem", "GetItem", "PutItem", "Query", indexes=["search"])
    key.grant(api)
    room.publisher(
        "MembersPublisher",
        "functions.tiers.stream.handler",
        reader="MembersToBus",
        table="Members",
        filters=[rows_that_begin(each) for each in (ENTRY, NOTICE, TIER_CHANGE, BIRTHDAY, OF_TEMPLATE)],
    )
    # An operator starts the indexing: it reads the whole table, and has the key.
    starter, worker = room.tasks("Members", "functions.tiers", for_worker=key.environment)
    grant_rows(members, worker, "BatchGetItem", "ConditionCheckItem", "PutItem", "Scan")
    key.grant(worker)
    room.scheduled(starter)
