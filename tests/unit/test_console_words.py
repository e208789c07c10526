"""What the console says of what the stack knows: a new alarm needs its words in both languages (K3)."""

import re

from tests.support.pages import example
from tests.support.stack import ROOT

TEXTS = ROOT / "web" / "console" / "src" / "pages" / "today" / "texts.ts"


def test_K3_every_alarm_of_the_stack_has_its_sentence_in_the_console() -> None:
    (said, _) = re.findall(r"alarmSays: \{(.+?)\n  \}", TEXTS.read_text(encoding="utf-8"), re.DOTALL)
    kinds = re.findall(r'^    "?([a-z-]+)"?: ', said, re.MULTILINE)
    alarms = [each["alarm"] for each in example("get_alarms", "all")["alarms"]]
    assert len(kinds) > 15
    assert [
        alarm
        for alarm in alarms
        if not any(re.fullmatch(rf"memberday-dev(-[a-z]+)?-{kind}(-[0-9]+)?", alarm) for kind in kinds)
    ] == []
