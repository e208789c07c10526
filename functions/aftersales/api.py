"""HTTP: cases, which members open about their orders and staff decide on."""

from collections.abc import Callable
from datetime import datetime

from functions.aftersales.case_book import CaseBook
from functions.aftersales.face import CasesFace
from functions.aftersales.lists import CaseLists
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import Settings


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the cases' API over these tables, policy and clock."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    cases = CaseBook.of(tables, settings, policy)
    lists = CaseLists(tables, settings.cases_table)
    api.add(CasesFace(api, cases, lists, policy, now), tag="Cases")
    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
