"""What people write: which of its characters are there without being seen."""

import re

NOT_SHOWN = re.compile(
    "["
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\U00013441\U00013442\U0001d159"
    "]"
)
"""What nobody sees although it is no space: Unicode's ``Default_Ignorable_Code_Point``, which Python does
not know (https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt); in the last line signs
that are drawn as nothing: Braille without a dot, the blank hieroglyphs, the note without a head."""
