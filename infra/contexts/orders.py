"""What was bought: orders come to their end by themselves, and whoever listens hears of them."""

from infra.constructs.function import CORE_MEGABYTES
from infra.constructs.table import grant_rows
from infra.room import Room, rows

ORDER_WORKERS_MAX = 32
"""One for each shard of two jobs, so that parcels that count as received hold no lapse up."""


def build(room: Room) -> None:
    """Build the reader that publishes orders, and their jobs; the shop's function serves their routes."""
    room.publisher(
        "OrdersPublisher",
        "functions.orders.stream.handler",
        reader="OrdersToBus",
        table="Orders",
        filters=[rows("ORDER"), rows("PAYMENT", applied={"BOOL": [False]})],  # what paid says its order's row
    )
    # A core to itself: what a lapse of many takes is reading and writing rows, not waiting (0032).
    starter, worker = room.tasks(
        "Order",
        "functions.orders",
        workers=ORDER_WORKERS_MAX,
        worker_megabytes=CORE_MEGABYTES,
    )
    grant_rows(room.table("Orders"), starter, indexes=["due"])
    # The indexing of parcels, which an operator starts, reads the whole table.
    grant_rows(room.table("Orders"), worker, "BatchGetItem", "GetItem", "PutItem", "Scan", indexes=["due"])
    grant_rows(room.table("Members"), worker, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
    grant_rows(room.table("Catalog"), worker, "BatchGetItem", "GetItem", "UpdateItem")
    room.scheduled(starter)
