"""Who gets a birthday coupon, of what face, and for how long (B1, B2)."""

import calendar as gregorian
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from functions.coupons.birthday import Coupon
from functions.coupons.eligibility import birthday_coupon
from functions.domain.birthdays import CouponYear, Kept
from functions.domain.identifiers import coupon_year
from functions.domain.policy import Policy, load
from tests.support.policies import changed
from tests.support.quoting import POLICY

FACES_FEN = {"J1": 2_000, "J2": 2_000, "J3": 3_000, "J4": 5_000, "J5": 10_000}
STORE_OFFSET = timedelta(hours=8)
YEARS = (2024, 2026, 2027, 2028, 2100)
"""With leap years, and 2100, which is none."""
MONTHS = [(year, month) for year in YEARS for month in range(1, 13)]
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    """Return the instant of a wall-clock time in the shop, reckoned without the code's own calendar."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - STORE_OFFSET


def wall_clock(moment: datetime) -> str:
    """Return what a clock in the shop shows."""
    assert moment.tzinfo is not None
    return (moment.astimezone(UTC).replace(tzinfo=None) + STORE_OFFSET).isoformat()


def issued(
    moment: datetime, birth_month: int | None, tier: str = "J1", policy: Policy = POLICY
) -> Coupon | None:
    """Return the coupon that alice is to have at a moment."""
    return birthday_coupon(
        policy, member_id="alice", tier=tier, birthday=Kept(solar_month=birth_month), at=moment
    )


def last_day(year: int, month: int) -> int:
    """Return the number of a month's last day."""
    return gregorian.monthrange(year, month)[1]


@pytest.mark.parametrize(("tier", "face_fen"), FACES_FEN.items())
def test_B1_the_face_is_that_of_the_tier(tier: str, face_fen: int) -> None:
    coupon = issued(at("2026-05-01T00:05:00"), 5, tier)
    assert coupon is not None
    assert coupon.face_value_fen == face_fen


def test_B1_every_tier_but_the_registered_one_has_a_face() -> None:
    assert [tier.code for tier in POLICY.tiers] == ["J0", *FACES_FEN]


@pytest.mark.parametrize("month", range(1, 13))
def test_B1_who_never_paid_gets_none_in_any_month(month: int) -> None:
    assert issued(at(f"2026-{month:02}-15T12:00:00"), month, "J0") is None


@pytest.mark.parametrize(("year", "month"), MONTHS)
def test_B1_it_is_valid_from_the_months_first_second_to_its_last(year: int, month: int) -> None:
    coupon = issued(at(f"{year}-{month:02}-01T00:05:00"), month)
    assert coupon is not None
    assert wall_clock(coupon.valid_from) == f"{year}-{month:02}-01T00:00:00"
    assert wall_clock(coupon.valid_until) == f"{year}-{month:02}-{last_day(year, month)}T23:59:59"


def test_B1_february_ends_on_its_29th_in_leap_years_only() -> None:
    ends = [issued(at(f"{year}-02-10T00:00:00"), 2) for year in (2024, 2026, 2028, 2100)]
    assert [wall_clock(coupon.valid_until)[5:10] for coupon in ends if coupon] == [
        "02-29",
        "02-28",
        "02-29",
        "02-28",
    ]


@pytest.mark.parametrize("clock", ["00:00:00", "07:59:59", "08:00:00", "23:59:59"])
@pytest.mark.parametrize(("year", "month"), [(year, month) for year, month in MONTHS if year in (2026, 2028)])
def test_B1_on_whatever_day_it_is_issued_it_is_the_same_coupon(year: int, month: int, clock: str) -> None:
    first = issued(at(f"{year}-{month:02}-01T00:00:00"), month)
    assert first is not None
    for day in range(1, last_day(year, month) + 1):
        moment = at(f"{year}-{month:02}-{day:02}T{clock}")
        coupon = issued(moment, month)
        assert coupon == Coupon(
            coupon_id=first.coupon_id,
            year=CouponYear(year),
            face_value_fen=2_000,
            min_goods_fen=19_800,
            valid_from=first.valid_from,
            valid_until=first.valid_until,
            issued_at=moment,
            order_id=None,
        )


@pytest.mark.parametrize("month", range(1, 13))
def test_B1_in_every_other_month_there_is_none(month: int) -> None:
    due = [each for each in range(1, 13) if issued(at(f"2026-{each:02}-15T12:00:00"), month)]
    assert due == [month]


@pytest.mark.parametrize(("year", "month"), [(2026, 5), (2026, 1), (2026, 12), (2027, 2), (2028, 2)])
def test_B1_what_counts_is_the_month_in_store_time_to_the_second(year: int, month: int) -> None:
    begins = at(f"{year}-{month:02}-01T00:00:00")
    ends = begins + timedelta(days=last_day(year, month))
    moments = (begins - SECOND, begins, ends - SECOND, ends)
    assert [issued(moment, month) is not None for moment in moments] == [False, True, True, False]


def test_B3_the_year_is_that_of_store_time() -> None:
    new_years_eve, new_year = at("2026-12-31T23:59:59"), at("2027-01-01T00:00:00")
    assert (new_years_eve.year, new_year.year) == (2026, 2026)  # in UTC
    december, january = issued(new_years_eve, 12), issued(new_year, 1)
    assert december is not None
    assert january is not None
    assert (december.year, january.year) == (CouponYear(2026), CouponYear(2027))
    assert coupon_year("alice", december.coupon_id) == "2026"
    assert coupon_year("alice", january.coupon_id) == "2027"


def test_B3_the_id_follows_from_member_and_year_alone() -> None:
    coupons = [
        birthday_coupon(POLICY, member_id=member_id, tier=tier, birthday=Kept(solar_month=month), at=at(text))
        for member_id, tier, month, text in [
            ("alice", "J1", 5, "2026-05-01T00:05:00"),
            ("alice", "J5", 6, "2026-06-30T12:00:00"),
            ("alice", "J1", 5, "2027-05-01T00:05:00"),
            ("bob", "J1", 5, "2026-05-01T00:05:00"),
        ]
    ]
    ids = [coupon.coupon_id for coupon in coupons if coupon]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("tier", ["J0", "J1", "J5"])
def test_B1_who_has_told_no_birthday_gets_none(tier: str) -> None:
    assert [issued(at(f"2026-{month:02}-15T12:00:00"), None, tier) for month in range(1, 13)] == [None] * 12


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2100])
def test_case_35_a_birthday_on_29_february_counts_in_february_of_every_year(year: int) -> None:
    birth_month = date(2000, 2, 29).month
    months = [month for month in range(1, 13) if issued(at(f"{year}-{month:02}-01T00:05:00"), birth_month)]
    assert months == [2]
    coupon = issued(at(f"{year}-02-{last_day(year, 2)}T23:59:59"), birth_month)
    assert coupon is not None
    assert issued(at(f"{year}-03-01T00:00:00"), birth_month) is None


def test_an_instant_says_the_same_in_whatever_zone_it_is_written() -> None:
    moment = at("2026-05-01T00:00:00")
    assert issued(moment.astimezone(POLICY.zone), 5) == issued(moment, 5)
    assert issued(moment.astimezone(POLICY.zone), 4) is None


def test_a_changed_policy_is_followed(tmp_path: Path) -> None:
    other = load(
        changed(
            tmp_path,
            ("birthday_coupon_fen = 10_000", "birthday_coupon_fen = 12_345"),
            ("birthday_coupon_fen = 2_000", "birthday_coupon_fen = 0"),
            ("min_goods_fen = 19_800", "min_goods_fen = 25_000"),
            ('time_zone = "Asia/Shanghai"', 'time_zone = "America/New_York"'),
        )
    )
    midday = datetime(2026, 5, 15, 16, 0, tzinfo=UTC)
    assert issued(midday, 5, "J1", other) is None  # the one without a coupon now
    coupon = issued(midday, 5, "J5", other)
    assert coupon is not None
    assert (coupon.face_value_fen, coupon.min_goods_fen) == (12_345, 25_000)
    assert coupon.valid_from == datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
    assert coupon.valid_until == datetime(2026, 6, 1, 3, 59, 59, tzinfo=UTC)
    assert issued(datetime(2026, 6, 1, 3, 59, 59, tzinfo=UTC), 5, "J5", other) is not None
    assert issued(datetime(2026, 6, 1, 4, 0, tzinfo=UTC), 5, "J5", other) is None


def test_B1_a_month_in_which_the_clocks_change_still_begins_and_ends_at_midnight(tmp_path: Path) -> None:
    other = load(changed(tmp_path, ('time_zone = "Asia/Shanghai"', 'time_zone = "America/New_York"')))
    march = issued(datetime(2026, 3, 20, 12, 0, tzinfo=UTC), 3, policy=other)
    november = issued(datetime(2026, 11, 20, 12, 0, tzinfo=UTC), 11, policy=other)
    assert march is not None
    assert november is not None
    assert march.valid_from == datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
    assert march.valid_until == datetime(2026, 4, 1, 3, 59, 59, tzinfo=UTC)
    assert november.valid_from == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert november.valid_until == datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC)
