"""What a shopper is told of an offer that is not used, in a sentence for each code (P9, V13)."""

from collections.abc import Mapping
from types import MappingProxyType

from functions.coupons import birthday
from functions.coupons.birthday import Coupon
from functions.domain.money import FEN_PER_YUAN
from functions.offers import conditions
from functions.offers.conditions import Reason

_OF_CAMPAIGN: Mapping[str, str] = MappingProxyType(
    {
        conditions.NOT_FOUND: "No campaign of this id that takes off or adds to an order runs now.",
        conditions.NOT_REQUESTED: "The campaign was not asked for.",
        conditions.TIER: "The campaign is not for your tier.",
        conditions.LIMIT_REACHED: "The campaign has had all of its orders.",
        conditions.MEMBER_LIMIT_REACHED: "You have had all of your orders of the campaign.",
        conditions.BUDGET_SPENT: "What the campaign may still give does not suffice for this order.",
        conditions.GIFT_OUT_OF_STOCK: "The gift is out of stock.",
        conditions.OTHER_OF_GROUP: "The order has another campaign of the same group.",
        conditions.EXCLUDED_BY_COUPON: "The campaign does not go with the coupon.",
        conditions.EXCLUDED_BY_POINTS: "The campaign does not go with points.",
        conditions.NOT_CHEAPER: "With the campaign the order costs no less.",
    }
)
_OF_COUPON: Mapping[str, str] = MappingProxyType(
    {
        birthday.EXPIRED: "The coupon has expired.",
        birthday.NOT_YET_VALID: "The coupon is not valid yet.",
        conditions.NOT_REQUESTED: "The coupon was not asked for.",
        conditions.EXCLUDED_BY_POINTS: "Points in the same order exclude the coupon.",
        conditions.EXCLUDED_BY_CAMPAIGN: "A campaign in the same order excludes the coupon.",
        conditions.OTHER_COUPON: "The order uses another coupon.",
        conditions.NOT_CHEAPER: "Without the coupon the order costs no more, so it is kept for another.",
    }
)


def of_campaign(reason: Reason) -> str:
    """Say why a campaign is not used."""
    return _missing(reason) if reason.missing_fen is not None else _OF_CAMPAIGN[reason.code]


def of_coupon(code: str, missing_fen: int | None = None) -> str:
    """Say why a coupon of a template is not used."""
    return _OF_COUPON[code] if missing_fen is None else _missing(Reason(code, missing_fen))


def of_flash(code: str, may_have: int) -> str:
    """Say why a flash does not price a line (V2)."""
    if code == conditions.FLASH_MEMBER_LIMIT:
        return f"You may have {may_have} more at the flash price, all units of a line or none."
    verb = "is" if may_have == 1 else "are"
    return f"There {verb} {may_have} left at the flash price, for all units of a line or none."


def why_no_birthday_coupon(code: str, coupon: Coupon) -> str:
    """Say why the birthday coupon does not apply (P4)."""
    if code == birthday.BELOW_MINIMUM:
        return f"The coupon needs goods of {_yuan(coupon.min_goods_fen)} yuan at list price."
    return _OF_COUPON[code]


def _missing(reason: Reason) -> str:
    return f"Goods of {_yuan(reason.missing_fen or 0)} yuan more are needed."


def _yuan(amount_fen: int) -> str:
    yuan, fen = divmod(amount_fen, FEN_PER_YUAN)
    return f"{yuan}.{fen:02}"
