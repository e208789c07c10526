"""Random carts with offers that lie where rules meet: thresholds hit to the fen, ties, the last of a limit.

A cart follows from its seed and number alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.oracle.offer_lines import priced
from tests.oracle.offer_shapes import BIRTHDAY, ORDER_OFFERS, Coupon, Covers, Goods, OfferCart, Running
from tests.oracle.offers import counted_fen, coupon_net, step_off_fen, take
from tests.oracle.tables import RULES, Rules, rhu

STORE = ZoneInfo("Asia/Shanghai")
PRICES = {
    "round": (10_00, 20_00, 50_00, 100_00, 100_00, 150_00, 168_00, 188_00, 200_00, 300_00, 400_00),
    "odd": (1, 7, 99, 3_33, 17_77, 33_33, 66_67, 99_99, 129_01, 187_99),
    "tiny": (1, 2, 3, 5, 7, 11, 20),
}
IDS = ("A", "b", "B-1", "_x", "10", "9", "zz", "Z", "a.b", "m", "M", "n", "k", "K2")
"""Some of which a dictionary puts in another order than code points do."""
TIERS = ("J0", "J1", "J2", "J3", "J4", "J5")
GROUPS = (None, None, "g1", "g2", "g3")
RATES = ("0.9", "0.85", "0.8", "0.95", "0.5", "0.3333", "0.9999", "0.0001")
BARE_GIFT = "mug"
WINDOW = timedelta(days=40)


@dataclass(frozen=True)
class Question:
    """A cart, and the rules that it is priced under; `seed` and `number` make it again."""

    seed: int
    number: int
    cart: OfferCart
    rules: Rules


def question(seed: int, number: int) -> Question:
    """Make the cart of this number."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - repeatable
    rules = _rules(chance)
    cart = _shopping(chance)
    cart = replace(cart, running=_line_offers(chance, cart))
    cart = replace(cart, running=_shuffled(chance, [*cart.running, *_order_offers(chance, cart, rules)]))
    cart = replace(cart, coupons=_coupons(chance, cart, rules))
    return Question(seed, number, _asked(chance, cart, rules), rules)


def _rules(chance: random.Random) -> Rules:
    """The rules of today, or some that let an order be free, points be worth more, or a rate be none."""
    if chance.random() < 0.7:
        return RULES
    rules = replace(RULES, shipping_fee_fen=chance.choice([0, 0, 1, 5_00, 999_99]))
    if chance.random() < 0.5:
        per_yuan = chance.choice([50, 100, 500])
        step = chance.choice([50, 100, 500])
        step = step if step * 100 % per_yuan == 0 else per_yuan
        rules = replace(
            rules,
            points_per_yuan_redeemed=per_yuan,
            points_step=step,
            points_max_per_order=step * chance.randint(1, 5),
            points_per_yuan_paid=Fraction(chance.choice([1, 2])),
        )
    return rules


def _shopping(chance: random.Random) -> OfferCart:
    """Who buys what: lines, products, the tier, the moment, the points."""
    prices = PRICES[chance.choice(["round", "round", "odd", "tiny"])]
    count = chance.choice([1, 2, 2, 3, 3, 4, 5])
    goods = {
        "abcde"[n]: Goods(
            chance.choice(prices),
            zone=chance.random() < 0.5,
            stock=chance.choice([0, 2, 5, 999, 999]),
            withdrawn=chance.random() < 0.002,
        )
        for n in range(count)
    }
    lines = [(sku, chance.choice([1, 1, 1, 2, 3, 7])) for sku in goods]
    if chance.random() < 0.005:
        lines.append(("unknown", 1))
    goods[BARE_GIFT] = Goods(chance.choice(prices), stock=chance.choice([0, 1, 2, 3, 9, 99, 99]))
    goods["cup"] = Goods(
        chance.choice(prices), zone=True, stock=chance.choice([0, 1, 9]), withdrawn=chance.random() < 0.1
    )
    day = chance.choice([9, 10, 10, 11])
    moment = datetime(2026, 5, day, chance.randrange(24), chance.randrange(60), tzinfo=STORE)
    points = chance.choice([0, 499, 500, 1_000, 1_999, 2_000, 2_000, 50_000])
    return OfferCart(lines, goods, chance.choice(TIERS), moment, available_points=points)


def _bought(cart: OfferCart) -> list[str]:
    return [sku for sku, _ in cart.lines if sku in cart.goods]


def _covers(chance: random.Random, cart: OfferCart) -> Covers:
    skus = _bought(cart)
    without = frozenset(chance.sample(skus, 1)) if chance.random() < 0.15 else frozenset()
    drawn = chance.random()
    if drawn < 0.4:
        return Covers(everything=True, without=without)
    if drawn < 0.55:
        return Covers(zone=True, without=without)
    if drawn < 0.58:
        return Covers(skus=frozenset({"elsewhere"}))
    return Covers(skus=frozenset(chance.sample(skus, chance.randint(1, len(skus)))), without=without)


def _tiers(chance: random.Random) -> frozenset[str] | None:
    return frozenset(chance.sample(TIERS, 3)) if chance.random() < 0.12 else None


def _left(chance: random.Random, often: float = 0.12) -> int | None:
    return chance.choice([0, 1, 1, 5]) if chance.random() < often else None


def _free_id(chance: random.Random, running: Sequence[Running]) -> str:
    return chance.choice([each for each in IDS if each not in {one.campaign_id for one in running}])


def _line_offers(chance: random.Random, cart: OfferCart) -> list[Running]:
    """Discounts and flashes, whose budgets lie about what they would give."""
    made: list[Running] = []
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        one = Running(
            _free_id(chance, made),
            "discount",
            covers=_covers(chance, cart),
            version=chance.randint(1, 9),
            tiers=_tiers(chance),
            stacks=chance.random() < 0.7,
            rate=chance.choice(RATES),
            orders_left=_left(chance),
            member_orders_left=_left(chance),
        )
        if chance.random() < 0.4:
            one = _flash(chance, cart, one)
        if chance.random() < 0.2 and all(sku in cart.goods for sku, _ in cart.lines):
            given = sum(
                (cart.goods[sku].price_fen - unit) * quantity
                for (sku, quantity), unit in zip(
                    cart.lines, priced(replace(cart, running=[*made, one])).units, strict=True
                )
            )
            one = replace(one, budget_left_fen=max(0, given + chance.choice([-1, 0, 0, 1, -given, 500])))
        made.append(one)
    return made


def _flash(chance: random.Random, cart: OfferCart, one: Running) -> Running:
    """A flash of some skus: its price may be that of another offer, its units just too few."""
    skus = chance.sample(_bought(cart), chance.randint(1, len(_bought(cart))))
    wanted = dict(cart.lines)
    prices = {}
    for sku in skus:
        fen = cart.goods[sku].price_fen
        same = [rhu(fen * Fraction(rate)) for rate in ("0.9", "0.85", "0.8", "0.7")]
        prices[sku] = max(1, chance.choice([*same, fen, fen - 1, fen // 3, fen + 1]))
    return replace(
        one,
        kind="flash",
        covers=Covers(skus=frozenset(skus)),
        rate=None,
        prices=prices,
        per_member=chance.choice([1, 2, 3, 7, 9]),
        units_left={sku: max(0, wanted[sku] + chance.choice([-1, 0, 0, 1, 99, -9])) for sku in skus},
        has={sku: chance.choice([0, 0, 0, 1, 2]) for sku in skus},
    )


def _order_offers(chance: random.Random, cart: OfferCart, rules: Rules) -> list[Running]:
    """Spend-and-saves and gifts, whose thresholds lie about B and whose amounts about free shipping."""
    made: list[Running] = []
    if any(sku not in cart.goods for sku, _ in cart.lines):
        return made
    normal = priced(cart, rules)
    for _ in range(chance.choice([0, 1, 2, 2, 3, 3, 4, 5, 6])):
        one = Running(
            _free_id(chance, [*cart.running, *made]),
            "spend_save",
            covers=_covers(chance, cart),
            version=chance.randint(1, 9),
            tiers=_tiers(chance),
            group=chance.choice(GROUPS),
            with_coupons=chance.random() < 0.75,
            with_points=chance.random() < 0.75,
            orders_left=_left(chance, 0.06),
            member_orders_left=_left(chance, 0.06),
        )
        counted = counted_fen(cart, normal, one)
        from_fen = max(1, _near(chance, counted))
        if chance.random() < 0.35:
            one = _gift(chance, cart, replace(one, kind="gift", gift_from_fen=from_fen))
        else:
            one = _steps(chance, cart, one, from_fen, counted)
        if made and chance.random() < 0.15:
            one = replace(chance.choice(made), campaign_id=one.campaign_id, group=one.group)
        made.append(one)
    return made


def _near(chance: random.Random, fen: int) -> int:
    """An amount at, about or well below another."""
    return chance.choice([fen, fen, fen, fen - 1, fen - 1, fen + 1, fen // 2, fen // 3, fen * 2 // 3, 1])


def _gift(chance: random.Random, cart: OfferCart, one: Running) -> Running:
    sku = chance.choice([BARE_GIFT, BARE_GIFT, "cup", *_bought(cart)])
    quantity = chance.choice([1, 1, 1, 2, 3])
    value = cart.goods[sku].price_fen * quantity
    budget = max(0, value + chance.choice([-1, 0, 1])) if chance.random() < 0.15 else None
    return replace(one, gift_sku=sku, gift_quantity=quantity, budget_left_fen=budget)


def _steps(chance: random.Random, cart: OfferCart, one: Running, from_fen: int, counted: int) -> Running:
    amounts = sum(priced(cart).amounts)
    to_shipping = [amounts - fen - extra for fen in (158_00, 168_00, 188_00) for extra in (0, -1, 1, 20_00)]
    offs = [from_fen, from_fen // 2, from_fen // 7, 4_00, 10_00, 20_00, 30_00, 50_00, *to_shipping]
    off = min(max(1, chance.choice(offs)), from_fen)
    if chance.random() < 0.2:
        from_fen = max(1, from_fen // chance.choice([1, 2, 3, 5]))
        off = min(off, from_fen)
        most = chance.choice([None, max(1, off * 2 - 1), off, max(1, off // 2)])
        one = replace(one, steps=((from_fen, off),), repeat=True, max_off_fen=most)
    else:
        steps = [(from_fen, off)]
        for _ in range(chance.choice([0, 0, 1, 2])):
            more = from_fen + chance.choice([1, from_fen, max(1, counted - from_fen)]), steps[-1][1] + 1
            if more[0] > steps[-1][0]:
                steps.append((more[0], min(more[0], more[1] + chance.choice([0, off, 5_00]))))
        one = replace(one, steps=tuple(steps))
    if chance.random() < 0.15:
        takes = step_off_fen(one, counted)
        one = replace(one, budget_left_fen=max(0, takes + chance.choice([-1, 0, 0, 1, -takes])))
    return one


def _coupons(chance: random.Random, cart: OfferCart, rules: Rules) -> list[Coupon]:
    """Coupons of templates, whose minimum lies about what some campaigns leave, and the birthday coupon."""
    made: list[Coupon] = []
    if any(sku not in cart.goods for sku, _ in cart.lines):
        return made
    normal = priced(cart, rules)
    offers = [one for one in cart.running if one.kind in ORDER_OFFERS]
    for number in range(chance.choice([0, 0, 1, 1, 2, 3])):
        if made and chance.random() < 0.2:  # the same, but for its end
            same = made[-1]
            until = same.valid_until + timedelta(days=chance.choice([0, 0, 1, -1]))
            made.append(replace(same, coupon_id=f"cpn_{9 - number}", valid_until=until))
            continue
        one = Coupon(
            f"cpn_{9 - number}",
            "amount",
            cart.moment - WINDOW,
            cart.moment.replace(second=0) + timedelta(days=chance.choice([3, 5, 9])),
            covers=_covers(chance, cart),
            exclusive=chance.random() < 0.25,
        )
        _, left = take(cart, normal, chance.sample(offers, chance.randint(0, min(2, len(offers)))))
        net = coupon_net(cart, normal, left, one)
        minimum = max(0, chance.choice([0, int(net), int(net) + 1, int(net), int(net) // 2]))
        faces = [1, 4_00, 5_00, 10_00, 20_00, 30_00, max(1, minimum // 3), max(1, minimum)]
        one = replace(one, min_fen=minimum, face_fen=chance.choice(faces))
        if chance.random() < 0.35:
            most = chance.choice([None, 1, 5_00, 20_00])
            one = replace(one, kind="rate", face_fen=0, rate=chance.choice(RATES), max_off_fen=most)
        if chance.random() < 0.05:
            one = replace(one, valid_from=cart.moment + timedelta(seconds=chance.choice([0, 1, 86_400])))
        made.append(one)
    if chance.random() < 0.3:
        list_fen = sum(cart.goods[sku].price_fen * quantity for sku, quantity in cart.lines)
        minimum = chance.choice([198_00, 1, list_fen, list_fen + 1, list_fen // 2])
        made.append(
            Coupon(
                "cpn_birthday",
                BIRTHDAY,
                cart.moment - timedelta(days=chance.choice([0, 5])),
                cart.moment + timedelta(days=chance.choice([0, 3, 7])),
                face_fen=chance.choice([20_00, 30_00, 50_00, 100_00]),
                min_fen=minimum,
                used=chance.random() < 0.05,
            )
        )
    return made


def _asked(chance: random.Random, cart: OfferCart, rules: Rules) -> OfferCart:
    """What is asked for; mostly the best."""
    ids = [one.coupon_id for one in cart.coupons]
    coupon = chance.choice(["best", "best", "best", "best", "none", *ids])
    coupons = list(cart.coupons)
    if coupon in ids and chance.random() < 0.06:
        place = ids.index(coupon)
        ended = cart.moment - timedelta(seconds=1)
        worn = [
            replace(coupons[place], used=True),
            replace(coupons[place], valid_from=cart.moment - WINDOW, valid_until=ended),
        ]
        coupons[place] = chance.choice(worn)
    if chance.random() < 0.01:
        coupon = "cpn_unknown"
    some = rules.points_step * chance.randint(1, rules.points_max_per_order // rules.points_step)
    choices: list[int | str] = ["best", "best", 0, 0, some if chance.random() < 0.5 else 0]
    points = chance.choice(choices)
    if chance.random() < 0.02:
        points = chance.randint(0, rules.points_max_per_order + 1)
    campaigns: str | list[str] = chance.choice([*["best"] * 8, "none", "list", "list"])
    if campaigns == "list":
        known = [one.campaign_id for one in cart.running if one.kind in ORDER_OFFERS]
        campaigns = chance.sample(known, min(len(known), chance.choice([0, 1, 1, 1, 2, 2, 3, 4])))
        if chance.random() < 0.08:
            others = [one.campaign_id for one in cart.running if one.campaign_id not in known]
            campaigns = [*campaigns[:3], chance.choice([*others, "gone"])]
    return replace(cart, coupons=coupons, coupon=coupon, points=points, campaigns=campaigns)


def _shuffled(chance: random.Random, running: list[Running]) -> list[Running]:
    chance.shuffle(running)
    return running
