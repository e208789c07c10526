"""What the programme knows of a member by payments: the attempts to have their orders paid."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain.policy import Policy
from functions.payments.book import PaymentBook
from functions.platform.deadline import Deadline
from functions.privacy.parts import Found
from functions.privacy.schema import ExportedPaymentAttempt, PaymentAttemptAnswer


@dataclass(frozen=True, slots=True)
class PaymentParts:
    """Those parts of an export that are about payments."""

    book: PaymentBook
    policy: Policy

    def attempts(
        self, member_id: str, _at: datetime, deadline: Deadline, limit: int, after: str | None
    ) -> Found:
        """Give attempts to have orders paid, newest first; what they came to stands with the orders."""
        found, position = self.book.attempts_of_member(member_id, limit=limit, after=after, deadline=deadline)
        zone = self.policy.zone
        items = []
        for each in found:
            told: dict[str, Any] = {"provider": each.provider, "state": each.state.value}
            data = PaymentAttemptAnswer(
                attempt_id=each.attempt_id,
                order_id=each.order_id,
                method=each.method,
                amount_fen=each.amount_fen,
                asked_at=each.asked_at.astimezone(zone),
                expires_at=each.ends_at.astimezone(zone),
                **told,
            )
            items.append(ExportedPaymentAttempt(data=data))
        return items, position
