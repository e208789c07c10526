"""What the catalogue may know, and do."""

from tests.support.rights import publishes, reads_stream

MAY_KNOW = {"domain", "platform", "tiers", "counters"}
NEEDS = {"CatalogPublisher": publishes() | reads_stream("Catalog", "CatalogToBusFailures")}
