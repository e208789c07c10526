"""Amounts that many take from at once, in one row or in several."""
