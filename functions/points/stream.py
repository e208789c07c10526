"""Orders stream: what a changed order does to the member's account is posted (R2)."""

from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.observability import logger
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume
from functions.points.accounts import Accounts
from functions.points.posting import OrderFacts


class Consumer:
    """The Lambda handler that posts the orders of a batch of stream records."""

    def __init__(self, tables: Tables, settings: Settings, policy: Policy) -> None:
        self._accounts = Accounts(tables, settings.members_table, settings.orders_table)
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Post each record's order; return the records to be delivered again."""
        return consume(event, context, self._post, log_ids=("order_id", "member_id"))

    def _post(self, change: RowChange, deadline: Deadline) -> None:
        row = change.after
        postings = self._accounts.post(OrderFacts.from_row(row), self._policy, deadline)
        if not postings:
            return
        logger.info(
            "order posted",
            extra={"order_id": row["order_id"], "member_id": row["member_id"], "version": row["version"]},
        )


handler = Consumer(Tables(dynamo.client()), Settings.from_environment(), policies.load())
