"""What the programme knows of a member by what they asked for after buying: their cases."""

from dataclasses import dataclass
from datetime import datetime

from functions.aftersales.lists import CaseLists
from functions.aftersales.schema import case_answer
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.privacy.parts import Found
from functions.privacy.schema import ExportedCase


@dataclass(frozen=True, slots=True)
class CaseParts:
    """Those parts of an export that are about cases."""

    lists: CaseLists
    policy: Policy

    def cases(self, member_id: str, at: datetime, deadline: Deadline, limit: int, after: str | None) -> Found:
        """Give cases as their member sees them, newest first, with all that was written in them."""
        found, position = self.lists.of_member(member_id, now=at, limit=limit, after=after, deadline=deadline)
        return [ExportedCase(data=case_answer(each, self.policy)) for each in found], position
