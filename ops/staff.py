"""Who works for the shop as what: their roles, and the second factor that production asks of them (K5, K7).

Cognito sets a second factor up for somebody who is signed in, and the pages cannot: their tokens are for the
shop's API only. So an operator does it with them, at a client that is there for that minute, and whose tokens
no API takes: none that stays lets anybody in who hands over a password.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from functions.platform.identities import SECOND_FACTOR
from functions.platform.roles import GROUPS
from ops.errors import OpsError
from ops.stack import Stack

PASSWORD_BYTES = 24
# Whatever the random part is: upper case, lower case, a figure and a sign, as the pool's policy asks for.
PASSWORD_TAIL = "-Aa1"  # noqa: S105 - no secret: it only pleases the policy
CLIENT = "memberday-enrolment"
TOKEN_MINUTES = 5
CODES_MAX = 3
"""How many codes may be wrong: a telephone's clock, or a finger."""
_WRONG_CODE = frozenset({"CodeMismatchException", "EnableSoftwareTokenMFAException"})

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works for the shop, as they are now."""

    name: str
    roles: tuple[str, ...]
    password: str | None
    """The one that they sign in with once, and change; None where theirs stays."""


@dataclass(frozen=True, slots=True)
class _Pool:
    cognito: Any
    id: str

    @property
    def error(self) -> type[Exception]:
        """What Cognito raises."""
        raised: type[Exception] = self.cognito.exceptions.ClientError
        return raised

    def of(self, name: str) -> Json:
        """Say whom a call is about."""
        return {"UserPoolId": self.id, "Username": name}


def set_up(
    stack: Stack,
    name: str,
    roles: Collection[str],
    *,
    anew: bool,
    show: Callable[[str], None],
    ask: Callable[[], str],
) -> Member:
    """Give somebody these roles and no others, and a second factor first if they have none.

    Who is new is made, and who gets a second factor a password for once. Whatever breaks off on the way
    leaves nobody with a role and without a second factor; the same again goes on.

    Parameters
    ----------
    anew
        Replace the second factor that they have: the telephone is gone.
    show
        Is given the address that an authenticator reads, once.
    ask
        Returns the code that the authenticator shows then.

    Raises
    ------
    OpsError
        A role is none, or no code was right.
    """
    if unknown := sorted(set(roles) - GROUPS.keys()):
        raise OpsError(f"there is no role {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    pool = _Pool(stack.aws.client("cognito-idp"), stack.outputs()["UserPoolId"])
    user = _found_or_made(pool, name) if roles else {}
    password = None
    if roles and (anew or SECOND_FACTOR not in user.get("UserMFASettingList", ())):
        _take(pool, name, _roles_of(pool, name))  # in production whoever has one gets no token without
        password = _enrol(pool, name, f"memberday {stack.name.partition('-')[2]}", show, ask)
    held = _roles_of(pool, name)
    _take(pool, name, held - set(roles))
    for role in sorted(set(roles) - held):
        pool.cognito.admin_add_user_to_group(**pool.of(name), GroupName=role)
    return Member(name, tuple(sorted(roles)), password)


def _found_or_made(pool: _Pool, name: str) -> Json:
    try:
        return dict(pool.cognito.admin_get_user(**pool.of(name)))
    except pool.cognito.exceptions.UserNotFoundException:
        pool.cognito.admin_create_user(**pool.of(name), MessageAction="SUPPRESS")
        return {}


def _roles_of(pool: _Pool, name: str) -> set[str]:
    pages = pool.cognito.get_paginator("admin_list_groups_for_user").paginate(**pool.of(name))
    return {each["GroupName"] for page in pages for each in page["Groups"]} & GROUPS.keys()


def _take(pool: _Pool, name: str, roles: Collection[str]) -> None:
    for role in sorted(roles):
        pool.cognito.admin_remove_user_from_group(**pool.of(name), GroupName=role)


def _enrol(pool: _Pool, name: str, issuer: str, show: Callable[[str], None], ask: Callable[[], str]) -> str:
    """Have an authenticator set up, and return the password to sign in with for the first time."""
    cognito = pool.cognito
    _prefer(pool, name, enabled=False)
    password = _password()
    cognito.admin_set_user_password(**pool.of(name), Password=password, Permanent=True)
    with _client_of_the_minute(pool) as client_id:
        signed_in = cognito.admin_initiate_auth(
            UserPoolId=pool.id,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        token = signed_in["AuthenticationResult"]["AccessToken"]
        secret = cognito.associate_software_token(AccessToken=token)["SecretCode"]
        label = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
        show(f"otpauth://totp/{quote(issuer)}:{quote(name)}?{label}")
        _confirm(pool, token, ask)
    _prefer(pool, name, enabled=True)
    first = _password()
    cognito.admin_set_user_password(**pool.of(name), Password=first, Permanent=False)
    cognito.admin_user_global_sign_out(**pool.of(name))
    return first


@contextmanager
def _client_of_the_minute(pool: _Pool) -> Iterator[str]:
    """Give a client that takes a password of whoever has the right in AWS; one that was left goes as well."""
    _remove_clients(pool)
    made = pool.cognito.create_user_pool_client(
        UserPoolId=pool.id,
        ClientName=CLIENT,
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
        AccessTokenValidity=TOKEN_MINUTES,
        IdTokenValidity=TOKEN_MINUTES,
        TokenValidityUnits={"AccessToken": "minutes", "IdToken": "minutes"},
    )
    try:
        yield made["UserPoolClient"]["ClientId"]
    finally:
        _remove_clients(pool)


def _remove_clients(pool: _Pool) -> None:
    for page in pool.cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=pool.id):
        for each in page["UserPoolClients"]:
            if each["ClientName"] == CLIENT:
                pool.cognito.delete_user_pool_client(UserPoolId=pool.id, ClientId=each["ClientId"])


def _confirm(pool: _Pool, token: str, ask: Callable[[], str]) -> None:
    for _ in range(CODES_MAX):
        try:
            answer = pool.cognito.verify_software_token(AccessToken=token, UserCode=ask())
        except pool.error as error:
            if error.response["Error"]["Code"] not in _WRONG_CODE:  # type: ignore[attr-defined]
                raise
            continue
        if answer["Status"] == "SUCCESS":
            return
    raise OpsError(f"{CODES_MAX} codes were wrong: nothing is set up, and no role given; begin anew")


def _prefer(pool: _Pool, name: str, *, enabled: bool) -> None:
    pool.cognito.admin_set_user_mfa_preference(
        **pool.of(name), SoftwareTokenMfaSettings={"Enabled": enabled, "PreferredMfa": enabled}
    )


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES) + PASSWORD_TAIL
