"""Refunds and disputes of Stripe at the till, by its own SDK."""

from typing import Any

import pytest
import stripe

from tests.support.till import Desk, Json
from tests.till.test_stripe import NUMBER, created, heard, sdk

REFUND = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_R01"


@pytest.fixture
def intent(desk: Desk) -> str:
    """Stripe's number of a payment of 109.50 yuan."""
    made = created(desk)
    desk.control("/pay", {"number": NUMBER, "lost": True})
    return made.id


def refunded(
    desk: Desk, intent: str, fen: int = 1000, key: str | None = None, **changed: Any
) -> stripe.Refund:
    params: Any = {"payment_intent": intent, "amount": fen, "metadata": {"number": REFUND}, **changed}
    return sdk(desk).v1.refunds.create(params, {"idempotency_key": key or f"{REFUND}.0"})


def refunds(desk: Desk, intent: str, **more: Any) -> list[stripe.Refund]:
    return listed(desk, payment_intent=intent, **more).data


def listed(desk: Desk, **parameters: Any) -> stripe.ListObject[stripe.Refund]:
    wanted: Any = parameters
    return sdk(desk).v1.refunds.list(wanted)


def told(desk: Desk) -> dict[str, Json]:
    """The objects that were told of, by the types of their events."""
    desk.till.courier.deliver()
    events = [heard(desk, place) for place in range(len(desk.shop.told))]
    return {event["type"]: event["data"]["object"] for event in events}


def refusal(desk: Desk, intent: str, fen: int = 1000, **more: Any) -> str | None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refunded(desk, intent, fen, **more)
    return refused.value.code


def test_Y7_a_refund_has_succeeded_when_it_is_answered_and_the_sdk_reads_what_is_told(
    desk: Desk, intent: str
) -> None:
    refund = refunded(desk, intent)
    assert (refund.status, refund.amount, refund.currency) == ("succeeded", 1000, "cny")
    assert refund.metadata is not None
    assert (refund.metadata["number"], refund.payment_intent) == (REFUND, intent)
    assert sdk(desk).v1.refunds.retrieve(refund.id).status == "succeeded"
    events = told(desk)
    assert events["refund.created"]["id"] == refund.id
    charge = events["charge.refunded"]
    assert (charge["amount_refunded"], charge["refunded"], charge["payment_intent"]) == (1000, False, intent)


def test_Y7_a_refund_may_be_pending_first(desk: Desk, intent: str) -> None:
    desk.control("/plan/refunds", {"provider": "stripe", "processing_seconds": 30})
    refund = refunded(desk, intent)
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    assert told(desk)["refund.created"]["status"] == "pending"
    desk.clock.seconds += 30
    assert refunds(desk, intent)[0].status == "succeeded"
    assert told(desk)["refund.updated"]["status"] == "succeeded"


def test_Y7_a_key_is_answered_as_at_first_and_another_key_is_another_refund(desk: Desk, intent: str) -> None:
    first = refunded(desk, intent)
    assert refunded(desk, intent).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        refunded(desk, intent, 1001)
    assert refunded(desk, intent, key=f"{REFUND}.1").id != first.id
    assert desk.trade(NUMBER)["refunded"] == 2000


def test_Y7_a_refusal_for_too_little_money_is_kept_under_its_key(desk: Desk, intent: str) -> None:
    desk.control("/plan/refunds", {"short": True})
    assert refusal(desk, intent) == "balance_insufficient"
    desk.control("/plan/refunds", {})
    assert refusal(desk, intent) == "balance_insufficient"
    assert refunds(desk, intent) == []
    assert refunded(desk, intent, key=f"{REFUND}.1").status == "succeeded"


def test_a_refund_that_is_malformed_uses_no_key_up(desk: Desk, intent: str) -> None:
    assert refusal(desk, intent, 0) == "parameter_invalid_integer"
    assert refusal(desk, intent, reason="none") is None
    assert refusal(desk, "pi_none") == "resource_missing"
    assert refunded(desk, intent).amount == 1000


def test_Y7_no_more_goes_back_than_came_in(desk: Desk, intent: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refunded(desk, intent, 10951)
    refunded(desk, intent, 10000, key="1")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refunded(desk, intent, 951, key="2")
    rest: Any = {"payment_intent": intent}
    assert sdk(desk).v1.refunds.create(rest).amount == 950
    assert refusal(desk, intent, 1, key="3") == "charge_already_refunded"


def test_what_is_not_paid_cannot_be_refunded(desk: Desk) -> None:
    assert refusal(desk, created(desk).id) == "payment_intent_unexpected_state"


def test_Y7_the_refunds_of_a_payment_come_in_pages_the_newest_first(desk: Desk, intent: str) -> None:
    other = created(desk, "other", metadata={"number": "other"})
    desk.control("/pay", {"number": "other", "lost": True})
    refunded(desk, other.id, key="other.0")
    made = [refunded(desk, intent, 1, key=f"{place}").id for place in range(5)]
    newest = made[::-1]
    page: Any = {"payment_intent": intent, "limit": 2}
    first = listed(desk, **page)
    assert ([each.id for each in first.data], first.has_more) == (newest[:2], True)
    assert [each.id for each in first.auto_paging_iter()] == newest
    last = listed(desk, **page, starting_after=newest[3])
    assert ([each.id for each in last.data], last.has_more) == (newest[4:], False)
    back = listed(desk, **page, ending_before=newest[3])
    assert ([each.id for each in back.data], back.has_more) == (newest[1:3], True)
    charge = str(first.data[0].charge)
    assert len(listed(desk, charge=charge).data) == 5
    for wrong in ({"starting_after": "re_none"}, {"limit": 101}, {"payment_intent": "pi_none"}):
        with pytest.raises(stripe.InvalidRequestError):
            listed(desk, **page | wrong)


@pytest.mark.parametrize(("word", "reason"), [("failed", "expired_or_canceled_card"), ("canceled", None)])
def test_Y7_a_refund_that_had_succeeded_fails_and_its_money_can_be_refunded_again(
    desk: Desk, intent: str, word: str, reason: str | None
) -> None:
    refunded(desk, intent, 10950)
    desk.control("/refunds", {"number": REFUND, "becomes": "failed", "word": word})
    found = refunds(desk, intent)[0]
    assert (found.status, found.to_dict().get("failure_reason")) == (word, reason)
    assert told(desk)["refund.failed"]["status"] == word
    assert refunded(desk, intent, 10950).status == "succeeded"  # as at first, under that key
    assert refunded(desk, intent, 10950, key=f"{REFUND}.1").status == "succeeded"
    assert [each.status for each in refunds(desk, intent)] == ["succeeded", word]


def test_faults_come_to_refunds_and_to_questions_about_them(desk: Desk, intent: str) -> None:
    desk.fault("hang_up_after", provider="stripe", call="refund")
    with pytest.raises(stripe.APIConnectionError):
        refunded(desk, intent)
    desk.fault("error", provider="stripe", call="refund_query")
    with pytest.raises(stripe.APIError):
        refunds(desk, intent)
    (found,) = refunds(desk, intent)
    assert refunded(desk, intent).id == found.id


def test_a_forged_answer_tells_of_a_refund_of_another_payment(desk: Desk, intent: str) -> None:
    desk.fault("forged", call="refund")
    assert refunded(desk, intent).payment_intent != intent
    desk.fault("forged", call="refund_query")
    assert refunds(desk, intent)[0].payment_intent != intent
    assert refunds(desk, intent)[0].payment_intent == intent


def test_a_device_can_neither_refund_nor_see_refunds(desk: Desk, intent: str) -> None:
    publishable = desk.ask("GET", "").json()["publishable_key"]
    with pytest.raises(stripe.InvalidRequestError):
        sdk(desk, publishable).v1.refunds.list({"payment_intent": intent})
    with pytest.raises(stripe.InvalidRequestError):
        sdk(desk, publishable).v1.refunds.create({"payment_intent": intent})


@pytest.mark.parametrize(("end", "refundable"), [("won", 10950), ("lost", 0)])
def test_Y7_nothing_is_refunded_under_a_dispute_and_after_a_lost_one_only_the_rest(
    desk: Desk, intent: str, end: str, refundable: int
) -> None:
    (opened,) = desk.control("/dispute", {"number": NUMBER})["disputes"]
    assert (opened["state"], opened["amount"], opened["told"][0]["done"]) == (
        "needs_response",
        10950,
        "taken",
    )
    events = told(desk)
    dispute = events["charge.dispute.created"]
    assert (dispute["payment_intent"], dispute["status"], dispute["amount"]) == (
        intent,
        "needs_response",
        10950,
    )
    assert "charge.dispute.funds_withdrawn" in events
    assert refusal(desk, intent, key="1") == "charge_disputed"
    desk.control("/dispute", {"number": NUMBER, "becomes": "under_review"})
    assert told(desk)["charge.dispute.updated"]["status"] == "under_review"
    trade = desk.control("/dispute", {"number": NUMBER, "becomes": end})
    assert (trade["refundable"], trade["disputes"][0]["state"]) == (refundable, end)
    events = told(desk)
    assert events["charge.dispute.closed"]["status"] == end
    assert ("charge.dispute.funds_reinstated" in events) is (end == "won")
    if end == "lost":
        assert refusal(desk, intent, key="2") == "charge_disputed"
    else:
        assert refunded(desk, intent, key="2").status == "succeeded"


def test_Y7_of_a_part_that_was_lost_the_rest_can_be_refunded(desk: Desk, intent: str) -> None:
    desk.control("/dispute", {"number": NUMBER, "amount_fen": 10000, "reason": "duplicate"})
    desk.control("/dispute", {"number": NUMBER, "becomes": "lost"})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refunded(desk, intent, 951, key="1")
    assert refunded(desk, intent, 950, key="2").amount == 950


def test_an_inquiry_takes_nothing_and_may_become_a_dispute(desk: Desk, intent: str) -> None:
    desk.control("/dispute", {"number": NUMBER, "becomes": "warning_needs_response"})
    assert "charge.dispute.funds_withdrawn" not in told(desk)
    assert refunded(desk, intent).status == "succeeded"
    desk.control("/dispute", {"number": NUMBER, "becomes": "needs_response"})
    assert "charge.dispute.funds_withdrawn" in told(desk)
    assert refusal(desk, intent, key="1") == "charge_disputed"


def test_a_dispute_is_told_as_it_is_wished(desk: Desk, intent: str) -> None:
    desk.control("/dispute", {"number": NUMBER, "becomes": "warning_needs_response", "lost": True})
    assert told(desk) == {}
    trade = desk.control("/dispute", {"number": NUMBER, "becomes": "warning_closed", "twice": True})
    assert len(trade["disputes"][0]["told"]) == 2
    assert len({each["event_id"] for each in trade["disputes"][0]["told"]}) == 1
    assert list(told(desk)) == ["charge.dispute.closed"]
    (again, other) = desk.control("/dispute", {"number": NUMBER, "late_seconds": 60})["disputes"]
    assert (again["state"], other["state"], other["told"][0]["tries"]) == (
        "warning_closed",
        "needs_response",
        [],
    )
    desk.clock.seconds += 60
    assert "charge.dispute.created" in told(desk)
