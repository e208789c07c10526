"""Which products a list of the catalogue is of, and where they stand in its indexes.

A product stands on one of four shelves, by its zone flag and its status. The shelf is the partition of two
indexes, of which one is sorted by sku and the other by name: a list is read from the shelves that it is of.
The keys change only with what staff say of a product, so stock moves without a write to either.
"""

import re
import unicodedata
from dataclasses import dataclass

from functions.catalog.products import ON_SALE, Product, ProductStatus
from functions.domain.identifiers import SKU
from functions.platform.dynamo import LOWEST, Row, Span, above

ZONE = "zone"
"""The sparse index of shelves by sku, and the partition key of both indexes: the shelf. It began as the index
of the member zone alone, whose shelf has its name."""
BY_NAME, NAME_KEY = "by_name", "name_key"
"""The sparse index of shelves by name, and its sort key."""
NAME_BYTES_MAX = 300
"""Bytes of a name that are sorted by, so that a cursor holds them; products are matched by the whole name."""
_NAME_ENDS = "\x1f"
"""Ends the name in its sort key: below all that a name may have, so that `tea` comes before `tea, green`."""
_NAME_HIGHEST = "\U0010ffff"
"""Above all that a name may have."""


def shelf(status: ProductStatus, *, member_zone: bool) -> str:
    """Return the shelf of products that are alike in status and zone: `zone`, `other`, `zone#withdrawn` …"""
    name = ZONE if member_zone else "other"
    return name if status == ON_SALE else f"{name}#{status}"


def folded(name: str) -> str:
    """Return what of a name counts for finding it: neither case nor width, nor how it is composed."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", plain).lstrip()


def _sorted_by(name: str) -> str:
    """Return as much of a folded name as is sorted by: whole characters."""
    return name.encode()[:NAME_BYTES_MAX].decode(errors="ignore")


def index_keys(sku: str, name: str, status: ProductStatus, *, member_zone: bool) -> Row:
    """Return the keys under which a product stands in both indexes."""
    return {
        ZONE: shelf(status, member_zone=member_zone),
        NAME_KEY: _sorted_by(folded(name)) + _NAME_ENDS + sku,
    }


@dataclass(frozen=True, slots=True)
class Listing:
    """Which products a list is of: those of these statuses, in the zone, outside (None: both), of a name.

    Without the beginning of a name it is by sku; with one by folded name, then sku.
    """

    statuses: tuple[ProductStatus, ...] = (ON_SALE,)
    zone: bool | None = None
    begins: str = ""

    @property
    def shelves(self) -> list[str]:
        """The shelves that its products stand on: four at most."""
        zones = (True, False) if self.zone is None else (self.zone,)
        return [shelf(status, member_zone=zone) for status in self.statuses for zone in zones]

    @property
    def named(self) -> str:
        """What tells the list from others."""
        return f"products {self.zone} {folded(self.begins)}"

    @property
    def position(self) -> str:
        """The form of its positions."""
        if not self._beginning:
            return SKU
        return rf"{re.escape(_sorted_by(self._beginning))}[^{_NAME_ENDS}]*{_NAME_ENDS}{SKU}"

    @property
    def index(self) -> tuple[str, str]:
        """The index that has its order, and that one's sort key."""
        return (BY_NAME, NAME_KEY) if self._beginning else (ZONE, "sku")

    def span(self, after: str | None) -> Span:
        """Return where its products stand on a shelf, behind a position."""
        begins = _sorted_by(self._beginning)
        return begins or LOWEST if after is None else above(after), begins + _NAME_HIGHEST

    def has(self, product: Product) -> bool:
        """Tell whether a product, as it is now, is in the list."""
        return (
            product.status in self.statuses
            and self.zone in (None, product.member_zone)
            and folded(product.name).startswith(self._beginning)
        )

    @property
    def _beginning(self) -> str:
        return folded(self.begins)
