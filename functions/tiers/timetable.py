"""The job on members, which no schedule starts: an operator does."""

INDEX_MEMBERS = "index-members"
STARTS = {"MembersJobs": (INDEX_MEMBERS,)}
"""The jobs that each of this context's functions starts, those that no schedule does too."""
