"""What the till does about refunds, whoever the provider is: telling, planning, and being started again."""

import json
from pathlib import Path

import pytest

from tests.support.till import Clock, Desk, Json, Shop, opened
from tests.till.test_stripe import NUMBER as STRIPE_NUMBER
from tests.till.test_stripe import created as stripe_created
from tests.till.test_stripe_refunds import refunded as stripe_refunded
from tests.till.test_stripe_refunds import refunds as stripe_refunds
from tests.till.test_wechatpay import NUMBER, created, heard
from tests.till.test_wechatpay_refunds import OTHER, REFUND, refund_asked, refunded


def paid(desk: Desk) -> str:
    created(desk)
    transaction: str = desk.control("/pay", {"number": NUMBER, "lost": True})["transaction"]
    return transaction


def test_Y7_an_end_is_told_late_twice_or_never(desk: Desk) -> None:
    transaction = paid(desk)
    desk.control("/plan/refunds", {"number": NUMBER, "late_seconds": 60, "twice": True})
    refunded(desk, transaction)
    desk.clock.seconds += 5
    assert refund_asked(desk)[1]["status"] == "SUCCESS"
    desk.till.courier.deliver()
    assert desk.shop.told == []
    desk.clock.seconds += 60
    desk.till.courier.deliver()
    first, second = (json.loads(each.body) for each in desk.shop.told)
    assert (first["id"], first["create_time"]) == (second["id"], "2027-01-15T16:00:05+08:00")
    desk.control("/plan/refunds", {"number": NUMBER, "lost": True})
    refunded(desk, transaction, number=OTHER)
    desk.clock.seconds += 100_000
    assert refund_asked(desk, OTHER)[1]["status"] == "SUCCESS"
    assert desk.refund(OTHER)["told"] == []


def test_an_end_is_told_again_as_often_as_is_wished(desk: Desk) -> None:
    transaction = paid(desk)
    refunded(desk, transaction)
    told = desk.control("/refunds", {"number": REFUND, "becomes": "succeeded", "lost": True})["told"]
    assert told == []
    told = desk.control("/notify", {"refund": REFUND})["told"]
    assert [each["done"] for each in told] == ["taken"]
    assert len(desk.control("/notify", {"refund": REFUND, "times": 3})["told"]) == 4
    assert len({json.loads(each.body)["id"] for each in desk.shop.told}) == 1


def test_what_is_not_taken_is_told_again_later(desk: Desk) -> None:
    desk.shop.answers = [(500, b"")]
    refunded(desk, paid(desk))
    told = desk.control("/refunds", {"number": REFUND, "becomes": "succeeded"})["told"][0]
    assert (told["happened"], told["done"], told["tries"][0]["said"]) == ("refunded", None, "500")
    desk.clock.seconds += 15
    desk.till.courier.deliver()
    assert heard(desk, -1)["resource"]["refund_status"] == "SUCCESS"


def test_a_plan_of_a_trade_comes_before_its_providers_and_what_is_said_of_all_is_said_last(
    desk: Desk,
) -> None:
    transaction = paid(desk)
    desk.control("/plan/refunds", {"processing_seconds": 0})
    assert refunded(desk, transaction, number="one")[1]["status"] == "SUCCESS"
    desk.control("/plan/refunds", {"provider": "wechatpay", "processing_seconds": 3_600})
    desk.clock.seconds += 60
    assert refunded(desk, transaction, number="two")[1]["status"] == "PROCESSING"
    desk.control("/plan/refunds", {"processing_seconds": 0})
    desk.clock.seconds += 60
    assert refunded(desk, transaction, number="three")[1]["status"] == "SUCCESS"
    desk.control("/plan/refunds", {"number": NUMBER, "processing_seconds": 1})
    desk.clock.seconds += 60
    assert refunded(desk, transaction, number="four")[1]["status"] == "PROCESSING"
    trade = desk.trade(NUMBER)
    assert (trade["refunded"], trade["refunding"], trade["refundable"]) == (2000, 2000, 6950)
    assert [each["number"] for each in trade["refunds"]] == ["one", "two", "three", "four"]


def test_money_that_nobody_has_asked_for_goes_back_too(desk: Desk) -> None:
    transaction = desk.control("/money", {"provider": "wechatpay", "number": "unknown_01", "amount_fen": 5})
    amount = {"refund": 5, "total": 5, "currency": "CNY"}
    assert refunded(desk, transaction["transaction"], amount=amount, number="x_U01")[0] == 200


def test_what_went_back_is_known_after_a_restart(shop: Shop, clock: Clock, tmp_path: Path) -> None:
    with opened(shop, clock, tmp_path) as desk:
        transaction = paid(desk)
        intent = stripe_created(desk).id
        desk.control("/pay", {"number": STRIPE_NUMBER, "lost": True})
        desk.control("/plan/refunds", {"number": NUMBER, "fails_seconds": 90})
        desk.control("/plan/refunds", {"provider": "stripe", "processing_seconds": 30})
        refunded(desk, transaction)
        refund = stripe_refunded(desk, intent)
        warned = {"number": STRIPE_NUMBER, "becomes": "warning_needs_response", "lost": True}
        desk.control("/dispute", warned)
    clock.seconds += 60
    with opened(shop, clock, tmp_path) as desk:
        assert refund_asked(desk)[1]["status"] == "SUCCESS"
        assert stripe_refunded(desk, intent).id == refund.id
        assert stripe_refunds(desk, intent)[0].status == "succeeded"
        assert stripe_refunded(desk, intent, key="other").status == "pending"
        assert desk.trade(STRIPE_NUMBER)["disputes"][0]["state"] == "warning_needs_response"
        clock.seconds += 30
        assert refund_asked(desk)[1]["status"] == "ABNORMAL"
        assert desk.control("/dispute", {"number": STRIPE_NUMBER, "becomes": "warning_closed"})["state"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/refunds", {"number": "none", "becomes": "failed"}, "no refund none"),
        ("/refunds", {"number": REFUND}, "becomes is missing"),
        ("/refunds", {"number": REFUND, "becomes": "lost"}, "becomes is succeeded or failed"),
        ("/refunds", {"number": REFUND, "becomes": "failed", "word": "failed"}, "word is CLOSED or ABNORMAL"),
        ("/refunds", {"number": "stripe_R01", "becomes": "succeeded"}, "stripe_R01 is succeeded"),
        ("/plan/refunds", {"provider": "bank"}, "provider is one of"),
        ("/plan/refunds", {"short": 1}, "short is true or false"),
        ("/plan/refunds", {"fails_seconds": -1}, "fails_seconds is a number of seconds"),
        ("/plan/refunds", {"provider": "alipay", "processing_seconds": 5}, "Alipay refunds at once"),
        ("/plan/refunds", {"provider": "alipay", "word": "failed"}, "word is a word of one provider's"),
        ("/plan/refunds", {"number": "none"}, "no trade none"),
        ("/dispute", {"number": NUMBER}, "only Stripe has disputes"),
        ("/dispute", {"number": STRIPE_NUMBER, "becomes": "won"}, "a dispute cannot be won"),
        ("/dispute", {"number": STRIPE_NUMBER, "becomes": "over"}, "becomes is one of"),
        ("/dispute", {"number": STRIPE_NUMBER, "amount_fen": 10951}, "amount_fen is a whole number"),
        ("/notify", {"refund": "none"}, "no refund none"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(desk: Desk, path: str, body: Json, says: str) -> None:
    refunded(desk, paid(desk))
    intent = stripe_created(desk).id
    desk.control("/pay", {"number": STRIPE_NUMBER, "lost": True})
    stripe_refunded(desk, intent, metadata={"number": "stripe_R01"})
    answer = desk.ask("POST", path, body)
    assert 400 <= answer.status_code < 500
    assert says in answer.json()["error"]


def test_a_number_of_several_providers_has_to_name_one(desk: Desk) -> None:
    refunded(desk, paid(desk))
    intent = stripe_created(desk).id
    desk.control("/pay", {"number": STRIPE_NUMBER, "lost": True})
    stripe_refunded(desk, intent)
    body = {"number": REFUND, "becomes": "failed"}
    assert "several providers" in desk.ask("POST", "/refunds", body).json()["error"]
    assert desk.control("/refunds", {**body, "provider": "stripe"})["word"] == "failed"
