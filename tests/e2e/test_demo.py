"""``python -m local demo`` lives its year, proves it, writes it down, and leaves nothing behind."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.demo import script
from local.demo.checks import CHECKS
from tests.support.stack import ROOT

DEMO_SECONDS_MAX = 900


def processes_of(folder: Path) -> list[str]:
    """Return the processes that name a folder in their command line."""
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    return [line for line in listed.splitlines() if str(folder) in line]


def test_the_demo_lives_a_year_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, record = tmp_path / "cloud", tmp_path / "demo.html"
    command = [sys.executable, "-m", "local", "--json", "--dir", str(folder), "demo", "--record", str(record)]
    result = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=DEMO_SECONDS_MAX
    )
    assert result.returncode == 0, result.stderr[-3_000:]
    answer = json.loads(result.stdout)
    assert [check["says"] for check in answer["checks"]] == [says for says, _, _ in CHECKS]
    assert all(check["holds"] for check in answer["checks"])
    assert answer["figures"]["members"] == "1 J0, 6 J1, 1 J2, 2 J3, 1 J5"
    assert answer["figures"]["points lapsed"] == "500"
    assert answer["figures"]["of it at the till"] == "1 alipay, 1 stripe, 2 wechatpay"
    assert answer["figures"]["freight of returns"] == "24.00 yuan"
    assert answer["figures"]["cases"] == "1 complaint, 1 exchange, 2 return"

    story = result.stderr
    at = -1
    for chapter in script.STORY:
        assert story.index(chapter.title) > at, chapter.title
        at = story.index(chapter.title)
    assert story.count("checks hold:") == len(script.STORY)
    assert "\x1b" not in story
    for kind in (
        "CouponIssued",
        "MemberDayOpened",
        "PointsExpiring",
        "PointsExpired",
        "RefundDue",
        "CaseOpened",
        "DeliveryLate",
    ):
        assert re.search(rf"events: .*{kind}", story), kind

    page = record.read_text(encoding="utf-8")
    for name, value in answer["figures"].items():
        assert f">{name}</td>" in page
        assert f">{value}</td>" in page
    assert not re.search(r"https?:|<script|\ssrc=", page)

    assert not folder.exists()
    assert processes_of(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_running(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "cloud"
    command = [sys.executable, "-u", "-m", "local", "--dir", str(folder), "demo"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        assert any(script.STORY[0].title in line for line in demo.stdout)
        assert processes_of(folder) != []
        demo.send_signal(number)
        said = demo.stdout.read()
        assert demo.wait(DEMO_SECONDS_MAX) == 128 + number, said
    assert processes_of(folder) == []
    assert "server.log" in said
