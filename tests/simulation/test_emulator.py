"""The emulator that the simulator runs on answers every call as the more faithful one does."""

import json
from collections import Counter
from typing import Any

import urllib3

from tests.simulation.actors import Actors
from tests.simulation.simulation import Checked
from tests.simulation.world import simulated
from tests.support import dynoxide
from tests.support.tables import PARTITION_KEYS

Json = dict[str, Any]
STEPS = 250
KEYS = {*PARTITION_KEYS.values(), "item"}
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=test/20260501/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0"
)


class Other:
    """Sends every call to the other emulator too, and compares the answers."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._http = urllib3.PoolManager()
        self.compared: Counter[str] = Counter()
        self.different: list[str] = []

    def __call__(self, operation: str, sent: bytes, status: int, answer: bytes) -> None:
        """Take in what was asked and answered."""
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"DynamoDB_20120810.{operation}",
            "x-amz-date": "20260501T000000Z",
            "authorization": AUTHORIZATION,
        }
        other = self._http.request("POST", self._endpoint, body=sent, headers=headers)
        if operation in ("CreateTable", "Scan"):  # each has its own way to cut a table into segments
            return
        ours = told(operation, status, json.loads(answer))
        theirs = told(operation, other.status, json.loads(other.data))
        self.compared[f"{operation} {status}"] += 1
        if ours != theirs:
            self.different.append(f"{operation} {sent.decode()}: {ours} and {theirs}")


def told(operation: str, status: int, answer: Json) -> Any:
    """Return what an answer says that a function can see."""
    if status >= 400:
        reasons = [(each.get("Code"), each.get("Item")) for each in answer.get("CancellationReasons", [])]
        return status, answer["__type"].rpartition("#")[2], reasons, answer.get("Item")
    if operation == "BatchGetItem":
        found = {table: sorted(map(_text, items)) for table, items in answer["Responses"].items() if items}
        return status, found, answer.get("UnprocessedKeys", {})
    before = answer.get("Attributes")
    if before is not None and before.keys() <= KEYS:  # of a row that was not there one of them tells its key
        before = None
    return status, answer.get("Item"), before, answer.get("Items"), answer.get("LastEvaluatedKey")


def _text(item: Json) -> str:
    return json.dumps(item, sort_keys=True)


def test_both_emulators_answer_alike_through_a_life_with_faults() -> None:
    with dynoxide.running() as endpoint:
        other = Other(endpoint)
        with simulated(other) as world:
            checked, actors = Checked(world), Actors(3, world)
            for _ in range(STEPS):
                checked.do(actors.next())
                actors.learn(checked.outcomes)
            checked.rest()
    assert other.different == []
    wanted = {"GetItem 200", "BatchGetItem 200", "Query 200", "PutItem 200", "PutItem 400", "UpdateItem 200"}
    assert wanted | {"TransactWriteItems 200", "TransactWriteItems 400"} <= other.compared.keys()
