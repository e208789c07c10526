"""What a client's calls to DynamoDB cost: the calls one by one, and the capacity units that they consume."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})


@dataclass
class Usage:
    """Calls by operation, and read and write units, those of the indexes with them."""

    calls: Counter[str] = field(default_factory=Counter)
    read_units: float = 0
    write_units: float = 0


@contextmanager
def counted(client: "DynamoDBClient") -> Iterator[Usage]:
    """Count what a client's calls cost, for as long as this lasts."""
    usage = Usage()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        capacity = parsed.get("ConsumedCapacity", [])
        listed = capacity if isinstance(capacity, list) else [capacity]
        units = sum(each["CapacityUnits"] for each in listed)
        usage.calls[model.name] += 1
        if model.name in READS:
            usage.read_units += units
        else:
            usage.write_units += units

    events = client.meta.events
    events.register("before-parameter-build.dynamodb.*", ask)
    events.register("after-call.dynamodb.*", note)
    try:
        yield usage
    finally:
        events.unregister("before-parameter-build.dynamodb.*", ask)
        events.unregister("after-call.dynamodb.*", note)
