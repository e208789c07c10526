"""Random lives of orders with cases against a second reading of the rules (A1-A7, O5).

The model knows no code of the programme: it counts units, decides by deadlines, and takes money by fractions.
After every step stock, units in cases, what is held, states and money are what it says.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.support.accounts import hold_points
from tests.support.aftersales import CUP_FEN, DAY, HOUR, SECOND, TEA_FEN, Body, Desk
from tests.support.events import staff

LIVES, CHUNKS, STEPS = 200, 2, 9
FREE_FROM_FEN, SHIPPING_FEN, POINTS_A_YUAN = 18_800, 1_000, 500
PRICES_FEN = {"tea": TEA_FEN, "cup": CUP_FEN, "mug": CUP_FEN}
TWINS = {"cup": "mug", "mug": "cup", "tea": "tea"}
FREIGHT_FEN = {"defective": 1_200, "no_reason": 0, "other": 0}
UNITS = 60

CLERKS = ("clerk", "another")
STORE = timedelta(hours=8)
ACTS = ("approve", "refuse", "withdraw", "shipment", "escalate", "receive")
NEXT = {
    "requested": ("approve", "approve", "refuse", "refuse", "withdraw"),
    "approved": ("shipment", "shipment", "receive", "withdraw"),
    "shipped_back": ("receive", "receive", "withdraw"),
    "refused": ("escalate", "escalate", "approve"),
    "disputed": ("approve", "refuse", "withdraw"),
}
"""What is likely tried next in a state, not all of it possible."""
EVERYTHING = {
    *(f"{what} {kind}" for what in ("approve", "refuse") for kind in ("return", "exchange", "refund_only")),
    *(f"{what} {kind}" for what in ("receive", "shipment") for kind in ("return", "exchange")),
    *(f"escalate {kind}" for kind in ("return", "exchange")),
    "return directly",
    "less came",
}
"""What has an effect in each chunk at least once."""


def rhu(value: Fraction) -> int:
    """Round half up to an integer."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


# The model -----------------------------------------------------------------------------------------------


@dataclass
class Line:
    """One line: how many units it was of, how many are back, what of the rest is another sku."""

    sku: str
    quantity: int
    returned: int = 0
    lost: int = 0
    held: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    returned_when_decided: int = 0
    ever: int = 0

    @property
    def kept(self) -> int:
        """The units that the member has."""
        return self.quantity - self.returned

    def take(self, units: int) -> Counter[str]:
        """Return which skus leave the member with so many units, the original first (A7)."""
        taken: Counter[str] = Counter()
        for _ in range(units):
            others = [sku for sku, count in self.held.items() if count]
            original = self.kept - taken.total() - sum(self.held.values()) > 0
            sku = self.sku if original else others[0]
            if not original:
                self.held[sku] -= 1
            taken[sku] += 1
        return taken


@dataclass
class Case:
    """One case: where it stands, for which units, and until when somebody is to act."""

    case_id: str
    kind: str
    reason: str
    state: str
    units: dict[str, int]
    goes: dict[str, str]
    until: datetime | None = None
    refused_by: str | None = None
    disputed: bool = False
    refund_fen: int = 0

    @property
    def open(self) -> bool:
        """Whether somebody can still act."""
        return self.state not in ("closed", "withdrawn") and not (
            self.state == "refused" and self.until is None
        )

    def overdue(self, now: datetime) -> bool:
        """Whether staff have let their time pass, where silence decides nothing (A3)."""
        of_staff = self.state == "shipped_back" or (
            self.state in ("requested", "disputed") and self.kind != "return"
        )
        return of_staff and self.until is not None and now >= self.until


@dataclass
class Model:
    """An order of some lines, its cases, and the stock of the shop."""

    lines: dict[str, Line]
    redeemed: int
    stock: Counter[str]
    received_at: datetime
    cases: list[Case] = field(default_factory=list)
    freight_fen: int = 0

    # --- money (O5) ---

    def __post_init__(self) -> None:
        self.goods_fen = sum(PRICES_FEN[each.sku] * each.quantity for each in self.lines.values())
        self.shipping_fen = 0 if self.goods_fen >= FREE_FROM_FEN else SHIPPING_FEN
        self.value_fen = self.redeemed * 100 // POINTS_A_YUAN
        self.paid_fen = self.goods_fen + self.shipping_fen - self.value_fen

    def retained(self) -> tuple[int, int, int]:
        """Return the order amount, the paid amount and the redeemed points that are retained."""
        stays_fen = sum(PRICES_FEN[each.sku] * each.kept for each in self.lines.values())
        if not stays_fen:
            return 0, 0, 0
        share = Fraction(stays_fen, self.goods_fen)
        over_fen = max(0, self.value_fen - self.goods_fen)
        on_shipping = over_fen * POINTS_A_YUAN // 100
        shipping_paid = self.shipping_fen - over_fen
        return (
            rhu(self.goods_fen * share) + self.shipping_fen,
            rhu((self.paid_fen - shipping_paid) * share) + shipping_paid,
            rhu((self.redeemed - on_shipping) * share) + on_shipping,
        )

    # --- units ---

    def in_cases(self, sku: str, kind: str | None = None) -> int:
        """Return how many units of a line are in open cases."""
        return sum(each.units.get(sku, 0) for each in self.cases if each.open and kind in (None, each.kind))

    def _reserved(self, case: Case) -> bool:
        return case.kind == "exchange" and case.state in ("approved", "shipped_back")

    def _give_back_stock(self, case: Case, sku: str, units: int) -> None:
        if self._reserved(case):
            self.stock[case.goes[sku]] += units

    def _end(self, case: Case, state: str) -> None:
        for sku, units in case.units.items():
            self._give_back_stock(case, sku, units)
        case.state, case.until = state, None

    def _decide(self, case: Case) -> None:
        for sku, units in case.units.items():
            line = self.lines[sku]
            line.decided[case.kind] += units
            line.returned_when_decided = line.returned

    # --- time (A2, A3) ---

    def as_of(self, now: datetime) -> None:
        """Let deadlines that have passed decide."""
        for case in self.cases:
            if case.kind == "return" and case.state in ("requested", "disputed"):
                assert case.until is not None
                if now >= case.until:
                    case.state, case.until = "approved", case.until + 7 * DAY
            if case.until is None or now < case.until:
                continue
            if case.state == "approved":
                self._end(case, "closed")
            elif case.state == "refused":
                case.until = None
                self._decide(case)

    # --- what members and staff do ---

    def opening(self, kind: str, sku: str, units: int) -> set[int]:
        """Return with which statuses an opening may be answered."""
        line = self.lines[sku]
        if not any(each.kept for each in self.lines.values()):
            return {409}
        if units > line.kept:
            return {422}
        free = line.kept - self.in_cases(sku)
        if units > free or line.ever + units > 3 * line.quantity:
            return {409}
        if units <= free - line.decided[kind]:
            return {201}
        left = line.kept - line.decided[kind] - self.in_cases(sku, kind)
        if units > left and line.returned == line.returned_when_decided:
            return {409}
        return {201, 409}  # the rules name no single unit

    def open(self, answer: Body, sku: str, units: int, goes: str, now: datetime) -> None:
        """Open a case."""
        kind, reason = answer["kind"], answer["reason"]
        day = (self.received_at + STORE).date()
        early = ((now + STORE).date() - day).days <= 7
        at_once = kind == "return" and reason == "no_reason" and early
        self.cases.append(
            Case(
                case_id=answer["case_id"],
                kind=kind,
                reason=reason,
                state="approved" if at_once else "requested",
                units={sku: units},
                goes={sku: goes},
                until=now + (7 * DAY if at_once else 48 * HOUR),
            )
        )
        self.lines[sku].ever += units

    def act(self, case: Case, what: str, clerk: str, came: int, now: datetime) -> bool:
        """Do something with a case; return whether it has an effect."""
        done: bool = getattr(self, f"_{what}")(case, clerk, came, now)
        return done

    def _approve(self, case: Case, clerk: str, came: int, now: datetime) -> bool:
        if case.state not in ("requested", "disputed"):
            return False
        if case.state == "disputed" and clerk == case.refused_by:
            return False
        ((sku, units),) = case.units.items()
        if case.kind == "exchange" and self.stock[case.goes[sku]] < units:
            return False
        if case.kind == "exchange":
            self.stock[case.goes[sku]] -= units
        case.state, case.until = "approved", now + 7 * DAY
        if case.kind == "refund_only":
            before = self.retained()[1]
            line = self.lines[sku]
            line.take(units)
            line.returned, line.lost = line.returned + units, line.lost + units
            case.refund_fen = before - self.retained()[1]
            case.state, case.until = "closed", None
        return True

    def _refuse(self, case: Case, clerk: str, came: int, now: datetime) -> bool:
        if case.state == "requested":
            case.state, case.until, case.refused_by = "refused", now + 7 * DAY, clerk
            return True
        if case.state == "disputed" and clerk != case.refused_by:
            case.state, case.until = "refused", None
            self._decide(case)
            return True
        return False

    def _withdraw(self, case: Case, clerk: str, came: int, now: datetime) -> bool:
        if case.state not in ("requested", "approved", "disputed"):
            return False
        if case.state == "disputed":
            self._decide(case)
        self._end(case, "withdrawn")
        return True

    def _shipment(self, case: Case, clerk: str, came: int, now: datetime) -> bool:
        if case.state != "approved":
            return False
        case.state, case.until = "shipped_back", now + 10 * DAY
        return True

    def _escalate(self, case: Case, clerk: str, came: int, now: datetime) -> bool:
        if case.state != "refused" or case.until is None:
            return False
        case.state, case.until, case.disputed = "disputed", now + 72 * HOUR, True
        return True

    def _receive(self, case: Case, clerk: str, came: int, now: datetime) -> bool:
        if case.state not in ("approved", "shipped_back"):
            return False
        ((sku, units),) = case.units.items()
        line, before = self.lines[sku], self.retained()[1]
        self.stock.update(line.take(came))
        if case.kind == "exchange":
            self.stock[case.goes[sku]] += units - came
            if case.goes[sku] != sku:
                line.held[case.goes[sku]] += came
        else:
            line.returned += came
        line.decided[case.kind] += units - came
        if came < units:
            line.returned_when_decided = line.returned
        case.refund_fen = before - self.retained()[1]
        case.state, case.until = "closed", None
        self.freight_fen += FREIGHT_FEN[case.reason]
        return True

    def give_back(self, sku: str, units: int) -> bool:
        """Take units back directly: free ones first, then those of the latest cases (A5)."""
        line = self.lines[sku]
        if units > line.kept:
            return False
        short = units - (line.kept - self.in_cases(sku))
        for case in reversed(self.cases):
            if short <= 0:
                break
            if case.open and sku in case.units:
                taken = min(short, case.units[sku])
                short -= taken
                self._give_back_stock(case, sku, taken)
                case.units[sku] -= taken
                if not case.units[sku]:
                    case.state, case.until = "closed", None
        self.stock.update(line.take(units))
        line.returned += units
        return True


# The lives -----------------------------------------------------------------------------------------------


@dataclass
class Lives:
    """Lives of orders of one shop, one after another."""

    desk: Desk
    chance: random.Random
    stock: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    lost: int = 0
    happened: Counter[str] = field(default_factory=Counter)

    def begin(self, number: int) -> tuple[str, Model]:
        """Let a new member buy something, and receive it."""
        desk, chance = self.desk, self.chance
        desk.member = f"member-{number}"
        desk.suite.member(desk.member)
        suite, year = desk.suite, str((desk.now + STORE).year)
        hold_points(suite.tables, suite.settings.members_table, desk.member, {year: 2_000})
        units = {sku: chance.randint(2, 4) for sku in chance.sample(sorted(PRICES_FEN), chance.randint(1, 2))}
        redeemed = chance.choice([0, 500, 2_000])
        order_id = desk.received(f"life-{number}", offers={"points": redeemed}, **units)
        for sku, count in units.items():
            self.stock[sku] -= count
        lines = {sku: Line(sku, count) for sku, count in units.items()}
        return order_id, Model(lines, redeemed, self.stock, desk.now)

    def step(self, order_id: str, model: Model) -> str:
        """Let one thing happen; return what it was."""
        chance, desk = self.chance, self.desk
        running = [each for each in model.cases if each.open]
        if running and chance.random() < 0.6:
            case = chance.choice(running)
            return self._act(model, case, chance.choice(NEXT[case.state]))
        choice = chance.choice(["open", "open", "act", "time", "time", "back"])
        if choice == "time":
            desk.wait(chance.choice([SECOND, HOUR, DAY, 2 * DAY - SECOND, 2 * DAY, 3 * DAY, 7 * DAY]))
            return "time passes"
        if choice == "back":
            sku, units = chance.choice(sorted(model.lines)), chance.randint(1, 3)
            self.requests += 1
            answer = desk.give_back(order_id, f"b{self.requests}", **{sku: units})
            assert (answer.status == 200) == model.give_back(sku, units), answer.body
            self.happened["return directly"] += answer.status == 200
            return f"{units} {sku} are returned directly"
        if choice == "act" and model.cases:
            return self._act(model, chance.choice(model.cases), chance.choice(ACTS))
        return self.open(order_id, model)

    def open(self, order_id: str, model: Model) -> str:
        """Ask for something; return what it was."""
        chance, now = self.chance, self.desk.now
        kind = chance.choice(["return", "exchange", "refund_only"])
        sku, units = chance.choice(sorted(model.lines)), chance.randint(1, 2)
        goes = chance.choice([sku, TWINS[sku]])
        line: Body = {"sku": sku, "quantity": units}
        if kind == "exchange" and (goes != sku or chance.random() < 0.5):
            line["for"] = goes
        self.requests += 1
        said: dict[str, Any] = {"lines": [line], "reason": chance.choice(sorted(FREIGHT_FEN))}
        may = model.opening(kind, sku, units)
        answer = self.desk.ask(order_id, f"r{self.requests}", kind, **said)
        assert answer.status in may, (kind, sku, units, answer.body)
        if answer.status == 201:
            model.open(answer.body, sku, units, goes if kind == "exchange" else sku, now)
        return f"{kind} of {units} {sku} is asked for"

    def _act(self, model: Model, case: Case, what: str) -> str:
        clerk = self.chance.choice(CLERKS)
        ((_, units),) = case.units.items() if sum(case.units.values()) else (("", 1),)
        came = self.chance.randint(1, max(1, units))
        body: Any = None
        if what == "receive" and came < units:
            (sku,) = case.units
            body = {"lines": [{"sku": sku, "quantity": came}], "reason": "That is all that came."}
        elif what == "receive":
            came = units
        elif what == "refuse":
            body = {"reason": "It was worn."}
        of_staff = what in ("approve", "refuse", "receive")
        answer = self.desk.act(case.case_id, what, body, staff(clerk) if of_staff else None)
        done = model.act(case, what, clerk, came, self.desk.now)
        self.happened[f"{what} {case.kind}"] += done
        self.happened["less came"] += done and what == "receive" and came < units
        assert not done or answer.status == 200, (what, case, answer.body)
        assert answer.status in (200, 409, 422), answer.body
        return f"{what} of a case in {case.state}"

    def check(self, order_id: str, model: Model, *, stock: bool) -> None:
        """Hold what is seen to what the model says."""
        desk = self.desk
        order = desk.order(order_id)
        for line in order["lines"]:
            mine = model.lines[line["line_id"]]
            seen = (line["returned_quantity"], line.get("lost_quantity", 0), line.get("in_cases", 0))
            assert seen == (mine.returned, mine.lost, model.in_cases(mine.sku)), line
            held = {sku: count for sku, count in mine.held.items() if count}
            assert line.get("held", {}) == held, line
        amount_fen, paid_fen, points = model.retained()
        retained = order["retained"]
        assert order["paid_fen"] == model.paid_fen
        assert retained["order_amount_fen"] == amount_fen
        assert (retained["paid_fen"], retained["redeemed_points"]) == (paid_fen, points)
        assert order["refunded_fen"] == model.paid_fen - paid_fen
        due = sum(each["amount_fen"] for each in order.get("refunds", []))
        assert due == order["refunded_fen"] + model.freight_fen
        listed = desk.get("/members/me/cases", desk.owner, limit="100")["items"]
        found = [(each["case_id"], each["state"], each["overdue"], each["refund_fen"]) for each in listed]
        expected = [
            (each.case_id, each.state, each.overdue(desk.now), each.refund_fen) for each in model.cases
        ]
        assert sorted(found) == sorted(expected)
        if stock:
            shown = {each["sku"]: each["stock"] for each in desk.get("/products")["items"]}
            assert shown == {sku: model.stock[sku] for sku in PRICES_FEN}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_A1_to_A7_in_random_lives_everything_is_what_a_second_reading_of_the_rules_says(
    suite: Suite, chunk: int
) -> None:
    """In every other life the job runs at each step; in the others only at the end, and nothing differs."""
    desk = Desk(suite)
    desk.stock(UNITS, no_reason=True, **PRICES_FEN)
    lives = Lives(desk, random.Random(chunk), Counter(dict.fromkeys(PRICES_FEN, UNITS)))  # noqa: S311 - no secret
    for number in range(LIVES // CHUNKS):
        order_id, model = lives.begin(number)
        followed, told = number % 2 == 0, [f"chunk {chunk}, life {number}"]
        for step in range(STEPS):
            told.append(lives.step(order_id, model) if step > 1 else lives.open(order_id, model))
            model.as_of(desk.now)
            if followed:
                desk.follow()
            try:
                lives.check(order_id, model, stock=followed)
            except AssertionError as error:
                error.add_note("\n".join(told))
                raise
        desk.wait(40 * DAY)
        model.as_of(desk.now)
        desk.follow()
        lives.check(order_id, model, stock=True)
        for case in model.cases:
            if case.state in ("requested", "disputed", "shipped_back"):
                lives._act(model, case, "receive" if case.state == "shipped_back" else "withdraw")
        for sku, line in model.lines.items():
            if line.kept:
                lives.requests += 1
                assert desk.give_back(order_id, f"b{lives.requests}", **{sku: line.kept}).status == 200
                assert model.give_back(sku, line.kept)
        lives.check(order_id, model, stock=True)
        lives.lost += sum(line.lost for line in model.lines.values())
        assert model.stock.total() == UNITS * len(PRICES_FEN) - lives.lost
    assert {what for what, times in lives.happened.items() if times} >= EVERYTHING
