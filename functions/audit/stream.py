"""Audit stream: records are copied to where nobody can take them away or change them (K7).

It runs from a bundle of its own, which carries what S3 is asked by.
"""

import hashlib
import json
from typing import Any

from functions.audit.tables import FOLDER
from functions.platform import bucket
from functions.platform.bucket import Bucket
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Row, from_item
from functions.platform.observability import logger
from functions.platform.settings import ArchiveSettings
from functions.platform.trail import RECORD

LINES = "application/x-ndjson"


class Archiver:
    """The Lambda handler that puts each batch of records into one object, a line of JSON each.

    The object's name follows from what is in it: a batch that comes again writes nothing anew. One that fails
    comes again as a whole, then in halves, and what cannot be written is set aside.
    """

    def __init__(self, archive: Bucket) -> None:
        self._archive = archive

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Put the records of a batch into their object."""
        logger.set_correlation_id(context.aws_request_id)
        rows = [from_item(record["dynamodb"]["NewImage"]) for record in event["Records"]]
        records = sorted((row for row in rows if row["item"] == RECORD), key=_in_order)
        if records:
            body = "".join(f"{_line(row)}\n" for row in records).encode()
            name = hashlib.sha256(body).hexdigest()
            key = f"{FOLDER}/{records[0]['at'][:10]}/{name}.jsonl"
            self._archive.put_once(key, body, LINES)
            logger.info("records archived", extra={"records": len(records), "object": key})
        return {"batchItemFailures": []}


def _in_order(row: Row) -> tuple[str, str]:
    return row["placed"], _line(row)


def _line(row: Row) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


handler = Archiver(Bucket(bucket.client(), ArchiveSettings.from_environment().bucket))
