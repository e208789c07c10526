"""Sign-in: in production the user pool asks before it gives a token, and staff need a second factor (K5).

The pool demands a second factor of everybody or leaves it to each user, and a token does not say whether its
owner had one. So nobody who is in a group of the shop's people gets a token before they have set one up: whom
Cognito knows to have one, it asks for it at every sign-in, at whichever client.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from functions.platform import identities
from functions.platform.deadline import LambdaContext
from functions.platform.identities import Identities
from functions.platform.observability import logger
from functions.platform.roles import GROUPS

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

Event = Mapping[str, Any]


class NoSecondFactorError(Exception):
    """Somebody of the shop's people has a password alone; Cognito shows them what this says."""


class SecondFactor:
    """The Lambda handler that refuses a token to whoever has a role in the shop and no second factor."""

    def __init__(self, client: "CognitoIdentityProviderClient") -> None:
        self._client = client

    def __call__(self, event: Event, context: LambdaContext) -> Event:
        """Return the event as it came, which changes nothing of the token.

        Raises
        ------
        NoSecondFactorError
            There is to be no token.
        """
        groups = event["request"]["groupConfiguration"].get("groupsToOverride") or ()
        if GROUPS.keys() & set(groups):
            users = Identities(self._client, event["userPoolId"])
            if not users.has_second_factor(event["userName"]):
                logger.warning("a token is refused for want of a second factor")
                raise NoSecondFactorError("the shop's people sign in with a second factor: ask for one")
        return event


handler = SecondFactor(identities.client())
