"""A small story that was played: an order of 3 cups with 2 000 points, one of which came back (O5)."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

from functions.domain import policy as policies
from local.demo.acts import Act, Call, Chapter
from local.demo.books import Account, Books, Member, Shelf
from local.demo.checks import examine
from local.demo.player import Ended, Played, Told

AT = datetime.fromisoformat("2027-04-10T10:00:00+08:00")
ORDER = "ord_" + "a" * 26
Json = dict[str, Any]
Change = Callable[[Json], object]


def _entry(kind: str, order_id: str | None, after: tuple[int, int], **moved: Any) -> Json:
    available, frozen = moved.get("available", 0), moved.get("frozen", 0)
    return {
        "kind": kind,
        "order_id": order_id,
        "adjustment_id": moved.get("adjustment"),
        "occurred_at": AT.isoformat(),
        "available_delta": available,
        "available_by_year_delta": {"2026": available} if available else {},
        "frozen_delta": frozen,
        "debt_delta": 0,
        "lapsed_points": 0,
        "available": after[0],
        "frozen": after[1],
        "debt": 0,
    }


def _case(kind: str, state: str, lines: list[Json], **came_to: Any) -> Json:
    return {
        "case_id": f"cas_{kind}",
        "order_id": ORDER,
        "kind": kind,
        "state": state,
        "lines": lines,
        "escalate_by": None,
        "refund_fen": 0,
        "return_shipping_fen": None,
        "settlement": None,
        **came_to,
    }


FACTS: Json = {
    "account": {
        "member": "dana",
        "tier": "J1",
        "effective_fen": 13_334,
        "available": 667,
        "frozen": 131,
        "debt": 0,
        "by_expiry": {"2027-12-31": 667},
    },
    "entries": [
        _entry("adjust", None, (2_000, 0), available=2_000, adjustment="case cas_1"),
        _entry("redeem", ORDER, (0, 0), available=-2_000),
        _entry("earn", ORDER, (0, 196), frozen=196),
        _entry("restore", ORDER, (667, 196), available=667),
        _entry("reverse", ORDER, (667, 131), frozen=-65),
    ],
    "order": {
        "order_id": ORDER,
        "status": "received",
        "paid_at": AT.isoformat(),
        "paid_fen": 19_601,
        "refunded_fen": 6_534,
        "payments": [
            {"payment_id": "wechatpay:42", "provider": "wechatpay", "amount_fen": 19_601, "applied": True}
        ],
        "retained": {
            "order_amount_fen": 13_334,
            "paid_fen": 13_067,
            "redeemed_points": 1_333,
            "earned_points": 131,
        },
        "lines": [
            {
                "line_id": "cup",
                "sku": "cup",
                "quantity": 3,
                "in_cases": 1,
                "cancelled_quantity": 0,
                "returned_quantity": 1,
                "unit_price_fen": 6_667,
                "price_of": "list",
                "gift_of": None,
            }
        ],
        "quote": {
            "tier": "J0",
            "lines": [{"sku": "cup", "quantity": 3, "list_price_fen": 6_667, "unit_price_fen": 6_667}],
            "goods_fen": 20_001,
            "campaigns": [],
            "goods_net_fen": 20_001,
            "coupon": None,
            "shipping_fen": 0,
            "points": {"redeemed": 2_000, "value_fen": 400},
            "paid_fen": 19_601,
        },
    },
    "coupons": [
        {
            "coupon_id": "cpn_2027_a",
            "kind": "birthday",
            "valid_from": "2027-06-01T00:00:00+08:00",
            "valid_until": "2027-06-30T23:59:59+08:00",
            "face_value_fen": 2_000,
            "status": "available",
            "order_id": None,
        }
    ],
    "cases": [
        _case("return", "closed", [], refund_fen=6_534, return_shipping_fen=1_200),
        _case("complaint", "answered", [], settlement={"points": 2_000, "coupon_id": None}),
        _case("exchange", "approved", [{"line_id": "cup", "sku": "cup", "quantity": 1, "for": "mug"}]),
        _case("refund_only", "withdrawn", [{"line_id": "cup", "sku": "cup", "quantity": 2}]),
    ],
    "received_fen": {ORDER: 19_601},
    "due_back_fen": {ORDER: 6_534},
    "freight_fen": {ORDER: 1_200},
    "by_provider_fen": {ORDER: 6_534},
    "trades": [
        {
            "provider": "wechatpay",
            "number": f"{'a' * 26}_01",
            "state": "paid",
            "paid_amount": 19_601,
            "refunds": [{"amount": 6_534, "state": "succeeded"}, {"amount": 6_534, "state": "failed"}],
            "told": [{"done": "taken"}],
        }
    ],
    "strange": [],
    "unassigned": [],
    "failed": {},
    "campaigns": [],
    "templates": [{"template_id": "tea-20", "limits": {"total": 2, "per_member": 1}, "claimed": 2}],
    "stock": 48,
    "mugs": 9,
    "report": {
        "as_of": AT.isoformat(),
        "available": [{"earned_in": 2026, "points": 667, "expires_at": "2027-12-31T23:59:59+08:00"}],
        "frozen": 131,
        "debt": 0,
        "value_fen": 133,
        "accounts": 1,
        "orders": 1,
        "differences": 0,
    },
}


def books(change: Change | None = None, *, audited: bool = True) -> Books:
    """Return the books of the story, with one thing changed."""
    facts = deepcopy(FACTS)
    if change is not None:
        change(facts)
    member = Member(
        account=Account(**facts["account"]),
        entries=facts["entries"],
        orders=[facts["order"]],
        coupons=facts["coupons"],
        cases=facts["cases"],
    )
    return Books(
        at=AT,
        members={"dana": member},
        shelves=[
            Shelf(sku="cup", delivered=50, stock=facts["stock"]),
            Shelf(sku="mug", delivered=10, stock=facts["mugs"]),
        ],
        received_fen=facts["received_fen"],
        due_back_fen=facts["due_back_fen"],
        freight_fen=facts["freight_fen"],
        by_provider_fen=facts["by_provider_fen"],
        failed_messages=facts["failed"],
        report=facts["report"],
        audited=audited,
        campaigns=facts["campaigns"],
        templates=facts["templates"],
        trades=facts["trades"],
        strange=facts["strange"],
        unassigned=facts["unassigned"],
    )


CALL = Call(who="dana", method="POST", path="/orders")
CHAPTERS = (
    Chapter(short="Dec {last}", title="December: <before>", steps=[Act(says="Nothing", calls=[])]),
    Chapter(short="Apr", title="April: piece by piece", steps=[Act(says="A cup comes back", calls=[CALL])]),
)


def ended(chapter: Chapter, change: Change | None = None) -> Ended:
    """Return a chapter that is over."""
    told = Told(
        at=AT,
        says="One cup comes back",
        calls=("POST /orders/{order}/returns → 200",),
        facts=("65.34 go back with 667 points",),
        changes=("Dana: frozen −65 → 131, available +667 → 667",),
        events=("RefundDue",),
        why={"O5": "the refund is the difference"},
    )
    found = books(change)
    outcomes = tuple(examine(found, policies.load()))
    return Ended(chapter=chapter, told=(told,), books=found, outcomes=outcomes)


def played() -> Played:
    """Return the story."""
    return Played(
        year=2027,
        policy=policies.load(),
        chapters=tuple(map(ended, CHAPTERS)),
        calls=12,
        events={"RefundDue": 1},
        names={ORDER: "dana-cups"},
    )
