"""What a dialect is asked and answers, and what it sends by itself, without a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
BEIJING = timezone(timedelta(hours=8))
"""Where WeChat Pay and Alipay tell the time."""


@dataclass(frozen=True)
class Asked:
    """A request; the names of its headers are in lower case, its target is as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        """The query, as it came."""
        return urlsplit(self.target).query

    def parameters(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True)
class Answered:
    """An answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """A notification on its way."""

    headers: Mapping[str, str]
    body: bytes


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answered:
    """An answer in JSON."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answered(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def page_answer(text: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Answered:
    """An answer that a person reads."""
    return Answered(status, text.encode(), {"Content-Type": "text/html; charset=utf-8", **(headers or {})})


def rfc3339(moment: float) -> str:
    """A moment as WeChat Pay writes it."""
    return datetime.fromtimestamp(int(moment), BEIJING).isoformat()


def wall_time(moment: float) -> str:
    """A moment as Alipay writes it."""
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def from_rfc3339(text: str) -> float:
    """The moment of a text with an offset.

    Raises
    ------
    ValueError
        It is none, or has no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.timestamp()


def from_wall_time(text: str) -> float:
    """The moment of a text as Alipay writes it.

    Raises
    ------
    ValueError
        It is none.
    """
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp()


def shown(moment: float) -> str:
    """A moment for people."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
