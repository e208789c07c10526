"""Pages: the API is opened to them, and in production the pool asks whether staff have a second factor."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from infra.room import JOB_TIMEOUT, Room

SIGN_IN = "SignIn"
"""The function that the user pool asks; the pool has it by its name (:mod:`infra.naming`)."""
SIGN_IN_TIMEOUT = Duration.seconds(5)
"""Cognito waits no longer."""


def build(room: Room) -> None:
    """Build what opens the API to its pages, and what looks at who signs in."""
    opening = room.function("PagesOpening", "functions.pages.deployment.handler", JOB_TIMEOUT, environment={})
    room.shared.grant_opening(opening)
    room.told_when_deployed("OpenToPages", opening, room.shared.page_origins)
    if room.stage.second_factor:
        sign_in = room.function(SIGN_IN, "functions.pages.sign_in.handler", SIGN_IN_TIMEOUT, environment={})
        room.shared.users.grant_looking_up(sign_in)
        sign_in.add_permission(
            "UserPool",
            principal=iam.ServicePrincipal("cognito-idp.amazonaws.com"),
            source_arn=room.shared.users.arn,
        )
