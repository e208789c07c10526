"""What a story is made of: chapters of calls, payments at the till, steps of the clock, and fired jobs.

Amounts are fen. Moments name the year before the story's by ``{last}``, its own by ``{year}``, and the one
after by ``{next}``. Paths and bodies name an order by ``{order:NAME}``, a member's newest coupon by
``{coupon:NAME}``, a case by ``{case:NAME}``, and what the till calls an order's payment by ``{trade:NAME}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
CLERK = "clerk"
"""Who makes the calls of the staff: the warehouse, the payment provider, the service desk."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the cast."""

    name: str
    birthday: str
    phone: str

    @property
    def title(self) -> str:
        """The name as it is written."""
        return self.name.capitalize()


@dataclass(frozen=True, kw_only=True)
class Ware:
    """A product that the shop sells, and how many units are delivered before the story begins."""

    sku: str
    name: str
    price_fen: int
    zone: bool = False
    units: int = 50


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the API, and what must come of it."""

    who: str
    method: str
    path: str
    body: Json | None = None
    key: str | None = None
    """The idempotency key of an order, or of a claim."""
    keeps: str | None = None
    """The name by which later calls find the order that is answered."""
    opens: str | None = None
    """The name by which later calls find the case that is opened."""
    status: int | None = None
    """The status that must be answered; any success if there is none."""
    expects: Mapping[str, Any] = field(default_factory=dict)
    """What the answer must hold, by path: ``{"lines.0.unit_price_fen": 10_320}``."""


@dataclass(frozen=True, kw_only=True)
class Pay:
    """A member who pays an order through a provider, at the till; how its notification fares is the plan.

    It is the one call that asks for the payment, and all that follows on the shopper's device.
    """

    who: str
    order: str
    provider: str
    by: str | None = None
    """The provider's method; its default if there is none."""
    twice: bool = False
    late_seconds: int = 0
    lost: bool = False
    expects: Mapping[str, Any] = field(default_factory=dict)
    """What must have come of it, by path: ``{"order_status": "paid"}``."""
    status: int = 200
    keeps: None = None
    opens: None = None

    @property
    def method(self) -> str:
        """How the payment is asked for."""
        return "POST"

    @property
    def path(self) -> str:
        """Where the payment is asked for."""
        return f"/orders/{{order:{self.order}}}/payments"


@dataclass(frozen=True, kw_only=True)
class Till:
    """What happens at the till without the shop: money that nobody asked for, refunds that fail."""

    path: str
    body: Json
    expects: Mapping[str, Any] = field(default_factory=dict)
    """What the till must answer, by path."""
    status: int = 200
    keeps: None = None
    opens: None = None

    @property
    def method(self) -> str:
        """How the till is told."""
        return "POST"


@dataclass(frozen=True, kw_only=True)
class Act:
    """Calls that are told as one, whose account is looked at afterwards, and the rules that explain it."""

    says: str
    calls: Sequence[Call | Pay | Till]
    about: Sequence[str] = ()
    why: Mapping[str, str] = field(default_factory=dict)
    """What explains it, in words, by the rule's id."""
    leaves: Mapping[str, Any] = field(default_factory=dict)
    """What the first member's account must be afterwards: ``{"tier": "J3", "frozen": 206}``."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A step of the cloud's clock; the schedules do by themselves what has become due."""

    says: str
    to: str
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Fire:
    """A job run by hand, with all that follows from it."""

    says: str
    job: str
    why: Mapping[str, str] = field(default_factory=dict)


Step = Act | Wait | Fire


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A month, or a part of one."""

    short: str
    """What the charts call it; no two are the same. It may name years, as moments do."""
    title: str
    steps: Sequence[Step]


def cart(lines: Mapping[str, int], **offers: Any) -> Json:
    """Return a cart of so many units of each product."""
    return {"lines": [{"sku": sku, "quantity": units} for sku, units in lines.items()], **offers}


def stocked(wares: Sequence[Ware]) -> list[Call]:
    """Return the calls that put products into the catalogue and their first delivery into stock."""
    calls = []
    for ware in wares:
        contents = {"name": ware.name, "price_fen": ware.price_fen, "member_zone": ware.zone}
        movement = {"movement_id": "first-delivery", "delta": ware.units, "reason": "delivery"}
        calls.append(Call(who=CLERK, method="PUT", path=f"/products/{ware.sku}", body=contents, status=201))
        calls.append(
            Call(
                who=CLERK,
                method="POST",
                path=f"/products/{ware.sku}/stock",
                body=movement,
                expects={"stock": ware.units},
            )
        )
    return calls


def registered(people: Sequence[Person]) -> list[Call]:
    """Return the calls by which people become members."""
    return [
        Call(
            who=person.name,
            method="PUT",
            path="/members/me",
            body={"name": person.title, "birthday": person.birthday, "phone": person.phone},
            status=201,
            expects={"tier": "J0"},
        )
        for person in people
    ]


def quoted(who: str, lines: Mapping[str, int], expects: Mapping[str, Any], **offers: Any) -> Call:
    """Return the call that asks what a cart costs."""
    return Call(who=who, method="POST", path="/quotes", body=cart(lines, **offers), expects=expects)


def ordered(
    who: str,
    order: str,
    lines: Mapping[str, int],
    expects: Mapping[str, Any] | None = None,
    *,
    status: int = 201,
    **offers: Any,
) -> Call:
    """Return the call that places an order, kept by a name that is its key as well."""
    return Call(
        who=who,
        method="POST",
        path="/orders",
        body=cart(lines, **offers),
        key=order,
        keeps=order,
        status=status,
        expects=expects or {},
    )


def paid(order: str, paid_fen: int, *, payment: str = "1", expects: Mapping[str, Any] | None = None) -> Call:
    """Return the call by which the payment provider reports money."""
    return _at(
        order, "payment", {"payment_id": f"pay-{order}-{payment}", "amount_fen": paid_fen}, expects=expects
    )


def buys(
    who: str,
    order: str,
    says: str,
    lines: Mapping[str, int],
    paid_fen: int,
    *,
    expects: Mapping[str, Any] | None = None,
    why: Mapping[str, str] | None = None,
    leaves: Mapping[str, Any] | None = None,
    **offers: Any,
) -> Act:
    """Return an order that is paid at once."""
    place = ordered(who, order, lines, {"paid_fen": paid_fen, **(expects or {})}, **offers)
    return Act(
        says=says,
        calls=[place, paid(order, paid_fen, expects={"status": "paid"})],
        about=[who],
        why=why or {},
        leaves=leaves or {},
    )


def shipped(order: str) -> Call:
    """Return the call by which the warehouse says that a parcel has gone."""
    return _at(order, "shipment", expects={"status": "shipped"})


def received(who: str, order: str) -> Call:
    """Return the call by which a member confirms a parcel."""
    return _at(order, "receipt", who=who, expects={"status": "received"})


def refused(order: str) -> Call:
    """Return the call by which the carrier says that a parcel was not taken."""
    return _at(order, "refusal", expects={"status": "refused"})


def cancelled(who: str, order: str) -> Call:
    """Return the call by which a member cancels."""
    return _at(order, "cancel", who=who, expects={"status": "cancelled"})


def left_behind(
    who: str, order: str, number: str, lines: Mapping[str, int], expects: Mapping[str, Any]
) -> Call:
    """Return the call by which a member lets units leave an order before it is shipped."""
    return _at(order, "cancel", {"cancel_id": number, **cart(lines)}, who=who, expects=expects)


def brought_back(order: str, number: str, lines: Mapping[str, int], expects: Mapping[str, Any]) -> Call:
    """Return the call by which the service desk takes units back."""
    return _at(order, "returns", {"return_id": number, **cart(lines)}, expects=expects)


def _at(
    order: str,
    call: str,
    body: Json | None = None,
    *,
    who: str = CLERK,
    expects: Mapping[str, Any] | None = None,
) -> Call:
    path = f"/orders/{{order:{order}}}/{call}"
    return Call(who=who, method="POST", path=path, body=body, expects=expects or {})
