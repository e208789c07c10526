"""Names by which stacks know what stands in another one (H2).

What a stack of contexts holds is called after the suite's stack and its construct, so that routes and graphs
name it without a reference. What holds data keeps the name that CloudFormation gave it, and is found by a
parameter.
"""

from aws_cdk import Stack
from constructs import Construct

from infra.stage import Stage


def named(title: str, stage: Stage) -> str:
    """Return what a function or queue is called that stands in a stack of contexts."""
    return f"{stage.stack_name}-{title}"


def physical(scope: Construct, title: str, stage: Stage) -> str | None:
    """Return the name that a resource is given; None in the suite's own stack, where it has one."""
    return None if Stack.of(scope).stack_name == stage.stack_name else named(title, stage)


def parameter(name: str, stage: Stage) -> str:
    """Return the parameter that says where something stands that all stacks share."""
    return f"/memberday/{stage.name}/{name}"
