"""The digest decides whether a second ``up`` deploys again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local.prepared import digest

SOURCES = ("functions", "cdk.json")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "functions" / "points").mkdir(parents=True)
    (tmp_path / "functions" / "points" / "api.py").write_text("a = 1\n")
    (tmp_path / "functions" / "policy.toml").write_text("b = 2\n")
    (tmp_path / "cdk.json").write_text("{}")
    return tmp_path


def test_the_same_sources_have_the_same_digest(project: Path) -> None:
    assert digest(project, SOURCES) == digest(project, SOURCES)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "functions" / "points" / "api.py").write_text("a = 2\n"),
        lambda root: (root / "functions" / "points" / "api.py").rename(
            root / "functions" / "points" / "stream.py"
        ),
        lambda root: (root / "functions" / "new.py").write_text(""),
        lambda root: (root / "functions" / "policy.toml").unlink(),
        lambda root: (root / "cdk.json").write_text('{"app": "x"}'),
    ],
    ids=["contents", "name", "new file", "gone", "a single file"],
)
def test_any_change_of_a_source_changes_it(project: Path, change: Callable[[Path], object]) -> None:
    before = digest(project, SOURCES)
    change(project)
    assert digest(project, SOURCES) != before


def test_what_else_decides_the_deployment_changes_it(project: Path) -> None:
    assert digest(project, SOURCES, "http://127.0.0.1:1") != digest(project, SOURCES, "http://127.0.0.1:2")


def test_compiled_files_and_what_is_deployed_by_nobody_do_not_count(project: Path) -> None:
    before = digest(project, SOURCES)
    (project / "functions" / "__pycache__").mkdir()
    (project / "functions" / "__pycache__" / "api.cpython-311.pyc").write_bytes(b"x")
    (project / "README.md").write_text("x")
    assert digest(project, SOURCES) == before


def test_a_source_that_is_not_there_yet_is_no_error(project: Path) -> None:
    assert digest(project, (*SOURCES, "infra", "requirements/runtime.txt")) == digest(project, SOURCES)
