"""HTTP: the shop. Its routes are those of the catalogue, of offers, of the checkout and of orders."""

from collections.abc import Callable
from datetime import datetime

from functions import contexts
from functions.catalog.catalog import Catalog
from functions.catalog.face import CatalogFace
from functions.checkout.checkout import Checkout
from functions.checkout.face import CheckoutFace
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.offers.face import OffersFace
from functions.offers.routes import CAMPAIGNS
from functions.offers.running import RunningCampaigns
from functions.offers.shown_prices import ShownPrices
from functions.orders.book import OrderBook
from functions.orders.life_face import OrderLifeFace
from functions.orders.lists import OrderLists
from functions.orders.routes import OFFICE
from functions.orders.view_face import OrderViewFace
from functions.platform import clock, dynamo
from functions.platform.dynamo import Tables
from functions.platform.http import Api
from functions.platform.recording import Recorder
from functions.platform.settings import Settings
from functions.tiers.members import Members


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the shop's API over these tables, policy and clock."""
    api = Api(Recorder(tables, settings.audit_table, policy.zone), contexts.gateway)
    members = Members(tables, settings.members_table)
    catalog = Catalog(tables=tables, table=settings.catalog_table, members_table=settings.members_table)
    book = OrderBook.of(tables, settings, policy)
    lists = OrderLists.of(tables, settings, policy)
    running = RunningCampaigns(tables, settings.catalog_table)
    checkout = Checkout.of(tables, settings, policy, running)
    prices = ShownPrices(tables, settings.catalog_table, settings.members_table, running, policy)
    api.add(CatalogFace(api, catalog, members, prices, policy, now), tag="Catalogue")
    api.add(OffersFace(api, members, policy, now), tag="Catalogue")
    api.add(CheckoutFace(api, checkout, policy, now), tag="Orders")
    api.add(OrderViewFace(api, book, lists, members, policy, now), tag="Orders")
    api.add(OrderLifeFace(api, book, policy, now), tag="Orders")

    def campaigns() -> object:
        from functions.offers.campaign_store import CampaignStore  # Z6: not when a function starts
        from functions.offers.campaigns_face import CampaignsFace

        store = CampaignStore(tables, settings.catalog_table)
        return CampaignsFace(api, store, running, settings, policy, now)

    def office() -> object:
        from functions.orders.due_list import DueList
        from functions.orders.office_face import OrderOfficeFace

        return OrderOfficeFace(api, DueList(tables, settings.orders_table), lists, policy, now)

    api.add_when_asked(CAMPAIGNS, campaigns, tag="Offers")
    api.add_when_asked(OFFICE, office, tag="Orders")
    return api


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
