"""A reader's shell, into which the documents' commands are typed."""

import os
import subprocess
from pathlib import Path

from tests.support.stack import ROOT, Stack

SHELL_SECONDS_MAX = 120


def typed(stack: Stack, script: str, **environment: str) -> str:
    """Type a script in the project's folder, with a stack as the local cloud; return what it prints.

    It ends at the first command that fails, and so does the test.
    """
    result = subprocess.run(  # noqa: S603 - our own pages
        ["bash", "-eu", "-c", script],  # noqa: S607 - the user's shell
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(Path.home()),
            "MEMBERDAY_LOCAL_DIR": str(stack.folder),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=SHELL_SECONDS_MAX,
    )
    stack.forget_tokens()
    assert result.returncode == 0, result.stderr
    return result.stdout
