"""Texts that people write, and such that they would call empty."""

SEEN = [
    "Ann",
    " Ann  Lee ",  # nothing is trimmed
    "王小明",
    "김\u3164",  # a filler beside what is seen
    "é",
    "e\u0301",
    "می\u200cخواهم",  # Persian needs the joiner
    "ක්\u200dෂ",
    "👨\u200d👩\u200d👧",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "🇨🇳",
    "-",
    "🀄",
]
UNSEEN = [
    "",
    " ",
    "\u00a0",
    "\u3000",
    "\u3164",
    "\u2800",
    "\uffa0",
    "\u115f\u1160",
    "\u200c\u200d",
    "\u00ad",
    "\u0301",
    "\u0301\u0302",
    "\u034f",
    "\ufe0f",
    "\U000e0100",
    "\u17b4",
    "\u180b",
    "\u2060",
    "\u202e",
    "\ufeff",
    "\U0001d159",
    " \u3164\u2800\u200d\u0301 ",
]
