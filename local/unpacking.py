"""The functions' code, kept and unpacked once for all functions and all of their processes.

The emulator reads the archive from its S3 for every function and digests it, writes it to a file for every
process of one and unpacks a copy, some thousand files each, and removes it again while everybody waits: on a
slow disk a deployment stood still for minutes, and the copies took a third of the emulator's memory.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

SHARED = "memberday-code"
ARCHIVE = "code.zip"
ARCHIVES_KEPT_MAX = 8
"""How many archives are known at once: each deployment brings a new one of each bundle."""
ARCHIVE_BYTES_MIN = 1_000_000
"""From which size on something is taken for an archive whose digest is worth keeping."""
_lock = threading.Lock()
_unwritten: dict[str, bytes] = {}
"""What was to be written to files of archives, until it is unpacked."""
_names: dict[bytes, str] = {}
"""Under which name which contents are unpacked."""


class _UnwrittenFile:
    """A file that an archive is written to, which nobody but :class:`SharedArchive` reads."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, where: TracebackType | None) -> None:
        pass

    def write(self, contents: bytes) -> int:
        """Keep the contents in mind."""
        _unwritten[self._path] = contents
        return len(contents)


class SharedArchive:
    """An archive that is unpacked once, and then only pointed at; nobody writes to what is unpacked."""

    def __init__(self, file: str | Path) -> None:
        contents = _unwritten.pop(str(file), None)
        self._contents = Path(file).read_bytes() if contents is None else contents

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, where: TracebackType | None) -> None:
        pass

    def namelist(self) -> list[str]:
        """Return the names of all files in it."""
        with self._opened() as opened:
            return opened.namelist()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Let the empty directory ``path`` point at the one place where these contents are."""
        if path is None or members is not None:
            with self._opened() as opened:
                opened.extractall(path, members, pwd)
            return
        place = Path(path)
        shared = self._unpacked()
        if place.exists():
            place.rmdir()
        place.symlink_to(shared, target_is_directory=True)

    def _opened(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self._contents))

    def _unpacked(self) -> Path:
        with _lock:
            name = _names.get(self._contents) or hashlib.sha256(self._contents).hexdigest()
            shared = Path(tempfile.gettempdir()) / SHARED / name
            if not shared.exists():
                shared.parent.mkdir(exist_ok=True)
                unpacking = Path(tempfile.mkdtemp(dir=shared.parent))
                with self._opened() as opened:
                    opened.extractall(unpacking)
                unpacking.rename(shared)
            _remember(_names, self._contents, name)
            return shared


def _remember(known: dict[Any, Any], key: object, value: object) -> None:
    """Keep what was looked for last."""
    known.pop(key, None)
    known[key] = value
    while len(known) > ARCHIVES_KEPT_MAX:
        del known[next(iter(known))]


def _open(path: Any, mode: str = "r", *rest: Any, **settings: Any) -> Any:
    if mode == "wb" and Path(path).name == ARCHIVE:
        return _UnwrittenFile(str(path))
    return open(path, mode, *rest, **settings)  # noqa: PTH123 - in the place of the built-in one


def share_code(runtime: Any) -> None:
    """Have a module that writes archives by :func:`open` and unpacks them by :mod:`zipfile` do so here."""
    runtime.open = _open
    runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedArchive})


def share_archives(functions: Any, storage: Any) -> None:
    """Have the functions of one bundle hold one archive, that of its object in S3."""
    fetch = functions._fetch_code_from_s3
    archives: dict[tuple[str, str, str], bytes] = {}
    looking = threading.Lock()

    def fetched(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        stored = ((storage._buckets.get(bucket) or {}).get("objects") or {}).get(key)
        if version_id or not stored or not stored.get("etag"):
            return fetch(bucket, key, version_id)  # type: ignore[no-any-return]
        found = bucket, key, str(stored["etag"])
        # Stacks are deployed side by side, and a function without code answers as if it had run.
        with looking:
            contents: bytes | None = archives.get(found) or fetch(bucket, key)
            if contents is not None:
                _remember(archives, found, contents)
            return contents

    functions._fetch_code_from_s3 = fetched


def share_digests(*runtimes: Any) -> None:
    """Have modules that digest each function's archive by :mod:`hashlib` do so once with each archive."""
    digests: dict[int, tuple[bytes, Any]] = {}
    looking = threading.Lock()

    def digested(contents: Any = b"", **settings: Any) -> Any:
        if not isinstance(contents, bytes) or len(contents) < ARCHIVE_BYTES_MIN:
            return hashlib.sha256(contents, **settings)
        with looking:
            # What is kept here stays where it is, so that no other contents come to be there.
            kept = digests.get(id(contents))
            digest = hashlib.sha256(contents) if kept is None else kept[1]
            _remember(digests, id(contents), (contents, digest))
            return digest.copy()

    for each in runtimes:
        each.hashlib = SimpleNamespace(**{**vars(hashlib), "sha256": digested})
