"""What is sold: whoever listens hears of it."""

from functions.catalog.rows import PRODUCT
from functions.catalog.set_aside import SET_ASIDE, UNITS
from functions.counters.counter import TOTAL
from functions.offers.campaign_rows import CAMPAIGN
from functions.offers.counting import LIMIT
from functions.offers.events import LEFT
from functions.offers.member_day import MEMBER_DAY
from infra.room import Room, rows

NONE_LEFT = {"N": ["0"]}


def build(room: Room) -> None:
    """Build the reader that publishes changes of the catalogue; the shop's function serves its routes.

    Of the counters of campaigns it hears only when nothing is left in their home row, or in all.
    """
    room.publisher(
        "CatalogPublisher",
        "functions.catalog.stream.handler",
        reader="CatalogToBus",
        table="Catalog",
        filters=[
            rows(PRODUCT, MEMBER_DAY, CAMPAIGN),
            rows(SET_ASIDE, LIMIT, **{TOTAL: NONE_LEFT}),
            rows(SET_ASIDE, **{UNITS: NONE_LEFT}),
            *(rows(LIMIT, **{left: NONE_LEFT}) for left in LEFT.values()),
        ],
    )
