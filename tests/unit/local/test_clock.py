"""The local cloud's clock: what it understands, and that it only moves forward."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local import clock
from local.errors import LocalError

NOW = datetime(2026, 12, 10, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("+0s", timedelta()),
        ("+45s", timedelta(seconds=45)),
        ("+90m", timedelta(minutes=90)),
        ("+6h", timedelta(hours=6)),
        ("+7d", timedelta(days=7)),
        ("+1d12h30m", timedelta(days=1, hours=12, minutes=30)),
    ],
)
def test_a_step_counts_from_the_clouds_own_time(text: str, step: timedelta) -> None:
    assert clock.target(text, NOW) == NOW + step


@pytest.mark.parametrize("text", ["2026-12-31T23:59:50+08:00", "2026-12-31T15:59:50Z"])
def test_a_moment_is_taken_as_it_is(text: str) -> None:
    assert clock.target(text, NOW) == datetime(2026, 12, 31, 15, 59, 50, tzinfo=UTC)


def test_the_clock_never_goes_back() -> None:
    with pytest.raises(LocalError, match="only moves forward"):
        clock.target("2026-12-10T17:29:59+08:00", NOW)


def test_the_present_moment_is_no_step_back() -> None:
    assert clock.target("2026-12-10T17:30:00+08:00", NOW) == NOW


@pytest.mark.parametrize(
    "text", ["", "7d", "+7", "+d", "+7w", "+-7d", "+7d ", "-7d", "tomorrow", "2026-13-01T00:00:00Z"]
)
def test_what_is_neither_a_step_nor_a_moment_is_refused(text: str) -> None:
    with pytest.raises(LocalError, match="neither a step"):
        clock.target(text, NOW)


def test_a_moment_without_offset_is_refused_because_it_could_be_any() -> None:
    with pytest.raises(LocalError, match="no offset"):
        clock.target("2026-12-31T23:59:50", NOW)


@pytest.mark.parametrize("text", ["+999999999d", "+40000d", "2100-01-01T00:00:00Z"])
def test_the_clock_has_an_end(text: str) -> None:
    with pytest.raises(LocalError, match="too far"):
        clock.target(text, NOW)


def test_the_offset_is_kept_in_the_form_that_libfaketime_reads(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    assert clock.offset_seconds(file) == 0
    clock.write_offset(file, 604_800.25)
    assert file.read_text() == "+604800.250\n"
    assert clock.offset_seconds(file) == 604_800.25


def test_the_time_zone_is_the_policys(tmp_path: Path) -> None:
    policy = tmp_path / clock.POLICY
    policy.parent.mkdir(parents=True)
    policy.write_text('time_zone = "Asia/Tokyo"\n')
    assert clock.time_zone(tmp_path).key == "Asia/Tokyo"


def test_a_project_without_policy_lives_in_shanghai(tmp_path: Path) -> None:
    assert clock.time_zone(tmp_path).key == "Asia/Shanghai"
