"""Which products an offer counts: some skus, the member zone, or all, less those it leaves out (V1-V8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Products by sku, by zone, or all of them; ``skus`` is None where the scope does not name any.

    One of ``skus``, ``zone`` and ``everything`` says which; ``except_skus`` are left out of it.
    """

    skus: frozenset[str] | None = None
    zone: bool = False
    everything: bool = False
    except_skus: frozenset[str] = frozenset()

    def covers(self, sku: str, *, member_zone: bool) -> bool:
        """Tell whether a product counts, by its sku and its zone flag."""
        if sku in self.except_skus:
            return False
        if self.skus is not None:
            return sku in self.skus
        return self.everything or (self.zone and member_zone)

    def to_row(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {
            "skus": None if self.skus is None else sorted(self.skus),
            "zone": self.zone,
            "everything": self.everything,
            "except_skus": sorted(self.except_skus),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Scope":
        """Read it."""
        return cls(
            skus=None if row["skus"] is None else frozenset(row["skus"]),
            zone=row["zone"],
            everything=row["everything"],
            except_skus=frozenset(row["except_skus"]),
        )
