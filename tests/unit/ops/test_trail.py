"""What an operator finds in the logs by an id, and which functions are traced while they are wanted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops import trail
from ops.errors import OpsError
from ops.stack import Stack

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Suite(Stack):
    """A suite of two functions, whose logs hold some lines."""

    def __init__(self, **lines: list[tuple[int, str]]) -> None:
        self.aws = self  # type: ignore[assignment]
        self.lines = lines
        self.asked: list[dict[str, Any]] = []
        self.modes: dict[str, str] = {}

    def functions(self) -> dict[str, str]:
        """Return them by what they are called."""
        return {"ShopApi": "shop", "PointsPosting": "points"}

    def client(self, service: str) -> "Suite":
        """Stand in for every client."""
        return self

    def get_paginator(self, operation: str) -> "Suite":
        """Stand in for its pages."""
        return self

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:
        """Say where a function logs."""
        return {"LoggingConfig": {"LogGroup": FunctionName}}

    def update_function_configuration(self, *, FunctionName: str, TracingConfig: dict[str, str]) -> None:
        """Take how it is traced."""
        self.modes[FunctionName] = TracingConfig["Mode"]

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        """Give the lines of a log."""
        self.asked.append(asked)
        found = self.lines.get(asked["logGroupName"], [])
        return [{"events": [{"timestamp": at, "message": message} for at, message in found]}]


def test_lines_of_all_functions_are_shown_oldest_first_and_read_where_they_can_be() -> None:
    suite = Suite(
        shop=[(20, '{"message":"request","correlation_id":"r1"}\n'), (21, '{"correlation_id":"r12"}')],
        points=[(10, "Task timed out r1\n"), (30, '"r1"'), (40, "nothing of it")],
    )
    assert trail.find(suite, "r1", until=NOW, hours=2) == [
        {"at": 10, "function": "PointsPosting", "line": "Task timed out r1"},
        {"at": 20, "function": "ShopApi", "line": {"message": "request", "correlation_id": "r1"}},
        {"at": 21, "function": "ShopApi", "line": {"correlation_id": "r12"}},
        {"at": 30, "function": "PointsPosting", "line": '"r1"'},
    ]
    spans = {(asked["startTime"], asked["endTime"]) for asked in suite.asked}
    assert spans == {tuple(int(each.timestamp() * 1_000) for each in (NOW - timedelta(hours=2), NOW))}
    assert {asked["filterPattern"] for asked in suite.asked} == {'"r1"'}


@pytest.mark.parametrize("text", ["", 'a" "b'])
def test_what_is_no_id_is_looked_for_nowhere(text: str) -> None:
    suite = Suite()
    with pytest.raises(OpsError, match="is no id"):
        trail.find(suite, text, until=NOW, hours=1)
    assert suite.asked == []


def test_a_function_is_traced_from_when_it_is_asked_for_until_it_is_not() -> None:
    suite = Suite()
    trail.trace(suite, "ShopApi", on=True)
    assert suite.modes == {"shop": "Active"}
    trail.trace(suite, "ShopApi", on=False)
    assert suite.modes == {"shop": "PassThrough"}
    with pytest.raises(OpsError, match="there are PointsPosting, ShopApi"):
        trail.trace(suite, "Shop", on=True)
