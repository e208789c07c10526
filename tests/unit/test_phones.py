"""What is a phone number, and the one form in which it is kept."""

import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.tiers import phones
from functions.tiers.phones import PHONE_LENGTH_MAX, e164, known_e164
from functions.tiers.schema import Phone

MOBILE = "+8613800138000"
KEPT = {
    # however a mobile number is written
    "13800138000": MOBILE,
    "138 0013 8000": MOBILE,
    "138-0013-8000": MOBILE,
    "138.0013.8000": MOBILE,
    "(138)00138000": MOBILE,
    " 13800138000 ": MOBILE,
    "+8613800138000": MOBILE,
    "+86 (138) 0013-8000": MOBILE,
    "(+86) 138 0013 8000": MOBILE,
    "（＋８６）13800138000": MOBILE,
    "8613800138000": MOBILE,
    "0086 138 0013 8000": MOBILE,
    "013800138000": MOBILE,
    # full-width digits are digits, and any dash is a hyphen
    "１３８００１３８０００": MOBILE,
    "＋８６（１３８）００１３－８０００": MOBILE,
    "138\u30000013\u30008000": MOBILE,
    "138\u20110013\u20138000": MOBILE,
    "138\u00a00013\u20098000": MOBILE,
    "138\u22120013\u22128000": MOBILE,
    # as contacts on a phone copy it
    "\u202a+86 138 0013 8000\u202c": MOBILE,
    # every range of mobile numbers, those of virtual operators too
    "13412345678": "+8613412345678",
    "14512345678": "+8614512345678",
    "14712345678": "+8614712345678",
    "15012345678": "+8615012345678",
    "15912345678": "+8615912345678",
    "16212345678": "+8616212345678",
    "16512345678": "+8616512345678",
    "16612345678": "+8616612345678",
    "16712345678": "+8616712345678",
    "17012345678": "+8617012345678",
    "17112345678": "+8617112345678",
    "17312345678": "+8617312345678",
    "17812345678": "+8617812345678",
    "18012345678": "+8618012345678",
    "18912345678": "+8618912345678",
    "19012345678": "+8619012345678",
    "19212345678": "+8619212345678",
    "19512345678": "+8619512345678",
    "19912345678": "+8619912345678",
    # landlines with their area code
    "010-8888 8888": "+861088888888",
    "(021) 5550 0100": "+862155500100",
    "0755-88888888": "+8675588888888",
    # a shop's own numbers
    "400-123-4567": "+864001234567",
    "800 810 0000": "+868008100000",
    # from elsewhere
    "+852 9123 4567": "+85291234567",
    "+1 (415) 555-2671": "+14155552671",
    "0014155552671": "+14155552671",
    "+39 06 1234 5678": "+390612345678",
}
REFUSED = [
    *("", "   ", "--()", "+", "()", ".", "+86", "０", "-"),
    "1380013800",  # a digit short
    "138001380000",  # a digit long
    "12345678901",  # eleven digits that nobody has
    "11012345678",
    "88888888",  # a landline without its area code
    "0755 8888888",
    *("110", "120", "12306", "10086"),  # services, and nobody's
    "+86 138-0000",
    "+12",
    "+999 138 0013 8000",
    "++8613800138000",
    "+86+13800138000",
    "138-0013-8000/13900139000",
    # The library makes numbers of these, which are not what was sent.
    "1-800-FLOWERS",
    "call 13800138000",
    "tel:13800138000",
    "13800138000 ext 5",
    "13800138000x5",
    "13800138000;ext=5",
    "13800138000#5",
    "138~0013~8000",
    "13800138000\n",
    "Ⅷ13800138000",
    # signs with a digit in them are no digits
    "1380013800\u2460",
    "138001380\u00b2\u2070",
    "1380013800\u2080",
    "\u248880013800000",
    "\U0001d7d83800138000",
]


@pytest.mark.parametrize(("written", "kept"), KEPT.items())
def test_a_phone_is_kept_in_one_form_however_it_is_written(written: str, kept: str) -> None:
    assert e164(written) == kept


@pytest.mark.parametrize("kept", sorted(set(KEPT.values())))
def test_the_one_form_of_a_phone_is_its_own(kept: str) -> None:
    assert e164(kept) == known_e164(kept) == kept


@pytest.mark.parametrize("text", REFUSED)
def test_what_nobody_can_be_called_under_is_no_phone(text: str) -> None:
    with pytest.raises(ValueError, match="must be a phone number"):
        e164(text)


def test_a_phone_has_at_most_so_many_characters() -> None:
    phone = TypeAdapter(Phone)
    spread = "1" + " " * (PHONE_LENGTH_MAX - 11) + "3800138000"
    assert phone.validate_python(spread) == MOBILE
    with pytest.raises(ValidationError):
        phone.validate_python(spread.replace(" ", "  ", 1))


@pytest.mark.parametrize(
    ("stored", "known"), [("138 0013 8000", MOBILE), ("1", None), ("call me", None), ("", None)]
)
def test_what_was_stored_before_there_was_one_form_is_found_under_it_if_it_is_a_phone(
    stored: str, known: str | None
) -> None:
    assert known_e164(stored) == known


def test_who_tells_no_phone_does_not_wait_for_the_library() -> None:
    code = (
        "import sys; from functions.tiers import schema, phones;"
        f"phones.known_e164({MOBILE!r});"
        "schema.ProfileRequest(name='Ann');"
        "assert 'phonenumbers' not in sys.modules;"
        f"schema.ProfileRequest(name='Ann', phone={MOBILE!r});"
        "assert 'phonenumbers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code


def test_a_number_without_a_country_is_of_mainland_china() -> None:
    assert phones.REGION == "CN"
