"""The programme's policy: ``policy.toml``, validated as a whole before anything relies on it."""

import hashlib
import tomllib
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from functions.domain.money import FEN_PER_YUAN

_FILE = Path(__file__).with_name("policy.toml")
_VERSION_DIGITS = 12

Fen = Annotated[int, Field(strict=True, ge=0)]
PositiveFen = Annotated[int, Field(strict=True, gt=0)]
Count = Annotated[int, Field(strict=True, gt=0)]
Rate = Annotated[Decimal, Field(gt=0, le=1, decimal_places=4)]


class PolicyError(Exception):
    """The policy cannot be used; the message names each field at fault and why."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TierPolicy(_Section):
    """One row of the tier table: from where the tier holds, and the rights that come with it."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    above_fen: Fen | None = None
    birthday_coupon_fen: Fen = 0
    member_day_rate: Rate | None = None
    free_shipping_from_fen: PositiveFen


class MemberDayPolicy(_Section):
    """Which day of each month the member day is (P2); every month must have it."""

    day: Annotated[int, Field(strict=True, ge=1, le=28)]


class BirthdayCouponPolicy(_Section):
    """What a birthday coupon asks for (P4)."""

    min_goods_fen: PositiveFen


class ShippingPolicy(_Section):
    """What shipping costs where it is not free (P5)."""

    fee_fen: Fen


class PointsPolicy(_Section):
    """How points are earned, held and redeemed (E1, E3, E5, E10, P7)."""

    earned_per_yuan: Count
    release_days: Count
    valid_years: Count
    notice_days: Annotated[int, Field(strict=True, ge=1, le=365)]
    redeemed_per_yuan: Count
    redeem_step: Count
    redeem_max_points: Count

    @model_validator(mode="after")
    def _redeems_whole_fen(self) -> Self:
        if self.redeem_step * FEN_PER_YUAN % self.redeemed_per_yuan:
            raise ValueError("redeem_step must be worth whole fen")
        if self.redeem_max_points % self.redeem_step:
            raise ValueError("redeem_max_points must be a multiple of redeem_step")
        return self


class OrderPolicy(_Section):
    """How long an order may wait (O2, O3)."""

    payment_window_minutes: Count
    auto_receipt_days: Count


class Policy(_Section):
    """All rules of the programme that an operator may change."""

    time_zone: str
    tiers: Annotated[tuple[TierPolicy, ...], Field(min_length=2)]
    member_day: MemberDayPolicy
    birthday_coupon: BirthdayCouponPolicy
    shipping: ShippingPolicy
    points: PointsPolicy
    orders: OrderPolicy

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no such time zone: {name!r}") from error
        return name

    @field_validator("tiers")
    @classmethod
    def _bounds_rise_from_zero(cls, tiers: tuple[TierPolicy, ...]) -> tuple[TierPolicy, ...]:
        """T4: bounds start at 0 and each ends where the next begins, so that every amount has one tier."""
        first, *paid = tiers
        if len({tier.code for tier in tiers}) != len(tiers):
            raise ValueError("each code may stand once")
        if first.above_fen is not None or first.birthday_coupon_fen:
            raise ValueError(f"{first.code}: the tier before any paid order has no bound and no coupon (B1)")
        if paid[0].above_fen != 0:
            raise ValueError(f"{paid[0].code}.above_fen: the tier of the first paid order starts at 0")
        for lower, upper in pairwise(paid):
            if upper.above_fen is None or lower.above_fen is None or upper.above_fen <= lower.above_fen:
                raise ValueError(f"{upper.code}.above_fen: must be there and lie above that of {lower.code}")
        return tiers

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
            f"{'.'.join(map(str, fault['loc'])) or 'policy'}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise PolicyError(f"{file.name}: {faults}") from error
