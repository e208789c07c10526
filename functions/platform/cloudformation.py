"""How a function answers CloudFormation, which waits for it and cannot be called back in any other way.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from urllib3 import PoolManager, Retry, Timeout

Event = Mapping[str, Any]
SUCCESS, FAILED = "SUCCESS", "FAILED"
REASON_CHARACTERS_MAX = 400
TRIES_MAX = 3
BACKOFF_SECONDS = 0.5
ANSWER_SECONDS_MAX = 5.0
STATUSES_OF_THE_MOMENT = (500, 502, 503, 504)


class Answering(Protocol):
    """Tells CloudFormation what became of what it asked for."""

    def __call__(self, event: Event, physical_id: str, failure: str | None) -> None:
        """Answer an event: it is done, or why it failed."""
        ...


def answer(event: Event, physical_id: str, failure: str | None) -> None:
    """Put the answer where the event says; what is lost on the way is put again."""
    body = {
        "Status": SUCCESS if failure is None else FAILED,
        "PhysicalResourceId": physical_id,
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        **({} if failure is None else {"Reason": failure[:REASON_CHARACTERS_MAX]}),
    }
    again = Retry(
        total=TRIES_MAX,
        backoff_factor=BACKOFF_SECONDS,
        allowed_methods=None,
        status_forcelist=STATUSES_OF_THE_MOMENT,
    )
    with PoolManager(timeout=Timeout(total=ANSWER_SECONDS_MAX), retries=again) as http:
        # The address is signed for a body without a type.
        http.request("PUT", event["ResponseURL"], body=json.dumps(body), headers={"content-type": ""})
