"""Weather: a look out of the window."""

from functions.weather.timetable import LOOK_OUT
from infra.room import JOB_TIMEOUT, Room


def build(room: Room) -> None:
    """Build the job that looks."""
    room.scheduled(room.function("WeatherJob", "functions.weather.schedule.handler", JOB_TIMEOUT), LOOK_OUT)
