"""Refunds of WeChat Pay at the till, by wechatpayv3."""

import json
from functools import partial
from typing import Any

import pytest
import requests

from tests.support.till import Desk, Json
from tests.till.test_wechatpay import NUMBER, asked, created, heard, sdk

REFUND = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_R01"
OTHER = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_R02"


@pytest.fixture
def transaction(desk: Desk) -> str:
    """WeChat Pay's number of a payment of 109.50 yuan."""
    created(desk)
    paid: str = desk.control("/pay", {"number": NUMBER, "lost": True})["transaction"]
    return paid


def amount(refund: int, total: int = 10950, currency: str = "CNY") -> Json:
    return {"refund": refund, "total": total, "currency": currency}


def refunded(
    desk: Desk, transaction: str, fen: int = 1000, number: str = REFUND, **changed: Any
) -> tuple[int, Json]:
    fields: Json = {"out_refund_no": number, "transaction_id": transaction, "amount": amount(fen), **changed}
    code, text = sdk(desk).refund(**fields)
    return code, json.loads(text)


def refund_asked(desk: Desk, number: str = REFUND) -> tuple[int, Json]:
    code, text = sdk(desk).query_refund(number)
    return code, json.loads(text)


def test_Y7_a_refund_is_under_way_for_some_seconds_and_the_sdk_reads_what_is_told_of_its_end(
    desk: Desk, transaction: str
) -> None:
    code, answer = refunded(desk, transaction)
    assert (code, answer["status"], answer["out_refund_no"]) == (200, "PROCESSING", REFUND)
    assert (answer["amount"]["refund"], answer["amount"]["total"]) == (1000, 10950)
    assert desk.control("/deliver", {}) == {"delivered": 0}
    desk.clock.seconds += 5
    desk.till.courier.deliver()
    event = heard(desk)
    told = event["resource"]
    assert (event["event_type"], event["resource_type"]) == ("REFUND.SUCCESS", "encrypt-resource")
    assert (told["out_refund_no"], told["refund_status"]) == (REFUND, "SUCCESS")
    assert (told["transaction_id"], told["out_trade_no"]) == (transaction, NUMBER)
    assert told["amount"] == {"total": 10950, "refund": 1000, "payer_total": 10950, "payer_refund": 1000}
    code, answer = refund_asked(desk)
    assert (code, answer["status"], answer["success_time"]) == (200, "SUCCESS", told["success_time"])
    assert (answer["refund_id"], answer["amount"]["currency"]) == (told["refund_id"], "CNY")


def test_a_payment_of_which_something_went_back_reads_REFUND_and_is_told_as_it_was(
    desk: Desk, transaction: str
) -> None:
    refunded(desk, transaction)
    assert asked(desk)[1]["trade_state"] == "REFUND"
    desk.control("/notify", {"number": NUMBER})
    assert heard(desk)["resource"]["trade_state"] == "SUCCESS"


def test_Y7_the_same_contents_are_answered_as_they_stand_and_others_are_refused(
    desk: Desk, transaction: str
) -> None:
    first = refunded(desk, transaction)
    assert refunded(desk, transaction) == first
    assert refunded(desk, transaction, notify_url="http://127.0.0.1:1/elsewhere") == first
    desk.clock.seconds += 5
    assert refunded(desk, transaction)[1]["status"] == "SUCCESS"
    code, answer = refunded(desk, transaction, 1001)
    assert (code, answer["code"]) == (400, "INVALID_REQUEST")
    assert desk.trade(NUMBER)["refunded"] == 1000


def test_Y7_no_more_goes_back_than_came_in(desk: Desk, transaction: str) -> None:
    assert refunded(desk, transaction, 10951)[1]["code"] == "INVALID_REQUEST"
    assert refunded(desk, transaction, 10000)[0] == 200
    desk.clock.seconds += 60
    assert refunded(desk, transaction, 951, OTHER)[1]["code"] == "INVALID_REQUEST"
    assert refunded(desk, transaction, 950, OTHER)[0] == 200
    desk.clock.seconds += 60
    assert refunded(desk, transaction, 1, "third_R03")[1]["code"] == "INVALID_REQUEST"
    trade = desk.trade(NUMBER)
    assert (trade["refunded"], trade["refunding"], trade["refundable"]) == (10950, 0, 0)


def test_Y7_two_refunds_of_a_payment_are_a_minute_apart(desk: Desk, transaction: str) -> None:
    refunded(desk, transaction)
    desk.clock.seconds += 59
    code, answer = refunded(desk, transaction, number=OTHER)
    assert (code, answer["code"]) == (429, "FREQUENCY_LIMITED")
    assert refunded(desk, transaction)[0] == 200  # the same one again is none
    desk.clock.seconds += 1
    assert refunded(desk, transaction, number=OTHER)[0] == 200


def test_Y7_a_payment_takes_50_refunds(desk: Desk, transaction: str) -> None:
    for place in range(50):
        assert refunded(desk, transaction, 1, f"part_{place:02}")[0] == 200
        desk.clock.seconds += 60
    assert refunded(desk, transaction, 1, "part_50")[1]["code"] == "INVALID_REQUEST"
    assert refunded(desk, transaction, 1, "part_49")[0] == 200


def test_Y7_after_a_year_nothing_can_be_refunded(desk: Desk, transaction: str) -> None:
    desk.clock.seconds += 365 * 86_400 - 1
    assert refunded(desk, transaction)[0] == 200
    desk.clock.seconds += 61
    assert refunded(desk, transaction, number=OTHER)[1]["code"] == "INVALID_REQUEST"


def test_Y7_what_is_refused_for_too_little_money_is_not_there_and_may_go_later(
    desk: Desk, transaction: str
) -> None:
    desk.control("/plan/refunds", {"provider": "wechatpay", "short": True})
    code, answer = refunded(desk, transaction)
    assert (code, answer["code"]) == (403, "NOT_ENOUGH")
    assert (refund_asked(desk)[0], refund_asked(desk)[1]["code"]) == (404, "RESOURCE_NOT_EXISTS")
    desk.control("/plan/refunds", {"provider": "wechatpay"})
    assert refunded(desk, transaction)[0] == 200


@pytest.mark.parametrize(("after", "word"), [(3, "CLOSED"), (60, "ABNORMAL")])
def test_Y7_a_refund_fails_under_way_or_after_it_had_succeeded(
    desk: Desk, transaction: str, after: int, word: str
) -> None:
    desk.control("/plan/refunds", {"number": NUMBER, "fails_seconds": after})
    refunded(desk, transaction)
    desk.clock.seconds += after - 1
    assert refund_asked(desk)[1]["status"] == ("SUCCESS" if after > 5 else "PROCESSING")
    desk.clock.seconds += 1
    answer = refund_asked(desk)[1]
    assert (answer["status"], "success_time" in answer) == (word, False)
    assert refunded(desk, transaction)[1]["status"] == word
    desk.till.courier.deliver()
    # What came first is told, too: at once with this, and so in any order.
    events = map(partial(heard, desk), range(len(desk.shop.told)))
    told = {each["event_type"]: each["resource"] for each in events}
    assert told.keys() == {f"REFUND.{word}"} | ({"REFUND.SUCCESS"} if after > 5 else set())
    assert told[f"REFUND.{word}"]["refund_status"] == word
    assert "success_time" not in told[f"REFUND.{word}"]
    # What is closed has never left; what is abnormal waits for the shopper.
    assert desk.trade(NUMBER)["refundable"] == (10950 if word == "CLOSED" else 9950)


def test_Y7_an_abnormal_refund_may_succeed_after_all(desk: Desk, transaction: str) -> None:
    refunded(desk, transaction)
    failed = desk.control("/refunds", {"number": REFUND, "becomes": "failed", "word": "ABNORMAL"})
    assert (failed["state"], failed["told"][0]["done"]) == ("failed", "taken")
    assert desk.control("/refunds", {"number": REFUND, "becomes": "succeeded"})["word"] == ""
    assert [heard(desk, place)["event_type"] for place in (0, 1)] == ["REFUND.ABNORMAL", "REFUND.SUCCESS"]
    assert refund_asked(desk)[1]["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"amount": amount(0)}, "PARAM_ERROR", "/body/amount/refund"),
        ({"amount": {"refund": 1, "total": 10950}}, "PARAM_ERROR", "/body/amount/currency"),
        ({"amount": amount(1, 10949)}, "INVALID_REQUEST", None),
        ({"amount": amount(1, currency="USD")}, "INVALID_REQUEST", None),
        ({"number": "a" * 65}, "PARAM_ERROR", "/body/out_refund_no"),
        ({"reason": "因" * 27}, "PARAM_ERROR", "/body/reason"),
        ({"notify_url": "http://127.0.0.1/x?y=1"}, "PARAM_ERROR", "/body/notify_url"),
        ({"out_trade_no": "another"}, "RESOURCE_NOT_EXISTS", None),
    ],
)
def test_a_refund_with_a_field_that_is_wrong_is_refused(
    desk: Desk, transaction: str, changed: Json, code: str, field: str | None
) -> None:
    if "out_trade_no" in changed:
        transaction = ""
    answer = refunded(desk, transaction, **changed)[1]
    assert (answer["code"], answer.get("detail", {}).get("field")) == (code, field)


def test_what_is_not_paid_cannot_be_refunded_and_either_number_names_it(desk: Desk) -> None:
    created(desk)
    assert refunded(desk, "", out_trade_no=NUMBER)[1]["code"] == "INVALID_REQUEST"
    desk.control("/pay", {"number": NUMBER, "lost": True})
    assert refunded(desk, "", out_trade_no=NUMBER)[0] == 200


@pytest.mark.parametrize(
    ("kind", "effect"), [("error", False), ("error_after", True), ("hang_up_after", True), ("bare", False)]
)
def test_faults_come_to_refunds_and_to_questions_about_them(
    desk: Desk, transaction: str, kind: str, effect: bool
) -> None:
    desk.fault(kind, provider="wechatpay", call="refund")
    if kind == "hang_up_after":
        with pytest.raises(requests.ConnectionError):
            refunded(desk, transaction)
    elif kind == "bare":
        with pytest.raises(ValueError, match="Expecting value"):
            refunded(desk, transaction)
    else:
        assert refunded(desk, transaction)[1]["code"] == "SYSTEM_ERROR"
    assert (refund_asked(desk)[0] == 200) is effect
    desk.fault("error", call="refund_query")
    assert refund_asked(desk)[0] == 500
    assert refunded(desk, transaction)[0] == 200


def test_a_forged_answer_to_a_refund_is_none_to_the_sdk_and_it_has_happened(
    desk: Desk, transaction: str
) -> None:
    desk.fault("forged", call="refund")
    with pytest.raises(Exception, match="failed to verify the signature"):
        refunded(desk, transaction)
    assert refund_asked(desk)[0] == 200
