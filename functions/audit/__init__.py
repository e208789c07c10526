"""What staff did, and who looked at whom: records that nobody changes (K7)."""
