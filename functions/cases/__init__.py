"""What a member asks for after buying: what a case is, and how it stands on rows (A1-A9)."""
