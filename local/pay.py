"""A shopper who pays: asks the suite for a payment, does what the device would, and looks at the order."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from local.errors import LocalError
from local.till.process import TillProcess

Json = dict[str, Any]
ANSWER_SECONDS_MAX = 30
WAIT_SECONDS_MAX = 30
LATE_WAITED_SECONDS_MAX = 120
"""What is told later than this is not waited for."""
LOOK_SECONDS = 0.3
PLACED = "placed"
SHOPPERS_ADDRESS = "203.0.113.7"
PAYERS = {("wechatpay", "jsapi"): "oTill-{shopper}", ("wechatpay", "h5"): SHOPPERS_ADDRESS}
"""Who pays, where a method needs to be told."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be paid, and how it goes."""

    order_id: str
    provider: str
    method: str | None
    shopper: str
    twice: bool = False
    late_seconds: int = 0
    wrong_amount: bool = False
    lost: bool = False

    @property
    def plan(self) -> Json:
        """How it goes, as the till is told."""
        names = ("twice", "late_seconds", "wrong_amount", "lost")
        return {name: value for name, value in asdict(self).items() if name in names}


class Shop:
    """The suite's API, as a shopper asks it."""

    def __init__(self, api_url: str, token: str) -> None:
        self._path = urlsplit(api_url).path
        self._pool = urllib3.connection_from_url(api_url, timeout=ANSWER_SECONDS_MAX, retries=False)
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def close(self) -> None:
        """Ask nothing any more."""
        self._pool.close()

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """What is answered.

        Raises
        ------
        LocalError
            It is a refusal, or nothing.
        """
        sent = None if body is None else json.dumps(body)
        try:
            answer = self._pool.request(method, self._path + path, body=sent, headers=self._headers)
        except urllib3.exceptions.HTTPError as error:
            raise LocalError(f"{method} {path}: {error}") from None
        try:
            value = json.loads(answer.data)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise LocalError(f"{method} {path} answers {answer.status} without an object")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            says = value.get("detail") or value.get("message") or value.get("title") or ""
            code = value.get("code") or answer.status
            raise LocalError(f"{method} {path} is refused: {code}: {says}")
        return value


def pay(shop: Shop, till: TillProcess, wish: Wish) -> Json:
    """Pay, and wait for what comes of it.

    Raises
    ------
    LocalError
        The suite or the till refuses, or the order does not become what it should.
    """
    till.require()
    order = f"/orders/{quote(wish.order_id, safe='')}"
    asked: Json = {"provider": wish.provider}
    if wish.method is not None:
        asked["method"] = wish.method
    if (payer := PAYERS.get((wish.provider, wish.method or ""))) is not None:
        asked["payer"] = payer.format(shopper=wish.shopper)
    attempt = shop.ask("POST", f"{order}/payments", asked)
    trade = _paid(till, wish, attempt["action"])
    seen = _looked(shop, order, wish)
    trade = _trade(till, trade)
    value = {
        "order_id": wish.order_id,
        "provider": wish.provider,
        "method": attempt["method"],
        "action": attempt["action"]["kind"],
        "number": trade["number"],
        "amount_fen": attempt["amount_fen"],
        "paid_fen": trade["paid_amount"],
        "transaction": trade["transaction"],
        "told": trade["told"],
        "order_status": seen["status"],
        "payments": seen["payments"],
    }
    value["outcome"] = _outcome(wish, value)
    if value["outcome"] == "not_paid":
        said = [one["said"] for each in trade["told"] for one in each["tries"]]
        raise LocalError(
            f"paid at the till, and the order is still {seen['status']}: its notification was answered "
            f"{said[-1] if said else 'not at all'!r}"
        )
    return value


def shown(value: Json) -> str:
    """What a person reads."""
    paid, asked = (f"{value[name] / 100:.2f}" for name in ("paid_fen", "amount_fen"))
    tries = [one for each in value["told"] for one in each["tries"]]
    taken = sum(1 for each in value["told"] if each["done"] == "taken")
    lines = [
        f"paid {paid} of {asked} yuan by {value['provider']} ({value['action']}): {value['number']}",
        f"  the provider's number {value['transaction']}",
        f"  told {_times(len(tries))}, taken {_times(taken)}",
        f"the order is {value['order_status']}",
    ]
    if value["outcome"] == "lost":
        lines.append("  nobody was told: the suite finds the money when it asks, 2, 10 and 20 minutes after")
        lines.append("  the attempt was made: .venv/bin/python -m local clock +2m")
    elif value["outcome"] == "late":
        due = min(each["due_at"] for each in value["told"])
        lines.append(f"  it is told at {due} of the local clock: .venv/bin/python -m local clock +…")
    elif value["outcome"] == "mismatched":
        lines.append("  the money stands with the order, not applied: another amount was asked for")
    return "\n".join(lines)


def _times(count: int) -> str:
    return {0: "not yet", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _paid(till: TillProcess, wish: Wish, action: Json) -> Json:
    """Do what the device does; the trade at the till."""
    kind, given = action["kind"], action["value"]
    if kind in ("qr", "params"):
        return till.ask("POST", "/till/pay", {kind: given, **wish.plan})
    if kind == "redirect":
        named = {"provider": wish.provider, "number": _visited(till, given)}
        return till.ask("POST", "/till/pay", {**named, **wish.plan})
    if kind == "client_secret":
        return _confirmed(till, wish, given)
    raise LocalError(f"no device knows what to do with {kind!r}")


def _visited(till: TillProcess, url: str) -> str:
    """Go to the provider's page; the number of the trade that it is about."""
    here = till.require()
    if not url.startswith(f"{here.endpoint}/"):
        raise LocalError(f"the shopper is sent to {urlsplit(url).netloc}, which is not the till")
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request("GET", url.removeprefix(here.endpoint))
        page = connection.getresponse()
        text = page.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise LocalError(f"the till at {here.endpoint} does not answer: {error}") from None
    finally:
        connection.close()
    number = page.getheader("Till-Number")
    if number is None:
        says = text.rpartition("<p>")[2].partition("</p>")[0]
        raise LocalError(f"the till's page says: {says}")
    return number


def _confirmed(till: TillProcess, wish: Wish, client_secret: str) -> Json:
    """Confirm a PaymentIntent as Stripe's element does, with the account's publishable key."""
    till.ask("POST", "/till/plan", {"client_secret": client_secret, **wish.plan})
    key = till.ask("GET", "/till")["publishable_key"]
    ident = client_secret.partition("_secret_")[0]
    intent = till.ask(
        "POST",
        f"/v1/payment_intents/{ident}/confirm",
        form={"client_secret": client_secret, "payment_method": "pm_card_visa"},
        headers={"Authorization": f"Bearer {key}"},
    )
    till.ask("POST", "/till/deliver", {})
    number = intent["metadata"].get("number", ident)
    return _trade(till, {"number": number, "provider": wish.provider})


def _trade(till: TillProcess, trade: Json) -> Json:
    number, provider = quote(trade["number"], safe=""), trade["provider"]
    found: Json = till.ask("GET", f"/till/trades?number={number}&provider={provider}")["trades"][-1]
    return found


def _looked(shop: Shop, order: str, wish: Wish) -> Json:
    """The order, once it is what it should be, or as it is when that takes too long."""
    is_told_later = wish.lost or wish.late_seconds > LATE_WAITED_SECONDS_MAX
    patience = 0 if is_told_later else WAIT_SECONDS_MAX + wish.late_seconds
    end = time.monotonic() + patience
    while True:
        seen = shop.ask("GET", order)
        is_there = any(not each["applied"] for each in seen["payments"]) if wish.wrong_amount else False
        if seen["status"] != PLACED or is_there or time.monotonic() >= end:
            return seen
        time.sleep(LOOK_SECONDS)


def _outcome(wish: Wish, value: Json) -> str:
    if any(not each["applied"] for each in value["payments"]) and value["order_status"] == PLACED:
        return "mismatched"
    if value["order_status"] != PLACED:
        return "paid"
    if wish.lost:
        return "lost"
    return "late" if wish.late_seconds > LATE_WAITED_SECONDS_MAX else "not_paid"
