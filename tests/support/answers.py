"""What the generated client's answers are taken for: what was asked for, or a refusal."""

from typing import TypeVar

from memberday_client.models import GatewayAnswer, Problem

T = TypeVar("T")


def granted(answer: T | Problem | GatewayAnswer | None) -> T:
    """Return what was asked for; a refusal fails the test."""
    assert answer is not None, "a status that the document does not name"
    assert not isinstance(answer, Problem | GatewayAnswer), answer
    return answer


def refused(answer: object) -> Problem:
    """Return why something was refused; anything else fails the test."""
    assert isinstance(answer, Problem), answer
    return answer
