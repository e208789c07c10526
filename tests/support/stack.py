"""The suite deployed to a local cloud of the tests' own, reached as a storefront and an operator reach it."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from tests.support.events import Answer

ROOT = Path(__file__).parent.parent.parent
COMMAND_SECONDS_MAX = 600
ANSWER_SECONDS_MAX = 30
LOG_LINES_SHOWN = 20
SERVER_ERROR = 500


@dataclass
class Stack:
    """A deployed stack, and the folder of the local cloud that it runs on."""

    folder: Path
    root: Path = ROOT
    outputs: dict[str, str] = field(default_factory=dict)
    _tokens: dict[tuple[str, bool], dict[str, str]] = field(default_factory=dict)
    _http: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def local(self, *arguments: str) -> dict[str, Any]:
        """Run ``python -m local …`` and return what it prints as JSON."""
        result = self.try_local(*arguments)
        assert result.returncode == 0, f"local {' '.join(arguments)}: {result.stderr}"
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def try_local(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``python -m local …``, whatever comes of it."""
        return self._run("local", "--dir", str(self.folder), "--json", *arguments)

    def ops(self, *arguments: str) -> dict[str, Any]:
        """Run ``python -m ops …`` on this stack and return what it prints as JSON."""
        result = self._run("ops", "--dir", str(self.folder), "--json", *arguments)
        assert result.returncode == 0, f"ops {' '.join(arguments)}: {result.stderr}"
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def _run(self, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS_MAX,
        )

    def up(self, *arguments: str) -> None:
        """Start the cloud and deploy to it."""
        self.outputs = self.local("up", *arguments)["outputs"]

    def clock(self, to: str) -> str:
        """Move the cloud's time."""
        self.forget_tokens()
        now: str = self.local("clock", to)["now"]
        return now

    def forget_tokens(self) -> None:
        """Sign everybody out: the clock has moved, and tokens of before may have expired."""
        self._tokens.clear()

    def member_id(self, name: str, *, staff: bool = False) -> str:
        """Return the id of a user of the pool."""
        return self._token(name, staff)["member_id"]

    def token(self, name: str, *, staff: bool = False) -> str:
        """Return an access token of a user of the pool."""
        return self._token(name, staff)["access_token"]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str | None = None,
        staff: bool = False,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request to the deployed API as a user, with a token, or as nobody.

        A fault of ours fails the test with what the functions logged, so that its cause is in sight.
        """
        if who is not None:
            token = self._token(who, staff)["access_token"]
        sent = {"content-type": "application/json", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        answer = self._http.request(
            method,
            self.outputs["ApiUrl"] + path,
            body=None if body is None else json.dumps(body),
            headers=sent,
            timeout=ANSWER_SECONDS_MAX,
            retries=False,
        )
        assert answer.status < SERVER_ERROR, (
            f"{method} {path}: {answer.status} {answer.data!r}\n{self._faults()}"
        )
        received = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, received, json.loads(answer.data))

    def _token(self, name: str, staff: bool) -> dict[str, str]:
        if (name, staff) not in self._tokens:
            self._tokens[name, staff] = self.local("token", name, *(["--staff"] if staff else []))
        return self._tokens[name, staff]

    def _faults(self) -> str:
        lines = [line["message"] for line in self.local("logs")["lines"] if '"ERROR"' in line["message"]]
        return "\n".join(lines[-LOG_LINES_SHOWN:])
