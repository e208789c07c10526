"""What the product and the oracle say of the same cart, and where they differ."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.domain.errors import RefusalError
from functions.offers.pricing import price
from functions.offers.quotes import Quote
from functions.orders.refunds import retained
from tests.agreement.translation import amounts_of, cart_of, facts_of, policy_of, products_of, shopper_of
from tests.oracle.offer_carts import Question
from tests.oracle.offer_quotes import offers_quote
from tests.oracle.offer_reasons import Told
from tests.oracle.offer_refusals import READINGS, Reading
from tests.oracle.offer_returns import retained_with_offers
from tests.oracle.offer_shapes import OfferCart, RefusedWith
from tests.oracle.tables import Rules

RETURNS = 6
"""How many returns of an order are compared, one after the other."""


@dataclass(frozen=True)
class Difference:
    """Where they differ, and what each says there."""

    where: str
    product: Any
    oracle: Any


@dataclass
class Count:
    """What the carts were about, so that one can see that the questions were worth asking."""

    of: Counter[str] = field(default_factory=Counter)

    def quote(self, quote: dict[str, Any], cart: OfferCart) -> None:
        """Count what a quote uses and what it does not."""
        kinds = {one.campaign_id: one.kind for one in cart.running}
        self.of["quotes"] += 1
        self.of[f"order offers used: {len(quote['campaigns'])}"] += 1
        self.of.update(f"used: {use['kind']}" for use in quote["campaigns"])
        self.of.update(f"used: {kind}" for _, _, kind in quote["line_offers"])
        if quote["coupon"] is not None:
            held = next(one for one in cart.coupons if one.coupon_id == quote["coupon"]["coupon_id"])
            self.of[f"used: {'exclusive ' if held.exclusive else ''}{held.kind} coupon"] += 1
        self.of["used: points"] += quote["points"]["redeemed"] > 0
        self.of["used: member day"] += any(line["price_of"] == "member_day" for line in quote["lines"])
        for told in quote["not_applied"]:
            self.of[f"told: {kinds.get(told.campaign_id, 'coupon')} {told.code}"] += 1


def differences(question: Question, count: Count | None = None) -> list[Difference]:
    """Put a question to both and return where they differ; also on returns of what was quoted."""
    cart, rules = question.cart, question.rules
    count = count or Count()
    count.of["carts"] += 1
    ours, refusal = _ours(cart, rules)
    try:
        theirs = offers_quote(cart, rules)
    except RefusedWith as refused:
        count.of[f"refused: {refused.code} {refused.facts.get('reason', '')}".rstrip()] += 1
        readings = [_refusal(cart, rules, reading) for reading in READINGS]
        if refusal not in readings:
            return [Difference("refusal", refusal or "a quote", readings[0])]
        count.of["refused by another reading of the page"] += refusal != readings[0]
        return []
    count.quote(theirs, cart)
    if ours is None:
        return [Difference("refusal", refusal, "a quote")]
    return [
        *_of_amounts(ours, theirs),
        *_of_reasons(ours, theirs),
        *_of_returns(question, ours, theirs, count),
    ]


def _ours(cart: OfferCart, rules: Rules) -> tuple[Quote | None, dict[str, Any] | None]:
    try:
        return price(cart_of(cart), products_of(cart), shopper_of(cart), policy_of(rules)), None
    except RefusalError as refused:
        facts = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in refused.facts.items()
            if name != "errors"  # sentences about fields
        }
        return None, {"code": refused.code, **facts}


def _refusal(cart: OfferCart, rules: Rules, reading: Reading) -> dict[str, Any]:
    try:
        offers_quote(cart, rules, reading)
    except RefusedWith as refused:
        return {"code": refused.code, **refused.facts}
    raise AssertionError("what is refused is refused by every reading")


def _of_amounts(ours: Quote, theirs: Mapping[str, Any]) -> Iterator[Difference]:
    shown = amounts_of(ours)
    expected = {name: theirs[name] for name in shown}
    if expected["coupon"] is not None and ours.coupon is not None and ours.coupon.base is None:
        # The birthday coupon, which counts every line, has no base of its own.
        everything = tuple(place for place, line in enumerate(shown["lines"]) if line["gift_of"] is None)
        shown["coupon"]["base"] = everything
    for use in expected["campaigns"]:
        if use["kind"] != "gift":
            use["from_fen"] = None
    for name, value in expected.items():
        if shown[name] != value:
            yield Difference(name, shown[name], value)


def _of_reasons(ours: Quote, theirs: Mapping[str, Any]) -> Iterator[Difference]:
    given = [(facts_of(told), told.code) for told in ours.not_applied if told.offer in ("campaign", "coupon")]
    for told in theirs["not_applied"]:
        found = _find(given, told)
        if found is not None:
            given.remove(found)
        elif not told.may_miss:
            yield Difference("not_applied: not told", _about(ours, told), told)
    named = {(told.campaign_id, told.coupon_id) for told in ours.not_applied}
    used = {use.campaign_id for use in ours.line_offers}
    for told in theirs["not_applied"]:
        about = (told.campaign_id, told.coupon_id)
        if told.campaign_id is not None and about not in named and told.campaign_id not in used:
            yield Difference("not_applied: not told", [], told)
    for facts, code in given:
        yield Difference("not_applied: told", (*facts, code), None)
    for offer, codes in theirs["older"].items():
        told_of = [told.code for told in ours.not_applied if told.offer == offer] or [""]
        if len(told_of) > 1 or (told_of[0] not in codes and (codes or told_of[0])):
            yield Difference(f"not_applied: {offer}", told_of, sorted(codes))


def _find(given: list[tuple[tuple[Any, ...], str]], told: Told) -> tuple[tuple[Any, ...], str] | None:
    facts = (told.offer, told.campaign_id, told.coupon_id, told.missing_fen, told.sku, told.may_have)
    for one in given:
        if one[0] == facts and one[1] in {told.code, *told.or_codes}:
            return one
    return None


def _about(ours: Quote, told: Told) -> list[tuple[Any, ...]]:
    return [
        (*facts_of(one), one.code)
        for one in ours.not_applied
        if (one.campaign_id, one.coupon_id) == (told.campaign_id, told.coupon_id)
    ]


def _of_returns(
    question: Question, ours: Quote, theirs: dict[str, Any], count: Count
) -> Iterator[Difference]:
    """O5, V17, V18: units come back in a random order, and all figures are compared on the way."""
    if any(_of_amounts(ours, theirs)):
        return
    chance = random.Random(f"{question.seed}:{question.number}:returns")  # noqa: S311 - repeatable
    staying = [line.quantity for line in ours.lines]
    rate = int(question.rules.points_per_yuan_paid)
    before: dict[str, int] | None = None
    for turn in range(RETURNS + 1):
        if turn == RETURNS:
            staying = [0] * len(staying)
        elif turn:
            place = chance.choice([each for each, units in enumerate(staying) if units] or [0])
            staying[place] = chance.randrange(max(1, staying[place]))
        expected = retained_with_offers(theirs, staying, question.rules)
        kept = retained(ours, staying, earned_per_yuan=rate)
        shown = {name: getattr(kept, name) for name in expected}
        count.of["returns"] += 1
        if any(ours.lines[place].gift_of and units for place, units in enumerate(staying)):
            count.of["returns while a gift stays"] += 1
        if shown != expected:
            yield Difference(f"retained of {staying}", shown, expected)
        if before is not None and any(before[name] < expected[name] for name in expected):
            yield Difference(f"the oracle's own refund is negative at {staying}", before, expected)
        before = expected


def smaller(question: Question, still: Callable[[Question], bool]) -> Question:
    """Return a question with less in it about which the same still holds."""
    while True:
        for cart in _less(question.cart):
            fewer = replace(question, cart=cart)
            if still(fewer):
                question = fewer
                break
        else:
            return question


def _less(cart: OfferCart) -> Iterator[OfferCart]:
    """Every cart with one thing less."""
    for place in range(len(cart.running)):
        yield replace(cart, running=[*cart.running[:place], *cart.running[place + 1 :]])
    for place in range(len(cart.coupons)):
        yield replace(cart, coupons=[*cart.coupons[:place], *cart.coupons[place + 1 :]])
    for place in range(len(cart.lines) if len(cart.lines) > 1 else 0):
        yield replace(cart, lines=[*cart.lines[:place], *cart.lines[place + 1 :]])
    if not isinstance(cart.campaigns, str):
        for each in cart.campaigns:
            yield replace(cart, campaigns=[one for one in cart.campaigns if one != each])
        yield replace(cart, campaigns="best")
    if cart.points != 0:
        yield replace(cart, points=0)
    if cart.available_points:
        yield replace(cart, available_points=0)
    if cart.moment.day == 10:
        yield replace(cart, moment=cart.moment.replace(day=9))
    if any(quantity > 1 for _, quantity in cart.lines):
        yield replace(cart, lines=[(sku, 1) for sku, _ in cart.lines])
    plain: dict[str, Any] = {
        "tiers": None,
        "stacks": True,
        "with_coupons": True,
        "with_points": True,
        "orders_left": None,
        "member_orders_left": None,
        "budget_left_fen": None,
        "group": None,
        "version": 1,
    }
    for place, one in enumerate(cart.running):
        for name, value in plain.items():
            if getattr(one, name) != value:
                running = list(cart.running)
                running[place] = replace(one, **{name: value})
                yield replace(cart, running=running)


def kinds_of(found: list[Difference]) -> list[str]:
    """Say of differences what they are about, without the figures."""
    kinds = []
    for one in found:
        code = ""
        if one.where == "refusal":
            pair = (one.product, one.oracle)
            code = " / ".join(
                f"{each['code']} {each.get('reason', '')}".strip() if isinstance(each, dict) else str(each)
                for each in pair
            )
        elif isinstance(one.oracle, Told):
            said = ", ".join(str(each[-1]) for each in one.product) or "nothing"
            code = f"{one.oracle.offer}: {said} / {one.oracle.code}"
        elif one.where == "not_applied: told":
            code = f"{one.product[0]}: {one.product[-1]}"
        elif one.where.startswith("not_applied"):
            code = f"{one.product} / {one.oracle}"
        where = "retained" if one.where.startswith("retained") else one.where
        kinds.append(f"{where}: {code}".rstrip(": "))
    return kinds
