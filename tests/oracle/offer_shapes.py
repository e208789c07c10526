"""What the oracle of offers is asked: carts, campaigns that run, coupons that are held; and its refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.tables import Refused

LINE_OFFERS = ("discount", "flash")
ORDER_OFFERS = ("spend_save", "gift")
BIRTHDAY = "birthday"


@dataclass(frozen=True)
class Goods:
    """A product: its list price, whether it is in the zone, the units on the shelf, whether it is on sale."""

    price_fen: int
    zone: bool = False
    stock: int = 999
    withdrawn: bool = False


@dataclass(frozen=True)
class Covers:
    """Which products something counts: these skus, the zone, or all, without some."""

    skus: frozenset[str] | None = None
    zone: bool = False
    everything: bool = False
    without: frozenset[str] = frozenset()

    def __contains__(self, what: tuple[str, bool]) -> bool:
        sku, in_zone = what
        if sku in self.without:
            return False
        if self.skus is not None:
            return sku in self.skus
        return self.everything or (self.zone and in_zone)


ALL = Covers(everything=True)


@dataclass(frozen=True)
class Running:
    """A campaign that runs at the moment, and what is left of it for this member (None: no limit).

    `prices` are a flash's by sku, `units_left` what is left of each, `has` how many this member has had.
    """

    campaign_id: str
    kind: str
    covers: Covers = ALL
    version: int = 1
    tiers: frozenset[str] | None = None
    group: str | None = None
    stacks: bool = True
    with_coupons: bool = True
    with_points: bool = True
    rate: str | None = None
    prices: Mapping[str, int] = field(default_factory=dict)
    per_member: int = 0
    steps: Sequence[tuple[int, int]] = ()
    repeat: bool = False
    max_off_fen: int | None = None
    gift_from_fen: int = 0
    gift_sku: str = ""
    gift_quantity: int = 0
    orders_left: int | None = None
    member_orders_left: int | None = None
    budget_left_fen: int | None = None
    units_left: Mapping[str, int] = field(default_factory=dict)
    has: Mapping[str, int] = field(default_factory=dict)

    @property
    def from_fen(self) -> int:
        """V4, V6: from how much on it does anything."""
        return self.gift_from_fen if self.kind == "gift" else self.steps[0][0]

    @property
    def of_group(self) -> str:
        """V5: the group it belongs to, its kind if it says none."""
        return self.kind if self.group is None else self.group


@dataclass(frozen=True)
class Coupon:
    """A coupon the member holds: `amount` or `rate` of a template, or the birthday coupon.

    `valid_until` is its last usable second.
    """

    coupon_id: str
    kind: str
    valid_from: datetime
    valid_until: datetime
    face_fen: int = 0
    rate: str | None = None
    max_off_fen: int | None = None
    min_fen: int = 0
    covers: Covers = ALL
    exclusive: bool = False
    used: bool = False

    @property
    def alone(self) -> bool:
        """P4, V8: goes with no campaign, no member-day price and no points."""
        return self.exclusive or self.kind == BIRTHDAY


@dataclass(frozen=True)
class OfferCart:
    """Who asks for what, when, with which offers, and what there is of them.

    `lines` are (sku, quantity). `coupon` is "none", "best" or an id, `points` a number or "best", `campaigns`
    "best", "none" or the ids of order offers.
    """

    lines: Sequence[tuple[str, int]]
    goods: Mapping[str, Goods]
    tier: str
    moment: datetime
    running: Sequence[Running] = ()
    coupons: Sequence[Coupon] = ()
    available_points: int = 0
    coupon: str = "none"
    points: int | str = 0
    campaigns: str | Sequence[str] = "best"


class RefusedWith(Refused):
    """A refusal with its reason, and whom it names."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.facts = facts


@dataclass(frozen=True)
class Prices:
    """What each line costs: unit price, what it is of, and whether order offers and coupons count it (V3)."""

    units: tuple[int, ...]
    of: tuple[str, ...]
    counted: tuple[bool, ...]
    amounts: tuple[int, ...]
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Combination:
    """One way to charge an order, with everything that the choice among them looks at."""

    chosen: tuple[Running, ...]
    coupon: Coupon | None
    points: int
    prices: Prices
    amounts: tuple[int, ...]
    left: tuple[Fraction, ...]
    coupon_fen: int
    shipping_fen: int
    paid_fen: int

    @property
    def order_amount_fen(self) -> int:
        """P6, V7: what the order charges."""
        return sum(self.prices.amounts) - sum(self.amounts) - self.coupon_fen + self.shipping_fen
