"""Tiers (T1-T4): which one a member holds, how far the next is, what it brings."""

from typing import Any

from tests.oracle.tables import RULES, Rules


def _check(ever_paid: bool, effective_fen: int) -> None:
    if effective_fen < 0:
        raise ValueError("the effective order amount is never negative")
    if not ever_paid and effective_fen != 0:
        raise ValueError("a member who never paid has no effective order amount")


def tier(ever_paid: bool, effective_fen: int, rules: Rules = RULES) -> str:
    """T1, T2, T4: the tier as a pure function of (has ever paid, E).

    J0 until the first paid order, never again after it, also when every order came back (E = 0 is J1).
    Upper bounds are inclusive, so the tier is the first whose upper bound E does not pass; T3: J5 has none.
    """
    _check(ever_paid, effective_fen)
    registered, *paying = rules.tiers
    if not ever_paid:
        return registered.name
    for row in paying:
        if row.up_to_fen is None or effective_fen <= row.up_to_fen:
            return row.name
    raise ValueError("the last tier must have no upper bound")


def amount_to_next(ever_paid: bool, effective_fen: int, rules: Rules = RULES) -> tuple[str, int] | None:
    """T1, T4: the next tier up and the smallest further order amount that reaches it; None at the top.

    The amount is 0 at J0, as any paid order does. From J1 up it is one fen past the inclusive upper bound.
    """
    held = tier(ever_paid, effective_fen, rules)
    names = [row.name for row in rules.tiers]
    place = names.index(held)
    if place == len(names) - 1:
        return None
    following = names[place + 1]
    if not ever_paid:
        return following, 0
    up_to_fen = rules.row(held).up_to_fen
    if up_to_fen is None:
        raise ValueError("only the last tier may have no upper bound")
    return following, up_to_fen + 1 - effective_fen


def benefits(tier_name: str, rules: Rules = RULES) -> dict[str, Any]:
    """The tier table's right-hand columns, with the contract's field names."""
    row = rules.row(tier_name)
    return {
        "birthday_coupon_fen": row.coupon_fen,
        "member_day_rate": row.member_day_rate,
        "free_shipping_from_fen": row.free_shipping_from_fen,
    }
