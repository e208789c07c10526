"""What has happened, as far as the outside knows: what was acknowledged, and what reading has shown since."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.catalog import rows as catalog_rows
from functions.catalog.stock import MOVEMENT
from functions.coupons import codes
from functions.coupons.code_rows import batch_key
from functions.coupons.held import coupon_key
from functions.domain import identifiers
from functions.orders import rows as order_rows
from functions.points import account_rows
from tests.simulation.calls import order_id_of
from tests.simulation.script import Op, Violation
from tests.simulation.world import Outcome, World
from tests.support.events import Answer, Call, claims, staff

Json = dict[str, Any]
SILENT = {"quote", "read"}
"""Operations after which everything is as before."""
SPENDS = {"give_back": (order_rows.RETURN, "return_id"), "cancel_units": (order_rows.CANCEL, "cancel_id")}
"""The ids that are an order's own: how they are spent, and what an operation calls them."""
ALLOWED = {200, 201, 400, 403, 404, 409, 422, 429, 503}


@dataclass
class Fact:
    """Something that was asked for, perhaps more than once, and whether it is known to have happened."""

    op: Op
    first: datetime
    last: datetime
    step: int
    answer: Answer | None = None
    unknown: bool = False
    refused: bool = False
    happened: bool = False


def id_of(op: Op) -> tuple[Any, ...] | None:
    """Return the id that an operation spends: there is at most one content under it."""
    match op.do:
        case "order":
            return "order", op["member"], op["key"]
        case "pay":
            return "pay", op["payment"]
        case "give_back" | "cancel_units":
            return op.do, op["order"], op[SPENDS[op.do][1]]
        case "adjust":
            return "adjust", op["adjustment"]
        case "move_stock":
            return "move_stock", op["sku"], op["movement"]
        case "claim":
            return "claim", op["member"], op["key"]
        case "enter_code":
            return "enter_code", op["member"], op["code"]
        case "issue":
            return "issue", op["issue"]
        case "make_codes":
            return "make_codes", op["template"], op["batch"]
    return None


@dataclass
class Facts:
    """All facts of a world by what was asked for: repeats are the same fact, other contents another."""

    of: dict[str, Fact] = field(default_factory=dict)
    spent: dict[tuple[Any, ...], Fact] = field(default_factory=dict)
    tried: set[tuple[Any, ...]] = field(default_factory=set)
    """The ids that something was sent under, whatever came of it."""

    def is_new(self, op: Op) -> bool:
        """Tell whether nothing was sent yet under an operation's id; one that spends no id is always new."""
        return id_of(op) not in self.tried

    def take(self, outcome: Outcome) -> None:
        """Take in what was answered.

        Raises
        ------
        Violation
            The answer is none that there may be, or contradicts an earlier one.
        """
        op, answer = outcome.op, outcome.answer
        if answer is not None and answer.status not in ALLOWED:
            raise Violation("answer not allowed", f"{op}: {answer.status} {answer.body}")
        if outcome.alone and (answer is None or answer.status == 503 or _code(answer) == "conflict"):
            raise Violation("refused without a reason", f"{op}: {answer}")
        if op.do in SILENT:
            return
        name = id_of(op)
        if name is not None:
            self.tried.add(name)
        fact = self.of.setdefault(repr(op), Fact(op, outcome.started, outcome.ended, outcome.step))
        if answer is not None and answer.status < 300:
            self._taken(fact, answer, outcome)
        elif outcome.unknown:
            fact.unknown, fact.refused = not fact.happened, False
        elif _code(answer) != "conflict" and id_of(op) is not None:
            if fact.happened and outcome.step == fact.step:
                return  # sent twice at once, and refused before the other one could happen
            if fact.happened:
                raise Violation("repeat refused", f"{op}: {answer and answer.body}")
            self._reused(outcome)
            if outcome.step > fact.step or not fact.unknown:  # whatever was sent before has come to its end
                fact.refused = True
        fact.first = min(fact.first, outcome.started)
        if not fact.happened or outcome.step == fact.step:
            fact.last, fact.step = max(fact.last, outcome.ended), outcome.step

    def _reused(self, outcome: Outcome) -> None:
        """What comes under an id that something else has spent is told so."""
        spent = id_of(outcome.op)
        other = None if spent is None else self.spent.get(spent)
        if other is None or other.step == outcome.step or outcome.answer is None:
            return
        if outcome.answer.status != 422 or not _code(outcome.answer).endswith("_reused"):
            raise Violation("id used again", f"{outcome.op} after {other.op}: {outcome.answer.body}")

    def _taken(self, fact: Fact, answer: Answer, outcome: Outcome) -> None:
        if fact.answer is None:
            fact.answer = answer
            spent = id_of(fact.op)
            if spent is not None and self.spent.setdefault(spent, fact) is not fact:
                raise Violation("two contents under one id", f"{fact.op} and {self.spent[spent].op}")
            fact.last, fact.step = max(fact.last, outcome.ended), outcome.step
        else:
            self._same_again(fact.op, fact.answer, answer)
        fact.happened, fact.unknown = True, False

    @staticmethod
    def _same_again(op: Op, before: Answer, answer: Answer) -> None:
        gave = ("refund_fen", "points_restored")
        coupon = ("coupon_id", "valid_from", "valid_until", "face_value_fen", "rate")
        same = {
            "order": ("order_id", "quote", "placed_at"),
            "give_back": gave,
            "cancel_units": gave,
            **dict.fromkeys(("claim", "enter_code", "issue"), coupon),
            "make_codes": ("codes",),
        }
        for each in same.get(op.do, ()):
            if before.body[each] != answer.body[each]:
                raise Violation("repeat answered otherwise", f"{op}: {each} was {before.body[each]}")

    def happened(self, do: str) -> list[Fact]:
        """Return what has happened of a kind."""
        return [fact for fact in self.of.values() if fact.op.do == do and fact.happened]

    def resolve(self, world: World) -> None:
        """Find out by reading what became of all that has no answer; what was refused must not be there.

        Raises
        ------
        Violation
            Something was refused although it had happened, or had happened under an id of something else.
        """
        for fact in self.of.values():
            spent = id_of(fact.op)
            other = None if spent is None else self.spent.get(spent)
            if fact.happened or (other is not None and other is not fact):
                fact.unknown = fact.refused = False
            elif fact.unknown or fact.refused:
                there = _is_there(fact.op, world)
                if there and fact.refused:
                    raise Violation("refused although it has happened", f"{fact.op}")
                fact.happened, fact.unknown, fact.refused = there, False, False
                if there and spent is not None:
                    self.spent[spent] = fact


def _code(answer: Answer | None) -> str:
    return "" if answer is None else str(answer.body.get("code", ""))


def _is_there(op: Op, world: World) -> bool:
    """Read whether something has happened."""
    cloud = world.cloud
    match op.do:
        case "register":
            return world.ask(Call("GET", "/members/me", None, claims(op["member"]))).status == 200
        case "move_stock":
            key = catalog_rows.key(op["sku"], MOVEMENT + op["movement"])
            row = cloud.row("Catalog", **key)
            return row is not None and row["delta"] == op["delta"]
        case "adjust":
            row = cloud.row("Members", **account_rows.adjustment_key(op["adjustment"]))
            return row is not None and (row["adjusted_member_id"], row["points"]) == (
                op["member"],
                op["points"],
            )
        case "put_product":  # another may have come after it
            return world.ask(Call("GET", f"/products/{op['sku']}", None, staff())).status == 200
        case "set_birthday" | "put_campaign" | "put_template":
            return True  # nothing depends on it: what they say is read from their rows
        case "claim":
            row = _coupon(op["member"], identifiers.claimed_coupon_id(op["member"], op["key"]), world)
            return row is not None and row["template_id"] == op["template"]
        case "enter_code":
            code = codes.normal(op["code"]) or ""
            return _coupon(op["member"], identifiers.code_coupon_id(op["member"], code), world) is not None
        case "issue":
            row = _coupon(op["member"], identifiers.issued_coupon_id(op["issue"]), world)
            return row is not None and row["template_id"] == op["template"]
        case "make_codes":
            row = cloud.row("Catalog", **batch_key(op["template"], op["batch"]))
            return row is not None and all(row.get(name) == value for name, value in op["told"].items())
    if op.do == "order":
        answer = world.ask(Call("GET", f"/orders/{order_id_of(order_name(op))}", None, staff()))
        bought = [line for line in answer.body.get("lines", []) if line["gift_of"] is None]
        lines = {line["sku"]: line["quantity"] for line in bought}
        return answer.status == 200 and lines == op["units"]
    order_id = order_id_of(op["order"])
    if op.do in SPENDS:
        kind, name = SPENDS[op.do]
        return cloud.row("Orders", **order_rows.spent_key(order_id, kind, op[name])) is not None
    order = world.ask(Call("GET", f"/orders/{order_id}", None, staff())).body
    match op.do:
        case "pay":
            return any(
                (each["payment_id"], each["amount_fen"]) == (op["payment"], op["amount_fen"])
                for each in order.get("payments", [])
            )
        case "ship":
            return bool(order.get("shipped_at"))
        case "receive":
            return bool(order.get("received_at"))
    return bool(order.get("status") == {"refuse": "refused", "cancel": "cancelled"}[op.do])


def _coupon(member: str, coupon_id: str, world: World) -> Json | None:
    return world.cloud.row("Members", **coupon_key(member, coupon_id))


def order_name(op: Op) -> str:
    """Return how later operations call the order that one places."""
    return f"{op['member']}/{op['key']}"


def units_of(op: Op, line_ids: Sequence[str]) -> dict[str, int]:
    """Return the units that an operation takes out of an order, by the ids of its lines (V6)."""
    if op.what.get("by_line"):
        return dict(op["units"])
    named = {line_id.partition(":")[0]: line_id for line_id in line_ids}
    return {named.get(sku, sku): units for sku, units in op["units"].items()}


def within(fact: Fact, moment: datetime) -> bool:
    """Tell whether a moment lies in the span in which a fact can have come about."""
    return fact.first - timedelta(seconds=1) <= moment <= fact.last + timedelta(seconds=1)
