"""What each context may know and do, by hand: the code, the template and a deployment are held against it.

A context brings a module of its name: ``MAY_KNOW``, the parts of the house that it may import; ``NEEDS``, its
functions with their rights, of which ``IN_PROD_ALONE`` are in `prod` only; ``TIMES``, when its schedules
run in store time, if it has any; ``AT_ONCE_MAX``, the most that may be reserved for those of its functions
that have concurrency of their own.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from functions.contexts import CONTEXTS
from tests.support.rights import ANY, Rights, of

_BY_HAND = {name: import_module(f"{__name__}.{name}") for name in CONTEXTS}


def _gathered(table: str) -> dict[str, Any]:
    return {name: each for module in _BY_HAND.values() for name, each in getattr(module, table, {}).items()}


MAY_KNOW: Mapping[str, frozenset[str]] = {
    name: frozenset(module.MAY_KNOW) for name, module in _BY_HAND.items()
}
NEEDS: Mapping[str, Rights] = _gathered("NEEDS")
"""What each function of the stack needs, and may do; see :func:`rights` for what every one may besides."""
IN_PROD_ALONE: frozenset[str] = frozenset(_gathered("IN_PROD_ALONE"))
"""Functions that no other stage has."""
TIMES: Mapping[str, str] = _gathered("TIMES")
AT_ONCE_MAX: Mapping[str, int] = _gathered("AT_ONCE_MAX")


def rights(function: str) -> Rights:
    """Return all that a function may do: what it needs, its own log, and its traces."""
    return (
        NEEDS[function]
        | of("logs", f"{function}Logs", "CreateLogStream", "PutLogEvents")
        | of("xray", ANY, "PutTelemetryRecords", "PutTraceSegments")
    )
