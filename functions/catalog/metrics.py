"""What is counted of the catalogue, in the programme's words, once the outside has been told."""

from collections.abc import Iterable

from functions.catalog.events import StockLow
from functions.platform.bus import Event
from functions.platform.observability import MetricUnit, metrics

COUNTED: dict[type[Event], str] = {StockLow: "stock_low"}


def count(told: Iterable[Event]) -> None:
    """Count events of products."""
    for event in told:
        if type(event) in COUNTED:
            metrics.add_metric(name=COUNTED[type(event)], unit=MetricUnit.Count, value=1)
