"""Stripe at the till, by its own SDK."""

import json
from typing import Any

import pytest
import requests
import stripe

from tests.support.till import Desk, Json

NUMBER = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_03"
SECONDS_MAX = 5

stripe.enable_telemetry = False


def sdk(desk: Desk, api_key: str | None = None) -> stripe.StripeClient:
    send = desk.secret("stripe", "send")
    return stripe.StripeClient(
        api_key or send["api_keys"][0],
        base_addresses={"api": send["gateway"]},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=SECONDS_MAX),
    )


def created(desk: Desk, key: str = NUMBER, **changed: Any) -> stripe.PaymentIntent:
    params: Any = {"amount": 10950, "currency": "cny", "metadata": {"number": NUMBER}, **changed}
    return sdk(desk).v1.payment_intents.create(params, {"idempotency_key": key})


def confirmed(desk: Desk, intent: stripe.PaymentIntent, card: str = "pm_card_visa", **form: str) -> Json:
    """What a device does with the client secret."""
    publishable = desk.ask("GET", "").json()["publishable_key"]
    answer = requests.post(
        f"{desk.gateway}/v1/payment_intents/{intent.id}/confirm",
        data={"client_secret": str(intent.client_secret), "payment_method": card, **form},
        headers={"Authorization": f"Bearer {publishable}"},
        timeout=SECONDS_MAX,
    )
    value: Json = answer.json()
    return value


def heard(desk: Desk, place: int = 0) -> Json:
    told = desk.shop.told[place]
    secret = desk.secret("stripe", "receive")["webhook_secrets"][0]
    stripe.WebhookSignature.verify_header(told.body, told.headers["stripe-signature"], secret, None)
    event: Json = json.loads(told.body)
    assert stripe.Webhook.construct_event(told.body, told.headers["stripe-signature"], secret, 10**9)
    return event


def test_Y2_a_device_confirms_the_intent_and_the_sdk_reads_what_is_told(desk: Desk) -> None:
    intent = created(desk)
    assert (intent.status, intent.livemode) == ("requires_payment_method", False)
    assert confirmed(desk, intent)["status"] == "succeeded"
    desk.till.courier.deliver()
    event = heard(desk)
    assert event["type"] == "payment_intent.succeeded"
    assert event["data"]["object"]["amount_received"] == 10950
    assert event["data"]["object"]["metadata"] == {"number": NUMBER}
    read = sdk(desk).v1.payment_intents.retrieve(intent.id)
    assert (read.status, read.amount_received, read.currency) == ("succeeded", 10950, "cny")


def test_Y2_the_same_key_is_answered_as_at_first_and_other_contents_are_an_error(desk: Desk) -> None:
    first = created(desk)
    confirmed(desk, first)
    again = created(desk)
    assert (again.id, again.status) == (first.id, "requires_payment_method")  # as it was then
    with pytest.raises(stripe.IdempotencyError):
        created(desk, amount=500)
    desk.clock.seconds += 86_400
    assert created(desk).id != first.id  # a day later the key is a new one


def test_a_request_that_is_malformed_uses_no_key_up(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"at least 4\.00 cny"):
        created(desk, amount=399)
    assert created(desk).amount == 10950


def test_an_intent_is_cancelled_once_and_told_so(desk: Desk) -> None:
    intent = created(desk)
    cancelled = sdk(desk).v1.payment_intents.cancel(intent.id)
    assert (cancelled.status, cancelled.canceled_at) == ("canceled", int(desk.clock.seconds))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk(desk).v1.payment_intents.cancel(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert confirmed(desk, intent)["error"]["code"] == "payment_intent_unexpected_state"
    desk.till.courier.deliver()
    assert heard(desk)["type"] == "payment_intent.canceled"


def test_what_is_paid_cannot_be_cancelled(desk: Desk) -> None:
    intent = created(desk)
    assert desk.control("/pay", {"number": NUMBER})["state"] == "paid"
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        sdk(desk).v1.payment_intents.cancel(intent.id)


def test_while_the_money_is_under_way_it_is_processing_and_not_cancellable(desk: Desk) -> None:
    intent = created(desk)
    desk.control("/plan", {"number": NUMBER, "paying_seconds": 60})
    assert confirmed(desk, intent)["status"] == "processing"
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        sdk(desk).v1.payment_intents.cancel(intent.id)
    desk.clock.seconds += 60
    assert sdk(desk).v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_card_that_is_declined_leaves_the_intent_payable(desk: Desk) -> None:
    intent = created(desk)
    assert confirmed(desk, intent, "pm_card_chargeDeclined")["error"]["code"] == "card_declined"
    assert sdk(desk).v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"
    assert confirmed(desk, intent)["status"] == "succeeded"


def test_who_has_no_key_or_another_is_refused(desk: Desk) -> None:
    with pytest.raises(stripe.AuthenticationError):
        sdk(desk, "sk_test_none").v1.payment_intents.retrieve("pi_none")
    url = f"{desk.gateway}/v1/payment_intents"
    assert requests.get(url, timeout=SECONDS_MAX).status_code == 401


def test_a_device_sees_and_does_nothing_without_the_client_secret(desk: Desk) -> None:
    intent = created(desk)
    assert confirmed(desk, intent, client_secret="guessed")["error"]["code"] == "resource_missing"  # noqa: S106
    publishable = desk.ask("GET", "").json()["publishable_key"]
    with pytest.raises(stripe.InvalidRequestError):
        sdk(desk, publishable).v1.payment_intents.cancel(intent.id)


def test_an_intent_is_found_by_what_it_was_given(desk: Desk) -> None:
    intent = created(desk)
    created(desk, "other", metadata={"number": "other"})
    client = sdk(desk).v1.payment_intents
    found = client.search({"query": f"metadata['number']:'{NUMBER}'"})
    assert [each.id for each in found.data] == [intent.id]
    assert len(client.list({"limit": 1}).data) == 1
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.retrieve("pi_none")
    assert (refused.value.code, refused.value.http_status) == ("resource_missing", 404)


def test_Y1_both_webhook_secrets_sign_while_there_are_two(desk: Desk) -> None:
    old = desk.secret("stripe", "receive")["webhook_secrets"][0]
    desk.control("/rotate", {"key": "stripe.webhook"})
    created(desk)
    desk.control("/pay", {"number": NUMBER})
    told = desk.shop.told[0]
    assert stripe.WebhookSignature.verify_header(told.body, told.headers["stripe-signature"], old, None)
    assert heard(desk)["type"] == "payment_intent.succeeded"
