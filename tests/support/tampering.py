"""What somebody may have done by hand to an account or an order, and which checks of the audit it fails."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.points.account_rows import LOT, WALLET
from functions.tiers import members
from tests.support.points import Paper, Points, store

DAY = timedelta(days=1)
PAID = store(2026, 5, 1, 12)
RECEIVED = store(2026, 5, 3, 12)
DUE = RECEIVED + 7 * DAY
"""When what was received is released."""


@dataclass(frozen=True)
class Tampering:
    """Something done by hand to an account of two released lots, one frozen, 30 redeemed."""

    act: Callable[[Points, str, list[Paper]], None]
    whats: set[str]
    order: int | None = None


def _wallet(**changes: Any) -> Callable[[Points, str, list[Paper]], None]:
    return lambda p, name, papers: p.tamper(name, WALLET, **changes)


def _entry(position: int, /, **changes: Any) -> Callable[[Points, str, list[Paper]], None]:
    return lambda p, name, papers: p.tamper(name, p.entry_item(name, position), **changes)


def _lot(order: int, **changes: Any) -> Callable[[Points, str, list[Paper]], None]:
    return lambda p, name, papers: p.tamper(name, LOT + papers[order].order_id, **changes)


def _standing(**changes: Any) -> Callable[[Points, str, list[Paper]], None]:
    return lambda p, name, papers: p.tamper(name, members.STANDING, **changes)


def _never_posted(points: Points, name: str, papers: list[Paper]) -> None:
    points.pay(name, 77, DUE)


def _receipt_never_posted(points: Points, name: str, papers: list[Paper]) -> None:
    points.receive(papers[2], DUE)


def _return_never_posted(points: Points, name: str, papers: list[Paper]) -> None:
    points.give_back(papers[0], 1, DUE + 2 * DAY)


TAMPERINGS = {
    "wallet available": Tampering(_wallet(available={"2026": 171}), {"entries"}),
    "wallet year": Tampering(_wallet(available={"2027": 170}), {"entries", "index"}),
    "wallet frozen": Tampering(_wallet(frozen=31), {"entries", "lots"}),
    "wallet debt": Tampering(_wallet(debt=1), {"entries"}),
    "wallet expired": Tampering(_wallet(expired={"2025": 1}), {"entries"}),
    "wallet entries": Tampering(_wallet(entries=9), {"chain"}),
    "wallet negative": Tampering(_wallet(debt=-1), {"entries", "row"}),
    "wallet deleted": Tampering(lambda p, name, papers: p.delete(name, WALLET), {"wallet"}),
    "first entry deleted": Tampering(
        lambda p, name, papers: p.delete(name, p.entry_item(name, 1)), {"entries", "chain"}
    ),
    "last entry deleted": Tampering(
        lambda p, name, papers: p.delete(name, p.entry_item(name, 6)), {"entries", "chain"}
    ),
    "entry frozen": Tampering(_entry(1, frozen_delta=101), {"entries", "chain"}),
    "entry available": Tampering(_entry(4, available_delta={"2026": 101}), {"entries", "chain"}),
    "entry debt": Tampering(_entry(2, debt_delta=1), {"entries", "chain"}),
    "entry number": Tampering(_entry(2, number=20), {"chain"}),
    "last balances": Tampering(_entry(6, frozen=31), {"chain"}),
    "middle balances": Tampering(_entry(3, frozen=1), {"chain"}),
    "lot points": Tampering(_lot(0, points=1), {"posting"}, 0),
    "frozen lot points": Tampering(_lot(2, points=1), {"posting", "lots"}, 2),
    "lot effective": Tampering(_lot(0, effective_fen=1), {"posting", "standing"}, 0),
    "lot restored": Tampering(_lot(0, restored=1), {"posting"}, 0),
    "lot posted": Tampering(_lot(0, posted=0), {"posting"}, 0),
    "lot frozen again": Tampering(_lot(0, state="frozen"), {"lots", "index", "overdue"}),
    "lot released by hand": Tampering(_lot(2, state="released"), {"lots"}),
    "lot deleted": Tampering(
        lambda p, name, papers: p.delete(name, LOT + papers[0].order_id), {"posting", "standing"}, 0
    ),
    "lot year": Tampering(_lot(2, year=2030), {"posting"}, 2),
    "standing E": Tampering(_standing(effective_fen=1), {"standing"}),
    "standing tier": Tampering(_standing(tier="J5"), {"standing"}),
    "standing paid": Tampering(_standing(ever_paid=False), {"standing"}),
    "standing deleted": Tampering(lambda p, name, papers: p.delete(name, members.STANDING), {"standing"}),
    "order never posted": Tampering(_never_posted, {"posting"}, 3),
    "receipt never posted": Tampering(_receipt_never_posted, {"posting"}, 2),
    "return never posted": Tampering(_return_never_posted, {"posting"}, 0),
}


def settled(points: Points, name: str) -> list[Paper]:
    """Let a member have two released lots of 100, a frozen one of 30, and 30 points spent: 6 entries."""
    points.join(name)
    papers = [points.bought(name, 100, PAID, RECEIVED), points.bought(name, 100, PAID, RECEIVED)]
    papers.append(points.pay(name, 30, PAID))
    points.post(papers[2])
    points.release(name, *papers, at=DUE)
    points.adjust(name, -30, DUE + DAY, f"debit-{name}")
    return papers
