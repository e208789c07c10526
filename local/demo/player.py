"""Plays a story step by step, and keeps what came of each: facts, changes, events, and the books."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from functions.domain.policy import Policy
from local.demo import words
from local.demo.acts import CLERK, Act, Call, Chapter, Fire, Json, Pay, Step, Till, Wait, Ware
from local.demo.books import Account, Books, Member, Shelf
from local.demo.checks import Outcome, examine
from local.demo.theatre import Answer, Theatre
from local.errors import LocalError
from local.pay import Wish

PLACE = re.compile(r"\{(order|coupon|case|trade):([a-z0-9-]+)\}")
MONEY = "/till/money"
"""Where the till is told that money comes in which nobody has asked for."""
AUDIT = "audit-points"
FREIGHT, PROVIDER = "return_shipping", "provider"
"""Why money is due that changes nothing which an order keeps (A6), and who pays it."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A step that has happened."""

    at: datetime
    says: str
    calls: tuple[str, ...]
    facts: tuple[str, ...]
    changes: tuple[str, ...]
    events: tuple[str, ...]
    why: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A chapter that is over, and the books at its end."""

    chapter: Chapter
    told: tuple[Told, ...]
    books: Books
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, kw_only=True)
class Played:
    """A whole story that is over."""

    year: int
    policy: Policy
    chapters: tuple[Ended, ...]
    calls: int
    events: Mapping[str, int]
    names: Mapping[str, str] = field(default_factory=dict)
    """What the script calls the orders, by their ids."""

    @property
    def books(self) -> Books:
        """The books at the end."""
        return self.chapters[-1].books


class Audience(Protocol):
    """Who is told of everything as it happens."""

    def begins(self, chapter: Chapter, number: int) -> None:
        """A chapter begins."""

    def doing(self, says: str) -> None:
        """Something begins that may take a while."""

    def happened(self, told: Told) -> None:
        """A step has happened."""

    def checked(self, ended: Ended) -> None:
        """The books of a chapter have been checked."""


class Player:
    """Plays one story; what it remembers of it is what a storefront and a cash desk would."""

    def __init__(
        self, theatre: Theatre, audience: Audience, policy: Policy, year: int, wares: Sequence[Ware]
    ) -> None:
        self._theatre = theatre
        self._audience = audience
        self._policy = policy
        self._years = {"{last}": str(year - 1), "{year}": str(year), "{next}": str(year + 1)}
        self._year = year
        self._wares = wares
        self._orders: dict[str, str] = {}
        self._cases: dict[str, str] = {}
        self._payments: dict[str, tuple[str, int]] = {}
        self._trades: dict[tuple[str, str], str] = {}
        self._strange: list[tuple[str, str, int]] = []
        self._due_back: Counter[str] = Counter()
        self._freight: Counter[str] = Counter()
        self._by_provider: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._accounts: dict[str, Account] = {}
        self._coupons: dict[str, set[str]] = {}
        self._audited = False

    def play(self, story: Sequence[Chapter]) -> Played:
        """Play all chapters.

        Raises
        ------
        LocalError
            The suite answers something else than the script expects, or the books do not hold: it says which.
        """
        ended = []
        for number, chapter in enumerate(story, start=1):
            self._audience.begins(chapter, number)
            told = tuple(self._step(step) for step in chapter.steps)
            self._audience.doing("checking the books")
            books = self._books()
            over = Ended(
                chapter=chapter, told=told, books=books, outcomes=tuple(examine(books, self._policy))
            )
            self._audience.checked(over)
            wrong = [f"{outcome.says}: {each}" for outcome in over.outcomes for each in outcome.wrong]
            if wrong:
                raise LocalError("the demo failed, an invariant does not hold\n  " + "\n  ".join(wrong))
            ended.append(over)
        return Played(
            year=self._year,
            policy=self._policy,
            chapters=tuple(ended),
            calls=self._theatre.calls.total(),
            events=dict(sorted(self._events.items())),
            names={order_id: name for name, order_id in self._orders.items()},
        )

    def _step(self, step: Step) -> Told:
        self._audience.doing(step.says)
        match step:
            case Act():
                told = self._act(step)
            case Wait():
                told = self._wait(step)
            case Fire():
                told = self._fire(step)
        self._audience.happened(told)
        return told

    def _act(self, act: Act) -> Told:
        answers = [self._answer(act, call) for call in act.calls]
        self._audited &= all(call.method == "GET" or call.path == "/quotes" for call in act.calls)
        self._theatre.settle()
        facts = [
            fact
            for call, answer in zip(act.calls, answers, strict=True)
            for fact in (words.paid(call, answer.body) if isinstance(call, Pay) else words.facts(answer.body))
        ]
        changes = [change for who in act.about for change in self._looked_at(who)]
        for what, expected in act.leaves.items():
            found = getattr(self._accounts[act.about[0]], what)
            if found != expected:
                raise LocalError(
                    f"the demo failed at “{act.says}”: {act.about[0]}'s {what} is {found}, not {expected}"
                )
        calls = Counter(
            f"{call.method} {PLACE.sub(_shown_place, self._dated(call.path))} → {answer.status}"
            for call, answer in zip(act.calls, answers, strict=True)
        )
        return self._told(
            act.says,
            calls=[words.times(call, count) for call, count in _joined(calls).items()],
            facts=list(dict.fromkeys(facts)),
            changes=changes,
            why=act.why,
        )

    def _wait(self, wait: Wait) -> Told:
        self._theatre.move(self._filled(wait.to))
        self._audited = False
        return self._told(wait.says, changes=self._all_looked_at(), why=wait.why)

    def _fire(self, fire: Fire) -> Told:
        self._theatre.fire(fire.job)
        self._audited = fire.job == AUDIT
        calls = [f"job {fire.job}"]
        return self._told(fire.says, calls=calls, changes=self._all_looked_at(), why=fire.why)

    def _told(
        self,
        says: str,
        *,
        changes: Sequence[str],
        why: Mapping[str, str],
        calls: Sequence[str] = (),
        facts: Sequence[str] = (),
    ) -> Told:
        names = {self._theatre.member_id(who): who for who in self._accounts}
        events = sorted(  # the bus keeps no order between members
            self._theatre.heard(),
            key=lambda event: (event["type"], names.get(event.get("member_id", ""), "")),
        )
        for event in events:
            self._events[event["type"]] += 1
            if event["type"] == "RefundDue":
                due = self._freight if event["reason"] == FREIGHT else self._due_back
                due[event["order_id"]] += event["amount_fen"]
                if event["settled_by"] == PROVIDER:
                    self._by_provider[event["order_id"]] += event["amount_fen"]
        kinds = Counter(event["type"] for event in events)
        return Told(
            at=self._theatre.now().astimezone(self._policy.zone),
            says=says,
            calls=tuple(calls),
            facts=(*facts, *words.heard(events, names)),
            changes=tuple(changes),
            events=tuple(words.times(kind, count) for kind, count in sorted(kinds.items())),
            why=why,
        )

    def _answer(self, act: Act, call: Call | Pay | Till) -> Answer:
        match call:
            case Call():
                return self._call(act, call)
            case Pay():
                return self._pay(act, call)
            case Till():
                return self._till(act, call)

    def _till(self, act: Act, told: Till) -> Answer:
        """Have something happen at the till."""
        body = json.loads(self._filled(json.dumps(told.body)))
        try:
            value = self._theatre.at_the_till(told.path, body)
        except LocalError as error:
            raise LocalError(f"the demo failed at “{act.says}”: {error}") from None
        if told.path == MONEY:
            self._strange.append((body["provider"], body["number"], body["amount_fen"]))
        self._expect(act, told, value)
        return Answer(told.status, value)

    def _call(self, act: Act, call: Call) -> Answer:
        path = self._filled(call.path)
        body = None if call.body is None else json.loads(self._filled(json.dumps(call.body)))
        answer = self._theatre.call(call.who, call.method, path, body, call.key)
        fits = answer.status == call.status if call.status else answer.status < HTTPStatus.BAD_REQUEST
        if not fits:
            wanted = call.status or "a success"
            raise LocalError(
                f"the demo failed at “{act.says}”: "
                f"{call.method} {call.path} answers {answer.status}, not {wanted}: {answer.body}"
            )
        self._expect(act, call, answer.body)
        if call.keeps and answer.status < HTTPStatus.BAD_REQUEST:
            self._orders[call.keeps] = answer.body["order_id"]
        if call.opens and answer.status < HTTPStatus.BAD_REQUEST:
            self._cases[call.opens] = answer.body["case_id"]
        if call.path.endswith("/payment") and body is not None:
            self._payments[body["payment_id"]] = (answer.body["order_id"], body["amount_fen"])
        return answer

    def _pay(self, act: Act, paying: Pay) -> Answer:
        """Have a member pay at the till."""
        wish = Wish(
            order_id=self._orders[paying.order],
            provider=paying.provider,
            method=paying.by,
            shopper=paying.who,
            twice=paying.twice,
            late_seconds=paying.late_seconds,
            lost=paying.lost,
        )
        try:
            value = self._theatre.pay(wish)
        except LocalError as error:
            raise LocalError(f"the demo failed at “{act.says}”: {error}") from None
        self._trades[paying.provider, value["number"]] = wish.order_id
        self._expect(act, paying, value)
        return Answer(paying.status, value)

    def _expect(self, act: Act, call: Call | Pay | Till, body: Json) -> None:
        """Make sure that an answer holds what the script says."""
        for where, expected in call.expects.items():
            found = _found(body, where)
            if found != expected:
                raise LocalError(
                    f"the demo failed at “{act.says}”: "
                    f"{call.method} {call.path} answers {where} = {found!r}, not {expected!r}"
                )

    def _filled(self, text: str) -> str:
        """Put the ids and years into a text of the script."""
        return PLACE.sub(self._id, self._dated(text))

    def _dated(self, text: str) -> str:
        for place, year in self._years.items():
            text = text.replace(place, year)
        return text

    def _id(self, place: re.Match[str]) -> str:
        kind, name = place.groups()
        if kind == "order":
            return self._orders[name]
        if kind == "case":
            return self._cases[name]
        if kind == "trade":
            return next(number for (_, number), order in self._trades.items() if order == self._orders[name])
        coupons = self._theatre.listed(name, "/members/me/coupons")
        if not coupons:
            raise LocalError(f"the demo failed: {name} has no coupon")
        return str(coupons[0]["coupon_id"])

    def _looked_at(self, who: str) -> Iterator[str]:
        """Look at a member's account and coupons, and say what has changed since the last time."""
        before = self._accounts.get(who)
        answer = self._theatre.get(CLERK, f"/members/{self._theatre.member_id(who)}")
        after = self._accounts[who] = Account.of(who, answer)
        yield from words.changed(before, after)
        known = self._coupons.setdefault(who, set())
        for coupon in self._theatre.listed(who, "/members/me/coupons"):
            if coupon["coupon_id"] not in known:
                known.add(coupon["coupon_id"])
                yield words.got_coupon(who, coupon)

    def _all_looked_at(self) -> list[str]:
        return [change for who in list(self._accounts) for change in self._looked_at(who)]

    def _books(self) -> Books:
        failed = self._theatre.settle()
        report = self._theatre.call(CLERK, "GET", "/reports/points-liability")
        received: Counter[str] = Counter()
        for order_id, amount_fen in self._payments.values():
            received[order_id] += amount_fen
        trades = self._theatre.trades(list(self._trades))
        for trade in trades:
            received[self._trades[trade["provider"], trade["number"]]] += trade["paid_amount"]
        return Books(
            at=self._theatre.now().astimezone(self._policy.zone),
            members={who: self._member(who) for who in self._accounts},
            shelves=[self._shelf(ware) for ware in self._wares],
            received_fen=received,
            due_back_fen=dict(self._due_back),
            freight_fen=dict(self._freight),
            by_provider_fen=dict(self._by_provider),
            failed_messages=failed,
            report=report.body if report.status == HTTPStatus.OK else None,
            audited=self._audited,
            campaigns=self._theatre.listed(CLERK, "/campaigns"),
            templates=self._theatre.listed(CLERK, "/coupon-templates"),
            trades=trades,
            strange=tuple(self._strange),
            unassigned=self._theatre.listed(CLERK, "/reports/unassigned-payments"),
            zone=frozenset(ware.sku for ware in self._wares if ware.zone),
        )

    def _member(self, who: str) -> Member:
        theatre = self._theatre
        return Member(
            account=Account.of(who, theatre.get(CLERK, f"/members/{theatre.member_id(who)}")),
            entries=theatre.listed(who, "/members/me/points/entries")[::-1],
            orders=theatre.listed(who, "/orders")[::-1],
            coupons=theatre.listed(who, "/members/me/coupons")[::-1],
            cases=theatre.listed(who, "/members/me/cases")[::-1],
        )

    def _shelf(self, ware: Ware) -> Shelf:
        stock = self._theatre.get(CLERK, f"/products/{ware.sku}")["stock"]
        return Shelf(sku=ware.sku, delivered=ware.units, stock=stock)


def _found(body: Any, where: str) -> Any:
    """What stands at a path of an answer; None where there is nothing."""
    for part in where.split("."):
        if isinstance(body, list):
            body = body[int(part)] if int(part) < len(body) else None
        elif isinstance(body, dict):
            body = body.get(part)
        else:
            return None
    return body


def _shown_place(place: re.Match[str]) -> str:
    return f"{{{place[1]}}}"


ID_OF_STAFF = re.compile(r"(?<=/)(products|campaigns|coupon-templates)/[a-z0-9-]+")
"""What staff have called something, in a path."""
_ITS_ID = {"products": "sku", "campaigns": "campaign_id", "coupon-templates": "template_id"}


def _joined(calls: Mapping[str, int]) -> Counter[str]:
    """Count calls of many products, campaigns or templates as one."""
    joined: Counter[str] = Counter()
    for call, count in calls.items():
        joined[ID_OF_STAFF.sub(lambda named: f"{named[1]}/{{{_ITS_ID[named[1]]}}}", call)] += count
    return joined
