"""Case 46: nothing personal and no token is in a log line, a metric or an event, whatever happens."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from functions.aftersales.stream import Publisher as CasesPublisher
from functions.catalog.stream import Publisher as CatalogPublisher
from functions.coupons.stream import Consumer as CouponConsumer
from functions.orders.stream import Publisher as OrdersPublisher
from functions.platform.batches import BatchError
from functions.platform.bus import Bus
from functions.platform.dynamo import Row, from_item, to_item
from functions.tiers import members
from functions.tiers.stream import TOLD as TOLD_OF
from functions.tiers.stream import Publisher as MembersPublisher
from tests.handlers.conftest import ONE_TEA, Suite
from tests.handlers.test_order_life import job, returned
from tests.support import document
from tests.support.coupons import OF_CODES
from tests.support.events import Call, Context, claims, role, staff, stream_record
from tests.support.personal import BIRTHDAY, NAME, NEW_BIRTHDAY, PHONE, TOKEN, TOLD, USER_NAME, traces_in


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(TOLD),
        json.dumps(json.dumps(TOLD)),
        repr(TOLD),
        quote(NAME),
        NAME.upper(),
        PHONE,
        "8613987654321",
        "datetime.date(1987, 5, 23)",
        f"authorization: Bearer {TOKEN}",
    ],
)
def test_a_secret_is_found_however_it_is_written(text: str) -> None:
    assert traces_in(f"x{text}y")


class Bridge:
    """An EventBridge that keeps what it is sent, or takes none of it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.down = False

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Take events."""
        self.sent += [json.dumps(entry) for entry in Entries]
        if self.down:
            return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": "x"}] * len(Entries)}
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "x"}] * len(Entries)}


@dataclass
class Scene:
    """All functions, and everything that they put out."""

    suite: Suite
    log: io.StringIO
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    bridge: Bridge = field(default_factory=Bridge)

    @property
    def who(self) -> dict[str, str]:
        """The claims of the member whose secrets these are."""
        return claims("alice", username=USER_NAME, email="quetzal@example.com")

    def ask(
        self, method: str, path: str, body: Any = None, who: dict[str, str] | None = None, **more: Any
    ) -> int:
        """Send a request with a token; return the status."""
        headers = {"authorization": f"Bearer {TOKEN}", "idempotency-key": "k", **more.pop("headers", {})}
        return self.suite.call(Call(method, path, body, who or self.who, headers, **more)).status

    def must(
        self, method: str, path: str, body: Any = None, who: dict[str, str] | None = None, **more: Any
    ) -> None:
        """Send a request that succeeds."""
        assert self.ask(method, path, body, who, **more) in (200, 201)

    def consumers(self) -> list[tuple[str, tuple[str, ...], Any]]:
        """Return every reader of a stream: the table, how the rows begin that it is given, and the reader."""
        suite, bus = self.suite, Bus(self.bridge, "bus")  # type: ignore[arg-type]
        settings = suite.settings
        coupons = CouponConsumer(suite.tables, settings, suite.policy, lambda: suite.now)
        return [
            (settings.orders_table, ("ORDER",), suite.posting),
            (settings.orders_table, ("ORDER", "PAYMENT"), OrdersPublisher(bus, suite.policy)),
            (settings.catalog_table, ("PRODUCT",), CatalogPublisher(bus, suite.policy)),
            (settings.members_table, tuple(TOLD_OF), MembersPublisher(bus, suite.policy)),
            (settings.members_table, ("STANDING",), coupons),
            (settings.cases_table, ("CASE",), CasesPublisher(bus, suite.policy)),
        ]

    def rows(self, table: str) -> list[Row]:
        """Return all rows of a table."""
        return [from_item(item) for item in self.suite.tables.client.scan(TableName=table)["Items"]]

    def stream(self, change: Callable[[Row], Row] = lambda row: row, *, every: bool = False) -> int:
        """Deliver rows as new and as changed to the readers of their tables; return how many failed.

        A reader is given every row, or those that its stream is filtered for.
        """
        failed = 0
        for table, begins, consumer in self.consumers():
            for row in map(change, self.rows(table)):
                if every or row["item"].startswith(begins):
                    record = stream_record(row)
                    failed += self.failed(consumer, record)
                    record["dynamodb"]["OldImage"] = to_item(row)
                    failed += self.failed(consumer, record)
        return failed

    def failed(self, consumer: Any, record: dict[str, Any]) -> bool:
        """Deliver a record; return whether it failed. What the function raises is printed, as by Lambda."""
        try:
            return bool(consumer({"Records": [record]}, Context())["batchItemFailures"])
        except BatchError as error:
            print(repr(error), error)
            return True

    def put_out(self) -> str:
        """Return everything that was logged, counted or sent."""
        out, err = self.capsys.readouterr()
        messages = [f"{record.getMessage()} {vars(record)}" for record in self.caplog.records]
        return "\n".join([out, err, self.log.getvalue(), *messages, *self.bridge.sent])


@pytest.fixture
def scene(
    suite: Suite,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    """A member with secrets and an order, at the end of which nothing that was put out holds a secret."""
    monkeypatch.setattr("functions.platform.bus.BACKOFF_SECONDS", 0.0)
    scene = Scene(suite, log, capsys, caplog)
    suite.stocked(9)
    scene.must("PUT", "/members/me", TOLD)
    scene.must("POST", "/orders", ONE_TEA)
    yield scene
    text = scene.put_out()
    assert '"message":"request"' in text
    assert traces_in(text) == []


def order_of(scene: Scene) -> Row:
    """Return the row of the order."""
    (row,) = [row for row in scene.rows(scene.suite.settings.orders_table) if row["item"] == "ORDER"]
    return row


def case_of(scene: Scene) -> str:
    """Return the id of the case that there is."""
    (row,) = [row for row in scene.rows(scene.suite.settings.cases_table) if row["item"] == "CASE"]
    return str(row["case_id"])


def test_case_46_a_members_life_puts_out_nothing_personal(scene: Scene) -> None:
    order = order_of(scene)
    path, paid_fen = f"/orders/{order['order_id']}", order["quote"]["paid_fen"]
    scene.must("PUT", "/members/me", TOLD | {"name": NAME + "!", "phone": PHONE[1:]})
    assert scene.ask("PUT", "/members/me", TOLD | {"birthday": NEW_BIRTHDAY}) == 409
    scene.must(
        "PUT", "/members/alice/birthday", {"birthday": NEW_BIRTHDAY, "reason": f"told by {NAME}"}, staff()
    )
    scene.must("PUT", "/members/alice/birthday", {"birthday": BIRTHDAY, "reason": f"call {PHONE}"}, staff())
    for points, reason in ((700, f"for {NAME}, born {BIRTHDAY}"), (-200, f"asked from {PHONE}")):
        body = {"adjustment_id": f"a{points}", "points": points, "reason": reason}
        scene.must("POST", "/members/alice/points/adjustments", body, staff())
    for number, amount_fen in enumerate((paid_fen, paid_fen, 7)):
        scene.must("POST", f"{path}/payment", {"payment_id": f"p{number}", "amount_fen": amount_fen}, staff())
        assert scene.stream() == 0
    scene.must("POST", f"{path}/shipment", {"tracking_no": "SF1"}, staff())
    scene.must("POST", f"{path}/receipt")
    assert scene.stream() == 0
    scene.suite.pass_time(days=7)
    scene.suite.fire("release-points")
    asked = {"request_id": "q1", "kind": "complaint", "reason": "other", "text": f"I am {NAME}, {PHONE}"}
    scene.must("POST", f"{path}/cases", asked)
    case_id = case_of(scene)
    scene.must("POST", f"/cases/{case_id}/answer", {"text": f"Dear {NAME}, born {BIRTHDAY}"}, staff())
    scene.must("POST", f"/cases/{case_id}/settle", {"points": 1, "reason": f"for {NAME}"}, staff())
    scene.must("POST", f"{path}/returns", returned("r1", tea=1), staff())
    assert scene.stream() == 0
    for name in ("lapse-unpaid", "auto-receipt"):
        job(scene.suite, name)
    for name in ("announce-expiring", "expire-points", "audit-points"):
        scene.suite.fire(name)
    scene.must("PUT", "/campaigns/week", CAMPAIGN, staff())
    scene.must("PUT", "/coupon-templates/ten", TEMPLATE, staff())
    seen = scene.suite.call(Call("GET", "/audit", who=role("admin"), query={"member_id": "alice"}))
    record = seen.body["items"][0]["audit_id"]
    for operation in document.operations():
        if operation.method == "GET":
            ids = {"order_id": order["order_id"], "member_id": "alice", "sku": "tea"}
            ids |= {"campaign_id": "week", "template_id": "ten", "case_id": case_id, "audit_id": record}
            who = document.staff_for(operation, "alice")
            scene.must("GET", operation.at(**ids), who=who, query=operation.needs)
    assert scene.stream() == 0
    kinds = {json.loads(event)["DetailType"] for event in scene.bridge.sent}
    assert kinds >= {
        "OrderPaid",
        "RefundDue",
        "PointsEarned",
        "PointsReleased",
        "TierChanged",
        "CouponIssued",
    }


CAMPAIGN = {
    "name": "Week",
    "kind": "discount",
    "starts_at": "2026-12-01T00:00:00+08:00",
    "ends_at": "2099-12-08T00:00:00+08:00",
    "scope": {"skus": ["tea"]},
    "terms": {"rate": "0.9"},
    "status": "paused",
}
TEMPLATE = {**OF_CODES, "name": "Ten", "valid": {"days": 7}}
SECRETS: list[Any] = [
    NAME,
    BIRTHDAY,
    PHONE,
    f"{BIRTHDAY}x",
    TOKEN,
    [NAME],
    TOLD,
    {NAME: PHONE},
    8613987654321,
]


@pytest.mark.parametrize("operation", document.operations(), ids=str)
def test_case_46_secrets_in_wrong_fields_are_put_out_nowhere(
    scene: Scene, operation: document.Operation
) -> None:
    path = operation.at(**dict.fromkeys(operation.ids, "tea"))
    refused = 0
    for who in ({"sub": "alice", "token_use": "id", "name": NAME}, scene.who, staff()):
        for secret in SECRETS if "name" not in who else [NAME]:
            places = [] if operation.body is None else [place for place, _ in document.leaves(operation.body)]
            bodies = [document.replaced(operation.example, place, secret) for place in places]
            bodies += [{"note": secret}, {str(secret): secret}, secret]
            for body in bodies:
                refused += scene.ask(operation.method, path, body, who) >= 400
            query = {**operation.needs, "limit": str(secret), "cursor": str(secret), str(secret): str(secret)}
            scene.ask(operation.method, path, operation.example, who, query=query)
        for raw in (
            f"{NAME}",
            f'{{"name": "{NAME}"',
            f'["{PHONE}"]',
            f'{{"birthday": {BIRTHDAY}}}',
            f'"{TOKEN}"',
        ):
            refused += scene.ask(operation.method, path, who=who, raw=raw) >= 400
        headers = {"content-type": NAME, "idempotency-key": PHONE, "user-agent": NAME, "cookie": TOKEN}
        refused += scene.ask(operation.method, path, operation.example, who, headers=headers) >= 400
    assert refused


def test_case_46_what_somebody_writes_into_a_path_is_put_out_nowhere(scene: Scene) -> None:
    for operation in document.operations():
        for secret in (NAME, PHONE, BIRTHDAY, TOKEN):
            for text in (secret, quote(secret)):
                path = operation.at(**dict.fromkeys(operation.ids, text))
                scene.ask(operation.method, path, operation.example, staff())
    for path in (f"/{NAME}", f"/members/me/{quote(PHONE)}", f"/{TOKEN}/x"):
        assert scene.ask("GET", path) == 404


FAULTS: dict[str, Callable[[], Exception]] = {
    "bug": lambda: KeyError("bug"),
    "type": lambda: TypeError("rows hold no float"),
    "value": lambda: ValueError("a row that is not as it should be"),
}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("call", ["GetItem", "BatchGetItem", "TransactWriteItems", "PutItem", "Query"])
def test_case_46_a_fault_in_the_store_puts_out_no_secret(scene: Scene, call: str, kind: str) -> None:
    def fail(**_: Any) -> None:
        raise FAULTS[kind]()

    client = scene.suite.tables.client
    event = f"before-call.dynamodb.{call}"
    client.meta.events.register(event, fail)
    try:
        statuses = [
            scene.ask("PUT", "/members/me", TOLD | {"name": NAME + "?"}),
            scene.ask("PUT", "/members/alice/birthday", {"birthday": NEW_BIRTHDAY, "reason": NAME}, staff()),
            scene.ask("PUT", "/products/tea", {"name": NAME, "price_fen": 1, "member_zone": False}, staff()),
            scene.ask("POST", "/orders", ONE_TEA, headers={"idempotency-key": PHONE.replace(" ", "")}),
            *(
                scene.ask("GET", f"/members/me{path}")
                for path in ("", "/points", "/points/entries", "/coupons")
            ),
            scene.ask(
                "POST",
                "/members/alice/points/adjustments",
                {"adjustment_id": "a", "points": 5, "reason": f"{NAME} {PHONE}"},
                staff(),
            ),
        ]
        assert call == "PutItem" or 500 in statuses
    finally:
        client.meta.events.unregister(event, fail)


def test_case_46_tables_that_are_not_there_put_out_no_secret(scene: Scene) -> None:
    consumers = scene.consumers()
    rows = {table: scene.rows(table) for table, _, _ in consumers}
    for table in rows:
        scene.suite.tables.client.delete_table(TableName=table)
    statuses = {
        scene.ask(operation.method, operation.at(**dict.fromkeys(operation.ids, "tea")), body, who)
        for operation in document.operations()
        for who in (scene.who, staff())
        for body in (TOLD if operation.path == "/members/me" and operation.body else operation.example,)
    }
    assert 500 in statuses
    failed = [scene.failed(each, stream_record(row)) for table, _, each in consumers for row in rows[table]]
    assert any(failed)


def test_case_46_a_bus_that_is_down_puts_out_no_secret(scene: Scene) -> None:
    scene.bridge.down = True
    body = {"adjustment_id": "a", "points": 5, "reason": f"{NAME} {PHONE}"}
    scene.must("POST", "/members/alice/points/adjustments", body, staff())
    assert scene.stream() >= 1


SPOILT: list[dict[str, Any]] = [
    {"name": None},
    {"name": [NAME]},
    {"name": {"first": NAME}},
    {"name": 5, "phone": [PHONE]},
    {"phone": {"mobile": PHONE}},
    {"phone": 8613987654321},
    {"birthday": f"{BIRTHDAY}?"},
    {"birthday": "23.05.1987"},
    {"birthday": [BIRTHDAY]},
    {"birthday": 19870523},
    {"version": NAME},
]


@pytest.mark.parametrize("spoilt", SPOILT, ids=lambda row: "-".join(row))
def test_case_46_a_profile_that_no_code_of_ours_wrote_puts_out_no_secret(
    scene: Scene, spoilt: dict[str, Any]
) -> None:
    table = scene.suite.settings.members_table
    row = scene.suite.tables.get(table, members.key("alice", members.PROFILE))
    assert row is not None
    scene.suite.tables.put(table, row | spoilt)
    scene.ask("GET", "/members/me")
    scene.ask("GET", "/members/alice", who=staff())
    scene.ask("PUT", "/members/alice/birthday", {"birthday": NEW_BIRTHDAY, "reason": NAME}, staff())
    scene.ask("PUT", "/members/me", TOLD)
    scene.stream()


@pytest.mark.parametrize("field_name", ["name", "birthday", "phone"])
def test_case_46_an_answer_that_is_not_as_promised_puts_out_no_secret(
    scene: Scene, field_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pydantic says of what it refuses what it was."""

    def wrong(*_: Any) -> Any:
        return {**TOLD, "member_id": "alice", field_name: [TOLD]}

    monkeypatch.setattr("functions.tiers.face.member_answer", wrong)
    assert scene.ask("GET", "/members/me") == 500
    assert scene.ask("PUT", "/members/me", TOLD) == 500


def test_case_46_rows_in_streams_that_are_not_as_they_should_be_put_out_no_secret(scene: Scene) -> None:
    def with_secrets(row: Row) -> Row:
        return {**row, **TOLD}

    def without_others(row: Row) -> Row:
        kept = {name: row[name] for name in ("member_id", "order_id", "sku", "item") if name in row}
        return {**dict.fromkeys(row), **TOLD} | kept

    for change in (with_secrets, without_others):
        assert scene.stream(change, every=True) >= 1
