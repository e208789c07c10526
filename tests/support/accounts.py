"""Puts a member's account into a state that later work will reach by itself: a tier, points, a coupon."""

from dataclasses import replace
from datetime import datetime

from functions.coupons import coupons
from functions.coupons.birthday import Coupon
from functions.domain import identifiers
from functions.domain.birthdays import CouponYear
from functions.domain.policy import Policy
from functions.platform.dynamo import Tables, to_item
from functions.points.account_rows import WALLET, wallet_of, wallet_row
from functions.tiers import members
from functions.tiers.qualification import Standing


def hold_tier(tables: Tables, table: str, member_id: str, tier: str, policy: Policy) -> None:
    """Let a registered member hold a tier, with the least effective order amount that it takes."""
    above_fen = policy.tier(tier).above_fen
    standing = Standing(
        tier=tier,
        ever_paid=above_fen is not None,
        effective_fen=above_fen + 1 if above_fen else 0,
    )
    row = tables.get(table, members.key(member_id, members.STANDING))
    if row is None:
        raise ValueError(f"{member_id} has not registered")
    held = replace(members.member_standing_of(row), standing=standing)
    tables.client.put_item(TableName=table, Item=to_item(members.standing_row(member_id, held)))


def hold_points(tables: Tables, table: str, member_id: str, available: dict[str, int]) -> None:
    """Let a registered member hold available points by earn year, of which no entry tells."""
    row = tables.get(table, members.key(member_id, WALLET))
    if row is None:
        raise ValueError(f"{member_id} has not registered")
    wallet = replace(wallet_of(row), available={year: points for year, points in available.items() if points})
    tables.client.put_item(TableName=table, Item=to_item(wallet_row(member_id, wallet)))


def hold_debt(tables: Tables, table: str, member_id: str, points: int) -> None:
    """Let a registered member owe points, of which no entry tells."""
    row = tables.get(table, members.key(member_id, WALLET))
    if row is None:
        raise ValueError(f"{member_id} has not registered")
    tables.put(table, wallet_row(member_id, replace(wallet_of(row), debt=points)))


def hold_coupon(
    tables: Tables, table: str, member_id: str, *, face_fen: int, valid_from: datetime, valid_until: datetime
) -> Coupon:
    """Let a member hold the birthday coupon of the year in which it begins."""
    coupon = Coupon(
        coupon_id=identifiers.coupon_id(member_id, valid_from.year),
        year=CouponYear(valid_from.year),
        face_value_fen=face_fen,
        min_goods_fen=19_800,
        valid_from=valid_from,
        valid_until=valid_until,
        issued_at=valid_from,
    )
    tables.client.put_item(TableName=table, Item=to_item(coupons.row_of(member_id, coupon)))
    return coupon
