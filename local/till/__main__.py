"""The till's process. Run by ``local.till.process`` as ``python -m local.till FOLDER DESCRIPTOR``."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import threading
from pathlib import Path

from local.till.process import state_of
from local.till.server import serving
from local.till.till import Till
from reach.folder import StateFolder
from reach.server import HOST, running

LOOK_SECONDS = 2.0
LOOKS_ALONE_MAX = 2


def main() -> None:
    """Serve until SIGTERM or SIGINT, or until the local cloud's server has gone: then nobody needs a till."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("descriptor", type=int)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    told_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told_to_stop.set())
    folder = StateFolder(arguments.folder)
    listener = socket.socket(fileno=arguments.descriptor)
    till = Till(f"http://{HOST}:{listener.getsockname()[1]}", state_of(folder))
    with serving(listener, till):
        looks_alone = 0
        while looks_alone < LOOKS_ALONE_MAX and not told_to_stop.wait(LOOK_SECONDS):
            looks_alone = 0 if running(folder) else looks_alone + 1


if __name__ == "__main__":
    main()
