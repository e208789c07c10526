"""Names by which stacks know what stands in another one (H2).

What a stack of contexts holds is called after the suite's stack and its construct, so that routes and graphs
name it without a reference. What holds data keeps the name that CloudFormation gave it, and is found by a
parameter.
"""

from aws_cdk import Aws, Fn, Stack, Token
from constructs import Construct

from infra.stage import Stage


def named(title: str, stage: Stage) -> str:
    """Return what a function or queue is called that stands in a stack of contexts."""
    return f"{stage.stack_name}-{title}"


def physical(scope: Construct, title: str, stage: Stage) -> str | None:
    """Return the name that a resource is given; None in the suite's own stack, where it has one."""
    return None if Stack.of(scope).stack_name == stage.stack_name else named(title, stage)


def api_url(api_id: str, stage: Stage) -> str:
    """Return where an HTTP API is called: on AWS, or on the local cloud."""
    if stage.local:
        return f"{stage.endpoint}/_aws/execute-api/{api_id}"
    return f"https://{api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"


def origin_of(domain_name: str, stage: Stage) -> str:
    """Return where the pages of a distribution are opened: on AWS, or on the local cloud.

    There it is told by its label, under a name that every browser takes for this machine. The port is taken
    from the endpoint when it is deployed, since kept stacks do not know it (``local/prepared.py``).
    """
    if not stage.local:
        return f"https://{domain_name}"
    label = Fn.select(0, Fn.split(".", domain_name))
    port = Token.as_string({"Fn::Select": [2, {"Fn::Split": [":", stage.endpoint]}]})
    return Fn.join("", ["http://", label, ".cloudfront.localhost:", port])


def payment_secrets(stage: Stage) -> str:
    """Return how the names of the secrets with providers' keys begin."""
    return f"memberday/{stage.name}/payments"


def payment_secret(provider: str, use: str, stage: Stage) -> str:
    """Return what the secret is called with a provider's keys for a use: to ``receive`` or to ``send``."""
    return f"{payment_secrets(stage)}/{provider}/{use}"


def parameter(name: str, stage: Stage) -> str:
    """Return the parameter that says where something stands that all stacks share."""
    return f"/memberday/{stage.name}/{name}"
