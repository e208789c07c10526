"""The table of members: who they are, and all that is theirs."""

from functions.domain.tables import Table

TABLES = {
    "Members": Table(
        partition_key="member_id",
        indexes={
            "lots_by_release": ("lot_shard", "release_at"),
            "wallets_by_year": ("wallet_shard", "oldest_year"),
            "birthdays": ("birthday_shard", "member_id"),
            "search": ("search_shard", "search_key"),
            "accounts_by_change": ("changed_shard", "member_id"),
        },
    )
}
