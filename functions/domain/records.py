"""Records, which are dataclasses, as plain values, and back."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def plain(record: Any) -> dict[str, Any]:
    """Return a record's fields by name, records within it as plain values too.

    What is no record is taken as it is: :func:`dataclasses.asdict` would copy it, in ten times the time.
    Dicts are no records, whatever is in them.

    Raises
    ------
    AttributeError
        It is no record.
    """
    return {name: _plain(getattr(record, name)) for name in record.__dataclass_fields__}


def read_as(reader: Callable[[Any], T], value: Any) -> T | None:
    """Read a value that may not be there."""
    return None if value is None else reader(value)


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return plain(value)
    if type(value) in (tuple, list):
        return [_plain(each) for each in value]
    return value
