"""What amounts taken one after the other leave of goods, exactly and in integers (V5, V8).

Lines that the same offers count keep their proportions whatever is taken, so they are one part. The parts
stand over one denominator, since a search asks for very many of them. :mod:`functions.offers.shares` says the
same of the lines of one quote.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from functions.offers.bases import LineSet


class Remainder(NamedTuple):
    """What is left: each part is a numerator over ``per``."""

    parts: tuple[int, ...]
    per: int


class Goods:
    """The lines of a cart, in as few parts as the bases of its offers need."""

    def __init__(self, amounts_fen: Sequence[int], bases: Iterable[LineSet]) -> None:
        self._amounts_fen = amounts_fen
        self._bases = bases

    def left(self, taken: Iterable[tuple[LineSet, int]]) -> Remainder:
        """Return what is left when amounts are taken off bases, one after the other (V5)."""
        left, _ = self._divided
        for base, amount_fen in taken:
            left = self.less(left, base, amount_fen)
        return left

    def of(self, left: Remainder, base: LineSet) -> int:
        """Return what is left of a base, as the numerator over ``per``."""
        _, places = self._divided
        parts = left.parts
        return sum([parts[place] for place in places[base]])

    def less(self, left: Remainder, base: LineSet, amount_fen: int) -> Remainder:
        """Return what is left when an amount is taken off a base, in proportion to what was left of it."""
        if not amount_fen:
            return left
        _, places_of = self._divided
        places = places_of[base]
        if len(places) == 1:  # nothing to spread
            parts = list(left.parts)
            parts[places[0]] -= amount_fen * left.per
            return Remainder(tuple(parts), left.per)
        whole = self.of(left, base)
        kept = whole - amount_fen * left.per
        parts = [part * whole for part in left.parts]
        for place in places:
            parts[place] = left.parts[place] * kept
        return Remainder(tuple(parts), left.per * whole)

    @cached_property
    def _divided(self) -> tuple[Remainder, Mapping[LineSet, tuple[int, ...]]]:
        """All of the goods in parts, before anything is taken, and the places of the parts of each base."""
        distinct = tuple(dict.fromkeys(self._bases))
        sums_fen: dict[int, int] = {}
        for place, amount_fen in enumerate(self._amounts_fen):
            counted_by = sum([1 << number for number, base in enumerate(distinct) if base >> place & 1])
            sums_fen[counted_by] = sums_fen.get(counted_by, 0) + amount_fen
        places = {
            base: tuple([place for place, counted_by in enumerate(sums_fen) if counted_by >> number & 1])
            for number, base in enumerate(distinct)
        }
        return Remainder(tuple(sums_fen.values()), 1), places
