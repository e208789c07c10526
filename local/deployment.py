"""Deploying the CDK app to the local cloud, when something that makes the deployment has changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import faketime
from local.cloud import base_environment, tail
from local.errors import LocalError
from local.prepared import Deployer, Prepared, digest
from local.processes import wait_until
from reach.aws import ACCESS_KEY, ACCOUNT, REGION, SECRET_KEY, Aws
from reach.folder import StateFolder, read_json, write_atomically

ASSETS_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
DEPLOY_SECONDS_MAX = 900
CDK_END_SECONDS_MAX = 5.0
STACK_SECONDS_MAX = 60.0
STACKS_AT_ONCE = 4
LOG_LINES_SHOWN = 15
ROUTINE = re.compile(r"^\s*$|(?:_IN_PROGRESS|_COMPLETE) +\| ")
DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What the CDK prints when a phase is over.
PHASES = (
    ("synthesised", re.compile(r"Synthesis time: ([\d.]+)s")),
    ("published the code", re.compile(r": success: Published|: deploying\.\.\.")),
    ("deployed", re.compile(r"Deployment time: ([\d.]+)s")),
)


@dataclass(frozen=True)
class Project:
    """What is deployed: a CDK app in a project root, whose stacks are called ``stack``, and after it."""

    root: Path
    stack: str = "memberday-dev"
    stage: str = "dev"
    context: tuple[tuple[str, str], ...] = ()
    """What ``cdk deploy`` is told besides, as by ``-c``: for example ``cors``."""
    by_cdk: bool = False
    """Whether the CDK synthesises and deploys even where the kept stacks hold."""
    sources: tuple[str, ...] = (
        "functions",
        "infra",
        "cdk.json",
        "docs/openapi.json",
        "requirements/runtime.txt",
        "requirements/payments.txt",
    )

    @property
    def cdk(self) -> Path:
        """The CDK command."""
        return self.root / "node_modules" / "aws-cdk" / "bin" / "cdk"


class Deployment:
    """The project's stacks in the local cloud."""

    def __init__(self, project: Project, folder: StateFolder, aws: Aws) -> None:
        self._project = project
        self._folder = folder
        self._aws = aws

    def outputs(self) -> dict[str, str] | None:
        """The outputs of the suite's own stack; None if not all of its stacks are deployed."""
        stacks = self._stacks()
        stack = stacks.get(self._project.stack)
        if stack is None or any(each["StackStatus"] not in DEPLOYED for each in stacks.values()):
            return None
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def update(self, say: Callable[[str], None]) -> bool:
        """Deploy if anything has changed since it was done last; whether it was done now.

        The record of the last deployment goes first and comes back last: one that did not end is done again.
        """
        told = [f"{key}={value}" for key, value in self._project.context]
        told += ["by the CDK"] if self._project.by_cdk else []
        wanted = digest(
            self._project.root, self._project.sources, self._aws.endpoint, self._project.stack, *told
        )
        if read_json(self._folder.deployment).get("digest") == wanted and self.outputs() is not None:
            return False
        self._folder.deployment.unlink(missing_ok=True)
        self._make_bucket()
        prepared = self._prepared()
        if prepared is not None:
            Deployer(self._aws, ASSETS_BUCKET, self._folder.deploy_log).deploy(prepared, say)
        else:
            self._run_cdk(say)
        if self.outputs() is None:
            raise LocalError(
                f"no stack {self._project.stack} after cdk deploy: see {self._folder.deploy_log}"
            )
        write_atomically(self._folder.deployment, json.dumps({"digest": wanted}))
        return True

    def _prepared(self) -> Prepared | None:
        """The kept stacks, where they are what the CDK would synthesise for this deployment."""
        if self._project.context or self._project.by_cdk:
            return None
        kept = Prepared.of(self._project.root)
        names = {stack.name for stack in kept.stacks} if kept else set()
        return kept if kept and self._project.stack in names and kept.holds(self._project.root) else None

    def wait_until_still(self) -> bool:
        """Wait for an update that nobody waits for any more; whether the stacks have come to rest."""

        def still() -> bool:
            return not any(each["StackStatus"].endswith("IN_PROGRESS") for each in self._stacks().values())

        return wait_until(still, STACK_SECONDS_MAX)

    def _stacks(self) -> dict[str, dict[str, Any]]:
        """The suite's own stack and those of its contexts, as far as they are there."""
        pages = self._aws.client("cloudformation").get_paginator("describe_stacks").paginate()
        return {
            each["StackName"]: each
            for page in pages
            for each in page["Stacks"]
            if f"{each['StackName']}-".startswith(f"{self._project.stack}-")
        }

    def _make_bucket(self) -> None:
        """The one thing of the CDK's bootstrap stack that a deployment with the caller's rights needs."""
        s3 = self._aws.client("s3")
        names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        if ASSETS_BUCKET not in names:
            s3.create_bucket(Bucket=ASSETS_BUCKET)

    def _run_cdk(self, say: Callable[[str], None]) -> None:
        if not self._project.cdk.exists():
            raise LocalError(
                "the infrastructure has changed, and the CDK is not here to synthesise it: run `make setup`"
            )
        shutil.rmtree(self._folder.assembly, ignore_errors=True)
        process = subprocess.Popen(  # noqa: S603 - the project's own cdk
            self._command(),
            cwd=self._project.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            self._follow(process, say)
            status = process.wait(DEPLOY_SECONDS_MAX)
        finally:
            _end(process)
        if status:
            log = self._folder.deploy_log
            last = tail(log, LOG_LINES_SHOWN, without=ROUTINE)
            raise LocalError(f"cdk deploy failed (status {status}); {log} ends with:\n{last}")

    def _follow(self, process: subprocess.Popen[str], say: Callable[[str], None]) -> None:
        """Keep all that the CDK prints, and say one line per phase."""
        phases = list(PHASES)
        begun = time.monotonic()
        assert process.stdout is not None  # noqa: S101 - asked for above
        with self._folder.deploy_log.open("w") as log:
            for line in process.stdout:
                log.write(COLOURS.sub("", line))
                log.flush()
                if phases and phases[0][1].search(line):
                    say(f"{phases.pop(0)[0]} ({time.monotonic() - begun:.1f} s)")
                    begun = time.monotonic()

    def _command(self) -> list[str]:
        context = dict(self._project.context) | {
            "target": "local",
            "stage": self._project.stage,
            "endpoint": self._aws.endpoint,
        }
        return [
            "node",
            str(self._project.cdk),
            "deploy",
            "--all",
            f"--concurrency={STACKS_AT_ONCE}",
            "--no-notices",
            "--no-color",
            "--no-version-reporting",
            "--no-path-metadata",
            "--require-approval=never",
            "--method=direct",
            "--progress=events",
            "--ci=true",
            f"--output={self._folder.assembly}",
            *(part for name, value in context.items() for part in ("-c", f"{name}={value}")),
        ]

    def _environment(self) -> dict[str, str]:
        """The CDK lives at the cloud's time: its SDK takes every error for a wrong clock and tries again."""
        return (
            base_environment(self._folder)
            | (faketime.environment(self._folder.clock) or {})
            | {
                **{
                    name: value for name, value in os.environ.items() if name.startswith("PIP_")
                },  # for the bundle
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": self._aws.endpoint,
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "CDK_DISABLE_VERSION_CHECK": "1",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
                "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
                "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
                # 200 MB, the same for every state folder of this project
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(
                    self._project.root / "node_modules" / ".cache" / "jsii"
                ),
            }
        )


def _end(process: subprocess.Popen[str]) -> None:
    """End the CDK and the app that it runs, if they still do."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(CDK_END_SECONDS_MAX)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # its children, should they have outlived it
    if process.stdout is not None:
        process.stdout.close()
    faketime.forget(process.pid)
