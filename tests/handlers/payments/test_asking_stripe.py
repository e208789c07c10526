"""Stripe is asked by its SDK, over a wire, by a gateway that checks what arrives (Y1, Y2)."""

import traceback
from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any
from urllib.parse import parse_qsl

import pytest

from functions.payments.providers import reading
from functions.payments.providers.provider import (
    ActionKind,
    Kind,
    Notice,
    ProviderRefusedError,
    Stands,
    UnansweredError,
)
from functions.payments.providers.stripe import Sending
from tests.support.providers import (
    ASKING,
    NUMBER,
    Answered,
    Gateway,
    gateway,
    hung_up,
    intent,
    stripe_gateway,
    stripe_send,
)
from tests.support.providers import stripe_answered as answered
from tests.support.providers import stripe_failed as failed

CREATE = "POST /v1/payment_intents"
ID = "pi_3MtwBwLkdIwHu7ix28a3tqPa"
RETRIEVE, CANCEL = f"GET /v1/payment_intents/{ID}", f"POST /v1/payment_intents/{ID}/cancel"
SECRET = f"{ID}_secret_YrKJUKribcBjcG8HVhfZluoGH"


@pytest.fixture
def stripe() -> Iterator[Gateway]:
    with gateway() as run:
        yield run


def calls(run: Gateway) -> list[str]:
    """Return what was asked for."""
    return [f"{asked.method} {asked.path}" for asked in run.asked]


def answers(run: Gateway, by_call: Mapping[str, Answered | None], **changed: Any) -> Sending:
    """Have a gateway answer by call; return who asks it."""
    run.answer = stripe_gateway(by_call)
    return Sending(stripe_send(run.address, **changed))


def new(**changed: Any) -> Answered:
    """Return an intent that nobody has paid."""
    return answered(intent(status="requires_payment_method", amount_received=0, **changed))


def test_Y2_an_intent_is_made_with_every_field_under_the_attempts_number(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: new()})
    begun = sending.begin(ASKING, {}, None)
    assert (begun.action.kind, begun.action.value) == (ActionKind.CLIENT_SECRET, SECRET)
    assert begun.kept == {"intent": ID}
    assert stripe.asked[0].headers["idempotency-key"] == NUMBER
    assert dict(parse_qsl(stripe.asked[0].body.decode())) == {
        "amount": "12345",
        "currency": "cny",
        "description": "Order 01JDS9V6F3K4M5N6P7Q8R9S0T1",
        "metadata[number]": NUMBER,
    }


def test_Y2_asked_again_the_intents_client_secret_is_had_anew_and_was_not_kept(stripe: Gateway) -> None:
    sending = answers(stripe, {RETRIEVE: new()})
    begun = sending.begin(ASKING, {"intent": ID}, None)
    assert (begun.action.value, begun.kept) == (SECRET, {"intent": ID})
    assert calls(stripe) == [RETRIEVE]


def test_Y2_a_retry_sends_exactly_what_the_first_try_sent(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: None})
    for _ in range(2):
        with pytest.raises(UnansweredError):
            sending.begin(ASKING, {}, None)
    with pytest.raises(UnansweredError):
        sending.ask(ASKING, {})
    assert len({(asked.body, asked.headers["idempotency-key"]) for asked in stripe.asked}) == 1
    assert calls(stripe) == [CREATE] * 3  # nothing is sent again by itself


def test_Y2_what_a_lost_answer_was_is_found_and_how_it_stands_now_is_asked_besides(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: new(), RETRIEVE: answered(intent())})
    answer = sending.ask(ASKING, {})
    assert calls(stripe) == [CREATE, RETRIEVE]
    assert (answer.stands, answer.kept) == (Stands.PAID, {"intent": ID})


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        ("requires_payment_method", Stands.OPEN),
        ("requires_confirmation", Stands.OPEN),
        ("requires_action", Stands.OPEN),
        ("requires_capture", Stands.OPEN),
        ("processing", Stands.PAYING),
        ("succeeded", Stands.PAID),
        ("canceled", Stands.CLOSED),
    ],
)
def test_Y2_every_documented_state_stands_for_one_of_ours(
    stripe: Gateway, status: str, stands: Stands
) -> None:
    sending = answers(stripe, {RETRIEVE: answered(intent(status=status))})
    answer = sending.ask(ASKING, {"intent": ID})
    assert answer.stands is stands
    if stands is Stands.PAID:
        assert answer.notice == Notice(
            provider="stripe",
            kind=Kind.PAYMENT,
            object_id=ID,
            state="succeeded",
            paid=True,
            number=NUMBER,
            amount=12_345,
            currency="CNY",
        )
    else:
        assert answer.notice is None


def test_Y2_an_intent_that_is_not_there_is_absent_and_not_closed(stripe: Gateway) -> None:
    missing = failed(404, type="invalid_request_error", code="resource_missing")
    sending = answers(stripe, {RETRIEVE: missing, CANCEL: missing})
    assert sending.ask(ASKING, {"intent": ID}).stands is Stands.ABSENT
    assert sending.close(ASKING, {"intent": ID}).stands is Stands.ABSENT


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failed(400, type="invalid_request_error", code="amount_too_small"), "amount_too_small"),
        (failed(402, type="card_error", code="card_declined"), "card_declined"),
        (failed(400, type="idempotency_error"), "IdempotencyError"),
        (failed(403, type="invalid_request_error"), "PermissionError"),
        (failed(400, type="invalid_request_error", code="a secret"), "InvalidRequestError"),
    ],
)
def test_Y2_a_refusal_is_the_providers_word(stripe: Gateway, answer: Answered, code: str) -> None:
    with pytest.raises(ProviderRefusedError) as refused:
        answers(stripe, {CREATE: answer}).begin(ASKING, {}, None)
    assert refused.value.code == code


NO_ANSWERS = {
    "lost": None,
    "a 401": failed(401, type="invalid_request_error"),
    "a 409": failed(409, type="invalid_request_error", code="idempotency_key_in_use"),
    "a 429": failed(429, type="invalid_request_error", code="rate_limit"),
    "a limit in the old way": failed(400, type="invalid_request_error", code="rate_limit"),
    "a lock": failed(429, type="invalid_request_error", code="lock_timeout"),
    "a 500": failed(500, type="api_error"),
    "a 502 of something between": Answered(status=502, body=b"<html>"),
    "a 404 of something between": Answered(status=404, body=b"<html>"),
    "a page": Answered(body=b"<html>"),
    "nothing": Answered(),
    "no object": answered([1]),
    "another intent": answered(intent(metadata={"number": NUMBER.replace("_01", "_02")})),
    "an intent of nobody": answered(intent(metadata={})),
    "an unknown state": answered(intent(status="pending")),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_Y2_what_cannot_be_trusted_is_no_answer(stripe: Gateway, what: str) -> None:
    sending = answers(stripe, {RETRIEVE: NO_ANSWERS[what]})
    with pytest.raises(UnansweredError) as unanswered:
        sending.ask(ASKING, {"intent": ID})
    said = "".join(traceback.format_exception(unanswered.value))
    assert "During handling" not in said
    assert "sk_test" not in said
    assert calls(stripe) == [RETRIEVE]  # nobody tries again


def test_Y2_an_intent_without_a_client_secret_is_no_answer(stripe: Gateway) -> None:
    with pytest.raises(UnansweredError):
        answers(stripe, {CREATE: new(client_secret=None)}).begin(ASKING, {}, None)


def test_Y1_a_gateway_that_says_nothing_is_given_up(stripe: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS_MAX", 0.05)
    done = Event()
    sending = answers(stripe, {})
    stripe.answer = hung_up(done)
    try:
        with pytest.raises(UnansweredError, match=r"^APIConnectionError$"):
            sending.ask(ASKING, {"intent": ID})
    finally:
        done.set()


def test_Y1_a_gateway_that_is_not_there_is_no_answer() -> None:
    sending = Sending(stripe_send("http://127.0.0.1:9"))
    for call in (sending.ask, sending.close):
        with pytest.raises(UnansweredError, match=r"^APIConnectionError$"):
            call(ASKING, {})


def test_Y1_in_the_middle_of_a_rotation_a_key_that_counts_no_more_is_passed_over(stripe: Gateway) -> None:
    sending = answers(stripe, {}, api_keys=["sk_test_old", "sk_test_new"])
    stripe.answer = lambda asked: (
        new() if asked.headers["authorization"] == "Bearer sk_test_new" else failed(401, type="x")
    )
    assert sending.begin(ASKING, {}, None).kept == {"intent": ID}
    assert len({(asked.body, asked.headers["idempotency-key"]) for asked in stripe.asked}) == 1
    assert len(stripe.asked) == 2


def test_Y2_an_intent_is_cancelled_at_the_end(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: new(), CANCEL: answered(intent(status="canceled"))})
    assert sending.close(ASKING, {"intent": ID}).stands is Stands.CLOSED
    assert sending.close(ASKING, {}).stands is Stands.CLOSED
    assert calls(stripe) == [CANCEL, CREATE, CANCEL]
    cancelled = [
        asked.headers.get("idempotency-key") for asked in stripe.asked if asked.path.endswith("cancel")
    ]
    assert len({*cancelled, NUMBER}) == 3  # a refusal would be repeated under the same key


@pytest.mark.parametrize(
    ("status", "stands"),
    [("succeeded", Stands.PAID), ("processing", Stands.PAYING), ("canceled", Stands.CLOSED)],
)
def test_Y2_an_intent_that_cannot_be_cancelled_is_asked_how_it_stands(
    stripe: Gateway, status: str, stands: Stands
) -> None:
    refusal = failed(400, type="invalid_request_error", code="payment_intent_unexpected_state")
    sending = answers(stripe, {CREATE: new(), CANCEL: refusal, RETRIEVE: answered(intent(status=status))})
    assert sending.close(ASKING, {}).stands is stands
    assert calls(stripe) == [CREATE, CANCEL, RETRIEVE]


def test_Y2_closing_without_an_answer_is_not_closed(stripe: Gateway) -> None:
    with pytest.raises(UnansweredError):
        answers(stripe, {CANCEL: None}).close(ASKING, {"intent": ID})
    assert calls(stripe) == [CANCEL]
