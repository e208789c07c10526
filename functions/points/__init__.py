"""The members' points: lots, wallets and the ledger that proves every balance (E1-E10)."""
