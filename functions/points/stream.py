"""Orders stream: what a changed order does to the member's account is posted (R2)."""

from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.observability import MetricUnit, logger, metrics
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume
from functions.points.accounts import Accounts
from functions.points.posting import OrderChange


class Consumer:
    """The Lambda handler that posts the orders of a batch of stream records."""

    def __init__(self, tables: Tables, settings: Settings, policy: Policy) -> None:
        self._accounts = Accounts(tables, settings.members_table)
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Post each record's order; return the records to be delivered again."""
        return consume(event, context, self._post, log_ids=("order_id", "member_id"))

    def _post(self, change: RowChange, deadline: Deadline) -> None:
        row = change.after
        postings = self._accounts.post(
            member_id=row["member_id"],
            order_id=row["order_id"],
            changes=[OrderChange.from_row(each) for each in row["changes"]],
            redeemed_by_year=row["redeemed_by_year"],
            policy=self._policy,
            deadline=deadline,
        )
        if not postings:
            return
        logger.info(
            "order posted",
            extra={"order_id": row["order_id"], "member_id": row["member_id"], "version": row["version"]},
        )
        for entry in (entry for posting in postings for entry in posting.entries):
            moved = abs(entry.frozen_delta) + abs(sum(entry.available_delta.values())) + entry.lapsed_points
            metrics.add_metric(name=f"points_{entry.kind}", unit=MetricUnit.Count, value=moved)


handler = Consumer(Tables(dynamo.client()), Settings.from_environment(), policies.load())
