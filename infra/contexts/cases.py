"""Cases: rows that whoever changes an order writes with it, and after-sales works off."""

from infra.room import Room


def build(_: Room) -> None:
    """Build nothing: it has no function of its own."""
