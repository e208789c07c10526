"""HTTP: a member's own data, and the erasure of a member."""

from collections.abc import Callable
from datetime import datetime

from functions.coupons.coupons import Coupons
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.orders.lists import OrderLists
from functions.platform import clock, dynamo, identities
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.identities import Identities
from functions.platform.settings import IdentitySettings, Settings
from functions.points.accounts import Accounts
from functions.privacy.export import Exports
from functions.privacy.face import PrivacyFace
from functions.tiers.members import Members


def create(
    tables: Tables, settings: Settings, users: Identities, policy: Policy, now: Callable[[], datetime]
) -> Api:
    """Return the privacy API over these tables, users, policy and clock."""
    api = Api()
    members = Members(tables, settings.members_table)
    accounts = Accounts(tables, settings.members_table, settings.orders_table)
    exports = Exports(
        members=members,
        accounts=accounts,
        coupons=Coupons(tables, settings.members_table),
        orders=OrderLists.of(tables, settings, policy),
        policy=policy,
    )
    api.add(PrivacyFace(api, exports, members, accounts, users, policy, now), tag="Privacy")
    return api


handler = create(
    Tables(dynamo.client()),
    Settings.from_environment(),
    Identities(identities.client(), IdentitySettings.from_environment().user_pool),
    policies.load(),
    clock.now,
)
