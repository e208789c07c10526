"""Queues of the programme: encrypted, and on AWS only reached over TLS."""

from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.naming import physical
from infra.stage import Stage


class ProgrammeQueue(sqs.Queue):
    """A queue with the settings that every one has."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, **more: Any) -> None:
        super().__init__(
            scope,
            construct_id,
            queue_name=physical(scope, f"{_called(scope)}{construct_id}", stage),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=None if stage.local else True,  # the local cloud would refuse its own plain HTTP
            **more,
        )


class FailureQueue(ProgrammeQueue):
    """Where the notice of what could not be processed waits for an operator; it is kept for 14 days."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id, stage=stage, retention_period=Duration.days(14))

    @property
    def title(self) -> str:
        """What it is called: the construct that it belongs to, if that has no other."""
        scope = self.node.scope
        return self.node.id.removesuffix("Failures") or (scope.node.id if scope else self.node.id)


def _called(scope: Construct) -> str:
    """Return what stands before a queue's own name: the construct that it belongs to."""
    return "" if isinstance(scope, Stack) else scope.node.id
