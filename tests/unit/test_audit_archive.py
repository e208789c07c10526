"""Records are copied to where nobody can change them: each batch once, whatever comes again (K7)."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.audit.stream import Archiver
from functions.platform.bucket import Bucket
from functions.platform.dynamo import Row
from tests.support.events import Context, stream_record


@dataclass
class Locked:
    """S3 with one bucket, in which nothing is written twice."""

    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    fails_with: str | None = None

    def put_object(self, **asked: Any) -> None:
        """Put an object unless it is there."""
        self.asked.append(asked)
        code = self.fails_with or ("PreconditionFailed" if asked["Key"] in self.objects else None)
        if code is not None:
            raise ClientError({"Error": {"Code": code, "Message": code}}, "PutObject")
        self.objects[asked["Key"]] = asked["Body"]


def record(number: int, **more: Any) -> Row:
    """Return a record's row."""
    at, audit_id = f"2026-05-0{1 + number // 5}T04:00:0{number % 5}Z", f"aud_{number:032x}"
    row = {"audit_id": audit_id, "item": "RECORD", "at": at, "placed": f"{at}#{audit_id}", "operator": "李雷"}
    return {**row, **more}


def batch(*rows: Row) -> dict[str, Any]:
    """Return a batch of a stream with these rows."""
    return {"Records": [stream_record(row, sequence=number) for number, row in enumerate(rows)]}


def archived(bucket: Locked, event: dict[str, Any]) -> None:
    """Deliver a batch."""
    assert Archiver(Bucket(bucket, "archive"))(event, Context()) == {"batchItemFailures": []}


def test_K7_a_batch_of_records_is_one_object_with_a_line_each_under_a_name_that_follows_from_it() -> None:
    bucket = Locked()
    rows = [record(number) for number in (3, 1, 2)]
    archived(bucket, batch(*rows))
    ((key, body),) = bucket.objects.items()
    assert [json.loads(line) for line in body.decode().splitlines()] == [rows[1], rows[2], rows[0]]
    assert key == f"records/2026-05-01/{hashlib.sha256(body).hexdigest()}.jsonl"
    (asked,) = bucket.asked
    assert (asked["Bucket"], asked["IfNoneMatch"]) == ("archive", "*")
    assert (asked["ContentType"], asked["ChecksumAlgorithm"]) == ("application/x-ndjson", "SHA256")
    assert "李雷" in body.decode()


def test_K7_a_batch_that_comes_again_in_whatever_order_writes_nothing_anew() -> None:
    bucket = Locked()
    rows = [record(number) for number in range(4)]
    archived(bucket, batch(*rows))
    before = dict(bucket.objects)
    archived(bucket, batch(*rows))
    archived(bucket, batch(*reversed(rows)))
    assert bucket.objects == before
    assert len(bucket.asked) == 3


def test_K7_a_record_that_somebody_changed_is_archived_beside_what_it_was() -> None:
    bucket = Locked()
    archived(bucket, batch(record(1)))
    archived(bucket, batch(record(1, operator="mallory")))
    assert len(bucket.objects) == 2


def test_K7_an_address_is_never_archived() -> None:
    bucket = Locked()
    address = {"audit_id": record(1)["audit_id"], "item": "ADDRESS", "address": "203.0.113.7"}
    archived(bucket, batch(address))
    assert bucket.asked == []
    archived(bucket, batch(record(1), address))
    assert "203.0.113.7" not in str(bucket.objects)


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "InternalError", "ConditionalRequestConflict"])
def test_K7_what_cannot_be_archived_comes_again_as_a_whole(code: str) -> None:
    bucket = Locked(fails_with=code)
    with pytest.raises(ClientError):
        archived(bucket, batch(record(1), record(2)))
    bucket.fails_with = None
    archived(bucket, batch(record(1), record(2)))
    assert len(bucket.objects) == 1


def test_K7_a_row_that_cannot_be_read_fails_the_batch_that_lambda_then_halves() -> None:
    bucket = Locked()
    broken = batch(record(1), record(2))
    broken["Records"][1]["dynamodb"]["NewImage"]["at"] = {"B": b"x"}
    with pytest.raises(TypeError):
        archived(bucket, broken)
    assert bucket.objects == {}
