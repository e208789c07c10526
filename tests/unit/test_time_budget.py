"""A call that is begun in time ends in time: 503 is said before Lambda cuts the function off."""

from typing import Any

from functions.platform import deadline, dynamo, sdk
from functions.platform.deadline import Deadline
from infra.room import API_TIMEOUT, STREAM_TIMEOUT
from tests.support.events import Context


def test_the_worst_call_fits_into_what_is_kept_back_for_the_answer() -> None:
    assert sdk.CALL_SECONDS_MAX <= deadline.ANSWER_MARGIN_SECONDS


def test_the_client_waits_no_longer_than_the_worst_call_assumes() -> None:
    config: Any = dynamo.client().meta.config
    assert (config.connect_timeout, config.read_timeout) == (
        sdk.CONNECT_SECONDS_MAX,
        sdk.READ_SECONDS_MAX,
    )
    assert config.retries["total_max_attempts"] == sdk.TRIES_MAX


def test_a_function_has_time_to_try_beside_what_is_kept_back() -> None:
    for timeout in (API_TIMEOUT, STREAM_TIMEOUT):
        assert timeout.to_seconds() >= 2 * deadline.ANSWER_MARGIN_SECONDS


def test_an_invocation_with_less_than_that_left_begins_nothing() -> None:
    kept_back_ms = int(deadline.ANSWER_MARGIN_SECONDS * 1000)
    assert Deadline.of(Context(remaining_ms=kept_back_ms)).seconds_left() == 0
    assert Deadline.of(Context(remaining_ms=kept_back_ms + 1_000)).seconds_left() > 0
