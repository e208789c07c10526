"""What all engines price: carts and offers as plain data, of the kinds that every one of them can express.

The rules of a case, for whoever prices it. A percentage lowers the price of a unit of its skus, of which
each is in one percentage at most. A saving takes ``off_fen`` off where the goods of its skus reach
``from_fen`` at those prices; all that are reached may be used together, and none sees what another one
took. It is spread over these goods by what is left of them, one saving after the other, by ascending id. A
coupon does so on what the savings have left, and an order uses one at most. ``skus`` None means all. Amounts
are fen; what a percentage comes to is whole fen.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain, combinations
from operator import itemgetter
from typing import TypedDict


class Line(TypedDict):
    """So many units of a product, and what one costs without any offer."""

    sku: str
    quantity: int
    price_fen: int


class Percentage(TypedDict):
    """So much off the price of each unit."""

    id: str
    percent_off: int
    skus: list[str]


class Saving(TypedDict):
    """From so much on, so much off: a campaign, or a coupon."""

    id: str
    from_fen: int
    off_fen: int
    skus: list[str] | None


class Case(TypedDict):
    """A cart, and all offers that there are."""

    name: str
    lines: list[Line]
    percentages: list[Percentage]
    savings: list[Saving]
    coupons: list[Saving]


_PRICES_FEN = (4_500, 7_900, 12_800, 16_800, 19_900, 23_900, 29_900, 34_500, 42_000, 59_900)
_CART: list[Line] = [
    {"sku": f"sku-{number}", "quantity": 1 + number % 3, "price_fen": price_fen}
    for number, price_fen in enumerate(_PRICES_FEN)
]


def _skus(*numbers: int) -> list[str]:
    return [f"sku-{number}" for number in numbers]


CASES: Sequence[Case] = (
    {
        "name": "one offer",
        "lines": _CART,
        "percentages": [],
        "savings": [{"id": "all-300", "from_fen": 30_000, "off_fen": 5_000, "skus": None}],
        "coupons": [],
    },
    {
        "name": "8 campaigns, 3 coupons",
        "lines": _CART,
        "percentages": [
            {"id": "tenth", "percent_off": 10, "skus": _skus(0, 1)},
            {"id": "fifth", "percent_off": 20, "skus": _skus(2, 3)},
            {"id": "fifteen", "percent_off": 15, "skus": _skus(4, 5)},
            {"id": "third", "percent_off": 30, "skus": _skus(6)},
        ],
        "savings": [
            {"id": "all-1000", "from_fen": 100_000, "off_fen": 6_000, "skus": None},
            {"id": "first-300", "from_fen": 30_000, "off_fen": 3_000, "skus": _skus(0, 1, 2, 3, 4)},
            {"id": "last-600", "from_fen": 60_000, "off_fen": 5_000, "skus": _skus(5, 6, 7, 8, 9)},
            {"id": "pair-200", "from_fen": 20_000, "off_fen": 1_500, "skus": _skus(2, 3)},
        ],
        "coupons": [
            {"id": "FROM1000", "from_fen": 100_000, "off_fen": 4_000, "skus": None},
            {"id": "FROM600", "from_fen": 60_000, "off_fen": 4_500, "skus": _skus(5, 6, 7, 8, 9)},
            {"id": "FROM9000", "from_fen": 900_000, "off_fen": 30_000, "skus": None},
        ],
    },
)


def prices_fen(case: Case) -> dict[str, int]:
    """Return what a unit of each sku costs by the percentages."""
    found = {line["sku"]: line["price_fen"] for line in case["lines"]}
    for percentage in case["percentages"]:
        for sku in percentage["skus"]:
            price = Fraction(found[sku] * (100 - percentage["percent_off"]), 100)
            if price.denominator != 1:
                raise ValueError(f"{sku} would cost {price} fen")
            found[sku] = price.numerator
    return found


def least_fen(case: Case) -> int:
    """Return the least that the order can pay: every choice of savings is tried with every coupon.

    It is what the engines' answers are judged by, ours among them: it knows the rules above, and no engine.
    """
    prices = prices_fen(case)
    amounts = {line["sku"]: Fraction(prices[line["sku"]] * line["quantity"]) for line in case["lines"]}
    savings = [each for each in case["savings"] if _counted(amounts, each) >= each["from_fen"]]
    chosen = chain.from_iterable(combinations(savings, count) for count in range(len(savings) + 1))
    pays = (_pays(amounts, each, coupon) for each in chosen for coupon in (None, *case["coupons"]))
    return min(pay for pay in pays if pay is not None)


def _pays(amounts: dict[str, Fraction], savings: Iterable[Saving], coupon: Saving | None) -> int | None:
    """Return what an order with these savings and this coupon pays; None where the coupon cannot be used."""
    left = dict(amounts)
    for saving in sorted(savings, key=itemgetter("id")):
        whole = _counted(left, saving)
        if saving["off_fen"] > whole:
            raise ValueError(f"{saving['id']} takes more than there is")
        for sku in _of(left, saving):
            left[sku] -= left[sku] * saving["off_fen"] / whole
    if coupon is not None and _counted(left, coupon) < coupon["from_fen"]:
        return None
    if coupon is not None and coupon["off_fen"] > _counted(left, coupon):
        raise ValueError(f"{coupon['id']} takes more than there is")
    return int(sum(left.values()) - (0 if coupon is None else coupon["off_fen"]))


def _of(amounts: dict[str, Fraction], saving: Saving) -> Iterable[str]:
    return amounts if saving["skus"] is None else saving["skus"]


def _counted(amounts: dict[str, Fraction], saving: Saving) -> Fraction:
    return sum((amounts[sku] for sku in _of(amounts, saving)), Fraction(0))
