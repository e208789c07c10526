"""What is known of functions that failed, and what they printed of it."""

import json

import pytest

from local.failures import ERROR_CHARACTERS_MAX, Failures, cause


def test_failures_are_counted_in_a_row_and_the_last_is_kept_after_a_success() -> None:
    now = 100.0
    failures = Failures(lambda: now)
    failures.failed("worker", "lot 7")
    failures.failed("worker", "lot 8")
    failures.succeeded("other")
    now = 112.5
    assert failures.shown() == {"worker": {"consecutive": 2, "error": "lot 8", "seconds_ago": 12.5}}
    failures.succeeded("worker")
    assert failures.shown() == {"worker": {"consecutive": 0, "error": "lot 8", "seconds_ago": 12.5}}
    failures.failed("worker", "lot 9")
    assert failures.shown() == {"worker": {"consecutive": 1, "error": "lot 9", "seconds_ago": 0.0}}


def test_a_long_error_is_cut() -> None:
    failures = Failures()
    failures.failed("worker", "x" * 2 * ERROR_CHARACTERS_MAX)
    assert len(failures.shown()["worker"]["error"]) == ERROR_CHARACTERS_MAX


RAISED = json.dumps(
    {"level": "ERROR", "message": "task failed", "exception": "Traceback\n  line 1\nReadTimeoutError: 1 s"}
)
FIGURES = json.dumps({"_aws": {"CloudWatchMetrics": []}, "tasks_failed": [1]})
INFORMED = json.dumps({"level": "INFO", "message": "job"})


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", ""),
        (FIGURES, ""),
        (f"{INFORMED}\n\n{RAISED}\n{INFORMED}\n{FIGURES}\n", "task failed: ReadTimeoutError: 1 s"),
        (f'{{"level": "ERROR", "message": "refused"}}\n{FIGURES}', "refused"),
        ("Traceback\nKeyError: 'job'\n", "KeyError: 'job'"),
        ('["level"]\n{}\n7\n', "7"),
    ],
)
def test_the_cause_is_the_last_error_printed_else_the_last_line_that_is_no_figure(
    log: str, said: str
) -> None:
    assert cause(log) == said
