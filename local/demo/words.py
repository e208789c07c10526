"""What happened, in words: amounts are yuan, points have thin figures, names begin with a capital."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from functions.domain.money import FEN_PER_YUAN
from local.demo.acts import Json, Pay
from local.demo.books import Account

NOT_WORTH_TELLING = ("not_requested", "no_zone_products")
"""Why an offer was not used, where nobody wonders."""


def yuan(fen: int) -> str:
    """An amount as a shopper reads it: ``30 035.60``."""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'−' if fen < 0 else ''}{whole:,}.{rest:02}".replace(",", " ")


def points(number: int) -> str:
    """A number of points: ``30 000``."""
    return f"{number:,}".replace(",", " ").replace("-", "−")


def moved(number: int) -> str:
    """A change of points: ``+206``."""
    return ("+" if number > 0 else "") + points(number)


def times(text: str, count: int) -> str:
    """A text, and how often."""
    return text if count == 1 else f"{text} ({count} ×)"


def facts(answer: Json) -> Iterator[str]:
    """What an answer of the API says, as far as it is worth telling."""
    if "code" in answer:
        yield f"refused: {answer['code']}"
    if "case_id" in answer:
        yield from case(answer)
        return
    quote = answer.get("quote", answer) if "paid_fen" in answer else None
    if quote is not None and answer.get("status") in (None, "placed"):
        yield priced(quote)
        for offer in quote["not_applied"]:
            if offer["code"] in NOT_WORTH_TELLING:
                continue
            name = f" {offer['campaign_id']}" if "campaign_id" in offer else ""
            yield f"{offer['offer'].replace('_', ' ')}{name} not used: {offer['detail']}"
    if "refund_fen" in answer:
        kept = answer["retained"]
        yield (
            f"{yuan(answer['refund_fen'])} go back with {points(answer['points_restored'])} points; "
            f"the order keeps {yuan(kept['paid_fen'])}, {points(kept['redeemed_points'])} redeemed "
            f"and {points(kept['earned_points'])} earned points"
        )
    elif answer.get("status") in ("cancelled", "refused"):
        yield f"{answer['status']}; {yuan(answer['refunded_fen'])} go back"
    elif answer.get("status") == "lapsed":
        yield "the order stays lapsed, the payment is recorded as not applied"
    if "value_fen" in answer:
        yield from owed(answer)
    if "used" in answer and answer["used"]["orders"]:
        yield came_to(answer)


def case(answer: Json) -> Iterator[str]:
    """Where a case stands, and what it came to."""
    by = answer["answer_by"] or answer["send_back_by"] or answer["escalate_by"]
    until = f", until {by[:16].replace('T', ' ')}" if by else ""
    yield f"the {answer['kind'].replace('_', ' ')} is {answer['state'].replace('_', ' ')}{until}"
    if answer["refund_fen"]:
        yield f"{yuan(answer['refund_fen'])} go back"
    if answer["return_shipping_fen"]:
        yield f"{yuan(answer['return_shipping_fen'])} for the parcel"
    if answer["settlement"] is not None:
        given = answer["settlement"]["points"]
        yield "settled with " + (f"{points(given)} points" if given else "a coupon")


DEVICES = {
    "qr": "scans the code",
    "redirect": "goes to the page",
    "params": "opens the app",
    "client_secret": "types a card",
}
"""What a shopper does, by the kind of the action."""


def paid(paying: Pay, value: Json) -> Iterator[str]:
    """What a shopper has done at the till, and how that is told."""
    if paying.lost:
        told = "nobody is told"
    elif paying.late_seconds:
        told = f"the suite will be told {paying.late_seconds // 60} minutes later"
    else:
        told = "the suite is told twice, at once" if paying.twice else "the suite is told"
    yield (
        f"{paying.who.capitalize()} {DEVICES[value['action']]} and pays {yuan(value['paid_fen'])} "
        f"by {paying.provider}; {told}; the order is {value['order_status']}"
    )


def came_to(campaign: Json) -> str:
    """What a campaign came to so far."""
    used = campaign["used"]
    counts = ", ".join(_counted(used[each], each[:-1]) for each in ("orders", "members", "units"))
    return (
        f"{campaign['campaign_id']}: {counts}; {yuan(used['given_fen'])} given; "
        f"goods of {yuan(used['goods_fen'])} stay, {yuan(used['refunded_fen'])} were refunded"
    )


def _counted(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def owed(report: Json) -> Iterator[str]:
    """What a report of the liability says."""
    for year in report["available"]:
        end = year["expires_at"][:10]
        yield f"{points(year['points'])} points of {year['earned_in']}, usable through {end}"
    yield (
        f"worth {yuan(report['value_fen'])} yuan; "
        f"{points(report['frozen'])} frozen, {points(report['debt'])} owed"
    )
    yield (
        f"audited: {report['accounts']} accounts and {report['orders']} orders, "
        f"{report['differences']} differences"
    )


def priced(quote: Json) -> str:
    """How a quote comes about, in one line."""
    lines = ", ".join(map(_line, quote["lines"]))
    sums = f"goods {yuan(quote['goods_fen'])}"
    for use in quote["campaigns"]:
        if use["amount_fen"]:
            sums += f" − {use['campaign_id']} {yuan(use['amount_fen'])}"
    if quote["coupon"]:
        sums += f" − coupon {yuan(quote['coupon']['amount_fen'])}"
    sums += f" + shipping {yuan(quote['shipping_fen'])}"
    if quote["points"]["redeemed"]:
        sums += f" − {yuan(quote['points']['value_fen'])} for {points(quote['points']['redeemed'])} points"
    return (
        f"{quote['tier']}: {lines}; {sums} = {yuan(quote['paid_fen'])}, earns {points(quote['earns_points'])}"
    )


def _line(line: Json) -> str:
    if line["gift_of"] is not None:
        return f"{line['quantity']} × {line['sku']} as a gift of {line['gift_of']}"
    text = f"{line['quantity']} × {line['sku']} at {yuan(line['unit_price_fen'])}"
    if line["unit_price_fen"] != line["list_price_fen"]:
        text += f" (list {yuan(line['list_price_fen'])})"
    return text


def changed(before: Account | None, after: Account) -> Iterator[str]:
    """What is new in an account, in one line; nothing if nothing is, or if it is looked at first."""
    name = after.member.capitalize()
    if before is None:
        return
    parts = []
    if before.tier != after.tier:
        parts.append(f"tier {before.tier} → {after.tier}")
    if before.effective_fen != after.effective_fen:
        parts.append(f"E {yuan(before.effective_fen)} → {yuan(after.effective_fen)}")
    for balance, word in (("frozen", "frozen"), ("available", "available"), ("debt", "owed")):
        was, now = getattr(before, balance), getattr(after, balance)
        if was != now:
            parts.append(f"{word} {moved(now - was)} → {points(now)}")
    if parts:
        yield f"{name}: {', '.join(parts)}"


def got_coupon(who: str, coupon: Json) -> str:
    """A coupon that was issued."""
    return (
        f"{who.capitalize()} gets a {'birthday ' if coupon['kind'] == 'birthday' else ''}coupon of "
        f"{yuan(coupon['face_value_fen'])}, "
        f"valid through {coupon['valid_until'][:10]}"
    )


def heard(events: Sequence[Json], names: Mapping[str, str]) -> Iterator[str]:
    """What was told to the outside and is not seen in an account; ``names`` are by member id."""
    for event in events:
        who = names.get(event.get("member_id", ""), "").capitalize()
        if event["type"] == "RefundDue":
            reason = event["reason"].replace("_", " ")
            yield f"refund due to {who}: {yuan(event['amount_fen'])}, {reason}"
        elif event["type"] == "PointsExpiring":
            yield f"{who} is told ahead: {points(event['points'])} points end with {event['expires_at'][:10]}"
        elif event["type"] == "PointsExpired":
            yield f"{who}: {points(event['points'])} points of {event['earned_in']} have expired"
