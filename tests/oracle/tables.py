"""The figures of the programme, written out once more: amounts in fen, rates as decimal text.

These are the oracle's own literals. They are compared with the first implementation, never read from it.
"""

from dataclasses import dataclass, replace
from fractions import Fraction


class Refused(Exception):
    """A request the rules turn down.

    Parameters
    ----------
    code
        The contract's refusal code, such as `points_step`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class TierRow:
    """One row of the tier table (T1-T4).

    `up_to_fen` is the inclusive upper bound of the effective order amount; the exclusive lower bound is the
    row before's. None: no upper bound (J5), or no bound at all (J0, which is about never having paid).
    `member_day_rate` is None where the table says "list".
    """

    name: str
    up_to_fen: int | None
    coupon_fen: int
    member_day_rate: str | None
    free_shipping_from_fen: int


@dataclass(frozen=True)
class Rules:
    """All figures of the rules; a test passes altered ones with `dataclasses.replace` or `with_tier`."""

    time_zone: str = "Asia/Shanghai"
    tiers: tuple[TierRow, ...] = (
        TierRow("J0", None, 0, None, 188_00),
        TierRow("J1", 1_000_00, 20_00, None, 188_00),
        TierRow("J2", 8_000_00, 20_00, "0.90", 188_00),
        TierRow("J3", 30_000_00, 30_00, "0.80", 188_00),
        TierRow("J4", 80_000_00, 50_00, "0.70", 168_00),
        TierRow("J5", None, 100_00, "0.60", 158_00),
    )
    member_day_of_month: int = 10  # P2
    coupon_minimum_list_fen: int = 198_00  # P4
    shipping_fee_fen: int = 10_00  # P5
    points_per_yuan_redeemed: int = 500  # P7
    points_step: int = 500  # P7
    points_max_per_order: int = 2_000  # P7
    points_per_yuan_paid: Fraction = Fraction(1)  # E1
    release_days: int = 7  # E3
    payment_window_minutes: int = 30  # O2
    auto_receipt_days: int = 10  # O3

    def row(self, name: str) -> TierRow:
        """The table's row of a tier; a name the table does not have is a KeyError."""
        for row in self.tiers:
            if row.name == name:
                return row
        raise KeyError(name)

    def with_tier(self, row: TierRow) -> "Rules":
        """These rules with one tier's row replaced by another of the same name."""
        self.row(row.name)
        return replace(self, tiers=tuple(row if old.name == row.name else old for old in self.tiers))


RULES = Rules()


def rhu(amount: Fraction) -> int:
    """Round half up to an integer: 0.5 to 1, 1.5 to 2, 2.5 to 3. Amounts are never negative."""
    if amount < 0:
        raise ValueError(f"rhu is for amounts that are not negative, got {amount}")
    whole = amount.numerator // amount.denominator
    rest = amount - whole
    return whole + 1 if rest >= Fraction(1, 2) else whole


def earned_points(paid_fen: int, rules: Rules = RULES) -> int:
    """E1: the paid amount in yuan, rounded half up, is the points it earns.

    Room left: with an earning rate other than 1 the rules do not say whether yuan or points are rounded.
    Taken: one rounding, at the end, rhu(yuan x rate).
    """
    return rhu(Fraction(paid_fen, 100) * rules.points_per_yuan_paid)


def points_value_fen(points: int, rules: Rules = RULES) -> int:
    """P7: what points are worth as cash, 500 points = 1 yuan.

    Room left: altered rules under which a step is not a whole number of fen; that is a ValueError here.
    """
    value = Fraction(points * 100, rules.points_per_yuan_redeemed)
    if value.denominator != 1:
        raise ValueError(f"{points} points are worth {value} fen, and the rules do not say how to round it")
    return value.numerator
