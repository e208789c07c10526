"""Orders stream: what a changed order does to the member's account is posted (R2)."""

from collections.abc import Sequence
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, Tables
from functions.platform.observability import logger
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume
from functions.points.accounts import Accounts
from functions.points.posting import OrderFacts

_Read = tuple[str, str]
"""A member's id and an order's."""


class Consumer:
    """The Lambda handler that posts the orders of a batch of stream records."""

    def __init__(self, tables: Tables, settings: Settings, policy: Policy) -> None:
        self._accounts = Accounts(tables, settings.members_table, settings.orders_table)
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Post each record's order; return the records to be delivered again."""
        read: dict[_Read, Sequence[Row | None]] = {}
        return consume(
            event,
            context,
            lambda change, deadline: self._post(change, deadline, read),
            log_ids=("order_id", "member_id"),
            prepare=lambda changes, deadline: read.update(self._accounts_of(changes, deadline)),
        )

    def _accounts_of(
        self, changes: Sequence[RowChange], deadline: Deadline
    ) -> dict[_Read, Sequence[Row | None]]:
        """Return what posting will read of the accounts, read together, by the member's and the order's id.

        Of a member's orders it is the first, whose posting moves the wallet.
        """
        firsts: dict[str, OrderFacts] = {}
        for change in changes:
            order = OrderFacts.from_row(change.after)
            if order.changes:
                firsts.setdefault(order.member_id, order)
        reads = [self._accounts.posting_reads(order) for order in firsts.values()]
        found = self._accounts.tables.batch_get_groups(reads, deadline)
        return {
            (order.member_id, order.order_id): rows
            for order, rows in zip(firsts.values(), found, strict=True)
        }

    def _post(self, change: RowChange, deadline: Deadline, read: dict[_Read, Sequence[Row | None]]) -> None:
        row = change.after
        first = read.pop((row["member_id"], row["order_id"]), None)
        postings = self._accounts.post(OrderFacts.from_row(row), self._policy, deadline, read=first)
        if not postings:
            return
        logger.info(
            "order posted",
            extra={"order_id": row["order_id"], "member_id": row["member_id"], "version": row["version"]},
        )


handler = Consumer(Tables(dynamo.client()), Settings.from_environment(), policies.load())
