"""Roles and second factors by an operator: the factor first, exactly these roles, nothing half done (K5)."""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from ops.errors import OpsError
from ops.stack import Stack as Operated
from ops.staff import CLIENT, Member, set_up
from reach.aws import Aws
from tests.support.stack import Stack

WRONG = "000000"
STEP_SECONDS = 30
DIGITS = 6


@dataclass
class Pool:
    """The deployed pool, somebody in it who is new, and what was asked about them."""

    stack: Stack
    operated: Operated
    name: str = field(default_factory=lambda: f"li-{secrets.token_hex(4)}")
    calls: list[str] = field(default_factory=list)

    @property
    def cognito(self) -> Any:
        """A client whose calls are written down."""
        client = self.operated.aws.client("cognito-idp")
        client.meta.events.register("provide-client-params.cognito-idp", self._write_down)
        return client

    @property
    def whom(self) -> dict[str, str]:
        """Say whom a call is about."""
        return {"UserPoolId": self.stack.outputs["UserPoolId"], "Username": self.name}

    def client(self, service: Any, *, read_seconds_max: int = 60, attempts: int = 3) -> Any:
        """Return the client that the tool uses, and no other."""
        assert service == "cognito-idp"
        return self.cognito

    def _write_down(self, model: Any, **_: object) -> None:
        self.calls.append(model.name)

    def groups(self) -> set[str]:
        """Return the groups that they are in."""
        found = self.cognito.admin_list_groups_for_user(**self.whom)["Groups"]
        return {each["GroupName"] for each in found}

    def factors(self) -> list[str]:
        """Return the factors that they have."""
        return list(self.cognito.admin_get_user(**self.whom).get("UserMFASettingList", []))

    def clients(self) -> set[str]:
        """Return what the pool's clients are called."""
        pages = self.cognito.get_paginator("list_user_pool_clients").paginate(
            UserPoolId=self.stack.outputs["UserPoolId"]
        )
        return {each["ClientName"] for page in pages for each in page["UserPoolClients"]}

    def set_up(
        self, *roles: str, anew: bool = False, ask: Callable[[], str] | None = None
    ) -> tuple[Member, list[str]]:
        """Set them up; return who they are and what was shown."""
        self.calls.clear()
        shown: list[str] = []
        member = set_up(
            Recorded(self),
            self.name,
            roles,
            anew=anew,
            show=shown.append,
            ask=ask or (lambda: self._code(shown[-1])),
        )
        return member, shown

    def _code(self, address: str) -> str:
        """Return what an authenticator shows that has read an address (RFC 6238)."""
        now = datetime.fromisoformat(self.stack.local("clock")["now"]).timestamp()
        found = re.search("secret=([A-Z2-7]+)", address)
        assert found is not None
        key = base64.b32decode(found[1] + "=" * (-len(found[1]) % 8))
        digest = hmac.new(key, struct.pack(">Q", int(now) // STEP_SECONDS), hashlib.sha1).digest()
        at = digest[-1] & 15
        number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
        return f"{number % 10**DIGITS:0{DIGITS}}"


class Recorded(Operated):
    """The deployed stack, whose pool is asked by a client that writes down what it is asked."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, "memberday-dev")
        self._outputs = pool.stack.outputs

    def outputs(self) -> dict[str, str]:
        """What the suite's own stack tells the outside."""
        return self._outputs


@pytest.fixture
def pool(deployed: Stack) -> Pool:
    """Somebody who is new."""
    endpoint = deployed.local("status")["endpoint"]
    return Pool(deployed, Operated(Aws(endpoint), "memberday-dev"))


def wrong() -> str:
    """Return a code that no authenticator shows, but once in a million."""
    return WRONG


def test_K5_who_is_new_gets_a_factor_first_and_then_roles_and_a_password_for_once(pool: Pool) -> None:
    member, shown = pool.set_up("clerk", "finance")
    assert member.roles == ("clerk", "finance")
    assert pool.calls.index("AdminSetUserMFAPreference") < pool.calls.index("AdminAddUserToGroup")
    assert pool.calls.index("VerifySoftwareToken") < pool.calls.index("AdminAddUserToGroup")
    assert shown[0].startswith(f"otpauth://totp/memberday%20dev:{pool.name}?secret=")
    assert pool.groups() == {"clerk", "finance"}
    assert pool.factors() == ["SOFTWARE_TOKEN_MFA"]
    assert pool.cognito.admin_get_user(**pool.whom)["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert member.password


def test_K5_no_client_that_takes_a_password_is_left_whatever_becomes_of_it(pool: Pool) -> None:
    before = pool.clients()
    pool.set_up("clerk")
    with pytest.raises(OpsError):
        pool.set_up("clerk", anew=True, ask=wrong)
    assert pool.clients() == before
    users = {"UserPoolId": pool.whom["UserPoolId"]}
    pool.cognito.create_user_pool_client(**users, ClientName=CLIENT)  # an operator's process died
    with pytest.raises(OpsError):
        pool.set_up("clerk", anew=True, ask=wrong)
    assert pool.clients() == before


def test_K5_a_token_of_the_client_of_that_minute_is_good_for_nothing_at_the_api(pool: Pool) -> None:
    member, _ = pool.set_up("admin")
    made = pool.cognito.create_user_pool_client(
        UserPoolId=pool.whom["UserPoolId"],
        ClientName=CLIENT,
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    )
    pool.cognito.admin_set_user_mfa_preference(
        **pool.whom, SoftwareTokenMfaSettings={"Enabled": False, "PreferredMfa": False}
    )
    pool.cognito.admin_set_user_password(**pool.whom, Password=f"{member.password}2", Permanent=True)
    token = pool.cognito.admin_initiate_auth(
        UserPoolId=pool.whom["UserPoolId"],
        ClientId=made["UserPoolClient"]["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": pool.name, "PASSWORD": f"{member.password}2"},
    )["AuthenticationResult"]["AccessToken"]
    assert pool.stack.call("GET", "/products", token=token).status == 401
    pool.set_up("admin")
    assert CLIENT not in pool.clients()


def test_K7_somebody_has_exactly_the_roles_that_they_are_given_and_keeps_other_groups(pool: Pool) -> None:
    pool.set_up("clerk", "finance")
    pool.cognito.create_group(UserPoolId=pool.whom["UserPoolId"], GroupName=f"gold-{pool.name}")
    pool.cognito.admin_add_user_to_group(**pool.whom, GroupName=f"gold-{pool.name}")
    member, shown = pool.set_up("finance", "admin")
    assert pool.groups() == {"finance", "admin", f"gold-{pool.name}"}
    assert (member.password, shown) == (None, []), "their factor and password stay"
    pool.set_up()
    assert pool.groups() == {f"gold-{pool.name}"}


def test_K5_a_repeat_changes_nothing(pool: Pool) -> None:
    pool.set_up("clerk")
    pool.set_up("clerk")
    assert pool.calls
    assert not [each for each in pool.calls if not each.startswith(("AdminGet", "AdminList"))]


def test_K5_a_factor_that_is_lost_is_set_up_anew_and_roles_are_given_only_after_it(pool: Pool) -> None:
    pool.set_up("clerk")
    member, shown = pool.set_up("clerk", anew=True)
    assert (len(shown), pool.groups()) == (1, {"clerk"})
    assert member.password
    pool.set_up("clerk", anew=True)
    order = [each for each in pool.calls if each in ("AdminRemoveUserFromGroup", "AdminInitiateAuth")]
    assert order == ["AdminRemoveUserFromGroup", "AdminInitiateAuth"]


def test_K5_who_shows_no_right_code_gets_no_role_and_may_begin_anew(pool: Pool) -> None:
    asked: list[str] = []

    def ask() -> str:
        asked.append(wrong())
        return asked[-1]

    with pytest.raises(OpsError, match="3 codes were wrong"):
        pool.set_up("clerk", ask=ask)
    assert (len(asked), pool.groups(), pool.factors()) == (3, set(), [])
    pool.set_up("clerk")
    assert (pool.groups(), pool.factors()) == ({"clerk"}, ["SOFTWARE_TOKEN_MFA"])


def test_K7_a_role_that_is_none_is_refused_before_anything_is_done(pool: Pool) -> None:
    with pytest.raises(OpsError, match="boss"):
        pool.set_up("clerk", "boss")
    assert pool.calls == []
