"""What a client's calls to DynamoDB cost: the calls one by one, and the capacity units that they consume."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})


@dataclass
class Usage:
    """Calls, and capacity units with those of the indexes, by operation."""

    calls: Counter[str] = field(default_factory=Counter)
    units: dict[str, float] = field(default_factory=dict)

    @property
    def read_units(self) -> float:
        """The units of all reads."""
        return sum(units for operation, units in self.units.items() if operation in READS)

    @property
    def write_units(self) -> float:
        """The units of all writes."""
        return sum(units for operation, units in self.units.items() if operation not in READS)


@contextmanager
def counted(client: "DynamoDBClient") -> Iterator[Usage]:
    """Count what a client's calls cost, for as long as this lasts."""
    usage, one_by_one = Usage(), Lock()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        capacity = parsed.get("ConsumedCapacity", [])
        listed = capacity if isinstance(capacity, list) else [capacity]
        units = sum(each["CapacityUnits"] for each in listed)
        with one_by_one:
            usage.calls[model.name] += 1
            usage.units[model.name] = usage.units.get(model.name, 0) + units

    events = client.meta.events
    events.register("before-parameter-build.dynamodb.*", ask)
    events.register("after-call.dynamodb.*", note)
    try:
        yield usage
    finally:
        events.unregister("before-parameter-build.dynamodb.*", ask)
        events.unregister("after-call.dynamodb.*", note)
