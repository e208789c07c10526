"""HTTP: the members' points, and the reports on them."""

from collections.abc import Callable
from datetime import datetime

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import Settings
from functions.points.accounts import Accounts
from functions.points.face import PointsFace, ReportsFace
from functions.points.reports import Reports


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the points' API over these tables, policy and clock."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    accounts = Accounts(tables, settings.members_table, settings.orders_table)
    api.add(PointsFace(api, accounts, policy, now), tag="Points")
    api.add(ReportsFace(api, Reports(tables, settings.reports_table), policy, now), tag="Reports")
    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
