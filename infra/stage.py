"""Which deployment this is, as the context of the CDK command line says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Node

from functions import contexts
from functions.payments.providers.directory import NAMES as PROVIDERS

LOCAL = "local"
AWS = "aws"
DEV = "dev"
PROD = "prod"
YES, NO = "yes", "no"
DOCUMENTS = "DocumentsApi"
"""The function that shows the API's document."""
NONE = "none"
"""In place of providers: none is on, but their secrets are there, before the first one and after the last."""
REQUESTS_PER_SECOND = 1_000
"""What the API takes of a stage that says nothing else; new tables take what comes of it."""
REQUESTS_MAX = 10_000
"""What API Gateway gives an account, and what a table may write for it without a higher quota."""
BURST_SECONDS = 2
"""As much as of so many seconds may come at once."""
WRITES_PER_REQUEST = 4
READS_PER_REQUEST = 12
"""The units that each table and index is warm for: as many as a new one takes of the stage that says nothing
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html)."""
_STREAM = re.compile(r"arn:[^:,]+:dynamodb:[^:,]+:[0-9]{12}:table/[A-Za-z0-9_.-]+/stream/[^,]+")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_PAGE = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/?&=%-]*)?")
PAGE_CHARACTERS_MAX = 256
"""As many as each provider takes of an address."""
_RESERVED = ("aws", "amazon", "cognito")
"""Words that Cognito refuses in the name of a token endpoint, which has the stage in it."""


class ContextError(Exception):
    """The context of the command line does not describe a deployment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One deployment of the suite.

    ``name`` is any word; ``prod`` is the one that cannot lose data. ``target`` says whether it goes to an AWS
    account or to the local cloud at ``endpoint``.
    """

    name: str
    target: Literal["aws", "local"]
    endpoint: str | None
    listen: tuple[str, ...] = ()
    """Detail types that the example subscription listens to; none is no subscription."""
    cors: tuple[str, ...] = ()
    """Origins whose pages browsers let call the API; none is closed."""
    restored: Mapping[str, str] = field(default_factory=dict)
    """Streams of restored tables that stand in the place of the stack's own, by the tables' names."""
    requests: int = REQUESTS_PER_SECOND
    """Requests per second that the API takes before it answers 429; the tables are warm for them."""
    reserves: bool = True
    """Whether jobs have concurrency of their own; a new account's quota may be too small to give any away."""
    payments: tuple[str, ...] = ()
    """Payment providers that are on; with none, staff and services record payments, and nobody else does."""
    payment_keys: bool = False
    """Whether the secrets of all providers' keys are there: once one is on, or ``none`` is asked for."""
    returns_to: str = ""
    """The page that a shopper comes back to who has paid at a provider's own page, if there is one."""
    moving: bool = False
    """Whether the suite's stack still has the functions of contexts, which are on their way out of it."""

    @classmethod
    def of(cls, node: Node) -> "Stage":
        """Read the stage from ``-c stage=… -c target=… -c endpoint=… -c listen=… -c cors=… -c restored=…
        -c reserve=… -c moving=… -c requests=… -c payments=… -c return=…``.

        Raises
        ------
        ContextError
            One of them says what does not exist: a target, an event, an origin, a provider; or the local
            target comes without its endpoint.
        """
        name = node.try_get_context("stage") or DEV
        target = node.try_get_context("target") or AWS
        endpoint = node.try_get_context("endpoint")
        if not (name.isascii() and name.isalnum()) or any(word in name.lower() for word in _RESERVED):
            raise ContextError(
                f"-c stage={name}: letters and digits only, and none of {', '.join(_RESERVED)}"
            )
        if target not in (AWS, LOCAL):
            raise ContextError(f"-c target={target}: there are {AWS} and {LOCAL}")
        if target == LOCAL and not endpoint:
            raise ContextError(f"-c target={LOCAL} needs -c endpoint=http://127.0.0.1:PORT")
        listen, cors = (
            tuple(filter(None, (node.try_get_context(key) or "").split(","))) for key in ("listen", "cors")
        )
        unknown = sorted(set(listen) - contexts.events().keys())
        if unknown:
            raise ContextError(
                f"-c listen: no event is called {', '.join(unknown)}; {', '.join(contexts.events())} are"
            )
        for origin in cors:
            if not _ORIGIN.fullmatch(origin):
                raise ContextError(f"-c cors: {origin} is no origin such as https://shop.example")
            if name == PROD and not origin.startswith("https://"):
                raise ContextError(f"-c cors: {origin} has no TLS, which {PROD} asks for")
        restored = dict(
            each.split("=", 1) for each in (node.try_get_context("restored") or "").split(",") if "=" in each
        )
        for table, stream in restored.items():
            if table not in contexts.tables() or not _STREAM.fullmatch(stream):
                raise ContextError(f"-c restored: {table}={stream} is no table with the ARN of its stream")
        asked = str(node.try_get_context("requests") or REQUESTS_PER_SECOND)
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked) <= REQUESTS_MAX):
            raise ContextError(f"-c requests={asked}: a whole number a second, up to {REQUESTS_MAX}")
        reserve = _answer(node, "reserve", YES)
        moving = _answer(node, "moving", NO)
        payments, payment_keys = _payments(node, target)
        return cls(
            name=name,
            target=cast(Literal["aws", "local"], target),
            endpoint=endpoint,
            listen=listen,
            cors=cors,
            restored=restored,
            requests=int(asked),
            reserves=reserve == YES,
            payments=payments,
            payment_keys=payment_keys,
            returns_to=_page(node, name),
            moving=moving == YES,
        )

    @property
    def stack_name(self) -> str:
        """The suite's own stack: what holds data, and what has a name that others know."""
        return f"memberday-{self.name}"

    @property
    def keeps_data(self) -> bool:
        """Whether tables and users outlive the stack."""
        return self.name == PROD

    @property
    def second_factor(self) -> bool:
        """Whether whoever works for the shop signs in with a second factor."""
        return self.keeps_data

    @property
    def shows_document(self) -> bool:
        """Whether everybody may read the API's document there, and try it with a token."""
        return self.name == DEV or self.local

    def serves(self, function: str) -> bool:
        """Whether a function is there that asks for no token: all are but the one that shows the document."""
        return self.shows_document or function != DOCUMENTS

    @property
    def traces(self) -> bool:
        """Whether every function traces what it does; if not, one does while an operator asks for it.

        There is no rate between: Lambda's own cannot be set, and is nearly all of a small shop's invocations
        (https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html).
        """
        return not self.keeps_data

    @property
    def local(self) -> bool:
        """Whether it goes to the local cloud."""
        return self.target == LOCAL

    @property
    def warm(self) -> bool:
        """Whether tables and indexes are to take more from the start than new ones do."""
        return self.requests > REQUESTS_PER_SECOND and not self.local

    @property
    def log_retention(self) -> logs.RetentionDays:
        """How long logs are kept."""
        return logs.RetentionDays.ONE_YEAR if self.keeps_data else logs.RetentionDays.ONE_WEEK

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of data when the stack is destroyed."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY


def _payments(node: Node, target: str) -> tuple[tuple[str, ...], bool]:
    """Return the providers that are on, and whether there are secrets; the local cloud has all of them."""
    asked: str | None = node.try_get_context("payments")
    if asked is None:
        asked = ",".join(PROVIDERS) if target == LOCAL else ""
    named = tuple(filter(None, asked.split(",")))
    if named == (NONE,):
        return (), True
    unknown = sorted(set(named) - set(PROVIDERS))
    if unknown or len(set(named)) < len(named):
        raise ContextError(
            f"-c payments={asked}: there are {', '.join(PROVIDERS)}, each once; or {NONE}, for their secrets"
        )
    return named, bool(named)


def _page(node: Node, name: str) -> str:
    """Return the page that shoppers come back to, or nothing."""
    page: str = node.try_get_context("return") or ""
    if page and (not _PAGE.fullmatch(page) or len(page) > PAGE_CHARACTERS_MAX):
        raise ContextError(f"-c return: {page} is no address such as https://shop.example/paid")
    if name == PROD and page.startswith("http://"):
        raise ContextError(f"-c return: {page} has no TLS, which {PROD} asks for")
    return page


def _answer(node: Node, question: str, otherwise: str) -> str:
    answer: str = node.try_get_context(question) or otherwise
    if answer not in (YES, NO):
        raise ContextError(f"-c {question}={answer}: there are {YES} and {NO}")
    return answer
