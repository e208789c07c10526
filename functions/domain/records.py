"""Records, which are dataclasses, as plain values."""

from typing import Any


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


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return plain(value)
    if type(value) in (tuple, list):
        return [_plain(each) for each in value]
    return value
