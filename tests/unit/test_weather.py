"""The weather is looked at once a day."""

from functions.domain.policy import load
from functions.weather.schedule import handler
from functions.weather.timetable import LOOK_OUT, timetable


def test_a_look_is_taken_once_a_day() -> None:
    (scheduled,) = timetable(load())
    assert scheduled.job == LOOK_OUT
    assert handler({"job": LOOK_OUT}, None) == {"looked": 1}
