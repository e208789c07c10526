"""The programme's policy: ``policy.toml``, validated as a whole before anything relies on it."""

import hashlib
import tomllib
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError, model_validator

_FILE = Path(__file__).with_name("policy.toml")
_VERSION_DIGITS = 12

Fen = Annotated[int, Field(strict=True, ge=0)]
Rate = Annotated[Decimal, Field(gt=0, le=1)]


class PolicyError(Exception):
    """The policy cannot be used; the message names each field at fault and why."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TierPolicy(_Section):
    """One row of the tier table: from where the tier holds, and the rights that come with it."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    registered: bool = False
    above_fen: Fen | None = None
    birthday_coupon_fen: Fen = 0
    member_day_rate: Rate | None = None
    free_shipping_from_fen: Fen


class ShippingPolicy(_Section):
    """What shipping costs where it is not free (P5)."""

    fee_fen: Fen


class PointsPolicy(_Section):
    """How points are earned, held and redeemed (E1, E3, E5, P7)."""

    earned_per_yuan: PositiveInt
    valid_years: PositiveInt
    release_days: PositiveInt
    redeemed_per_yuan: PositiveInt
    redeem_step: PositiveInt
    redeem_max_points: PositiveInt


class OrderPolicy(_Section):
    """How long an order may wait (O2)."""

    payment_window_minutes: PositiveInt

    @property
    def payment_window(self) -> timedelta:
        """How long after it was placed an unpaid order can still be paid."""
        return timedelta(minutes=self.payment_window_minutes)


class Policy(_Section):
    """All rules of the programme that an operator may change."""

    time_zone: str
    tiers: Annotated[tuple[TierPolicy, ...], Field(min_length=2)]
    shipping: ShippingPolicy
    points: PointsPolicy
    orders: OrderPolicy

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time_zone: no such zone: {self.time_zone!r}") from error
        first, *paid = self.tiers
        if not first.registered or any(tier.registered for tier in paid):
            raise ValueError("tiers: exactly the first tier is the registered one")
        bounds = [tier.above_fen for tier in paid]
        if first.above_fen is not None or bounds[0] is not None:
            raise ValueError("tiers: the registered tier and the first paid tier have no above_fen")
        known = [bound for bound in bounds[1:] if bound is not None]
        if len(known) != len(bounds) - 1 or any(a >= b for a, b in pairwise(known)):
            raise ValueError("tiers: above_fen must be there and rise from tier to tier")
        if len({tier.code for tier in self.tiers}) != len(self.tiers):
            raise ValueError("tiers: each code may stand once")
        if self.points.redeem_max_points % self.points.redeem_step:
            raise ValueError("points.redeem_max_points must be a multiple of points.redeem_step")
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the store."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def version(self) -> str:
        """A name for exactly these rules; orders carry it (R4)."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:_VERSION_DIGITS]

    def tier(self, code: str) -> TierPolicy:
        """Return the tier with this code.

        Raises
        ------
        KeyError
            No tier of this policy has the code.
        """
        for tier in self.tiers:
            if tier.code == code:
                return tier
        raise KeyError(code)


def load(file: Path = _FILE) -> Policy:
    """Read and validate a policy file.

    Raises
    ------
    PolicyError
        The file is missing, is no TOML, or breaks a rule of the model; the message names the field.
    """
    try:
        return Policy.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise PolicyError(f"{file.name}: cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{file.name}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'policy'}: {fault['msg']}" for fault in error.errors()
        )
        raise PolicyError(f"{file.name}: {faults}") from error
