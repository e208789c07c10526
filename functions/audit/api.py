"""HTTP: what staff did, for admins."""

from collections.abc import Callable
from datetime import datetime

from functions.audit.face import AuditFace
from functions.audit.records import Records
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import Settings


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the audit's API over these tables, policy and clock."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    api.add(AuditFace(api, Records(tables, settings.audit_table), policy, now), tag="Audit")
    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
