"""Sites whose mutant nothing can tell from the original, and why.

A test fails if one of them is not found any more.
"""

EQUIVALENT: dict[str, str] = {
    "functions/points/audit.py _chain: entries * (entries + 1) // 2 up": (
        "the product of two successive numbers is even, so nothing is rounded"
    ),
}
"""By :attr:`tools.mutations.sites.Site.key`."""
