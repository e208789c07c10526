"""Members stream: who becomes eligible in the month of their birthday gets the coupon then (B2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.coupons.coupons import Coupons
from functions.coupons.eligibility import first_of_month
from functions.coupons.jobs import issue_to
from functions.domain import birthdays
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume
from functions.tiers.members import member_standing_of


class NotIssuedError(Exception):
    """A coupon could not be issued; its record is delivered again."""


class Consumer:
    """The Lambda handler that looks at each changed standing of a batch of stream records."""

    def __init__(
        self, tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]
    ) -> None:
        self._coupons = Coupons(tables, settings.members_table)
        self._policy = policy
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Issue what is due by each record; return the records to be delivered again."""
        return consume(event, context, self._issue, log_ids=("member_id",))

    def _issue(self, change: RowChange, deadline: Deadline) -> None:
        """Level-triggered: the record only says whom to look at; the standing as it is decides."""
        now = self._now()
        birthday = member_standing_of(change.after).birthday
        if birthdays.coupon_year(birthday, first_of_month(now, self._policy)) is not None:
            handled = issue_to(self._coupons, self._policy, [change.after["member_id"]], now, deadline)
            if handled.failed or handled.left:
                raise NotIssuedError(change.after["member_id"])


handler = Consumer(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
