"""Both pages, walked through in a Chromium: the pages as they are built, the API as its examples say.

A package, so that its one browser ends with it (``conftest.py``).
"""
