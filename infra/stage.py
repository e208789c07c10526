"""Which deployment this is, as the context of the CDK command line says."""

from dataclasses import dataclass
from typing import Literal, cast

from aws_cdk import RemovalPolicy
from constructs import Node

from infra.events import EVENTS

LOCAL = "local"
AWS = "aws"
PROD = "prod"
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

    @classmethod
    def of(cls, node: Node) -> "Stage":
        """Read the stage from ``-c stage=… -c target=… -c endpoint=… -c listen=…``.

        Raises
        ------
        ContextError
            The target is none that exists, or the local one comes without its endpoint.
        """
        name = node.try_get_context("stage") or "dev"
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
        listen = tuple(filter(None, (node.try_get_context("listen") or "").split(",")))
        unknown = sorted(set(listen) - EVENTS.keys())
        if unknown:
            raise ContextError(f"-c listen: no event is called {', '.join(unknown)}; {', '.join(EVENTS)} are")
        return cls(name=name, target=cast(Literal["aws", "local"], target), endpoint=endpoint, listen=listen)

    @property
    def keeps_data(self) -> bool:
        """Whether tables and users outlive the stack."""
        return self.name == PROD

    @property
    def local(self) -> bool:
        """Whether it goes to the local cloud."""
        return self.target == LOCAL

    @property
    def removal_policy(self) -> RemovalPolicy:
        """What becomes of data when the stack is destroyed."""
        return RemovalPolicy.RETAIN if self.keeps_data else RemovalPolicy.DESTROY
