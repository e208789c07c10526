"""Orders stream: what a changed order does to the member's account is posted (R2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo
from functions.platform.batches import Record
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, Tables
from functions.platform.lanes import side_by_side
from functions.platform.observability import logger
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume
from functions.points.accounts import Accounts, KnownAccount
from functions.points.posting import OrderFacts


def _member(record: Record) -> str:
    """Return whose order a record is about."""
    member_id: str = record["dynamodb"]["NewImage"]["member_id"]["S"]
    return member_id


class Consumer:
    """The Lambda handler that posts the orders of a batch of stream records.

    Members are posted side by side, and each one's records in their order.
    """

    def __init__(self, tables: Tables, settings: Settings, policy: Policy) -> None:
        self._accounts = Accounts(tables, settings.members_table, settings.orders_table)
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Post each record's order; return the records to be delivered again."""
        batch = _Batch(self._accounts, self._policy)
        return consume(
            event,
            context,
            batch.post,
            log_ids=("order_id", "member_id"),
            prepare=batch.post_together,
            handled=side_by_side(_member),
        )


class _Batch:
    """A batch of orders' changes, and what is known of the accounts of its members."""

    def __init__(self, accounts: Accounts, policy: Policy) -> None:
        self._accounts = accounts
        self._policy = policy
        self._read: dict[str, tuple[list[str], list[Row | None]]] = {}
        self._known: dict[str, KnownAccount] = {}

    def post_together(self, changes: Sequence[RowChange], deadline: Deadline) -> None:
        """Read all accounts at once, and post what several members' transactions can share.

        What a record asks for is in the account after it, or is left to :meth:`post`.
        """
        orders: dict[str, list[OrderFacts]] = {}
        for change in changes:
            order = OrderFacts.from_row(change.after)
            if order.changes:
                orders.setdefault(order.member_id, []).append(order)
        self._read_accounts(orders, deadline)
        versions = {
            (each.after["order_id"], each.after["member_id"]): each.after["version"] for each in changes
        }
        # Of each member the first order, then of each the second: one of theirs follows the other. Who is
        # behind with one has all further ones posted after it, too.
        in_time = list(orders)
        for turn in range(max(map(len, orders.values()), default=0)):
            legible = [(each, self._legible(each)) for each in in_time if turn < len(orders[each])]
            together = [(orders[each][turn], known) for each, known in legible if known is not None]
            for order in self._accounts.post_together(together, self._policy, deadline):
                _say(order, versions[order.order_id, order.member_id])
            in_time = [order.member_id for order, known in together if not known.lacks(order)]

    def _read_accounts(self, orders: Mapping[str, Sequence[OrderFacts]], deadline: Deadline) -> None:
        ids = {member_id: list({order.order_id: None for order in of}) for member_id, of in orders.items()}
        reads = [self._accounts.posting_reads(member_id, of) for member_id, of in ids.items()]
        found = self._accounts.tables.batch_get_groups(reads, deadline)
        self._read = {member_id: (of, rows) for (member_id, of), rows in zip(ids.items(), found, strict=True)}

    def _legible(self, member_id: str) -> KnownAccount | None:
        """Return what is known of a member's account; None if it cannot be read: their records say that."""
        try:
            return self._known_of(member_id)
        except Exception:
            return None

    def _known_of(self, member_id: str) -> KnownAccount:
        """Return what is known of a member's account, which postings of that member bring up to date."""
        if member_id not in self._known:
            read = self._read.get(member_id)
            self._known[member_id] = KnownAccount() if read is None else KnownAccount.of(*read)
        return self._known[member_id]

    def post(self, change: RowChange, deadline: Deadline) -> None:
        """Post what a record's order has that the account has not; one that was never paid has nothing."""
        order = OrderFacts.from_row(change.after)
        if not order.changes:
            return
        known = self._known_of(order.member_id)
        if self._accounts.post(order, self._policy, deadline, known=known):
            _say(order, change.after["version"])


def _say(order: OrderFacts, version: int) -> None:
    logger.info(
        "order posted",
        extra={"order_id": order.order_id, "member_id": order.member_id, "version": version},
    )


handler = Consumer(Tables(dynamo.client()), Settings.from_environment(), policies.load())
