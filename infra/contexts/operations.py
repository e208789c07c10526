"""Operations: the watch over the jobs."""

from functions.operations.timetable import WATCH
from infra.constructs.table import grant_rows
from infra.room import JOB_TIMEOUT, Room


def build(room: Room) -> None:
    """Build what looks whether jobs come to their end."""
    watch = room.function("JobsWatch", "functions.operations.schedule.handler", JOB_TIMEOUT)
    grant_rows(room.table("Reports"), watch, "GetItem", "PutItem", "Query")
    room.schedule(watch, WATCH)
