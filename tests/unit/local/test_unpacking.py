"""Code is unpacked once, and removed with no process."""

import shutil
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from local import unpacking
from local.unpacking import SHARED, SharedArchive, share_code


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


def test_the_runtime_unpacks_in_this_way() -> None:
    runtime = SimpleNamespace(zipfile=zipfile)
    share_code(runtime)
    assert runtime.zipfile.ZipFile is unpacking.SharedArchive
    assert runtime.zipfile.BadZipFile is zipfile.BadZipFile
