"""The book of trades: what is to be paid, what went back of it, and what is still to be told."""

from __future__ import annotations

import heapq
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.till.plans import Plan, RefundPlan, Telling
from local.till.refunds import (
    FOLLOWS,
    INQUIRIES,
    Dispute,
    DisputeState,
    Refund,
    RefundState,
)
from reach.folder import write_atomically

Json = dict[str, Any]
Key = tuple[str, str]
"""A provider, and what it calls a trade by."""
TRADE, REFUND, DISPUTE = "trade", "refund", "dispute"


class State(StrEnum):
    """How a trade stands."""

    OPEN = "open"
    PAYING = "paying"
    """The shopper has confirmed it, and the money is under way."""
    PAID = "paid"
    CLOSED = "closed"


class Happened(StrEnum):
    """What a provider may tell by itself."""

    PAID = "paid"
    PAYING = "paying"
    CLOSED = "closed"
    FAILED = "failed"
    REFUND_MADE = "refund_made"
    """A refund was taken, and is under way."""
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTED = "disputed"
    DISPUTE_CHANGED = "dispute_changed"
    DISPUTE_CLOSED = "dispute_closed"


@dataclass(kw_only=True)
class Trade:
    """What a shop wants to have paid; moments are seconds of the local clock, amounts whole minor units."""

    provider: str
    ident: str
    """What the provider calls it by: the shop's number, or the provider's own."""
    number: str
    """What the shop calls it by."""
    product: str
    amount: int
    currency: str
    title: str
    notify_url: str
    made_at: float
    contents: str
    """All that was asked, for comparing."""
    handle: str
    """What the shopper's device has of it."""
    return_url: str = ""
    expires_at: float | None = None
    opened: bool = True
    """Whether the provider knows of it: some do so only when the shopper has come to it."""
    extra: Json = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    refund_plan: RefundPlan | None = None
    """How its refunds go, if not as those of its provider."""
    state: State = State.OPEN
    pays_at: float | None = None
    transaction: str = ""
    """The provider's number of the payment."""
    paid_amount: int = 0
    paid_currency: str = ""
    paid_at: float | None = None
    closed_at: float | None = None

    @property
    def key(self) -> Key:
        """Its key in the book."""
        return self.provider, self.ident


@dataclass(kw_only=True)
class Notification:
    """Something to be told to the shop, until it is taken or given up."""

    ident: str
    event_id: str
    provider: str
    trade: str
    happened: Happened
    content: Json
    url: str
    due_at: float
    of: str = ""
    """The refund or the dispute that it is about; empty where it is about the trade itself."""
    happened_at: float = 0.0
    tries: list[Json] = field(default_factory=list)
    """Each with ``at`` and ``said``: the status and the body's beginning, or why there was no answer."""
    done: str | None = None
    """``taken``, or why it is not told any more."""


class Journal:
    """A file of JSON lines, of which the last with a kind and a key counts; half a line is none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[tuple[str, str], Any]:
        """What counts; lines that do not any more are left out of the file from now on."""
        found: dict[tuple[str, str], Any] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                try:
                    kind, key, value = json.loads(line)
                except ValueError:
                    continue
                found[kind, key] = value
        text = "".join(_line(kind, key, value) for (kind, key), value in found.items())
        write_atomically(self._path, text, mode=0o600)
        return found

    def write(self, kind: str, key: str, value: Any) -> None:
        """Add a line."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(kind, key, value))


class Book:
    """All trades and what is to be told of them; whoever reads or changes them holds ``lock``.

    What time brings about by itself - a trade's end, the arrival of money - is done by :meth:`settle`, which
    every look at the book begins with.
    """

    def __init__(self, now: Callable[[], float], journal: Journal | None = None) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.trades: dict[Key, Trade] = {}
        self.refunds: dict[Key, Refund] = {}
        self.disputes: dict[Key, Dispute] = {}
        self.notifications: dict[str, Notification] = {}
        self.kept: dict[str, Any] = {}
        """What else a dialect remembers."""
        self.happened: Callable[[Trade, Happened], None] = lambda _trade, _happened: None
        """Called with each thing that a provider might tell of a trade."""
        self.went_back: Callable[[Refund | Dispute, Happened], None] = lambda _of, _happened: None
        """Called with each thing that it might tell of a refund or a dispute."""
        self._numbers: dict[str, list[Key]] = {}
        self._handles: dict[Key, Key] = {}
        self._transactions: dict[Key, Key] = {}
        self._told: dict[tuple[str, str, str], dict[str, Notification]] = {}
        self._to_tell: dict[str, Notification] = {}
        self._refunds_of: dict[Key, list[Refund]] = {}
        self._disputes_of: dict[Key, list[Dispute]] = {}
        self._due: list[tuple[float, str, Key]] = []
        self._journal = journal
        for (kind, key), value in (journal.read() if journal else {}).items():
            self._restore(kind, key, value)

    def add(self, trade: Trade) -> Trade:
        """Take a new trade in."""
        self._index(trade)
        self.save(trade)
        return trade

    def of_number(self, number: str, provider: str | None = None) -> list[Trade]:
        """The trades with a shop's number, the newest last."""
        found = (self.trades[key] for key in self._numbers.get(number, ()))
        return [trade for trade in found if provider in (None, trade.provider)]

    def of_handle(self, provider: str, handle: str) -> Trade | None:
        """The trade that a device has something of."""
        key = self._handles.get((provider, handle))
        return self.trades[key] if key else None

    def of_transaction(self, provider: str, transaction: str) -> Trade | None:
        """The trade that a provider has given a number of its own."""
        key = self._transactions.get((provider, transaction))
        return self.trades[key] if key else None

    def settle(self) -> None:
        """Have happened what is due."""
        now = self.now()
        while self._due and self._due[0][0] <= now:
            at, kind, key = heapq.heappop(self._due)
            if kind == REFUND:
                self._refund_due(self.refunds[key], at)
                continue
            trade = self.trades[key]
            if trade.state is State.PAYING and trade.pays_at == at:
                self._paid(trade, at)
            elif trade.state is State.OPEN and trade.expires_at == at:
                self.close(trade, at)

    def pay(self, trade: Trade, plan: Plan, transaction: str) -> None:
        """Have an open trade paid as planned; the caller has made sure that it is open."""
        assert trade.state is State.OPEN  # noqa: S101 - see above
        other = trade.amount - 1 if trade.amount > 1 else trade.amount + 1
        trade.plan = plan
        trade.opened = True
        trade.transaction = transaction
        trade.paid_amount = other if plan.wrong_amount else trade.amount
        trade.paid_currency = plan.currency or trade.currency
        now = self.now()
        if not plan.paying_seconds:
            self._paid(trade, now)
            return
        trade.state, trade.pays_at = State.PAYING, now + plan.paying_seconds
        heapq.heappush(self._due, (trade.pays_at, TRADE, trade.key))
        self.save(trade)
        self.happened(trade, Happened.PAYING)

    def close(self, trade: Trade, at: float) -> None:
        """End an open trade unpaid."""
        trade.state, trade.closed_at = State.CLOSED, at
        self.save(trade)
        self.happened(trade, Happened.CLOSED)

    def save(self, trade: Trade) -> None:
        """Keep what was changed of a trade."""
        self._index_transaction(trade)
        self._write(TRADE, "\n".join(trade.key), asdict(trade))

    def refund_plan(self, trade: Trade) -> RefundPlan:
        """How a refund of a trade goes that is taken now: as was said of it, of its provider, or of all."""
        if trade.refund_plan is not None:
            return trade.refund_plan
        kept = self.kept.get(plan_key(trade.provider)) or self.kept.get(plan_key(None))
        return RefundPlan(**kept) if kept else RefundPlan()

    def refund(self, refund: Refund, provider_seconds: float | None) -> Refund:
        """Take a refund, new or once more after it has failed.

        It is under way as long as is planned, else as its provider takes; where that is None, never.
        """
        now = self.now()
        plan = self.refund_plan(self.trades[refund.trade_key])
        seconds = plan.processing_seconds if plan.processing_seconds is not None else provider_seconds
        if provider_seconds is None:
            seconds = None
        refund.made_at, refund.plan = now, plan
        refund.succeeded_at, refund.failed_at, refund.word = None, None, ""
        refund.succeeds_at = now + seconds if seconds else None
        refund.fails_at = None if plan.fails_seconds is None else now + plan.fails_seconds
        refund.state = RefundState.PROCESSING
        if refund.key not in self.refunds:
            self._index_refund(refund)
        else:
            self._remind(refund)
        if seconds:
            self._save_refund(refund)
            self.went_back(refund, Happened.REFUND_MADE)
        else:
            self._refund_succeeded(refund, now)
        return refund

    def settle_refund(self, refund: Refund, state: RefundState, word: str | None = None) -> None:
        """Have a refund become what somebody says, whatever was planned."""
        refund.succeeds_at = refund.fails_at = None
        if state is RefundState.SUCCEEDED:
            self._refund_succeeded(refund, self.now())
        else:
            self._refund_failed(refund, self.now(), word)

    def refunds_of(self, trade: Trade) -> list[Refund]:
        """The refunds of a trade, the newest last."""
        return list(self._refunds_of.get(trade.key, ()))

    def refunds_of_number(self, number: str, provider: str | None = None) -> list[Refund]:
        """The refunds with a shop's number, the newest last."""
        return [
            each
            for each in self.refunds.values()
            if each.number == number and provider in (None, each.provider)
        ]

    def disputes_of(self, trade: Trade) -> list[Dispute]:
        """The disputes of a trade, the newest last."""
        return list(self._disputes_of.get(trade.key, ()))

    def left_of(self, trade: Trade) -> int:
        """How much of a paid trade can still be refunded."""
        refunded = sum(each.amount for each in self.refunds_of(trade) if each.holds)
        lost = sum(each.amount for each in self.disputes_of(trade) if each.state is DisputeState.LOST)
        return max(0, trade.paid_amount - refunded - lost)

    def dispute(self, dispute: Dispute, state: DisputeState) -> None:
        """Begin a dispute, or have it become something.

        Raises
        ------
        ValueError
            It cannot become that.
        """
        is_new = dispute.key not in self.disputes
        follows = FOLLOWS.get(None if is_new else dispute.state, frozenset())
        if state not in follows:
            may = f"may become {', '.join(sorted(follows))}" if follows else "is at its end"
            raise ValueError(f"a dispute cannot be {state}: {'it' if is_new else dispute.state} {may}")
        dispute.state = state
        dispute.withdrawn = dispute.withdrawn or state not in INQUIRIES
        if not dispute.is_open:
            dispute.closed_at = self.now()
            dispute.withdrawn = state is DisputeState.LOST
        if is_new:
            self._index_dispute(dispute)
        self._write(DISPUTE, "\n".join(dispute.key), asdict(dispute))
        happened = Happened.DISPUTE_CHANGED if dispute.is_open else Happened.DISPUTE_CLOSED
        self.went_back(dispute, Happened.DISPUTED if is_new else happened)

    def tell(self, notification: Notification) -> None:
        """Have something told, or keep what came of it."""
        self._index_notification(notification)
        self._write("notification", notification.ident, asdict(notification))

    def keep(self, key: str, value: Any) -> None:
        """Remember something else."""
        self.kept[key] = value
        self._write("kept", key, value)

    def told_of(self, subject: Trade | Refund | Dispute) -> list[Notification]:
        """What was told of a trade itself, of a refund or of a dispute, or is to be."""
        if isinstance(subject, Trade):
            key, of = subject.key, ""
        else:
            key, of = subject.trade_key, subject.ident
        return list(self._told.get((*key, of), {}).values())

    def to_tell(self) -> Iterator[Notification]:
        """What is still to be told."""
        return iter(self._to_tell.values())

    def _paid(self, trade: Trade, at: float) -> None:
        trade.state, trade.paid_at = State.PAID, at
        self.save(trade)
        self.happened(trade, Happened.PAID)

    def _refund_due(self, refund: Refund, at: float) -> None:
        if refund.fails_at == at and refund.state is not RefundState.FAILED:
            self._refund_failed(refund, at, refund.plan.word)
        elif refund.succeeds_at == at and refund.state is RefundState.PROCESSING:
            self._refund_succeeded(refund, at)

    def _refund_succeeded(self, refund: Refund, at: float) -> None:
        refund.state, refund.succeeded_at, refund.failed_at, refund.word = RefundState.SUCCEEDED, at, None, ""
        self._save_refund(refund)
        self.went_back(refund, Happened.REFUNDED)

    def _refund_failed(self, refund: Refund, at: float, word: str | None) -> None:
        refund.word = refund.failing_word(word)
        refund.state, refund.failed_at = RefundState.FAILED, at
        self._save_refund(refund)
        self.went_back(refund, Happened.REFUND_FAILED)

    def _save_refund(self, refund: Refund) -> None:
        self._write(REFUND, "\n".join(refund.key), asdict(refund))

    def _index(self, trade: Trade) -> None:
        self.trades[trade.key] = trade
        self._numbers.setdefault(trade.number, []).append(trade.key)
        self._handles[trade.provider, trade.handle] = trade.key
        self._index_transaction(trade)
        for at in (trade.expires_at, trade.pays_at):
            if at is not None:
                heapq.heappush(self._due, (at, TRADE, trade.key))

    def _index_transaction(self, trade: Trade) -> None:
        if trade.transaction:
            self._transactions[trade.provider, trade.transaction] = trade.key

    def _index_notification(self, notification: Notification) -> None:
        ident = notification.ident
        self.notifications[ident] = notification
        of = (notification.provider, notification.trade, notification.of)
        self._told.setdefault(of, {})[ident] = notification
        if notification.done is None:
            self._to_tell[ident] = notification
        else:
            self._to_tell.pop(ident, None)

    def _index_refund(self, refund: Refund) -> None:
        self.refunds[refund.key] = refund
        self._refunds_of.setdefault(refund.trade_key, []).append(refund)
        self._remind(refund)

    def _remind(self, refund: Refund) -> None:
        for at in (refund.succeeds_at, refund.fails_at):
            if at is not None:
                heapq.heappush(self._due, (at, REFUND, refund.key))

    def _index_dispute(self, dispute: Dispute) -> None:
        self.disputes[dispute.key] = dispute
        self._disputes_of.setdefault(dispute.trade_key, []).append(dispute)

    def _restore(self, kind: str, key: str, value: Any) -> None:
        if kind == TRADE:
            planned = value.get("refund_plan")
            value |= {
                "state": State(value["state"]),
                "plan": Plan(**value["plan"]),
                "refund_plan": RefundPlan(**planned) if planned else None,
            }
            self._index(Trade(**value))
        elif kind == REFUND:
            value |= {"state": RefundState(value["state"]), "plan": RefundPlan(**value["plan"])}
            self._index_refund(Refund(**value))
        elif kind == DISPUTE:
            value |= {"state": DisputeState(value["state"]), "telling": Telling(**value["telling"])}
            self._index_dispute(Dispute(**value))
        elif kind == "notification":
            value |= {"happened": Happened(value["happened"])}
            self._index_notification(Notification(**value))
        else:
            self.kept[key] = value

    def _write(self, kind: str, key: str, value: Any) -> None:
        if self._journal is not None:
            self._journal.write(kind, key, value)


def plan_key(provider: str | None) -> str:
    """Where it is kept how refunds of a provider go, or those of all."""
    return f"refund-plan:{provider or ''}"


def _line(kind: str, key: str, value: Any) -> str:
    return json.dumps([kind, key, value], ensure_ascii=False) + "\n"
