"""Face: the member day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.domain.policy import Policy
from functions.offers.schema import MemberDayAnswer, member_day_answer
from functions.platform.http import Api, Who, route
from functions.tiers.members import Members


@dataclass(frozen=True, slots=True)
class OffersFace:
    """What offers there are for the caller."""

    api: Api
    members: Members
    policy: Policy
    clock: Callable[[], datetime]

    @route("GET", "/member-day", summary="See when the member day is", who=Who.ANYBODY, refuses={})
    def get_member_day(self) -> MemberDayAnswer:
        """Say whether the member day is running, when the running or last and the next one are, and the
        caller's rate."""
        standing = self.members.standing(self.api.caller.member_id, self.api.deadline)
        return member_day_answer(standing, self.policy, self.clock())
