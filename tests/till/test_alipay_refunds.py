"""Refunds of Alipay at the till, by python-alipay-sdk."""

from typing import Any

import pytest
from alipay.exceptions import AliPayValidationError

from tests.support.till import Desk, Json
from tests.till.test_alipay import NUMBER, asked, code, heard, sdk

REFUND = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_R01"
OTHER = "01K8V3Q5S0WFYB2T4N6M8P0R1Z_R02"


@pytest.fixture
def trade_no(desk: Desk) -> str:
    """Alipay's number of a payment of 109.50 yuan."""
    code(desk)
    paid: str = desk.control("/pay", {"number": NUMBER, "lost": True})["transaction"]
    return paid


def refunded(
    desk: Desk, trade_no: str, yuan: str = "10.00", number: str | None = REFUND, **more: Any
) -> Json:
    if number is not None:
        more["out_request_no"] = number
    answer: Json = sdk(desk).api_alipay_trade_refund(refund_amount=yuan, trade_no=trade_no, **more)
    return answer


def refund_asked(desk: Desk, trade_no: str, number: str = REFUND) -> Json:
    answer: Json = sdk(desk).api_alipay_trade_fastpay_refund_query(number, trade_no=trade_no)
    return answer


def test_Y7_a_refund_has_happened_when_it_is_answered_and_the_sdk_reads_what_is_told(
    desk: Desk, trade_no: str
) -> None:
    answer = refunded(desk, trade_no)
    assert (answer["code"], answer["fund_change"], answer["refund_fee"]) == ("10000", "Y", "10.00")
    found = refund_asked(desk, trade_no)
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "10.00")
    assert (found["out_request_no"], found["total_amount"]) == (REFUND, "109.50")
    desk.till.courier.deliver()
    told = heard(desk)
    assert (told["out_biz_no"], told["refund_fee"]) == (REFUND, "10.00")
    assert (told["trade_no"], told["trade_status"]) == (trade_no, "TRADE_SUCCESS")
    assert told["gmt_refund"].startswith("2027-01-15 16:00:00")


def test_Y7_the_same_contents_change_nothing_and_others_are_refused(desk: Desk, trade_no: str) -> None:
    refunded(desk, trade_no)
    again = refunded(desk, trade_no, "10")
    assert (again["code"], again["fund_change"], again["refund_fee"]) == ("10000", "N", "10.00")
    assert refunded(desk, trade_no, "10.01")["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert desk.trade(NUMBER)["refunded"] == 1000


def test_what_has_gone_back_is_told_in_the_sum_and_when_all_has_the_trade_is_closed(
    desk: Desk, trade_no: str
) -> None:
    refunded(desk, trade_no)
    assert refunded(desk, trade_no, "99.50", OTHER)["refund_fee"] == "109.50"
    desk.till.courier.deliver()
    told = sorted((heard(desk, place) for place in (0, 1)), key=lambda each: str(each["out_biz_no"]))
    assert [(each["refund_fee"], each["trade_status"]) for each in told] == [
        ("10.00", "TRADE_SUCCESS"),
        ("109.50", "TRADE_CLOSED"),
    ]
    assert asked(desk)["trade_status"] == "TRADE_CLOSED"
    assert refunded(desk, trade_no, "0.01", "third")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert refunded(desk, trade_no)["fund_change"] == "N"  # the same one again is still known


def test_Y7_no_more_goes_back_than_came_in(desk: Desk, trade_no: str) -> None:
    refunded(desk, trade_no)
    assert refunded(desk, trade_no, "99.51", OTHER)["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert refunded(desk, trade_no, "99.50", None)["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"


def test_without_a_number_all_of_it_goes_back(desk: Desk, trade_no: str) -> None:
    assert refunded(desk, trade_no, "109.50", None)["fund_change"] == "Y"
    assert refund_asked(desk, trade_no, NUMBER)["refund_amount"] == "109.50"


def test_Y7_of_a_refund_that_is_not_there_only_the_question_is_answered(desk: Desk, trade_no: str) -> None:
    assert refund_asked(desk, trade_no) == {"code": "10000", "msg": "Success"}
    assert refund_asked(desk, "none")["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert refunded(desk, "none")["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_what_is_not_paid_cannot_be_refunded(desk: Desk) -> None:
    desk.control("/scan", {"qr": code(desk)["qr_code"]})
    trade_no = asked(desk)["trade_no"]
    assert refunded(desk, trade_no)["sub_code"] == "ACQ.TRADE_STATUS_ERROR"


@pytest.mark.parametrize("yuan", ["0", "0.001", "-1", "NaN", "ten", ""])
def test_a_refund_of_an_amount_that_is_none_is_refused(desk: Desk, trade_no: str, yuan: str) -> None:
    assert refunded(desk, trade_no, yuan)["sub_code"] == "ACQ.INVALID_PARAMETER"


def test_Y7_what_is_refused_for_too_little_money_is_not_there_and_may_go_later(
    desk: Desk, trade_no: str
) -> None:
    desk.control("/plan/refunds", {"number": NUMBER, "short": True})
    assert refunded(desk, trade_no)["sub_code"] == "ACQ.SELLER_BALANCE_NOT_ENOUGH"
    assert "refund_status" not in refund_asked(desk, trade_no)
    desk.control("/plan/refunds", {"number": NUMBER})
    assert refunded(desk, trade_no)["fund_change"] == "Y"


def test_Y7_a_refund_that_fails_later_is_not_there_any_more_and_is_done_when_asked_for_again(
    desk: Desk, trade_no: str
) -> None:
    refunded(desk, trade_no, "109.50")
    assert desk.control("/refunds", {"number": REFUND, "becomes": "failed"})["state"] == "failed"
    assert refund_asked(desk, trade_no) == {"code": "10000", "msg": "Success"}
    assert asked(desk)["trade_status"] == "TRADE_SUCCESS"
    assert refunded(desk, trade_no, "109.50")["fund_change"] == "Y"
    assert refund_asked(desk, trade_no)["refund_status"] == "REFUND_SUCCESS"
    trade = desk.trade(NUMBER)
    assert (trade["refunded"], len(trade["refunds"])) == (10950, 1)


def test_a_number_is_that_of_another_refund_in_another_trade(desk: Desk, trade_no: str) -> None:
    money = {"provider": "alipay", "number": "another", "amount_fen": 500}
    other = desk.control("/money", money)["transaction"]
    assert refunded(desk, trade_no)["fund_change"] == "Y"
    assert refunded(desk, other, "5.00")["fund_change"] == "Y"
    assert refund_asked(desk, other)["refund_amount"] == "5.00"


def test_faults_come_to_refunds_and_to_questions_about_them(desk: Desk, trade_no: str) -> None:
    desk.fault("error_after", provider="alipay", call="refund")
    assert refunded(desk, trade_no)["code"] == "20000"
    desk.fault("forged", provider="alipay", call="refund_query")
    with pytest.raises(AliPayValidationError):
        refund_asked(desk, trade_no)
    assert refund_asked(desk, trade_no)["refund_status"] == "REFUND_SUCCESS"
    assert refunded(desk, trade_no)["fund_change"] == "N"
