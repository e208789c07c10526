"""The requests that operations send, by what they do."""

from collections.abc import Callable
from typing import Any

from functions.domain import identifiers
from tests.simulation.script import Op
from tests.support.events import Call, claims, staff

Json = dict[str, Any]
CALLS: dict[str, Callable[[Op], Call]] = {
    "register": lambda op: Call(
        "PUT",
        "/members/me",
        {"name": op["member"], **(_birthday(op["birthday"]) if op["birthday"] else {})},
        claims(op["member"]),
    ),
    "set_birthday": lambda op: Call(
        "PUT", f"/members/{op['member']}/birthday", {**_birthday(op["birthday"]), "reason": "told"}, staff()
    ),
    "put_product": lambda op: Call(
        "PUT",
        f"/products/{op['sku']}",
        {
            "name": op["sku"],
            "price_fen": op["price_fen"],
            "member_zone": op["zone"],
            "low_stock_threshold": op["threshold"],
            "status": op.what.get("status", "on_sale"),
            "stock_rows": op.what.get("rows"),
        },
        staff(),
    ),
    "move_stock": lambda op: Call(
        "POST",
        f"/products/{op['sku']}/stock",
        {"movement_id": op["movement"], "delta": op["delta"], "reason": "delivery"},
        staff(),
    ),
    "quote": lambda op: Call("POST", "/quotes", _cart(op), claims(op["member"])),
    "order": lambda op: Call(
        "POST",
        "/orders",
        _cart(op) | _expected(op),
        claims(op["member"]),
        {"idempotency-key": op["key"]},
    ),
    "pay": lambda op: Call(
        "POST",
        _of_order(op, "payment"),
        {"payment_id": op["payment"], "amount_fen": op["amount_fen"], "received": op["received"]},
        staff(),
    ),
    "ship": lambda op: Call("POST", _of_order(op, "shipment"), op["told"], staff()),
    "receive": lambda op: Call("POST", _of_order(op, "receipt"), None, claims(op["order"].split("/")[0])),
    "refuse": lambda op: Call("POST", _of_order(op, "refusal"), None, staff()),
    "cancel": lambda op: Call("POST", _of_order(op, "cancel"), None, claims(op["order"].split("/")[0])),
    "cancel_units": lambda op: Call(
        "POST",
        _of_order(op, "cancel"),
        {
            "cancel_id": op["cancel_id"],
            "lines": _leaving(op),
        },
        claims(op["order"].split("/")[0]),
    ),
    "give_back": lambda op: Call(
        "POST",
        _of_order(op, "returns"),
        {
            "return_id": op["return_id"],
            "lines": _leaving(op),
        },
        staff(),
    ),
    "adjust": lambda op: Call(
        "POST",
        f"/members/{op['member']}/points/adjustments",
        {"adjustment_id": op["adjustment"], "points": op["points"], "reason": "goodwill"},
        staff(),
    ),
    "put_campaign": lambda op: Call("PUT", f"/campaigns/{op['campaign']}", op["body"], staff()),
    "put_template": lambda op: Call("PUT", f"/coupon-templates/{op['template']}", op["body"], staff()),
    "claim": lambda op: Call(
        "POST",
        f"/coupon-templates/{op['template']}/claim",
        None,
        claims(op["member"]),
        {"idempotency-key": op["key"]},
    ),
    "make_codes": lambda op: Call(
        "POST",
        f"/coupon-templates/{op['template']}/codes",
        {"batch_id": op["batch"], **op["told"]},
        staff(),
    ),
    "enter_code": lambda op: Call(
        "POST", "/members/me/coupon-codes", {"code": op["code"]}, claims(op["member"])
    ),
    "issue": lambda op: Call(
        "POST",
        f"/members/{op['member']}/coupons",
        {"issue_id": op["issue"], "template_id": op["template"]},
        staff(),
    ),
    "read": lambda op: Call("GET", op["path"], None, staff(op["who"]) if op["staff"] else claims(op["who"])),
}
"""The requests that operations send."""


def _birthday(told: str | Json) -> Json:
    """Return what is said of a birthday: a solar one is text, a lunar one an object (B6)."""
    return {"birthday": told, "birthday_calendar": "solar" if isinstance(told, str) else "lunar"}


def _cart(op: Op) -> Json:
    lines = [{"sku": sku, "quantity": units} for sku, units in op["units"].items()]
    cart = {"lines": lines, "coupon": op["coupon"], "points": op["points"]}
    return cart | ({"campaigns": op["campaigns"]} if "campaigns" in op.what else {})


def _expected(op: Op) -> Json:
    """Return what a shopper was told: what it costs, and the gifts, units by sku (V6)."""
    gifts = op.what.get("gifts")
    said = {} if op["expects"] is None else {"expected_paid_fen": op["expects"]}
    if gifts is None:
        return said
    return said | {"expected_gifts": [{"sku": sku, "quantity": units} for sku, units in gifts.items()]}


def _leaving(op: Op) -> list[Json]:
    """Return the units that leave an order, their lines named by their ids, or by their skus (V6)."""
    name = "line_id" if op.what.get("by_line") else "sku"
    return [{name: line, "quantity": units} for line, units in op["units"].items()]


def order_id_of(name: str) -> str:
    """Return the id of the order that is called ``member/key``."""
    return identifiers.order_id(*name.split("/"))


def _of_order(op: Op, call: str) -> str:
    return f"/orders/{order_id_of(op['order'])}/{call}"
