"""Members, what they have really bought, and the tier that follows from it (T1-T5)."""
