"""Demo users of the local cloud's user pool, and tokens for them."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import suppress
from typing import Any

from local.errors import LocalError
from reach.aws import Aws
from reach.folder import StateFolder, write_atomically

STAFF_GROUP = "staff"
# Whatever the random part is: upper case, lower case, a figure and a sign, as a password policy may ask for.
PASSWORD_TAIL = "-Aa1"  # noqa: S105 - no secret: it only pleases the policy
PASSWORD_BYTES = 24


def token(
    aws: Aws,
    folder: StateFolder,
    outputs: dict[str, str],
    name: str,
    *,
    staff: bool,
    role: str | None = None,
) -> dict[str, str]:
    """An access token of the user ``name``, who is made if new and joins the group ``staff`` if asked for.

    With a ``role`` they join the group of that role.

    Returns
    -------
    dict
        ``access_token`` and ``member_id``, the token's subject.
    """
    cognito = aws.client("cognito-idp")
    pool = outputs["UserPoolId"]
    password = _password(folder)
    for group in [STAFF_GROUP] * staff + ([] if role is None else [role]):
        _make(cognito, pool, name, password)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    try:
        access_token = _sign_in(cognito, outputs, name, password)
    except (cognito.exceptions.UserNotFoundException, cognito.exceptions.NotAuthorizedException):
        _make(cognito, pool, name, password)
        access_token = _sign_in(cognito, outputs, name, password)
    return {"access_token": access_token, "member_id": _subject(access_token)}


def _sign_in(cognito: Any, outputs: dict[str, str], name: str, password: str) -> str:
    answer = cognito.admin_initiate_auth(
        UserPoolId=outputs["UserPoolId"],
        ClientId=outputs["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    if "AuthenticationResult" not in answer:
        raise LocalError(f"no token for {name}: Cognito asks for {answer.get('ChallengeName')}")
    return str(answer["AuthenticationResult"]["AccessToken"])


def _make(cognito: Any, pool: str, name: str, password: str) -> None:
    with suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)


def _password(folder: StateFolder) -> str:
    if not folder.password.exists():
        write_atomically(folder.password, secrets.token_urlsafe(PASSWORD_BYTES) + PASSWORD_TAIL, mode=0o600)
    return folder.password.read_text()


def _subject(access_token: str) -> str:
    """The ``sub`` of a token that Cognito has just given us, so that there is nothing to verify."""
    claims = access_token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])
