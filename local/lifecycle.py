"""Bringing the local cloud up, with the project deployed to it, and down again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.backlog import Backlog
from local.clock import tier_codes, time_zone
from local.cloud import Cloud
from local.deployment import Deployment, Project
from local.errors import LocalError
from local.interrupts import Interrupts
from local.till.process import TillProcess, state_of
from local.users import STOREFRONT
from reach.aws import Aws
from reach.errors import CommandError
from reach.folder import StateFolder
from reach.server import Running

SETTLE_BEFORE_STOP_SECONDS = 20.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Up:
    """What ``up`` has brought about."""

    server: Running
    outputs: dict[str, str]
    fresh: bool
    """The cloud is new: nothing is in it but what was deployed."""
    started: bool
    deployed: bool


class Lifecycle:
    """The local cloud of one state folder, with one project in it."""

    def __init__(self, project: Project, folder: StateFolder, interrupts: Interrupts, say: Say) -> None:
        self._project = project
        self._folder = folder
        self._say = say
        self.cloud = Cloud(folder, interrupts)
        self.till = TillProcess(folder, interrupts)

    def up(self, port: int | None) -> Up:
        """Start what does not run, deploy what has changed; a cloud that crashed starts anew, empty."""
        with self._folder.locked():
            server = self.cloud.running()
            if server is not None and port not in (None, server.port):
                raise LocalError(
                    f"the local cloud runs on port {server.port} already: stop it first with `down`"
                )
            with self._undone_on_failure(was_running=server is not None) as fresh:
                started = server is None
                if server is None:
                    self._say("starting the local cloud")
                    server = self.cloud.start(port)
                till = self.till.start()
                deployment = self.deployment(server)
                deployed = deployment.update(self._say)
                outputs = deployment.outputs()
                self._introduce(till, server, outputs or {})
                if outputs is not None:
                    self._publish_pages(server, till)
            if outputs is None:
                raise LocalError(f"the stack {self._project.stack} is not deployed: run `up` again")
            return Up(server, outputs, fresh, started, deployed)

    def down(self) -> bool:
        """Settle within a bound and stop; whether something ran."""
        if not self._folder.exists():
            return False
        with self._folder.locked():
            if self.cloud.running() is None:
                self.till.stop()
                self.cloud.stop()
                return False
            self.till.stop()  # first: what it tells would have to be settled again
            try:
                self.cloud.settle(SETTLE_BEFORE_STOP_SECONDS)
            except CommandError as error:
                self._say(f"{error}; it goes on with the next up")
            if not self.cloud.stop():
                self._say(
                    f"the state could not be saved: the next up starts fresh (see {self._folder.server_log})"
                )
            return True

    def reset(self) -> None:
        """Stop at once and forget everything."""
        if self._folder.exists():
            with self._folder.locked():
                self.till.kill()
                self.cloud.kill()
                self._folder.wipe()

    def settle(self, timeout_seconds: float) -> Backlog:
        """Have the till tell what is due, then wait until streams and queues are drained."""
        if self.till.running() is not None:
            self.till.ask("POST", "/till/deliver", {})
        return self.cloud.settle(timeout_seconds)

    def deployment(self, server: Running) -> Deployment:
        """The project's stack on a running server."""
        return Deployment(self._project, self._folder, Aws(server.endpoint))

    def _introduce(self, till: Running, server: Running, outputs: dict[str, str]) -> None:
        """Give the deployed stack the till's address and keys, and the till the stack's address."""
        from local.till.secrets import fill  # brings cryptography with it, which takes a while

        self.till.await_answer()
        fill(Aws(server.endpoint), self._project.stage, state_of(self._folder), till.endpoint)
        if "ApiUrl" in outputs:
            url = f"{outputs['ApiUrl']}/payments/stripe/notifications"
            self.till.ask("POST", "/till/webhook", {"url": url})

    def _publish_pages(self, server: Running, till: Running) -> None:
        """Put the pages that have been built where the cloud serves them, as ``ops pages`` does on AWS.

        The storefront is told where the till is, too: no phone can scan the codes that are paid there.
        """
        from ops import pages  # brings the SDK with it, which takes a while
        from ops.stack import Stack

        stack = Stack(Aws(server.endpoint), self._project.stack)
        for app in pages.APPS:
            folder = pages.dist_of(self._project.root, app)
            if pages.built(folder):
                root = self._project.root
                more = {"till": till.endpoint} if app == STOREFRONT else {}
                done = pages.publish(stack, app, folder, str(time_zone(root)), tier_codes(root), more)
                if done.put:
                    self._say(f"published the {app}")

    @contextmanager
    def _undone_on_failure(self, *, was_running: bool) -> Iterator[bool]:
        """Decide whether the cloud is fresh, and leave nothing half done if ``up`` does not get to its end.

        A cloud that was running stays as it is. A fresh one goes. One that was brought back is put away
        again, once the update that was begun has come to rest; the next ``up`` deploys again.
        """
        fresh = not was_running and self._starts_fresh()
        try:
            yield fresh
        except BaseException:
            server = self.cloud.running()
            if not was_running:
                self.till.kill()
            if fresh:
                self.cloud.kill()
                self._folder.wipe_cloud()
            elif not was_running and server is not None:
                if not self._folder.deployment.exists():
                    self.deployment(server).wait_until_still()
                self.cloud.stop()
            raise

    def _starts_fresh(self) -> bool:
        if self._folder.clean.exists():
            return False
        if self._folder.cloud.exists():
            self._say(
                "the local cloud had not been stopped properly: it starts fresh, without what was in it"
            )
            self.till.kill()
            self.cloud.kill()
            self._folder.wipe_cloud()
        return True
