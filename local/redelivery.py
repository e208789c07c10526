"""What Lambda does with a stream's batch that its consumer cannot process.

The emulator delivers a failed batch again for ever, so that one bad record stops its consumer. Lambda gives
up after the retries of the mapping, halves the batch to find the bad record, and notifies the failure queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


class Redelivery:
    """Counts the tries of each mapping's batch at the head of its stream."""

    def __init__(self) -> None:
        self._tries: dict[str, tuple[str, int]] = {}

    def outcome(
        self,
        mapping: Json,
        records: list[Json],
        deliver: Callable[[list[Json]], Json],
        give_up: Callable[[list[Json], Json], None],
    ) -> Json:
        """Deliver a batch once, and decide whether it comes again.

        When the retries are used up, the batch's records are delivered one by one where the mapping asks for
        bisection; what fails still is given up. The result then is a success: the stream goes on.
        """
        result = deliver(records)
        if not result.get("error"):
            self._tries.pop(mapping["UUID"], None)
            return result
        if not self._used_up(mapping, records):
            return result
        if mapping.get("BisectBatchOnFunctionError") and len(records) > 1:
            for record in records:
                alone = deliver([record])
                if alone.get("error"):
                    give_up([record], alone)
        else:
            give_up(records, result)
        del self._tries[mapping["UUID"]]
        return {**result, "error": False, "body": {"batchItemFailures": []}}

    def _used_up(self, mapping: Json, records: list[Json]) -> bool:
        """Whether this failure was the last retry; without a number a batch is retried until it succeeds."""
        head = records[0]["dynamodb"]["SequenceNumber"]
        tried, count = self._tries.get(mapping["UUID"], (head, 0))
        count = count + 1 if tried == head else 1
        self._tries[mapping["UUID"]] = (head, count)
        retries_max = mapping.get("MaximumRetryAttempts")
        return retries_max is not None and 0 <= retries_max < count
