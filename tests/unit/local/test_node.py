"""Node as the local cloud runs it: the program itself, under a name in the cloud's own folder."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from local import node


def test_node_is_started_by_a_name_in_the_clouds_folder(tmp_path: Path) -> None:
    pool = SimpleNamespace(_NODE_BINARY="node")
    for _ in range(2):  # a cloud that starts again finds the name of before
        node.name_node(pool, tmp_path)
    assert Path(pool._NODE_BINARY) == tmp_path / "node"
    assert Path(pool._NODE_BINARY).resolve() == Path(str(node.program())).resolve()


def test_it_is_the_program_and_no_script_that_starts_it_and_stays() -> None:
    found = node.program()
    assert found is not None
    assert not Path(found).read_bytes().startswith(b"#!")


def test_without_node_the_cloud_runs_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("shutil.which", lambda _: None)
    pool = SimpleNamespace(_NODE_BINARY="node")
    node.name_node(pool, tmp_path)
    assert pool._NODE_BINARY == "node"
    assert not list(tmp_path.iterdir())
