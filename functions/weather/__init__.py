"""Weather: a trivial context, which shows what adding one takes (H1)."""
