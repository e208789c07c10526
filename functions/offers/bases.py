"""Bases: the lines that an order offer or a coupon counts, and what they come to (V3, V4, V8)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from functions.catalog.products import Product
from functions.domain.scope import Scope
from functions.offers.line_prices import PricedLine

LineSet = int
"""Lines of a cart: a bit for the place of each."""


class Countable(NamedTuple):
    """A line that may be counted: its place, its product, and what it comes to."""

    place: int
    product: Product
    amount_fen: int


class Base(NamedTuple):
    """The lines that an offer counts: their places, the same as a set, and their sum."""

    places: tuple[int, ...]
    lines: LineSet
    sum_fen: int


def stacking(lines: Iterable[PricedLine]) -> list[Countable]:
    """Return the lines that order offers and coupons may count, at their prices (V3)."""
    return [
        Countable(place, line.product, line.amount_fen) for place, line in enumerate(lines) if line.stacks
    ]


def at_list_price(lines: Iterable[PricedLine]) -> list[Countable]:
    """Return the lines as a coupon counts them that stands alone (V8)."""
    return [
        Countable(place, line.product, line.product.price_fen * line.quantity)
        for place, line in enumerate(lines)
    ]


def base_of(scope: Scope, lines: Sequence[Countable]) -> Base:
    """Return the base that a scope has of lines."""
    covers = scope.covers
    counted = [
        (place, amount_fen)
        for place, product, amount_fen in lines
        if covers(product.sku, member_zone=product.member_zone)
    ]
    return Base(
        tuple([place for place, _ in counted]),
        sum([1 << place for place, _ in counted]),
        sum([amount_fen for _, amount_fen in counted]),
    )
