"""The routes of payments over HTTP: who may ask, what is refused and how, what is answered (Y2, Y4)."""

from typing import Any

import pytest

from functions.payments import api as payments_api
from functions.payments.providers.provider import Kind, Notice
from functions.platform.http import Api
from functions.platform.settings import CashierSettings
from tests.handlers.conftest import Suite
from tests.support.events import Answer, Call, claims, staff
from tests.support.paying import Paying, Word, differ
from tests.support.shop import Shop

WECHATPAY = {"provider": "wechatpay"}
NOBODYS = "ord_" + "a" * 26


class Desk:
    """The payments' API over the suite's tables, with scripted providers."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.paying = Paying(Shop(suite.tables, suite.settings, suite.policy))
        self.alice = suite.member("alice")
        suite.stocked(100)
        self.api = self.made()

    def made(self, *on: str) -> Api:
        """Return the API with these providers on; all, if none is named."""
        settings = CashierSettings(payments_url="https://api.test/payments", return_url="")
        return payments_api.create(
            self.paying.book,
            self.paying.sender_of,
            on or self.paying.on,
            settings,
            self.suite.policy,
            lambda: self.suite.now,
            audit_table=self.suite.settings.audit_table,
        )

    def order(self, key: str = "k1") -> str:
        """Place an order of alice's."""
        order_id: str = self.suite.order(self.alice, key).body["order_id"]
        return order_id

    def ask(self, order_id: str, body: Any = None, who: dict[str, str] | None = None) -> Answer:
        """Ask for the payment of an order."""
        return self.post(f"/orders/{order_id}/payments", body or WECHATPAY, who or self.alice)

    def post(self, path: str, body: Any, who: dict[str, str] | None = None) -> Answer:
        """Post something, as staff unless told."""
        return Call("POST", path, body, who or staff()).to(self.api)

    def unassigned_page(self, query: dict[str, str], who: dict[str, str] | None = None) -> Answer:
        """Get a page of unassigned money, as staff unless told."""
        path = "/reports/unassigned-payments"
        return Call("GET", path, None, who or staff(), query=query).to(self.api)

    def unassigned(self, number: int, *, amount: int = 9_950) -> str:
        """Let money come in that is no order's; return its payment's id."""
        notice = Notice(
            provider="stripe",
            kind=Kind.PAYMENT,
            object_id=f"pi_{number:03}",
            state="succeeded",
            paid=True,
            number="elsewhere",
            amount=amount,
            currency="CNY",
        )
        self.paying.tell(notice, self.suite.now)
        return notice.payment_id


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """The payments' API."""
    return Desk(suite)


def test_Y2_an_attempt_is_answered_with_what_the_device_needs_and_until_when(desk: Desk) -> None:
    order_id = desk.order()
    answer = desk.ask(order_id)
    assert answer.status == 200
    number = f"{order_id.removeprefix('ord_')}_01"
    assert answer.body == {
        "attempt_id": number,
        "provider": "wechatpay",
        "method": "default",
        "amount_fen": 10_950,
        "expires_at": "2026-05-01T12:27:00+08:00",
        "action": {"kind": "qr", "value": f"qr:{number}"},
    }
    assert desk.ask(order_id).body == answer.body


def test_Y2_parameters_are_answered_by_their_names(desk: Desk) -> None:
    told = desk.ask(desk.order(), {"provider": "wechatpay", "method": "jsapi", "payer": "openid"})
    assert told.body["action"]["kind"] == "params"
    assert isinstance(told.body["action"]["value"], dict)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"provider": "wechatpay", "method": "jsapi"}, "payer_missing"),
        ({"provider": "stripe", "method": "jsapo"}, "method_not_available"),
    ],
)
def test_Y2_what_cannot_be_asked_for_is_422_and_nothing_has_happened(
    desk: Desk, body: dict[str, str], code: str
) -> None:
    order_id = desk.order()
    before = desk.paying.dump()
    answer = desk.ask(order_id, body)
    assert (answer.status, answer.code) == (422, code)
    assert desk.paying.dump() == before


def test_Y2_a_page_need_not_know_the_address_that_its_device_is_seen_under(desk: Desk) -> None:
    order_id = desk.order()
    path, body = f"/orders/{order_id}/payments", {"provider": "wechatpay", "method": "h5"}
    answer = Call("POST", path, body, desk.alice, address="203.0.113.9").to(desk.api)
    assert answer.status == 200
    named = Call("POST", path, {**body, "payer": "198.51.100.4"}, desk.alice, address="203.0.113.9")
    assert named.to(desk.api).body["attempt_id"] == answer.body["attempt_id"]
    begun = [each.payer for each in desk.paying.wechatpay.sent if each.word is Word.BEGIN]
    assert begun == ["203.0.113.9", "198.51.100.4"]
    stored = str(desk.paying.dump())
    assert "203.0.113.9" not in stored
    assert "198.51.100.4" not in stored


def test_Y2_staff_who_ask_for_a_member_do_not_ask_from_the_members_device(desk: Desk) -> None:
    path, body = f"/orders/{desk.order()}/payments", {"provider": "wechatpay", "method": "h5"}
    answer = Call("POST", path, body, staff(), address="203.0.113.9").to(desk.api)
    assert (answer.status, answer.code) == (422, "payer_missing")


def test_a_provider_that_is_off_is_422_whichever_are_on(desk: Desk) -> None:
    order_id = desk.order()
    desk.api = desk.made("alipay")
    answer = desk.ask(order_id)
    assert (answer.status, answer.code) == (422, "provider_not_available")
    assert desk.ask(order_id, {"provider": "alipay"}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"provider": "paypal"},
        {"provider": "wechatpay", "amount_fen": 1},
        {"provider": "wechatpay", "method": "JSAPI"},
        {"provider": "wechatpay", "method": "x" * 33},
        {"provider": "wechatpay", "payer": ""},
        {"provider": "wechatpay", "payer": "with space"},
        {"provider": "wechatpay", "payer": "x" * 129},
        {"provider": ["wechatpay"]},
    ],
)
def test_case_40_a_body_that_says_anything_else_is_422(desk: Desk, body: dict[str, Any]) -> None:
    order_id = desk.order()
    answer = Call("POST", f"/orders/{order_id}/payments", body, desk.alice).to(desk.api)
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_case_38_anothers_order_is_as_if_it_did_not_exist_and_staff_may_ask(desk: Desk) -> None:
    order_id, bob = desk.order(), desk.suite.member("bob")
    refused, unknown = desk.ask(order_id, who=bob), desk.ask(NOBODYS, who=bob)
    assert (refused.status, refused.body) == (404, unknown.body)
    assert desk.ask(order_id, who=staff()).status == 200


def test_Y2_a_provider_that_does_not_answer_is_503_and_the_same_again_goes_on(desk: Desk) -> None:
    order_id = desk.order()
    desk.paying.no_keys.add("wechatpay")
    answer = desk.ask(order_id)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "try_again", "1")
    desk.paying.no_keys.clear()
    assert desk.ask(order_id).status == 200


def test_Y4_unassigned_money_is_listed_page_by_page_and_assigned_once(desk: Desk) -> None:
    ids = [desk.unassigned(number) for number in range(5)]
    found: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = desk.unassigned_page(query).body
        found += [each["payment_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert sorted(found) == ids
    order_id = desk.order()
    path = f"/reports/unassigned-payments/{ids[0]}/assign"
    answer = desk.post(path, {"order_id": order_id})
    assert answer.status == 200
    assert (answer.body["state"], answer.body["order_id"]) == ("assigned", order_id)
    assert desk.post(path, {"order_id": order_id}).body == answer.body
    listed = [each["payment_id"] for each in desk.unassigned_page({}).body["items"]]
    assert sorted(listed) == ids[1:]
    shown = desk.suite.call(Call("GET", f"/orders/{order_id}", None, staff())).body["payments"]
    assert [(each["payment_id"], each["provider"], each["applied"]) for each in shown] == [
        (ids[0], "stripe", False)  # of less than the order costs: it goes back
    ]


def test_Y4_more_than_two_eyes_fen_takes_two_people(desk: Desk) -> None:
    payment_id = desk.unassigned(1, amount=desk.suite.policy.payments.two_eyes_fen + 1)
    order_id = desk.order()
    path, body = f"/reports/unassigned-payments/{payment_id}/assign", {"order_id": order_id}
    first = desk.post(path, body, staff("first"))
    assert (first.body["state"], first.body["proposed_by"]) == ("proposed", "first")
    assert desk.post(path, body, staff("first")).body["state"] == "proposed"
    second = desk.post(path, body, staff("second"))
    assert (second.body["state"], second.body["decided_by"]) == ("assigned", "second")


@pytest.mark.parametrize("who", [claims("alice"), None])
def test_case_47_staffs_routes_are_staffs(desk: Desk, who: dict[str, str] | None) -> None:
    status = 401 if who is None else 403
    for method, path, body in (
        ("GET", "/reports/unassigned-payments", None),
        ("POST", "/reports/unassigned-payments/stripe:pi_1/assign", {"order_id": NOBODYS}),
    ):
        assert Call(method, path, body, who).to(desk.api).status == status


def test_case_43_a_cursor_of_another_list_or_caller_is_400(desk: Desk) -> None:
    for number in range(3):
        desk.unassigned(number)
    cursor = desk.unassigned_page({"limit": "1"}).body["next_cursor"]
    for who, changed in ((staff("other"), cursor), (staff(), cursor[:-2] + "AA"), (staff(), "x")):
        answer = desk.unassigned_page({"cursor": changed}, who)
        assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_an_export_has_the_attempts_of_a_member_newest_first_and_no_payer(desk: Desk) -> None:
    for key in ("k1", "k2"):
        desk.ask(desk.order(key), {"provider": "wechatpay", "method": "jsapi", "payer": "oSecret"})
    found: list[Any] = []
    query = {"limit": "3"}
    while True:
        page = desk.suite.call(Call("GET", "/members/me/export", None, desk.alice, query=query)).body
        found += [each["data"] for each in page["items"] if each["kind"] == "payment_attempt"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert [(each["provider"], each["method"], each["state"]) for each in found] == [
        ("wechatpay", "jsapi", "open")
    ] * 2
    assert "oSecret" not in str(found)


def test_Y8_the_differences_of_a_day_are_listed_page_by_page_with_its_statements(desk: Desk) -> None:
    differ(desk.suite.tables, desk.suite.settings, desk.suite.now, 5)
    found: list[Any] = []
    query = {"date": "2026-04-30", "limit": "2"}
    while True:
        answer = Call("GET", "/reports/payment-differences", None, staff(), query=query).to(desk.api)
        assert answer.status == 200
        assert answer.body["date"] == "2026-04-30"
        (statement,) = answer.body["statements"]
        assert (statement["provider"], statement["state"], statement["lines"]) == ("stripe", "compared", 5)
        found += answer.body["items"]
        if answer.body["next_cursor"] is None:
            break
        query["cursor"] = answer.body["next_cursor"]
    assert [each["number"] for each in found] == [f"pi_{number}" for number in range(5)]
    assert found[0] == {
        "kind": "missing_here",
        "provider": "stripe",
        "entry": "payment",
        "payment_id": "stripe:pi_0",
        "number": "pi_0",
        "ours": None,
        "theirs": {"amount": 100, "currency": "CNY", "state": "succeeded"},
        "line": 2,
        "because": None,
    }


def test_Y8_without_a_date_it_is_yesterday_in_shanghai_and_of_another_day_there_is_nothing(
    desk: Desk,
) -> None:
    differ(desk.suite.tables, desk.suite.settings, desk.suite.now, 1)
    path = "/reports/payment-differences"
    assert len(Call("GET", path, None, staff()).to(desk.api).body["items"]) == 1
    other = Call("GET", path, None, staff(), query={"date": "2026-04-29"}).to(desk.api).body
    assert (other["items"], other["statements"], other["next_cursor"]) == ([], [], None)


@pytest.mark.parametrize("day", ["", "2026-02-30", "2026-4-30", "20260430", "yesterday", "２０２６-04-30"])
def test_Y8_what_is_no_day_is_refused(desk: Desk, day: str) -> None:
    query = {"date": day}
    answer = Call("GET", "/reports/payment-differences", None, staff(), query=query).to(desk.api)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [each["field"] for each in answer.body["errors"]] == ["date"]


@pytest.mark.parametrize(("who", "status"), [(claims("alice"), 403), (None, 401)])
def test_Y8_the_differences_are_staffs(desk: Desk, who: dict[str, str] | None, status: int) -> None:
    assert Call("GET", "/reports/payment-differences", None, who).to(desk.api).status == status
