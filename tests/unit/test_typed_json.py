"""The functions' client of DynamoDB asks what the SDK's own asks, and makes the same of the answers."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from functions.platform import dynamo, sdk
from functions.platform.dynamo import Tables, from_item, to_item
from functions.platform.typed_json import shortened
from tests.support.wire import Body

ENDPOINT = "http://127.0.0.1:9"
ROW = {
    "sku": "tea",
    "name": 'Tea, "茶" \u2028 and \x7f',
    "stock": 12_345_678_901_234_567_890,
    "member_zone": True,
    "threshold": None,
    "lines": [{"sku": "a", "quantity": 1}, [], {}],
}
KEY = {"sku": "tea"}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("get_item", {"TableName": "t", "Key": to_item(KEY), "ConsistentRead": True}),
    ("batch_get_item", {"RequestItems": {"t": {"Keys": [to_item(KEY)], "ConsistentRead": True}}}),
    ("query", {"TableName": "t", "KeyConditionExpression": "#a = :a", "Limit": 3}),
    ("put_item", {"TableName": "t", "Item": to_item(ROW)}),
    ("update_item", {"TableName": "t", "Key": to_item(KEY), "UpdateExpression": "SET #a = :a"}),
    ("scan", {"TableName": "t", "Segment": 0, "TotalSegments": 4}),
    (
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": to_item(ROW)}}], "ClientRequestToken": "1"},
    ),
]
ANSWERS: list[dict[str, Any]] = [
    {},
    {"Item": to_item(ROW)},
    {"Responses": {"t": [to_item(ROW)]}, "UnprocessedKeys": {}},
    {"Responses": {"t": []}, "UnprocessedKeys": {"t": {"Keys": [to_item(KEY)], "ConsistentRead": True}}},
    {"Items": [to_item(ROW)] * 2, "Count": 2, "ScannedCount": 2, "LastEvaluatedKey": to_item(KEY)},
    {"Items": [], "Count": 0, "LastEvaluatedKey": None},
    {"Attributes": to_item(ROW), "ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.5}},
]
TYPE = "com.amazonaws.dynamodb.v20120810#"
REFUSALS: list[tuple[int, bytes]] = [
    (400, json.dumps({"__type": f"{TYPE}ProvisionedThroughputExceededException", "message": "m"}).encode()),
    (400, json.dumps({"__type": f"{TYPE}TransactionConflictException", "Message": "m"}).encode()),
    (
        400,
        json.dumps(
            {
                "__type": f"{TYPE}ConditionalCheckFailedException",
                "message": "no",
                "Item": to_item(ROW),
            }
        ).encode(),
    ),
    (
        400,
        json.dumps(
            {
                "__type": f"{TYPE}TransactionCanceledException",
                "Message": "cancelled",
                "CancellationReasons": [
                    {"Code": "None"},
                    {"Code": "ConditionalCheckFailed", "Message": "no", "Item": to_item(ROW)},
                ],
            }
        ).encode(),
    ),
    (500, b"<html><body>unavailable</body></html>"),
    (503, b""),
]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait before it is sent again."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def stock() -> Any:
    """Return a client as the SDK makes it."""
    return sdk.client("dynamodb", ENDPOINT, parameter_validation=False)


def short() -> Any:
    """Return one as the functions have it."""
    return dynamo.client(ENDPOINT)


def asked(client: Any, operation: str, parameters: dict[str, Any]) -> AWSPreparedRequest:
    """Return the request that a client sends."""
    sent: list[AWSPreparedRequest] = []

    def take(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), Body(b"{}"))

    client.meta.events.register_first("before-send", take)
    getattr(client, operation)(**parameters)
    return sent[0]


def written(request: AWSPreparedRequest) -> Any:
    """Return what stands in a request's body."""
    body: Any = request.body
    return json.loads(body)


def answered(client: Any, status: int, content: bytes, operation: str = "get_item") -> Any:
    """Return what a client makes of an answer: it, or the class, code and response of what it raises."""
    headers = HTTPHeaders.from_dict({"x-amzn-RequestId": "r", "content-type": "application/x-amz-json-1.0"})

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, status, headers, Body(content))

    client.meta.events.register_first("before-send", answer)
    parameters = dict(CALLS)[operation]
    try:
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        return type(error).__name__, str(error), error.response


@pytest.mark.parametrize(
    ("operation", "parameters"), CALLS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_Z4_both_ask_the_same(operation: str, parameters: dict[str, Any]) -> None:
    theirs, ours = asked(stock(), operation, parameters), asked(short(), operation, parameters)
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert written(ours) == written(theirs)
    for name in ("X-Amz-Target", "Content-Type"):
        assert ours.headers[name] == theirs.headers[name]
    assert set(ours.headers) == set(theirs.headers)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: ",".join(answer))
def test_Z4_both_make_the_same_of_an_answer(answer: dict[str, Any]) -> None:
    content = json.dumps(answer).encode()
    assert answered(short(), 200, content, _operation_of(answer)) == answered(
        stock(), 200, content, _operation_of(answer)
    )


@pytest.mark.parametrize("operation", ["get_item", "put_item", "transact_write_items"])
@pytest.mark.parametrize(("status", "content"), REFUSALS)
def test_Z4_both_make_the_same_of_a_refusal(status: int, content: bytes, operation: str) -> None:
    theirs, ours = (answered(client, status, content, operation) for client in (stock(), short()))
    assert ours == theirs
    assert {"HTTPStatusCode", "RetryAttempts"} <= set(ours[2]["ResponseMetadata"])


def test_a_row_is_read_as_it_was_written() -> None:
    client = short()
    found = answered(client, 200, json.dumps({"Item": to_item(ROW)}).encode())
    assert from_item(found["Item"]) == ROW
    assert Tables(client).get("t", KEY) == ROW


def test_Z4_both_make_the_same_of_an_answer_that_is_no_json() -> None:
    assert answered(short(), 200, b"<html>") == answered(stock(), 200, b"<html>")


def test_what_the_client_calls_itself_names_the_sdk() -> None:
    name: Any = asked(short(), *CALLS[0]).headers["User-Agent"]
    assert bytes(name).startswith(b"Botocore/")


def test_bytes_that_somebody_else_wrote_are_refused_as_before() -> None:
    with pytest.raises(TypeError, match="kind B"):
        from_item({"photo": {"B": "aGk="}})


def test_shortened_keeps_the_client() -> None:
    client = stock()
    assert shortened(client) is client


def _operation_of(answer: dict[str, Any]) -> str:
    if "Responses" in answer:
        return "batch_get_item"
    if "Attributes" in answer:
        return "update_item"
    return "query" if "Items" in answer else "get_item"
