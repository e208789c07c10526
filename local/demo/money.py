"""The chapter of the till: orders that are paid through providers, told twice, not at all, or too late.

Its figures were reckoned from the rules, as those of the script are.
"""

from __future__ import annotations

from typing import Any

from local.demo.acts import Act, Call, Chapter, Pay, Wait, ordered

LATE_SECONDS = 40 * 60
"""Ten minutes more than an order waits (O2)."""


def looked_at(who: str, order: str, expects: dict[str, Any]) -> Call:
    """Return the call by which a member sees what has become of an order."""
    return Call(who=who, method="GET", path=f"/orders/{{order:{order}}}", expects=expects)


def through(provider: str, *, applied: bool = True) -> dict[str, Any]:
    """Return what an order shows of its one payment."""
    return {"payments.0.provider": provider, "payments.0.applied": applied, "payments.1": None}


MONEY = Chapter(
    short="Till",
    title="At the till: WeChat Pay, Alipay and Stripe, told once, twice, not at all, and too late",
    steps=[
        Act(
            says="Ivy orders a tea and pays it by WeChat Pay",
            calls=[
                ordered("ivy", "ivy-tea", {"tea": 1}, {"status": "placed", "paid_fen": 10_950}),
                Pay(
                    who="ivy",
                    order="ivy-tea",
                    provider="wechatpay",
                    expects={"action": "qr", "order_status": "paid"},
                ),
            ],
            about=["ivy"],
            why={"Y2": "an attempt is for exactly what the order costs, and says what the device does"},
            leaves={"tier": "J1", "effective_fen": 30_750},
        ),
        Act(
            says="Jun orders 2 towels and pays them by Alipay, which tells it twice",
            calls=[
                ordered("jun", "jun-towels", {"towel": 2}, {"paid_fen": 7_400}),
                Pay(
                    who="jun",
                    order="jun-towels",
                    provider="alipay",
                    twice=True,
                    expects={"action": "redirect", "order_status": "paid", **through("alipay")},
                ),
            ],
            about=["jun"],
            why={"Y3": "what is told a hundred times has one effect"},
            leaves={"effective_fen": 27_200},
        ),
        Act(
            says="Kai orders a cup and pays it by Stripe, whose word is lost",
            calls=[
                ordered("kai", "kai-cup", {"cup": 1}, {"paid_fen": 7_667}),
                Pay(
                    who="kai",
                    order="kai-cup",
                    provider="stripe",
                    lost=True,
                    expects={"action": "client_secret", "order_status": "placed", "payments.0": None},
                ),
            ],
            about=["kai"],
            why={"Y5": "an order is paid when the money is confirmed, not when the shopper comes back"},
            leaves={"effective_fen": 6_667},
        ),
        Wait(
            says="Two minutes pass",
            to="+2m",
            why={"Y5": "ask-payments asks after an attempt of which nothing was heard: the money is found"},
        ),
        Act(
            says="Kai looks at his order",
            calls=[looked_at("kai", "kai-cup", {"status": "paid", **through("stripe")})],
            about=["kai"],
            leaves={"effective_fen": 14_334},
        ),
        Act(
            says="Ivy orders a towel and pays it at once; WeChat Pay will tell it 40 minutes later",
            calls=[
                ordered("ivy", "ivy-towel", {"towel": 1}, {"paid_fen": 4_200}),
                Pay(
                    who="ivy",
                    order="ivy-towel",
                    provider="wechatpay",
                    by="jsapi",
                    late_seconds=LATE_SECONDS,
                    expects={"action": "params", "order_status": "placed", "payments.0": None},
                ),
            ],
            about=["ivy"],
            why={"O2": "an order waits for 30 minutes"},
            leaves={"effective_fen": 30_750},
        ),
        Wait(
            says="The clock moves to the member day of August; the schedules do what has become due",
            to="{year}-08-10T10:00:00+08:00",
            why={"O6": "late money is recorded with its order, not applied, and is due back"},
        ),
        Act(
            says="Ivy looks at the order of the towel",
            calls=[
                looked_at("ivy", "ivy-towel", {"status": "lapsed", **through("wechatpay", applied=False)})
            ],
            about=["ivy"],
            leaves={"effective_fen": 30_750},
        ),
    ],
)
