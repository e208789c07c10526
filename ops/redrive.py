"""Bringing back what was set aside: what is delivered twice has one effect, so all of it may be repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ops import jobs
from ops.errors import OpsError
from ops.stack import Consumer, FailureQueue, Json, Stack, wanted

HIDDEN_SECONDS = 900
BATCH_RECORDS_MAX = 100
MESSAGES_MAX = 1_000
"""Messages of one command; run it again for more."""
EMPTY_RECEIVES_MAX = 3
"""A queue says now and then that it is empty before it is."""
READS_MAX = 1_000
LOG_EVENTS_MAX = 50
FORGOTTEN = ("TrimmedDataAccessException", "ResourceNotFoundException")


class ForgottenError(OpsError):
    """The stream has dropped the records: it keeps them for a day."""


@dataclass
class Redriven:
    """What became of the messages of a failure queue."""

    done: int = 0
    forgotten: int = 0
    failed: list[str] = field(default_factory=list)


def redrive(stack: Stack, title: str) -> Redriven:
    """Process again what lies on a failure queue; what fails again, or is forgotten by its stream, stays.

    Raises
    ------
    OpsError
        There is no such queue.
    """
    queue = stack.failure_queue(title)
    source, consumer = stack.source_of(queue), stack.consumer_of(queue)
    outcome = Redriven()
    for message in _taken(stack, queue):
        try:
            if source is not None:
                _put(stack, source, message["Body"])
            elif consumer is not None:
                _deliver_batch(stack, consumer, json.loads(message["Body"])["DDBStreamBatchInfo"])
            else:
                _run_job(stack, json.loads(message["Body"]))
        except ForgottenError:
            outcome.forgotten += 1
        except OpsError as error:
            outcome.failed.append(str(error))
        else:
            _delete(stack, queue, message)
            outcome.done += 1
            continue
        _show(stack, queue, message)
    return outcome


def redeliver(stack: Stack, title: str, partition: str) -> int:
    """Give a stream's reader the rows of a partition as they are now, as if they were new; how many.

    For what the stream has forgotten: each reader works from the rows themselves, and drops or says again,
    under the same event ids, what it has seen.

    Raises
    ------
    OpsError
        There is no such reader, or it failed.
    """
    queue = stack.failure_queue(title)
    consumer = stack.consumer_of(queue)
    if consumer is None:
        raise OpsError(f"{title} reads no stream")
    rows = enumerate(_rows(stack, consumer, partition))
    records = list(wanted(consumer, [_as_new(consumer, row, number) for number, row in rows]))
    if not records:
        raise OpsError(f"{title} is given nothing of {partition!r}: no such rows, or none that it reads")
    for start in range(0, len(records), BATCH_RECORDS_MAX):
        _deliver(stack, consumer, records[start : start + BATCH_RECORDS_MAX])
    return len(records)


def discard(stack: Stack, title: str, *, known: bool = False) -> int:
    """Delete the messages of a stream's failure queue whose records are forgotten; how many those were.

    With ``known`` also those that the stream still has: of rows that were mended, and redelivered.

    Raises
    ------
    OpsError
        There is no such queue, or it is no stream's: what is on the others is never forgotten.
    """
    queue = stack.failure_queue(title)
    consumer = stack.consumer_of(queue)
    if consumer is None:
        raise OpsError(f"{title} belongs to no stream: redrive it")
    gone = 0
    for message in _taken(stack, queue):
        if known or _forgotten(stack, consumer, message):
            _delete(stack, queue, message)
            gone += 1
        else:
            _show(stack, queue, message)
    return gone


def _forgotten(stack: Stack, consumer: Consumer, message: Json) -> bool:
    try:
        _records(stack, consumer, json.loads(message["Body"])["DDBStreamBatchInfo"])
    except ForgottenError:
        return True
    return False


def failures(stack: Stack) -> list[Json]:
    """What lies on each failure queue: its reader or queue, and the messages with the ids from the log."""
    found = []
    for title, queue in sorted(stack.failure_queues().items()):
        messages = []
        consumer = stack.consumer_of(queue) if queue.messages else None
        for message in _taken(stack, queue):
            _show(stack, queue, message)
            messages.append(_described(stack, consumer, json.loads(message["Body"])))
        found.append({"queue": title, "messages": len(messages), "what": messages})
    return found


def _described(stack: Stack, consumer: Consumer | None, body: Json) -> Json:
    batch = body.get("DDBStreamBatchInfo")
    if batch is None or consumer is None:
        return dict(body.get("requestPayload", body))
    first = batch["startSequenceNumber"]
    return {
        "table": consumer.table,
        "sequence_number": first,
        "written_at": batch["approximateArrivalOfFirstRecord"],
        "records": batch["batchSize"],
        "rows": _logged(stack, consumer, first, batch["approximateArrivalOfFirstRecord"]),
    }


def _logged(stack: Stack, consumer: Consumer, sequence_number: str, written_at: str) -> list[Json]:
    """The ids that the reader logged when it failed with a record, after that was written."""
    configuration = stack.aws.client("lambda").get_function_configuration(FunctionName=consumer.function)
    pages = stack.aws.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(
        logGroupName=configuration["LoggingConfig"]["LogGroup"],
        filterPattern=f'"{sequence_number}"',
        startTime=int(datetime.fromisoformat(written_at).timestamp() * 1_000),
        PaginationConfig={"MaxItems": LOG_EVENTS_MAX},
    )
    rows: list[Json] = []
    for event in (each for page in found for each in page["events"]):
        try:
            line = json.loads(event["message"])
        except ValueError:
            continue
        ids = {name: line[name] for name in ("order_id", "member_id", "sku", "item") if line.get(name)}
        if line.get("sequence_number") == sequence_number and ids not in rows:
            rows.append(ids)
    return rows


def _taken(stack: Stack, queue: FailureQueue) -> list[Json]:
    """Take the messages of a queue, up to a bound; each stays hidden until it is deleted or shown again."""
    sqs = stack.aws.client("sqs")
    taken: dict[str, Json] = {}
    empty = 0
    while empty < EMPTY_RECEIVES_MAX and len(taken) < MESSAGES_MAX:
        answer = sqs.receive_message(
            QueueUrl=queue.url, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS
        )
        messages = answer.get("Messages", [])
        taken |= {each["MessageId"]: each for each in messages}
        empty = 0 if messages else empty + 1
    return list(taken.values())


def _delete(stack: Stack, queue: FailureQueue, message: Json) -> None:
    stack.aws.client("sqs").delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])


def _show(stack: Stack, queue: FailureQueue, message: Json) -> None:
    stack.aws.client("sqs").change_message_visibility(
        QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )


def _put(stack: Stack, url: str, body: str) -> None:
    stack.aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)


def _run_job(stack: Stack, body: Json) -> None:
    """Run the job that a schedule could not start, or that failed at every try."""
    event = body.get("requestPayload", body)
    if not isinstance(event, dict) or "job" not in event:
        raise OpsError(f"this is no job: {json.dumps(body)[:200]}")
    jobs.fire(stack, event["job"])


def _deliver_batch(stack: Stack, consumer: Consumer, batch: Json) -> None:
    _deliver(stack, consumer, list(wanted(consumer, _records(stack, consumer, batch))))


def _deliver(stack: Stack, consumer: Consumer, records: list[Json]) -> None:
    if not records:
        return
    answer = stack.invoke(consumer.function, {"Records": records})
    refused = (answer or {}).get("batchItemFailures")
    if refused:
        raise OpsError(f"{consumer.function.rpartition(':')[2]} gave {len(refused)} records back")


def _records(stack: Stack, consumer: Consumer, batch: Json) -> list[Json]:
    """Read a batch's records from the stream again.

    Raises
    ------
    ForgottenError
        The stream has them no more.
    """
    from botocore.exceptions import ClientError

    streams = stack.aws.client("dynamodbstreams")
    last = int(batch["endSequenceNumber"])
    found: list[Json] = []
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        for _ in range(READS_MAX):
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > last:
                    return found
                found.append(_as_lambda_gets(consumer, record))
                if int(record["dynamodb"]["SequenceNumber"]) == last:
                    return found
            iterator = page.get("NextShardIterator")
            if iterator is None:
                break
    except ClientError as error:
        if error.response["Error"]["Code"] in FORGOTTEN:
            raise ForgottenError("the stream has forgotten the records") from None
        raise
    raise ForgottenError("the stream has forgotten the records")


def _as_lambda_gets(consumer: Consumer, record: Json) -> Json:
    written = record["dynamodb"]["ApproximateCreationDateTime"]
    seconds = written.timestamp() if isinstance(written, datetime) else float(written)
    change = {**record["dynamodb"], "ApproximateCreationDateTime": seconds}
    return {**record, "dynamodb": change, "eventSourceARN": consumer.stream}


def _as_new(consumer: Consumer, row: Json, number: int) -> Json:
    """A row as the record of its insertion, now."""
    return {
        "eventID": "redelivered",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": consumer.stream,
        "dynamodb": {
            "ApproximateCreationDateTime": time.time(),
            "Keys": {},
            "NewImage": row,
            "SequenceNumber": str(number),
        },
    }


def _rows(stack: Stack, consumer: Consumer, partition: str) -> Iterator[Json]:
    dynamodb = stack.aws.client("dynamodb")
    keys = dynamodb.describe_table(TableName=consumer.table)["Table"]["KeySchema"]
    (name,) = [each["AttributeName"] for each in keys if each["KeyType"] == "HASH"]
    pages = dynamodb.get_paginator("query").paginate(
        TableName=consumer.table,
        ConsistentRead=True,
        KeyConditionExpression="#partition = :partition",
        ExpressionAttributeNames={"#partition": name},
        ExpressionAttributeValues={":partition": {"S": partition}},
    )
    for page in pages:
        yield from page["Items"]
