"""What was bought: orders come to their end by themselves, and whoever listens hears of them."""

from aws_cdk import Duration

from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from infra.constructs.table import grant_rows
from infra.room import Room, rows

ORDER_JOBS_TIMEOUT = Duration.seconds(300)
"""As long as from one run of `lapse-unpaid` to the next: nobody takes up what a run of these jobs leaves."""
ORDER_JOBS_MAX = 4
"""Jobs on orders that run at once: one of each, and two that failed and are tried again."""


def build(room: Room) -> None:
    """Build the reader that publishes orders, and their jobs; the shop's function serves their routes."""
    room.publisher(
        "OrdersPublisher",
        "functions.orders.stream.handler",
        reader="OrdersToBus",
        table="Orders",
        filters=[rows("ORDER", "PAYMENT")],
    )
    jobs = room.function(
        "OrderJobs", "functions.orders.schedule.handler", ORDER_JOBS_TIMEOUT, at_once_max=ORDER_JOBS_MAX
    )
    grant_rows(room.table("Orders"), jobs, "GetItem", "PutItem", indexes=["due"])
    grant_rows(room.table("Members"), jobs, "GetItem", "PutItem", "UpdateItem")
    grant_rows(room.table("Catalog"), jobs, "GetItem", "UpdateItem")
    grant_rows(room.table("Reports"), jobs, "PutItem")
    room.scheduled(jobs, LAPSE_UNPAID, AUTO_RECEIPT)
