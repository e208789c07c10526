"""Whether two runs of the story are the same, but for what no two runs have in common."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

IDS = (
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"(ord|ent)_[a-z2-7]{26}"),
    re.compile(r"cpn_[0-9]{4}_[a-z2-7]{26}"),
    re.compile(r"cpt_[a-z2-7]{26}"),
    re.compile(r"(case )?cas_[a-z2-7]{26}"),
    re.compile(r"[a-z2-7]{26}_[0-9]{2}"),
    re.compile(r"aud_[0-9a-f]{32}"),
    re.compile(r"till-[0-9]{4}"),  # two that are noticed in one second are listed in either order
    re.compile(r"ref_[a-z2-7]{26}_(c[0-9]{5}|[fmp][a-z2-7]{26}|u)"),
    re.compile(r"(wechatpay|alipay|stripe):[A-Za-z0-9_]{10,}"),
    re.compile(r"[2-9A-HJKMNP-TV-Z]{13}"),  # a code that works once
)
"""Ids that are drawn, or follow from one that is. Those that callers make up are the story's."""
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+08:00")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEAR = re.compile(r"20[0-9]{2}")
VERSION = re.compile(r"[0-9a-f]{12}")
ENDS = ("00:00:00", "23:59:59")
"""Times at which a day begins or ends, which do not depend on when somebody asked."""
CURSORS = frozenset({"cursor", "next_cursor"})
EARN_YEARS = frozenset({"earned_in"})
DEVICES = frozenset({"value", "appId", "timeStamp", "nonceStr", "package", "paySign"})
"""What a shopper's device is given by a provider: texts that are drawn, or signed with what is."""
POLICY_VERSIONS = frozenset({"policy_version"})
SPANS_SECONDS = frozenset({"answer_seconds"})
"""How long something took, some of which the story itself takes."""
AS_IT_COMES = frozenset({"begun_at", "ended_at", "parts", "parts_ended", "since"})
"""Of how many parts a run was and how far it has come, and since when an alarm has its state: that of the
deployment, which the story does not decide."""
STORY_SECONDS_MAX = 600


class Likeness:
    """Compares what was recorded in a story's run with what is found in another, ``years`` later.

    An id, or a cursor, may be another one: the same one wherever the recorded one stands, and nowhere else.
    A moment is on the same day of the year, an earn year as many years later, a policy's version any.
    """

    def __init__(self, years: int) -> None:
        self._years = years
        self._found: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def differences(self, recorded: Any, found: Any, place: str = "") -> Iterator[str]:
        """Say where two values differ, and how."""
        if place.rpartition(".")[2] in AS_IT_COMES:
            return
        if isinstance(recorded, dict) and isinstance(found, dict):
            yield from self._in_objects(recorded, found, place)
        elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
            for number, each in enumerate(recorded):
                yield from self.differences(each, found[number], f"{place}.{number}")
        elif type(recorded) is not type(found) or not self._alike(recorded, found, place.rpartition(".")[2]):
            yield f"{place or 'all'}: {found!r}, recorded was {recorded!r}"

    def _in_objects(self, recorded: Mapping[str, Any], found: Mapping[str, Any], place: str) -> Iterator[str]:
        expected = {self._later_year(name): name for name in recorded}
        if expected.keys() != found.keys():
            yield f"{place or 'all'}: has {sorted(found)}, recorded was {sorted(expected)}"
            return
        for name, recorded_name in expected.items():
            yield from self.differences(recorded[recorded_name], found[name], f"{place}.{name}")

    def _alike(self, recorded: Any, found: Any, field: str) -> bool:
        if field in EARN_YEARS:
            return bool(found == recorded + self._years)
        if field in SPANS_SECONDS:
            return bool(abs(found - recorded) <= STORY_SECONDS_MAX)
        if not isinstance(recorded, str):
            return bool(found == recorded)
        if field in DEVICES:
            return bool(recorded) == bool(found)
        if field in POLICY_VERSIONS:
            return bool(VERSION.fullmatch(recorded) and VERSION.fullmatch(found))
        if field in CURSORS or any(each.fullmatch(recorded) and each.fullmatch(found) for each in IDS):
            return (
                self._found.setdefault(recorded, found) == found
                and self._recorded.setdefault(found, recorded) == recorded
            )
        if MOMENT.fullmatch(recorded) and MOMENT.fullmatch(found):
            return self._same_moment(datetime.fromisoformat(recorded), datetime.fromisoformat(found))
        if DAY.fullmatch(recorded) and DAY.fullmatch(found):
            return bool(found == recorded) or self._same_day(
                date.fromisoformat(recorded), date.fromisoformat(found)
            )
        return bool(found == recorded)

    def _same_moment(self, recorded: datetime, found: datetime) -> bool:
        times = recorded.time().isoformat(), found.time().isoformat()
        return self._same_day(recorded.date(), found.date()) and (
            times[0] == times[1] or not set(times) & set(ENDS)
        )

    def _same_day(self, recorded: date, found: date) -> bool:
        return found == recorded.replace(year=recorded.year + self._years)

    def _later_year(self, name: str) -> str:
        return str(int(name) + self._years) if YEAR.fullmatch(name) else name
