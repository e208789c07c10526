"""Privacy: a member's data to take along, and their erasure; no other function may touch users."""

from infra.constructs.table import grant_rows
from infra.room import Room


def build(room: Room) -> None:
    """Build the API of privacy."""
    users = room.shared.users
    api = room.api("PrivacyApi", "functions.privacy.api.handler", environment=users.environment)
    grant_rows(room.table("Members"), api, "BatchGetItem", "GetItem", "PutItem", "Query")
    grant_rows(room.table("Catalog"), api, "BatchGetItem")
    grant_rows(room.table("Orders"), api, "BatchGetItem", indexes=["by_member"])
    grant_rows(room.table("Payments"), api, "BatchGetItem", indexes=["attempts_by_member"])
    grant_rows(room.table("Cases"), api, "BatchGetItem", "GetItem", "PutItem", indexes=["cases_by_member"])
    users.grant_deletion(api)
