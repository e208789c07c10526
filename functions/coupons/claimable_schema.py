"""What the API answers of coupons that a member can claim."""

from typing import Literal

from functions.coupons.claimable import Claimable
from functions.coupons.template_rows import rate_of
from functions.coupons.template_schema import BetweenAnswer, DaysAnswer, valid_answer
from functions.domain.policy import Policy
from functions.platform.scopes import ScopeAnswer, scope_answer
from functions.platform.shapes import Answer, Rate


class ClaimableAnswer(Answer):
    """A template that the caller's tier can claim coupons of.

    ``claims_left`` is how many the caller may claim yet, null without a limit; codes do not count in it.
    """

    template_id: str
    name: str
    kind: Literal["amount", "rate"]
    face_value_fen: int | None
    rate: Rate | None
    max_off_fen: int | None
    min_goods_fen: int
    scope: ScopeAnswer
    except_skus: list[str]
    exclusive: bool
    valid: BetweenAnswer | DaysAnswer
    claims_left: int | None


def claimable_answer(claimable: Claimable, policy: Policy) -> ClaimableAnswer:
    """Show what can be claimed."""
    template, worth = claimable.template, claimable.template.worth
    return ClaimableAnswer(
        template_id=template.template_id,
        name=template.name,
        kind=worth.kind,
        face_value_fen=worth.face_value_fen,
        rate=None if worth.rate is None else rate_of(worth.rate),
        max_off_fen=worth.max_off_fen,
        min_goods_fen=worth.min_fen,
        scope=scope_answer(worth.scope),
        except_skus=sorted(worth.scope.except_skus),
        exclusive=worth.exclusive,
        valid=valid_answer(template.valid, policy),
        claims_left=claimable.claims_left,
    )
