"""The policy file: what it says, and that a broken one is refused with the field's name."""

from pathlib import Path

import pytest

from functions.domain.policy import PolicyError, load
from tests.support.policies import changed


def test_the_committed_policy_is_valid_and_names_itself() -> None:
    assert load().version == load().version
    assert [tier.code for tier in load().tiers] == ["J0", "J1", "J2", "J3", "J4", "J5"]


def test_R4_any_change_gives_the_policy_another_version(tmp_path: Path) -> None:
    assert load(changed(tmp_path, ("fee_fen = 1_000", "fee_fen = 1_001"))).version != load().version


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Nowhere"', "time_zone"),
        ('time_zone = "Asia/Shanghai"', 'time_zone = "/etc/passwd"', "time_zone"),
        ("fee_fen = 1_000", "fee_fen = 10.5", "shipping.fee_fen"),
        ("fee_fen = 1_000", "fee_fen = -1", "shipping.fee_fen"),
        ("fee_fen = 1_000", "fee_yuan = 10", "shipping.fee_yuan"),
        ("above_fen = 800_000", "above_fen = 100_000", "J3.above_fen: must be there"),
        ("above_fen = 800_000\n", "", "J3.above_fen: must be there"),
        ("above_fen = 0\n", "above_fen = 1\n", "J1.above_fen"),
        ("above_fen = 0\n", "", "J1.above_fen"),
        ("free_shipping_from_fen = 16_800", "free_shipping_from_fen = 0", "tiers.4.free_shipping_from_fen"),
        ("day = 10", "day = 29", "member_day.day"),
        ("day = 10", "day = 0", "member_day.day"),
        ("min_goods_fen = 19_800", "min_goods_fen = 0", "birthday_coupon.min_goods_fen"),
        ("redeemed_per_yuan = 500", "redeemed_per_yuan = 700", "redeem_step must be worth whole fen"),
        ("notice_days = 30", "notice_days = 366", "points.notice_days"),
        ("auto_receipt_days = 10", "auto_receipt_days = true", "orders.auto_receipt_days"),
        ('member_day_rate = "0.90"', 'member_day_rate = "1.01"', "tiers.2.member_day_rate"),
        ('member_day_rate = "0.90"', 'member_day_rate = "0"', "tiers.2.member_day_rate"),
        ('code = "J1"', 'code = "J0"', "each code may stand once"),
        ('code = "J0"', 'code = "J0"\nbirthday_coupon_fen = 1', "J0: the tier before any paid order"),
        ("redeem_max_points = 2_000", "redeem_max_points = 2_100", "redeem_max_points"),
        ("release_days = 7", "release_days = 0", "points.release_days"),
        ("release_days = 7", "", "points.release_days"),
        ("release_days = 7", 'release_days = "7"', "points.release_days"),
        ('code = "J1"', 'code = "j1"', "tiers.1.code"),
        ('code = "J1"', 'code = "1J"', "tiers.1.code"),
        ('code = "J1"', 'code = ""', "tiers.1.code"),
        ('code = "J1"', 'code = "J12345678"', "tiers.1.code"),
        ('code = "J1"', "code = 1", "tiers.1.code"),
        ('member_day_rate = "0.90"', 'member_day_rate = "0.12345"', "tiers.2.member_day_rate"),
        ('member_day_rate = "0.90"', 'member_day_rate = "NaN"', "tiers.2.member_day_rate"),
        ('member_day_rate = "0.90"', 'member_day_rate = "cheap"', "tiers.2.member_day_rate"),
        ('member_day_rate = "0.90"', "member_day_rate = true", "tiers.2.member_day_rate"),
        ("[shipping]\nfee_fen = 1_000", "", "shipping: is needed"),
        ('time_zone = "Asia/Shanghai"', "time_zone = 8", "time_zone"),
        ("[shipping]", "[shipping", "policy.toml"),
    ],
)
def test_a_broken_policy_is_refused_by_the_name_of_its_field(
    tmp_path: Path, before: str, after: str, names: str
) -> None:
    with pytest.raises(PolicyError, match=r"policy\.toml") as refused:
        load(changed(tmp_path, (before, after)))
    assert names in str(refused.value)


def test_a_missing_policy_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy\.toml: cannot be read"):
        load(tmp_path / "policy.toml")


def test_an_unknown_tier_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        load().tier("J9")
