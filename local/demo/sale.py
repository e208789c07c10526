"""The chapter of the sale: what staff put for 618, who rushes for it, and what comes back.

Its figures were reckoned from the rules, as those of the script are.
"""

from __future__ import annotations

from typing import Any

from local.demo.acts import (
    CLERK,
    Act,
    Call,
    Chapter,
    Fire,
    Person,
    Wait,
    brought_back,
    ordered,
    paid,
    quoted,
    received,
    registered,
    shipped,
)

SHOPPERS = (
    Person(name="ivy", birthday="1994-02-03", phone="+1 202 555 0121"),
    Person(name="jun", birthday="1991-02-17", phone="+1 202 555 0122"),
    Person(name="kai", birthday="1997-02-25", phone="+1 202 555 0123"),
)
BEGINS, ENDS = "{year}-06-17T20:00:00+08:00", "{year}-06-19T00:00:00+08:00"
SAVE_STEPS = [{"from_fen": 30_000, "off_fen": 5_000}, {"from_fen": 50_000, "off_fen": 10_000}]


def campaign(campaign_id: str, name: str, kind: str, terms: Any, **more: Any) -> Call:
    """Return the call by which the clerk puts a campaign: of the sale, if nothing is said of its time."""
    body = {
        "name": name,
        "kind": kind,
        "starts_at": BEGINS,
        "ends_at": ENDS,
        "terms": terms,
        "status": "active",
        **more,
    }
    path = f"/campaigns/{campaign_id}"
    return Call(who=CLERK, method="PUT", path=path, body=body, status=201, expects={"version": 1})


def looked_at(campaign_id: str, **used: int) -> Call:
    """Return the call by which the clerk sees what a campaign came to."""
    expects = {f"used.{name}": value for name, value in used.items()}
    return Call(who=CLERK, method="GET", path=f"/campaigns/{campaign_id}", expects=expects)


def claimed(who: str, status: int, expects: dict[str, Any], *, template: str = "20-off") -> Call:
    """Return the call by which a member claims a coupon; if nothing is said, that of the sale."""
    path = f"/coupon-templates/{template}/claim"
    key = f"claim-{template}-{who}"
    return Call(who=who, method="POST", path=path, key=key, status=status, expects=expects)


def typed(who: str, code: str, status: int, expects: dict[str, Any]) -> Call:
    """Return the call by which a member types a code."""
    path = "/members/me/coupon-codes"
    return Call(who=who, method="POST", path=path, body={"code": code}, status=status, expects=expects)


SALE = Chapter(
    short="618",
    title="618: a sale of staff's own, with limits, a gift and coupons",
    steps=[
        Wait(says="The clock moves to 17 June, eight in the evening", to=BEGINS),
        Act(
            says="The clerk puts a discount, a flash sale, two amounts off, and a gift",
            calls=[
                campaign("tea-week", "Tea week", "discount", {"rate": "0.85"}, scope={"skus": ["tea"]}),
                campaign(
                    "618-cakes",
                    "Tea cakes at eight",
                    "flash",
                    {"items": {"cake": {"price_fen": 9_900, "units": 5}}, "per_member": 2},
                ),
                campaign(
                    "618-save",
                    "满300减50, 满500减100",
                    "spend_save",
                    {"steps": SAVE_STEPS},
                    scope={"all": True},
                    group="618",
                    limits={"orders": 1, "budget_fen": 30_000},
                ),
                campaign(
                    "618-tea",
                    "Tea: 满150减20",
                    "spend_save",
                    {"steps": [{"from_fen": 15_000, "off_fen": 2_000}]},
                    scope={"skus": ["tea"]},
                    group="tea",
                    limits={"per_member": 1},
                ),
                campaign(
                    "618-cup",
                    "A cup from 399 on",
                    "gift",
                    {"from_fen": 39_900, "sku": "cup", "quantity": 1},
                    scope={"all": True},
                ),
                Call(who=CLERK, method="GET", path="/products/cake", expects={"stock": 45}),
            ],
            why={
                "V2": "a flash sale has units of its own, set aside from the shelf: 45 of 50 stay on it",
                "V5": "an order takes one of each group: what adds up stands in two",
            },
        ),
        Act(
            says="The clerk puts a coupon to claim, once in all, and a code for one more",
            calls=[
                Call(
                    who=CLERK,
                    method="PUT",
                    path="/coupon-templates/20-off",
                    body={
                        "name": "20 off from 200 on",
                        "kind": "amount",
                        "face_value_fen": 2_000,
                        "min_fen": 20_000,
                        "scope": {"all": True},
                        "claimable": True,
                        "valid": {"days": 3},
                        "limits": {"total": 1, "per_member": 1},
                        "status": "active",
                    },
                    status=201,
                ),
                Call(
                    who=CLERK,
                    method="POST",
                    path="/coupon-templates/20-off/codes",
                    body={"batch_id": "live", "code": "LIVE-618", "limit": 1},
                    status=201,
                    expects={"codes.0": "LIVE-618"},
                ),
            ],
            why={"V10": "limits hold exactly, of claims and of codes"},
        ),
        Act(
            says="Ivy, Jun and Kai register for it",
            calls=registered(SHOPPERS),
            about=[person.name for person in SHOPPERS],
        ),
        Act(
            says="Ada orders 2 cakes and does not pay, Ivy buys 2; one of five is left, and Kai asks for 2",
            calls=[
                ordered("ada", "ada-cakes", {"cake": 2}, {"paid_fen": 19_800}),
                ordered("ivy", "ivy-cakes", {"cake": 2}, {"quote.lines.0.price_of": "618-cakes"}),
                paid("ivy-cakes", 19_800),
                quoted("kai", {"cake": 2}, {"lines.0.unit_price_fen": 16_800, "lines.0.price_of": "list"}),
            ],
            about=["ivy"],
            why={
                "V1": "a unit costs the lowest of all prices that run",
                "V2": "a line has one unit price: two of one that is left are wholly at the next-best",
            },
            leaves={"tier": "J1", "frozen": 198, "effective_fen": 19_800},
        ),
        Act(
            says="Two claim the coupon, and two type the code",
            calls=[
                claimed("kai", 201, {"face_value_fen": 2_000, "status": "available"}),
                claimed("ivy", 409, {"code": "template_exhausted"}),
                typed("ivy", "live 618", 201, {"template_id": "20-off"}),
                typed("jun", "LIVE-618", 422, {"code": "code_not_valid"}),
            ],
            about=["kai", "ivy"],
            why={"V10": "a used code, a wrong one, and one that never was get the same answer"},
        ),
        Wait(
            says="31 minutes pass, and Ada has not paid",
            to="+31m",
            why={"V2": "her units go back to the sale, which still runs", "V11": "and so does what she used"},
        ),
        Act(
            says="Jun asks for 3 cakes, and buys 2",
            calls=[
                quoted("jun", {"cake": 3}, {"lines.0.unit_price_fen": 16_800}, campaigns="none"),
                ordered("jun", "jun-cakes", {"cake": 2}, {"paid_fen": 19_800}),
                paid("jun-cakes", 19_800),
            ],
            about=["jun"],
            why={"V2": "a member may have two in all; the quote says so"},
            leaves={"tier": "J1", "frozen": 198},
        ),
        Act(
            says="Kai buys 5 teas: two amounts off, the coupon, and a cup",
            calls=[
                ordered(
                    "kai",
                    "kai-teas",
                    {"tea": 5},
                    {
                        "quote.lines.0.unit_price_fen": 8_458,
                        "quote.goods_fen": 42_290,
                        "quote.goods_net_fen": 35_290,
                        "quote.campaigns.0.amount_fen": 0,
                        "quote.campaigns.1.amount_fen": 5_000,
                        "quote.campaigns.2.amount_fen": 2_000,
                        "quote.coupon.amount_fen": 2_000,
                        "quote.lines.1.gift_of": "618-cup",
                        "paid_fen": 33_290,
                    },
                    coupon="best",
                ),
                paid("kai-teas", 33_290),
            ],
            about=["kai"],
            why={
                "V1": "a tea costs 99.50 × 0.85, half a fen rounded up",
                "V5": "two groups: 50.00 and 20.00, from the same 422.90",
                "V6": "from 399 on a cup is in the order, and its stock is taken with it",
                "V8": "the coupon's minimum is on what the campaigns leave, 352.90",
            },
            leaves={"tier": "J1", "frozen": 333, "effective_fen": 33_290},
        ),
        Act(
            says="Ivy asks for a kettle: 618-save has had its one order",
            calls=[quoted("ivy", {"kettle": 1}, {"paid_fen": 64_900, "campaigns.0.campaign_id": "618-cup"})],
            why={"V14": "no order passes a limit, however many come at once", "V13": "the quote says why"},
        ),
        Act(
            says="Parcels go out and are received: ivy-cakes, jun-cakes, kai-teas",
            calls=[
                call
                for who, order in (("ivy", "ivy-cakes"), ("jun", "jun-cakes"), ("kai", "kai-teas"))
                for call in (shipped(order), received(who, order))
            ],
        ),
        Act(
            says="Kai sends one tea back, then the other four, and keeps the cup",
            calls=[
                brought_back("kai-teas", "one", {"tea": 1}, {"refund_fen": 1_881, "status": "received"}),
                brought_back(
                    "kai-teas",
                    "rest",
                    {"tea": 4},
                    {"refund_fen": 24_742, "status": "received", "retained.paid_fen": 6_667},
                ),
            ],
            about=["kai"],
            why={
                "V17": "a tea comes back at what offers left of it: 66.58",
                "V18": "the cup is charged what is missing of its threshold, then its list price",
            },
            leaves={"frozen": 67, "effective_fen": 6_667},
        ),
        Act(
            says="The clerk looks at what the campaigns came to",
            calls=[
                looked_at("618-cakes", orders=2, members=2, units=4, given_fen=27_600, goods_fen=39_600),
                looked_at("618-save", orders=1, given_fen=5_000, goods_fen=0, refunded_fen=26_623),
                looked_at("618-cup", orders=1, units=1, given_fen=6_667, goods_fen=0),
            ],
            why={"V14": "what comes back in part gives neither its use nor its budget back"},
        ),
        Wait(says="The clock moves past the end of the sale", to="{year}-06-19T00:10:00+08:00"),
        Fire(
            says="The job that ends campaigns puts the last cake back on the shelf",
            job="end-campaigns",
            why={"V2": "what is left of a flash sale goes back once it has ended"},
        ),
        Act(
            says="The clerk looks at the cakes",
            calls=[Call(who=CLERK, method="GET", path="/products/cake", expects={"stock": 46})],
        ),
    ],
)
