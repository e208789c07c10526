"""HTTP: the members' coupons."""

from collections.abc import Callable
from datetime import datetime

from functions.coupons.coupons import Coupons
from functions.coupons.face import CouponsFace
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.settings import Settings
from functions.tiers.members import Members


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the coupons' API over these tables, policy and clock."""
    api = Api()
    coupons, members = Coupons(tables, settings.members_table), Members(tables, settings.members_table)
    api.add(CouponsFace(api, coupons, members, policy, now), tag="Coupons")
    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
