"""Work queue: runs of jobs that were asked for; the functions that start the jobs are started here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions import contexts
from functions.operations.requests import Starting
from functions.platform import clock, dynamo, starting
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.fanout import consume
from functions.platform.settings import Settings, StackSettings
from functions.platform.starting import Functions


class Worker:
    """The Lambda handler that starts what was asked for."""

    def __init__(
        self, tables: Tables, settings: Settings, functions: Functions, now: Callable[[], datetime]
    ) -> None:
        self._starting = Starting(tables, settings.reports_table, functions, contexts.starters(), now)

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Start each run that was asked for; return those to be delivered again."""
        return consume(event, context, self._starting.work)


handler = Worker(
    Tables(dynamo.client()),
    Settings.from_environment(),
    Functions(starting.client(), StackSettings.from_environment().stack),
    clock.now,
)
