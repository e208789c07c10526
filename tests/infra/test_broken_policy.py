"""A broken policy goes nowhere: not through the checks, not through synthesis, not through a cold start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.conftest import ROOT

NAMES_THE_FIELD = "policy.toml: tiers: J3.above_fen: must be there and lie above that of J2"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project whose policy has a gap."""
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("functions", "infra", "tools", "requirements"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    policy = tmp_path / "functions" / "domain" / "policy.toml"
    text = policy.read_text(encoding="utf-8")
    assert "above_fen = 800_000" in text
    policy.write_text(text.replace("above_fen = 800_000", "above_fen = 50_000"), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "infra.app"],
        ["-m", "tools.programme", "--check"],
        ["-m", "tools.openapi", "--check"],
        ["-c", "import functions.checkout.api"],
        ["-c", "import functions.points.stream"],
    ],
    ids=" ".join,
)
def test_it_is_refused_with_the_name_of_its_field(tree: Path, command: list[str]) -> None:
    result = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *command], cwd=tree, env=os.environ, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert NAMES_THE_FIELD in result.stderr.splitlines()[-1]
