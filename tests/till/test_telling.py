"""What the till does about telling, about faults, and about being started again."""

import json
import time
from pathlib import Path

import pytest
import requests

from local.till.courier import loopback
from local.till.faults import Kind
from tests.support.till import Clock, Desk, Json, Shop, opened
from tests.till.test_alipay import NUMBER as ALIPAY_NUMBER
from tests.till.test_alipay import asked as alipay_asked
from tests.till.test_alipay import code as alipay_code
from tests.till.test_stripe import NUMBER as STRIPE_NUMBER
from tests.till.test_stripe import created as stripe_created
from tests.till.test_wechatpay import NUMBER, asked, created, heard

WAIT_SECONDS_MAX = 10


def events(desk: Desk) -> list[str]:
    return [json.loads(told.body)["id"] for told in desk.shop.told]


def until_told(desk: Desk, number: str, count: int) -> None:
    """Wait for the courier's own round, until it has written down so many tries."""
    end = time.monotonic() + WAIT_SECONDS_MAX
    while tries(desk, number) < count and time.monotonic() < end:
        time.sleep(0.02)
    assert (tries(desk, number), len(desk.shop.told)) == (count, count)


def tries(desk: Desk, number: str) -> int:
    with desk.till.book.lock:
        told = desk.till.book.told_of(desk.till.book.of_number(number)[0])
        return sum(len(each.tries) for each in told)


def test_Y3_told_twice_is_the_same_event_two_times(desk: Desk) -> None:
    created(desk)
    desk.control("/pay", {"number": NUMBER, "twice": True})
    first, second = events(desk)
    assert first == second
    assert heard(desk, 0)["resource"] == heard(desk, 1)["resource"]


def test_Y5_told_late_is_told_so_many_seconds_after_by_the_clock_that_is_moved(desk: Desk) -> None:
    created(desk)
    paid = desk.control("/pay", {"number": NUMBER, "late_seconds": 90})
    assert (paid["state"], paid["told"][0]["tries"]) == ("paid", [])
    desk.clock.seconds += 89
    assert desk.control("/deliver", {}) == {"delivered": 0}
    desk.clock.seconds += 1
    until_told(desk, NUMBER, 1)
    assert heard(desk)["resource"]["success_time"] == "2027-01-15T16:00:00+08:00"


def test_Y5_what_is_lost_is_paid_and_never_told(desk: Desk) -> None:
    created(desk)
    assert desk.control("/pay", {"number": NUMBER, "lost": True})["told"] == []
    desk.clock.seconds += 100_000
    assert desk.control("/deliver", {}) == {"delivered": 0}
    assert asked(desk)[1]["trade_state"] == "SUCCESS"
    assert desk.control("/notify", {"number": NUMBER, "times": 3})["told"][0]["done"] == "taken"
    assert len(desk.shop.told) == 3


def test_Y3_another_amount_or_currency_is_told_and_answered_alike(desk: Desk) -> None:
    created(desk)
    desk.control("/pay", {"number": NUMBER, "wrong_amount": True, "currency": "USD"})
    amount = heard(desk)["resource"]["amount"]
    assert (amount["total"], amount["currency"]) == (10949, "USD")
    assert asked(desk)[1]["amount"] == amount
    alipay_code(desk, "0.01")
    desk.control("/pay", {"number": ALIPAY_NUMBER, "wrong_amount": True})
    assert alipay_asked(desk)["total_amount"] == "0.02"
    assert desk.ask("POST", "/pay", {"number": ALIPAY_NUMBER, "currency": "USD"}).status_code == 400
    intent = stripe_created(desk)
    desk.control("/pay", {"number": STRIPE_NUMBER, "wrong_amount": True})
    told = json.loads(desk.shop.told[-1].body)["data"]["object"]
    assert (told["id"], told["amount"], told["amount_received"]) == (intent.id, 10950, 10949)


def test_Y4_money_comes_in_that_nobody_has_asked_for(desk: Desk) -> None:
    money = {
        "provider": "wechatpay",
        "number": "unknown_01",
        "amount_fen": 5,
        "notify_url": desk.shop.address,
    }
    assert desk.control("/money", money)["state"] == "paid"
    assert heard(desk)["resource"]["out_trade_no"] == "unknown_01"
    assert "is a trade already" in desk.ask("POST", "/money", money).json()["error"]
    for provider in ("alipay", "stripe"):
        assert desk.control("/money", money | {"provider": provider})["state"] == "paid"
    assert len(desk.shop.told) == 3


def test_Y3_what_is_not_taken_is_told_again_as_often_as_the_provider_does_and_no_more(desk: Desk) -> None:
    desk.shop.answers = [(500, b"")] * 100
    created(desk)
    desk.control("/pay", {"number": NUMBER})
    repeats = desk.till.wechatpay.repeats_after_seconds
    assert len(repeats) == 15
    assert sum(repeats) == 24 * 3_600 + 4 * 60
    for before, seconds in enumerate(repeats, start=1):
        desk.clock.seconds += seconds - 1
        assert desk.control("/deliver", {}) == {"delivered": 0}
        desk.clock.seconds += 1
        until_told(desk, NUMBER, before + 1)
    assert desk.trade(NUMBER)["told"][0]["done"] == "given up"
    assert len(set(events(desk))) == 1


def test_Y3_alipay_takes_nothing_for_an_answer_but_the_text_success(desk: Desk) -> None:
    desk.shop.answers = [(200, b'{"ok":true}'), (204, b"")]
    alipay_code(desk)
    told = desk.control("/pay", {"number": ALIPAY_NUMBER})["told"][0]
    assert (told["done"], told["tries"][0]["said"]) == (None, '200 {"ok":true}')
    desk.clock.seconds += 240
    until_told(desk, ALIPAY_NUMBER, 2)
    assert desk.trade(ALIPAY_NUMBER)["told"][0]["done"] is None
    desk.clock.seconds += 600
    until_told(desk, ALIPAY_NUMBER, 3)


def test_the_till_talks_to_this_machine_only(desk: Desk) -> None:
    created(desk, notify_url="https://shop.example/notifications")
    told = desk.control("/pay", {"number": NUMBER})["told"][0]
    assert (told["done"], told["tries"]) == ("not on loopback", [])
    assert loopback("http://abc.execute-api.localhost:4566/x") == ("127.0.0.1", 4566)
    for elsewhere in (
        "http://localhost.example/",
        "http://10.0.0.1/",
        "https://127.0.0.1/",
        "http://[::",
        "",
    ):
        assert loopback(elsewhere) is None


def test_a_shop_that_does_not_listen_is_told_again_later(desk: Desk) -> None:
    created(desk, notify_url="http://127.0.0.1:9/notifications")
    told = desk.control("/pay", {"number": NUMBER})["told"][0]
    assert (told["done"], told["tries"][0]["said"][:9]) == (None, "no answer")


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        (Kind.ERROR, False),
        (Kind.BARE, False),
        (Kind.HANG_UP_BEFORE, False),
        (Kind.ERROR_AFTER, True),
        (Kind.HANG_UP_AFTER, True),
    ],
)
def test_a_fault_comes_before_or_after_it_has_happened_and_once(desk: Desk, kind: Kind, effect: bool) -> None:
    desk.fault(kind, provider="wechatpay", call="create")
    if kind in (Kind.HANG_UP_BEFORE, Kind.HANG_UP_AFTER):
        with pytest.raises(requests.ConnectionError):
            created(desk)
    elif kind is Kind.BARE:
        with pytest.raises(ValueError, match="Expecting value"):
            created(desk)
    else:
        assert created(desk)[1]["code"] == "SYSTEM_ERROR"
    assert (asked(desk)[0] == 200) is effect
    assert desk.ask("GET", "/faults").json() == {"faults": []}
    assert created(desk)[0] == 200


def test_an_answer_comes_late_as_many_times_as_is_said_and_faults_can_be_taken_back(desk: Desk) -> None:
    desk.fault("late", seconds=0.2, times=2)
    begun = time.monotonic()
    created(desk)
    assert time.monotonic() - begun >= 0.2
    assert desk.ask("GET", "/faults").json()["faults"][0]["times"] == 1
    assert desk.ask("DELETE", "/faults", {}).json() == {"faults": []}


def test_what_was_answered_is_known_after_a_restart_with_the_same_keys(
    shop: Shop, clock: Clock, tmp_path: Path
) -> None:
    with opened(shop, clock, tmp_path) as desk:
        created(desk)
        intent = stripe_created(desk)
        desk.control("/pay", {"number": NUMBER, "late_seconds": 60})
        receive = desk.secret("wechatpay", "receive")
    with (tmp_path / "trades.jsonl").open("a") as file:
        file.write('["trade", "wecha')  # it was killed there
    with opened(shop, clock, tmp_path) as desk:
        assert desk.secret("wechatpay", "receive") == receive
        assert asked(desk)[1]["trade_state"] == "SUCCESS"
        assert stripe_created(desk).id == intent.id
        assert desk.shop.told == []
        desk.clock.seconds += 60
        until_told(desk, NUMBER, 1)
        assert heard(desk)["resource"]["out_trade_no"] == NUMBER
    with opened(shop, clock, tmp_path) as desk:
        assert desk.trade(NUMBER)["told"][0]["done"] == "taken"
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "trades.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/pay", {}, "named by its qr"),
        ("/pay", {"number": "none"}, "no trade none"),
        ("/pay", {"qr": "weixin://wxpay/bizpayurl?pr=none"}, "leads nowhere"),
        ("/pay", {"number": NUMBER, "late_seconds": -1}, "late_seconds"),
        ("/pay", {"number": NUMBER, "twice": "yes"}, "twice is true or false"),
        ("/notify", {"number": NUMBER}, "is not paid"),
        ("/faults", {"kind": "flood"}, "kind is one of"),
        ("/faults", {"kind": "late", "seconds": 1e9}, "seconds is at most"),
        ("/rotate", {"key": "none"}, "there is no key"),
        ("/rotate", {}, "key is missing"),
        ("/nothing", {}, "no such route"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(desk: Desk, path: str, body: Json, says: str) -> None:
    created(desk)
    answer = desk.ask("POST", path, body)
    assert 400 <= answer.status_code < 500
    assert says in answer.json()["error"]


def test_no_page_of_the_web_can_ask_the_till(desk: Desk) -> None:
    url = f"{desk.gateway}/till/pay"
    assert requests.post(url, data='{"number": "x"}', timeout=5).status_code == 415
    assert requests.get(url, headers={"Host": "shop.example"}, timeout=5).status_code == 421
    assert requests.get(f"{desk.gateway}/elsewhere", timeout=5).status_code == 404
