"""What staff do leaves a record, and nobody else's doing does (K7)."""
