"""The functions of the jobs on orders, and the queue between them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.orders import jobs
from functions.orders.queue import Worker
from functions.platform.fanout import Task
from functions.platform.observability import logger
from tests.support.points import Workers


@dataclass
class OrderWorkers(Workers):
    """The functions of the jobs on orders, and the queue between them."""

    def tasks(self, job: str, at: datetime) -> list[Task]:
        """Return the tasks of a job that starts at a moment."""
        return jobs.tasks(job, at)

    def worker(self) -> Callable[..., dict[str, Any]]:
        """Return a new worker."""
        return Worker(self.shop.tables, self.shop.settings, self.box.queue, self.shop.policy)


class _Said(logging.Handler):
    """Adds up the orders that workers say they have changed."""

    def __init__(self) -> None:
        super().__init__()
        self.orders = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line of the log."""
        self.orders += getattr(record, "orders", 0)


@contextmanager
def said() -> Iterator[_Said]:
    """Give what workers say in the log that they have changed."""
    counting = _Said()
    logger.addHandler(counting)
    try:
        yield counting
    finally:
        logger.handlers.remove(counting)
