"""Which coupons of templates a member has, and how one is used by an order and comes back (V10, V11).

A coupon has a row of its own for ever. Those that are not used stand together in one row of the member's,
``HELD``, so that a cart is priced by one read of it; it counts what the member has claimed of each template,
too. It changes under a version. Ended coupons do not count in it: whoever writes it whole leaves them out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from functions.coupons.templates import TemplateCoupon, Worth
from functions.domain import calendar, identifiers
from functions.platform.dynamo import Row, Transaction
from functions.tiers import members

HELD = "HELD"
OF_TEMPLATE = "COUPON#TEMPLATE#"
"""How the item of a coupon's own row begins."""
UNUSED = ""
"""What a coupon's row says instead of an order id while no order uses it."""
HELD_MAX = 50
"""Available coupons that a member may have when they get another one (V10)."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """What the member's row has of a coupon: what it was made from, and when it can be used (V9)."""

    coupon_id: str
    template_id: str
    template_version: int
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime

    @property
    def version(self) -> tuple[str, int]:
        """The version of the template that it was made from: what it is worth, that says."""
        return self.template_id, self.template_version

    def coupon(self, worth: Worth, order_id: str | None = None) -> TemplateCoupon:
        """Return the coupon, whose template's version says what it is worth."""
        return TemplateCoupon(
            coupon_id=self.coupon_id,
            template_id=self.template_id,
            template_version=self.template_version,
            worth=worth,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            issued_at=self.issued_at,
            order_id=order_id,
        )

    def to_row(self) -> dict[str, Any]:
        """Write it as plain values."""
        return {
            "coupon_id": self.coupon_id,
            "template_id": self.template_id,
            "template_version": self.template_version,
            "valid_from": calendar.to_row(self.valid_from),
            "valid_until": calendar.to_row(self.valid_until),
            "issued_at": calendar.to_row(self.issued_at),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Ref":
        """Read it, also from a coupon's own row."""
        return cls(
            coupon_id=row["coupon_id"],
            template_id=row["template_id"],
            template_version=row["template_version"],
            valid_from=calendar.from_row(row["valid_from"]),
            valid_until=calendar.from_row(row["valid_until"]),
            issued_at=calendar.from_row(row["issued_at"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a member has: coupons by their ids, and claims by template; ``version`` 0 is no row yet."""

    version: int = 0
    coupons: Mapping[str, Ref] = field(default_factory=lambda: _NOTHING)
    claims: Mapping[str, int] = field(default_factory=lambda: _NOTHING)

    def without_ended(self, at: datetime) -> "Held":
        """Return it without the coupons whose last second has passed."""
        return replace(
            self, coupons={name: ref for name, ref in self.coupons.items() if at <= ref.valid_until}
        )

    def given(self, ref: Ref, *, claimed: bool) -> "Held":
        """Return it with another coupon, which was claimed or came by another way."""
        claims = dict(self.claims)
        if claimed:
            claims[ref.template_id] = claims.get(ref.template_id, 0) + 1
        return replace(self, coupons={**self.coupons, ref.coupon_id: ref}, claims=claims)


def key(member_id: str) -> dict[str, str]:
    """Return the key of the row of what a member has."""
    return members.key(member_id, HELD)


def coupon_key(member_id: str, coupon_id: str) -> dict[str, str]:
    """Return the key of a coupon's own row."""
    return members.key(member_id, OF_TEMPLATE + coupon_id)


def is_template_coupon(text: str) -> bool:
    """Tell whether a text can be the id of a coupon that was made from a template."""
    return re.fullmatch(identifiers.TEMPLATE_COUPON_ID, text) is not None


def held_of(row: Row | None) -> Held:
    """Read what a member has; one without a row has nothing."""
    if row is None:
        return Held()
    return Held(
        version=row["version"],
        coupons={name: _ref_of(name, short) for name, short in row["coupons"].items()},
        claims=row["claims"],
    )


def held_row(member_id: str, held: Held) -> Row:
    """Write what a member has as the row that follows the one of its version."""
    return {
        **key(member_id),
        "version": held.version + 1,
        "coupons": {name: _short(ref) for name, ref in held.coupons.items()},
        "claims": dict(held.claims),
    }


def refs(row: Row | None) -> tuple[Ref, ...]:
    """Return the coupons that a member has not used, from their row; some may have ended."""
    return tuple(held_of(row).coupons.values())


def ref_of(row: Row) -> Ref:
    """Read a coupon's own row, but for what it is worth and who uses it."""
    return Ref.from_row(row)


def order_of(row: Row) -> str | None:
    """Return the order that uses a coupon, from the coupon's own row; None while none does."""
    return row["order_id"] or None


def coupon_of(row: Row, worth: Worth) -> TemplateCoupon:
    """Read a coupon from its own row; the version of its template says what it is worth."""
    return ref_of(row).coupon(worth, order_of(row))


def use(transaction: Transaction, table: str, *, member_id: str, coupon_id: str, order_id: str) -> None:
    """Add to a transaction that an order uses a coupon, which no other order does (V11): two actions."""
    transaction.update(
        table,
        coupon_key(member_id, coupon_id),
        expression="SET #order_id = :order",
        condition="#order_id = :unused",
        values={":order": order_id, ":unused": UNUSED},
    )
    entry = f"#coupons.#{coupon_id}"
    transaction.update(
        table,
        key(member_id),
        expression=f"SET #version = #version + :one REMOVE {entry}",
        condition=f"attribute_exists({entry})",
        values={":one": 1},
    )


def give_back(
    transaction: Transaction,
    table: str,
    *,
    member_id: str,
    ref: Ref,
    order_id: str,
    at: datetime,
) -> None:
    """Add to a transaction that the order which used a coupon gives it back (V11): one or two actions.

    If its last second has passed at that moment it is simply expired, and does not stand among those that the
    member has. However many these are, it comes back to them.
    """
    transaction.update(
        table,
        coupon_key(member_id, ref.coupon_id),
        expression="SET #order_id = :unused",
        condition="#order_id = :order",
        values={":unused": UNUSED, ":order": order_id},
    )
    if at <= ref.valid_until:
        transaction.update(
            table,
            key(member_id),
            expression=f"SET #version = #version + :one, #coupons.#{ref.coupon_id} = :ref",
            condition="attribute_exists(#coupons)",
            values={":one": 1, ":ref": _short(ref)},
        )


def _short(ref: Ref) -> list[Any]:
    """Write a coupon as it stands among others: the row is read with every cart."""
    moments = (ref.valid_from, ref.valid_until, ref.issued_at)
    return [ref.template_id, ref.template_version, *map(calendar.to_row, moments)]


def _ref_of(coupon_id: str, short: list[Any]) -> Ref:
    template_id, version, *moments = short
    valid_from, valid_until, issued_at = map(calendar.from_row, moments)
    return Ref(
        coupon_id=coupon_id,
        template_id=template_id,
        template_version=version,
        valid_from=valid_from,
        valid_until=valid_until,
        issued_at=issued_at,
    )
