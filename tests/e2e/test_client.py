"""A shop that is run by the client generated from docs/openapi.json alone, and the page that shows how.

The client is what a storefront would generate: that it can do all this says that the document is usable.
"""

import importlib
import pkgutil
import re
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import memberday_client.api
import pytest
from memberday_client import AuthenticatedClient
from memberday_client.api.audit import get_audit, get_audit_record
from memberday_client.api.cases import (
    answer_case,
    approve_case,
    escalate_case,
    get_case,
    get_case_figures,
    get_cases,
    get_own_cases,
    open_case,
    receive_case,
    refuse_case,
    send_back,
    settle_case,
    withdraw_case,
)
from memberday_client.api.catalogue import get_member_day, get_movements, get_product, get_products
from memberday_client.api.coupons import (
    claim_coupon,
    get_coupon_template,
    get_coupon_templates,
    get_coupons,
    get_member_coupons,
    issue_coupon,
    make_coupon_codes,
    put_coupon_template,
    redeem_coupon_code,
)
from memberday_client.api.members import (
    change_birthday,
    change_me,
    get_me,
    get_member,
    get_member_birthday_changes,
    get_member_tier_history,
    get_tier_history,
    register,
    search_members,
)
from memberday_client.api.offers import (
    get_campaign,
    get_campaigns,
    get_offers,
    preview_campaign,
    put_campaign,
)
from memberday_client.api.operations import (
    check_policy,
    export_report,
    get_alarms,
    get_jobs,
    get_policy,
    run_job,
)
from memberday_client.api.orders import (
    cancel_order,
    get_due_orders,
    get_late_deliveries,
    get_member_orders,
    get_order_history,
    get_orders,
    get_returns,
    get_sales,
    place_order,
    quote_cart,
    receive_order,
    refuse_order,
    search_orders,
    ship_order,
)
from memberday_client.api.payments import (
    ask_for_payment,
    assign_payment,
    get_payment_differences,
    get_refunds,
    get_unassigned_payments,
    pay_refund_by_hand,
    refund_payment,
)
from memberday_client.api.points import get_member_points_entries, get_points, get_points_entries
from memberday_client.api.privacy import erase_member, get_export
from memberday_client.api.reports import get_points_differences, get_points_liability
from memberday_client.models import (
    AnswerRequest,
    AssignmentRequest,
    AttemptRequest,
    BackRequest,
    BirthdayRequest,
    ByHandRequest,
    CampaignRequest,
    CartLineRequest,
    CaseAnswer,
    CaseKind,
    CaseLineRequest,
    CaseRequest,
    ClaimLimitsRequest,
    CodeRequest,
    CodesRequest,
    DaysRequest,
    DiscountTermsAnswer,
    DiscountTermsRequest,
    EscalationRequest,
    ExportedCase,
    ExportedMember,
    ExportedOrder,
    ExportRequest,
    GatewayAnswer,
    IssueRequest,
    OrderAnswer,
    OrderRequest,
    OrderStatus,
    PolicyCheckRequest,
    PreviewRequest,
    ProfilePatch,
    ProfileRequest,
    RefusalRequest,
    RunRequest,
    SearchRequest,
    SendingBackRequest,
    SettlementRequest,
    ShipmentRequest,
    SkusScopeRequest,
    TemplateRequest,
)

from local import seed
from local.interrupts import Interrupts
from local.till.process import TillProcess
from reach.folder import StateFolder
from tests.support.answers import granted, refused
from tests.support.document import Operation, operations
from tests.support.shopper import Shopper
from tests.support.stack import ADMIN, ROOT, Stack

PAGE = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
PAGE_SECONDS_MAX = 120


def generated() -> set[str]:
    """Return the operations that the client has, each a module of its own."""
    packages = pkgutil.iter_modules(memberday_client.api.__path__, "memberday_client.api.")
    return {
        module.name
        for package in packages
        for module in pkgutil.iter_modules(importlib.import_module(package.name).__path__)
    }


def operation_of(stack: Stack, request: httpx.Request) -> str:
    """Return the id of the operation that a request was sent to: the one with the fewest ids in its path."""
    path = str(request.url).removeprefix(stack.outputs["ApiUrl"]).partition("?")[0]

    def fits(each: Operation) -> bool:
        return each.method == request.method and bool(
            re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each.path), path)
        )

    found = min(filter(fits, operations()), key=lambda each: len(each.ids))
    operation_id: str = found.described["operationId"]
    return operation_id


def a_member_joins(shopper: Shopper) -> None:
    """Register, be seen, and have the birthday set by staff to this month's."""
    me = shopper.register()
    assert (me.name, me.tier, me.birthday, me.phone) == ("Alice", "J0", None, None)
    assert me.next_tier is not None
    assert me.next_tier.tier == "J1"
    birthday = date(1990, me.registered_at.month, 28)
    change = BirthdayRequest(birthday=birthday, reason="passport seen")
    assert granted(change_birthday.sync(me.member_id, client=shopper.clerk, body=change)).birthday == birthday
    (told,) = granted(get_member_birthday_changes.sync(me.member_id, client=shopper.clerk)).items
    assert told.reason == "passport seen"
    patched = granted(change_me.sync(client=shopper.client, body=ProfilePatch(phone="139 8765 4321")))
    assert (patched.name, patched.birthday, patched.phone) == (me.name, birthday, "+8613987654321")
    sought = SearchRequest(phone="13987654321")
    found = granted(search_members.sync(client=shopper.clerk, body=sought)).items
    assert [each.member_id for each in found if each.member_id == me.member_id] == [me.member_id]
    seen = granted(get_member.sync(me.member_id, client=shopper.clerk))
    assert (seen.birthday, seen.points.available, seen.benefits) == (birthday, 0, me.benefits)


def the_catalogue_is_filled(shopper: Shopper) -> None:
    """Put a product of the member zone into stock, and show it as shoppers see it."""
    stocked = shopper.stocked(9, member_zone=True, price_fen=30_000)
    assert (stocked.sku, stocked.stock, stocked.in_stock) == (shopper.sku, 9, True)
    product = granted(get_product.sync(shopper.sku, client=shopper.client))
    assert "stock" not in product.to_dict()  # for staff only
    cursor, skus = None, set[str]()
    while shopper.sku not in skus:
        page = granted(get_products.sync(client=shopper.client, zone="true", cursor=cursor))
        skus |= {each.sku for each in page.items}
        cursor = page.next_cursor
        assert cursor is not None or shopper.sku in skus
    named = granted(get_products.sync(client=shopper.client, q="tea", zone="true")).items
    assert {each.name for each in named} == {"Tea"}
    (moved,) = granted(get_movements.sync(shopper.sku, client=shopper.clerk)).items
    assert (moved.delta, moved.reason, moved.operator) == (9, "delivery", shopper.stack.member_id("clerk"))
    day = granted(get_member_day.sync(client=shopper.client))
    assert day.date < day.next_date
    assert day.your_rate == ("1.00" if day.open_ else None)


def orders_are_placed_and_paid(shopper: Shopper) -> OrderAnswer:
    """Buy one order; leave a second and have a third refused at the door."""
    quote = shopper.quote(2, coupon="best", points="best")
    assert {each.offer for each in quote.not_applied} >= {"birthday_coupon", "points"}
    order = shopper.order("bought", 2)
    assert (order.status, order.quote.paid_fen) == ("placed", quote.paid_fen)
    assert shopper.pay(order).status == "paid"
    left, sent = shopper.order("left"), shopper.order("sent")
    assert granted(cancel_order.sync(left.order_id, client=shopper.client)).status == "cancelled"
    shopper.pay(sent)
    assert shopper.ship(sent).status == "shipped"
    assert granted(refuse_order.sync(sent.order_id, client=shopper.clerk)).status == "refused"
    listed = granted(get_orders.sync(client=shopper.client)).items
    assert {each.order_id: each.status for each in listed} == {
        order.order_id: "paid",
        left.order_id: "cancelled",
        sent.order_id: "refused",
    }
    stand: list[tuple[OrderStatus, OrderAnswer]] = [("paid", order), ("cancelled", left), ("refused", sent)]
    for wanted, its in stand:
        (mine,) = granted(get_orders.sync(client=shopper.client, status=wanted)).items
        (theirs,) = granted(
            get_member_orders.sync(shopper.member_id, client=shopper.clerk, status=wanted)
        ).items
        assert mine == theirs
        assert mine.order_id == its.order_id
    found = granted(search_orders.sync(client=shopper.clerk, since=order.placed_at, limit=100)).items
    assert {each.order_id for each in found} >= {order.order_id, left.order_id, sent.order_id}
    return order


def what_follows_from_them(shopper: Shopper, order: OrderAnswer) -> None:
    """Show the tier, the points and the coupon that the paid order brought, and use the coupon."""
    shopper.stack.local("settle")
    (change,) = granted(get_tier_history.sync(client=shopper.client)).items
    assert (change.from_, change.to, change.order_id) == ("J0", "J1", order.order_id)
    earned = shopper.found(order).retained.earned_points
    assert granted(get_points.sync(client=shopper.client)).frozen == earned
    entries = granted(get_points_entries.sync(client=shopper.client, limit=100)).items
    assert sum(entry.frozen_delta for entry in entries) == earned
    (coupon,) = granted(get_coupons.sync(client=shopper.client, status="available")).items
    me = granted(get_me.sync(client=shopper.client)).member_id
    clerk = shopper.clerk
    assert granted(get_member_tier_history.sync(me, client=clerk)).items == [change]
    assert granted(get_member_coupons.sync(me, client=clerk)).items == [coupon]
    theirs = granted(get_member_points_entries.sync(me, client=clerk, kind="earn", limit=100)).items
    assert sum(entry.frozen_delta for entry in theirs if entry.order_id == order.order_id) == earned
    assert shopper.order("with-coupon", coupon=coupon.coupon_id).quote.coupon is not None


def units_come_back(shopper: Shopper, order: OrderAnswer) -> None:
    """Ship the order, confirm its receipt, and return it unit by unit."""
    assert shopper.ship(order).shipped_at is not None
    assert granted(receive_order.sync(order.order_id, client=shopper.client)).status == "received"
    assert [shopper.give_back(order).status for _ in range(2)] == ["received", "returned"]
    happened = granted(get_order_history.sync(order.order_id, client=shopper.client, limit=2)).items
    assert [each.what for each in happened] == ["returned", "units_returned"]


def a_sale_is_run(shopper: Shopper) -> None:
    """Put a campaign on the product, and coupons for it: to claim, for a code, and from staff."""
    clerk, scope = shopper.clerk, SkusScopeRequest(skus=[shopper.sku])
    sale = CampaignRequest(
        name="Tea week",
        kind="discount",
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        ends_at=datetime(2099, 1, 1, tzinfo=UTC),
        scope=scope,
        terms=DiscountTermsRequest(rate="0.85"),
        status="active",
    )
    tried = PreviewRequest(campaign=sale, lines=[CartLineRequest(sku=shopper.sku, quantity=1)])
    preview = granted(preview_campaign.sync(shopper.sku, client=clerk, body=tried))
    assert preview.after.paid_fen < preview.before.paid_fen
    campaign = granted(put_campaign.sync(shopper.sku, client=clerk, body=sale))
    assert (campaign.version, campaign.state) == (1, "running")
    assert campaign.terms == DiscountTermsAnswer(rate="0.85")
    template = TemplateRequest(
        name="20 off",
        kind="amount",
        face_value_fen=2_000,
        min_fen=0,
        scope=scope,
        valid=DaysRequest(days=7),
        claimable=True,
        limits=ClaimLimitsRequest(per_member=1),
        status="active",
    )
    assert granted(put_coupon_template.sync(shopper.sku, client=clerk, body=template)).claimed == 0
    claimed = granted(claim_coupon.sync(shopper.sku, client=shopper.client, idempotency_key="c1"))
    assert (claimed.kind, claimed.template_id, claimed.face_value_fen) == ("amount", shopper.sku, 2_000)
    batch = CodesRequest(batch_id="letters", count=2)
    codes = granted(make_coupon_codes.sync(shopper.sku, client=clerk, body=batch)).codes
    typed = CodeRequest(code=codes[0].lower())
    by_code = granted(redeem_coupon_code.sync(client=shopper.client, body=typed))
    sorry = IssueRequest(issue_id=uuid.uuid4().hex, template_id=shopper.sku)
    given = granted(issue_coupon.sync(shopper.member_id, client=clerk, body=sorry))
    listed = granted(get_coupons.sync(client=shopper.client, status="available")).items
    assert {claimed.coupon_id, by_code.coupon_id, given.coupon_id} <= {each.coupon_id for each in listed}
    assert granted(get_coupon_template.sync(shopper.sku, client=clerk)).claimed == 1
    templates = granted(get_coupon_templates.sync(client=clerk)).items
    assert templates[0].template_id == shopper.sku
    offers = granted(get_offers.sync(client=shopper.client))
    assert shopper.sku in {each.campaign_id for each in offers.running}
    quote = shopper.quote(coupon="best")
    assert (quote.lines[0].price_of, quote.lines[0].unit_price_fen) == (shopper.sku, 25_500)
    assert quote.coupon is not None
    assert (quote.coupon.template_id, quote.coupon.amount_fen) == (shopper.sku, 2_000)
    assert granted(get_campaign.sync(shopper.sku, client=clerk)).used.orders == 0
    running = granted(get_campaigns.sync(client=clerk, status="running", limit=100)).items
    assert shopper.sku in {each.campaign_id for each in running}


def money_comes_and_goes(shopper: Shopper) -> None:
    """An order is to be paid through a provider, money comes in that is no order's, and some goes back."""
    shopper.stocked(1)
    order = shopper.order("k-till")
    asked = AttemptRequest(provider="wechatpay")
    attempt = granted(ask_for_payment.sync(order.order_id, client=shopper.client, body=asked))
    assert attempt.amount_fen == order.paid_fen
    till = TillProcess(StateFolder(shopper.stack.folder), Interrupts())
    numbers = [f"client-{uuid.uuid4().hex[:12]}" for _ in range(2)]
    for number in numbers:
        money = {"provider": "stripe", "number": number, "amount_fen": order.paid_fen}
        till.ask("POST", "/till/money", money)
    shopper.stack.local("settle")
    listed = granted(get_unassigned_payments.sync(client=shopper.clerk, limit=100)).items
    ids = [each.payment_id for number in numbers for each in listed if each.number == number]
    to = AssignmentRequest(order_id=order.order_id)
    assigned = granted(assign_payment.sync(ids[0], client=shopper.clerk, body=to))
    assert assigned.order_id == order.order_id
    back = BackRequest(reason="paid by mistake")
    assert granted(refund_payment.sync(ids[1], client=shopper.clerk, body=back)).refund_id is not None
    shopper.stocked(1)
    by_hand = shopper.order("k-hand")
    shopper.pay(by_hand)
    granted(cancel_order.sync(by_hand.order_id, client=shopper.client))
    (due,) = shopper.found(by_hand).refunds or []
    manual = granted(get_refunds.sync(client=shopper.clerk, state="manual", limit=100)).items
    assert due.refund_id in {each.refund_id for each in manual}
    said = ByHandRequest(reason="bank transfer", reference="bank-1")
    granted(pay_refund_by_hand.sync(due.refund_id, client=shopper.clerk, body=said))
    day = granted(get_payment_differences.sync(client=shopper.clerk, limit=100))
    assert {each.provider for each in day.statements} <= {"wechatpay", "alipay", "stripe"}


def the_books_are_seen(shopper: Shopper) -> None:
    """Adjust points, and read the report of the next audit."""
    assert shopper.adjust(500).available == 500
    shopper.stack.local("fire", "audit-points")
    report = granted(get_points_liability.sync(client=shopper.clerk))
    assert sum(year.points for year in report.available) >= 500
    found = granted(get_points_differences.sync(client=shopper.clerk, limit=100)).items
    assert shopper.member_id not in {each.member_id for each in found}


def a_member_asks_after_buying(shopper: Shopper) -> None:
    """A unit comes back, another one does not, and a complaint is settled."""
    shopper.stocked(3)
    order = shopper.order("k-after", 3)
    shopper.pay(order)
    shopper.delivered(order)
    clerk = shopper.clerk

    def asked(request_id: str, kind: CaseKind, units: int) -> CaseAnswer:
        lines = [CaseLineRequest(sku=shopper.sku, quantity=units)] if units else None
        body = CaseRequest(request_id=request_id, kind=kind, reason="defective", lines=lines)
        return granted(open_case.sync(order.order_id, client=shopper.client, body=body))

    back, refused_, complaint = asked("a", "return", 1), asked("b", "return", 1), asked("c", "complaint", 0)
    worklist = granted(get_cases.sync(client=clerk, limit=100)).items
    assert {each.case_id for each in worklist} >= {back.case_id, refused_.case_id, complaint.case_id}
    assert granted(approve_case.sync(back.case_id, client=clerk)).send_back_by is not None
    parcel = SendingBackRequest(tracking_no="SF-1")
    assert granted(send_back.sync(back.case_id, client=shopper.client, body=parcel)).state == "shipped_back"
    assert granted(receive_case.sync(back.case_id, client=clerk)).refund_fen > 0
    no, why = RefusalRequest(reason="used"), EscalationRequest(reason="new")
    assert granted(refuse_case.sync(refused_.case_id, client=clerk, body=no)).state == "refused"
    disputed = granted(escalate_case.sync(refused_.case_id, client=shopper.client, body=why))
    assert disputed.state == "disputed"
    withdrawn = granted(withdraw_case.sync(refused_.case_id, client=shopper.client))
    assert granted(get_case.sync(refused_.case_id, client=clerk)) == withdrawn
    granted(answer_case.sync(complaint.case_id, client=clerk, body=AnswerRequest(text="sorry")))
    sorry = SettlementRequest(points=10, reason="late")
    settled = granted(settle_case.sync(complaint.case_id, client=clerk, body=sorry))
    assert settled.settlement is not None
    own = granted(get_own_cases.sync(client=shopper.client)).items
    assert {each.case_id: each.state for each in own} == {
        back.case_id: "closed",
        refused_.case_id: "withdrawn",
        complaint.case_id: "answered",
    }
    assert granted(get_case_figures.sync(client=clerk)).answered >= 3
    came = granted(get_returns.sync(client=clerk, since=order.placed_at, limit=100)).items
    assert shopper.sku in {each.sku for each in came}
    late = granted(get_late_deliveries.sync(client=clerk)).items
    assert order.order_id not in {each.order_id for each in late}


def the_office_looks_after_it_all(shopper: Shopper) -> None:
    """An order waits and is found, a day is summed up, a job is run, and a policy is tried."""
    clerk, admin = shopper.clerk, shopper.stack.client(ADMIN)
    shopper.stocked(5)
    waits, order = shopper.order("k-waits"), shopper.order("k-found")
    due = granted(get_due_orders.sync(client=clerk, kind="lapse", limit=100)).items
    assert {waits.order_id, order.order_id} <= {each.order.order_id for each in due}
    (paid,) = shopper.pay(order).payments
    parcel = ShipmentRequest(tracking_no=f"SF-{shopper.name}")
    granted(ship_order.sync(order.order_id, client=clerk, body=parcel))
    shopper.stack.local("settle")
    by_parcel = granted(search_orders.sync(client=clerk, tracking_no=f"sf-{shopper.name}")).items
    by_payment = granted(search_orders.sync(client=clerk, payment_id=paid.payment_id)).items
    assert [each.order_id for each in (*by_parcel, *by_payment)] == [order.order_id] * 2
    days = granted(get_sales.sync(client=clerk, since=order.placed_at, limit=100)).items
    assert sum(each.paid_orders for each in days) >= 1
    assert refused(get_jobs.sync(client=clerk)).code == "forbidden"
    assert {each.state for each in granted(get_alarms.sync(client=clerk)).alarms}
    asked = granted(run_job.sync("index-parcels", client=admin, body=RunRequest(request_id=shopper.name)))
    assert asked.started_at is None
    shopper.stack.local("settle")
    again = granted(run_job.sync("index-parcels", client=admin, body=RunRequest(request_id=shopper.name)))
    assert again.started_at is not None
    (job,) = [each for each in granted(get_jobs.sync(client=admin)).jobs if each.job == "index-parcels"]
    assert job.begun_at is not None
    assert job.parts_ended == job.parts > 0
    stands = granted(get_policy.sync(client=admin))
    changed = stands.toml.replace("fee_fen = 1_000", "fee_fen = 1_200")
    checked = granted(check_policy.sync(client=admin, body=PolicyCheckRequest(toml=changed)))
    assert [(each.setting, each.from_, each.to) for each in checked.changes] == [
        ("shipping.fee_fen", 1_000, 1_200)
    ]


def who_did_what_is_seen(shopper: Shopper) -> None:
    """An admin looks who did what: to an order, and to a member."""
    admin = shopper.stack.client(ADMIN)
    shopper.stocked(5)
    order = shopper.order("k-audited")
    (paid,) = shopper.pay(order).payments
    (record,) = granted(get_audit.sync(client=admin, order_id=order.order_id)).items
    assert (record.operation, record.request_key) == ("record_payment", paid.payment_id)
    assert record.subjects["member_id"] == shopper.member_id
    assert record.values["amount_fen"] == paid.amount_fen
    assert record.address
    assert granted(get_audit_record.sync(record.audit_id, client=admin)) == record
    looked = granted(get_audit.sync(client=admin, member_id=shopper.member_id, limit=100)).items
    assert {"record_payment", "get_member"} <= {each.operation for each in looked}
    refusal = refused(get_audit.sync(client=shopper.clerk, order_id=order.order_id))
    assert refusal.code == "forbidden"
    taken = ExportRequest(request_id=shopper.name, rows=1, from_=order.placed_at.date())
    export = granted(export_report.sync("sales", client=shopper.clerk, body=taken))
    assert granted(export_report.sync("sales", client=shopper.clerk, body=taken)) == export
    exported = granted(get_audit_record.sync(export.export_id, client=admin))
    assert (exported.subjects["report"], exported.request_key) == ("sales", shopper.name)
    exports = granted(get_audit.sync(client=admin, report="sales", limit=100)).items
    assert [each.audit_id for each in exports].count(export.export_id) == 1
    assert refused(export_report.sync("audit", client=shopper.clerk, body=taken)).code == "forbidden"


def the_member_leaves(shopper: Shopper) -> None:
    """Take everything along, and be erased."""
    items = granted(get_export.sync(client=shopper.client, limit=100)).items
    (member,) = [each.data for each in items if isinstance(each, ExportedMember)]
    assert member == shopper.me()
    assert sum(isinstance(each, ExportedOrder) for each in items) == 10
    assert sum(isinstance(each, ExportedCase) for each in items) == 3
    assert granted(erase_member.sync(shopper.member_id, client=shopper.clerk)).member_id == shopper.member_id
    assert refused(get_me.sync(client=shopper.client)).code == "not_registered"


def test_a_shop_is_run_by_every_operation_of_the_client_and_by_nothing_else(deployed: Stack) -> None:
    shopper, before = Shopper(deployed), len(deployed.asked)
    a_member_joins(shopper)
    the_catalogue_is_filled(shopper)
    order = orders_are_placed_and_paid(shopper)
    what_follows_from_them(shopper, order)
    units_come_back(shopper, order)
    a_sale_is_run(shopper)
    money_comes_and_goes(shopper)
    the_books_are_seen(shopper)
    a_member_asks_after_buying(shopper)
    the_office_looks_after_it_all(shopper)
    who_did_what_is_seen(shopper)
    the_member_leaves(shopper)
    asked = {operation_of(deployed, request) for request in deployed.asked[before:]}
    assert asked == generated() == {each.described["operationId"] for each in operations()}


def test_a_refusal_is_a_problem_with_its_code_its_facts_and_its_fields(deployed: Stack) -> None:
    shopper = Shopper(deployed)
    shopper.register()
    shopper.stocked(1)
    told = OrderRequest(lines=shopper.lines(), expected_paid_fen=1)
    changed = refused(place_order.sync(client=shopper.client, body=told, idempotency_key="k1"))
    assert (changed.status, changed.code) == (409, "quote_changed")
    assert changed["quote"] == shopper.quote().to_dict()
    nobody = refused(register.sync(client=shopper.client, body=ProfileRequest(name="")))
    assert (nobody.status, nobody.code) == (422, "invalid_request")
    assert nobody.errors
    assert [error.field for error in nobody.errors] == ["name"]
    strange = shopper.cart()
    strange.lines[0].sku = "nothing-of-ours"
    assert refused(quote_cart.sync(client=shopper.client, body=strange)).code == "unknown_sku"


def test_what_the_gateway_refuses_by_itself_is_read_too(deployed: Stack) -> None:
    with AuthenticatedClient(base_url=deployed.outputs["ApiUrl"], token="rubbish") as nobody:  # noqa: S106
        answer = get_me.sync_detailed(client=nobody)
    assert (answer.status_code, answer.parsed) == (401, GatewayAnswer(message="Unauthorized"))


def steps() -> list[tuple[str, str]]:
    """Return the page's blocks of Python, each with what it prints."""
    block = r"^```python\n(?P<code>.*?)^```\n(?:\n?```text\n(?P<printed>.*?)^```)?"
    return [(match["code"], match["printed"] or "") for match in re.finditer(block, PAGE, re.DOTALL | re.M)]


def test_the_pages_python_is_typed(tmp_path: Path) -> None:
    file = tmp_path / "page.py"
    file.write_text("\n".join(code for code, _ in steps()), encoding="utf-8")
    result = subprocess.run(  # noqa: S603 - our own page
        [sys.executable, "-m", "mypy", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PAGE_SECONDS_MAX,
    )
    assert result.returncode == 0, result.stdout


def test_the_pages_python_prints_what_the_page_says(
    deployed: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seed.seed(deployed.outputs["ApiUrl"], lambda name, staff: deployed.token(name, staff=staff))
    monkeypatch.setenv("API_URL", deployed.outputs["ApiUrl"])
    monkeypatch.setenv("TOKEN", deployed.token(f"erin-{uuid.uuid4().hex[:8]}"))
    monkeypatch.setenv("STAFF", deployed.token("clerk", staff=True))
    monkeypatch.setenv("NO_PROXY", "*")
    names: dict[str, object] = {}
    assert len(steps()) > 5
    try:
        for code, printed in steps():
            exec(compile(code, "docs/client.md", "exec"), names)  # noqa: S102 - our own page
            assert capsys.readouterr().out == printed, code
    finally:
        for client in names.values():
            if isinstance(client, AuthenticatedClient):
                client.get_httpx_client().close()
