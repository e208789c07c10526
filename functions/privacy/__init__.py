"""Privacy: what a member's data is, handed to them on request, and who they are, forgotten on request."""
