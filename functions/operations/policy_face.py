"""Face: the policy that stands, and what another one would be."""

from dataclasses import dataclass
from typing import Annotated

from functions.domain import policy as policies
from functions.domain import policy_check
from functions.domain.errors import invalid_fields
from functions.domain.policy import Policy, PolicyError
from functions.operations.schema import (
    PolicyAnswer,
    PolicyCheckAnswer,
    PolicyCheckRequest,
    PolicyFaultAnswer,
    SettingAnswer,
    SettingChangeAnswer,
)
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Body
from functions.platform.roles import Role


@dataclass(frozen=True, slots=True)
class PolicyFace:
    """What the programme's rules are, and would be."""

    api: Api
    policy: Policy

    @route(
        "GET",
        "/policy",
        summary="See the policy that stands",
        who=Who.STAFF,
        roles=Role.ADMIN,
        refuses={},
    )
    def get_policy(self) -> PolicyAnswer:
        """Show the rules of the programme: the file as it was deployed, and each setting with its value."""
        text = policies.FILE.read_text(encoding="utf-8")
        if policy_check.policy_of(text).version != self.policy.version:
            raise PolicyError("the file beside this code is not the policy that it runs by")
        return PolicyAnswer(
            version=self.policy.version,
            toml=text,
            settings=[
                SettingAnswer(setting=name, value=value) for name, value in policy_check.settings(self.policy)
            ],
        )

    @route(
        "POST",
        "/policy/check",
        summary="See what another policy would change",
        who=Who.STAFF,
        roles=Role.ADMIN,
        body=True,
        refuses={},
    )
    def check_policy(self, request: Annotated[PolicyCheckRequest, Body()]) -> PolicyCheckAnswer:
        """Say whether a text is a policy, and which settings it would change; nothing is kept of it.

        What is wrong with it is an answer like any other: each field at fault, or the line that cannot be
        parsed, at most a hundred of them. A policy comes into force by a deployment, and only by that.
        """
        try:
            size = len(request.toml.encode())
        except UnicodeEncodeError:
            raise invalid_fields(("toml", "has half of a character")) from None
        if size > policy_check.TEXT_BYTES_MAX:
            raise invalid_fields(("toml", f"must have at most {policy_check.TEXT_BYTES_MAX} bytes"))
        found = policy_check.check(request.toml, self.policy)
        return PolicyCheckAnswer(
            valid=found.valid,
            version=found.version,
            errors=[PolicyFaultAnswer(field=place, message=message) for place, message in found.faults],
            changes=[
                SettingChangeAnswer(setting=each.setting, before=each.before, after=each.after)
                for each in found.changes
            ],
        )
