"""Writes docs/programme.md, the programme in words and figures, from the policy; or checks that it agrees.

python -m tools.programme [--check]
"""

import sys

from functions.domain import policy as policies
from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy, TierPolicy
from tools.generated import DOCS, asked_to_check, write_or_check


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
    first, paid, *_ = policy.tiers
    after = policy.after_sales
    return f"""# The programme

Written by `make docs` from [`policy.toml`](../functions/domain/policy.toml), version `{policy.version}`; do not
edit. All times are store time, {policy.time_zone}. Money is in fen, a hundredth of a yuan, and never a fraction of one;
rounding is half up. The ids are those that code, tests and the demo quote.

## Tiers (T1-T5)

| tier | effective order amount E, yuan | birthday coupon, yuan | member-day price | free shipping from, yuan |
|---|---|---|---|---|
{_tier_rows(policy)}

- **T1** A member starts at {first.code} and leaves it for good with the first order that is paid. Who sends every order back
  has E = 0 and stays at {paid.code}.
- **T2** E is the sum of a member's paid orders, less everything that was cancelled, refused or returned. It is for life.
  The tier follows from it at once, up and down, without grace.
- **T3** There is a tier for every amount: each begins where the one below it ends.
- **T4** A lower bound is exclusive and an upper bound inclusive, to the fen.
- **T5** Every change of a tier is kept: when, from which to which, at which E, by which order.

## Prices (P1-P9)

- **P1** Prices are the catalogue's, never the caller's.
- **P2** The **member day** is day {policy.member_day.day} of each month, 00:00 to 24:00. On it, products of the member zone cost a
  member the tier's price, rounded per unit; other products, and other days, cost list price. The moment of the order counts.
- **P3** Goods are the units' prices, added up.
- **P4** A **birthday coupon** takes its value off goods of at least {yuan(policy.birthday_coupon.min_goods_fen)} yuan at list price. It
  excludes every other offer in the same order: member-day prices and points. Free shipping is a right, not an offer, and stays.
- **P5** **Shipping** is free from the tier's threshold, after the coupon and before points, else {yuan(policy.shipping.fee_fen)} yuan.
- **P6** The order amount is goods less coupon plus shipping.
- **P7** **Points as cash**: {points(rules.redeemed_per_yuan)} points are 1 yuan. They are redeemed in steps of {points(rules.redeem_step)}, at most
  {points(rules.redeem_max_points)} in one order, never more than are available, and never worth more than the order amount.
- **P8** The paid amount is the order amount less the points' value. An order that costs nothing is paid at once.
- **P9** **Best offer**: asked for the best, every allowed combination is priced and the cheapest taken; on a tie the one
  that keeps the coupon, then the one that spends fewer points. Each offer that was not used comes back with the reason.

## Orders (O1-O7)

- **O1** Placing an order takes its stock, spends its points and uses its coupon, in one transaction, or does nothing.
- **O2** An unpaid order lapses {orders.payment_window_minutes} minutes after it was placed. From then on it can be neither paid nor
  cancelled, and gives back stock, points and coupon.
- **O3** A shipped order that nobody confirms counts as received {orders.auto_receipt_days} days after its shipment, however late
  that is noticed.
- **O4** A cancelled, refused or wholly returned order gives back everything: stock, money with shipping, redeemed points, the
  coupon if it is still valid. The points that it earned are taken away.
- **O5** When units come back, what is kept of the order is the share of the charged prices that stays, rounded; shipping, and
  the points that paid for it, stay while anything does. Every refund is the difference of what is kept before and after, so any
  sequence of returns ends at the same fen and the same point as one return of everything.
- **O6** Money is never lost sight of: a payment for an order that does not wait for one changes nothing but is recorded, and
  announced as due back, once. So is money of another amount than an order waits for, if it has arrived.
- **O7** Units can leave a paid order before it is shipped; what is kept is as if they had come back, and the rest is shipped.
  All units are the cancellation. A product can be withdrawn: then no quote and no order has it, whatever comes back.

## Points (E1-E10)

- **E1** An order earns {points(rules.earned_per_yuan)} {"point" if rules.earned_per_yuan == 1 else "points"} per yuan of the paid amount
  that is kept, rounded.
- **E2** They enter the wallet frozen when the order is paid.
- **E3** They become available {rules.release_days} x 24 hours after receipt, less what came back.
- **E4** What a return takes away comes out of the frozen points; once they are released, out of the available ones of their
  own year, then of the others, oldest first. What is missing is a debt, which any later credit pays first and which does not expire.
- **E5** Points belong to the year in which their order was paid and can be used through the end of
  {"the following year" if rules.valid_years == 1 else f"year {rules.valid_years} after it"}; from the next second on they cannot.
- **E6** Redeeming takes the oldest year first. What comes back returns to the years that it was taken from, newest first; what
  has expired by then lapses. A change that restores and takes away restores first.
- **E7** Frozen points stay frozen until their release, and lapse there if their year is over.
- **E8** An adjustment by hand has an id, a reason and an operator. A credit belongs to the current year; a debit takes the
  oldest first, and no more than there is.
- **E9** Every movement is one entry of a ledger that is never rewritten. A member's entries always sum to the wallet.
- **E10** A member is told {rules.notice_days} days ahead what will expire at the year's end.

## Birthday coupons (B1-B6)

- **B1** On the 1st of each month every member of {paid.code} or above whose birthday is in it gets one coupon, by the tier held then.
  It is valid through that month.
- **B2** Who becomes eligible during the month gets it then.
- **B3** There is one per member and calendar year. Its value never changes.
- **B4** A member enters a birthday once; afterwards only staff can change it.
- **B5** A coupon is used by one order, and comes back with it (O2, O4) unless it has expired.
- **B6** A birthday can be kept by the lunar calendar at UTC+8: the 30th of a month of 29 days is on the 29th, a leap month that a year
  lacks is the plain one. Its coupon counts for the lunar year. After staff change a calendar or date, no coupon's month begins less
  than 300 days after the last one's.

## Payments (Y1-Y8)

- **Y1** WeChat Pay, Alipay and Stripe, each if the stage says so. Their keys lie in secrets, two at a time if need be.
- **Y2** A payment is for exactly what the order costs. An order has one open attempt, and ten in all; they end three minutes before it
  lapses, and none begins in its last five.
- **Y3** What a provider has signed counts once, however often and in whatever order it comes. The amount must be the order's to the fen; another one
  is recorded, not applied, and due back.
- **Y4** Money that is no order's stands apart until staff say whose it is, or send it back; of more than
  {yuan(policy.payments.two_eyes_fen)} yuan two people do. After fourteen days it goes back by itself.
- **Y5** Money whose notification never came is found: the provider is asked 2, 10 and 20 minutes after the attempt was made, and at its end. The
  provider's time decides nothing.
- **Y6** What a change of an order makes due back goes to the payment that paid for it, what did not pay for its order whole to itself. One change, at most one
  refund.
- **Y7** Money is sent back through the provider that it came by, one transfer of a payment at a time, exactly once. What that provider will
  not do is paid by hand.
- **Y8** Each day a provider's statement of the day before is held against what we have, by number, from the day before it to the day after. What does not agree
  is listed and alarms; a payment that only the statement tells of is taken in. Fees and payouts stand apart; what staff recorded is not compared.

## After-sales (A1-A11)

What a member asks for after buying is a case ([after-sales](after-sales.md)).

- **A1** Of a received order: a return, an exchange, money back for lines. Of a paid one: money back for all of it, which is its cancellation, at once. Of a
  shipped one: money back for a parcel that is lost. Of any order that was paid: a complaint. The same request is the same case.
- **A2** Who is to act, and until when, follows from the case's state: staff answer in {after.answer_hours} hours, a dispute or a complaint in {after.dispute_hours}; a member
  escalates a refusal within {after.escalate_days} days, once, and somebody else decides; they send back what is approved within {after.send_back_days} days, and staff receive it
  within {after.receive_days}. Deadlines hold from their instant on, whether or not a job has run. What was refused for good is not asked for again.
- **A3** A return for no reason is approved at once until the last second of the {after.no_reason_days}th day after the day of the receipt, if all its products may
  come back so. Silence approves returns. Everything else of which staff are late is overdue, once told, first on the list, and never decided by silence.
- **A4** Units that are received come back as by O5, asked of the order as it is then. What did not come is refused. Units that are lost do not go back to the stock:
  a product's stock is what came in, less what went out, is held for an exchange, or was lost.
- **A5** A unit is in one open case at most. Units that staff take back directly are free ones first, then those of the latest case; a case without units, or whose order
  ends, is closed.
- **A6** The shop owes the freight of what comes back by the reason, {yuan(after.return_shipping_flat_fen)} yuan where it does; staff may set another up to
  {yuan(after.return_shipping_max_fen)} yuan. It is a refund of its own, out of what is left of the payment, the rest by hand. It changes nothing that is kept, no E and no points.
- **A7** An exchange is for the same product or one at the line's list price. Its stock is taken when it is approved, goes back with every other ending, and is
  handed out when the units come. The order stays as it was: later returns go by the original line, and what the member holds goes back on the shelf.
- **A8** A case holds no points: release, expiry and debt go on as if there were none.
- **A9** A complaint is settled once at most, with up to {points(after.settle_points_max)} points or with one coupon of a template that is made for it.
- **A10** Cases are listed by when they are due. What people write in them is in no event and no log; erasure takes it out.
- **A11** A parcel that is on its way for {orders.delivery_late_days} days is late: it is told once, and listed until it arrives.

## Offers (V1-V19)

Campaigns and coupons are no part of the policy: staff put them while the shop runs ([offers](offers.md)). These rules say
what comes of them.

- **V1** A unit costs the lowest of list price, member-day price, and the prices of the running discounts and flash sales that are for
  its product and the member's tier. Prices never multiply, and nobody declines them. On a tie the list price is taken first, then the
  member day's, a discount's, a flash's, and of two campaigns the one of the lower id.
- **V2** A **flash sale** has units of its own, set aside from the shelf. A line takes all of its units from it or none, and a member has
  so many of a product in all. What never reached the member goes back to the sale while it runs, else to the shelf; what is
  returned goes to the shelf, and gives no allowance back.
- **V3** Lines at the price of a line offer that does not stack count for no order offer and no coupon. Shipping and points count them.
- **V4** **Spend and save** takes off what its highest step says that the counted lines reach; one step alone may repeat, up to a cap.
- **V5** Order offers stand in groups, and an order takes one of each at most. All see the same lines at the same prices. What each takes is
  spread over its lines in proportion to what is left of them, by ascending id, and cut to whole fen of that.
- **V6** A **gift** is one more line at no charge, from so much on. Its stock is taken with the order; one that is not there is no choice.
- **V7** What order offers leave of the goods counts for the coupon, for shipping and for the order amount. An order offer may bar
  coupons, or points.
- **V8** A **coupon of a template** takes off an amount, or a rate up to a cap, of what order offers leave of its lines, and never more than
  that. Its minimum is on what they leave. An order uses one coupon at most; an exclusive one stands alone, as the birthday
  coupon does.
- **V9** A coupon can be used between two moments, or from when it was got to the end of so many days after that day. What it is worth,
  and when, never changes once a member has it.
- **V10** Members claim coupons, get them for codes, or from staff. Limits hold exactly. A code that is not valid is refused in one way,
  whatever is wrong with it, and ten such attempts in ten minutes close the door for a while. A member holds 50 available coupons at most.
- **V11** An order that lapses, is cancelled, refused or wholly returned gives back its coupon, its uses and what it took of budgets.
- **V12** Asked for the **best**, the order takes of all allowed combinations of order offers, coupon and points the one that pays the
  least, exactly. On a tie: the dearest gifts, no coupon, the coupon that ends first, the fewest points, the fewest campaigns. Campaigns that
  are named are used, or the order is refused.
- **V13** Every running campaign that counts a product of the cart, and every available coupon, is in a quote: used, or with the first
  reason why not.
- **V14** A campaign may be limited in orders, in orders of each member, and in what it costs the shop. No order passes a limit, not
  by a fen, however many come at once.
- **V15** Amounts that many take from at once are kept in several rows where they are hot. What is left is never told as spent while the
  rows together have it, and the last unit goes to exactly one buyer.
- **V16** A change of a campaign holds five seconds after its answer at the latest. An order keeps what it used for its whole life.
- **V17** When units come back, what is kept of an order is the share that stays of what order offers and coupon left of each line.
  Thresholds are not asked again.
- **V18** A gift that stays although too little of its lines does is charged what is missing, up to its list price; when it comes back
  too, that is refunded. No refund is negative.
- **V19** An offer that would take nothing off is not used and uses nothing up; one whose own conditions fail excludes nothing.

## Repeats (R1-R4)

- **R1** Whatever is sent twice counts once, for ever: orders, payments, returns, adjustments, stream records, runs of jobs.
- **R2** What arrives late, twice or out of order ends in the same state as in order.
- **R3** A job that missed a run catches up at the next.
- **R4** An order keeps what it was priced and earned under; a changed policy touches later orders only.
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
    return write_or_check(DOCS / "programme.md", document(policies.load()), check=asked_to_check())


if __name__ == "__main__":
    sys.exit(main())
