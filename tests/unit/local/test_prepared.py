"""Which deployments the kept stacks are for, and how they are packed (H7)."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from local.deployment import Deployment, Project
from local.prepared import KEPT, KeptStack, Prepared, _pack, digest
from reach.aws import Aws
from reach.folder import StateFolder

STACK = KeptStack(name="memberday-dev", tags={}, template={"Resources": {}})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose kept stacks hold."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "app.py").write_text("a = 1\n")
    kept = Prepared(stacks=(STACK,), sources=("infra",), digest=digest(tmp_path, ["infra"]))
    (tmp_path / KEPT).parent.mkdir()
    (tmp_path / KEPT).write_text(kept.text(), encoding="utf-8")
    return Project(tmp_path)


def chosen(project: Project) -> Prepared | None:
    """Return the kept stacks where a project is deployed by them."""
    folder = StateFolder(project.root / ".local")
    return Deployment(project, folder, Aws("http://127.0.0.1:1"))._prepared()


def test_H7_stacks_that_hold_are_deployed_as_they_are_kept(project: Project) -> None:
    found = chosen(project)
    assert found is not None
    assert found.stacks == (STACK,)


def test_H7_a_change_of_the_infrastructure_needs_the_cdk(project: Project) -> None:
    (project.root / "infra" / "app.py").write_text("a = 2\n")
    assert chosen(project) is None


def test_H7_a_new_file_of_the_infrastructure_needs_the_cdk(project: Project) -> None:
    (project.root / "infra" / "more.py").write_text("")
    assert chosen(project) is None


def test_H7_what_was_not_kept_needs_the_cdk(project: Project) -> None:
    for other in (
        replace(project, context=(("cors", "http://localhost:5173"),)),
        replace(project, by_cdk=True),
        replace(project, stack="memberday-other"),
    ):
        assert chosen(other) is None
    (project.root / KEPT).unlink()
    assert chosen(project) is None


def test_H7_a_resource_is_a_line_of_what_is_kept() -> None:
    template = {"Description": "x", "Resources": {"A": {"Type": "T"}, "B": {"Type": "T"}}}
    text = Prepared(stacks=(replace(STACK, template=template),), sources=(), digest="").text()
    assert json.loads(text)["stacks"][0]["template"] == template
    assert '"A": {"Type": "T"},\n"B": {"Type": "T"}' in text


def test_the_same_code_is_packed_to_the_same_bytes(tmp_path: Path) -> None:
    packed = []
    for name in ("first", "second"):
        folder = tmp_path / name
        (folder / "b").mkdir(parents=True)
        (folder / "b" / "c.py").write_text("c")
        (folder / "a.py").write_text("a")
        archive = tmp_path / f"{name}.zip"
        with archive.open("wb") as into:
            _pack(folder, into)
        packed.append(archive.read_bytes())
        assert zipfile.ZipFile(archive).namelist() == ["a.py", "b/c.py"]
    assert packed[0] == packed[1]
