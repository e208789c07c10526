"""The open route: what is not a provider's own leaves no trace, what is has one (Y1, Y3)."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.errors import TryAgainError
from functions.payments import metrics as counted
from functions.payments.keys import HELD_SECONDS, Keys
from functions.payments.notifications import BODY_BYTES_MAX, Notifications
from functions.platform.dynamo import Tables
from functions.platform.observability import metrics
from tests.handlers.conftest import Suite
from tests.support import providers
from tests.support.events import Context
from tests.support.providers import NOW

ON = ("wechatpay", "alipay", "stripe")
SECRETS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "wechatpay": providers.wechatpay_receive,
    "alipay": providers.alipay_receive,
    "stripe": providers.stripe_receive,
}


def signed(provider: str) -> tuple[dict[str, str], bytes]:
    """Return a notification of a payment as a provider sends it: headers and body."""
    if provider == "wechatpay":
        body = providers.wechatpay_event(providers.transaction())
        return providers.wechatpay_headers(body), body
    if provider == "alipay":
        form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return form, providers.alipay_form(providers.trade())
    body = providers.stripe_event(providers.intent())
    return providers.stripe_headers(body), body


class Door:
    """The open route over tables, with secrets that a test changes; what it writes is counted."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.secrets = {f"p/{name}/receive": json.dumps(SECRETS[name]()) for name in ON}
        self.reads: list[str] = []
        self.time = 0.0
        self.asked = 0
        tables = suite.tables
        door = self

        class Counting:
            """The tables, of which only one kind of write may be asked."""

            def put_new(self, table: str, row: dict[str, Any]) -> bool:
                door.asked += 1
                return tables.put_new(table, row)

        self.counting: Any = Counting()
        self.handler = self.made()

    def made(self, on: tuple[str, ...] = ON, tables: Tables | None = None) -> Notifications:
        """Return the function with these providers on."""
        keys = Keys(self._read, "p", lambda: self.time)
        table = self.suite.settings.payments_table
        return Notifications(tables or self.counting, table, keys, on, lambda: NOW)

    def _read(self, name: str) -> str:
        self.reads.append(name)
        if name not in self.secrets:
            raise LookupError(name)
        return self.secrets[name]

    def tell(
        self,
        provider: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        encoded: bool = False,
        lower: bool = True,
    ) -> dict[str, Any]:
        """Send something to the route, with headers as an HTTP API hands them over."""
        text = base64.b64encode(body).decode() if encoded else body.decode()
        event = {
            "rawPath": f"/payments/{provider}/notifications",
            "pathParameters": {"provider": provider},
            "headers": {(name.lower() if lower else name): value for name, value in headers.items()},
            "requestContext": {"requestId": "request", "http": {"method": "POST"}},
            "body": text,
            "isBase64Encoded": encoded,
        }
        return self.handler(event, Context())

    def rows(self) -> list[dict[str, Any]]:
        """Return all rows that were written."""
        answer = self.suite.tables.client.scan(TableName=self.suite.settings.payments_table)
        return list(answer["Items"])


@pytest.fixture
def door(suite: Suite) -> Door:
    """The open route."""
    return Door(suite)


TAKEN = {
    "wechatpay": (204, ""),
    "alipay": (200, "success"),
    "stripe": (200, ""),
}


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("provider", ON)
def test_Y3_what_is_signed_is_kept_once_and_answered_in_the_providers_form(
    door: Door, provider: str, encoded: bool
) -> None:
    headers, body = signed(provider)
    for _ in range(3):
        answer = door.tell(provider, headers, body, encoded=encoded)
        assert (answer["statusCode"], answer["body"]) == TAKEN[provider]
    (row,) = door.rows()
    assert row["to_work"] == {"S": "yes"}
    assert len(row["sha256"]["S"]) == 64
    text = json.dumps(row)
    assert "oUpF8uMuAJO" not in text  # the payer's id, or anything else of theirs
    assert "buyer" not in text


@pytest.mark.parametrize("provider", ON)
def test_Y3_header_names_count_in_any_case(door: Door, provider: str) -> None:
    headers, body = signed(provider)
    for changed in (headers, {name.upper(): value for name, value in headers.items()}):
        assert door.tell(provider, changed, body, lower=False)["statusCode"] == TAKEN[provider][0]


def _other_body(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers, body.replace(b"2026", b"2027", 1)


def _no_headers(_: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return {}, body.partition(b"&sign=")[0]


def _nothing(headers: dict[str, str], _: bytes) -> tuple[dict[str, str], bytes]:
    return headers, b""


def _no_json(headers: dict[str, str], _: bytes) -> tuple[dict[str, str], bytes]:
    return headers, b"{" * 1_000


@pytest.mark.parametrize("change", [_other_body, _no_headers, _nothing, _no_json])
@pytest.mark.parametrize("provider", ON)
def test_Y3_what_is_not_signed_is_401_counted_and_asks_the_database_nothing(
    door: Door, provider: str, change: Callable[..., tuple[dict[str, str], bytes]], capsys: Any
) -> None:
    metrics.clear_metrics()
    answer = door.tell(provider, *change(*signed(provider)))
    assert answer["statusCode"] == 401
    assert (door.asked, door.rows()) == (0, [])
    assert counted.REFUSED + provider in capsys.readouterr().out


@pytest.mark.parametrize("provider", ON)
def test_Y3_more_than_64_kilobytes_are_413_before_anything_is_looked_at(door: Door, provider: str) -> None:
    headers, _ = signed(provider)
    for encoded in (False, True):
        answer = door.tell(provider, headers, b"x" * (BODY_BYTES_MAX + 1), encoded=encoded)
        assert answer["statusCode"] == 413
    assert (door.reads, door.asked) == ([], 0)


def test_a_provider_that_there_is_not_or_that_is_off_is_404(door: Door) -> None:
    assert door.tell("paypal", *signed("stripe"))["statusCode"] == 404
    door.handler = door.made(("alipay",))
    assert door.tell("stripe", *signed("stripe"))["statusCode"] == 404
    assert door.tell("alipay", *signed("alipay"))["statusCode"] == 200


def test_Y3_the_notification_of_one_provider_is_none_of_another(door: Door) -> None:
    for provider in ON:
        for other in ON:
            if other != provider:
                assert door.tell(other, *signed(provider))["statusCode"] == 401
    assert door.rows() == []


@pytest.mark.parametrize(("provider", "changed"), [("wechatpay", "mchid"), ("alipay", "seller_id")])
def test_Y3_what_is_for_another_merchant_is_401(door: Door, provider: str, changed: str) -> None:
    door.secrets[f"p/{provider}/receive"] = json.dumps(SECRETS[provider](**{changed: "2088999999999999"}))
    assert door.tell(provider, *signed(provider))["statusCode"] == 401


@pytest.mark.parametrize("seconds", [-301, 301])
@pytest.mark.parametrize("provider", ["wechatpay", "stripe"])
def test_Y3_a_time_stamp_further_off_than_five_minutes_is_401(
    door: Door, provider: str, seconds: int
) -> None:
    at = NOW + timedelta(seconds=seconds)
    if provider == "wechatpay":
        body = providers.wechatpay_event(providers.transaction())
        headers = providers.wechatpay_headers(body, at)
    else:
        body = providers.stripe_event(providers.intent())
        headers = providers.stripe_headers(body, at)
    assert door.tell(provider, headers, body)["statusCode"] == 401


def test_Y1_a_key_rotated_in_the_middle_of_a_sale_is_read_anew_at_most_once_a_minute(door: Door) -> None:
    old, new = providers.WEBHOOK_SECRETS[:2]
    body = providers.stripe_event(providers.intent())
    assert door.tell("stripe", providers.stripe_headers(body, secret=old), body)["statusCode"] == 200
    door.secrets["p/stripe/receive"] = json.dumps(providers.stripe_receive(webhook_secrets=[new, old]))
    assert door.tell("stripe", providers.stripe_headers(body, secret=new), body)["statusCode"] == 200
    reads = len(door.reads)
    made_up = providers.stripe_headers(body, secret=old[::-1])
    for _ in range(20):  # who makes keys up makes nothing be read
        assert door.tell("stripe", made_up, body)["statusCode"] == 401
    assert len(door.reads) == reads
    door.time += 61
    assert door.tell("stripe", made_up, body)["statusCode"] == 401
    assert len(door.reads) == reads + 1


def test_Y1_keys_that_are_put_in_after_the_first_notification_count_at_once(door: Door) -> None:
    secret = door.secrets["p/stripe/receive"]
    door.secrets["p/stripe/receive"] = "{}"
    assert door.tell("stripe", *signed("stripe"))["statusCode"] == 503
    door.secrets["p/stripe/receive"] = secret
    door.time += 61
    assert door.tell("stripe", *signed("stripe"))["statusCode"] == 200


def test_Y1_keys_are_held_for_five_minutes(door: Door) -> None:
    for _ in range(5):
        door.tell("stripe", *signed("stripe"))
    assert door.reads == ["p/stripe/receive"]
    door.time += HELD_SECONDS
    door.tell("stripe", *signed("stripe"))
    assert len(door.reads) == 2


def test_Y3_what_cannot_be_kept_is_not_answered_with_success(door: Door) -> None:
    class Busy:
        """Tables that are busy."""

        def put_new(self, *_: Any) -> bool:
            raise TryAgainError("try_again", "busy")

    busy: Any = Busy()
    door.handler = door.made(tables=busy)
    for provider in ON:
        assert door.tell(provider, *signed(provider))["statusCode"] == 503


# --- what went wrong in other shop systems, by its number ---

ANOTHERS = [
    ("wechatpay", "mchid", "1900000110"),
    ("wechatpay", "appid", "wx0000000000000000"),
    ("alipay", "seller_id", "2088999999999999"),
    ("alipay", "app_id", "2021999999999999"),
    ("stripe", "livemode", True),
]


@pytest.mark.parametrize(("provider", "name", "ours"), ANOTHERS)
def test_W4_a_notice_for_anothers_merchant_app_or_seller_is_refused_each_by_itself(
    door: Door, provider: str, name: str, ours: object
) -> None:
    door.secrets[f"p/{provider}/receive"] = json.dumps(SECRETS[provider](**{name: ours}))
    assert door.tell(provider, *signed(provider))["statusCode"] == 401
    assert (door.asked, door.rows()) == (0, [])
    door.secrets[f"p/{provider}/receive"] = json.dumps(SECRETS[provider]())
    door.handler = door.made()
    assert door.tell(provider, *signed(provider))["statusCode"] == TAKEN[provider][0]


def test_W4_a_notice_for_an_account_of_anothers_is_refused_though_our_endpoint_signs_it(door: Door) -> None:
    def told(**said: str) -> int:
        body = providers.stripe_event(providers.intent(), **said)
        status: int = door.tell("stripe", providers.stripe_headers(body), body)["statusCode"]
        return status

    assert told(account="acct_anothers") == 401
    assert (door.asked, door.rows()) == (0, [])
    assert told() == 200


def _unsigned(provider: str) -> list[tuple[dict[str, str], bytes]]:
    """Return what a provider sends, each time without one part of its signature, or with a blank one."""
    headers, body = signed(provider)
    if provider == "alipay":
        bare = providers.alipay_form(providers.trade()).partition(b"&sign=")[0]
        return [(headers, bare), (headers, bare + b"&sign="), (headers, bare + b"&sign=&sign_type=RSA2")]
    parts = [name for name in headers if name.lower().startswith((provider, "wechatpay-", "stripe-"))]
    without = [{each: value for each, value in headers.items() if each != part} for part in parts]
    return [(changed, body) for changed in (*without, *({**headers, part: ""} for part in parts))]


@pytest.mark.parametrize("provider", ON)
def test_W6_a_signature_is_demanded_always_whole(door: Door, provider: str) -> None:
    cases = _unsigned(provider)
    assert len(cases) >= 2
    for headers, body in cases:
        assert door.tell(provider, headers, body)["statusCode"] == 401, headers
    assert (door.asked, door.rows()) == (0, [])


def test_W6_a_public_keys_serial_counts_with_its_own_key_only_and_an_unknown_one_is_no_crash(
    door: Door,
) -> None:
    body = providers.wechatpay_event(providers.transaction())
    after = providers.wechatpay_headers(body, serial=providers.WECHATPAY_NEXT_ID, signer="wechatpay next")
    crossed = providers.wechatpay_headers(body, serial=providers.WECHATPAY_NEXT_ID)
    assert door.tell("wechatpay", after, body)["statusCode"] == 401
    keys = [
        {"id": providers.WECHATPAY_ID, "pem": providers.public_pem("wechatpay")},
        {"id": providers.WECHATPAY_NEXT_ID, "pem": providers.public_pem("wechatpay next")},
    ]
    door.secrets["p/wechatpay/receive"] = json.dumps(providers.wechatpay_receive(public_keys=keys))
    door.time += HELD_SECONDS
    assert door.tell("wechatpay", crossed, body)["statusCode"] == 401
    assert door.tell("wechatpay", after, body)["statusCode"] == 204
    assert len(door.rows()) == 1


def _second(provider: str) -> tuple[dict[str, str], bytes]:
    """Return a notification of another payment."""
    if provider == "wechatpay":
        body = providers.wechatpay_event(providers.transaction(transaction_id="4299"))
        return providers.wechatpay_headers(body), body
    if provider == "alipay":
        return signed(provider)[0], providers.alipay_form(providers.trade(trade_no="4299"))
    body = providers.stripe_event(providers.intent(id="pi_4299"))
    return providers.stripe_headers(body), body


@pytest.mark.parametrize("provider", ON)
def test_W7_a_warm_function_reads_each_notification_for_itself(door: Door, provider: str) -> None:
    first, second = signed(provider), _second(provider)
    forged = (first[0], second[1] + b" ") if provider != "alipay" else (first[0], second[1] + b"&a=b")
    for headers, body in (first, forged, second, forged, first):
        taken = door.tell(provider, headers, body)["statusCode"]
        assert taken == (401 if (headers, body) == forged else TAKEN[provider][0])
    rows = door.rows()
    assert len(rows) == 2
    assert sum("4299" in row["subject"]["S"] for row in rows) == 1


@pytest.mark.parametrize("provider", ON)
@pytest.mark.parametrize("error", [TryAgainError("try_again", "busy"), RuntimeError("a mistake of ours")])
def test_W10_what_goes_wrong_while_it_is_kept_is_no_success_and_told_again_it_is_kept(
    door: Door, provider: str, error: Exception
) -> None:
    class Broken:
        """Tables that do not take anything."""

        def put_new(self, *_: Any) -> bool:
            raise error

    broken: Any = Broken()
    door.handler = door.made(tables=broken)
    if isinstance(error, RuntimeError):
        with pytest.raises(RuntimeError):  # the invocation fails, and the provider is answered 500
            door.tell(provider, *signed(provider))
    else:
        assert door.tell(provider, *signed(provider))["statusCode"] == 503
    assert door.rows() == []
    door.handler = door.made()
    assert door.tell(provider, *signed(provider))["statusCode"] == TAKEN[provider][0]
    assert len(door.rows()) == 1
