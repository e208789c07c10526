"""Deployment: CloudFormation says where the pages are, and the API is opened to them and no others (K5)."""

from typing import Any

from functions.platform import cloudformation, cors
from functions.platform.cloudformation import Answering, Event
from functions.platform.cors import Gateways
from functions.platform.deadline import LambdaContext
from functions.platform.observability import logger

DELETE = "Delete"


class Opening:
    """The Lambda handler that opens the API to the pages when the stack is made, and when they change.

    With the stack the API goes too, so that there is nothing to close.
    """

    def __init__(self, gateways: Gateways, answer: Answering) -> None:
        self._gateways = gateways
        self._answer = answer

    def __call__(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """Open the API, and say so; whatever goes wrong is answered, or the deployment waits for nothing."""
        asked = event["ResourceProperties"]
        api = asked["ApiId"]
        failure = None
        if event["RequestType"] != DELETE:
            origins = [*asked["Pages"].split(","), *asked["Others"]]
            try:
                self._gateways.open_to(api, origins)
            except Exception as error:
                logger.exception("the API is not opened to its pages")
                failure = f"the API is not opened to {', '.join(origins)}: {error}"
        self._answer(event, api, failure)
        return {"opened": failure is None}


handler = Opening(Gateways(cors.client()), cloudformation.answer)
