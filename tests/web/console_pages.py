"""The console's pages as they are walked through: where each is, what is there, and what the API answers."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.pages import Answer, example, problem

NONE: Answer = (200, {"items": [], "next_cursor": None})
MEMBER_ID = "3edf0ab6-9c14-431d-af47-23b5f33bc229"
RECORD = {
    "audit_id": "aud_0123456789abcdef0123456789abcdef",
    "at": "2026-12-03T20:10:00+08:00",
    "operator": "7c2e3f0a-2f43-4a53-9d51-0d6a5c9f6a11",
    "operator_name": "fiona",
    "service": False,
    "roles": ["finance"],
    "operation": "adjust_points",
    "route": "POST /members/{member_id}/points/adjustments",
    "subjects": {"member_id": MEMBER_ID},
    "request_key": "adjust-1",
    "fields": ["adjustment_id", "points", "reason"],
    "values": {"adjustment_id": "adjust-1", "points": 100},
    "searched_by": None,
    "shown": [],
    "address": "203.0.113.7",
    "request_id": "req-of-then",
}
REFUND = {**example("get_refunds", "manual")["items"][0], "state": "failed", "because": "NOT_ENOUGH"}
DIFFERENCE: dict[str, Any] = {
    "kind": "amount",
    "provider": "wechatpay",
    "entry": "payment",
    "payment_id": "wechatpay:4200001234202612030000000001",
    "number": "till-2042",
    "ours": {"amount": 10_950, "currency": "CNY", "state": "succeeded"},
    "theirs": {"amount": 10_900, "currency": "CNY", "state": "succeeded"},
    "line": 4,
    "because": None,
}
STATEMENT: dict[str, Any] = {
    "provider": "wechatpay",
    "state": "compared",
    "lines": 4,
    "apart": 1,
    "foreign": 0,
    "payments_fen": 43_800,
    "refunds_fen": 10_950,
    "fees_fen": 263,
    "at": "2026-12-03T10:30:00+08:00",
}
DIFFERENCES = {"date": "2026-12-02", "items": [DIFFERENCE], "statements": [STATEMENT], "next_cursor": None}
SALES = {
    "items": [
        {**example("get_sales", "of_a_day")["items"][0], "date": "2026-12-03"},
        {**example("get_sales", "of_a_day")["items"][0], "date": "2026-12-01"},
    ],
    "next_cursor": None,
}
LATE = {
    **example("search_orders", "by_status")["items"][0],
    "status": "shipped",
    "closed_at": None,
    "late_at": "2026-12-02T10:00:00+08:00",
    "tracking_no": "SF1234567890",
    "carrier": "SF Express",
}
DUE = {"kind": "lapse", "due_at": "2026-12-03T20:40:00+08:00", "order": {**LATE, "status": "placed"}}
LEDGER = example("get_member_points_entries", "adjusted")
PRODUCTS = {
    "items": [
        {**each, "stock": 3, "low_stock_threshold": 5} for each in example("get_products", "page")["items"]
    ],
    "next_cursor": None,
}


def page_of(*items: Any) -> Answer:
    """Return a list of one page."""
    return 200, {"items": list(items), "next_cursor": None}


ANSWERS: dict[str, Any] = {
    "get_audit": page_of(RECORD),
    "get_due_orders": page_of(DUE),
    "get_late_deliveries": page_of(LATE),
    "get_payment_differences": (200, DIFFERENCES),
    "get_products": (200, PRODUCTS),
    "get_product": (
        200,
        {**example("get_product", "seen"), "stock": 3, "low_stock_threshold": 5, "stock_rows_now": 1},
    ),
    "get_refunds": page_of(REFUND),
    "get_sales": (200, SALES),
    "search_members": (200, example("search_members", "by_name")),
}
"""What is answered where the examples have nothing to look at."""


@dataclass(frozen=True)
class Walk:
    """A page: its address, what it reads first, what is there then, and the answer that leaves it empty."""

    path: str
    reads: str
    there: str
    empty: Answer | None = None
    answers: dict[str, Any] = field(default_factory=dict)


REPORTS = {
    "sales": ("get_sales", NONE),
    "liability": ("get_points_liability", problem(404, "not_audited")),
    "refunds": ("get_refunds", NONE),
    "unassigned": ("get_unassigned_payments", NONE),
    "differences": (
        "get_payment_differences",
        (200, {**DIFFERENCES, "items": [], "statements": []}),
    ),
    "returns": ("get_returns", NONE),
    "late": ("get_late_deliveries", NONE),
}
NO_CASES = {
    "month": "2026-12",
    "opened": {},
    "answered": 0,
    "answer_seconds": None,
    "overdue": 0,
    "share_overdue": None,
}
WALKS = {
    "today": Walk("/", "get_alarms", ".work", (200, {"as_of": RECORD["at"], "alarms": []})),
    "orders": Walk("/orders", "search_orders", "tbody tr", NONE),
    "orders found": Walk("/orders?q=SF1234567890", "search_orders", "tbody tr", NONE),
    "orders due": Walk("/orders?view=due", "get_due_orders", "tbody tr", NONE),
    "an order": Walk("/orders/ord_p75c5fxkauzvepi5vqrmqmnh4a", "get_order", ".timeline"),
    "cases": Walk("/cases", "get_cases", "tbody tr", NONE),
    "a case": Walk("/cases/cas_xmw3j6voyxycpijuzxr77e5qhu", "get_case", ".timeline"),
    "members": Walk("/members", "", ".state"),
    "a member": Walk(f"/members/{MEMBER_ID}", "get_member", "tbody tr"),
    "a member's tiers": Walk(f"/members/{MEMBER_ID}?tab=tiers", "get_member_tier_history", "tbody tr", NONE),
    "a member's coupons": Walk(f"/members/{MEMBER_ID}?tab=coupons", "get_member_coupons", "tbody tr", NONE),
    "a member's orders": Walk(f"/members/{MEMBER_ID}?tab=orders", "get_member_orders", "tbody tr", NONE),
    "a member's birthdays": Walk(
        f"/members/{MEMBER_ID}?tab=birthdays", "get_member_birthday_changes", "tbody tr", NONE
    ),
    "products": Walk("/products", "get_products", "tbody tr", NONE),
    "a product": Walk("/products/tea-longjing-100", "get_movements", "tbody tr", NONE),
    "campaigns": Walk("/campaigns", "get_campaigns", "tbody tr", NONE),
    "a campaign": Walk("/campaigns/1212-save", "get_campaign", ".figures"),
    "a new campaign": Walk("/campaigns/new", "", "fieldset"),
    "a campaign's form": Walk("/campaigns/1212-save/edit", "get_campaign", "fieldset"),
    "coupons": Walk("/coupons", "get_coupon_templates", "tbody tr", NONE),
    "a template": Walk("/coupons/tenth", "get_coupon_template", ".facts"),
    **{
        f"the report of {name}": Walk(f"/reports?report={name}", reads, ".report tbody tr", empty)
        for name, (reads, empty) in REPORTS.items()
    },
    "the report of cases": Walk("/reports?report=cases", "get_case_figures", ".figures", (200, NO_CASES)),
    "the policy": Walk("/policy", "get_policy", "tbody tr"),
    "jobs": Walk("/jobs", "get_jobs", "tbody tr"),
    "audit": Walk("/audit", "get_audit", "tbody tr", NONE),
}
