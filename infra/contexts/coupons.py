"""Birthday coupons: what members see of them, who becomes eligible, and who gets one this month."""

from infra.constructs.table import grant_rows
from infra.room import EXISTS, STREAM_TIMEOUT, Room, rows


def build(room: Room) -> None:
    """Build the coupons' API, the reader of standings, and the job."""
    members = room.table("Members")
    api = room.api("CouponsApi", "functions.coupons.api.handler")
    grant_rows(members, api, "BatchGetItem", "GetItem", "Query", "PutItem", "ConditionCheckItem")
    grant_rows(
        room.table("Catalog"),
        api,
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "UpdateItem",
        indexes=["by_name"],
    )

    eligibility = room.function("BirthdayEligibility", "functions.coupons.stream.handler", STREAM_TIMEOUT)
    grant_rows(members, eligibility, "BatchGetItem", "PutItem", "ConditionCheckItem")
    eligible = rows("STANDING", birthday_shard={"S": EXISTS})
    room.reader("StandingsToCoupons", eligibility, table="Members", filters=[eligible])

    starter, worker = room.tasks("Coupons", "functions.coupons")
    grant_rows(members, worker, "BatchGetItem", "PutItem", "ConditionCheckItem", indexes=["birthdays"])
    room.scheduled(starter)
