"""What a function is told by its environment, checked when it starts."""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class SettingsError(Exception):
    """The environment of a function lacks something; the message names each variable."""


class Settings(BaseModel):
    """The tables that the programme's state lives in.

    There are no defaults: a function that was given the wrong environment does not start.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    orders_table: str = Field(alias="ORDERS_TABLE", min_length=3)
    members_table: str = Field(alias="MEMBERS_TABLE", min_length=3)
    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=3)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
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
