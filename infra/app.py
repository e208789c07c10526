"""The CDK app: ``cdk synth`` and ``cdk deploy`` run this."""

from aws_cdk import App, CliCredentialsStackSynthesizer, Tags

from infra.stack import MembershipStack
from infra.stage import Stage


def build(app: App) -> MembershipStack:
    """Add the stack of the stage that the app's context names."""
    stage = Stage.of(app.node)
    # The bootstrap roles of the local cloud may not read its asset bucket, so there the caller deploys.
    synthesizer = CliCredentialsStackSynthesizer() if stage.local else None
    stack = MembershipStack(app, f"memberday-{stage.name}", stage=stage, synthesizer=synthesizer)
    Tags.of(stack).add("project", "memberday")
    Tags.of(stack).add("stage", stage.name)
    return stack


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
