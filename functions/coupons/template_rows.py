"""How a template stands in the table of the catalogue, and each of its versions (V9, V16).

The versions never change: a coupon names the one that it was made from, and so is worth for ever what it was
worth then.
"""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from functions.counters.counter import Counter
from functions.coupons.templates import ACTIVE, Between, Days, Template, Valid, Worth
from functions.domain import calendar
from functions.domain.scope import Scope
from functions.platform.dynamo import Row

TEMPLATE = "TEMPLATE"
VERSION = "VERSION#"
ZONE = "templates"
"""The partition of the index by name in which templates stand, in the order in which they were made."""
CLAIMABLE = "CLAIMABLE"
"""The row beside a template by which members find what they can claim."""
CLAIMABLES = "claimable"
"""The partition of the index by name in which those stand that can be claimed, by their last second."""
NAME_KEY = "name_key"
LIMIT = "LIMIT"
"""The item of what is left of a limit: of a template's claims, or of a code that many share."""
CLAIMS_MAX = 1_000_000_000
"""Claims of a template that has no limit."""
NEVER = "9999-12-31T23:59:59Z"
"""The last second of what has none, as rows have it."""
_TEMPLATE = "template:"
"""How the partition of a template begins; no sku has a colon."""
_VERSION_DIGITS = 6


def key(template_id: str, item: str = TEMPLATE) -> dict[str, str]:
    """Return the key of a template's row, or of another one beside it."""
    return {"sku": _TEMPLATE + template_id, "item": item}


def version_key(template_id: str, version: int) -> dict[str, str]:
    """Return the key of a version's row."""
    return key(template_id, f"{VERSION}{version:0{_VERSION_DIGITS}}")


def claims_counter(table: str, template_id: str) -> Counter:
    """Return the counter of the claims that are left of a template; its terms are the template's version."""
    home = {"sku": f"{_TEMPLATE}{template_id}:claims", "item": LIMIT}
    return Counter(table=table, home=home, item=LIMIT, amount="claims_left")


def counter_named(table: str, name: str) -> Counter | None:
    """Return the counter of claims whose home row is in this partition, None if it is another one's."""
    template_id, _, of = name.removeprefix(_TEMPLATE).partition(":")
    return claims_counter(table, template_id) if name.startswith(_TEMPLATE) and of == "claims" else None


def template_row(template: Template, created_at: datetime) -> Row:
    """Write a template as its row; the index has it by when it was made."""
    made = calendar.to_row(created_at)
    return {
        **key(template.template_id),
        **_told(template),
        "created_at": made,
        "zone": ZONE,
        "name_key": f"{made}#{template.template_id}",
    }


def claimable_row(template: Template) -> Row:
    """Write by what members find a template that they can claim; it stands in no index while they cannot.

    One without an end of its own stands behind all others.
    """
    row: Row = {**key(template.template_id, CLAIMABLE), "version": template.version}
    if template.claimable and template.status == ACTIVE:
        end = calendar.to_row(template.valid.until) if isinstance(template.valid, Between) else NEVER
        row |= {"zone": CLAIMABLES, NAME_KEY: f"{end}#{template.template_id}"}
    return row


def version_row(template: Template) -> Row:
    """Write what a version of a template said, for ever."""
    return {**version_key(template.template_id, template.version), **_told(template)}


def template_of(row: Row) -> Template:
    """Read a template from its row."""
    return Template(
        template_id=row["sku"].removeprefix(_TEMPLATE),
        version=row["version"],
        name=row["name"],
        worth=worth_of(row),
        valid=_valid_of(row["valid"]),
        tiers=None if row["tiers"] is None else frozenset(row["tiers"]),
        claimable=row["claimable"],
        total=row["total"],
        per_member=row["per_member"],
        status=row["status"],
        for_complaints=row.get("for_complaints", False),
    )


def worth_row(worth: Worth) -> dict[str, Any]:
    """Write what coupons are worth as plain values."""
    return {**face_row(worth), "scope": worth.scope.to_row()}


def face_row(worth: Worth) -> dict[str, Any]:
    """Write what coupons are worth without their scope, which may be long."""
    return {
        "kind": worth.kind,
        "face_value_fen": worth.face_value_fen,
        "rate": None if worth.rate is None else str(rate_of(worth.rate)),
        "max_off_fen": worth.max_off_fen,
        "min_fen": worth.min_fen,
        "exclusive": worth.exclusive,
    }


def worth_of(row: Row) -> Worth:
    """Read what coupons are worth from the row of a template, or of a version."""
    return Worth(
        kind=row["kind"],
        face_value_fen=row["face_value_fen"],
        rate=None if row["rate"] is None else Fraction(row["rate"]),
        max_off_fen=row["max_off_fen"],
        min_fen=row["min_fen"],
        scope=Scope.from_row(row["scope"]),
        exclusive=row["exclusive"],
        name=row["name"],
    )


def rate_of(rate: Fraction) -> Decimal:
    """Return a factor of some decimal places as a decimal number."""
    return Decimal(rate.numerator) / Decimal(rate.denominator)


def _told(template: Template) -> dict[str, Any]:
    return {
        "version": template.version,
        "name": template.name,
        **worth_row(template.worth),
        "valid": _valid_row(template.valid),
        "tiers": None if template.tiers is None else sorted(template.tiers),
        "claimable": template.claimable,
        "total": template.total,
        "per_member": template.per_member,
        "status": template.status,
        **({"for_complaints": True} if template.for_complaints else {}),
    }


def _valid_row(valid: Valid) -> dict[str, Any]:
    if isinstance(valid, Days):
        return {"days": valid.days}
    return {"begins": calendar.to_row(valid.begins), "until": calendar.to_row(valid.until)}


def _valid_of(row: Row) -> Valid:
    if "days" in row:
        return Days(days=row["days"])
    return Between(begins=calendar.from_row(row["begins"]), until=calendar.from_row(row["until"]))
