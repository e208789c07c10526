"""What the programme refuses, each with a code that callers can rely on.

Raising one of these means that nothing has happened; only :class:`TryAgainError` leaves that open. The HTTP
face turns them into RFC 9457 problems.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class RefusalError(Exception):
    """A request that the programme does not carry out.

    Parameters
    ----------
    code
        Stable, snake_case; part of the contract with callers.
    detail
        One sentence for people. Never personal data.
    facts
        Further members of the problem document, for example a new quote.
    """

    status: ClassVar[int]

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.facts: Mapping[str, Any] = facts


class MalformedError(RefusalError):
    """The request cannot be read at all."""

    status = 400


class UnauthenticatedError(RefusalError):
    """Nobody we know is asking."""

    status = 401


class ForbiddenError(RefusalError):
    """The caller has no right to ask this."""

    status = 403


class NotFoundError(RefusalError):
    """What was asked for does not exist, or is not the caller's to see."""

    status = 404


class NotAllowedError(RefusalError):
    """What was asked for exists, but not to be asked for like this; ``methods`` says how."""

    status = 405

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__("method_not_allowed", f"Here this can be done: {', '.join(methods)}.")
        self.methods = methods


class ConflictError(RefusalError):
    """The state of things does not allow it now."""

    status = 409


class PreconditionError(RefusalError):
    """What is to be changed is not as the caller said that it must be."""

    status = 412


class TooLargeError(RefusalError):
    """The request is larger than any honest one."""

    status = 413


class InvalidError(RefusalError):
    """The request contradicts a rule, whatever the state of things."""

    status = 422


class TooManyError(RefusalError):
    """The caller has tried too often; ``retry_after_seconds`` says when they may try again."""

    status = 429

    def __init__(self, code: str, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(code, detail)
        self.retry_after_seconds = retry_after_seconds


class TryAgainError(RefusalError):
    """The outcome could not be had in time; the same request with the same key or id is safe."""

    status = 503


def invalid_fields(*faults: tuple[str, str]) -> InvalidError:
    """Return the refusal ``invalid_request`` that names each field at fault and why."""
    errors = [{"field": field, "message": message} for field, message in faults]
    return InvalidError("invalid_request", "Fields of the request cannot be accepted.", errors=errors)
