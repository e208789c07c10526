"""Demo users of the local cloud's user pool, tokens for them, and who signs in at the pages."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from local.errors import LocalError
from reach.aws import Aws
from reach.folder import StateFolder, read_json, write_atomically

STAFF_GROUP = "staff"
CONSOLE, STOREFRONT = "console", "storefront"
ROLES = ("clerk", "marketing", "finance", "admin")
SHOPPER = "shopper"
# Whatever the random part is: upper case, lower case, a figure and a sign, as a password policy may ask for.
PASSWORD_TAIL = "-Aa1"  # noqa: S105 - no secret: it only pleases the policy
PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in at one of the pages."""

    name: str
    password: str
    page: str
    group: str | None


def people(folder: StateFolder) -> list[Person]:
    """Who has been made to sign in at the pages."""
    return [Person(name=name, **each) for name, each in read_json(folder.people).items()]


def make_people(aws: Aws, folder: StateFolder, outputs: dict[str, str]) -> list[Person]:
    """Make one user per role and a shopper, each with a password of their own; who is there stays.

    A user is called after their role and the page, since ``clerk`` is the one of the seed.
    """
    cognito, pool = aws.client("cognito-idp"), outputs["UserPoolId"]
    known = {each.name: each for each in people(folder)}
    wanted = {f"{CONSOLE}-{role}": (CONSOLE, role) for role in ROLES} | {SHOPPER: (STOREFRONT, None)}
    for name, (page, group) in wanted.items():
        if name in known:
            continue
        person = Person(name, _new_password(), page, group)
        _make(cognito, pool, name, person.password)
        if group is not None:
            cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
        known[name] = person
        told = {each.name: {k: v for k, v in asdict(each).items() if k != "name"} for each in known.values()}
        write_atomically(folder.people, json.dumps(told), mode=0o600)
    return list(known.values())


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

    Raises
    ------
    LocalError
        There is no such role.
    """
    if role not in (None, *ROLES):
        raise LocalError(f"there is no role {role}: there are {', '.join(ROLES)}")
    cognito = aws.client("cognito-idp")
    pool = outputs["UserPoolId"]
    secret = password(folder, name)
    for group in [STAFF_GROUP] * staff + ([] if role is None else [role]):
        _make(cognito, pool, name, secret)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    try:
        access_token = _sign_in(cognito, outputs, name, secret)
    except (cognito.exceptions.UserNotFoundException, cognito.exceptions.NotAuthorizedException):
        _make(cognito, pool, name, secret)
        access_token = _sign_in(cognito, outputs, name, secret)
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


def password(folder: StateFolder, name: str) -> str:
    """The password that all users have whom ``token`` has made; who signs in at the pages has their own."""
    for person in people(folder):
        if person.name == name:
            return person.password
    if not folder.password.exists():
        write_atomically(folder.password, _new_password(), mode=0o600)
    return folder.password.read_text()


def _new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES) + PASSWORD_TAIL


def _subject(access_token: str) -> str:
    """The ``sub`` of a token that Cognito has just given us, so that there is nothing to verify."""
    claims = access_token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])
