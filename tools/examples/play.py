"""Plays the story on a local cloud that nothing else has happened on."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import urllib3

from reach.aws import Aws
from tests.support.document import Operation, operations
from tests.support.stack import Stack
from tools.examples.story import BEGIN, ERIN, STAFF, STORY, YEAR, At, AtTill, Call, Local, Step

PASSWORD_TAIL = "-Aa1"  # noqa: S105 - no secret: it only pleases the policy
REFERENCE = "$"
MARGIN = timedelta(minutes=10)
"""How far ahead the story's beginning must lie: the clock is not there yet when it is asked to go there."""


class StoryError(Exception):
    """The API does not answer as the story tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An example as it was asked and answered."""

    summary: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int
    answer: Any

    def written(self) -> dict[str, Any]:
        """Return it as it is written down."""
        return asdict(self)


class Play:
    """One run of the story."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._operations = {each.described["operationId"]: each for each in operations()}
        self._kept: dict[str, Any] = {}
        self._till = ""
        self.year = 0
        """The year that the story is played in."""

    def run(self, steps: tuple[Step, ...] = STORY) -> Iterator[tuple[Call, Played]]:
        """Play it, and give every example.

        Raises
        ------
        StoryError
            A call was not answered with the status that the story tells.
        """
        self._begin()
        for step in steps:
            match step:
                case At():
                    self._clock(step)
                case Local():
                    self._stack.local(*step.arguments)
                case AtTill():
                    self._at_till(step)
                case Call():
                    played = self._call(step)
                    if step.name:
                        yield step, played

    def _begin(self) -> None:
        now = datetime.fromisoformat(self._stack.local("clock")["now"])
        self.year = now.year if BEGIN.in_year(now.year, now) - now > MARGIN else now.year + 1
        self._clock(BEGIN)
        self._stack.local("settle")
        self._kept[ERIN] = self._stack.member_id(ERIN)

    def _clock(self, to: At) -> None:
        now = datetime.fromisoformat(self._stack.local("clock")["now"])
        self._stack.clock(to.in_year(self.year, now).isoformat())

    def _at_till(self, step: AtTill) -> None:
        if not self._till:
            self._till = str(self._stack.local("status")["till"])
        answer = urllib3.request("POST", self._till + step.path, json=self._known(step.body), retries=False)
        if answer.status != HTTPStatus.OK:
            raise StoryError(f"{step.path}: {answer.status} {answer.data!r}")

    def _call(self, call: Call) -> Played:
        operation: Operation = self._operations[call.operation]
        path, query = self._known(call.at), self._known(call.query)
        body = self._known(call.body)
        asked = operation.at(**path) + (f"?{urlencode(query)}" if query else "")
        whose = {"token": self._id_token(call.who)} if call.id_token else {"who": call.who}
        answer = self._stack.call(
            operation.method,
            asked,
            body,
            staff=call.who in STAFF,
            headers=dict(call.headers),
            **whose,
        )
        if answer.status != call.status:
            raise StoryError(f"{operation.method} {asked}: {answer.status} {answer.body}")
        for name, field in call.keeps.items():
            self._kept[name] = _within(answer.body, field.split("."))
        return Played(
            summary=call.says,
            path=path,
            query=query,
            headers=dict(call.headers),
            body=body,
            status=answer.status,
            answer=answer.body,
        )

    def _known(self, value: Any) -> Any:
        """Return a value of the story with what was kept in the place of the references, and its year."""
        match value:
            case str() if value.startswith(REFERENCE):
                return self._kept[value.removeprefix(REFERENCE)]
            case str():
                return value.replace(YEAR, str(self.year))
            case Mapping():
                return {name: self._known(each) for name, each in value.items()}
            case list():
                return [self._known(each) for each in value]
        return value

    def _id_token(self, name: str) -> str:
        """Sign a new user in with a password of ours, and return their ID token."""
        pool = {"UserPoolId": self._stack.outputs["UserPoolId"]}
        cognito = Aws(self._stack.local("status")["endpoint"]).client("cognito-idp")
        user, password = f"{name}-at-the-pool", secrets.token_urlsafe(24) + PASSWORD_TAIL
        cognito.admin_create_user(**pool, Username=user, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**pool, Username=user, Password=password, Permanent=True)
        answer = cognito.admin_initiate_auth(
            **pool,
            ClientId=self._stack.outputs["UserPoolClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user, "PASSWORD": password},
        )
        token: str = answer["AuthenticationResult"]["IdToken"]
        return token


def _within(value: Any, way: list[str]) -> Any:
    """Return what stands in an answer, by names and places: ``items.0.payment_id``."""
    for each in way:
        value = value[int(each)] if isinstance(value, list) else value[each]
    return value
