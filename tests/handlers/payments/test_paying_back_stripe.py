"""Stripe is asked to pay back by its SDK, over a wire, by a gateway that checks what arrives (Y7)."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.payments.providers import reading
from functions.payments.providers.provider import PaidBack, PaidBackAnswer, UnansweredError
from functions.payments.providers.stripe import REFUND_PAGES_MAX, REFUNDS_A_PAGE, Sending
from tests.support.providers import (
    NEXT_TRANSFER,
    STRIPE_PAYMENT,
    TRANSFER,
    Answered,
    Asked,
    Gateway,
    gateway,
    hung_up,
    paying_back,
    stripe_gateway,
    stripe_refund,
    stripe_send,
)
from tests.support.providers import stripe_answered as answered
from tests.support.providers import stripe_failed as failed

PAYING = paying_back(STRIPE_PAYMENT)
CREATE, LIST = "POST /v1/refunds", "GET /v1/refunds"
DONE = PaidBackAnswer(state=PaidBack.SUCCEEDED)


@pytest.fixture
def stripe() -> Iterator[Gateway]:
    with gateway() as run:
        yield run


def answers(run: Gateway, by_call: Mapping[str, Answered | None], **changed: Any) -> Sending:
    """Have a gateway answer by call; return who asks it."""
    run.answer = stripe_gateway(by_call)
    return Sending(stripe_send(run.address, **changed))


def listed(*refunds: Any, **changed: Any) -> Answered:
    """Return a page of refunds."""
    page = {"object": "list", "url": "/v1/refunds", "has_more": False, "data": list(refunds)}
    return answered({**page, **changed})


def paged(run: Gateway, refunds: Sequence[Mapping[str, Any]]) -> Sending:
    """Have a gateway answer with some refunds, the newest first, by pages; return who asks it."""

    def answer(asked: Asked) -> Answered:
        query = dict(parse_qsl(urlsplit(asked.target).query))
        assert (asked.method, asked.path, query["payment_intent"]) == ("GET", "/v1/refunds", STRIPE_PAYMENT)
        ids = [each["id"] for each in refunds]
        start = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
        end = start + int(query["limit"])
        return listed(*refunds[start:end], has_more=end < len(refunds))

    run.answer = answer
    return Sending(stripe_send(run.address))


def others(count: int) -> list[dict[str, Any]]:
    """Return refunds of other numbers, and of none."""
    metadata = [{"number": NEXT_TRANSFER}, {}, None]
    return [stripe_refund(id=f"re_{place}", metadata=metadata[place % 3]) for place in range(count)]


def calls(run: Gateway) -> list[str]:
    """Return what was asked for."""
    return [f"{asked.method} {asked.path}" for asked in run.asked]


def test_Y7_a_transfer_is_sent_with_every_field_under_its_number_and_try(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: answered(stripe_refund())})
    assert sending.pay_back(PAYING) == DONE
    assert dict(parse_qsl(stripe.asked[0].body.decode())) == {
        "payment_intent": STRIPE_PAYMENT,
        "amount": "1005",
        "metadata[number]": TRANSFER,
    }
    assert stripe.asked[0].headers["idempotency-key"] == f"{TRANSFER}.0"
    assert calls(stripe) == [CREATE]


def test_Y7_a_repeated_send_has_the_same_key_and_contents(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: None})
    for _ in range(2):
        with pytest.raises(UnansweredError):
            sending.pay_back(PAYING)
    assert len({(asked.body, asked.headers["idempotency-key"]) for asked in stripe.asked}) == 1
    assert calls(stripe) == [CREATE] * 2  # nothing is sent again by itself


def test_Y7_only_the_key_tells_the_tries_apart(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: answered(stripe_refund())})
    for tries in range(3):
        sending.pay_back(replace(PAYING, tries=tries))
    assert [asked.headers["idempotency-key"] for asked in stripe.asked] == [
        f"{TRANSFER}.{tries}" for tries in range(3)
    ]
    assert len({asked.body for asked in stripe.asked}) == 1


STATES = [
    ({"status": "pending"}, PaidBackAnswer(state=PaidBack.PROCESSING)),
    ({"status": "requires_action"}, PaidBackAnswer(state=PaidBack.PROCESSING)),
    ({"status": "succeeded"}, DONE),
    ({"status": "failed"}, PaidBackAnswer(state=PaidBack.FAILED, because="failed")),
    ({"status": "canceled"}, PaidBackAnswer(state=PaidBack.FAILED, because="canceled")),
    (
        {"status": "failed", "failure_reason": "expired_or_canceled_card"},
        PaidBackAnswer(state=PaidBack.FAILED, because="expired_or_canceled_card"),
    ),
    (
        {"status": "failed", "failure_reason": "a secret <script>"},
        PaidBackAnswer(state=PaidBack.FAILED, because="failed"),
    ),
]


@pytest.mark.parametrize(("changed", "answer"), STATES)
def test_Y7_every_documented_state_stands_for_one_of_ours(
    stripe: Gateway, changed: dict[str, Any], answer: PaidBackAnswer
) -> None:
    refund = stripe_refund(**changed)
    sending = answers(stripe, {CREATE: answered(refund), LIST: listed(refund)})
    assert [sending.pay_back(PAYING), sending.ask_paid_back(PAYING)] == [answer, answer]


def test_Y7_a_transfer_is_asked_after_among_the_refunds_of_its_payment(stripe: Gateway) -> None:
    sending = answers(stripe, {LIST: listed(*others(3), stripe_refund())})
    assert sending.ask_paid_back(PAYING) == DONE
    assert dict(parse_qsl(urlsplit(stripe.asked[0].target).query)) == {
        "payment_intent": STRIPE_PAYMENT,
        "limit": "100",
    }


def test_Y7_what_a_lost_answer_was_is_found(stripe: Gateway) -> None:
    sending = answers(stripe, {CREATE: None, LIST: listed(stripe_refund())})
    with pytest.raises(UnansweredError):
        sending.pay_back(PAYING)
    assert sending.ask_paid_back(PAYING) == DONE


@pytest.mark.parametrize("count", [0, 3])
def test_Y7_an_unknown_number_is_absent(stripe: Gateway, count: int) -> None:
    sending = answers(stripe, {LIST: listed(*others(count))})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.ABSENT)


def test_Y7_of_several_refunds_of_a_number_the_newest_that_goes_on_or_is_done_counts(stripe: Gateway) -> None:
    gone = [stripe_refund(id="re_a", status="failed"), stripe_refund(id="re_b", status="canceled")]
    sending = answers(stripe, {LIST: listed(gone[0], stripe_refund(status="pending"), gone[1])})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.PROCESSING)
    sending = answers(stripe, {LIST: listed(*gone, *others(2))})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.FAILED, because="failed")
    sending = answers(stripe, {LIST: listed(*reversed(gone))})
    assert sending.ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.FAILED, because="canceled")


@pytest.mark.parametrize("pages", range(1, REFUND_PAGES_MAX + 1))
def test_Y7_a_transfer_is_found_on_whatever_page_it_stands(stripe: Gateway, pages: int) -> None:
    count = pages * REFUNDS_A_PAGE
    assert paged(stripe, [*others(count - 1), stripe_refund()]).ask_paid_back(PAYING) == DONE
    assert calls(stripe) == [LIST] * pages


def test_Y7_a_failed_refund_does_not_end_the_search(stripe: Gateway) -> None:
    newest, oldest = stripe_refund(id="re_new", status="failed"), stripe_refund()
    found = paged(stripe, [newest, *others(REFUNDS_A_PAGE), oldest]).ask_paid_back(PAYING)
    assert found == DONE
    found = paged(stripe, [newest, *others(REFUNDS_A_PAGE)]).ask_paid_back(PAYING)
    assert found.state is PaidBack.FAILED


def test_Y7_a_transfer_that_is_found_is_not_searched_for_any_further(stripe: Gateway) -> None:
    paged(stripe, [stripe_refund(), *others(2 * REFUNDS_A_PAGE)]).ask_paid_back(PAYING)
    assert calls(stripe) == [LIST]


def test_Y7_the_pages_are_bounded_and_what_lies_behind_is_not_called_absent(stripe: Gateway) -> None:
    full = others(REFUND_PAGES_MAX * REFUNDS_A_PAGE)
    assert paged(stripe, full).ask_paid_back(PAYING) == PaidBackAnswer(state=PaidBack.ABSENT)
    stripe.asked.clear()
    for more in ([stripe_refund()], others(1)):
        with pytest.raises(UnansweredError, match="more refunds"):
            paged(stripe, [*full, *more]).ask_paid_back(PAYING)
    assert calls(stripe) == [LIST] * REFUND_PAGES_MAX * 2


def test_Y7_a_page_that_is_lost_is_no_end(stripe: Gateway) -> None:
    first = listed(*others(2), has_more=True)
    stripe.answer = lambda asked: None if "starting_after" in asked.target else first
    with pytest.raises(UnansweredError):
        Sending(stripe_send(stripe.address)).ask_paid_back(PAYING)
    assert calls(stripe) == [LIST] * 2


NOT_NOW = [
    (failed(400, type="invalid_request_error", code="balance_insufficient"), "balance_insufficient"),
    (failed(400, type="invalid_request_error", code="insufficient_funds"), "insufficient_funds"),
    (failed(400, type="invalid_request_error", code="charge_disputed"), "charge_disputed"),
    (failed(400, type="invalid_request_error", code="refund_disputed_payment"), "refund_disputed_payment"),
    (failed(402, type="card_error", code="card_declined"), "card_declined"),
    (failed(403, type="invalid_request_error"), "PermissionError"),
    (failed(400, type="invalid_request_error", code="something_new"), "something_new"),
]


@pytest.mark.parametrize(("answer", "code"), NOT_NOW)
def test_Y7_what_is_not_taken_now_may_be_later(stripe: Gateway, answer: Answered, code: str) -> None:
    sending = answers(stripe, {CREATE: answer})
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.REFUSED, because=code)
    assert calls(stripe) == [CREATE]


FINAL = [
    "amount_too_large",
    "amount_too_small",
    "charge_already_refunded",
    "charge_invalid_parameter",
    "charge_not_refundable",
    "parameter_invalid_integer",
    None,
]


@pytest.mark.parametrize("code", FINAL)
def test_Y7_what_will_never_be_taken_has_failed_once_it_is_not_there(
    stripe: Gateway, code: str | None
) -> None:
    refusal = failed(400, type="invalid_request_error", code=code)
    sending = answers(stripe, {CREATE: refusal, LIST: listed(*others(2))})
    because = code or "InvalidRequestError"
    assert sending.pay_back(PAYING) == PaidBackAnswer(state=PaidBack.FAILED, because=because)
    assert calls(stripe) == [CREATE, LIST]


@pytest.mark.parametrize("code", FINAL)
def test_Y7_what_is_refused_because_it_was_done_before_has_not_failed(
    stripe: Gateway, code: str | None
) -> None:
    refusal = failed(400, type="invalid_request_error", code=code)
    sending = answers(stripe, {CREATE: refusal, LIST: listed(stripe_refund())})
    assert sending.pay_back(PAYING) == DONE


@pytest.mark.parametrize("found", [None, failed(500, type="api_error"), answered({}), listed(has_more=True)])
def test_Y7_a_refusal_that_nobody_confirms_is_no_answer(stripe: Gateway, found: Answered | None) -> None:
    refusal = failed(400, type="invalid_request_error", code="charge_already_refunded")
    with pytest.raises(UnansweredError) as unanswered:
        answers(stripe, {CREATE: refusal, LIST: found}).pay_back(PAYING)
    assert "During handling" not in "".join(traceback.format_exception(unanswered.value))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failed(404, type="invalid_request_error", code="resource_missing"), "resource_missing"),
        (failed(400, type="idempotency_error"), "IdempotencyError"),
    ],
)
def test_Y7_who_does_not_know_the_payment_or_knows_another_refund_says_nothing_of_the_transfer(
    stripe: Gateway, answer: Answered, code: str
) -> None:
    with pytest.raises(UnansweredError, match=f"^{code}$"):
        answers(stripe, {CREATE: answer, LIST: listed()}).pay_back(PAYING)


@pytest.mark.parametrize(("status", "code"), [(404, "resource_missing"), (400, "parameter_unknown")])
def test_Y7_a_question_that_is_refused_is_no_state(stripe: Gateway, status: int, code: str) -> None:
    refusal = failed(status, type="invalid_request_error", code=code)
    with pytest.raises(UnansweredError, match=f"^{code}$"):
        answers(stripe, {LIST: refusal}).ask_paid_back(PAYING)


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
    "an object of nothing": answered({}),
}
OTHERS: dict[str, dict[str, Any]] = {
    "another payment": {"payment_intent": "pi_9"},
    "no payment": {"payment_intent": None},
    "another sum": {"amount": 12_345},
    "a sum as text": {"amount": "1005"},
    "another currency": {"currency": "usd"},
    "no currency": {"currency": None},
    "an unknown state": {"status": "new"},
    "no state": {"status": None},
}
CREATE_NO_ANSWERS = {
    **NO_ANSWERS,
    **{name: answered(stripe_refund(**changed)) for name, changed in OTHERS.items()},
    "another transfer": answered(stripe_refund(metadata={"number": NEXT_TRANSFER})),
    "a refund of nobody": answered(stripe_refund(metadata={})),
    "no metadata": answered(stripe_refund(metadata=None)),
}
LIST_NO_ANSWERS = {
    **NO_ANSWERS,
    **{name: listed(stripe_refund(**changed)) for name, changed in OTHERS.items()},
    "no refunds": listed(data=None),
    "refunds that are none": listed("re_1"),
    "no word of more": listed(has_more=None),
    "more after none": listed(has_more=True),
    "more after one without an id": listed(stripe_refund(id=None, metadata={}), has_more=True),
}


def check_unanswered(stripe: Gateway, call: Any) -> None:
    """Check that a call is not answered, says nothing that it must not, and is not made again."""
    with pytest.raises(UnansweredError) as unanswered:
        call(PAYING)
    said = "".join(traceback.format_exception(unanswered.value))
    assert "During handling" not in said
    assert "sk_test" not in said
    assert len(stripe.asked) == 1


@pytest.mark.parametrize("what", CREATE_NO_ANSWERS)
def test_Y7_what_cannot_be_trusted_is_no_answer(stripe: Gateway, what: str) -> None:
    check_unanswered(stripe, answers(stripe, {CREATE: CREATE_NO_ANSWERS[what]}).pay_back)


@pytest.mark.parametrize("what", LIST_NO_ANSWERS)
def test_Y7_what_cannot_be_trusted_is_no_state(stripe: Gateway, what: str) -> None:
    check_unanswered(stripe, answers(stripe, {LIST: LIST_NO_ANSWERS[what]}).ask_paid_back)


@pytest.mark.parametrize("name", ["pay_back", "ask_paid_back"])
def test_Y1_a_gateway_that_says_nothing_is_given_up(
    stripe: Gateway, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(reading, "READ_SECONDS_MAX", 0.05)
    done = Event()
    sending = answers(stripe, {})
    stripe.answer = hung_up(done)
    try:
        with pytest.raises(UnansweredError, match=r"^APIConnectionError$"):
            getattr(sending, name)(PAYING)
    finally:
        done.set()


def test_Y1_a_gateway_that_is_not_there_is_no_answer() -> None:
    sending = Sending(stripe_send("http://127.0.0.1:9"))
    for call in (sending.pay_back, sending.ask_paid_back):
        with pytest.raises(UnansweredError, match=r"^APIConnectionError$"):
            call(PAYING)


def test_Y1_in_the_middle_of_a_rotation_a_key_that_counts_no_more_is_passed_over(stripe: Gateway) -> None:
    sending = answers(stripe, {}, api_keys=["sk_test_old", "sk_test_new"])
    good = stripe_gateway({CREATE: answered(stripe_refund()), LIST: listed(stripe_refund())})
    stripe.answer = lambda asked: (
        good(asked) if asked.headers["authorization"] == "Bearer sk_test_new" else failed(401, type="x")
    )
    assert [sending.pay_back(PAYING), sending.ask_paid_back(PAYING)] == [DONE, DONE]
    assert calls(stripe) == [CREATE, CREATE, LIST, LIST]
    assert len({(asked.body, asked.headers["idempotency-key"]) for asked in stripe.asked[:2]}) == 1
