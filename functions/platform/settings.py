"""What a function is told by its environment, checked when it starts."""

import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class SettingsError(Exception):
    """The environment of a function lacks something; the message names each variable."""


class _Environment(BaseModel):
    """What a function reads. Without defaults: one with the wrong environment does not start."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings of this function.

        Raises
        ------
        SettingsError
            A variable is missing or unusable.
        """
        try:
            return cls.model_validate(dict(environment))
        except ValidationError as error:
            faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
            raise SettingsError(faults) from error


class Settings(_Environment):
    """The tables that the programme's state lives in."""

    orders_table: str = Field(alias="ORDERS_TABLE", min_length=3)
    members_table: str = Field(alias="MEMBERS_TABLE", min_length=3)
    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=3)
    reports_table: str = Field(alias="REPORTS_TABLE", min_length=3)


class QueueSettings(_Environment):
    """The queue that a job's tasks go through."""

    work_queue: str = Field(alias="WORK_QUEUE_URL", min_length=1)


class IdentitySettings(_Environment):
    """The user pool that the members sign in at."""

    user_pool: str = Field(alias="USER_POOL_ID", min_length=1)


class PhoneKeySettings(_Environment):
    """The secret that holds the key under which phones are hashed."""

    phone_key: str = Field(alias="PHONE_KEY_SECRET", min_length=1)


class BusSettings(_Environment):
    """The event bus that a publisher writes to."""

    event_bus: str = Field(alias="EVENT_BUS_NAME", min_length=1)
