"""Every event that goes out on the bus, by its name."""

from types import ModuleType

from functions.coupons import events as coupons
from functions.orders import events as orders
from functions.platform.bus import Event
from functions.points import events as points
from functions.tiers import events as tiers

_MODULES: tuple[ModuleType, ...] = (orders, points, tiers, coupons)

EVENTS: dict[str, type[Event]] = {
    name: each
    for module in _MODULES
    for name, each in sorted(vars(module).items())
    if isinstance(each, type)
    and issubclass(each, Event)
    and each.__module__ == module.__name__
    and not name.startswith("_")
}
"""Every event that there is, by its name; a class with an underscore only says what some share."""
