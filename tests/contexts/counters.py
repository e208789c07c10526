"""What the counters may know, and do."""

from tests.support.rights import reads_stream, rows

MAY_KNOW = {"domain", "platform"}
NEEDS = {
    "CounterKeeper": rows("Catalog", "BatchGetItem", "GetItem", "UpdateItem")
    | reads_stream("Catalog", "CatalogToCountersFailures")
}
