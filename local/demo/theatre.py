"""The cloud that the story is played on: its API, its clock, its jobs, what its bus tells, and the till."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import urllib3

from local import users
from local.backlog import TIMEOUT_SECONDS
from local.cloud import Cloud
from local.demo.acts import CLERK, Json
from local.errors import LocalError
from local.listener import Listener
from local.pay import Shop, Wish, pay
from local.processes import wait_until
from local.till.process import TillProcess
from local.users import Person
from ops import jobs
from ops.stack import Stack
from reach.aws import Aws
from reach.folder import StateFolder

ANSWER_SECONDS_MAX = 30
PAGES_MAX = 50
ROUNDS_MAX = 20
"""How often the till may tell something new once all that it told has been worked off."""
TOLD_SECONDS_MAX = 5.0
LISTENER = "demo-listener"


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    body: Json


class Theatre:
    """A deployed stack, as a storefront, an operator and a listener on the bus reach it."""

    def __init__(
        self, cloud: Cloud, till: TillProcess, folder: StateFolder, outputs: dict[str, str], stack: str
    ) -> None:
        self._cloud = cloud
        self._till = till
        self._folder = folder
        self.outputs = outputs
        self._aws = Aws(cloud.require().endpoint)
        self._stack = Stack(self._aws, stack)
        self._tokens: dict[str, dict[str, str]] = {}
        self._pool = urllib3.PoolManager()
        self._listener = Listener(self._aws, outputs["EventBusName"], LISTENER)
        self._known: set[str] = set()
        self.calls: Counter[str] = Counter()
        """How often each method was called."""

    def call(self, who: str, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Send a request as somebody.

        Raises
        ------
        LocalError
            There is no answer, or the suite is at fault.
        """
        headers = {"authorization": f"Bearer {self._token(who)['access_token']}"}
        headers |= {} if body is None else {"content-type": "application/json"}
        headers |= {} if key is None else {"idempotency-key": key}
        try:
            answer = self._pool.request(
                method,
                self.outputs["ApiUrl"] + path,
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=ANSWER_SECONDS_MAX,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise LocalError(f"{method} {path} has no answer: {error}") from None
        self.calls[method] += 1
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise LocalError(f"{method} {path} answers {answer.status}: {answer.data.decode()[:300]}")
        return Answer(answer.status, json.loads(answer.data))

    def get(self, who: str, path: str) -> Json:
        """Read something that must be there."""
        answer = self.call(who, "GET", path)
        if answer.status != HTTPStatus.OK:
            raise LocalError(f"GET {path} answers {answer.status}: {answer.body}")
        return answer.body

    def listed(self, who: str, path: str) -> list[Json]:
        """Read all pages of a list, newest first."""
        found: list[Json] = []
        query = f"{path}?limit=100"
        for _ in range(PAGES_MAX):
            page = self.get(who, query)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            query = f"{path}?limit=100&cursor={page['next_cursor']}"
        raise LocalError(f"GET {path} has more than {PAGES_MAX} pages")

    def pay(self, wish: Wish) -> Json:
        """Play a shopper who pays at the till; what came of it.

        Raises
        ------
        LocalError
            The suite or the till refuses, or the order does not become what it should.
        """
        with closing(Shop(self.outputs["ApiUrl"], self._token(wish.shopper)["access_token"])) as shop:
            value = pay(shop, self._till, wish)
        self.calls["POST"] += 1  # how often it looks at the order meanwhile is the machine's affair
        return value

    def at_the_till(self, path: str, body: Json) -> Json:
        """Have something happen at the till: what it answers.

        Money that nobody asked for is told where a provider tells of all.

        Raises
        ------
        LocalError
            The till refuses.
        """
        url = f"{self.outputs['ApiUrl']}/payments/{body['provider']}/notifications"
        value: Json = self._till.ask("POST", path, {"notify_url": url, **body})
        return value

    def trades(self, numbers: Sequence[tuple[str, str]]) -> list[Json]:
        """How the till's trades of these providers and numbers stand, once all that is told was answered."""
        found: list[Json] = []

        def read() -> bool:
            found[:] = [trade for provider, number in numbers for trade in self._trades(provider, number)]
            return all(told["tries"] for trade in found for told in trade["told"])

        wait_until(read, TOLD_SECONDS_MAX)
        return found

    def _trades(self, provider: str, number: str) -> list[Json]:
        path = f"/till/trades?number={quote(number, safe='')}&provider={provider}"
        trades: list[Json] = self._till.ask("GET", path)["trades"]
        return trades

    def member_id(self, who: str) -> str:
        """The id of somebody."""
        return self._token(who)["member_id"]

    def now(self) -> datetime:
        """The cloud's time."""
        return self._cloud.now()

    def people(self) -> list[Person]:
        """Those who sign in at the pages, one for each role and a shopper."""
        with self._folder.locked():
            return users.make_people(self._aws, self._folder, self.outputs)

    def password(self, who: str) -> str:
        """The password of somebody who has called."""
        return users.password(self._folder, who)

    def look_at_alarms(self) -> None:
        """Have each alarm say what the figures are by now."""
        self._cloud.alarms()

    def settle(self) -> dict[str, int]:
        """Wait until all that follows has happened; how many messages lie in queues that nobody reads."""
        for _ in range(ROUNDS_MAX):
            backlog = self._cloud.settle(TIMEOUT_SECONDS)
            # What the suite asked of a provider has an answer, and then the provider's word on it.
            if not self._till.ask("POST", "/till/deliver", {})["delivered"]:
                return backlog.unread()
        raise LocalError(f"the till still tells something new after {ROUNDS_MAX} rounds")

    def heard(self) -> list[Json]:
        """What the bus has told since the last time; what was heard before is dropped by its id (R1)."""
        fresh: list[Json] = []
        for event in self._listener.hear():
            if event["detail"]["event_id"] not in self._known:
                self._known.add(event["detail"]["event_id"])
                fresh.append({"type": event["detail-type"], **event["detail"]})
        return fresh

    def move(self, to: str) -> None:
        """Move the clock and wait for what became due; everybody signs in anew, because tokens expire."""
        with self._folder.locked():
            self._cloud.move_clock(to)
        self._tokens.clear()
        self.settle()

    def fire(self, job: str) -> Json:
        """Run a job with all that follows from it."""
        counts = jobs.fire(self._stack, job)
        self.settle()
        return counts

    def _token(self, who: str) -> dict[str, str]:
        if who not in self._tokens:
            self._tokens[who] = users.token(self._aws, self._folder, self.outputs, who, staff=who == CLERK)
        return self._tokens[who]
