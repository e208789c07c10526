"""What the programme knows of a member by offers: how coupons were got, codes that failed, campaigns."""

from dataclasses import dataclass
from datetime import datetime

from functions.coupons import attempts
from functions.coupons.attempts import attempts_of
from functions.coupons.origins import Origins
from functions.domain.policy import Policy
from functions.offers import uses as offer_uses
from functions.offers.uses import uses_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.privacy.parts import Found
from functions.privacy.schema import (
    CampaignUsesAnswer,
    CodeAttemptsAnswer,
    CouponOriginAnswer,
    ExportedCampaignUses,
    ExportedCodeAttempts,
    ExportedCouponOrigin,
)


@dataclass(frozen=True, slots=True)
class OfferParts:
    """Those parts of an export that are about offers. ``table`` is the members'."""

    tables: Tables
    table: str
    of_coupons: Origins
    policy: Policy

    def origins(
        self, member_id: str, _at: datetime, deadline: Deadline, limit: int, after: str | None
    ) -> Found:
        """Give how coupons of templates were got, newest first."""
        found, position = self.of_coupons.page(member_id, limit=limit, after=after, deadline=deadline)
        return [
            ExportedCouponOrigin(
                data=CouponOriginAnswer(
                    coupon_id=ref.coupon_id,
                    template_id=ref.template_id,
                    got_at=ref.issued_at.astimezone(self.policy.zone),
                    way=origin.way,
                    code=origin.code,
                )
            )
            for ref, origin in found
        ], position

    def attempts(
        self, member_id: str, _at: datetime, deadline: Deadline, _limit: int, _after: str | None
    ) -> Found:
        """Give when codes failed, as far as that is kept; nothing where it is not."""
        (row,) = self.tables.batch_get([(self.table, attempts.key(member_id))], deadline)
        failed = [guess.at.astimezone(self.policy.zone) for guess in reversed(attempts_of(row).guesses)]
        return [
            ExportedCodeAttempts(data=CodeAttemptsAnswer(failed_at=each)) for each in [failed] if each
        ], None

    def uses(self, member_id: str, _at: datetime, deadline: Deadline, limit: int, after: str | None) -> Found:
        """Give what the member has had of campaigns, as far as that is kept, by the campaigns' ids."""
        (row,) = self.tables.batch_get([(self.table, offer_uses.key(member_id))], deadline)
        uses = uses_of(row).of
        left = sorted(campaign_id for campaign_id in uses if after is None or campaign_id > after)
        shown = left[:limit]
        return [
            ExportedCampaignUses(
                data=CampaignUsesAnswer(
                    campaign_id=campaign_id,
                    orders=uses[campaign_id].orders,
                    units=dict(uses[campaign_id].units),
                )
            )
            for campaign_id in shown
        ], shown[-1] if len(left) > limit else None
