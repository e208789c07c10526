"""The functions that run on AWS Lambda, and the programme's rules that they apply."""

import gc

_OBJECTS_UNTIL_COLLECTED = 10_000
"""Python looks for objects that hold each other alive after so many new ones, not after 700 as by itself: a
start makes 100 000 that all stay, and looking through them is a fourteenth of it (docs/performance.md)."""

gc.set_threshold(_OBJECTS_UNTIL_COLLECTED)
