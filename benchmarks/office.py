"""What the console and the storefront ask besides a checkout, each prepared in a shop of its own.

Calls and units are exact: ``python -m benchmarks --only operations`` counts them. What they take, as
ratios, is in :mod:`benchmarks.office_ratios`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.support.bench import TEA, Bench
from tests.support.events import claims, role
from tests.support.shop import NOON

MANY = 20
"""Rows of a page: as many as a list gives unless it is asked for more."""
PHONE = "+8613800138000"
TOLD = {"name": "Lin Xiaoman", "phone": PHONE}
ALICE, CLERK, MARKETING, FINANCE, ADMIN = (
    claims("alice"),
    *(role(name) for name in ("clerk", "marketing", "finance", "admin")),
)
CART = {"lines": [{"sku": TEA, "quantity": 3}], "coupon": "none"}
CART_OF_A_PREVIEW = {"lines": CART["lines"]}
SAVES = {
    "name": "20 off from 100",
    "starts_at": (NOON - timedelta(days=1)).isoformat(),
    "ends_at": (NOON + timedelta(days=1)).isoformat(),
    "kind": "spend_save",
    "terms": {"steps": [{"from_fen": 10_000, "off_fen": 2_000}]},
    "status": "active",
    "scope": {"all": True},
}
Act = Callable[[], object]
Scene = Callable[[Bench], None]
"""Brings a shop to where something can be asked."""


def nothing(_: Bench) -> None:
    """Leave the shop as it opened: two products, and a member who holds a tier, points and a coupon."""


def told(bench: Bench) -> None:
    """Let the member have a phone, and a name that a search finds."""
    bench.must("PUT", "/members/me", TOLD)


def namesakes(bench: Bench) -> None:
    """Let there be a page of members whose names begin alike."""
    for number in range(MANY):
        body = {"name": f"Lin {number:02}"}
        bench.must("PUT", "/members/me", body, who=claims(f"member-{number:02}"))


def stocked(bench: Bench) -> None:
    """Let there be a page of products."""
    for number in range(MANY):
        bench.shop.stock(f"sku-{number:02}", 100)


def ordered(bench: Bench) -> None:
    """Let there be a page of orders, none of them paid yet."""
    for number in range(MANY):
        bench.must("POST", "/orders", CART, key=f"order-{number}")


def sent(bench: Bench) -> None:
    """Let there be an order on its way."""
    bench.shipped()


def recorded(bench: Bench) -> None:
    """Let there be a page of what staff did today."""
    for number in range(MANY):
        bench.must("POST", "/members/alice/points/adjustments", adjustment(f"a{number}"), who=FINANCE)


def running(bench: Bench) -> None:
    """Let a campaign run."""
    bench.must("PUT", "/campaigns/save", SAVES, who=MARKETING)


def adjustment(adjustment_id: str) -> dict[str, Any]:
    """Return what adjusts an account by hand."""
    return {"adjustment_id": adjustment_id, "points": 1, "reason": "a parcel that was late"}


def asking(
    method: str, path: str, scene: Scene = nothing, body: Any = None, **how: Any
) -> Callable[[Bench], Act]:
    """Return an operation: the scene is prepared, and the request is what is counted."""

    def prepare(bench: Bench) -> Act:
        scene(bench)
        at = path.format(order_id=_last_order(bench)) if "{order_id}" in path else path
        return lambda: bench.must(method, at, body, **how)

    return prepare


def _last_order(bench: Bench) -> str:
    """Return the order that was placed last."""
    return str(bench.must("GET", "/orders")["items"][0]["order_id"])


TODAY = NOON.date().isoformat()
OPERATIONS: Mapping[str, Callable[[Bench], Act]] = {
    "see oneself": asking("GET", "/members/me"),
    "see the member day": asking("GET", "/member-day"),
    "see what runs (1 campaign)": asking("GET", "/offers", running),
    "see the catalogue (20 products)": asking("GET", "/products", stocked),
    "see a product": asking("GET", f"/products/{TEA}"),
    "see one's coupons": asking("GET", "/members/me/coupons"),
    "see one's tiers": asking("GET", "/members/me/tier-history"),
    "see one's cases": asking("GET", "/members/me/cases"),
    "find a member by phone": asking("POST", "/members/search", told, {"phone": PHONE}, who=CLERK),
    "find 20 members by name": asking(
        "POST", "/members/search", namesakes, {"name_prefix": "lin"}, who=CLERK
    ),
    "see a member as staff": asking("GET", "/members/alice", who=CLERK),
    "see a member's entries as staff": asking("GET", "/members/alice/points/entries", recorded, who=FINANCE),
    "find an order by its parcel": asking(
        "GET", "/orders/search", sent, who=CLERK, query={"tracking_no": "T1"}
    ),
    "see orders by status (20 of them)": asking(
        "GET", "/orders/search", ordered, who=CLERK, query={"status": "placed"}
    ),
    "see what is due (20 orders)": asking("GET", "/orders/due", ordered, who=CLERK, query={"kind": "lapse"}),
    "see an order as staff": asking("GET", "/orders/{order_id}", ordered, who=CLERK),
    "see the cases to act on": asking("GET", "/cases", who=CLERK),
    "see the sales of 20 orders": asking(
        "GET", "/reports/sales", ordered, who=FINANCE, query={"date": TODAY}
    ),
    "see the audit (20 records)": asking(
        "GET", "/audit", recorded, who=ADMIN, query={"operator": FINANCE["sub"]}
    ),
    "preview a campaign": asking(
        "POST", "/campaigns/more/preview", running, {"campaign": SAVES, **CART_OF_A_PREVIEW}, who=MARKETING
    ),
    "adjust points": asking(
        "POST", "/members/alice/points/adjustments", nothing, adjustment("a1"), who=FINANCE
    ),
    "refuse a parcel": asking("POST", "/orders/{order_id}/refusal", sent, who=CLERK),
    "move stock": asking(
        "POST",
        f"/products/{TEA}/stock",
        nothing,
        {"movement_id": "m1", "delta": 1, "reason": "delivery"},
        who=CLERK,
    ),
}
"""By what is asked; each is prepared in a shop of its own."""
