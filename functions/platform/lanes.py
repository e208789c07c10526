"""Records of a batch side by side: a lane for each member, say, and in a lane one after the other."""

from collections.abc import Callable, Collection, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from functions.platform.batches import Handled, Record

T = TypeVar("T")
LANES_AT_ONCE = 4
"""How many lanes are under way at once: most of the time of each is waiting for the database."""


def each(things: Collection[T], act: Callable[[T], None]) -> None:
    """Do something with each thing, several at once; what it raises is raised when all are done."""
    if len(things) > 1:
        with ThreadPoolExecutor(min(LANES_AT_ONCE, len(things))) as threads:
            list(threads.map(act, things))
    else:
        for thing in things:
            act(thing)


def side_by_side(lane_of: Callable[[Record], Hashable]) -> Handled:
    """Return how a batch is handled in lanes, several of which are under way at once.

    Parameters
    ----------
    lane_of
        Names a record's lane; records of one lane are handled in their order in the batch. Whatever it raises
        for a record that cannot be read puts that into a lane of its own.
    """

    def handled(
        records: Sequence[Record], one: Callable[[Record], Exception | None]
    ) -> list[Exception | None]:
        lanes: dict[Hashable, list[int]] = {}
        for place, record in enumerate(records):
            lanes.setdefault(_lane(lane_of, record, place), []).append(place)
        failed: list[Exception | None] = [None] * len(records)

        def follow(places: list[int]) -> None:
            for place in places:
                failed[place] = one(records[place])

        each(lanes.values(), follow)
        return failed

    return handled


def _lane(lane_of: Callable[[Record], Hashable], record: Record, place: int) -> Hashable:
    try:
        return "lane", lane_of(record)
    except Exception:  # whoever handles it says in the log what is wrong with it
        return "alone", place
