"""What is wrong with a field, in our words: a library's name for a fault becomes a sentence for its sender.

What was sent is never repeated: it may be personal.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from functions.domain.identifiers import CALLER_ID, PATH_ID
from functions.platform.shapes import BRANCH, DATE, ENTITY_VERSION

NAME_CHARACTERS_SHOWN = 100
"""Of a name that a caller made up."""
FAULTS_MAX = 50
"""Fields at fault that an answer names; a body can have a million that nobody knows."""
NOT_KNOWN = "is not known here"
_OTHERWISE = "cannot be accepted"
_NOT_NULL = "none_required"
"""What the branch of null says of a value; the other branches say what is wrong with it."""
_WORDS: Mapping[str, str] = {
    "missing": "is needed",
    "extra_forbidden": NOT_KNOWN,
    "string_type": "must be a text",
    "string_unicode": "has characters that no text has",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "has too many digits",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}
_PATTERNS: dict[str, str] = {
    f"^{CALLER_ID}$": "must be 1 to 255 visible ASCII characters",
    f"^{PATH_ID}$": "must be of A-Z a-z 0-9 . _ - and not dots alone",
    DATE: "must be a date such as 1990-02-28",
    ENTITY_VERSION: 'must be a version in double quotes, such as "3"',
}
_CHOICE = r"'([^']*)'"
_MEMBER_OF_UNION = (
    rf"(^{BRANCH}|constrained-|literal\[|function-|nullable|is-instance)"
    r"|^(int|str|bool|float|none|[A-Z]\w+Request)$"
)
"""How the parts of a fault's place look that name no field, but one of several things that a field can be."""


def faults_in_our_words(faults: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return each field at fault, once, with what is wrong with it; the first :data:`FAULTS_MAX` of them.

    Where a field can be one of several things, what each of them would have asked for is joined by "or".
    """
    said: dict[str, list[str]] = {}
    for fault in faults:
        if fault["type"] == _NOT_NULL:
            continue
        field = _field(fault)
        if field not in said and len(said) == FAULTS_MAX:
            break
        messages = said.setdefault(field, [])
        message = message_of(fault)
        if message not in messages:
            messages.append(message)
    return [(field, _joined(messages)) for field, messages in said.items()]


def message_of(fault: Mapping[str, Any]) -> str:
    """Return what is wrong, by the library's name for it and the figures that go with it."""
    kind, figures = fault["type"], fault.get("ctx") or {}
    match kind:
        case "value_error":
            return str(fault["msg"]).removeprefix("Value error, ")
        case "string_pattern_mismatch":
            return _PATTERNS.get(figures["pattern"], _OTHERWISE)
        case "string_too_short":
            least = figures["min_length"]
            return "must not be empty" if least == 1 else f"must have at least {least} characters"
        case "literal_error" | "enum":
            choices = re.findall(_CHOICE, figures["expected"])
            return (
                f"must be {' or '.join(choices)}"
                if len(choices) < 3
                else f"must be one of {', '.join(choices)}"
            )
    return _WORDS[kind].format(**figures) if kind in _WORDS else _OTHERWISE


def _field(fault: Mapping[str, Any]) -> str:
    """Return where a fault is, without what only a union's member is called, and not at any length.

    The last part of the place of what is not known is its name, whatever it looks like: a caller made it up.
    """
    first, *parts = fault["loc"]
    unknown = [parts.pop()] if parts and fault["type"] == "extra_forbidden" else []
    named = [part for part in parts if not (isinstance(part, str) and re.search(_MEMBER_OF_UNION, part))]
    return ".".join(shown(str(part)) for part in (*named, *unknown)) or str(first)


def shown(name: str) -> str:
    """Return a name that a caller made up, or its beginning."""
    return name if len(name) <= NAME_CHARACTERS_SHOWN else f"{name[: NAME_CHARACTERS_SHOWN - 1]}…"


def _joined(messages: list[str]) -> str:
    first, *others = messages
    return ", or ".join([first, *others])
