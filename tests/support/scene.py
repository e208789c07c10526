"""What exists on the deployed stack while requests are drawn at random, so that they meet something."""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memberday_client.api.audit import get_audit
from memberday_client.api.cases import approve_case, open_case, refuse_case
from memberday_client.api.coupons import get_coupons
from memberday_client.api.members import change_birthday
from memberday_client.api.orders import cancel_order
from memberday_client.models import (
    BirthdayRequest,
    CaseKind,
    CaseLineRequest,
    CaseRequest,
    OrderAnswer,
    RefusalRequest,
)

from functions.domain.policy import FILE
from functions.platform.trail import SUBJECTS
from local.interrupts import Interrupts
from local.till.process import TillProcess
from reach.folder import StateFolder
from tests.support.answers import granted
from tests.support.scene_offers import SceneOffers, leaving_lines
from tests.support.shopper import TEA, Shopper
from tests.support.stack import ADMIN, Stack

TOKEN_SECONDS = 600
UNITS = 1_000_000
POINTS = 100_000
KEYS = 1_000
STATUSES = ("placed", "paid", "shipped", "received", "cancelled")
NEEDED_STATUS = {
    "cancel": "paid",
    "payment": "placed",
    "shipment": "paid",
    "receipt": "shipped",
    "refusal": "shipped",
    "returns": "received",
    "preview": "received",
    "cases": "received",
}
"""Where an order must stand for a call to succeed, by the end of the call's path."""

OF_A_MEMBER = (
    "/orders/{order_id}/cases",
    *(f"/cases/{{case_id}}/{what}" for what in ("withdraw", "shipment", "escalate")),
)
"""How the paths end of what only a member can do, with an order or a case of their own."""
NEEDED_STEPS: Mapping[str, tuple[str, ...]] = {
    "receive": ("approve",),
    "shipment": ("approve",),
    "escalate": ("refuse",),
}
"""What staff do with a case before a call can succeed, by the end of the call's path."""

Known = Mapping[str, Sequence[Any]]
"""Values that mean something to the stack by their names in requests, the best one first."""
OF_THE_OFFICE: Mapping[str, Known] = {
    "/jobs/{job}/runs": {"job": ["index-parcels", "index-members"]},
    "/orders/due": {"kind": ["receipt", "lapse", "late"]},
    # One thing at a time.
    "/audit": {
        **{name: [] for name in (*SUBJECTS, "operator", "operator_name", "request_key")},
        "date": ["2026-12-09", "2020-02-29"],
    },
    "/orders/search": {"payment_id": []},  # which stands alone
    "/policy/check": {"toml": [FILE.read_text(encoding="utf-8"), "[shipping"]},
    "/reports/sales": {"date": []},  # which stands alone
    "/reports/{report}/exports": {
        "report": ["late-deliveries", "cases", "refunds", "audit"],
        **dict.fromkeys(("state", "by", "value"), ()),  # filters of some of them
    },
}
"""What some paths are asked with, whatever else goes by such a name."""


@dataclass(frozen=True)
class Act:
    """What one operation can be asked on: known values, and a body that it accepts if it takes one."""

    known: Known
    body: dict[str, Any] | None


class Scene:
    """A member and a clerk, both registered, with products, orders, points, offers and an audit."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.member, self.clerk = Shopper(stack), Shopper(stack)
        self._zone, self._sold_out, self._withdrawn = Shopper(stack), Shopper(stack), Shopper(stack)
        self._signed_in = time.monotonic()
        for shopper in (self.member, self.clerk):
            today = shopper.register().registered_at.date().replace(year=2000)
            change = BirthdayRequest(birthday=today, reason="test")
            granted(change_birthday.sync(shopper.member_id, client=shopper.clerk, body=change))
            shopper.stocked(UNITS)
            shopper.adjust(POINTS)
            shopper.adjust(-1)
            shopper.pay(shopper.order("first"))
        self._zone.stocked(UNITS, member_zone=True)
        self._sold_out.stocked(0, member_zone=True)
        self._withdrawn.stocked(UNITS, status="withdrawn")
        self._offers = SceneOffers(stack, self.member, self._zone)
        self._own, self._not_own = (each.order("second").order_id for each in (self.member, self.clerk))
        stack.local("settle")
        stack.local("fire", "issue-birthday-coupons")
        stack.local("fire", "audit-points")
        held = granted(get_coupons.sync(client=self.member.client))
        self._coupons = [coupon.coupon_id for coupon in held.items]

    def close(self) -> None:
        """Let no offer of the scene change the prices of other tests on the stack."""
        self._offers.close()

    def token(self, *, staff: bool, admin: bool = False) -> str:
        """Return a token of the clerk, of an admin or of the member, signed in anew before it runs out."""
        if time.monotonic() - self._signed_in > TOKEN_SECONDS:
            self.stack.forget_tokens()
            self._signed_in = time.monotonic()
        if admin:
            return self.stack.token(ADMIN)
        return self.stack.token((self.clerk if staff else self.member).name, staff=staff)

    def act(self, method: str, path: str, *, staff: bool) -> Act:
        """Prepare what an operation needs, so that nothing asked before is in its way."""
        name = uuid.uuid4().hex[:12]
        wanted = NEEDED_STATUS.get(path.rpartition("/")[2], "placed")
        statuses = sorted(STATUSES, key=lambda status: status != wanted) if "{order_id}" in path else []
        owner = self.clerk if staff and path.endswith(OF_A_MEMBER) else self.member
        orders = [self._order(f"{name}-{status}", status, owner) for status in statuses]
        known: dict[str, Sequence[Any]] = {
            "member_id": self._erasable() if _fills_up(method, path) else [self.member.member_id],
            "order_id": [*(order.order_id for order in orders), self._own, self._not_own],
            "amount_fen": [order.paid_fen for order in orders],
            "sku": self._skus(method),
            "lines": self._lines(path, owner),
            "coupon": ["none", "best", *self._coupons],
            "points": [1, -1] if path.endswith("/adjustments") else [0, 100, "best"],
            "expected_paid_fen": [None],
            "expected_gifts": [None],
            "name": ["Alice", "李 雷"],
            "name_prefix": ["ALICE", "李"],
            "phone": ["138 0013 8000", "+852 9123 4567"],
            "reason": ["delivery", "损坏"],
            "limit": [1, 2, 100],
            "zone": ["true", "false"],
            "q": ["te", "TEA", "李"],
            "status": _statuses(path),
            "since": ["2020-01-01T00:00:00+08:00", "2027-01-01T00:00:00Z"],
            "date": ["2026-12-09", "2020-02-30"],
            "before": ["9999-01-01T00:00:00Z", "2026-12-10T00:00:00+08:00"],
            "cursor": self._cursors(path, staff=staff) if method == "GET" else [],
            "idempotency-key": [f"{name}-{number}" for number in range(KEYS)],
            **{
                f"{what}_id": [f"{name}-1", f"{name}-2"]
                for what in (
                    "adjustment",
                    "batch",
                    "cancel",
                    "issue",
                    "movement",
                    "payment",
                    "request",
                    "return",
                )
            },
        }
        known |= self._offers.known(path, method)
        known |= self._of_money(name, path)
        known |= self._of_cases(name, path, owner)
        known |= OF_THE_OFFICE.get(path, {})
        if path == "/audit/{audit_id}":
            known["audit_id"] = self._records()
        body = self._offers.body(method, path) or _body(method, path, known)
        return Act({each: values for each, values in known.items() if values}, body)

    def _records(self) -> list[str]:
        """Return records of what staff did for the member."""
        admin, member_id = self.stack.client(ADMIN), self.member.member_id
        return [each.audit_id for each in granted(get_audit.sync(client=admin, member_id=member_id)).items]

    def _of_money(self, name: str, path: str) -> dict[str, Sequence[Any]]:
        """Return money that waits for somebody to decide, and how orders are paid."""
        if path.endswith("/payments"):
            return {"provider": ["wechatpay", "stripe"], "method": ["default"], "payer": ["oAbc"]}
        if "{payment_id}" in path:
            return {"payment_id": [self._unassigned(f"{name}-{number}") for number in range(2)]}
        if "{refund_id}" in path:
            return {"refund_id": [self._to_be_paid_by_hand(name)], "reference": ["bank-1"]}
        return {}

    def _of_cases(self, name: str, path: str, owner: Shopper) -> dict[str, Sequence[Any]]:
        """Return what cases are asked for by, and one that is as it must be for a call to succeed."""
        if path.endswith("/orders/{order_id}/cases"):
            return {"kind": ["return", "complaint"], "reason": ["defective", "no_reason"], "text": ["损坏"]}
        if "{case_id}" not in path:
            return {"month": ["2026-12", "2027-01"]}
        what = path.rpartition("/")[2]
        complaint = what in ("answer", "settle")
        cases = [self._case(f"{name}-{number}", what, owner, complaint=complaint) for number in range(2)]
        return {
            "case_id": cases,
            "lines": [_cart(owner)],
            "points": [1, 100],
            "template_id": [None],
            "text": ["sorry"],
            "return_shipping_fen": [None, 0, 1_200],
        }

    def _case(self, key: str, what: str, owner: Shopper, *, complaint: bool) -> str:
        """Return the id of a new case of a member about which this can be done."""
        order = self._order(key, "received", owner)
        lines = None if complaint else [CaseLineRequest(sku=owner.sku, quantity=1)]
        kind: CaseKind = "complaint" if complaint else "return"
        body = CaseRequest(request_id=key, kind=kind, reason="defective", lines=lines)
        case_id = granted(open_case.sync(order.order_id, client=owner.client, body=body)).case_id
        for step in NEEDED_STEPS.get(what, ()):
            if step == "approve":
                granted(approve_case.sync(case_id, client=owner.clerk))
            else:
                granted(refuse_case.sync(case_id, client=owner.clerk, body=RefusalRequest(reason="used")))
        return case_id

    def _unassigned(self, number: str) -> str:
        """Let money come in that is no order's; return its payment's id."""
        till = TillProcess(StateFolder(self.stack.folder), Interrupts())
        till.ask("POST", "/till/money", {"provider": "stripe", "number": number, "amount_fen": 100})
        self.stack.local("settle")
        listed: list[dict[str, Any]] = []
        cursor = ""
        while True:
            path = f"/reports/unassigned-payments?limit=100{cursor}"
            page = self.stack.call("GET", path, token=self.token(staff=True)).body
            listed += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        (payment_id,) = [each["payment_id"] for each in listed if each["number"] == number]
        return str(payment_id)

    def _to_be_paid_by_hand(self, key: str) -> str:
        """Let a paid order be cancelled; return the id of its refund, which staff pay."""
        order = self._order(f"{key}-back", "paid", self.member)
        granted(cancel_order.sync(order.order_id, client=self.member.clerk))
        (refund,) = self.member.found(order).refunds or []
        return refund.refund_id

    def _lines(self, path: str, owner: Shopper) -> list[list[dict[str, Any]]]:
        """Return lines of carts, or those of which units leave an order."""
        if "{order_id}" in path:
            return list(leaving_lines(owner.sku, f"{self._zone.sku}:{self._offers.gift}"))
        return [
            _cart(self.member),
            _cart(self.member, self._zone),
            _cart(self._sold_out),
            _cart(self._withdrawn),
        ]

    def _order(self, key: str, status: str, owner: Shopper) -> OrderAnswer:
        """Return a new order of a member that stands so."""
        order = owner.order(key, quantity=2)
        if status == "cancelled":
            granted(cancel_order.sync(order.order_id, client=owner.clerk))
        elif status != "placed":
            owner.pay(order)
        if status == "shipped":
            owner.ship(order)
        elif status == "received":
            owner.delivered(order)
        return order

    def _skus(self, method: str) -> list[str]:
        """Return products; to be put, those that nothing else needs: they may be withdrawn by it."""
        not_sold = [self._withdrawn.sku, self._sold_out.sku]
        return not_sold if method == "PUT" else [self.member.sku, self._zone.sku, *not_sold]

    def _erasable(self) -> list[str]:
        """Return members whom nothing else needs."""
        members = [Shopper(self.stack), Shopper(self.stack)]
        for member in members:
            member.register()
        return [member.member_id for member in members]

    def _cursors(self, path: str, *, staff: bool) -> list[str]:
        """Return the cursor of a list's second page, if it is a list and has one."""
        others = dict.fromkeys(("campaign_id", "template_id", "case_id", "audit_id"), "none")
        asked = path.format(
            member_id=self.member.member_id, sku=self.member.sku, order_id=self._own, **others
        )
        first = self.stack.call("GET", f"{asked}?limit=1", token=self.token(staff=staff))
        cursor = first.body.get("next_cursor")
        return [cursor] if cursor else []


def _fills_up(method: str, path: str) -> bool:
    """Tell whether an operation takes from its member what others need: all of it, or room for coupons."""
    return method == "DELETE" or (method, path) == ("POST", "/members/{member_id}/coupons")


def _statuses(path: str) -> list[str]:
    """Return the statuses of what a path is about."""
    if "/orders" in path:
        return list(STATUSES)
    return ["on_sale", "withdrawn"] if "/products" in path else ["available", "used"]


def _cart(*shoppers: Shopper) -> list[dict[str, Any]]:
    """Return the lines of a cart with a unit of each one's product."""
    return [{"sku": shopper.sku, "quantity": 1} for shopper in shoppers]


def _body(method: str, path: str, known: Known) -> dict[str, Any] | None:
    """Return a body that an operation accepts, if it takes one."""

    def best(*names: str) -> dict[str, Any]:
        return {name: known[name][0] for name in names if known.get(name)}

    return {
        "POST /coupon-templates/{template_id}/codes": {"count": 2, **best("batch_id")},
        "POST /members/me/coupon-codes": best("code"),
        "POST /members/{member_id}/coupons": best("issue_id", "template_id"),
        "PATCH /members/me": best("name", "phone"),
        "POST /members/search": {"name_prefix": "alice"},
        "PUT /members/me": best("name"),
        "PUT /members/{member_id}/birthday": {"birthday": "2000-02-29", **best("reason")},
        "POST /members/{member_id}/points/adjustments": best("adjustment_id", "points", "reason"),
        "POST /orders": best("lines"),
        "POST /orders/{order_id}/cancel": best("cancel_id", "lines"),
        "POST /orders/{order_id}/payment": best("payment_id", "amount_fen"),
        "POST /orders/{order_id}/payments": best("provider"),
        "POST /reports/unassigned-payments/{payment_id}/assign": best("order_id"),
        "POST /reports/unassigned-payments/{payment_id}/refund": best("reason"),
        "POST /reports/refunds/{refund_id}/by-hand": best("reason", "reference"),
        "POST /orders/{order_id}/cases": best("request_id", "kind", "reason", "lines"),
        "POST /cases/{case_id}/refuse": best("reason"),
        "POST /cases/{case_id}/receive": {},
        "POST /cases/{case_id}/answer": best("text"),
        "POST /cases/{case_id}/settle": best("points", "reason"),
        "POST /cases/{case_id}/escalate": best("reason"),
        "POST /cases/{case_id}/shipment": {"carrier": "SF Express", "tracking_no": "SF-1"},
        "POST /orders/{order_id}/returns": best("return_id", "lines"),
        "POST /orders/{order_id}/returns/preview": best("lines"),
        "POST /orders/{order_id}/shipment": {"carrier": "SF Express", "tracking_no": "SF-1"},
        "POST /quotes": best("lines"),
        "POST /jobs/{job}/runs": best("request_id"),
        "POST /reports/{report}/exports": {"rows": 1, **best("request_id")},
        "POST /policy/check": best("toml"),
        "PUT /products/{sku}": TEA,
        "POST /products/{sku}/stock": {"delta": 1, **best("movement_id", "reason")},
    }.get(f"{method} {path}")
