"""Events as AWS shapes them: what an HTTP API sends with its authorizer's claims, what a stream delivers."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from functions.platform.dynamo import Row, to_item


@dataclass
class Context:
    """Lambda's context object."""

    aws_request_id: str = "request"
    function_name: str = "function"
    function_version: str = "$LATEST"
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    memory_limit_in_mb: int = 512
    remaining_ms: int = 10_000

    def get_remaining_time_in_millis(self) -> int:
        """Return what the test left."""
        return self.remaining_ms


def claims(member_id: str, **more: str) -> dict[str, str]:
    """Return the claims of an access token."""
    return {"sub": member_id, "token_use": "access", **more}


def staff(member_id: str = "clerk") -> dict[str, str]:
    """Return the claims of a staff member's access token, the group as an HTTP API hands it over."""
    return claims(member_id, **{"cognito:groups": "[staff]"})


def role(name: str) -> dict[str, str]:
    """Return the claims of the access token of somebody who has this role alone (K7)."""
    return claims(f"{name}-1", **{"cognito:groups": f"[{name}]"})


@dataclass(frozen=True)
class Answer:
    """What a function answered over HTTP."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    raw: str = ""

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        code: str = self.body["code"]
        return code


@dataclass
class Call:
    """One HTTP request to a function."""

    method: str
    path: str
    body: Any = None
    who: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    raw: str | None = None
    address: str | None = None
    """Where it comes from, as the gateway saw it."""
    made: dict[str, Any] | None = None
    """The event, where a test makes one that no other request would."""

    def event(self) -> dict[str, Any]:
        """Return it as an HTTP API's event of format 2.0."""
        if self.made is not None:
            return self.made
        text = self.raw if self.raw is not None else None if self.body is None else json.dumps(self.body)
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": urlencode(self.query),
            "headers": {"content-type": "application/json", **self.headers},
            "queryStringParameters": self.query,
            "requestContext": {
                "requestId": "request",
                "stage": "$default",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    **({} if self.address is None else {"sourceIp": self.address}),
                },
                **({"authorizer": {"jwt": {"claims": self.who, "scopes": None}}} if self.who else {}),
            },
            "body": text,
            "isBase64Encoded": False,
        }

    def to(self, handler: Any) -> Answer:
        """Send it to a function's handler."""
        answer = handler(self.event(), Context())
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        text = answer["body"]
        return Answer(answer["statusCode"], headers, json.loads(text) if text else {}, text)


def stream_record(row: Row, *, sequence: int = 1) -> dict[str, Any]:
    """Return the record of a row's change."""
    return {
        "eventID": str(sequence),
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "SequenceNumber": str(sequence),
            "ApproximateCreationDateTime": 1_800_000_000.0,
            "NewImage": to_item(row),
            "Keys": {},
        },
    }
