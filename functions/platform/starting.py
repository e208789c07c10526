"""Starting the functions that start jobs: an event is handed over, and what comes of it is theirs."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from functions.platform import sdk
from functions.platform.dynamo import OutcomeUnknownError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_SERVER_ERROR_STATUS = 500


def client(endpoint_url: str | None = None) -> "LambdaClient":
    """Return the client of Lambda of a function, with the time-outs of every client."""
    made: LambdaClient = sdk.client("lambda", endpoint_url)
    return made


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a deployment, by what the app calls them.

    ``stack`` is the suite's own stack, which all of them are called after.
    """

    client: "LambdaClient"
    stack: str

    def start(self, function: str, event: dict[str, Any]) -> None:
        """Hand an event over to a function, which Lambda then runs, and again where it fails.

        Raises
        ------
        OutcomeUnknownError
            No answer came: it may run, or not.
        botocore.exceptions.ClientError
            It was refused, and does not run.
        """
        try:
            self.client.invoke(
                FunctionName=f"{self.stack}-{function}",
                InvocationType="Event",  # handed over: nobody waits for what comes of it
                Payload=json.dumps(event).encode(),
            )
        except (ConnectionError, HTTPClientError) as error:
            raise OutcomeUnknownError from error
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR_STATUS:
                raise OutcomeUnknownError from error
            raise
