"""The state folder: everything that the local cloud keeps, and the lock for those who change it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reach.errors import CommandError

MARKER = ".memberday-local"
FOLDER_VARIABLE = "MEMBERDAY_LOCAL_DIR"
FOLDER = ".local"


@dataclass(frozen=True)
class StateFolder:
    """Paths in one state folder.

    What belongs to the cloud itself lies under ``cloud``: it is wiped as a whole when a cloud starts fresh.
    """

    root: Path

    @property
    def cloud(self) -> Path:
        """Everything that one cloud remembers."""
        return self.root / "cloud"

    @property
    def services(self) -> Path:
        """The emulator's saved services."""
        return self.cloud / "state"

    @property
    def objects(self) -> Path:
        """The emulator's S3 objects."""
        return self.cloud / "s3"

    @property
    def clean(self) -> Path:
        """Present while the saved services are whole: written last on a graceful stop, gone once running."""
        return self.cloud / "clean"

    @property
    def clock(self) -> Path:
        """How far the cloud's time is ahead, in the form that libfaketime reads."""
        return self.cloud / "clock"

    @property
    def deployment(self) -> Path:
        """The digest of what was deployed last."""
        return self.cloud / "deployment.json"

    @property
    def password(self) -> Path:
        """The password of this cloud's demo users."""
        return self.cloud / "password"

    @property
    def people(self) -> Path:
        """Who signs in at this cloud's console and storefront, and with which password."""
        return self.cloud / "people.json"

    @property
    def server(self) -> Path:
        """The process id and port of the server started last."""
        return self.root / "server.json"

    @property
    def server_log(self) -> Path:
        """What the server and the functions print."""
        return self.root / "server.log"

    @property
    def deploy_log(self) -> Path:
        """What the CDK printed at the last deployment."""
        return self.root / "deploy.log"

    @property
    def assembly(self) -> Path:
        """The synthesised CDK app."""
        return self.root / "cdk.out"

    @property
    def home(self) -> Path:
        """The home directory of the processes started here, so that nobody's own settings reach them."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """Temporary files, the functions' unpacked code among them; emptied at every start."""
        return self.root / "tmp"

    def create(self) -> None:
        """Make the folder; refuse one that holds something else, because ``reset`` empties it."""
        if self.root.is_dir() and not (self.root / MARKER).exists() and any(self.root.iterdir()):
            raise CommandError(f"{self.root} is not empty and holds no local cloud: choose another folder")
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / MARKER).touch()

    def exists(self) -> bool:
        """Whether a local cloud has been kept here."""
        return (self.root / MARKER).exists()

    def wipe_cloud(self) -> None:
        """Forget the cloud; logs stay."""
        shutil.rmtree(self.cloud, ignore_errors=True)

    def wipe(self) -> None:
        """Forget everything; only the marker and the lock stay until the folder itself goes."""
        for entry in self.root.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        with suppress(OSError):
            self.root.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one changing command; the kernel frees it however the process ends."""
        self.create()
        with (self.root / "lock").open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "another process"
                raise CommandError(f"{self.root} is in use by {holder}: wait until it is done") from None
            handle.seek(0)
            handle.truncate()
            handle.write(f"process {os.getpid()}")
            handle.flush()
            yield


def read_json(path: Path) -> dict[str, Any]:
    """The object in ``path``; an empty one if there is none, or if a crash left half of it."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace ``path`` in one step, so that a reader sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.touch(mode=mode)
    beside.write_text(text)
    beside.replace(path)


def folder_of(chosen: Path | None, root: Path) -> StateFolder:
    """The state folder: the one that was chosen, else that of the environment, else one in the project."""
    path = Path(chosen or os.environ.get(FOLDER_VARIABLE) or root / FOLDER)
    return StateFolder(path.expanduser().resolve())
