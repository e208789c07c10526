"""Phone numbers: read as people write them, kept in one form (E.164), found by a keyed hash."""

import re
import unicodedata

REGION = "CN"
"""Where a number is from that says nothing of a country."""
PHONE_LENGTH_MAX = 32
"""Characters of a number as it is sent."""
NO_PHONE = "must be a phone number of mainland China, or one with + and its country's code"
_WRITTEN = re.compile(r"[ (]*\+?[0-9() ./-]+")
"""What a number may be written with. The library would also read letters as digits, and drop what stands
around a number or after it (an extension): none of that would be the number that was sent."""
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")
_MINUS = "\u2212"
_WIDE = "<wide>"
"""How Unicode marks the form of a sign that only takes more room; a digit in a ring is marked otherwise."""


def e164(text: str) -> str:
    """Return a phone number in its one form: ``+8613800138000`` for ``138 0013 8000``.

    Full-width digits and signs are digits and signs, any dash is a hyphen, and invisible marks that come with
    a copy from elsewhere say nothing.

    Raises
    ------
    ValueError
        It is no number that somebody can be called under.
    """
    plain = "".join(map(_plain, text))
    if not _WRITTEN.fullmatch(plain):
        raise ValueError(NO_PHONE)
    import phonenumbers  # 30 to 60 ms of a cold start, which only those pay who tell a phone

    try:
        number = phonenumbers.parse(plain, REGION)
    except phonenumbers.NumberParseException as error:
        raise ValueError(NO_PHONE) from error
    if number.extension is not None or not phonenumbers.is_valid_number(number):
        raise ValueError(NO_PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def known_e164(stored: str) -> str | None:
    """Return the one form of a phone as a row holds it; None for one of before that is no number.

    What was stored before there was one form is shown as it is, and found under that form.
    """
    if _E164.fullmatch(stored):
        return stored
    try:
        return e164(stored)
    except ValueError:
        return None


def _plain(character: str) -> str:
    """Return how a sign of a number is written on a plain keyboard; another sign as it is."""
    if unicodedata.decomposition(character).startswith(_WIDE):
        character = unicodedata.normalize("NFKC", character)
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Pd":
            return "-"
        case "Zs":
            return " "
    return "-" if character == _MINUS else character
