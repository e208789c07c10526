"""The users behind the members: who they are outside the programme is the user pool's to know."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.platform import dynamo, sdk

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

SECOND_FACTOR = "SOFTWARE_TOKEN_MFA"


def client(endpoint_url: str | None = None) -> "CognitoIdentityProviderClient":
    """Return the user pool's client of a function, with the time-outs of the database's."""
    made: CognitoIdentityProviderClient = sdk.client("cognito-idp", endpoint_url)
    return made


@dataclass(frozen=True, slots=True)
class Identities:
    """The users of one pool."""

    client: "CognitoIdentityProviderClient"
    pool: str

    def has_second_factor(self, username: str) -> bool:
        """Tell whether a user has an authenticator, which Cognito then asks for at every sign-in.

        Raises
        ------
        TryAgainError
            The pool did not answer, or is busy.
        """
        with dynamo.repeatable():
            user = self.client.admin_get_user(UserPoolId=self.pool, Username=username)
        return SECOND_FACTOR in user.get("UserMFASettingList", ())

    def delete(self, subject: str) -> None:
        """Delete the user whose tokens have this subject; one who is gone already is fine.

        Tokens that they hold are good until they expire: nobody asks the pool about those.

        Raises
        ------
        TryAgainError
            The pool did not answer, or is busy.
        """
        quoted = subject.replace("\\", "\\\\").replace('"', '\\"')
        with dynamo.repeatable():
            found = self.client.list_users(UserPoolId=self.pool, Filter=f'sub = "{quoted}"')["Users"]
        for user in found:
            try:
                with dynamo.repeatable():
                    self.client.admin_delete_user(UserPoolId=self.pool, Username=user["Username"])
            except self.client.exceptions.UserNotFoundException:
                continue
