"""The programme's policy: ``policy.toml``, checked as a whole before anything relies on it.

A bundle carries it as plain data with a checksum, written when it was built from the file that was checked
(:func:`packed`). Both are read by the same rules, so that a wrong policy starts nowhere: each field says what
it takes, and each section what its fields must be together. That is plain Python: a library for it was a
quarter of a worker's cold start (docs/decisions/0034-what-a-start-and-a-request-are-made-of.md).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.domain.money import FEN_PER_YUAN
from functions.domain.records import plain

FILE = Path(__file__).with_name("policy.toml")
PACKED = Path(__file__).with_name("policy.json")
"""Beside this file in a bundle, which starts with this form of it; never in the project's own tree."""
_VERSION_DIGITS = 12
_RATE_PLACES = 4
_CODE_CHARACTERS_MAX = 8
WHOLE_MAX = 2**63 - 1
"""What a TOML file can say as a whole number, and a table can hold."""

Fault = tuple[str, str]
"""Where in the policy, and what is wrong there."""
Reader = Callable[[Any], Any]
"""Reads a field's value, or raises :class:`ValueError` with what is wrong with it."""


class PolicyError(Exception):
    """The policy cannot be used; the message names each field at fault and why.

    ``faults`` are these fields with what is wrong, where it is the policy that is wrong and not its file.
    """

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class _SectionError(ValueError):
    """Fields within a section are at fault."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("has fields at fault")
        self.faults = faults


def _whole(*, least: int, most: int = WHOLE_MAX) -> Mapping[str, Reader]:
    """Return what reads a whole number within bounds; nothing that could be taken for one."""

    def read(value: Any) -> int:
        if type(value) is not int:
            raise ValueError("must be a whole number")
        if value < least:
            raise ValueError(f"must be at least {least}")
        if value > most:
            raise ValueError(f"must be at most {most}")
        return value

    return {"reader": read}


def _as_rate(value: Any) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("must be a decimal number") from None
    if type(value) is bool or not rate.is_finite() or not 0 < rate <= 1:
        raise ValueError("must be a decimal number above 0 and at most 1")
    if -int(rate.as_tuple().exponent) > _RATE_PLACES:
        raise ValueError(f"must have at most {_RATE_PLACES} decimal places")
    return rate


def _as_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


def _as_code(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    short = len(text) <= _CODE_CHARACTERS_MAX
    if not (short and text.isascii() and text.isalnum() and text == text.upper() and text[0].isalpha()):
        raise ValueError("must be a capital letter, and up to seven more or digits")
    return text


def _as_zone(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be the name of a time zone")
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no such time zone: {value!r}") from error
    return value


def _or_none(reader: Mapping[str, Reader]) -> Mapping[str, Reader]:
    """Return what also takes the none of plain data; a TOML file has no such value."""
    return {"reader": lambda value: None if value is None else reader["reader"](value)}


def _section(kind: type["_Section"]) -> Mapping[str, Reader]:
    return {"reader": lambda value: _read(kind, value)}


def _sections(kind: type["_Section"], *, least: int) -> Mapping[str, Reader]:
    """Return what reads several sections of a kind."""

    def read(value: Any) -> tuple[_Section, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise ValueError(f"must be a list of at least {least}")
        found, faults = [], list[Fault]()
        for number, each in enumerate(value):
            try:
                found.append(_read(kind, each))
            except _SectionError as error:
                faults += [(f"{number}.{place}", message) for place, message in error.faults]
            except ValueError as error:
                faults.append((str(number), str(error)))
        if faults:
            raise _SectionError(faults)
        return tuple(found)

    return {"reader": read}


_FEN = _whole(least=0)
_POSITIVE_FEN = _whole(least=1)
_COUNT = _whole(least=1)
_RATE = {"reader": _as_rate}
_FLAG = {"reader": _as_flag}


class _Section:
    """A part of the policy; each of its fields carries its reader."""

    def contradictions(self) -> Iterator[Fault]:
        """Give what is wrong with fields together that are right by themselves."""
        yield from ()


@dataclass(frozen=True, kw_only=True)
class TierPolicy(_Section):
    """One row of the tier table: from where the tier holds, and the rights that come with it."""

    code: str = field(metadata={"reader": _as_code})
    above_fen: int | None = field(default=None, metadata=_or_none(_FEN))
    birthday_coupon_fen: int = field(default=0, metadata=_FEN)
    member_day_rate: Decimal | None = field(default=None, metadata=_or_none(_RATE))
    free_shipping_from_fen: int = field(metadata=_POSITIVE_FEN)
    free_return_shipping: bool = field(default=False, metadata=_FLAG)


@dataclass(frozen=True, kw_only=True)
class MemberDayPolicy(_Section):
    """Which day of each month the member day is (P2); every month must have it."""

    day: int = field(metadata=_whole(least=1, most=28))


@dataclass(frozen=True, kw_only=True)
class BirthdayCouponPolicy(_Section):
    """What a birthday coupon asks for (P4)."""

    min_goods_fen: int = field(metadata=_POSITIVE_FEN)


@dataclass(frozen=True, kw_only=True)
class ShippingPolicy(_Section):
    """What shipping costs where it is not free (P5)."""

    fee_fen: int = field(metadata=_FEN)


@dataclass(frozen=True, kw_only=True)
class PointsPolicy(_Section):
    """How points are earned, held and redeemed (E1, E3, E5, E10, P7)."""

    earned_per_yuan: int = field(metadata=_COUNT)
    release_days: int = field(metadata=_COUNT)
    valid_years: int = field(metadata=_COUNT)
    notice_days: int = field(metadata=_whole(least=1, most=365))
    redeemed_per_yuan: int = field(metadata=_COUNT)
    redeem_step: int = field(metadata=_COUNT)
    redeem_max_points: int = field(metadata=_COUNT)

    def contradictions(self) -> Iterator[Fault]:
        """P7: a step is worth whole fen, and the most is so many steps."""
        if self.redeem_step * FEN_PER_YUAN % self.redeemed_per_yuan:
            yield "", "redeem_step must be worth whole fen"
        elif self.redeem_max_points % self.redeem_step:
            yield "", "redeem_max_points must be a multiple of redeem_step"


@dataclass(frozen=True, kw_only=True)
class OrderPolicy(_Section):
    """How long an order may wait (O2, O3)."""

    payment_window_minutes: int = field(metadata=_COUNT)
    auto_receipt_days: int = field(metadata=_COUNT)
    delivery_late_days: int = field(metadata=_COUNT)


@dataclass(frozen=True, kw_only=True)
class ReturnShippingPolicy(_Section):
    """What the shop owes for the freight of what comes back, by the reason of the case (A6)."""

    no_reason: int = field(metadata=_FEN)
    defective: int = field(metadata=_FEN)
    damaged: int = field(metadata=_FEN)
    wrong_item: int = field(metadata=_FEN)
    not_as_described: int = field(metadata=_FEN)
    not_received: int = field(metadata=_FEN)
    late: int = field(metadata=_FEN)
    other: int = field(metadata=_FEN)


@dataclass(frozen=True, kw_only=True)
class AfterSalesPolicy(_Section):
    """Until when who acts on a case, and what the shop owes with it (A2, A3, A6, A9).

    ``return_shipping_flat_fen`` is what a tier gets at least that always gets something, and
    ``return_shipping_max_fen`` the most that staff can set.
    """

    answer_hours: int = field(metadata=_COUNT)
    dispute_hours: int = field(metadata=_COUNT)
    escalate_days: int = field(metadata=_COUNT)
    send_back_days: int = field(metadata=_COUNT)
    receive_days: int = field(metadata=_COUNT)
    closing_days: int = field(metadata=_COUNT)
    no_reason_days: int = field(metadata=_COUNT)
    settle_points_max: int = field(metadata=_COUNT)
    return_shipping_flat_fen: int = field(metadata=_FEN)
    return_shipping_max_fen: int = field(metadata=_FEN)
    return_shipping_fen: ReturnShippingPolicy = field(metadata=_section(ReturnShippingPolicy))

    def contradictions(self) -> Iterator[Fault]:
        """A6: nothing that is owed by a reason is more than staff may set."""
        for each in fields(self.return_shipping_fen):
            if getattr(self.return_shipping_fen, each.name) > self.return_shipping_max_fen:
                yield f"return_shipping_fen.{each.name}", "must be at most return_shipping_max_fen"
        if self.return_shipping_flat_fen > self.return_shipping_max_fen:
            yield "return_shipping_flat_fen", "must be at most return_shipping_max_fen"


@dataclass(frozen=True, kw_only=True)
class PaymentPolicy(_Section):
    """Money through payment providers (Y4)."""

    two_eyes_fen: int = field(metadata=_whole(least=0))


@dataclass(frozen=True, kw_only=True)
class Policy(_Section):
    """All rules of the programme that an operator may change."""

    time_zone: str = field(metadata={"reader": _as_zone})
    tiers: tuple[TierPolicy, ...] = field(metadata=_sections(TierPolicy, least=2))
    member_day: MemberDayPolicy = field(metadata=_section(MemberDayPolicy))
    birthday_coupon: BirthdayCouponPolicy = field(metadata=_section(BirthdayCouponPolicy))
    shipping: ShippingPolicy = field(metadata=_section(ShippingPolicy))
    points: PointsPolicy = field(metadata=_section(PointsPolicy))
    orders: OrderPolicy = field(metadata=_section(OrderPolicy))
    payments: PaymentPolicy = field(metadata=_section(PaymentPolicy))
    after_sales: AfterSalesPolicy = field(metadata=_section(AfterSalesPolicy))

    def contradictions(self) -> Iterator[Fault]:
        """T4: bounds start at 0 and each ends where the next begins, so that every amount has one tier."""
        first, *paid = self.tiers
        if len({tier.code for tier in self.tiers}) != len(self.tiers):
            yield "tiers", "each code may stand once"
        if first.above_fen is not None or first.birthday_coupon_fen:
            yield "tiers", f"{first.code}: the tier before any paid order has no bound and no coupon (B1)"
        if paid[0].above_fen != 0:
            yield "tiers", f"{paid[0].code}.above_fen: the tier of the first paid order starts at 0"
        for lower, upper in pairwise(paid):
            if upper.above_fen is None or upper.above_fen <= (lower.above_fen or 0):
                yield "tiers", f"{upper.code}.above_fen: must be there and lie above that of {lower.code}"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the store."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The policy as plain data, as JSON has it."""
        data: dict[str, Any] = json.loads(json.dumps(plain(self), default=str))
        return data

    @cached_property
    def checksum(self) -> str:
        """A digest of exactly these rules."""
        return _checksum(self.data)

    @property
    def version(self) -> str:
        """A name for exactly these rules; orders carry it (R4)."""
        return self.checksum[:_VERSION_DIGITS]

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


def load(file: Path | None = None) -> Policy:
    """Read and check a policy file; if none is named, the one that is packed with this code, or its source.

    Raises
    ------
    PolicyError
        The file is missing, cannot be parsed, breaks a rule, or is packed and not what was packed; the
        message names the field.
    """
    file = file or (PACKED if PACKED.exists() else FILE)
    try:
        return policy_of(_unpacked(file) if file == PACKED else _parsed(file))
    except PolicyError as error:
        raise PolicyError(f"{file.name}: {error}", error.faults) from error


def policy_of(data: Any) -> Policy:
    """Read and check a policy from plain data, as JSON or TOML has it.

    Raises
    ------
    PolicyError
        It breaks a rule; the message names the field.
    """
    try:
        policy: Policy = _read(Policy, data)
    except _SectionError as error:
        faults = "; ".join(f"{place}: {message}" for place, message in error.faults)
        raise PolicyError(faults, error.faults) from error
    return policy


def packed(policy: Policy) -> str:
    """Write a policy as a bundle carries it: as plain data, and its checksum."""
    return json.dumps({"checksum": policy.checksum, "policy": policy.data}, ensure_ascii=False) + "\n"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}") from error


def _parsed(file: Path) -> Any:
    import tomllib  # a function that starts has no use for it

    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(str(error)) from error


def _unpacked(file: Path) -> Any:
    """Return the policy of a bundle, which is the one that was checked when the bundle was built, or none."""
    try:
        found = json.loads(_text(file))
        checksum, data = found["checksum"], found["policy"]
    except (ValueError, KeyError, TypeError) as error:
        raise PolicyError("is no packed policy") from error
    if _checksum(data) != checksum:
        raise PolicyError("is not the policy that was packed: its checksum is another one")
    return data


def _checksum(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _read(kind: type[Any], value: Any) -> Any:
    """Read a section of the policy.

    Raises
    ------
    _SectionError
        Fields of it are at fault, or missing, or there are others.
    ValueError
        It is no section at all.
    """
    if not isinstance(value, dict):
        raise ValueError("must be a section")
    known = {each.name: each for each in fields(kind)}
    faults = [(str(name), "is not known here") for name in value if name not in known]
    found = {}
    for name, each in known.items():
        try:
            if name in value:
                found[name] = each.metadata["reader"](value[name])
            elif _is_needed(each):
                faults.append((name, "is needed"))
        except _SectionError as error:
            faults += [(f"{name}.{place}".removesuffix("."), message) for place, message in error.faults]
        except ValueError as error:
            faults.append((name, str(error)))
    section = None if faults else kind(**found)
    faults += [] if section is None else section.contradictions()
    if faults:
        raise _SectionError(faults)
    return section


def _is_needed(field: "Field[Any]") -> bool:
    return field.default is MISSING
