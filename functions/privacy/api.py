"""HTTP: a member's own data, and the erasure of a member."""

from collections.abc import Callable
from datetime import datetime

from functions.aftersales.lists import CaseLists
from functions.cases.words import Words
from functions.coupons.attempts import Guesses
from functions.coupons.listing import CouponList
from functions.coupons.origins import Origins
from functions.coupons.worths import Worths
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.orders.lists import OrderLists
from functions.payments.book import PaymentBook
from functions.platform import clock, dynamo, identities
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.identities import Identities
from functions.platform.recording import Recorder
from functions.platform.settings import IdentitySettings, Settings
from functions.points.accounts import Accounts
from functions.privacy.cases_export import CaseParts
from functions.privacy.export import Exports
from functions.privacy.face import PrivacyFace
from functions.privacy.offers_export import OfferParts
from functions.privacy.payments_export import PaymentParts
from functions.tiers.members import Members


def create(
    tables: Tables, settings: Settings, users: Identities, policy: Policy, now: Callable[[], datetime]
) -> Api:
    """Return the privacy API over these tables, users, policy and clock."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone))
    table = settings.members_table
    members, accounts = Members(tables, table), Accounts(tables, table, settings.orders_table)
    exports = Exports(
        members=members,
        accounts=accounts,
        coupons=CouponList.of(tables, table, Worths(tables, settings.catalog_table), policy.zone),
        offers=OfferParts(tables, table, Origins(tables, table), policy),
        orders=OrderLists.of(tables, settings, policy),
        payments=PaymentParts(PaymentBook.of(tables, settings, policy), policy),
        cases=CaseParts(CaseLists(tables, settings.cases_table), policy),
        policy=policy,
    )
    guesses, words = Guesses(tables, table), Words(tables, settings.cases_table)
    api.add(
        PrivacyFace(api, exports, members, accounts, guesses, words, users, policy, now),
        tag="Privacy",
    )
    return api


handler = create(
    Tables(dynamo.client()),
    Settings.from_environment(),
    Identities(identities.client(), IdentitySettings.from_environment().user_pool),
    policies.load(),
    clock.now,
)
