"""What is sold: whoever listens hears of it."""

from infra.room import Room, rows


def build(room: Room) -> None:
    """Build the reader that publishes changes of the catalogue; the shop's function serves its routes."""
    room.publisher(
        "CatalogPublisher",
        "functions.catalog.stream.handler",
        reader="CatalogToBus",
        table="Catalog",
        filters=[rows("PRODUCT", "MEMBER_DAY")],
    )
