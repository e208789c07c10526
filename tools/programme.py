"""Writes docs/programme.md, the programme in words and figures, from the policy; or checks that it agrees.

python -m tools.programme [--check]
"""

import sys

from functions.domain import policy as policies
from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy, TierPolicy
from tools.generated import DOCS, write_or_check


def yuan(fen: int) -> str:
    """Write an amount in yuan, with fen only where there are any: ``1 000`` or ``99.50``."""
    whole, rest = divmod(fen, FEN_PER_YUAN)
    grouped = f"{whole:,}".replace(",", " ")
    return f"{grouped}.{rest:02}" if rest else grouped


def points(number: int) -> str:
    """Write a number of points with its thousands apart."""
    return f"{number:,}".replace(",", " ")


def document(policy: Policy) -> str:
    """Return the page."""
    rules, orders = policy.points, policy.orders
    return f"""# The programme

Written by `make docs` from [`policy.toml`](../functions/domain/policy.toml), version `{policy.version}`; do not
edit. All times are store time, {policy.time_zone}. Rule ids are those that code and tests quote.

## Tiers (T1-T5)

A member's effective order amount E is the sum of their paid orders, less everything that came back. It is for
life. A lower bound is exclusive, an upper bound inclusive, to the fen; the tier rises and falls with E at once.

| tier | effective order amount E, yuan | birthday coupon, yuan | member-day price | free shipping from, yuan |
|---|---|---|---|---|
{_tier_rows(policy)}

## Prices (P1-P9)

- **Member day**: day {policy.member_day.day} of each month, 00:00 to 24:00. On it, products of the member zone
  cost a member the tier's price, rounded half up per unit; other products and other days cost list price.
- **Birthday coupon**: for goods of at least {yuan(policy.birthday_coupon.min_goods_fen)} yuan at list price. It
  excludes every other offer in the same order; free shipping is a right, not an offer, and stays.
- **Shipping**: free from the tier's threshold, after the coupon and before points, else
  {yuan(policy.shipping.fee_fen)} yuan.
- **Points as cash**: {points(rules.redeemed_per_yuan)} points are 1 yuan. They are redeemed in steps of
  {points(rules.redeem_step)}, at most {points(rules.redeem_max_points)} in one order, never worth more than it.
- **Best offer**: asked for the best, every allowed combination is priced and the cheapest taken; on a tie the one
  that keeps the coupon, then the one that spends fewer points.

## Orders (O1-O6)

- An unpaid order lapses {orders.payment_window_minutes} minutes after it was placed.
- A shipped order that nobody confirms counts as received after {orders.auto_receipt_days} days.
- When units come back, every refund is the difference of what is kept before and after, so any sequence of
  returns ends at the same fen and the same point as one return of everything.

## Points (E1-E10)

- An order earns {points(rules.earned_per_yuan)} {"point" if rules.earned_per_yuan == 1 else "points"} per yuan of
  the paid amount, rounded half up; frozen when it is paid, available {rules.release_days} x 24 hours after receipt.
- Points belong to the year in which their order was paid and can be used through the end of
  {"the following year" if rules.valid_years == 1 else f"year {rules.valid_years} after it"}. A member is told
  {rules.notice_days} days ahead what will expire.
"""


def _tier_rows(policy: Policy) -> str:
    above = [*(tier.above_fen for tier in policy.tiers[1:]), None]
    return "\n".join(_tier_row(tier, above[place]) for place, tier in enumerate(policy.tiers))


def _tier_row(tier: TierPolicy, up_to_fen: int | None) -> str:
    if tier.above_fen is None:
        span = "never paid for an order"
    else:
        sign = "≤" if tier.above_fen == 0 else "<"
        span = f"{yuan(tier.above_fen)} {sign} E" + ("" if up_to_fen is None else f" ≤ {yuan(up_to_fen)}")
    coupon = yuan(tier.birthday_coupon_fen) if tier.birthday_coupon_fen else "none"
    rate = "list" if tier.member_day_rate is None else f"x {tier.member_day_rate}"
    return f"| {tier.code} | {span} | {coupon} | {rate} | {yuan(tier.free_shipping_from_fen)} |"


def main() -> int:
    """Write the document, or check it."""
    return write_or_check(DOCS / "programme.md", document(policies.load()))


if __name__ == "__main__":
    sys.exit(main())
