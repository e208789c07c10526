"""What a changed policy is said to change."""

import json
from pathlib import Path

import pytest

from local.__main__ import main
from tests.support.policies import FILE, changed


def run(file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Run the command and return what it prints."""
    assert main(["policy-check", str(file), *options]) == 0
    return capsys.readouterr().out


def test_the_policy_in_force_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FILE, capsys) == "valid; nothing would change\n"
    quotes = json.loads(run(FILE, capsys, "--json"))["quotes"]
    assert (quotes["changed"], quotes["sampled"] > 100) == (0, True)


def test_a_changed_rate_changes_zone_prices_of_its_tier_on_the_member_day(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(tmp_path, ('member_day_rate = "0.80"', 'member_day_rate = "0.75"'))
    answer = json.loads(run(file, capsys, "--json"))
    assert answer["changed"] == [{"field": "J3.member_day_rate", "before": "0.80", "after": "0.75"}]
    assert answer["quotes"]["changed"] > 0
    for example in answer["quotes"]["examples"]:
        assert (example["tier"], example["member_zone"], example["at"][8:10]) == ("J3", True, "10")
    assert "J3.member_day_rate: 0.80 -> 0.75" in run(file, capsys)


def test_a_changed_fee_is_shown_with_what_it_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(tmp_path, ("fee_fen = 1_000", "fee_fen = 1_200"))
    assert "by +200 to +200 fen" in run(file, capsys)


def test_a_moved_member_day_is_seen_on_both_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed(tmp_path, ("day = 10", "day = 12"))
    examples = json.loads(run(file, capsys, "--json"))["quotes"]["examples"]
    assert {example["at"][8:10] for example in examples} == {"10", "12"}


def test_a_broken_policy_is_one_line_with_the_fields_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(tmp_path, ("day = 10", "day = 31"))
    assert main(["policy-check", str(file)]) == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "member_day.day" in err
