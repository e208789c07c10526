"""The server process: whose it is, where it was, and what its functions may see of the caller."""

from pathlib import Path

import pytest

from local.cloud import Cloud, base_environment, move_port, tail
from local.folder import StateFolder
from local.interrupts import Interrupts


def test_only_the_server_of_this_folder_is_ours(tmp_path: Path) -> None:
    cloud = Cloud(StateFolder(tmp_path), Interrupts())
    assert cloud.is_server(f"/venv/bin/python -m local.server {tmp_path} 4")
    assert not cloud.is_server(f"/venv/bin/python -m local.server {tmp_path}-other 4")
    assert not cloud.is_server(f"vi {tmp_path} 4")
    assert not cloud.is_server("")


def test_a_record_of_a_process_that_is_gone_means_not_running(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.server.write_text('{"pid": 999999999, "port": 4566}')
    assert Cloud(folder, Interrupts()).running() is None


def test_saved_addresses_move_to_the_new_port_and_nothing_else_does(tmp_path: Path) -> None:
    saved = tmp_path / "sqs.json"
    saved.write_text(
        '["http://localhost:4000/0/q", "http://127.0.0.1:4000/x", "http://shop.example:4000", "4000"]'
    )
    move_port(tmp_path, 4000, 5000)
    assert saved.read_text() == (
        '["http://localhost:5000/0/q", "http://127.0.0.1:5000/x", "http://shop.example:4000", "4000"]'
    )


def test_a_longer_port_that_begins_alike_stays(tmp_path: Path) -> None:
    saved = tmp_path / "sqs.json"
    saved.write_text('"http://localhost:40001/q"')
    move_port(tmp_path, 4000, 5000)
    assert saved.read_text() == '"http://localhost:40001/q"'


def test_nothing_of_the_caller_reaches_what_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "HTTP_PROXY", "PYTHONPATH"):
        monkeypatch.setenv(name, "leak")
    environment = base_environment(StateFolder(tmp_path))
    assert "leak" not in environment.values()
    assert environment["HOME"].startswith(str(tmp_path))


def test_the_tail_of_a_log_skips_blank_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\n\ntwo\n\nthree\n")
    assert tail(log, 2) == "  two\n  three"
