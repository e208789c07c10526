"""The kinds of campaigns, a room for each: line offers price a unit, order offers take off or add (V1-V6).

A kind is a module with its terms, a frozen dataclass. A new one is a module and its line in :data:`KINDS`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.flash import FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms

Terms = DiscountTerms | FlashTerms | SpendSaveTerms | GiftTerms

KINDS: Mapping[str, type[Terms]] = MappingProxyType(
    {each.kind: each for each in (DiscountTerms, FlashTerms, SpendSaveTerms, GiftTerms)}
)
"""By the name of the kind."""
