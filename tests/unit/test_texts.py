"""Which texts are texts: something must be seen of them, and they are kept as they were sent."""

import unicodedata

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.catalog.schema import Text
from functions.domain.texts import NOT_SHOWN
from functions.points.schema import AdjustmentRequest
from functions.tiers.schema import BirthdayRequest, ProfilePatch, ProfileRequest
from tests.support.texts import SEEN, UNSEEN


@pytest.mark.parametrize("text", SEEN)
def test_a_text_of_which_something_is_seen_is_kept_as_it_was_sent(text: str) -> None:
    assert ProfileRequest(name=text).name == text


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
def test_a_text_that_a_person_would_call_empty_is_none(text: str) -> None:
    for make in (
        lambda: ProfileRequest(name=text),
        lambda: ProfilePatch(name=text),
        lambda: BirthdayRequest(birthday="1990-05-05", reason=text),
        lambda: AdjustmentRequest(adjustment_id="a1", points=1, reason=text),
    ):
        with pytest.raises(ValidationError):
            make()
    with pytest.raises(ValidationError):
        TypeAdapter(Text).validate_python(text)


@pytest.mark.parametrize("space", [chr(each) for each in range(0x3001) if chr(each).isspace()], ids=ascii)
def test_no_space_is_a_text(space: str) -> None:
    with pytest.raises(ValidationError):
        ProfileRequest(name=space)


def test_nothing_that_is_seen_counts_as_unseen() -> None:
    letters = {character for character in map(chr, range(0x110000)) if NOT_SHOWN.match(character)}
    shown = {each for each in letters if unicodedata.category(each)[0] in "LNPS"}
    assert shown == set(
        "\u115f\u1160\u3164\uffa0"  # fillers of Hangul, letters of which nothing is drawn
        "\u2800\U0001d159"
    ) | {each for each in "\U00013441\U00013442" if unicodedata.category(each) != "Cn"}
