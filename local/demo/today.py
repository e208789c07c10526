"""The last chapter: nine days into the year after, with work that waits for staff and offers that run on.

Whoever looks around afterwards finds something on every page. Its figures were reckoned from the rules, as
those of the script are.
"""

from __future__ import annotations

from typing import Any

from local.demo.acts import (
    CLERK,
    Act,
    Call,
    Chapter,
    Fire,
    Pay,
    Till,
    Wait,
    brought_back,
    buys,
    cancelled,
    ordered,
    received,
    shipped,
)
from local.demo.cases import about, listed, opened
from local.demo.money import looked_at, through
from local.demo.sale import campaign, claimed, typed

BEGINS, ENDS = "{next}-01-09T00:00:00+08:00", "{next}-02-10T00:00:00+08:00"
STRANGE_FEN = 150_000
"""More than one of the staff assigns alone (Y4)."""
COUPON, CODE = "new-year", "SPRING"
"""The template whose coupon can be claimed, and a code for it."""


def put(campaign_id: str, name: str, kind: str, terms: Any, **more: Any) -> Call:
    """Return the call by which the clerk puts a campaign that still runs when the story ends."""
    return campaign(campaign_id, name, kind, terms, **{"starts_at": BEGINS, "ends_at": ENDS, **more})


def template(template_id: str, contents: dict[str, Any]) -> Call:
    """Return the call by which the clerk puts a template of coupons of 20 yuan."""
    body = {
        "kind": "amount",
        "face_value_fen": 2_000,
        "min_fen": 20_000,
        "scope": {"all": True},
        "valid": {"days": 30},
        "status": "active",
        **contents,
    }
    path = f"/coupon-templates/{template_id}"
    return Call(who=CLERK, method="PUT", path=path, body=body, status=201)


TODAY = Chapter(
    short="10 Jan",
    title="10 January, the year after: what waits for staff, and what members can still use",
    steps=[
        Act(
            says="The first parcels of the year go out: Fay has hers at once, Dana's is on its way",
            calls=[shipped("fay-tea"), received("fay", "fay-tea"), shipped("dana-teas")],
        ),
        Wait(says="The clock moves to 9 January", to="{next}-01-09T10:00:00+08:00"),
        Act(
            says="The clerk puts offers for the Spring Festival: four run, one waits, one is paused",
            calls=[
                put("spring-tea", "Spring tea", "discount", {"rate": "0.90"}, scope={"skus": ["tea"]}),
                put(
                    "spring-cakes",
                    "Tea cakes for the feast",
                    "flash",
                    {"items": {"cake": {"price_fen": 12_800, "units": 12}}, "per_member": 2},
                ),
                put(
                    "spring-save",
                    "年货节: 满200减20, 满500减60",
                    "spend_save",
                    {
                        "steps": [
                            {"from_fen": 20_000, "off_fen": 2_000},
                            {"from_fen": 50_000, "off_fen": 6_000},
                        ]
                    },
                    scope={"all": True},
                    group="spring",
                    limits={"orders": 50, "budget_fen": 100_000},
                ),
                put(
                    "spring-cloth",
                    "A tea cloth from 399 on",
                    "gift",
                    {"from_fen": 39_900, "sku": "cloth", "quantity": 1},
                    scope={"all": True},
                ),
                put(
                    "lanterns",
                    "Candles for the lantern feast",
                    "discount",
                    {"rate": "0.80"},
                    scope={"skus": ["candle"]},
                    starts_at="{next}-01-20T20:00:00+08:00",
                ),
                put(
                    "kettle-week",
                    "Kettle week",
                    "discount",
                    {"rate": "0.85"},
                    scope={"skus": ["kettle"]},
                    status="paused",
                ),
                template(
                    COUPON,
                    {
                        "name": "New Year: 20 off from 200 on",
                        "claimable": True,
                        "limits": {"total": 100, "per_member": 1},
                    },
                ),
                Call(
                    who=CLERK,
                    method="POST",
                    path=f"/coupon-templates/{COUPON}/codes",
                    body={"batch_id": "spring", "code": CODE, "limit": 20},
                    status=201,
                    expects={"codes.0": CODE},
                ),
                template("sorry", {"name": "Sorry: 20 off from 200 on", "for_complaints": True}),
            ],
        ),
        Act(
            says="Ivy buys 2 cakes by Stripe, and has them",
            calls=[
                ordered(
                    "ivy",
                    "ivy-feast",
                    {"cake": 2},
                    {
                        "quote.lines.0.price_of": "spring-cakes",
                        "quote.campaigns.0.amount_fen": 2_000,
                        "paid_fen": 23_600,
                    },
                ),
                Pay(who="ivy", order="ivy-feast", provider="stripe", expects={"order_status": "paid"}),
                shipped("ivy-feast"),
                received("ivy", "ivy-feast"),
            ],
            about=["ivy"],
            why={"V1": "the sale's price, 128.00, is the lowest; from 200 on 20.00 go off the order"},
            leaves={"tier": "J1", "effective_fen": 43_400, "frozen": 236},
        ),
        Act(
            says="Jun buys 2 teas by Alipay, and has them; Alipay's statement of the day will be a fen off",
            calls=[
                ordered("jun", "jun-teas", {"tea": 2}, {"quote.goods_fen": 17_910, "paid_fen": 18_910}),
                Pay(
                    who="jun",
                    order="jun-teas",
                    provider="alipay",
                    expects={"order_status": "paid", **through("alipay")},
                ),
                Till(
                    path="/till/plan/statements",
                    body={
                        "provider": "alipay",
                        "date": "{next}-01-09",
                        "wrong_amount": "{trade:jun-teas}",
                    },
                ),
                shipped("jun-teas"),
                received("jun", "jun-teas"),
            ],
            about=["jun"],
            leaves={"effective_fen": 46_110, "frozen": 189},
        ),
        Act(
            says="Kai pays a cup by WeChat Pay, which also tells of 1 500 yuan that nobody asked for",
            calls=[
                ordered("kai", "kai-gift", {"cup": 1}, {"paid_fen": 7_667}),
                Pay(who="kai", order="kai-gift", provider="wechatpay", expects={"order_status": "paid"}),
                Till(
                    path="/till/money",
                    body={"provider": "wechatpay", "number": "counter-2041", "amount_fen": STRANGE_FEN},
                ),
            ],
            about=["kai"],
            why={"Y4": "money whose number is none of ours is no order's: staff assign it, or send it back"},
            leaves={"effective_fen": 22_001, "frozen": 77},
        ),
        buys(
            "emil",
            "emil-cups",
            "Emil buys 4 cups",
            {"cup": 4},
            24_668,
            expects={"quote.campaigns.0.amount_fen": 2_000},
            leaves={"tier": "J3", "effective_fen": 2_456_828, "frozen": 247},
        ),
        Act(says="He has them", calls=[shipped("emil-cups"), received("emil", "emil-cups")]),
        Wait(
            says="The clock moves to the member day of another year; the schedules do what has become due",
            to="{next}-01-10T11:00:00+08:00",
            why={
                "A11": "Dana's parcel has been on its way for more than three days",
                "Y8": "each provider's statement of the day before is held against what we have",
            },
        ),
        buys(
            "chen",
            "chen-feast",
            "Chen buys 2 candles at the member day's price",
            {"candle": 2},
            21_220,
            expects={"quote.lines.0.unit_price_fen": 11_610, "quote.campaigns.0.amount_fen": 2_000},
            leaves={"tier": "J2", "effective_fen": 174_240, "frozen": 212},
        ),
        buys(
            "ben",
            "ben-kettle",
            "Ben buys a kettle, and a tea cloth comes with it",
            {"kettle": 1},
            58_900,
            expects={"quote.lines.0.price_of": "list", "quote.lines.1.gift_of": "spring-cloth"},
            why={"V6": "from 399 on a cloth is in the order; a campaign that is paused sets no price"},
            leaves={"tier": "J1", "effective_fen": 88_851, "frozen": 589},
        ),
        Act(
            says="One of Emil's cups comes back",
            calls=[
                brought_back(
                    "emil-cups",
                    "one",
                    {"cup": 1},
                    {"refund_fen": 6_167, "retained.paid_fen": 18_501, "retained.earned_points": 185},
                )
            ],
            about=["emil"],
            why={"O5": "what stays keeps its share of what was paid: three quarters"},
            leaves={"effective_fen": 2_450_661, "frozen": 185},
        ),
        Act(
            says="Dana claims a coupon, Kai types the code",
            calls=[
                claimed("dana", 201, {"status": "available"}, template=COUPON),
                typed("kai", CODE.lower(), 201, {"template_id": COUPON}),
            ],
            about=["dana", "kai"],
        ),
        Act(
            says="Four cases come in: two returns, a dispute and a complaint",
            calls=[
                opened(
                    "ivy",
                    "ivy-feast",
                    "ivy-cake",
                    "return",
                    "damaged",
                    {"state": "requested"},
                    lines=[{"sku": "cake", "quantity": 1}],
                    text="One of the two is broken.",
                ),
                opened(
                    "jun",
                    "jun-teas",
                    "jun-tin",
                    "return",
                    "no_reason",
                    {"state": "approved"},
                    lines=[{"sku": "tea", "quantity": 1}],
                ),
                about(
                    "jun-tin",
                    "shipment",
                    {"state": "shipped_back"},
                    {"carrier": "SF Express", "tracking_no": "SF-JUN"},
                    who="jun",
                ),
                opened(
                    "fay",
                    "fay-tea",
                    "fay-year",
                    "return",
                    "not_as_described",
                    {"state": "requested"},
                    lines=[{"sku": "tea", "quantity": 1}],
                    text="It is last year's harvest.",
                ),
                about(
                    "fay-year", "refuse", {"state": "refused"}, {"reason": "The label says last year's, too."}
                ),
                about(
                    "fay-year",
                    "escalate",
                    {"state": "disputed"},
                    {"reason": "The page of the shop did not."},
                    who="fay",
                ),
                opened(
                    "dana",
                    "dana-teas",
                    "dana-waits",
                    "complaint",
                    "late",
                    {"state": "requested"},
                    text="It left on New Year's Day. Where is it?",
                ),
            ],
            why={"A2": "whoever refused does not decide once more: a dispute waits for somebody else"},
        ),
        Act(
            says="Kai cancels, and WeChat Pay cannot pay him back; Stripe tells of money that is no order's",
            calls=[
                Till(
                    path="/till/plan/refunds",
                    body={"provider": "wechatpay", "number": "{trade:kai-gift}", "fails_seconds": 0},
                ),
                cancelled("kai", "kai-gift"),
                Till(
                    path="/till/money",
                    body={"provider": "stripe", "number": "market-77", "amount_fen": 18_800},
                ),
            ],
            about=["kai"],
            leaves={"effective_fen": 14_334, "frozen": 0},
        ),
        Wait(
            says="Some minutes pass, and WeChat Pay is asked to pay back",
            to="+5m",
            why={"Y6": "what is due back of money from the till is sent back by itself"},
        ),
        Wait(
            says="Two more, and it says that it could not",
            to="+2m",
            why={"Y7": "what a provider will not pay back waits for staff, who pay it by hand and say so"},
        ),
        Act(
            says="Gus orders a towel, and has half an hour to pay",
            calls=[ordered("gus", "gus-late-towel", {"towel": 1}, {"status": "placed", "paid_fen": 4_200})],
            about=["gus"],
        ),
        Act(
            says="The clerk looks at all that waits",
            calls=[
                listed(
                    "/cases",
                    {
                        "items.0.state": "requested",
                        "items.0.text": "One of the two is broken.",
                        "items.3.state": "shipped_back",
                        "items.4": None,
                    },
                ),
                listed("/orders/search?status=paid", {"items.0.status": "paid", "items.2": None}),
                listed("/reports/late-deliveries", {"items.0.paid_fen": 19_500, "items.1": None}),
                listed(
                    "/reports/unassigned-payments",
                    {
                        "items.0.amount": STRANGE_FEN,
                        "items.0.because": "unknown_number",
                        "items.1.amount": 18_800,
                        "items.2": None,
                    },
                ),
                listed(
                    "/reports/refunds?state=failed",
                    {"items.0.amount": 7_667, "items.0.provider": "wechatpay", "items.1": None},
                ),
                listed(
                    "/reports/payment-differences?date={next}-01-09",
                    {"items.0.kind": "amount", "items.0.provider": "alipay", "items.1": None},
                ),
                looked_at("gus", "gus-late-towel", {"status": "placed"}),
            ],
        ),
        Fire(
            says="The audit reads every account and every order once more",
            job="audit-points",
            why={"E9": "the sum of a member's entries is the wallet, always"},
        ),
        Act(
            says="The clerk reads the report of what the shop owes in points",
            calls=[listed("/reports/points-liability", {"differences": 0, "debt": 0})],
        ),
    ],
)
