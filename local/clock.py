"""The clock of the local cloud: a step forward or a moment, and how far ahead of this machine that is."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from local.errors import LocalError
from reach.folder import write_atomically

POLICY = "functions/domain/policy.toml"
TIME_ZONE_WITHOUT_POLICY = "Asia/Shanghai"
STEP = re.compile(r"\+(?:\d{1,9}[smhd])+")
STEP_PART = re.compile(r"(\d+)([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LAST_YEAR = 2099


def time_zone(project: Path) -> ZoneInfo:
    """The store's time zone, as the programme's policy says."""
    try:
        with (project / POLICY).open("rb") as policy:
            return ZoneInfo(tomllib.load(policy)["time_zone"])
    except (FileNotFoundError, KeyError):
        return ZoneInfo(TIME_ZONE_WITHOUT_POLICY)


def tier_codes(project: Path) -> list[str]:
    """The codes of the store's tiers, from the first up, as the programme's policy says."""
    try:
        with (project / POLICY).open("rb") as policy:
            return [str(tier["code"]) for tier in tomllib.load(policy)["tiers"]]
    except (FileNotFoundError, KeyError):
        return []


def target(text: str, now: datetime) -> datetime:
    """The moment that ``text`` names: a step such as ``+7d`` or ``+1h30m``, or an RFC 3339 time.

    Raises
    ------
    LocalError
        If it is neither, or lies before ``now``: tokens, streams and queues cannot live through a step back.
    """
    if STEP.fullmatch(text):
        parts = STEP_PART.findall(text)
        try:
            moment = now + sum((timedelta(**{UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
        except OverflowError:
            raise LocalError(f"{text!r} leads too far: the clock ends with the year {LAST_YEAR}") from None
    else:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise LocalError(
                f"{text!r} is neither a step like +7d nor a time like 2026-12-31T23:59:50+08:00"
            ) from None
        if moment.tzinfo is None:
            raise LocalError(f"{text!r} has no offset: write for example {text}+08:00")
    if moment < now:
        raise LocalError(f"the clock only moves forward: it is {now.isoformat(timespec='seconds')} already")
    if moment.year > LAST_YEAR:
        raise LocalError(f"{text!r} leads too far: the clock ends with the year {LAST_YEAR}")
    return moment


def lasting_seconds(text: str) -> int:
    """How long ``text`` lasts, which is a step without its sign, such as ``90s``.

    Raises
    ------
    ValueError
        It is none.
    """
    if not STEP.fullmatch(f"+{text}"):
        raise ValueError(text)
    parts = STEP_PART.findall(text)
    return sum(int(count) * int(timedelta(**{UNITS[unit]: 1}).total_seconds()) for count, unit in parts)


def offset_seconds(timestamps: Path) -> float:
    """How far the cloud is ahead of this machine."""
    try:
        return float(timestamps.read_text())
    except FileNotFoundError:
        return 0.0


def write_offset(timestamps: Path, seconds: float) -> None:
    """Set the cloud's time; running processes follow with their next look at the clock."""
    write_atomically(timestamps, f"{seconds:+.3f}\n")


def now_ahead(seconds: float) -> datetime:
    """This machine's time and ``seconds``."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
