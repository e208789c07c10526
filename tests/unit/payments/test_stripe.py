"""What Stripe tells is read as it is meant, and nothing else is believed (Y1, Y3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe as sdk

from functions.payments.providers import stripe
from functions.payments.providers.provider import BadNotificationError, Kind, Notice, Reply
from functions.payments.providers.stripe import Receiving
from tests.support.providers import (
    NOW,
    NUMBER,
    STRIPE_PAYMENT,
    TRANSFER,
    WEBHOOK_SECRETS,
    intent,
    stripe_dispute,
    stripe_event,
    stripe_headers,
    stripe_receive,
    stripe_refund,
    stripe_send,
)

CHARGE = {
    "id": "ch_3MmlLrLkdIwHu7ix0snN0B15",
    "object": "charge",
    "amount": 12_345,
    "amount_refunded": 1_000,
    "currency": "cny",
    "metadata": {"number": NUMBER},
    "payment_intent": STRIPE_PAYMENT,
    "status": "succeeded",
}


def read(body: bytes, headers: dict[str, str] | None = None, secret: dict[str, Any] | None = None) -> Notice:
    """Read a notification that is signed, unless other headers are given."""
    given = stripe_headers(body) if headers is None else headers
    return Receiving(secret or stripe_receive()).read(given, body, NOW)


def cause(body: bytes, headers: dict[str, str] | None = None, secret: dict[str, Any] | None = None) -> str:
    """Return why a notification is refused."""
    with pytest.raises(BadNotificationError) as refusal:
        read(body, headers, secret)
    assert refusal.value.__cause__ is None
    return refusal.value.cause


def test_Y3_a_payment_in_the_form_of_the_documentation_is_money() -> None:
    assert read(stripe_event(intent())) == Notice(
        provider="stripe",
        kind=Kind.PAYMENT,
        object_id="pi_3MtwBwLkdIwHu7ix28a3tqPa",
        state="succeeded",
        paid=True,
        number=NUMBER,
        amount=12_345,
        currency="CNY",
        at=datetime(2026, 11, 29, 8, 30, 14, tzinfo=UTC),
        event_id="evt_1NG8Du2eZvKYlo2CUI79vXWy",
    )


def test_Y3_what_was_received_is_the_amount_not_what_was_asked_for() -> None:
    assert read(stripe_event(intent(amount_received=1))).amount == 1


@pytest.mark.parametrize(
    ("event_type", "status"),
    [
        ("payment_intent.created", "requires_payment_method"),
        ("payment_intent.processing", "processing"),
        ("payment_intent.payment_failed", "requires_payment_method"),
        ("payment_intent.canceled", "canceled"),
        ("payment_intent.amount_capturable_updated", "requires_capture"),
        ("payment_intent.succeeded", "processing"),
        ("payment_intent.partially_funded", "succeeded"),
        ("charge.succeeded", "succeeded"),
    ],
)
def test_Y3_any_other_event_of_a_payment_is_an_observation(event_type: str, status: str) -> None:
    found = read(stripe_event(intent(status=status), event_type))
    assert (found.kind, found.paid, found.state, found.number) == (Kind.PAYMENT, False, status, NUMBER)


@pytest.mark.parametrize(
    "event_type", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"]
)
@pytest.mark.parametrize("status", ["pending", "requires_action", "succeeded", "failed", "canceled"])
def test_Y7_a_refund_is_an_observation_under_its_own_id_that_names_its_transfer_and_its_payment(
    event_type: str, status: str
) -> None:
    assert read(stripe_event(stripe_refund(status=status), event_type)) == Notice(
        provider="stripe",
        kind=Kind.REFUND,
        object_id="re_1Nispe2eZvKYlo2Cd31jOCgZ",
        state=status,
        amount=1_005,
        currency="CNY",
        at=datetime(2026, 11, 29, 8, 30, 14, tzinfo=UTC),
        event_id="evt_1NG8Du2eZvKYlo2CUI79vXWy",
        payment=STRIPE_PAYMENT,
        transfer=TRANSFER,
    )


@pytest.mark.parametrize("metadata", [None, {}, {"number": None}, {"number": 1}])
def test_Y7_a_refund_that_others_have_made_names_no_transfer(metadata: object) -> None:
    found = read(stripe_event(stripe_refund(metadata=metadata), "refund.created"))
    assert (found.kind, found.transfer, found.payment) == (Kind.REFUND, None, STRIPE_PAYMENT)


def test_Y3_a_refunded_charge_is_told_by_its_total_which_is_nobodys_amount() -> None:
    found = read(stripe_event(CHARGE, "charge.refunded"))
    assert (found.kind, found.paid, found.object_id) == (Kind.REFUND, False, "ch_3MmlLrLkdIwHu7ix0snN0B15")
    assert (found.state, found.amount, found.number) == ("refunded:1000", None, NUMBER)
    assert (found.transfer, found.payment) == (None, STRIPE_PAYMENT)


OPEN = [
    ("charge.dispute.created", "needs_response"),
    ("charge.dispute.created", "warning_needs_response"),
    ("charge.dispute.updated", "under_review"),
    ("charge.dispute.updated", "warning_under_review"),
    ("charge.dispute.updated", "appeal_needs_response"),
    ("charge.dispute.updated", "appeal_under_review"),
    ("charge.dispute.funds_withdrawn", "needs_response"),
]


@pytest.mark.parametrize(("event_type", "status"), OPEN)
def test_Y7_a_dispute_is_open_until_its_end_and_names_its_payment(event_type: str, status: str) -> None:
    assert read(stripe_event(stripe_dispute(status=status), event_type)) == Notice(
        provider="stripe",
        kind=Kind.DISPUTE,
        object_id="du_1MtJUT2eZvKYlo2CNaw2HvEv",
        state=status,
        amount=12_345,
        currency="CNY",
        at=datetime(2026, 11, 29, 8, 30, 14, tzinfo=UTC),
        event_id="evt_1NG8Du2eZvKYlo2CUI79vXWy",
        payment=STRIPE_PAYMENT,
        disputed=True,
    )


@pytest.mark.parametrize(
    ("event_type", "status", "lost"),
    [
        ("charge.dispute.closed", "lost", True),
        ("charge.dispute.updated", "lost", True),
        ("charge.dispute.closed", "won", False),
        ("charge.dispute.funds_reinstated", "won", False),
        ("charge.dispute.closed", "warning_closed", False),
        ("charge.dispute.closed", "prevented", False),
    ],
)
def test_Y7_a_dispute_that_has_ended_is_lost_with_its_amount_or_is_not(
    event_type: str, status: str, lost: bool
) -> None:
    found = read(stripe_event(stripe_dispute(status=status, amount=5_000), event_type))
    assert (found.disputed, found.lost, found.amount, found.state) == (False, lost, 5_000, status)
    assert (found.kind, found.payment) == (Kind.DISPUTE, STRIPE_PAYMENT)


@pytest.mark.parametrize("status", [None, "escalated"])
def test_Y7_a_dispute_of_an_unknown_status_is_open_until_it_is_closed(status: str | None) -> None:
    event_types = ("charge.dispute.created", "charge.dispute.closed")
    found = [read(stripe_event(stripe_dispute(status=status), each)) for each in event_types]
    assert [each.disputed for each in found] == [True, False]
    assert [each.lost for each in found] == [False, False]
    assert tuple(each.state for each in found) == event_types  # they are kept as two


def test_Y7_a_dispute_of_a_charge_that_is_nobodys_intent_names_no_payment() -> None:
    found = read(stripe_event(stripe_dispute(payment_intent=None), "charge.dispute.created"))
    assert (found.disputed, found.payment) == (True, None)


@pytest.mark.parametrize("event_type", ["payment_intent.succeeded", "charge.succeeded", "refund.created"])
def test_Y7_nothing_else_is_a_dispute(event_type: str) -> None:
    found = read(stripe_event(stripe_dispute(status="lost"), event_type))
    assert (found.disputed, found.lost) == (False, False)


def test_Y7_a_payment_names_no_transfer() -> None:
    found = read(stripe_event(intent(metadata={"number": TRANSFER})))
    assert (found.transfer, found.payment, found.number) == (None, None, TRANSFER)


def test_Y3_an_event_of_something_else_is_an_observation() -> None:
    found = read(stripe_event({"object": "balance"}, "balance.available"))
    assert (found.paid, found.object_id, found.state) == (
        False,
        "evt_1NG8Du2eZvKYlo2CUI79vXWy",
        "balance.available",
    )


@pytest.mark.parametrize("changed", [{"id": None}, {"id": ""}])
def test_Y3_a_payment_that_cannot_be_named_is_none(changed: dict[str, Any]) -> None:
    assert not read(stripe_event(intent(**changed))).paid


@pytest.mark.parametrize(
    ("received", "amount"),
    [
        (400, 400),
        (0, 0),
        (12_345_678_901_234_567_890, None),
        ("1.00", None),
        ("400", None),
        (0.1 + 0.2, None),
        (1.0, None),
        (True, None),
        (-1, None),
        (None, None),
    ],
)
def test_Y3_an_amount_is_a_whole_number_or_is_not_read(received: object, amount: int | None) -> None:
    assert read(stripe_event(intent(amount_received=received))).amount == amount


@pytest.mark.parametrize(("told", "currency"), [("usd", "USD"), ("cny", "CNY"), (None, None), (1, None)])
def test_Y3_a_currency_is_the_one_that_is_told(told: object, currency: str | None) -> None:
    assert read(stripe_event(intent(currency=told))).currency == currency


@pytest.mark.parametrize("metadata", [None, {}, {"number": None}, {"number": 1}, [], "number"])
def test_Y4_money_that_names_no_number_of_ours_is_money_all_the_same(metadata: object) -> None:
    found = read(stripe_event(intent(metadata=metadata)))
    assert (found.paid, found.number) == (True, None)


@pytest.mark.parametrize("name", ["stripe-signature", "Stripe-Signature", "STRIPE-SIGNATURE"])
def test_Y3_the_headers_name_may_be_written_in_any_case(name: str) -> None:
    body = stripe_event(intent())
    assert read(body, {name: stripe_headers(body)["Stripe-Signature"]}).paid


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_Y3_a_time_stamp_may_be_300_seconds_off_either_way(seconds: int) -> None:
    body = stripe_event(intent())
    assert read(body, stripe_headers(body, NOW + timedelta(seconds=seconds))).paid


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_Y3_a_time_stamp_that_is_further_off_is_refused(seconds: int) -> None:
    body = stripe_event(intent())
    assert cause(body, stripe_headers(body, NOW + timedelta(seconds=seconds))) == "time"


def test_Y3_of_several_time_stamps_the_one_that_was_verified_counts() -> None:
    body = stripe_event(intent())
    old = stripe_headers(body, NOW - timedelta(days=1))["Stripe-Signature"]
    assert cause(body, {"Stripe-Signature": f"{old},t={int(NOW.timestamp())}"}) == "time"
    assert cause(body, {"Stripe-Signature": f"t={int(NOW.timestamp())},{old}"}) == "signature"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=",
        "v1=",
        "t,v1",
        "t=1,v1=2",
        "t=x,v1=" + "0" * 64,
        "t=" + "1" * 5000 + ",v1=2",
        f"t={int(NOW.timestamp())}",
        f"t={int(NOW.timestamp())},v1=ü",
        f"t={int(NOW.timestamp())},v0=" + "0" * 64,
    ],
)
def test_Y3_what_is_not_signed_by_stripe_is_refused(header: str | None) -> None:
    assert (
        cause(stripe_event(intent()), {} if header is None else {"Stripe-Signature": header}) == "signature"
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_Y3_a_signature_of_something_else_is_none(body: bytes) -> None:
    assert cause(body, stripe_headers(stripe_event(intent()))) == "signature"


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"not json",
        b"[" * 100_000,
        b'{"livemode": false}',
        b'{"livemode": false, "object": "v2.core.event", "id": "evt", "type": "v1.billing.meter"}',
        stripe_event(intent(), created="soon"),
        stripe_event(intent(), type=1),
        stripe_event(intent(), data={"object": 1}),
    ],
)
def test_Y3_what_is_signed_but_in_no_form_that_we_know_is_refused(body: bytes) -> None:
    assert cause(body) == "form"


@pytest.mark.parametrize("livemode", [True, None, "false", 0])
def test_Y3_an_event_of_the_other_mode_is_refused(livemode: object) -> None:
    assert cause(stripe_event(intent(), livemode=livemode)) == "app"


@pytest.mark.parametrize("ours", [None, "acct_1032D82eZvKYlo2C"])
def test_Y3_an_event_of_another_account_is_refused(ours: str | None) -> None:
    secret = stripe_receive() if ours is None else stripe_receive(account=ours)
    assert cause(stripe_event(intent(), account="acct_1999999999999999"), secret=secret) == "merchant"
    assert read(stripe_event(intent()), secret=secret).paid
    if ours is not None:
        assert read(stripe_event(intent(), account=ours), secret=secret).paid


def test_Y1_both_of_two_secrets_are_tried() -> None:
    both = stripe_receive(webhook_secrets=[*WEBHOOK_SECRETS])
    body = stripe_event(intent())
    for secret in WEBHOOK_SECRETS:
        assert read(body, stripe_headers(body, secret=secret), both).paid
    assert cause(body, stripe_headers(body, secret="whsec_" + "3" * 32), both) == "signature"
    assert cause(body, stripe_headers(body, secret=WEBHOOK_SECRETS[1])) == "signature"


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"livemode": None}, "livemode"),
        ({"livemode": "true"}, "livemode"),
        ({"webhook_secrets": []}, "webhook_secrets"),
        ({"webhook_secrets": "whsec_1"}, "webhook_secrets"),
        ({"webhook_secrets": [""]}, "webhook_secrets"),
    ],
)
def test_Y1_a_secret_that_lacks_something_says_what(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: "):
        Receiving(stripe_receive(**changed))


@pytest.mark.parametrize(
    ("changed", "named"), [({"gateway": None}, "gateway"), ({"api_keys": []}, "api_keys")]
)
def test_Y1_a_secret_to_send_by_says_the_same(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=rf"^{named}: "):
        stripe.Sending(stripe_send(**changed))


def test_Y3_what_is_answered_has_the_form_that_stripe_wants() -> None:
    assert Receiving.taken == Reply(status=200, body="")
    assert [Receiving.refused(status).status for status in (401, 503)] == [401, 503]


def test_Y1_the_gateway_that_the_sdk_has_is_where_the_adapter_sets_ours() -> None:
    assert sdk.DEFAULT_API_BASE == "https://api.stripe.com"
    ours = stripe.Sending(stripe_send("https://till.example"))._client("sk_test_none")
    assert ours._requestor._options.base_addresses["api"] == "https://till.example"
    assert ours._requestor._options.max_network_retries == 0
    assert sdk.enable_telemetry is False
