"""What a function is told by its environment, checked when it starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


class SettingsError(Exception):
    """The environment of a function lacks something; the message names each variable."""


def _variable(name: str, *, characters_min: int = 1) -> Mapping[str, Any]:
    """Return what says which variable a field is read from, and of how many characters it is at least."""
    return {"variable": name, "characters_min": characters_min}


class _Environment:
    """What a function reads. Without defaults: one with the wrong environment does not start."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings of this function.

        Raises
        ------
        SettingsError
            A variable is missing or too short. What it holds is not repeated.
        """
        found, faults = {}, []
        for each in fields(cls):  # type: ignore[arg-type]  # whoever reads an environment is a dataclass
            name, least = each.metadata["variable"], each.metadata["characters_min"]
            if name not in environment:
                faults.append(f"{name}: is needed")
            elif len(environment[name]) < least:
                faults.append(f"{name}: must have at least {least} characters")
            else:
                found[each.name] = environment[name]
        if faults:
            raise SettingsError("; ".join(faults))
        return cls(**found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(_Environment):
    """The tables that the programme's state lives in."""

    orders_table: str = field(metadata=_variable("ORDERS_TABLE", characters_min=3))
    members_table: str = field(metadata=_variable("MEMBERS_TABLE", characters_min=3))
    catalog_table: str = field(metadata=_variable("CATALOG_TABLE", characters_min=3))
    reports_table: str = field(metadata=_variable("REPORTS_TABLE", characters_min=3))
    payments_table: str = field(metadata=_variable("PAYMENTS_TABLE", characters_min=3))
    cases_table: str = field(metadata=_variable("CASES_TABLE", characters_min=3))
    audit_table: str = field(metadata=_variable("AUDIT_TABLE", characters_min=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings(_Environment):
    """The bucket that records of what staff did are copied to (K7)."""

    bucket: str = field(metadata=_variable("AUDIT_ARCHIVE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings(_Environment):
    """The queue that a job's tasks go through."""

    work_queue: str = field(metadata=_variable("WORK_QUEUE_URL"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings(_Environment):
    """The suite's own stack, which functions and alarms of all stacks are called after."""

    stack: str = field(metadata=_variable("STACK_NAME"))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings(_Environment):
    """The user pool that the members sign in at."""

    user_pool: str = field(metadata=_variable("USER_POOL_ID"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneKeySettings(_Environment):
    """The secret that holds the key under which phones are hashed."""

    phone_key: str = field(metadata=_variable("PHONE_KEY_SECRET"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSettings(_Environment):
    """The event bus that a publisher writes to."""

    event_bus: str = field(metadata=_variable("EVENT_BUS_NAME"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersSettings(_Environment):
    """Which payment providers are on, with commas between, and how the names of their secrets begin (Y1)."""

    on: str = field(metadata=_variable("PAYMENT_PROVIDERS", characters_min=0))
    secrets: str = field(metadata=_variable("PAYMENT_SECRETS"))

    @property
    def names(self) -> tuple[str, ...]:
        """The providers that are on."""
        return tuple(name for name in self.on.split(",") if name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashierSettings(_Environment):
    """Where providers tell what they have to tell, and where a shopper comes back to, if anywhere (Y2)."""

    payments_url: str = field(metadata=_variable("PAYMENTS_URL"))
    return_url: str = field(metadata=_variable("PAYMENTS_RETURN_URL", characters_min=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsSettings(_Environment):
    """The bucket that providers' statements lie in (Y8); empty where no provider has ever been on."""

    bucket: str = field(metadata=_variable("STATEMENTS_BUCKET", characters_min=0))
