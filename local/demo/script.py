"""The story: who they are, what the shop sells, and what happens in which month.

The figures in ``expects`` and ``leaves`` were reckoned from the rules, not copied from an answer: the demo
ends where the suite says something else. A changed policy changes them.

Schedules run with the steps of the clock. Where the story tells of a job, it is fired once more by hand: what
the step did already is not done twice.
"""

from __future__ import annotations

from datetime import datetime

from local.demo.acts import (
    CLERK,
    Act,
    Call,
    Chapter,
    Fire,
    Person,
    Wait,
    Ware,
    brought_back,
    buys,
    cancelled,
    left_behind,
    ordered,
    paid,
    quoted,
    received,
    refused,
    registered,
    shipped,
    stocked,
)
from local.demo.cases import CASES
from local.demo.money import MONEY
from local.demo.sale import SALE
from local.demo.today import TODAY

OPENS = (12, 20)
"""Month and day on which the story begins, in the year before its own."""
OPENS_AT = "{last}-12-20T10:00:00+08:00"

CAST = (
    Person(name="ada", birthday="1995-05-20", phone="+1 202 555 0111"),
    Person(name="ben", birthday="1990-03-14", phone="+1 202 555 0112"),
    Person(name="chen", birthday="1988-11-02", phone="+1 202 555 0113"),
    Person(name="dana", birthday="1992-06-21", phone="+1 202 555 0114"),
    Person(name="emil", birthday="1979-07-15", phone="+1 202 555 0115"),
    Person(name="fay", birthday="1985-12-30", phone="+1 202 555 0116"),
    Person(name="gus", birthday="2000-09-09", phone="+1 202 555 0117"),
)
HUGO = Person(name="hugo", birthday="1999-10-24", phone="+1 202 555 0118")
STATEMENT_OF = "dana"
"""Whose statement is shown at the end."""

WARES = (
    Ware(sku="tea", name="Longjing tea, 100 g", price_fen=9_950),
    Ware(sku="cup", name="Celadon cup", price_fen=6_667),
    Ware(sku="cake", name="Pu'er tea cake, 357 g", price_fen=16_800),
    Ware(sku="kettle", name="Iron kettle", price_fen=64_900),
    Ware(sku="table", name="Tea table", price_fen=300_000),
    Ware(sku="screen", name="Lacquer screen", price_fen=3_000_000),
    Ware(sku="cabinet", name="Rosewood cabinet", price_fen=5_200_000),
    Ware(sku="candle", name="Osmanthus candle", price_fen=12_900, zone=True),
    Ware(sku="towel", name="Bamboo towel", price_fen=3_200, zone=True),
    Ware(sku="cloth", name="Linen tea cloth", price_fen=3_200),
)

EARNS = "1 yuan paid earns 1 point, half a yuan rounded up"
FROZEN = "points enter frozen when the order is paid"
RELEASED = "points become available 7 × 24 hours after the receipt"
ONCE = "what is sent twice counts once, for ever"


def year_of(now: datetime) -> int:
    """The year that can be lived next: the first whose prologue is still to come."""
    return now.year + 1 if (now.month, now.day) < OPENS else now.year + 2


def delivered(*orders: tuple[str, str]) -> Act:
    """Return the parcels of these members' orders going out and being received."""
    return Act(
        says="Parcels go out and are received: " + ", ".join(order for _, order in orders),
        calls=[call for who, order in orders for call in (shipped(order), received(who, order))],
        why={"E3": RELEASED},
    )


def until_the_10th(month: int, why: dict[str, str] | None = None) -> Wait:
    """Return the step to a month's member day."""
    return Wait(
        says="The clock moves to the member day; the schedules do what has become due",
        to=f"{{year}}-{month:02}-10T10:00:00+08:00",
        why=why or {},
    )


DECEMBER_BEFORE = Chapter(
    short="Dec {last}",
    title="December, the year before: the shop opens",
    steps=[
        Act(
            says=f"The clerk puts {len(WARES)} products into the catalogue, {WARES[0].units} units of each",
            calls=stocked(WARES),
            why={"P1": "prices come from the catalogue, never from the caller"},
        ),
        Act(
            says=f"{', '.join(person.title for person in CAST)} register",
            calls=registered(CAST),
            about=[person.name for person in CAST],
            why={"T1": "a member holds tier J0 until the first paid order"},
        ),
        buys(
            "ben",
            "ben-tea",
            "Ben buys a tea",
            {"tea": 1},
            10_950,
            expects={"quote.shipping_fen": 1_000, "retained.earned_points": 0},
            why={
                "P5": "below 188 yuan a J0 member pays 10 yuan for shipping",
                "E1": EARNS,
                "E2": FROZEN,
                "T1": "the first paid order leads to J1",
            },
            leaves={"tier": "J1", "frozen": 110, "available": 0, "effective_fen": 10_950},
        ),
        Act(
            says="The shop sends Ben's order again, the payment provider its report",
            calls=[
                ordered("ben", "ben-tea", {"tea": 1}, {"status": "paid"}),
                paid("ben-tea", 10_950, expects={"status": "paid", "refunded_fen": 0}),
            ],
            about=["ben"],
            why={"R1": ONCE},
            leaves={"frozen": 110, "effective_fen": 10_950},
        ),
        buys(
            "chen",
            "chen-kettles",
            "Chen buys 2 iron kettles",
            {"kettle": 2},
            129_800,
            why={"T2": "the tier follows the sum E of paid orders, at once"},
            leaves={"tier": "J2", "frozen": 1_298},
        ),
        buys(
            "dana",
            "dana-tables",
            "Dana buys 3 tea tables",
            {"table": 3},
            900_000,
            leaves={"tier": "J3", "frozen": 9_000},
        ),
        buys(
            "emil",
            "emil-tables",
            "Emil buys 10 tea tables",
            {"table": 10},
            3_000_000,
            why={"T4": "an upper bound belongs to its tier, to the fen: 30 000.00 is J3"},
            leaves={"tier": "J3", "effective_fen": 3_000_000},
        ),
        buys(
            "fay",
            "fay-kettle",
            "Fay buys an iron kettle",
            {"kettle": 1},
            64_900,
            why={
                "B2": "her birthday is on the 30th: who becomes eligible in that month gets the coupon then"
            },
            leaves={"tier": "J1", "frozen": 649},
        ),
        buys(
            "gus",
            "gus-kettle",
            "Gus buys an iron kettle",
            {"kettle": 1},
            64_900,
            leaves={"tier": "J1", "frozen": 649},
        ),
        delivered(
            ("ben", "ben-tea"),
            ("chen", "chen-kettles"),
            ("dana", "dana-tables"),
            ("emil", "emil-tables"),
            ("fay", "fay-kettle"),
            ("gus", "gus-kettle"),
        ),
    ],
)

JANUARY = Chapter(
    short="Jan",
    title="January: points are released, and the member day opens to the second",
    steps=[
        Wait(
            says="The clock moves to the eve of the member day; the schedules do what has become due",
            to="{year}-01-09T23:50:00+08:00",
            why={"E3": RELEASED},
        ),
        Act(
            says="Dana asks what 2 candles cost",
            calls=[quoted("dana", {"candle": 2}, {"member_day": False, "paid_fen": 25_800})],
            why={"P2": "the member day is the 10th; on other days all pay list price"},
        ),
        Wait(says="Ten minutes later it is the 10th", to="{year}-01-10T00:00:05+08:00"),
        Fire(
            says="The member day is announced; prices do not wait for it",
            job="open-member-day",
            why={"P2": "the member day is open from 00:00 to 24:00 because of the date"},
        ),
        Act(
            says="Dana asks again, and Ada does",
            calls=[
                quoted(
                    "dana",
                    {"candle": 2},
                    {"member_day": True, "lines.0.unit_price_fen": 10_320, "paid_fen": 20_640},
                ),
                quoted("ada", {"candle": 2}, {"member_day": True, "lines.0.unit_price_fen": 12_900}),
            ],
            why={"P2": "on the 10th products of the zone cost J3 × 0.80; J0 and J1 pay list price"},
        ),
        buys(
            "dana",
            "dana-candles",
            "Dana buys them",
            {"candle": 2},
            20_640,
            expects={"quote.earns_points": 206, "quote.shipping_fen": 0},
            why={"E1": EARNS},
            leaves={"frozen": 206, "available": 9_000},
        ),
        buys(
            "chen",
            "chen-candles",
            "Chen buys 2 candles and pays with 500 points",
            {"candle": 2},
            23_120,
            points=500,
            expects={"quote.points.value_fen": 100, "quote.lines.0.unit_price_fen": 11_610},
            why={"P7": "500 points are 1 yuan, in steps of 500", "P2": "J2 pays × 0.90"},
            leaves={"available": 798, "frozen": 231},
        ),
        delivered(("dana", "dana-candles"), ("chen", "chen-candles")),
    ],
)

FEBRUARY = Chapter(
    short="Feb",
    title="February: an order that nobody pays in time, and a large one",
    steps=[
        until_the_10th(2, {"E3": RELEASED}),
        Act(
            says="Gus orders a towel with 500 points, and does not pay",
            calls=[
                ordered("gus", "gus-towel", {"towel": 1}, {"status": "placed", "paid_fen": 4_100}, points=500)
            ],
            about=["gus"],
            why={"O1": "placing takes stock and points in one transaction"},
            leaves={"available": 149},
        ),
        Wait(
            says="31 minutes pass",
            to="+31m",
            why={"O2": "an unpaid order lapses after 30 minutes and gives stock and points back"},
        ),
        Act(
            says="Now the money comes after all",
            calls=[paid("gus-towel", 4_100, expects={"status": "lapsed", "payments.0.applied": False})],
            about=["gus"],
            why={"O6": "money for an order that is no longer open changes nothing, and is due back, once"},
            leaves={"available": 649, "frozen": 0, "effective_fen": 64_900},
        ),
        buys(
            "fay",
            "fay-cabinet",
            "Fay buys a rosewood cabinet",
            {"cabinet": 1},
            5_200_000,
            why={"T2": "52 649 yuan lead over two tiers at once"},
            leaves={"tier": "J4", "frozen": 52_000, "available": 649},
        ),
        delivered(("fay", "fay-cabinet")),
    ],
)

MARCH = Chapter(
    short="Mar",
    title="March: Ben's birthday",
    steps=[
        until_the_10th(
            3, {"B1": "on the 1st members of J1 and above with a birthday in the month get a coupon"}
        ),
        Act(
            says="Ben asks for a tea cake with his coupon",
            calls=[
                Call(
                    who="ben",
                    method="POST",
                    path="/quotes",
                    body={"lines": [{"sku": "cake", "quantity": 1}], "coupon": "{coupon:ben}"},
                    status=422,
                    expects={"code": "coupon_not_applicable"},
                )
            ],
            why={"P4": "the coupon needs goods of 198 yuan at list price; a cake is 168"},
        ),
        buys(
            "ben",
            "ben-cups",
            "Ben buys 3 cups with it",
            {"cup": 3},
            19_001,
            coupon="{coupon:ben}",
            expects={
                "quote.goods_fen": 20_001,
                "quote.coupon.amount_fen": 2_000,
                "quote.shipping_fen": 1_000,
            },
            why={
                "P4": "the coupon takes 20 yuan off the goods, and excludes other offers",
                "P5": "shipping looks at what is left: 180.01 is below 188",
            },
            leaves={"frozen": 190, "available": 110},
        ),
        delivered(("ben", "ben-cups")),
    ],
)

APRIL = Chapter(
    short="Apr",
    title="April: an order comes back piece by piece",
    steps=[
        until_the_10th(4),
        buys(
            "dana",
            "dana-cups",
            "Dana buys 3 cups and pays with 2 000 points",
            {"cup": 3},
            19_601,
            points=2_000,
            expects={"quote.shipping_fen": 0, "quote.earns_points": 196},
            why={
                "P7": "at most 2 000 points, worth 4 yuan, in one order",
                "E6": "the oldest year goes first",
            },
            leaves={"available": 7_206, "frozen": 196},
        ),
        delivered(("dana", "dana-cups")),
        Act(
            says="One cup comes back",
            calls=[
                brought_back(
                    "dana-cups",
                    "first",
                    {"cup": 1},
                    {"refund_fen": 6_534, "points_restored": 667, "retained.earned_points": 131},
                )
            ],
            about=["dana"],
            why={
                "O5": "what stays keeps its share of money and points; the refund is the difference",
                "E4": "the points it earned go out of what is frozen",
            },
            leaves={"available": 7_873, "frozen": 131},
        ),
        Act(
            says="A second cup comes back, and the service desk sends its report twice",
            calls=[
                brought_back(
                    "dana-cups",
                    "second",
                    {"cup": 1},
                    {"refund_fen": 6_533, "points_restored": 666, "retained.paid_fen": 6_534},
                ),
                brought_back(
                    "dana-cups", "second", {"cup": 1}, {"refund_fen": 6_533, "refunded_fen": 13_067}
                ),
            ],
            about=["dana"],
            why={"O5": "the refunds are differences, so not a fen is lost between them", "R1": ONCE},
            leaves={"available": 8_539, "frozen": 65},
        ),
    ],
)

MAY = Chapter(
    short="May",
    title="May: one towel more, and a birthday without a coupon",
    steps=[
        until_the_10th(
            5, {"B1": "Ada's birthday is in May, but she never paid for an order: J0 has no coupon"}
        ),
        buys(
            "emil",
            "emil-towel",
            "Emil buys a towel",
            {"towel": 1},
            3_560,
            expects={"quote.lines.0.unit_price_fen": 2_560, "quote.tier": "J3"},
            why={
                "P2": "he still pays J3's price, × 0.80: pricing uses the tier of before",
                "T4": "one fen above 30 000.00 is J4",
            },
            leaves={"tier": "J4", "effective_fen": 3_003_560},
        ),
        delivered(("emil", "emil-towel")),
    ],
)

JUNE = Chapter(
    short="Jun",
    title="June: a cancelled order that was paid with points, and a parcel that is refused",
    steps=[
        until_the_10th(6, {"B1": "it is Dana's month: as J3 she gets 30 yuan"}),
        buys(
            "chen",
            "chen-tea",
            "Chen buys 2 teas and pays with 1 000 points",
            {"tea": 2},
            19_700,
            points=1_000,
            why={"E6": "the oldest year goes first: 798 of the last year, 202 of this one"},
            leaves={"available": 29, "frozen": 197},
        ),
        Act(
            says="Chen leaves one tea behind before the parcel is gone",
            calls=[
                left_behind(
                    "chen",
                    "chen-tea",
                    "one",
                    {"tea": 1},
                    {"status": "paid", "refund_fen": 9_850, "points_restored": 500},
                )
            ],
            about=["chen"],
            why={
                "O7": "what is kept is as if it had come back: half of the money and half of the points",
                "E6": "points return to the years they came from, the newest first",
            },
            leaves={"available": 529, "frozen": 99, "effective_fen": 162_970},
        ),
        Act(
            says="Chen cancels the rest",
            calls=[cancelled("chen", "chen-tea")],
            about=["chen"],
            why={
                "O4": "money, stock and points come back, and the points it earned are taken away",
                "E6": "points return to the years they came from",
            },
            leaves={"available": 1_029, "frozen": 0, "effective_fen": 153_020},
        ),
        Act(
            says="Dana asks for the best offer on 2 candles",
            calls=[
                quoted(
                    "dana",
                    {"candle": 2},
                    {"paid_fen": 20_240, "coupon": None, "points.redeemed": 2_000},
                    coupon="best",
                    points="best",
                )
            ],
            why={
                "P9": "member price and points, 202.40, beat the coupon, 228.00: every combination is priced"
            },
        ),
        buys(
            "dana",
            "dana-more-cups",
            "Dana buys 3 cups with her coupon",
            {"cup": 3},
            18_001,
            coupon="{coupon:dana}",
            expects={"quote.shipping_fen": 1_000, "quote.coupon.amount_fen": 3_000},
            leaves={"frozen": 180},
        ),
        Act(
            says="She does not take the parcel",
            calls=[shipped("dana-more-cups"), refused("dana-more-cups")],
            about=["dana"],
            why={
                "O4": "a refused order gives everything back, with shipping",
                "B5": "its coupon is hers again until the month ends",
            },
            leaves={"frozen": 0, "available": 8_604},
        ),
    ],
)

JULY = Chapter(
    short="Jul",
    title="July: Emil's birthday, as J4",
    steps=[
        until_the_10th(7, {"B1": "the tier of the day decides: as J4 Emil gets 50 yuan"}),
        Act(
            says="Emil asks for the best offer on a tea cake",
            calls=[
                quoted(
                    "emil",
                    {"cake": 1},
                    {"paid_fen": 16_800, "shipping_fen": 0, "coupon": None},
                    coupon="best",
                )
            ],
            why={"P4": "168 is too little for the coupon", "P5": "J4 has free shipping from 168"},
        ),
        buys(
            "emil",
            "emil-cakes",
            "He takes 2 cakes and the coupon",
            {"cake": 2},
            28_600,
            coupon="{coupon:emil}",
            expects={"quote.coupon.amount_fen": 5_000, "quote.shipping_fen": 0},
            leaves={"frozen": 286},
        ),
        delivered(("emil", "emil-cakes")),
    ],
)

AUGUST = Chapter(
    short="Aug",
    title="August: Fay reaches the highest tier",
    steps=[
        buys(
            "fay",
            "fay-screen",
            "Fay buys a lacquer screen",
            {"screen": 1},
            3_000_000,
            why={"T3": "J5 begins above 80 000 yuan: she has 82 649"},
            leaves={"tier": "J5", "effective_fen": 8_264_900},
        ),
        buys(
            "fay",
            "fay-candles",
            "With her new price she buys 4 candles",
            {"candle": 4},
            30_960,
            expects={"quote.lines.0.unit_price_fen": 7_740, "quote.tier": "J5"},
            why={"P2": "J5 pays × 0.60 in the zone"},
            leaves={"frozen": 30_310},
        ),
        buys(
            "gus",
            "gus-tea",
            "Gus buys a tea and pays with 500 points",
            {"tea": 1},
            10_850,
            points=500,
            leaves={"available": 149, "frozen": 109},
        ),
        delivered(("fay", "fay-screen"), ("fay", "fay-candles"), ("gus", "gus-tea")),
    ],
)

SEPTEMBER = Chapter(
    short="Sep",
    title="September: points that were spent are owed",
    steps=[
        until_the_10th(9, {"B1": "Gus, as J1, gets 20 yuan"}),
        Act(
            says="Gus brings back the kettle of December, whose points are spent in part",
            calls=[
                brought_back("gus-kettle", "all", {"kettle": 1}, {"status": "returned", "refund_fen": 64_900})
            ],
            about=["gus"],
            why={
                "E4": "649 points were earned, 258 are left: they go, and 391 are owed",
                "O4": "the last unit is back, so all of the money is",
            },
            leaves={"available": 0, "debt": 391, "effective_fen": 10_950},
        ),
        buys(
            "gus",
            "gus-cakes",
            "Gus buys 3 tea cakes",
            {"cake": 3},
            50_400,
            leaves={"frozen": 504, "debt": 391},
        ),
        Act(
            says="The parcel goes out; nobody confirms it",
            calls=[shipped("gus-cakes")],
            why={"O3": "after 10 days it counts as received"},
        ),
    ],
)

OCTOBER = Chapter(
    short="Oct",
    title="October: the debt is paid, and somebody joins late",
    steps=[
        until_the_10th(10, {"O3": "Gus's parcel counts as received 10 days after it went out"}),
        Fire(
            says="The release job runs by hand: the step of the clock ran each job once, in no order",
            job="release-points",
            why={
                "E3": RELEASED,
                "E4": "what is credited pays the debt first",
                "R3": "a run catches up on what was missed",
            },
        ),
        Act(
            says="Hugo registers; his birthday is on the 24th",
            calls=registered([HUGO]),
            about=["hugo"],
        ),
        buys(
            "hugo",
            "hugo-tea",
            "Hugo buys a tea",
            {"tea": 1},
            10_950,
            why={"B2": "who becomes eligible in the month of the birthday gets the coupon then"},
            leaves={"tier": "J1", "frozen": 110},
        ),
        delivered(("hugo", "hugo-tea")),
    ],
)

NOVEMBER = Chapter(
    short="Nov",
    title="November: Emil falls a tier",
    steps=[
        until_the_10th(11, {"B1": "it is Chen's month: as J2 she gets 20 yuan"}),
        Act(
            says="Emil brings back 2 of his 10 tables",
            calls=[
                brought_back(
                    "emil-tables",
                    "two",
                    {"table": 2},
                    {"refund_fen": 600_000, "retained.earned_points": 24_000},
                )
            ],
            about=["emil"],
            why={
                "T2": "the tier falls with E, at once and without grace",
                "E4": "6 000 points go out of those of the order's own year",
            },
            leaves={"tier": "J3", "available": 24_322, "effective_fen": 2_432_160},
        ),
    ],
)

DECEMBER = Chapter(
    short="Dec",
    title="December: what will expire is announced",
    steps=[
        Wait(
            says="The clock moves to 2 December; the schedules do what has become due",
            to="{year}-12-02T09:05:00+08:00",
            why={"B1": "it is Fay's month: as J5 she gets 100 yuan"},
        ),
        Fire(
            says="Members are told what will expire",
            job="announce-expiring",
            why={"E10": "a member is told 30 days ahead what expires with the year"},
        ),
        until_the_10th(12),
        buys(
            "fay",
            "fay-tea",
            "Fay buys 2 teas with her coupon",
            {"tea": 2},
            10_900,
            coupon="{coupon:fay}",
            expects={"quote.coupon.amount_fen": 10_000, "quote.shipping_fen": 1_000},
            why={"P5": "99.00 after the coupon is below J5's 158 yuan"},
            leaves={"frozen": 109},
        ),
        Wait(says="The clock moves to the year's last minutes", to="{year}-12-31T23:50:00+08:00"),
        buys(
            "dana",
            "dana-teas",
            "Dana spends 2 000 of last year's points in time",
            {"tea": 2},
            19_500,
            points=2_000,
            why={"E5": "points can be used through the end of the year after the one they were earned in"},
            leaves={"available": 6_604},
        ),
        Act(
            says="Chen orders a towel with 500 points, and does not pay",
            calls=[ordered("chen", "chen-towel", {"towel": 1}, {"paid_fen": 4_100}, points=500)],
            about=["chen"],
            leaves={"available": 529},
        ),
    ],
)

NEW_YEAR = Chapter(
    short="Jan {next}",
    title="1 January, the year after: points expire",
    steps=[
        Wait(
            says="35 minutes later it is another year",
            to="{next}-01-01T00:25:00+08:00",
            why={
                "E5": "what was earned in the year before the last is gone with the first second",
                "O2": "Chen's order has lapsed",
                "E6": "its points come back into a year that is over, so they lapse",
            },
        ),
        Fire(
            says="The job of the year's end writes down what has expired",
            job="expire-points",
            why={"E5": "nobody could spend it any more, whether or not the job has run"},
        ),
        Act(
            says="Chen asks to pay with 500 points",
            calls=[
                ordered(
                    "chen", "chen-late", {"towel": 1}, {"code": "insufficient_points"}, status=409, points=500
                )
            ],
            about=["chen"],
            why={"E5": "of the 1 029 only the 231 of last year are left"},
            leaves={"available": 231, "frozen": 0},
        ),
        Fire(
            says="The audit reads every account and every order",
            job="audit-points",
            why={"E9": "the sum of a member's entries is the wallet, always"},
        ),
        Act(
            says="The clerk reads the report of what the shop owes in points",
            calls=[
                Call(
                    who=CLERK,
                    method="GET",
                    path="/reports/points-liability",
                    expects={"differences": 0, "debt": 0},
                )
            ],
        ),
    ],
)

STORY = (
    DECEMBER_BEFORE,
    JANUARY,
    FEBRUARY,
    MARCH,
    APRIL,
    MAY,
    JUNE,
    SALE,
    JULY,
    MONEY,
    AUGUST,
    CASES,
    SEPTEMBER,
    OCTOBER,
    NOVEMBER,
    DECEMBER,
    NEW_YEAR,
    TODAY,
)
