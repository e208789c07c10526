"""When a coupon of a template can be used (V9), and what counts as the same code (V10)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.coupons import codes
from functions.coupons.attempts import Attempts, Guess
from functions.coupons.templates import Between, Days, Template, Worth
from functions.domain.errors import TooManyError
from functions.domain.policy import load
from functions.domain.scope import Scope

ZONE = load().zone
NOON = datetime(2026, 5, 5, 4, 0, tzinfo=UTC)


def store(text: str) -> datetime:
    """Return a moment of store time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("claimed", "days", "until"),
    [
        ("2026-05-05T12:00:00", 1, "2026-05-06T23:59:59"),  # claimed on the 5th with 1: through the 6th
        ("2026-05-05T00:00:00", 1, "2026-05-06T23:59:59"),
        ("2026-05-05T23:59:59", 1, "2026-05-06T23:59:59"),
        ("2026-12-31T23:59:59", 1, "2027-01-01T23:59:59"),
        ("2028-02-28T07:00:00", 1, "2028-02-29T23:59:59"),
        ("2026-05-05T07:59:59", 30, "2026-06-04T23:59:59"),  # still the 4th in UTC
    ],
)
def test_V9_days_count_from_the_day_of_the_claim_in_store_time(claimed: str, days: int, until: str) -> None:
    at = store(claimed).astimezone(UTC)
    valid_from, valid_until = Days(days=days).window(at, ZONE)
    assert (valid_from, valid_until) == (at, store(until))
    assert valid_until.tzinfo is UTC


def test_V9_a_window_of_its_own_is_the_same_whenever_a_coupon_is_got() -> None:
    window = Between(begins=store("2026-05-01T00:00:00"), until=store("2026-05-31T23:59:59"))
    assert window.window(NOON, ZONE) == window.window(NOON - timedelta(days=90), ZONE)
    assert window.window(NOON, ZONE) == (window.begins, window.until)
    assert not window.has_ended(window.until)
    assert window.has_ended(window.until + timedelta(seconds=1))
    assert not window.has_ended(window.begins - timedelta(days=1))  # it can be got before


def test_V10_a_template_gives_coupons_while_it_is_active_and_has_not_ended() -> None:
    window = Between(begins=NOON, until=NOON)
    template = Template(
        template_id="t",
        version=1,
        name="T",
        worth=Worth(kind="amount", face_value_fen=1, scope=Scope(everything=True)),
        valid=window,
        tiers=frozenset({"J1"}),
    )
    assert template.gives_at(NOON)
    assert not template.gives_at(NOON + timedelta(seconds=1))
    assert (template.is_for("J1"), template.is_for("J2")) == (True, False)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("summer2026", "SUMMER2026"),
        (" Sum-mer 2o26 ", "SUMMER2026"),
        ("ＳＵＭＭＥＲ２０２６", "SUMMER2026"),
        ("hello", "HE110"),
        ("HE\u2013LLO", "HE110"),
        ("", None),
        (" - ", None),
        ("a_b", None),
        ("a\nb", None),
        ("straße", None),
        ("A" * 65, None),
        ("é", None),
    ],
)
def test_V10_what_a_code_is_called(typed: str, code: str | None) -> None:
    assert codes.normal(typed) == code


@given(st.text(max_size=100))
def test_V10_what_a_code_is_called_is_called_so_itself(typed: str) -> None:
    code = codes.normal(typed)
    if code is not None:
        assert codes.normal(code) == codes.normal(code.lower()) == code
        assert not set(code) & set("OIL")


@given(st.integers(min_value=0, max_value=2_000))
def test_V10_a_drawn_code_is_called_as_it_is_shown(number: int) -> None:
    code = codes.drawn("ab" * codes.SEED_BYTES, number)
    assert codes.normal(code) == code
    assert len(code) == codes.CODE_CHARACTERS
    assert set(code) <= set(codes.ALPHABET)
    assert code == codes.drawn("ab" * codes.SEED_BYTES, number)
    assert code != codes.drawn("ab" * codes.SEED_BYTES, number, turn=1)


@given(st.lists(st.integers(min_value=0, max_value=2_000), max_size=40).map(sorted))
def test_V10_of_any_attempts_no_ten_minutes_see_more_than_ten(seconds: list[int]) -> None:
    """Who is refused is told when to come back: at that second, and at none before, another guess counts."""
    attempts, told = Attempts(), []
    for number, second in enumerate(seconds):
        at = NOON + timedelta(seconds=second)
        try:
            attempts.check(at)
        except TooManyError as refusal:
            free = at + timedelta(seconds=refusal.retry_after_seconds)
            attempts.check(free)
            with pytest.raises(TooManyError):
                attempts.check(free - timedelta(seconds=1))
            continue
        told.append(second)
        attempts = attempts.failed(Guess(at=at, guess_id=str(number)))
    assert all(later - earlier >= 600 for earlier, later in zip(told, told[10:], strict=False))
