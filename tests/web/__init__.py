"""Both pages, walked through in a Chromium: the pages as they are built, the API as its examples say."""
