"""HTTP: the members' coupons, how they get them, and the templates that staff run."""

from collections.abc import Callable
from datetime import datetime

from functions.coupons.face import CouponsFace
from functions.coupons.listing import CouponList
from functions.coupons.routes import GETTING, TEMPLATES
from functions.coupons.worths import Worths
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import Settings
from functions.tiers.members import Members


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the coupons' API over these tables, policy and clock.

    The faces that only some ask for are imported when they are asked for first (Z6).
    """
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    table, catalog_table = settings.members_table, settings.catalog_table
    worths = Worths(tables, catalog_table)

    def getting() -> object:
        from functions.coupons.claimable import Claimables
        from functions.coupons.claims import Claims
        from functions.coupons.getting_face import GettingFace
        from functions.coupons.issuing import Giving
        from functions.coupons.redeeming import Redeeming

        giving = Giving(
            tables=tables, table=table, catalog_table=catalog_table, worths=worths, zone=policy.zone
        )
        claimables = Claimables(tables, table, catalog_table)
        return GettingFace(api, claimables, Claims(giving), Redeeming(giving), policy, now)

    def templates() -> object:
        from functions.coupons.batches import Batches
        from functions.coupons.template_store import Templates
        from functions.coupons.templates_face import TemplatesFace

        return TemplatesFace(
            api, Templates(tables, catalog_table), Batches(tables, catalog_table), policy, now
        )

    coupons = CouponList.of(tables, table, worths, policy.zone)
    api.add(CouponsFace(api, coupons, Members(tables, table), policy, now), tag="Coupons")
    api.add_when_asked(GETTING, getting, tag="Coupons")
    api.add_when_asked(TEMPLATES, templates, tag="Coupons")
    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
