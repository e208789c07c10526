"""HTTP: members and their tiers."""

from collections.abc import Callable
from datetime import datetime

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo, keyed_hash
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import Settings
from functions.points.accounts import Accounts
from functions.tiers.face import MembersFace
from functions.tiers.finder import Finder
from functions.tiers.members import Members
from functions.tiers.search import HashPhone


def create(
    tables: Tables,
    settings: Settings,
    policy: Policy,
    now: Callable[[], datetime],
    hash_phone: HashPhone,
) -> Api:
    """Return the members' API over these tables, policy and clock, and the hash that phones are found by."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    members = Members(tables, settings.members_table, hash_phone)
    finder = Finder(tables, settings.members_table, hash_phone)
    accounts = Accounts(tables, settings.members_table, settings.orders_table)
    api.add(MembersFace(api, members, finder, accounts, policy, now), tag="Members")
    return api


handler = create(
    Tables(dynamo.client()),
    Settings.from_environment(),
    policies.load(),
    clock.now,
    keyed_hash.from_environment(),
)
