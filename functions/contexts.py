"""The one list of contexts, and what all of them together declare: tables, routes, events, jobs.

A context is a package of its own. What the rest of the house must know by name it declares in modules that
are called after it, as far as it has any: ``tables.py``, ``routes.py``, ``events.py``, ``timetable.py``. They
are gathered from this list, so that a new context is a line of it (H1). The functions, rights and readers of
a context are in ``infra/contexts``, under the same name.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module, util
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from functions.domain.policy import Policy
from functions.domain.tables import Table
from functions.domain.timetable import Scheduled
from functions.platform.routes import Gateway

if TYPE_CHECKING:
    from functions.platform.bus import Event

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "shop": (
            "counters",
            "catalog",
            "offers",
            "refunds",
            "cases",
            "orders",
            "checkout",
            "payments",
            "aftersales",
        ),
        "programme": (
            "tiers",
            "points",
            "coupons",
        ),
        "office": (
            "privacy",
            "audit",
            "operations",
            "documents",
            "pages",
        ),
    }
)
"""The contexts, by their stack: what is bought, what members have, and what looks after both."""
CONTEXTS = tuple(context for group in GROUPS.values() for context in group)


def _declaring(module: str) -> Iterator[ModuleType]:
    """Import the modules of this name, of the contexts that have one."""
    for context in CONTEXTS:
        name = f"functions.{context}.{module}"
        if util.find_spec(name) is not None:
            yield import_module(name)


@cache
def tables() -> Mapping[str, Table]:
    """Return every table, by what it is called in the stack."""
    return {name: table for module in _declaring("tables") for name, table in module.TABLES.items()}


@cache
def routes() -> Mapping[str, tuple[str, ...]]:
    """Return every route of the API's document, and the default one, by the function that serves it."""
    found: dict[str, tuple[str, ...]] = {}
    for module in _declaring("routes"):
        for function, served in getattr(module, "ROUTES", {}).items():
            found[function] = (*found.get(function, ()), *served)
    return found


@cache
def public_routes() -> Mapping[str, tuple[str, ...]]:
    """Return the routes that ask for no token, by the function that serves them; no document has them."""
    return {
        function: served
        for module in _declaring("routes")
        for function, served in getattr(module, "PUBLIC_ROUTES", {}).items()
    }


@cache
def gateway() -> Gateway:
    """Return all routes together, by which a path that nobody serves is told from a wrong method."""
    return Gateway(route for served in routes().values() for route in served)


@cache
def events() -> Mapping[str, type["Event"]]:
    """Return every event that goes out on the bus, by its name.

    A class with an underscore only says what some share.
    """
    from functions.platform.bus import Event  # not when a function starts that asks for routes only

    return {
        name: each
        for module in _declaring("events")
        for name, each in sorted(vars(module).items())
        if isinstance(each, type)
        and issubclass(each, Event)
        and each.__module__ == module.__name__
        and not name.startswith("_")
    }


@cache
def starters() -> Mapping[str, str]:
    """Return which function starts each job, those that no schedule does too, by the job."""
    return {
        job: function
        for module in _declaring("timetable")
        for function, jobs in getattr(module, "STARTS", {}).items()
        for job in jobs
    }


def timetable(policy: Policy) -> tuple[Scheduled, ...]:
    """Return all schedules of the programme's jobs under a policy: those that are watched over."""
    return tuple(
        scheduled
        for module in _declaring("timetable")
        if hasattr(module, "timetable")
        for scheduled in module.timetable(policy)
    )
