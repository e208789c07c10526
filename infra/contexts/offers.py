"""What it costs: the member day opens, and campaigns come to their end."""

from infra.constructs.table import grant_rows
from infra.room import JOB_TIMEOUT, Room


def build(room: Room) -> None:
    """Build the jobs that open the member day and put away campaigns that are over."""
    function = room.function("MemberDayJob", "functions.offers.schedule.handler", JOB_TIMEOUT)
    grant_rows(room.table("Catalog"), function, "PutItem")
    grant_rows(room.table("Reports"), function, "PutItem")
    room.scheduled(function)
    ending = room.function("CampaignsJob", "functions.offers.schedule.campaigns_handler", JOB_TIMEOUT)
    grant_rows(room.table("Catalog"), ending, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    grant_rows(room.table("Reports"), ending, "PutItem")
    room.scheduled(ending)
