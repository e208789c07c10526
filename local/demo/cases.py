"""The chapter of after-sales: what came by the till comes back, is exchanged, complained about, or late.

Its figures were reckoned from the rules, as those of the script are.
"""

from __future__ import annotations

from typing import Any

from local.demo.acts import CLERK, Act, Call, Chapter, Json, Wait, received, shipped
from local.demo.money import looked_at

FREIGHT_FEN = 1_200
"""What the policy grants where goods come back that were not right (A6)."""


def opened(
    who: str,
    order: str,
    case: str,
    kind: str,
    reason: str,
    expects: dict[str, Any],
    *,
    status: int = 201,
    **asked: Any,
) -> Call:
    """Return the call by which a member opens a case, kept by a name that is its request id."""
    return Call(
        who=who,
        method="POST",
        path=f"/orders/{{order:{order}}}/cases",
        body={"request_id": case, "kind": kind, "reason": reason, **asked},
        opens=case,
        status=status,
        expects=expects,
    )


def about(
    case: str,
    what: str,
    expects: dict[str, Any],
    body: Json | None = None,
    *,
    who: str = CLERK,
    status: int = 200,
) -> Call:
    """Return the call by which staff, or its member, act on a case."""
    path = f"/cases/{{case:{case}}}/{what}"
    return Call(who=who, method="POST", path=path, body=body, status=status, expects=expects)


def listed(path: str, expects: dict[str, Any]) -> Call:
    """Return the call by which the clerk looks at a list."""
    return Call(who=CLERK, method="GET", path=path, expects=expects)


def shelved(sku: str, stock: int) -> Call:
    """Return the call by which the clerk looks at the stock of a product."""
    return listed(f"/products/{sku}", {"stock": stock})


CASES = Chapter(
    short="Cases",
    title="After-sales: a return through the till, an exchange, a complaint, and a parcel that is late",
    steps=[
        Act(
            says="What was paid at the till goes out; Ivy and Jun have it, Kai's cup is on its way",
            calls=[
                shipped("ivy-tea"),
                received("ivy", "ivy-tea"),
                shipped("jun-towels"),
                received("jun", "jun-towels"),
                shipped("kai-cup"),
            ],
        ),
        Act(
            says="Ivy's tin was open: she asks to send it back, and the clerk approves",
            calls=[
                opened(
                    "ivy",
                    "ivy-tea",
                    "ivy-tin",
                    "return",
                    "defective",
                    {"state": "requested", "send_back_by": None, "history.0.by": "member"},
                    lines=[{"sku": "tea", "quantity": 1}],
                    text="The tin was open.",
                ),
                listed(
                    "/cases", {"items.0.kind": "return", "items.0.text": "The tin was open.", "items.1": None}
                ),
                about("ivy-tin", "approve", {"state": "approved", "answer_by": None}),
            ],
            about=["ivy"],
            why={
                "A1": "a member asks under an id of their own: the same request is the same case",
                "A2": "each state says who is to act, and until when",
            },
            leaves={"effective_fen": 30_750, "frozen": 110},
        ),
        Act(
            says="She sends it back, and the clerk receives it",
            calls=[
                about("ivy-tin", "shipment", {"state": "shipped_back"}, {"tracking_no": "SF-IVY"}, who="ivy"),
                about(
                    "ivy-tin",
                    "receive",
                    {"state": "closed", "refund_fen": 10_950, "return_shipping_fen": FREIGHT_FEN},
                ),
            ],
            about=["ivy"],
            why={
                "A4": "what is received comes back as if staff had taken it back directly",
                "A6": "the shop owes the parcel, too; nothing is left of the payment, so it is paid by hand",
            },
            leaves={"effective_fen": 19_800, "frozen": 0},
        ),
        Wait(
            says="Some minutes pass",
            to="+5m",
            why={"Y6": "what is due back of money from the till is sent back by itself, within a minute"},
        ),
        Act(
            says="Jun has a stain on one of his towels and asks for a cloth of that price instead",
            calls=[
                opened(
                    "jun",
                    "jun-towels",
                    "jun-stain",
                    "exchange",
                    "damaged",
                    {"state": "requested", "lines.0.for": "cloth"},
                    lines=[{"sku": "towel", "quantity": 1, "for": "cloth"}],
                ),
                about("jun-stain", "approve", {"state": "approved"}),
                shelved("cloth", 49),
                about("jun-stain", "shipment", {"state": "shipped_back"}, who="jun"),
                about(
                    "jun-stain",
                    "receive",
                    {"state": "closed", "refund_fen": 0, "return_shipping_fen": FREIGHT_FEN},
                ),
                looked_at(
                    "jun",
                    "jun-towels",
                    {
                        "status": "received",
                        "refunded_fen": 0,
                        "lines.0.held.cloth": 1,
                        "lines.0.in_cases": None,
                    },
                ),
                shelved("cloth", 49),
            ],
            about=["jun"],
            why={
                "A7": "its stock is taken when it is approved; price, points and E stay as they are",
                "A6": "the parcel's 12.00 go back out of the payment, and nothing that is kept changes",
            },
            leaves={"effective_fen": 27_200},
        ),
        Act(
            says="Jun would send the other towel back, for no reason, and then asks again, for both",
            calls=[
                opened(
                    "jun",
                    "jun-towels",
                    "jun-whim",
                    "return",
                    "no_reason",
                    {"state": "approved", "history.1.by": "deadline", "escalate_by": None},
                    lines=[{"sku": "towel", "quantity": 1}],
                ),
                opened(
                    "jun",
                    "jun-towels",
                    "jun-both",
                    "return",
                    "no_reason",
                    {"code": "unit_in_case"},
                    status=409,
                    lines=[{"sku": "towel", "quantity": 2}],
                ),
            ],
            about=["jun"],
            why={
                "A3": "a return for no reason is approved at once, for seven days after that of the receipt",
                "A5": "a unit is in one case: both are not free for another",
            },
            leaves={"effective_fen": 27_200},
        ),
        Wait(
            says="Three days pass and some hours; WeChat Pay has said that it is done",
            to="+75h",
            why={
                "Y7": "a provider that has taken a refund is asked until it says so",
                "A11": "a parcel that is on its way for three days is late, and somebody is told",
            },
        ),
        Act(
            says="Ivy looks at her money, the clerk at the parcels that are late",
            calls=[
                looked_at(
                    "ivy",
                    "ivy-tea",
                    {
                        "status": "returned",
                        "refunds.0.amount_fen": 10_950,
                        "refunds.0.provider": "wechatpay",
                        "refunds.0.state": "succeeded",
                        "refunds.1.amount_fen": FREIGHT_FEN,
                        "refunds.1.state": "manual",
                    },
                ),
                looked_at(
                    "jun",
                    "jun-towels",
                    {
                        "refunds.0.amount_fen": FREIGHT_FEN,
                        "refunds.0.provider": "alipay",
                        "refunds.0.state": "succeeded",
                        "refunds.1": None,
                    },
                ),
                listed(
                    "/reports/late-deliveries",
                    {"items.0.status": "shipped", "items.0.paid_fen": 7_667, "items.1": None},
                ),
            ],
        ),
        Act(
            says="Kai complains; the clerk looks for the parcel, answers, and gives 300 points",
            calls=[
                opened(
                    "kai",
                    "kai-cup",
                    "kai-waits",
                    "complaint",
                    "late",
                    {"state": "requested", "lines": []},
                    text="Where is my cup?",
                ),
                about(
                    "kai-waits", "answer", {"state": "answered"}, {"text": "At the wrong depot; tomorrow."}
                ),
                about(
                    "kai-waits",
                    "settle",
                    {"state": "answered", "settlement.points": 300},
                    {"points": 300, "reason": "a parcel that was late"},
                ),
                about(
                    "kai-waits",
                    "settle",
                    {"code": "case_settled"},
                    {"points": 200, "reason": "once more"},
                    status=409,
                ),
                received("kai", "kai-cup"),
            ],
            about=["kai"],
            why={
                "A9": "a complaint is settled once, with up to 1 000 points or a coupon that is made for it"
            },
            leaves={"effective_fen": 14_334, "available": 367, "frozen": 77},
        ),
        Wait(
            says="Nine days pass",
            to="+216h",
            why={
                "A2": "who does not send back within seven days, ends the case; an answered complaint closes"
            },
        ),
        Act(
            says="The clerk looks at what has become of the cases",
            calls=[
                listed("/cases", {"items.0": None}),
                listed("/cases?state=closed", {"items.0.kind": "return", "items.4": None}),
                listed(
                    "/reports/cases",
                    {"opened.return": 2, "opened.exchange": 1, "opened.complaint": 1, "overdue": 0},
                ),
            ],
        ),
    ],
)
