"""How a coupon comes to a member: its own row, its place among what they have, and in their list (V10)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from functions.coupons.held import (
    HELD_MAX,
    UNUSED,
    Held,
    Ref,
    coupon_key,
    coupon_of,
    held_row,
    ref_of,
)
from functions.coupons.template_rows import face_row
from functions.coupons.templates import Template, TemplateCoupon
from functions.coupons.worths import Worths
from functions.domain import calendar
from functions.domain.errors import ConflictError, ForbiddenError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction
from functions.tiers import members
from functions.tiers.members import registered_standing_of
from functions.tiers.qualification import Standing

GOT = "GOT#"
"""How the rows begin by which a member's coupons are listed: by when they were got, then by id."""
Way = Literal["claim", "code", "staff", "case"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a member got a coupon; ``code`` is the one that they sent."""

    way: Way
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A coupon that a member was given; ``repeat`` says that they had been given it before."""

    coupon: TemplateCoupon
    repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What coupons are given to members with.

    ``table`` is the members', ``catalog_table`` that of templates and codes.
    """

    tables: Tables
    table: str
    catalog_table: str
    worths: Worths
    zone: ZoneInfo

    def again(self, own: Row, deadline: Deadline) -> Given:
        """Return a coupon that its member has got before, from its own row."""
        ref = ref_of(own)
        return Given(coupon=coupon_of(own, self.worths.of([ref], deadline)[ref.version]), repeat=True)

    def own(self, member_id: str, coupon_id: str) -> Row | None:
        """Return a coupon's own row, None if its member has not got it."""
        return self.tables.get(self.table, coupon_key(member_id, coupon_id))


def made(template: Template, coupon_id: str, at: datetime, zone: ZoneInfo) -> Ref:
    """Return the coupon that is made from a template at a moment (V9)."""
    valid_from, valid_until = template.valid.window(at, zone)
    return Ref(
        coupon_id=coupon_id,
        template_id=template.template_id,
        template_version=template.version,
        valid_from=valid_from,
        valid_until=valid_until,
        issued_at=at,
    )


def put(
    transaction: Transaction,
    table: str,
    *,
    member_id: str,
    held: Held,
    template: Template,
    ref: Ref,
    origin: Origin,
) -> None:
    """Add to a transaction that a member gets a coupon: three actions. What they had was read as ``held``.

    Raises
    ------
    ConflictError
        ``too_many_coupons``: they have as many available ones as they may.
    """
    available = held.without_ended(ref.issued_at)
    if len(available.coupons) >= HELD_MAX:
        raise ConflictError("too_many_coupons", f"You have {HELD_MAX} available coupons; use some first.")
    transaction.put_new(table, _own_row(member_id, template, ref, origin))
    transaction.put_new(table, _got_row(member_id, ref))
    after = available.given(ref, claimed=origin.way == "claim")
    transaction.put_version(table, held_row(member_id, after), replaces=held.version)


def origin_of(row: Row) -> Origin:
    """Read from a coupon's own row how its member got it."""
    return Origin(way=row["way"], code=row.get("code"))


def registered(row: Row | None) -> Standing:
    """Return the standing of a member who is to get a coupon, by its row.

    Raises
    ------
    ConflictError
        ``not_registered``.
    """
    standing = registered_standing_of(row)
    if standing is None:
        raise members.not_registered()
    return standing


def not_eligible() -> ForbiddenError:
    """Return the refusal of who is of another tier than the coupons are for."""
    return ForbiddenError("not_eligible", "These coupons are for members of other tiers.")


def _own_row(member_id: str, template: Template, ref: Ref, origin: Origin) -> Row:
    """Write a coupon's own row, which says all that the outside is told of its issue."""
    row: dict[str, Any] = {
        **coupon_key(member_id, ref.coupon_id),
        **ref.to_row(),
        **face_row(template.worth),
        "way": origin.way,
        "order_id": UNUSED,
    }
    return row if origin.code is None else row | {"code": origin.code}


def _got_row(member_id: str, ref: Ref) -> Row:
    got = f"{GOT}{calendar.to_row(ref.issued_at)}#{ref.coupon_id}"
    return {**members.key(member_id, got), "coupon_id": ref.coupon_id}
