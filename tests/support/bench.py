"""The whole programme over an emulator's tables, asked as the outside asks it, with all that it has written.

Everything that is written follows from what is asked and when, so the state after an operation is the same to
the byte whatever happened to it on the way.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from functions.aftersales import api as cases_api
from functions.audit import api as audit_api
from functions.checkout import api as shop_api
from functions.coupons import api as coupons_api
from functions.coupons.stream import Consumer as CouponConsumer
from functions.domain import identifiers
from functions.domain.errors import RefusalError
from functions.domain.policy import Policy
from functions.orders.order import Order
from functions.orders.rows import key
from functions.payments import api as payments_api
from functions.platform.batches import BatchError
from functions.platform.dynamo import Row, Tables, from_item, to_item
from functions.platform.settings import CashierSettings, Settings
from functions.points import api as points_api
from functions.points.stream import Consumer as PostingConsumer
from functions.privacy import api as privacy_api
from functions.tiers import api as members_api
from tests.support.accounts import hold_coupon, hold_points, hold_tier
from tests.support.events import Answer, Call, Context, claims, staff, stream_record
from tests.support.paying import Paying
from tests.support.phones import hash_phone
from tests.support.shop import NOON, Shop
from tests.support.tables import PARTITION_KEYS
from tests.support.wire import Wire, wire_of

Dump = dict[tuple[str, str, str], str]
"""Every row of every table, by table, partition key and sort key."""
TEA, KETTLE = "tea", "kettle"
TEA_FEN, KETTLE_FEN = 6_667, 20_000
UNITS = 100


OF_PAYMENTS = ("/reports/unassigned-payments", "/reports/refunds", "/reports/payment-differences")


@dataclass(frozen=True)
class Outcome:
    """What came of an operation: whether it was done, and if not, how it was refused."""

    done: bool
    status: int = 0
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass
class Bench:
    """All functions over one set of tables, with a clock that the test sets."""

    tables: Tables
    settings: Settings
    policy: Policy
    now: datetime = NOON

    def __post_init__(self) -> None:
        create = (self.tables, self.settings, self.policy, lambda: self.now)
        self.shop_api, self.points_api = shop_api.create(*create), points_api.create(*create)
        self.members_api = members_api.create(*create, hash_phone)
        self.cases_api = cases_api.create(*create)
        self.audit_api = audit_api.create(*create)
        self.coupons_api = coupons_api.create(*create)
        nobody: Any = None  # an export asks for no users
        self.privacy_api = privacy_api.create(
            self.tables, self.settings, nobody, self.policy, lambda: self.now
        )
        paying = Paying(self.shop)
        at = CashierSettings(payments_url=paying.payments_url, return_url="")
        self.payments_api = payments_api.create(
            paying.book,
            paying.sender_of,
            paying.on,
            at,
            self.policy,
            lambda: self.now,
            audit_table=self.settings.audit_table,
        )
        self.posting = PostingConsumer(self.tables, self.settings, self.policy)
        self.coupons = CouponConsumer(self.tables, self.settings, self.policy, lambda: self.now)

    @property
    def shop(self) -> Shop:
        """The stores of the programme."""
        return Shop(self.tables, self.settings, self.policy)

    # --- asking ---

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: dict[str, str] | None = None,
        key: str | None = None,
        query: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request to the function that serves its path, as alice unless told."""
        headers = {} if key is None else {"idempotency-key": key}
        call = Call(method, path, body, who or claims("alice"), headers, query or {})
        if path.startswith("/audit"):
            return call.to(self.audit_api)
        if path.endswith("/export"):
            return call.to(self.privacy_api)
        if path.endswith("/payments") or path.startswith(OF_PAYMENTS):
            return call.to(self.payments_api)
        if path.startswith(("/cases", "/reports/cases")) or path.endswith("/cases"):
            return call.to(self.cases_api)
        if "/points" in path:
            return call.to(self.points_api)
        if "/coupon" in path:
            return call.to(self.coupons_api)
        of_shop = not path.startswith("/members") or path.endswith("/orders")
        return call.to(self.shop_api if of_shop else self.members_api)

    def outcome(self, *request: Any, **how: Any) -> Outcome:
        """Send a request; return what came of it."""
        answer = self.ask(*request, **how)
        done = answer.status < 400
        return Outcome(done, answer.status, "" if done else answer.code, answer.headers, answer.body)

    def must(self, *request: Any, **how: Any) -> Any:
        """Send a request that is done; return what it answers."""
        outcome = self.outcome(*request, **how)
        assert outcome.done, outcome
        return outcome.body

    def by_staff(self, method: str, path: str, body: Any = None) -> Outcome:
        """Let staff send a request."""
        return self.outcome(method, path, body, who=staff())

    def delivered(self, consumer: Any, *rows: Row) -> Outcome:
        """Deliver rows as one batch of a stream; it is done when none is to be delivered again."""
        records = [stream_record(row, sequence=number) for number, row in enumerate(rows)]
        try:
            failed = consumer({"Records": records}, Context())["batchItemFailures"]
        except BatchError:  # all of them failed
            return Outcome(done=False, code="delivered again")
        return Outcome(done=not failed, code="delivered again" if failed else "")

    # --- a shop with a member, and an order of theirs ---

    def open(self) -> None:
        """Stock the shop, and let alice hold a tier, points and a birthday coupon."""
        for sku, price_fen in ((TEA, TEA_FEN), (KETTLE, KETTLE_FEN)):
            self.shop.stock(sku, UNITS, price_fen)
        self.join("alice")

    def join(self, member_id: str) -> None:
        """Register somebody who holds a tier, points and a birthday coupon."""
        self.must("PUT", "/members/me", {"name": member_id}, who=claims(member_id))
        here = (self.tables, self.settings.members_table, member_id)
        hold_tier(*here, "J3", self.policy)
        hold_points(*here, {"2025": 700, "2026": 3_300})
        month = timedelta(days=20)
        hold_coupon(*here, face_fen=2_000, valid_from=NOON - month, valid_until=NOON + month)

    def coupon_id(self, member_id: str = "alice") -> str:
        """Return the id of a member's coupon of the year."""
        return identifiers.coupon_id(member_id, NOON.year)

    def cart(self, *, points: int = 0, coupon: bool = False, member_id: str = "alice") -> dict[str, Any]:
        """Return a cart of three tea and a kettle, by points or with the coupon."""
        offers: dict[str, Any] = {"points": points}
        if coupon:
            offers["coupon"] = self.coupon_id(member_id)
        return {"lines": [_line(TEA, 3), _line(KETTLE, 1)], **offers}

    def placed(self, key: str = "k1", **offers: Any) -> str:
        """Place an order; return its id."""
        order_id: str = self.must("POST", "/orders", self.cart(**offers), key=key)["order_id"]
        return order_id

    def paid(self, **offers: Any) -> str:
        """Place and pay an order."""
        order_id = self.placed(**offers)
        assert self.pay(order_id).done
        return order_id

    def shipped(self, **offers: Any) -> str:
        """Place, pay and ship an order."""
        order_id = self.paid(**offers)
        assert self.by_staff("POST", f"/orders/{order_id}/shipment", {"tracking_no": "T1"}).done
        return order_id

    def received(self, **offers: Any) -> str:
        """Place, pay, ship and receive an order."""
        order_id = self.shipped(**offers)
        self.must("POST", f"/orders/{order_id}/receipt")
        return order_id

    def pay(self, order_id: str, payment_id: str = "p1") -> Outcome:
        """Pay an order by its amount."""
        amount_fen = self.order(order_id).quote.paid_fen
        body = {"payment_id": payment_id, "amount_fen": amount_fen}
        return self.by_staff("POST", f"/orders/{order_id}/payment", body)

    def order(self, order_id: str) -> Order:
        """Return an order as it is stored."""
        return self.shop.book.require(order_id)

    def order_row(self, order_id: str) -> Row:
        """Return an order's row, as its stream tells it."""
        row = self.tables.get(self.settings.orders_table, key(order_id))
        assert row is not None
        return row

    def post(self, order_id: str) -> Outcome:
        """Let the stream deliver an order."""
        return self.delivered(self.posting, self.order_row(order_id))

    # --- what is written ---

    def dump(self) -> Dump:
        """Return all that is written, in a form that equal states have alike."""
        found: Dump = {}
        for name, partition in PARTITION_KEYS.items():
            table = self._table(name)
            for item in self._items(table):
                place = (name, item[partition]["S"], item["item"]["S"])
                found[place] = json.dumps(from_item(item), sort_keys=True)
        return found

    def restore(self, dump: Dump, *, now: Dump | None = None) -> None:
        """Bring all tables back to a state; ``now`` is the one that they are in, where that is known."""
        now = self.dump() if now is None else now
        for name, partition_value, item in now.keys() - dump.keys():
            key = {PARTITION_KEYS[name]: partition_value, "item": item}
            self._wire.ask("DeleteItem", {"TableName": self._table(name), "Key": to_item(key)})
        for place, row in dump.items():
            if now.get(place) != row:
                put = {"TableName": self._table(place[0]), "Item": to_item(json.loads(row))}
                self._wire.ask("PutItem", put)

    @property
    def _wire(self) -> Wire:
        """The way past the SDK; who only asks, as the benchmarks do, keeps the SDK's own."""
        return wire_of(self.tables.client)

    def _table(self, name: str) -> str:
        table: str = getattr(self.settings, f"{name.lower()}_table")
        return table

    def _items(self, table: str) -> Sequence[Any]:
        answer = self._wire.ask("Scan", {"TableName": table, "ConsistentRead": True})
        assert "LastEvaluatedKey" not in answer
        items: Sequence[Any] = answer["Items"]
        return items


def tried(act: Callable[[], object]) -> Outcome:
    """Do something to a store; return what came of it."""
    try:
        act()
    except RefusalError as refusal:
        return Outcome(done=False, status=refusal.status, code=refusal.code)
    return Outcome(done=True)


def _line(sku: str, quantity: int) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity}
