"""A member's secrets, unmistakable, and how they are found again wherever they should not be."""

import re
from urllib.parse import unquote

NAME = "Quetzalcóatl 羽蛇神"
BIRTHDAY = "1987-05-23"
NEW_BIRTHDAY = "1986-08-29"
PHONE = "+86 (139) 8765-4321"
TOKEN = "eyJraWQiOiJzZWNyZXQifQ.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"  # noqa: S105 - opens nothing
USER_NAME = "quetzal.the.user"
TOLD = {"name": NAME, "birthday": BIRTHDAY, "phone": PHONE}
TRACES = (
    *("quetzal", "羽蛇", "coatl", "cóatl"),
    *(
        "1987-05-23",
        "19870523",
        "1987, 5, 23",
        "1986-08-29",
        "19860829",
        "1986, 8, 29",
    ),
    *("13987654321", "139) 8765", "8765-4321", "8765 4321"),
    *("eyJraWQi", "eyJzdWIi", "c2lnbmF0"),
)
"""By what each secret would be known, in lower case where that matters."""
SHORT_TRACES = ("05-23", "23.05", "08-29")
"""Those that also stand in ids and moments by chance, where they have a figure or letter beside them."""
NOISE = ("(", ")", "-", " ", "+", ".", "/", "\\", '"', "'")


def traces_in(text: str) -> list[str]:
    """Return the traces of secrets in a text, however they are written there."""
    plain = unquote(text)
    for _ in range(3):  # JSON within JSON within JSON
        plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), plain)
    bare = plain.translate(str.maketrans("", "", "".join(NOISE)))
    haystack = f"{text}\n{plain}\n{plain.casefold()}\n{bare}"
    by_themselves = (rf"(?<![0-9a-z:.-]){re.escape(each)}(?![0-9a-z:.-])" for each in SHORT_TRACES)
    short = [found[0] for each in by_themselves if (found := re.search(each, haystack, re.IGNORECASE))]
    return [trace for trace in TRACES if trace in haystack] + short
