"""The body of a request: one JSON object in UTF-8, or a refusal that says what it is instead."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, NoReturn

from functions.domain.errors import InvalidError, TooLargeError, invalid_fields
from functions.platform.messages import shown

JSON_TYPE = "application/json"
BODY_BYTES_MAX = 256 * 1024
BODY_CHARACTERS_MAX = BODY_BYTES_MAX // 3 * 4 + 4
"""As many as base64 needs for the largest body: what has more is not even decoded."""
DIGITS_MAX = 19
"""Digits of a whole number: as many as 64 bits hold. No field takes more."""
TOO_MANY_DIGITS = 10**DIGITS_MAX
"""The least whole number that no body may hold: for the document, of a field without a limit of its own."""
BODY = "body"
"""What a fault of the whole body is called in ``errors``."""
_BYTE_ORDER_MARK = "\ufeff"
_PLAIN = ("", "identity")

Event = dict[str, Any]


def read_object(event: Event, media_types: Sequence[str]) -> dict[str, Any]:
    """Return the members of the body, and leave it in the event as plain text, however it was handed over.

    Raises
    ------
    TooLargeError
        ``body_too_large``: over :data:`BODY_BYTES_MAX`, before anything is parsed.
    InvalidError
        ``invalid_request``: it is not one JSON object in UTF-8 of one of these media types; ``errors`` says
        what is wrong with it.
    """
    raw = _bytes_of(event)
    headers = event.get("headers", {})
    _check_sent_as(headers, media_types)
    text = _text_of(raw)
    try:
        found: Any = json.loads(
            text, object_pairs_hook=_each_name_once, parse_constant=_no_number, parse_int=_whole_number
        )
    except json.JSONDecodeError as error:
        raise _at_fault(f"is no JSON: look at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise _at_fault("is nested too deeply") from error
    if not isinstance(found, dict):
        raise _at_fault("must be one JSON object, in braces")
    event["body"], event["isBase64Encoded"] = text, False
    event["headers"] = {**headers, "content-type": JSON_TYPE}
    return found


def _bytes_of(event: Event) -> bytes:
    sent = event.get("body") or ""
    if len(sent) > BODY_CHARACTERS_MAX:
        raise _too_large()
    try:
        raw = base64.b64decode(sent, validate=True) if event.get("isBase64Encoded") else sent.encode()
    except (binascii.Error, ValueError) as error:
        raise _at_fault("cannot be decoded") from error
    if len(raw) > BODY_BYTES_MAX:
        raise _too_large()
    return raw


def _check_sent_as(headers: dict[str, str], media_types: Sequence[str]) -> None:
    """Refuse what says of itself that it is something else."""
    if headers.get("content-encoding", "").strip().lower() not in _PLAIN:
        raise _at_fault("must not be compressed: send it without Content-Encoding")
    kind = headers.get("content-type", JSON_TYPE).partition(";")[0].strip().lower()
    if kind not in media_types:
        raise _at_fault(f"must be sent as {' or '.join(media_types)}: look at Content-Type")


def _text_of(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise _at_fault("must be text in UTF-8") from error
    if text.startswith(_BYTE_ORDER_MARK):
        raise _at_fault("must not begin with a byte order mark")
    if not text.strip():
        raise _at_fault("is missing: this needs one JSON object")
    return text


def _each_name_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says two things under one name: readers would differ on which counts."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise invalid_fields((shown(name), "stands there twice"))
        found[name] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise _at_fault(f"has {name}, which is no JSON number")


def _whole_number(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS_MAX:
        raise _at_fault(f"has a whole number of more than {DIGITS_MAX} digits")
    return int(digits)


def _too_large() -> TooLargeError:
    return TooLargeError("body_too_large", f"A body has at most {BODY_BYTES_MAX} bytes.")


def _at_fault(message: str) -> InvalidError:
    return invalid_fields((BODY, message))
