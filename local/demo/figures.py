"""Tables for the end of a story: the members, one's statement, and the programme's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from local.demo import words
from local.demo.books import Books
from local.demo.player import Played


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, and which of its columns hold figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, ...]]
    right: Sequence[str] = ()

    def is_right(self, place: int) -> bool:
        """Whether a column holds figures."""
        return self.columns[place] in self.right


def accounts(books: Books) -> Table:
    """Return all members with their tier, E and points."""
    rows = [
        (
            name.capitalize(),
            member.account.tier,
            words.yuan(member.account.effective_fen),
            words.points(member.account.available),
            words.points(member.account.frozen),
            words.points(member.account.debt),
            str(len(member.orders)),
            ", ".join(f"{words.yuan(each['face_value_fen'])} {each['status']}" for each in member.coupons),
        )
        for name, member in books.members.items()
    ]
    columns = ("member", "tier", "E, yuan", "available", "frozen", "owed", "orders", "coupons")
    return Table(title="The members", columns=columns, rows=rows, right=columns[2:7])


def programme(played: Played) -> Table:
    """Return what the year came to, as a table."""
    rows = list(figures(played).items())
    return Table(title="The programme's figures", columns=("what", "how much"), rows=rows)


def figures(played: Played) -> dict[str, str]:
    """Return what the year came to."""
    books = played.books
    accounts = [member.account for member in books.members.values()]
    coupons = [coupon for member in books.members.values() for coupon in member.coupons]
    of_birthdays = Counter(each["status"] for each in coupons if each["kind"] == "birthday")
    of_templates = Counter(each["status"] for each in coupons if each["kind"] != "birthday")
    kept = sum(order["retained"]["paid_fen"] for order in books.orders if order["paid_at"])
    given = sum(campaign["used"]["given_fen"] for campaign in books.campaigns)
    report = books.report or {"value_fen": 0}
    return {
        "members": _counted(Counter(account.tier for account in accounts)),
        "orders": _counted(Counter(order["status"] for order in books.orders)),
        "money received": f"{words.yuan(sum(books.received_fen.values()))} yuan",
        "of it at the till": _counted(Counter(trade["provider"] for trade in books.trades)),
        "of it refunded": f"{words.yuan(sum(books.due_back_fen.values()))} yuan",
        "freight of returns": f"{words.yuan(sum(books.freight_fen.values()))} yuan",
        "cases": _counted(Counter(each["kind"].replace("_", " ") for each in books.cases)),
        "of it kept": f"{words.yuan(kept)} yuan",
        **{f"points {name}": words.points(count) for name, count in _moved(books).items()},
        "points available": words.points(sum(account.available for account in accounts)),
        "points frozen": words.points(sum(account.frozen for account in accounts)),
        "worth as cash": f"{words.yuan(report['value_fen'])} yuan",
        "birthday coupons": _counted(of_birthdays),
        "coupons of templates": _counted(of_templates),
        "campaigns": _counted(Counter(each["kind"] for each in books.campaigns)),
        "given by campaigns": f"{words.yuan(given)} yuan",
        "ledger entries": words.points(sum(len(member.entries) for member in books.members.values())),
        "calls of the API": words.points(played.calls),
        "events on the bus": words.points(sum(played.events.values())),
        "checks that held": words.points(sum(len(ended.outcomes) for ended in played.chapters)),
    }


def _moved(books: Books) -> dict[str, int]:
    """Return how many points were moved in which way."""
    totals: Counter[str] = Counter()
    for entry in (entry for member in books.members.values() for entry in member.entries):
        totals[entry["kind"]] += entry["frozen_delta"] + entry["available_delta"] - entry["debt_delta"]
        totals["lapse"] += entry["lapsed_points"]
    return {
        "earned": totals["earn"],
        "taken back": -totals["reverse"],
        "redeemed": -totals["redeem"],
        "given back": totals["restore"],
        "expired": -totals["expire"],
        "lapsed": totals["lapse"],
    }


def statement(played: Played, who: str) -> Table:
    """Return every movement of a member's points, oldest first."""
    member = played.books.members[who]
    rows = []
    for entry in member.entries:
        at = datetime.fromisoformat(entry["occurred_at"])
        rows.append(
            (
                f"{at:%Y-%m-%d %H:%M}",
                entry["kind"],
                played.names.get(entry["order_id"] or "", ""),
                *(
                    words.moved(entry[f"{name}_delta"]) if entry[f"{name}_delta"] else ""
                    for name in ("frozen", "available")
                ),
                *(words.points(entry[name]) for name in ("frozen", "available")),
            )
        )
    columns = ("time", "entry", "order", "frozen ±", "available ±", "frozen", "available")
    return Table(title=f"{who.capitalize()}'s statement", columns=columns, rows=rows, right=columns[3:])


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
