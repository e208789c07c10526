"""What it costs: the member day opens."""

from functions.offers.timetable import OPEN_MEMBER_DAY
from infra.constructs.table import grant_rows
from infra.room import JOB_TIMEOUT, Room


def build(room: Room) -> None:
    """Build the job that opens the member day."""
    function = room.function("MemberDayJob", "functions.offers.schedule.handler", JOB_TIMEOUT)
    grant_rows(room.table("Catalog"), function, "PutItem")
    grant_rows(room.table("Reports"), function, "PutItem")
    room.scheduled(function, OPEN_MEMBER_DAY)
