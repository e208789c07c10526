"""A user pool under the real SDK: its parsing, retries and exceptions take part."""

import json
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError
from moto.core.models import botocore_stubber

from functions.platform import identities
from functions.platform.identities import Identities
from tests.support.faults import Fault
from tests.support.wire import Body

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

POOL = "us-east-1_pool"


@dataclass
class Pool:
    """Users by their names, each with a subject; and the faults that calls shall meet, one each."""

    users: dict[str, str] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    @property
    def identities(self) -> Identities:
        """The users as the functions have them."""
        return Identities(self._client(), POOL)

    def fail(self, operation: str, *faults: Fault) -> None:
        """Let the next sends of an operation meet these faults."""
        self.faults.setdefault(operation, deque()).extend(faults)

    def _client(self) -> "CognitoIdentityProviderClient":
        client = identities.client()
        moto: Any = botocore_stubber  # its pools want another library
        client.meta.events.unregister("before-send", moto)
        serve: Any = self._serve
        client.meta.events.register("before-send.cognito-identity-provider.*", serve)
        return client

    def _serve(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rsplit(".", 1)[-1]
        self.sent.append(operation)
        sent: Any = request.body
        body = json.loads(sent)
        assert body["UserPoolId"] == POOL
        waiting = self.faults.get(operation)
        fault = waiting.popleft() if waiting else None
        status, answer = (200, {}) if fault and not fault.after else self._answer(operation, body)
        if fault and fault.lost:
            raise ConnectionClosedError(endpoint_url=request.url)
        if fault:
            status, answer = fault.status, fault.error
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.1"})
        return AWSResponse(request.url, status, headers, Body(json.dumps(answer).encode()))

    def _answer(self, operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if operation == "AdminDeleteUser":
            if self.users.pop(body["Username"], None) is None:
                return 400, {"__type": "UserNotFoundException", "message": "User does not exist."}
            return 200, {}
        assert operation == "ListUsers"
        match = re.fullmatch(r'sub = "((?:[^"\\]|\\.)*)"', body["Filter"])
        if match is None:
            return 400, {"__type": "InvalidParameterException", "message": "One or more filters is wrong."}
        wanted = re.sub(r"\\(.)", r"\1", match[1])
        found = [{"Username": name} for name, subject in self.users.items() if subject == wanted]
        return 200, {"Users": found}
