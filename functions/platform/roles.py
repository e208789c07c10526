"""Who works for the shop as what: the roles, and what in a token gives them (K7).

Which roles a route is for stands with the route; ``docs/roles.md`` is the table of both.
"""

from collections.abc import Iterable
from enum import Flag, auto
from types import MappingProxyType


class Role(Flag):
    """What somebody may do who works for the shop. Of several roles everything: a union, never less."""

    STAFF = auto()
    """The routes that were there before there were roles: what scripts and services rely on."""
    CLERK = auto()
    """Orders and members at the counter: shipments, refusals, returns, stock, birthdays, cases."""
    MARKETING = auto()
    """Products, campaigns and coupons."""
    FINANCE = auto()
    """Money: payments, refunds, adjustments, reports."""
    ADMIN = auto()
    """Everything; and alone what none of the others may."""

    @property
    def named(self) -> str:
        """Name the roles that it is made up of, but for the old one, as in ``clerk or finance``."""
        return " or ".join(str(role.name).lower() for role in self if role is not Role.STAFF)


NOBODY = Role(0)
ANYBODY = Role.STAFF | Role.CLERK | Role.MARKETING | Role.FINANCE | Role.ADMIN
"""Whoever works for the shop."""
GROUPS = MappingProxyType(
    {
        "staff": Role.STAFF | Role.CLERK | Role.MARKETING | Role.FINANCE,
        "clerk": Role.CLERK,
        "marketing": Role.MARKETING,
        "finance": Role.FINANCE,
        "admin": Role.ADMIN,
    }
)
"""The roles of a group of the user pool. ``staff`` was there first, and may all that can be taken back."""
SCOPES = MappingProxyType(
    {
        "membership/staff": Role.STAFF,
        "membership/clerk": Role.CLERK,
        "membership/marketing": Role.MARKETING,
        "membership/finance": Role.FINANCE,
        "membership/admin": Role.ADMIN,
    }
)
"""The roles of a scope, which a service has. Whatever routes come, ``membership/staff`` gains none."""


def roles_of(groups: Iterable[str], scopes: Iterable[str]) -> Role:
    """Return the roles that a token's groups and scopes give together; words that are none give nothing."""
    found = NOBODY
    for group in groups:
        found |= GROUPS.get(group, NOBODY)
    for scope in scopes:
        found |= SCOPES.get(scope, NOBODY)
    return found
