"""The CDK app: ``cdk synth`` and ``cdk deploy`` run this."""

import sys

from aws_cdk import App, CliCredentialsStackSynthesizer, Tags

from functions.contexts import GROUPS
from functions.domain import policy
from functions.domain.policy import PolicyError
from infra import nag
from infra.bundle import BundleError
from infra.stack import ContextsStack, MembershipStack
from infra.stage import ContextError, Stage


def build(app: App) -> MembershipStack:
    """Add the stacks of the stage that the app's context names; return the suite's own, which is the first.

    Raises
    ------
    PolicyError
        The policy is broken: no function would start with it, so it is not deployed.
    ContextError
        The context describes no deployment.
    BundleError
        The functions' code cannot be bundled.
    """
    rules = policy.load()
    stage = Stage.of(app.node)

    def synthesizer() -> CliCredentialsStackSynthesizer | None:
        # The bootstrap roles of the local cloud may not read its asset bucket, so there the caller deploys.
        return CliCredentialsStackSynthesizer() if stage.local else None

    suite = MembershipStack(app, stage=stage, policy=rules, synthesizer=synthesizer())
    groups = [
        ContextsStack(app, group, suite=suite, stage=stage, policy=rules, synthesizer=synthesizer())
        for group in GROUPS
    ]
    suite.show(groups)
    if not stage.local:
        nag.check(app, [suite, *groups])
    Tags.of(app).add("project", "memberday")
    Tags.of(app).add("stage", stage.name)
    return suite


def main() -> int:
    """Synthesise; what is wrong with the input is one line."""
    app = App()
    try:
        build(app)
    except (PolicyError, ContextError, BundleError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
