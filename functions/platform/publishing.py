"""What a reader of a stream tells the outside: the events of several records in one call of the bus."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from functions.platform.bus import Bus, Event
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.streams import RowChange, consume


def publish(
    event: dict[str, Any],
    context: LambdaContext,
    bus: Bus,
    *,
    events_of: Callable[[RowChange], Iterable[Event]],
    told: Callable[[RowChange, Sequence[Event]], None],
    log_ids: tuple[str, ...],
) -> dict[str, Any]:
    """Put on the bus what a batch of stream records says; return the records to be delivered again.

    Parameters
    ----------
    events_of
        Gives a change's events, the same ones whenever it is asked. What it raises sets its record aside.
    told
        Counts a change, once its events are on the bus.
    log_ids
        As for :func:`consume`.
    """
    there: dict[str, Sequence[Event]] = {}

    def together(changes: Sequence[RowChange], deadline: Deadline) -> None:
        found: list[tuple[str, Sequence[Event]]] = []
        for change in changes:
            try:
                found.append((change.sequence_number, list(events_of(change))))
            except Exception:  # noqa: S112 - its own turn comes, and says what is wrong
                continue
        taken = bus.publish_together([events for _, events in found], deadline)
        there.update(each for each, is_there in zip(found, taken, strict=True) if is_there)

    def one(change: RowChange, deadline: Deadline) -> None:
        events = there.get(change.sequence_number)
        if events is None:
            events = list(events_of(change))
            bus.publish(events, deadline)
        told(change, events)

    return consume(event, context, one, log_ids=log_ids, prepare=together)
