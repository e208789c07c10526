"""How things go at the till, as whoever plays with it has said beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Json = dict[str, Any]
TELLING = ("twice", "late_seconds", "lost")


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What a provider does about telling something."""

    twice: bool = False
    """It is told two times, at once."""
    late_seconds: float = 0.0
    """So long after it has happened it is told first, by the local clock."""
    lost: bool = False
    """It has happened and is never told."""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """A plan from JSON, whose other members are not looked at.

        Raises
        ------
        ValueError
            A value is of a wrong type.
        """
        return cls(**cls._read(value))

    @classmethod
    def _read(cls, value: Mapping[str, Any]) -> Json:
        return {
            "twice": _flag(value, "twice"),
            "late_seconds": _seconds(value, "late_seconds") or 0.0,
            "lost": _flag(value, "lost"),
        }


@dataclass(frozen=True, kw_only=True)
class Plan(Telling):
    """How a shopper pays, and what the provider then does about telling it."""

    wrong_amount: bool = False
    """Another amount than the asked one is paid: one less, or one more where it is the least there is."""
    currency: str | None = None
    """Another currency than the asked one, where the provider knows several."""
    paying_seconds: float = 0.0
    """So long the money is under way, by the local clock."""

    @classmethod
    def _read(cls, value: Mapping[str, Any]) -> Json:
        return {
            **super()._read(value),
            "wrong_amount": _flag(value, "wrong_amount"),
            "currency": _text(value, "currency"),
            "paying_seconds": _seconds(value, "paying_seconds") or 0.0,
        }


@dataclass(frozen=True, kw_only=True)
class RefundPlan(Telling):
    """How refunds go, and what the provider then does about telling what becomes of them."""

    short: bool = False
    """The shop has too little money at the provider: none is taken."""
    processing_seconds: float | None = None
    """So long they are under way, by the local clock; None is as long as the provider takes."""
    fails_seconds: float | None = None
    """So long after they were taken they fail, under way or succeeded; None is never."""
    word: str | None = None
    """How the provider calls it when they fail, where it knows several words."""

    @classmethod
    def _read(cls, value: Mapping[str, Any]) -> Json:
        return {
            **super()._read(value),
            "short": _flag(value, "short"),
            "processing_seconds": _seconds(value, "processing_seconds"),
            "fails_seconds": _seconds(value, "fails_seconds"),
            "word": _text(value, "word"),
        }


def _flag(value: Mapping[str, Any], name: str) -> bool:
    if not isinstance(given := value.get(name, False), bool):
        raise ValueError(f"{name} is true or false")
    return given


def _seconds(value: Mapping[str, Any], name: str) -> float | None:
    if (given := value.get(name)) is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < float("inf"):
        raise ValueError(f"{name} is a number of seconds")
    return float(given)


def _text(value: Mapping[str, Any], name: str) -> str | None:
    given = value.get(name)
    if given is not None and not isinstance(given, str):
        raise ValueError(f"{name} is a text")
    return given
