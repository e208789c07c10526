"""``python -m local pay``: the shopper, at a real till, of a shop that asks it by the real SDKs."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import pay
from local.errors import LocalError
from local.interrupts import Interrupts
from local.till.process import TillProcess
from reach.folder import StateFolder
from reach.server import Running
from tests.support.till import Desk, Json
from tests.till import test_alipay as alipay
from tests.till import test_stripe as stripe
from tests.till import test_wechatpay as wechatpay

ORDER = wechatpay.NUMBER[:26]


class Here(TillProcess):
    """The till of this process."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(StateFolder(Path("nowhere")), Interrupts())
        self._here = Running(0, int(desk.gateway.rpartition(":")[2]))

    def running(self) -> Running | None:
        return self._here


def _params(desk: Desk) -> Json:
    _, answer = wechatpay.created(desk, "jsapi")
    send = desk.secret("wechatpay", "send")
    fields = {"appId": send["appid"], "timeStamp": "1", "nonceStr": "n"}
    fields["package"] = f"prepay_id={answer['prepay_id']}"
    return {**fields, "signType": "RSA", "paySign": wechatpay.sdk(desk).sign([*fields.values()])}


ACTIONS: dict[tuple[str, str], tuple[str, Callable[[Desk], Any]]] = {
    ("wechatpay", "default"): ("qr", lambda desk: wechatpay.created(desk)[1]["code_url"]),
    ("wechatpay", "jsapi"): ("params", _params),
    ("wechatpay", "h5"): ("redirect", lambda desk: wechatpay.created(desk, "h5")[1]["h5_url"]),
    ("alipay", "default"): ("redirect", lambda desk: alipay.link(desk)),
    ("alipay", "qr"): ("qr", lambda desk: alipay.code(desk)["qr_code"]),
    ("stripe", "default"): ("client_secret", lambda desk: stripe.created(desk).client_secret),
}


class Suite:
    """The suite's API with one order, which is paid by any notification of the asked amount."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.asked: list[Json] = []

    def begin(self, body: Json) -> tuple[int, Json]:
        self.asked.append(body)
        method = body.get("method", "default")
        if (body["provider"], method) not in ACTIONS:
            return 422, {"code": "method_not_available", "detail": "there is no such method"}
        kind, value = ACTIONS[body["provider"], method]
        action = {"kind": kind, "value": value(self.desk)}
        return 200, {"method": method, "amount_fen": 10950, "action": action}

    def order(self) -> tuple[int, Json]:
        trades = [trade for trade in self.desk.till.book.trades.values() if trade.paid_amount]
        told = bool(self.desk.shop.told)
        applied = [trade.paid_amount == trade.amount for trade in trades] if told else []
        payments = [{"payment_id": "x", "applied": each} for each in applied]
        return 200, {"status": "paid" if any(applied) else "placed", "payments": payments}


@pytest.fixture
def suite(desk: Desk) -> Iterator[tuple[Suite, pay.Shop]]:
    """The suite, and the way to it."""
    made = Suite(desk)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.removeprefix("/api") == f"/orders/{ORDER}":
                self._send(*made.order())
            else:
                self._send(404, {"code": "order_not_found", "detail": "no such order"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Authorization"] == "Bearer token"
            assert self.path == f"/api/orders/{ORDER}/payments"
            self._send(*made.begin(body))

        def _send(self, status: int, value: Json) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        shop = pay.Shop(f"http://127.0.0.1:{server.server_port}/api", "token")
        yield made, shop
        shop.close()
        server.shutdown()
        thread.join()


def wish(provider: str, method: str | None = None, **more: Any) -> pay.Wish:
    return pay.Wish(order_id=ORDER, provider=provider, method=method, shopper="alice", **more)


@pytest.mark.parametrize(("provider", "method"), ACTIONS)
def test_Y2_the_shopper_does_what_the_device_would_and_the_order_is_paid(
    desk: Desk, suite: tuple[Suite, pay.Shop], provider: str, method: str
) -> None:
    value = pay.pay(suite[1], Here(desk), wish(provider, None if method == "default" else method))
    assert (value["outcome"], value["order_status"]) == ("paid", "paid")
    assert (value["action"], value["paid_fen"]) == (ACTIONS[provider, method][0], 10950)
    assert [each["done"] for each in value["told"]] == ["taken"]
    assert "paid 109.50 of 109.50 yuan" in pay.shown(value)
    payers = {"jsapi": "oTill-alice", "h5": pay.SHOPPERS_ADDRESS}
    assert suite[0].asked[0].get("payer") == payers.get(method)


@pytest.mark.parametrize("provider", ["wechatpay", "alipay", "stripe"])
def test_Y5_what_is_lost_is_said_to_be_and_not_waited_for(
    desk: Desk, suite: tuple[Suite, pay.Shop], provider: str
) -> None:
    lost = pay.pay(suite[1], Here(desk), wish(provider, lost=True))
    assert (lost["outcome"], lost["told"]) == ("lost", [])
    assert "nobody was told" in pay.shown(lost)


def test_Y3_told_twice_is_told_two_times(desk: Desk, suite: tuple[Suite, pay.Shop]) -> None:
    value = pay.pay(suite[1], Here(desk), wish("stripe", twice=True))
    assert len(value["told"]) == 2
    assert "told twice, taken twice" in pay.shown(value)


def test_what_is_told_much_later_is_not_waited_for(desk: Desk, suite: tuple[Suite, pay.Shop]) -> None:
    value = pay.pay(suite[1], Here(desk), wish("alipay", late_seconds=7_200))
    assert (value["outcome"], value["told"][0]["due_at"]) == ("late", "2027-01-15T10:00:00+00:00")
    assert "it is told at 2027-01-15T10:00:00+00:00" in pay.shown(value)


def test_Y3_another_amount_stands_with_the_order_and_is_not_applied(
    desk: Desk, suite: tuple[Suite, pay.Shop]
) -> None:
    value = pay.pay(suite[1], Here(desk), wish("wechatpay", wrong_amount=True))
    assert (value["outcome"], value["paid_fen"]) == ("mismatched", 10949)
    assert "not applied" in pay.shown(value)


def test_a_refusal_of_the_suite_is_one_line(desk: Desk, suite: tuple[Suite, pay.Shop]) -> None:
    with pytest.raises(LocalError, match="method_not_available: there is no such method") as refused:
        pay.pay(suite[1], Here(desk), wish("stripe", "none"))
    assert len(str(refused.value).splitlines()) == 1


def test_what_the_till_refuses_is_one_line(desk: Desk, suite: tuple[Suite, pay.Shop]) -> None:
    assert pay.pay(suite[1], Here(desk), wish("alipay", "qr"))["outcome"] == "paid"
    with pytest.raises(LocalError, match="ACQ"):
        Here(desk).ask("POST", "/till/pay", {"number": alipay.NUMBER})


def test_an_order_that_stays_as_it_was_is_an_error_with_what_was_answered(
    desk: Desk, suite: tuple[Suite, pay.Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pay, "WAIT_SECONDS_MAX", 0)
    monkeypatch.setattr(Suite, "order", lambda _: (200, {"status": "placed", "payments": []}))
    desk.shop.answers = [(401, b"who are you")]
    with pytest.raises(LocalError, match="still placed: its notification was answered '401 who are you'"):
        pay.pay(suite[1], Here(desk), wish("wechatpay"))


def test_nobody_is_sent_elsewhere_than_to_the_till(
    desk: Desk, suite: tuple[Suite, pay.Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ACTIONS, ("alipay", "default"), ("redirect", lambda _: "https://openapi.example/x"))
    with pytest.raises(LocalError, match=r"sent to openapi\.example, which is not the till"):
        pay.pay(suite[1], Here(desk), wish("alipay"))
