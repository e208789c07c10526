"""The books: what the API says of every member, and what the demo itself has seen go in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from local.demo.acts import Json


@dataclass(frozen=True, kw_only=True)
class Account:
    """A member's account at one moment."""

    member: str
    tier: str
    effective_fen: int
    available: int
    frozen: int
    debt: int
    by_expiry: Mapping[str, int] = field(default_factory=dict)
    """Available points by the last day on which they can be used."""

    @classmethod
    def of(cls, member: str, answer: Json) -> Account:
        """From what staff are answered about a member."""
        points = answer["points"]
        return cls(
            member=member,
            tier=answer["tier"],
            effective_fen=answer["effective_amount_fen"],
            available=points["available"],
            frozen=points["frozen"],
            debt=points["debt"],
            by_expiry={each["expires_at"][:10]: each["points"] for each in points["expiring"]},
        )


@dataclass(frozen=True, kw_only=True)
class Member:
    """All that the API says of a member: lists are oldest first."""

    account: Account
    entries: Sequence[Json]
    orders: Sequence[Json]
    coupons: Sequence[Json]
    cases: Sequence[Json] = ()


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A product's stock, and what was delivered of it."""

    sku: str
    delivered: int
    stock: int


@dataclass(frozen=True, kw_only=True)
class Books:
    """Everything at one moment, when nothing is under way."""

    at: datetime
    members: Mapping[str, Member]
    shelves: Sequence[Shelf]
    received_fen: Mapping[str, int]
    """Money that has come in, by order id: what the clerk was told of and recorded, each payment once, and
    what was paid at the till."""
    due_back_fen: Mapping[str, int]
    """Money that the suite has told the outside to pay back, by order id; each event once."""
    failed_messages: Mapping[str, int]
    """Messages in queues of what could not be processed."""
    report: Json | None
    """The report of the last audit."""
    audited: bool = False
    """Nothing has changed since that audit."""
    campaigns: Sequence[Json] = ()
    """All campaigns, as staff see them."""
    templates: Sequence[Json] = ()
    """All templates of coupons, as staff see them."""
    trades: Sequence[Json] = ()
    """What was paid at the till, as its providers have it."""
    freight_fen: Mapping[str, int] = field(default_factory=dict)
    """The freight of what came back that was told as due, by order id."""
    by_provider_fen: Mapping[str, int] = field(default_factory=dict)
    """What of both the suite pays back through providers, by order id."""
    strange: Sequence[tuple[str, str, int]] = ()
    """Money that nobody here has asked for: who tells of it, under which number, and how much."""
    unassigned: Sequence[Json] = ()
    """Money that is no order's, as staff see it."""
    zone: frozenset[str] = frozenset()
    """The products of the member zone."""

    @property
    def orders(self) -> list[Json]:
        """All orders of all members."""
        return [order for member in self.members.values() for order in member.orders]

    @property
    def cases(self) -> list[Json]:
        """All cases of all members."""
        return [case for member in self.members.values() for case in member.cases]
