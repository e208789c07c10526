"""What an operation costs is known to the call and the unit: anything else than is written down fails."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import office_ratios, operations
from benchmarks.usage import counted
from tests.support.bench import Bench

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from functions.platform.settings import Settings

WRITTEN = operations.known()
HOW = "python -m benchmarks --only operations --keep, if that is how it is to be"


def test_every_operation_has_its_cost_written_down() -> None:
    assert list(WRITTEN) == [*operations.OPERATIONS, *operations.JOBS], HOW


@pytest.mark.parametrize("name", [*operations.OPERATIONS, *operations.JOBS])
def test_it_costs_what_is_written_down(client: "DynamoDBClient", name: str) -> None:
    assert operations.cost(client, uuid.uuid4().hex, name) == WRITTEN[name], HOW


@pytest.mark.parametrize("lines", operations.LINES)
def test_a_checkout_takes_two_round_trips_whatever_is_in_the_cart(lines: int) -> None:
    assert WRITTEN[f"checkout, {lines} lines"]["round_trips"] == 2


@pytest.mark.parametrize("name", ["adjust points", "refuse a parcel", "move stock"])
def test_K7_a_record_is_some_write_units_more_and_no_call(client: "DynamoDBClient", name: str) -> None:
    def kept_quiet(bench: Bench) -> Any:
        act = operations.OPERATIONS[name](bench)

        def without_record() -> None:
            with office_ratios.unrecorded():
                act()

        return without_record

    without = operations.figures(operations.measured(client, uuid.uuid4().hex, kept_quiet))
    recorded = WRITTEN[name]
    assert recorded["round_trips"] == without["round_trips"]
    assert recorded["read_units"] == without["read_units"]
    assert 7 <= recorded["write_units"] - without["write_units"] <= 10


def test_reads_writes_and_their_units_are_counted(client: "DynamoDBClient", settings: "Settings") -> None:
    table, key = settings.members_table, {"member_id": {"S": "m"}, "item": {"S": "i"}}
    with counted(client) as usage:
        client.put_item(TableName=table, Item={**key, "text": {"S": "x" * 1_500}})  # over 1 KB: 2 units
        client.get_item(TableName=table, Key=key, ConsistentRead=True)  # up to 4 KB: 1 unit
        client.get_item(TableName=table, Key=key)  # half of that
        over_it: list[Any] = [{"Put": {"TableName": table, "Item": key}}]
        client.transact_write_items(TransactItems=over_it)  # twice what the larger of the two rows takes
    assert usage.calls == {"PutItem": 1, "GetItem": 2, "TransactWriteItems": 1}
    assert (usage.read_units, usage.write_units) == (1.5, 6)
    client.get_item(TableName=table, Key=key)
    assert usage.calls.total() == 4, "it counts no longer than it is asked to"
