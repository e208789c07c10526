"""What the catalogue shows a member as their price: that of one unit, by all line offers that run (V1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.catalog.products import Product
from functions.domain.policy import Policy
from functions.offers import uses
from functions.offers.left import Left, limit_keys, touching
from functions.offers.line_prices import member_rate, unit_price
from functions.offers.quotes import LIST_PRICE
from functions.offers.running import RunningCampaigns
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Key, Tables

Price = tuple[int, str]
"""What a unit costs, and what that price is of."""


@dataclass(frozen=True, slots=True)
class ShownPrices:
    """The campaigns that run, and where it stands what is left of them."""

    tables: Tables
    catalog_table: str
    members_table: str
    running: RunningCampaigns
    policy: Policy

    def of(
        self, member_id: str, tier: str | None, products: Sequence[Product], at: datetime, deadline: Deadline
    ) -> Mapping[str, Price]:
        """Return each product's price by sku; before registration, without a tier, it is the list price."""
        if tier is None:
            return {product.sku: (product.price_fen, LIST_PRICE) for product in products}
        skus = [product.sku for product in products]
        line_offers = [each for each in self.running.known(deadline) if each.terms.is_line_offer]
        campaigns = touching(line_offers, skus, at)
        limits = limit_keys(self.catalog_table, campaigns, skus)
        keys: list[tuple[str, Key]] = [(self.catalog_table, key) for key in limits.values()]
        if campaigns:
            keys.append((self.members_table, uses.key(member_id)))
        rows = self.tables.batch_get(keys, deadline)
        left = Left(dict(zip(limits, rows, strict=False)))
        used = uses.uses_of(rows[-1] if campaigns else None)
        available = [left.of(campaign, used) for campaign in campaigns]
        rate = member_rate(tier, at, self.policy)
        return {product.sku: unit_price(product, available, tier, rate) for product in products}
