"""The state folder: its lock, what ``reset`` may touch, and which folder a command means."""

import argparse
from pathlib import Path

import pytest

from local.__main__ import main, parser
from reach.errors import CommandError
from reach.folder import FOLDER_VARIABLE, StateFolder, folder_of, read_json, write_atomically


def test_a_folder_with_something_else_in_it_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(CommandError, match="holds no local cloud"):
        StateFolder(tmp_path).create()
    assert not StateFolder(tmp_path).exists()


def test_a_folder_is_made_once_and_found_again(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "deep" / "state")
    folder.create()
    folder.create()
    assert folder.exists()


def test_two_commands_cannot_change_a_folder_at_once(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    with folder.locked(), pytest.raises(CommandError, match="in use by process"), folder.locked():
        pass
    with folder.locked():
        pass


def test_wiping_the_cloud_keeps_the_logs(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.create()
    folder.services.mkdir(parents=True)
    folder.server_log.write_text("why it crashed")
    folder.wipe_cloud()
    assert not folder.cloud.exists()
    assert folder.server_log.exists()


def test_wiping_everything_leaves_nothing(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    folder.create()
    folder.services.mkdir(parents=True)
    folder.wipe()
    assert not folder.root.exists()


def test_half_a_file_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"pid": 1')
    assert read_json(tmp_path / "half.json") == {}
    assert read_json(tmp_path / "none.json") == {}


def test_a_secret_is_never_readable_by_others(tmp_path: Path) -> None:
    write_atomically(tmp_path / "password", "x", mode=0o600)
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["password"]


@pytest.mark.parametrize("argv", [["--dir", "/a", "status"], ["status", "--dir", "/a"]])
def test_the_option_names_the_folder_on_either_side_of_the_command(
    argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/b")
    arguments = parser().parse_args(argv, argparse.Namespace(json=False, dir=None))
    assert folder_of(arguments.dir, Path("/project")) == StateFolder(Path("/a").resolve())


def test_without_option_the_environment_names_the_folder_else_the_project(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = argparse.Namespace(dir=None)
    monkeypatch.setenv(FOLDER_VARIABLE, "/b")
    assert folder_of(arguments.dir, Path("/project")) == StateFolder(Path("/b").resolve())
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert folder_of(arguments.dir, Path("/project")) == StateFolder(Path("/project/.local").resolve())


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["status"], "is not running"),
        (["clock", "-7d"], "only moves forward"),
        (["up", "--port", "70000"], "'70000' is no port"),
        (["settle", "--timeout", "0"], "no number of seconds"),
        (["dance"], "invalid choice"),
        ([], "required"),
    ],
)
def test_an_error_is_one_line_and_status_1(
    argv: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "state"))
    assert main(argv) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert line in captured.err
