"""Cases under faults, repeats and rivals: one effect or none, and every unit counted once (A1-A7, A9)."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.aftersales import api as cases_api
from functions.domain.policy import Policy
from functions.platform.dynamo import Tables
from functions.platform.observability import metrics
from functions.platform.settings import Settings
from tests.support.aftersales import FOLLOW_CASES, CaseWorkers
from tests.support.bench import KETTLE, TEA, UNITS, Bench
from tests.support.events import Answer, Call, claims, staff
from tests.support.faults import Calls
from tests.support.threads import at_once
from tests.support.trials import ENDLESS, FAULTS, Trial, struck

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Body = dict[str, Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAS, KETTLES = 3, 1
ALICE, CLERK, OTHER = claims("alice"), staff(), staff("another")
MANY = 20
ROUNDS = 8
POT = "pot"
"""Costs what a kettle does."""


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@dataclass
class Counter(Bench):
    """A bench that serves cases too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cases_api = cases_api.create(self.tables, self.settings, self.policy, lambda: self.now)

    def ask(self, method: str, path: str, body: Any = None, **how: Any) -> Answer:
        """Send a request to the function that serves its path, as alice unless told."""
        if path.endswith("/cases") or path.startswith("/cases"):
            call = Call(method, path, body, how.get("who") or ALICE, {}, how.get("query") or {})
            return call.to(self.cases_api)
        return super().ask(method, path, body, **how)

    def request(self, request_id: str, kind: str, units: dict[str, int] | None, **said: Any) -> Body:
        """Return the body that asks for something."""
        body: Body = {"request_id": request_id, "kind": kind, "reason": "defective", **said}
        if units is not None:
            body["lines"] = [{"sku": sku, "quantity": count} for sku, count in units.items()]
        return body

    def opened(
        self, order_id: str, request_id: str, kind: str, units: dict[str, int] | None = None, **said: Any
    ) -> str:
        """Have a case opened; return its id."""
        body = self.request(request_id, kind, units, **said)
        case_id: str = self.must("POST", f"/orders/{order_id}/cases", body)["case_id"]
        return case_id

    def do(self, case_id: str, what: str, body: Any = None, who: dict[str, str] | None = None) -> Body:
        """Have one of a case's calls done, by staff unless told."""
        done: Body = self.must("POST", f"/cases/{case_id}/{what}", body, who=who or CLERK)
        return done

    def case(self, case_id: str) -> Body:
        """Return a case as staff see it."""
        found: Body = self.must("GET", f"/cases/{case_id}", who=CLERK)
        return found

    def seen(self, order_id: str) -> Body:
        """Return an order as staff see it."""
        found: Body = self.must("GET", f"/orders/{order_id}", who=CLERK)
        return found

    def tea(self, order_id: str) -> Body:
        """Return an order's line of tea."""
        found: Body = self.seen(order_id)["lines"][0]
        return found

    def units(self, sku: str) -> int:
        """Return what is in stock."""
        return self.shop.units(sku)

    def follow(self) -> bool:
        """Run the job that writes passed deadlines; return whether all of it was worked off."""
        return not CaseWorkers(self.shop).do(FOLLOW_CASES, self.now)


@pytest.fixture
def counter(rows: Tables, settings: Settings, policy: Policy) -> Counter:
    """A stocked shop, and alice."""
    made = Counter(rows, settings, policy)
    made.open()
    made.shop.stock(POT, UNITS, 20_000)
    return made


def posted(counter: Counter, path: str, body: Any = None, who: dict[str, str] | None = None) -> Any:
    """Return how a request was answered: the status, and the code of a refusal."""
    outcome = counter.outcome("POST", path, body, who=who or CLERK)
    return outcome.status, outcome.code


# Many at once --------------------------------------------------------------------------------------------


def test_case_2_the_same_opening_twenty_times_at_once_is_one_case(counter: Counter) -> None:
    order_id = counter.received()
    body = counter.request("r1", "return", {TEA: 2})
    path = f"/orders/{order_id}/cases"
    found = at_once(MANY, lambda _: counter.ask("POST", path, body))
    answers = [each for each in found if isinstance(each, Answer)]
    assert {each.status for each in answers} <= {201, 409, 503}
    made = {each.body["case_id"] for each in answers if each.status == 201}
    assert len(made) == 1
    assert counter.ask("POST", path, body).body["case_id"] in made
    listed = counter.must("GET", "/members/me/cases")["items"]
    assert [each["case_id"] for each in listed] == list(made)
    assert counter.tea(order_id)["in_cases"] == 2


def test_case_8_two_cases_for_the_last_unit_at_once_are_one(counter: Counter) -> None:
    for turn in range(ROUNDS):
        order_id = counter.placed(f"k{turn}")
        _go_on(counter, order_id, turn)
        counter.opened(order_id, "first", "return", {TEA: TEAS - 1})
        path = f"/orders/{order_id}/cases"
        bodies = [
            counter.request(f"r{number}", ("return", "exchange")[number % 2], {TEA: 1}) for number in range(4)
        ]
        found = at_once(4, lambda number, path=path, bodies=bodies: counter.ask("POST", path, bodies[number]))  # type: ignore[misc]
        answers = [each for each in found if isinstance(each, Answer)]
        assert sum(each.status == 201 for each in answers) == 1
        assert {each.code for each in answers if each.status != 201} <= {
            "unit_in_case",
            "conflict",
            "try_again",
        }
        assert counter.tea(order_id)["in_cases"] == TEAS


def _go_on(counter: Counter, order_id: str, turn: int) -> None:
    """Let a placed order be paid, shipped and received."""
    assert counter.pay(order_id, f"p{turn}").done
    assert counter.by_staff("POST", f"/orders/{order_id}/shipment").done
    counter.must("POST", f"/orders/{order_id}/receipt")


Act = tuple[str, Any, dict[str, str]]


def _rivals(case_id: str, order_id: str) -> dict[str, tuple[str, list[Act]]]:
    """Return what may happen to a case at once: the state that it begins in, and the acts."""
    case, order = f"/cases/{case_id}", f"/orders/{order_id}"
    everything = {"return_id": "b1", "lines": [{"sku": TEA, "quantity": TEAS}]}
    shrinking = {"return_id": "b1", "lines": [{"sku": TEA, "quantity": 2}]}
    return {
        "approve against withdraw": (
            "requested",
            [(f"{case}/approve", None, CLERK), (f"{case}/withdraw", None, ALICE)],
        ),
        "approve against refuse": (
            "requested",
            [(f"{case}/approve", None, CLERK), (f"{case}/refuse", {"reason": "no"}, OTHER)],
        ),
        "receive against direct return": (
            "shipped_back",
            [(f"{case}/receive", None, CLERK), (f"{order}/returns", everything, OTHER)],
        ),
        "receive against a return of a part": (
            "shipped_back",
            [(f"{case}/receive", None, CLERK), (f"{order}/returns", shrinking, OTHER)],
        ),
        "receive against withdraw": (
            "approved",
            [(f"{case}/receive", None, CLERK), (f"{case}/withdraw", None, ALICE)],
        ),
        "approve against direct return": (
            "requested",
            [(f"{case}/approve", None, CLERK), (f"{order}/returns", everything, OTHER)],
        ),
        "receive twice by two": (
            "shipped_back",
            [(f"{case}/receive", None, CLERK), (f"{case}/receive", None, OTHER)],
        ),
    }


def _reach(counter: Counter, case_id: str, state: str) -> None:
    if state in ("approved", "shipped_back"):
        counter.do(case_id, "approve")
    if state == "shipped_back":
        counter.do(case_id, "shipment", {}, ALICE)


@pytest.mark.parametrize("kind", ["return", "exchange"])
@pytest.mark.parametrize("rivals", _rivals("", ""))
def test_case_9_of_rivals_about_a_case_one_wins_and_every_unit_is_counted_once(
    counter: Counter, kind: str, rivals: str
) -> None:
    """Stock in the shop, with members and in the hands of exchanges come to what there was, at every end."""
    for turn in range(ROUNDS):
        order_id = counter.placed(f"k{turn}")
        _go_on(counter, order_id, turn)
        stock = counter.units(TEA)
        case_id = counter.opened(order_id, "r1", kind, {TEA: 2})
        state, acts = _rivals(case_id, order_id)[rivals]
        _reach(counter, case_id, state)
        found = at_once(4, lambda number, acts=acts: posted(counter, *acts[number % 2]))  # type: ignore[misc]
        assert any(each == (200, "") for each in found), found
        case, line = counter.case(case_id), counter.tea(order_id)
        assert len({each["state"] for each in case["history"]}) == len(case["history"])
        reserved = 2 if kind == "exchange" and case["state"] in ("approved", "shipped_back") else 0
        if reserved and case["lines"]:
            reserved = case["lines"][0]["quantity"]
        assert counter.units(TEA) == stock + line["returned_quantity"] - reserved, (turn, case)
        open_units = 0 if case["state"] in ("closed", "withdrawn") else case["lines"][0]["quantity"]
        assert line.get("in_cases", 0) == open_units
        assert line["returned_quantity"] <= TEAS
        seen = counter.seen(order_id)
        assert seen["refunded_fen"] == seen["paid_fen"] - seen["retained"]["paid_fen"]
        freight = case["return_shipping_fen"] or 0
        refunds = sum(each["amount_fen"] for each in seen.get("refunds", []))
        assert refunds == seen["refunded_fen"] + freight


@pytest.mark.parametrize("followed", [False, True], ids=["staff alone", "the job too"])
def test_case_9_staff_against_the_deadline_at_once_leave_one_story(counter: Counter, followed: bool) -> None:
    for turn in range(ROUNDS):
        order_id = counter.placed(f"k{turn}")
        _go_on(counter, order_id, turn)
        case_id = counter.opened(order_id, "r1", "return", {TEA: 2})
        counter.now += 48 * HOUR
        refuse = partial(posted, counter, f"/cases/{case_id}/refuse", {"reason": "no"})
        withdraw = partial(posted, counter, f"/cases/{case_id}/withdraw", None, ALICE)
        acts: list[Callable[[], Any]] = [refuse, counter.follow if followed else refuse, withdraw]
        found = at_once(6, lambda number, acts=acts: acts[number % 3]())  # type: ignore[misc]
        assert not any(each == (200, "") for each in (found[0], found[3])), "a second late"
        case = counter.case(case_id)
        states = [each["state"] for each in case["history"]]
        assert states in (["requested", "approved"], ["requested", "approved", "withdrawn"])
        assert case["history"][1]["by"] == "deadline"
        assert counter.tea(order_id).get("in_cases", 0) == (2 if case["state"] == "approved" else 0)


def test_case_9_the_refund_of_a_paid_order_and_its_shipment_at_once_end_as_one_of_them(
    counter: Counter,
) -> None:
    for turn in range(ROUNDS):
        order_id = counter.placed(f"k{turn}")
        assert counter.pay(order_id, f"p{turn}").done
        stock = counter.units(TEA)
        opening = (f"/orders/{order_id}/cases", counter.request("r1", "refund_only", None), ALICE)
        acts: list[Act] = [opening, (f"/orders/{order_id}/shipment", None, CLERK)]
        at_once(4, lambda number, acts=acts: posted(counter, *acts[number % 2]))  # type: ignore[misc]
        counter.outcome("POST", opening[0], opening[1])
        (case,) = [
            each for each in counter.must("GET", "/members/me/cases")["items"] if each["order_id"] == order_id
        ]
        order = counter.seen(order_id)
        if order["status"] == "cancelled":
            assert (case["state"], case["refund_fen"]) == ("closed", order["paid_fen"])
            assert counter.units(TEA) == stock + TEAS
        else:
            assert (order["status"], case["state"]) == ("shipped", "requested")
            assert counter.units(TEA) == stock


def test_case_9_an_opening_and_direct_returns_at_once_never_count_a_unit_twice(counter: Counter) -> None:
    for turn in range(ROUNDS):
        order_id = counter.placed(f"k{turn}")
        _go_on(counter, order_id, turn)
        acts: list[Act] = [
            (f"/orders/{order_id}/cases", counter.request("r1", "return", {TEA: 2}), ALICE),
            (f"/orders/{order_id}/returns", _back("b1"), CLERK),
            (f"/orders/{order_id}/cases", counter.request("r2", "exchange", {TEA: 1}), ALICE),
            (f"/orders/{order_id}/returns", _back("b2"), CLERK),
        ]
        at_once(4, lambda number, acts=acts: posted(counter, *acts[number]))  # type: ignore[misc]
        line = counter.tea(order_id)
        cases = [
            each
            for each in counter.must("GET", "/members/me/cases", query={"limit": "100"})["items"]
            if each["order_id"] == order_id and each["state"] == "requested"
        ]
        in_cases = sum(line["quantity"] for each in cases for line in each["lines"])
        assert line.get("in_cases", 0) == in_cases
        assert in_cases + line["returned_quantity"] <= TEAS


def _back(return_id: str) -> Body:
    """Return the body of a direct return of a tea."""
    return {"return_id": return_id, "lines": [{"sku": TEA, "quantity": 1}]}


def test_case_9_the_loss_of_a_parcel_and_its_receipt_or_refusal_at_once_end_as_one_of_them(
    counter: Counter,
) -> None:
    for turn, rival in enumerate(["receipt", "refusal"] * (ROUNDS // 2)):
        order_id = counter.placed(f"k{turn}")
        assert counter.pay(order_id, f"p{turn}").done
        assert counter.by_staff("POST", f"/orders/{order_id}/shipment").done
        stock = counter.units(TEA)
        case_id = counter.opened(order_id, "r1", "refund_only", reason="not_received")
        acts: list[Act] = [
            (f"/cases/{case_id}/approve", None, CLERK),
            (f"/orders/{order_id}/{rival}", None, OTHER),
        ]
        at_once(4, lambda number, acts=acts: posted(counter, *acts[number % 2]))  # type: ignore[misc]
        order = counter.seen(order_id)
        came_back = order["status"] == "refused" and not order.get("lost", False)
        assert counter.units(TEA) == stock + (TEAS if came_back else 0)
        assert sum(each["amount_fen"] for each in order.get("refunds", [])) == order["refunded_fen"]


def test_case_8_two_exchanges_for_the_last_unit_of_stock_at_once_are_one(counter: Counter) -> None:
    for turn in range(ROUNDS):
        order_id = counter.placed(f"k{turn}")
        _go_on(counter, order_id, turn)
        other = counter.placed(f"o{turn}")
        _go_on(counter, other, 100 + turn)
        line = [{"sku": KETTLE, "quantity": 1, "for": POT}]
        cases = [counter.opened(each, "x1", "exchange", lines=line) for each in (order_id, other)]
        body = {"movement_id": f"m{turn}", "delta": 1 - counter.units(POT), "reason": "one"}
        if body["delta"]:
            counter.must("POST", f"/products/{POT}/stock", body, who=CLERK)
        paths = [f"/cases/{each}/approve" for each in cases]
        found = at_once(4, lambda number, paths=paths: posted(counter, paths[number % 2]))  # type: ignore[misc]
        done = [counter.case(each)["state"] for each in cases]
        assert sorted(done) == ["approved", "requested"], found
        assert counter.units(POT) == 0


def test_case_12_a_settlement_many_times_at_once_is_one(counter: Counter) -> None:
    order_id = counter.received()
    case_id = counter.opened(order_id, "r1", "complaint")
    before = counter.must("GET", "/members/me/points")["available"]
    body = {"points": 500, "reason": "late"}
    at_once(
        MANY, lambda number: posted(counter, f"/cases/{case_id}/settle", body, (CLERK, OTHER)[number % 2])
    )
    assert posted(counter, f"/cases/{case_id}/settle", body) in ((200, ""), (409, "case_settled"))
    assert counter.must("GET", "/members/me/points")["available"] == before + 500


def test_case_12_the_approval_of_a_refund_many_times_at_once_is_one(counter: Counter) -> None:
    for kind in ("received", "shipped"):
        order_id = counter.placed(kind)
        assert counter.pay(order_id, kind).done
        assert counter.by_staff("POST", f"/orders/{order_id}/shipment").done
        if kind == "received":
            counter.must("POST", f"/orders/{order_id}/receipt")
        stock = counter.units(TEA)
        case_id = counter.opened(
            order_id, "r1", "refund_only", {TEA: 2} if kind == "received" else None, reason="not_received"
        )
        path = f"/cases/{case_id}/approve"
        at_once(8, lambda number, path=path: posted(counter, path, None, (CLERK, OTHER)[number % 2]))  # type: ignore[misc]
        case, order = counter.case(case_id), counter.seen(order_id)
        assert (case["state"], case["refund_fen"]) == ("closed", order["refunded_fen"])
        assert [each["amount_fen"] for each in order["refunds"]] == [case["refund_fen"]]
        assert counter.units(TEA) == stock
        moves = counter.must("GET", f"/products/{TEA}/movements", who=CLERK)["items"]
        lost = [each["delta"] for each in moves if each["movement_id"] == f"lost:{case_id}"]
        assert lost == [-2 if kind == "received" else -TEAS]


# Faults --------------------------------------------------------------------------------------------------

Scene = Callable[[Counter], Callable[[], Any]]


def _call(counter: Counter, path: str, body: Any = None, who: dict[str, str] | None = None) -> Any:
    return lambda: posted(counter, path, body, who)


def _opening(kind: str, units: dict[str, int] | None) -> Scene:
    def ready(counter: Counter) -> Callable[[], Any]:
        order_id = counter.received(points=2_000)
        body = counter.request("r1", kind, units, text="They leak.")
        done: Callable[[], Any] = _call(counter, f"/orders/{order_id}/cases", body, ALICE)
        return done

    return ready


def _cancelling(counter: Counter) -> Callable[[], Any]:
    order_id = counter.paid(points=2_000)
    body = counter.request("r1", "refund_only", None)
    done: Callable[[], Any] = _call(counter, f"/orders/{order_id}/cases", body, ALICE)
    return done


def _exchange(counter: Counter) -> str:
    order_id = counter.received(points=2_000)
    return counter.opened(order_id, "x1", "exchange", lines=[{"sku": KETTLE, "quantity": 1, "for": POT}])


def _approving(counter: Counter) -> Callable[[], Any]:
    done: Callable[[], Any] = _call(counter, f"/cases/{_exchange(counter)}/approve")
    return done


def _withdrawing(counter: Counter) -> Callable[[], Any]:
    case_id = _exchange(counter)
    counter.do(case_id, "approve")
    done: Callable[[], Any] = _call(counter, f"/cases/{case_id}/withdraw", None, ALICE)
    return done


def _receiving(*, exchange: bool) -> Scene:
    def ready(counter: Counter) -> Callable[[], Any]:
        if exchange:
            case_id = _exchange(counter)
        else:
            case_id = counter.opened(counter.received(points=2_000), "r1", "return", {TEA: 2})
        _reach(counter, case_id, "shipped_back")
        done: Callable[[], Any] = _call(counter, f"/cases/{case_id}/receive")
        return done

    return ready


def _refunding(counter: Counter) -> Callable[[], Any]:
    case_id = counter.opened(counter.received(points=2_000), "r1", "refund_only", {TEA: 2})
    done: Callable[[], Any] = _call(counter, f"/cases/{case_id}/approve")
    return done


def _settling(*, coupon: bool) -> Scene:
    def ready(counter: Counter) -> Callable[[], Any]:
        template = {
            "name": "Sorry",
            "kind": "amount",
            "face_value_fen": 500,
            "min_fen": 0,
            "scope": {"all": True},
            "valid": {"days": 7},
            "status": "active",
            "for_complaints": True,
        }
        assert counter.ask("PUT", "/coupon-templates/sorry", template, who=CLERK).status == 201
        case_id = counter.opened(counter.received(), "r1", "complaint")
        body = {"reason": "late"} | ({"template_id": "sorry"} if coupon else {"points": 500})
        done: Callable[[], Any] = _call(counter, f"/cases/{case_id}/settle", body)
        return done

    return ready


def _giving_back(counter: Counter) -> Callable[[], Any]:
    """Let a direct return take units of two cases, one of them an approved exchange."""
    order_id = counter.received(points=2_000)
    counter.opened(order_id, "r1", "return", {TEA: 1})
    case_id = counter.opened(order_id, "x1", "exchange", {TEA: 2})
    counter.do(case_id, "approve")
    body = {"return_id": "b1", "lines": [{"sku": TEA, "quantity": TEAS}]}
    done: Callable[[], Any] = _call(counter, f"/orders/{order_id}/returns", body)
    return done


def _following(counter: Counter) -> Callable[[], Any]:
    """Let deadlines have passed: of a silence, of an exchange not sent back, and of one that is overdue."""
    order_id = counter.received(points=2_000)
    case_id = counter.opened(order_id, "x1", "exchange", lines=[{"sku": KETTLE, "quantity": 1, "for": POT}])
    counter.do(case_id, "approve")
    counter.now += 5 * DAY
    counter.opened(order_id, "r1", "return", {TEA: 1})
    counter.opened(order_id, "x2", "exchange", {TEA: 1})
    counter.now += 2 * DAY
    return lambda: (200, "") if counter.follow() else (0, "delivered again")


SCENES: dict[str, Scene] = {
    "open a return": _opening("return", {TEA: 2}),
    "open a complaint": _opening("complaint", None),
    "refund a paid order": _cancelling,
    "approve an exchange": _approving,
    "withdraw an exchange": _withdrawing,
    "receive a return": _receiving(exchange=False),
    "receive an exchange": _receiving(exchange=True),
    "approve a refund": _refunding,
    "settle with points": _settling(coupon=False),
    "settle with a coupon": _settling(coupon=True),
    "return directly": _giving_back,
}
JOB = "follow the cases"
EVERY = pytest.mark.parametrize("scene", SCENES)


def _trial(counter: Counter, scene: str) -> Trial:
    """Return something that is done about a case, begun anew each time."""
    act = SCENES[scene](counter)

    def sent() -> tuple[int, str] | None:
        status, code = act()
        return None if status in (200, 201) else (status, code)

    trial = Trial(counter, sent)
    assert trial.answered is None
    return trial


@EVERY
def test_cases_14_to_22_at_every_call_what_is_done_about_a_case_is_one_effect_or_none(
    counter: Counter, calls: Calls, scene: str
) -> None:
    _trial(counter, scene).strike_at_every_call(calls)


@EVERY
def test_case_20_killed_at_any_point_what_is_done_about_a_case_is_there_or_not_at_all(
    counter: Counter, client: "DynamoDBClient", scene: str
) -> None:
    _trial(counter, scene).kill_at_every_point(client)


def _settled(dump: Any) -> Any:
    """Return what is written, without the marks of the job's own run."""
    return {place: row for place, row in dump.items() if place[0] != "Reports"}


def test_cases_14_to_22_at_every_call_of_the_job_each_case_is_followed_or_not_and_all_are_in_the_end(
    counter: Counter, calls: Calls
) -> None:
    act = _following(counter)
    before = counter.dump()
    assert act() == (200, "")
    after = _settled(counter.dump())

    def run() -> None:
        with suppress(Exception):
            act()

    for fault, sends in itertools.product(FAULTS, (1, ENDLESS)):
        struck_runs = struck(calls, fault, sends, partial(counter.restore, before), run)
        for number, (name, _) in enumerate(struck_runs):
            found = _settled(counter.dump())
            assert all(row in (before.get(place), after.get(place)) for place, row in found.items()), (
                fault,
                number,
                name,
            )
            for _ in range(2):
                assert act() == (200, "")
            assert _settled(counter.dump()) == after, (fault, number, name)


def test_case_32_the_job_twice_at_once_is_one_run(counter: Counter) -> None:
    act = _following(counter)
    before = counter.dump()
    assert act() == (200, "")
    after = _settled(counter.dump())
    for _ in range(3):
        counter.restore(before)
        at_once(4, lambda _: act())
        assert act() == (200, "")
        assert _settled(counter.dump()) == after
