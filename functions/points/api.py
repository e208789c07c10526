"""HTTP: the caller's points."""

from collections.abc import Callable
from datetime import datetime

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, cursors, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api, Cursor, Limit
from functions.platform.settings import Settings
from functions.platform.shapes import Page
from functions.points.accounts import Accounts
from functions.points.ledger import Wallet
from functions.points.schema import EntryAnswer, WalletAnswer, entry_answer, wallet_answer
from functions.tiers.members import not_registered

ENTRIES = "entries"


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the points' API over these tables, policy and clock."""
    api = Api("Points")
    accounts = Accounts(tables, settings.members_table)

    def wallet() -> Wallet:
        found = accounts.wallet(api.caller.member_id)
        if found is None:
            raise not_registered()
        return found

    @api.route("GET", "/members/me/points", summary="See your points", refuses={409: ["not_registered"]})
    def get_points() -> WalletAnswer:
        """Show what the caller can spend, what is still frozen, what is owed, and what expires when."""
        return wallet_answer(wallet(), policy, now())

    @api.route(
        "GET",
        "/members/me/points/entries",
        summary="See every movement of your points",
        refuses={400: ["invalid_cursor"], 409: ["not_registered"]},
    )
    def get_entries(limit: Limit = 20, cursor: Cursor = None) -> Page[EntryAnswer]:
        """List the caller's ledger, newest first; entries of the same second in posting order, last first."""
        member_id = api.caller.member_id
        after = None if cursor is None else cursors.decode(cursor, of_list=ENTRIES, caller=member_id)
        entries, position = accounts.entries(member_id, limit=limit, after=after)
        if not entries:
            wallet()  # an empty list is the answer of somebody who is registered
        return Page(
            items=[entry_answer(member_id, entry, policy) for entry in entries],
            next_cursor=position and cursors.encode(position, of_list=ENTRIES, caller=member_id),
        )

    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
