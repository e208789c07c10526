"""A changed policy is checked whatever somebody sends as one: soon, and with its faults by field."""

import random
import time
from collections.abc import Callable

import pytest

from functions.domain import policy_check
from functions.domain.policy import FILE, Policy, load
from functions.domain.policy_check import (
    FAULT_CHARACTERS_MAX,
    FAULTS_MAX,
    TEXT_BYTES_MAX,
    Change,
    Checked,
    check,
    settings,
)

SECONDS_MAX = 5.0
"""For a text that is made to take long, on a busy machine; an honest one takes milliseconds."""
TEXT = FILE.read_text(encoding="utf-8")
STANDS = load()


def checked(old: str = "", new: str = "") -> Checked:
    """Check the policy that stands, changed in one place."""
    assert old in TEXT
    return check(TEXT.replace(old, new, 1), STANDS)


def test_K8_the_policy_that_stands_changes_nothing() -> None:
    found = checked()
    assert (found.valid, found.version, found.faults, found.changes) == (True, STANDS.version, (), ())


def test_K8_what_changes_is_named_with_both_values() -> None:
    found = checked("fee_fen = 1_000", "fee_fen = 1_200")
    assert found.changes == (Change(setting="shipping.fee_fen", before=1_000, after=1_200),)
    assert found.version not in (None, STANDS.version)


def test_K8_a_tiers_settings_go_by_its_code_and_a_new_one_was_nothing() -> None:
    assert [each.setting for each in checked('rate = "0.80"', 'rate = "0.75"').changes] == [
        "J3.member_day_rate"
    ]
    found = check(
        TEXT + '\n[[tiers]]\ncode = "J6"\nabove_fen = 90_000_000\nfree_shipping_from_fen = 1\n', STANDS
    )
    assert Change(setting="J6.above_fen", before=None, after=90_000_000) in found.changes


def test_K8_every_fault_is_told_with_its_field() -> None:
    text = TEXT.replace("day = 10", "day = 31").replace("fee_fen = 1_000", "fee_fen = -1\nfee = 2")
    found = check(text, STANDS)
    assert not found.valid
    assert found.version is None
    assert {place for place, _ in found.faults} == {"member_day.day", "shipping.fee_fen", "shipping.fee"}


def test_K8_what_cannot_be_parsed_is_a_fault_with_its_line() -> None:
    number = TEXT[: TEXT.index("[shipping]")].count("\n") + 1
    ((place, message),) = checked("[shipping]", "[shipping").faults
    assert place == "toml"
    assert f"line {number}" in message


@pytest.mark.parametrize("text", ["", "\n", "# nothing", "\ufeff", "x = 1"])
def test_K8_a_text_that_says_nothing_is_a_policy_that_lacks_everything(text: str) -> None:
    found = check(text, STANDS)
    assert not found.valid
    assert found.faults


def dotted(parts: int) -> str:
    return ".".join("a" * parts)


TRAPS: dict[str, Callable[[], str]] = {
    "a key of many parts": lambda: f"{dotted(30_000)} = 1",
    "a table of many parts with many keys": lambda: (
        f"[{dotted(16_000)}]\n" + "\n".join(f"k{number}=1" for number in range(4_000))
    ),
    "many keys of many parts": lambda: "\n".join(f"k{number}.{dotted(450)}=1" for number in range(70)),
    "as many parts as a line may have": lambda: "\n".join(
        f"k{number}.{dotted(19)}=1" for number in range(1_500)
    ),
    "a deep table with as many keys as fit": lambda: (
        f"[{dotted(20)}]\n" + "\n".join(f"k{number}=1" for number in range(9_000))
    ),
    "parts behind separators that are no line's end": lambda: "\u2028".join(
        ['a."', *['".a."'] * 9_000, '"=1']
    ),
    "nested arrays": lambda: "x = " + "[" * 60_000,
    "nested arrays, line by line": lambda: "x = " + "[\n" * 30_000,
    "nested tables": lambda: "x = " + "{a=" * 20_000,
    "nested tables, line by line": lambda: "x = [" + "{a=[\n" * 10_000,
    "arrays nested as deeply as is read": lambda: "[shipping]\nfee_fen = " + "[\n" * 100 + "]" * 100,
    "a huge number": lambda: "x = " + "9" * 60_000,
    "a huge number in digits of a setting": lambda: "[shipping]\nfee_fen = " + "9" * 900,
    "a huge number that is no decimal": lambda: "[shipping]\nfee_fen = 0x" + "f" * 900,
    "a huge number as a rate": lambda: "[[tiers]]\nmember_day_rate = 0x" + "f" * 900,
    "a rate of many places": lambda: '[[tiers]]\nmember_day_rate = "0.' + "1" * 900 + '"',
    "a rate of a huge exponent": lambda: '[[tiers]]\nmember_day_rate = "1e-999999999999999999"',
    "a rate that is a list": lambda: "[[tiers]]\nmember_day_rate = " + "[\n" * 90 + "]" * 90,
    "no number as a rate": lambda: "[[tiers]]\nmember_day_rate = nan",
    "a rate without end": lambda: "[[tiers]]\nmember_day_rate = inf",
    "a long key": lambda: "x" * 65_000 + " = 1",
    "a key as long as a line": lambda: "x" * 990 + " = 1",
    "a long text": lambda: 'x = """' + "x" * 65_000 + '"""',
    "many escapes": lambda: 'x = """' + "\\\\\n" * 21_000 + '"""',
    "a text without its end": lambda: 'x = """' + '\\"\n' * 21_000,
    "many unknown keys": lambda: "\n".join(f"k{number} = 1" for number in range(6_000)),
    "many tiers": lambda: "[[tiers]]\n" * 6_500,
    "many tables": lambda: "\n".join(f"[t{number}]" for number in range(8_000)),
    "a file's name as the time zone": lambda: 'time_zone = "../../../etc/passwd"',
    "a folder as the time zone": lambda: 'time_zone = "Asia"',
    "an endless time zone": lambda: 'time_zone = """' + "Asia/\\\n" * 9_000 + '"""',
    "a nul": lambda: "x = \0",
    "half a character": lambda: "x = '\ud800'",
    "half a character as the time zone": lambda: "time_zone = '\ud800'",
    "comments only": lambda: "#" * 900 + ("\n" + "#" * 900) * 70,
    "commas": lambda: "x = [" + ",\n" * 30_000,
    "ones": lambda: "x = [" + "1,\n" * 21_000 + "]",
    "days": lambda: "x = [" + "2026-01-01,\n" * 5_400 + "]",
    "no such day": lambda: "x = 2026-02-30T25:61:61.9999999999999999999+99:99",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_K8_a_text_that_is_made_to_hurt_is_refused_soon_and_in_few_words(trap: str) -> None:
    text = TRAPS[trap]()[:TEXT_BYTES_MAX]
    begun = time.perf_counter()
    found = check(text, STANDS)
    assert time.perf_counter() - begun < SECONDS_MAX
    assert not found.valid
    assert 0 < len(found.faults) <= FAULTS_MAX
    assert all(len(word) <= FAULT_CHARACTERS_MAX + 1 for fault in found.faults for word in fault)


def test_K8_texts_drawn_at_random_are_answered_whatever_they_are() -> None:
    chance = random.Random(8)  # noqa: S311 - the same texts each time
    signs = [
        *"[]{}=\"'.,#\\\n-+_:T \t",
        "0x",
        "nan",
        "1e9",
        '"""',
        "'''",
        "[[",
        "true",
        "é",
        "\r\n",
        "2026-01-01",
    ]
    for _ in range(2_000):
        words = chance.choices([*signs, *"ab9"], k=chance.randrange(60))
        place = chance.randrange(len(TEXT))
        for text in ("".join(words), TEXT[:place] + "".join(words) + TEXT[place:]):
            found = check(text, STANDS)
            assert found.valid is not bool(found.faults)


def test_K8_every_setting_has_a_name_of_its_own() -> None:
    names = [name for name, _ in settings(STANDS)]
    assert len(names) == len(set(names)) > 40
    assert dict(settings(STANDS))["points.earned_per_yuan"] == STANDS.points.earned_per_yuan


def test_K8_what_is_read_from_a_text_is_what_is_read_from_the_file() -> None:
    policy: Policy = policy_check.policy_of(TEXT)
    assert policy == STANDS
