"""Code is unpacked once, and removed with no process."""

import hashlib
import shutil
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local import unpacking
from local.unpacking import SHARED, SharedArchive, share_archives, share_code, share_digests

SIDE_BY_SIDE, ROUNDS = 8, 100


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def archive(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("package/module.py", text)
    return path


def unpack(path: Path, place: Path) -> None:
    place.mkdir()
    with SharedArchive(path) as opened:
        opened.extractall(str(place))


def test_the_same_contents_are_unpacked_once_and_others_apart(tmp_path: Path, temporary: Path) -> None:
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        unpack(archive(tmp_path, name, text), tmp_path / name)
        assert (tmp_path / name / "package" / "module.py").read_text() == text
    assert (tmp_path / "a").resolve() == (tmp_path / "b").resolve() != (tmp_path / "c").resolve()
    assert len(list((temporary / SHARED).iterdir())) == 2


def test_who_removes_a_copy_leaves_the_contents(tmp_path: Path) -> None:
    path = archive(tmp_path, "a", "one")
    worker = tmp_path / "worker"
    worker.mkdir()
    unpack(path, worker / "code")
    shutil.rmtree(worker)
    unpack(path, tmp_path / "again")
    assert (tmp_path / "again" / "package" / "module.py").read_text() == "one"


def test_processes_that_start_at_once_share_one_copy(tmp_path: Path, temporary: Path) -> None:
    path = archive(tmp_path, "a", "one")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: unpack(path, tmp_path / f"w{number}"), range(16)))
    assert all((tmp_path / f"w{number}" / "package" / "module.py").exists() for number in range(16))
    assert len(list((temporary / SHARED).iterdir())) == 1


def test_whoever_asks_for_some_of_the_files_gets_files(tmp_path: Path) -> None:
    with SharedArchive(archive(tmp_path, "a", "one")) as opened:
        opened.extractall(str(tmp_path / "some"), members=["package/module.py"])
    assert not (tmp_path / "some").is_symlink()
    assert (tmp_path / "some" / "package" / "module.py").read_text() == "one"


def test_who_asks_for_the_names_of_the_files_gets_them(tmp_path: Path) -> None:
    with SharedArchive(archive(tmp_path, "a", "one")) as opened:
        assert opened.namelist() == ["package/module.py"]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no archive")
    (tmp_path / "a").mkdir()
    with SharedArchive(tmp_path / "a.zip") as opened, pytest.raises(zipfile.BadZipFile):
        opened.extractall(str(tmp_path / "a"))


def test_an_archive_is_unpacked_without_having_been_written(tmp_path: Path) -> None:
    runtime = SimpleNamespace(zipfile=zipfile)
    share_code(runtime)
    contents = archive(tmp_path, "a", "one").read_bytes()
    for name in ("first", "second"):
        worker = tmp_path / name
        worker.mkdir()
        with runtime.open(str(worker / "code.zip"), "wb") as file:
            assert file.write(contents) == len(contents)
        with runtime.zipfile.ZipFile(str(worker / "code.zip")) as opened:
            opened.extractall(str(worker / "code"))
        assert (worker / "code" / "package" / "module.py").read_text() == "one"
        assert [each.name for each in worker.iterdir()] == ["code"]
    with runtime.open(tmp_path / "else.txt", "w") as file:
        file.write("as ever")
    assert (tmp_path / "else.txt").read_text() == "as ever"


def test_an_archive_that_is_gone_from_where_it_was_is_unpacked_again(tmp_path: Path, temporary: Path) -> None:
    path = archive(tmp_path, "a", "one")
    for name in ("first", "second"):
        unpack(path, tmp_path / name)
        assert (tmp_path / name / "package" / "module.py").read_text() == "one"
        shutil.rmtree(temporary / SHARED)


class Storage:
    """An S3 of one object, and functions that fetch their code from there."""

    def __init__(self) -> None:
        self.fetched = 0
        self.body = b"one"
        self._buckets = {"assets": {"objects": {"a.zip": {"etag": "1"}, "b.zip": {}}}}

    def put(self, body: bytes, etag: str) -> None:
        """Replace the object."""
        self.body = body
        self._buckets["assets"]["objects"]["a.zip"]["etag"] = etag

    def _fetch_code_from_s3(self, bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        self.fetched += 1
        return (
            self.body[:] + bytes(version_id or "", "ascii") if (bucket, key) != ("assets", "c.zip") else None
        )


def test_functions_of_one_archive_hold_it_together_until_it_is_replaced() -> None:
    storage = Storage()
    share_archives(storage, storage)
    first, second = (storage._fetch_code_from_s3("assets", "a.zip") for _ in range(2))
    assert (first, first is second, storage.fetched) == (b"one", True, 1)
    storage.put(b"two", "2")
    assert storage._fetch_code_from_s3("assets", "a.zip") == b"two"
    assert storage._fetch_code_from_s3("assets", "a.zip", "v1") == b"twov1"
    assert [storage._fetch_code_from_s3("assets", key) for key in ("b.zip", "c.zip")] == [b"two", None]


class Bucket(str):
    """A name whose threads take turns whenever it is looked for."""

    def __hash__(self) -> int:
        time.sleep(0)
        return super().__hash__()


def test_who_deploys_side_by_side_is_given_the_archive_each_time() -> None:
    """A function without code answers as if it had run, and nobody is told."""
    storage, bucket = Storage(), Bucket("assets")
    share_archives(storage, storage)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for number in range(ROUNDS):
            storage.put(b"one", str(number))
            found = threads.map(
                lambda _: storage._fetch_code_from_s3(bucket, "a.zip"), range(4 * SIDE_BY_SIDE)
            )
            assert set(found) == {b"one"}


def test_of_archives_the_last_few_are_kept() -> None:
    storage = Storage()
    share_archives(storage, storage)
    for number in range(2 * unpacking.ARCHIVES_KEPT_MAX):
        storage.put(b"%d" % number, str(number))
        assert storage._fetch_code_from_s3("assets", "a.zip") == b"%d" % number
    storage.put(b"0", "0")
    storage._fetch_code_from_s3("assets", "a.zip")
    assert storage.fetched == 2 * unpacking.ARCHIVES_KEPT_MAX + 1


def test_an_archive_is_digested_once_and_its_digest_is_that_of_any_other_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime, digest = SimpleNamespace(hashlib=hashlib), hashlib.sha256
    counted: list[int] = []

    def counting(contents: bytes = b"") -> Any:
        counted.append(len(contents))
        return digest(contents)

    monkeypatch.setattr(hashlib, "sha256", counting)
    share_digests(runtime)
    archives = [bytes([number]) * unpacking.ARCHIVE_BYTES_MIN for number in (1, 2)]
    for contents in (*archives, *archives, b"small", b"small"):
        found = runtime.hashlib.sha256(contents)
        assert found.hexdigest() == digest(contents).hexdigest()
        found.update(b"more")  # whoever goes on with it does so alone
    large = unpacking.ARCHIVE_BYTES_MIN
    assert counted == [large, large, len(b"small"), len(b"small")]
    assert runtime.hashlib.md5 is hashlib.md5


def test_the_runtime_unpacks_in_this_way() -> None:
    runtime = SimpleNamespace(zipfile=zipfile)
    share_code(runtime)
    assert runtime.zipfile.ZipFile is unpacking.SharedArchive
    assert runtime.zipfile.BadZipFile is zipfile.BadZipFile
