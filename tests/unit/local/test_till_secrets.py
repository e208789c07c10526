"""The stack's secrets are told of the till, where there are any."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local import clock
from local.till.keys import KINDS, Keys
from local.till.secrets import fill

GATEWAY = "http://127.0.0.1:8001"
PREFIX = "memberday/dev/payments"


class Missing(Exception):
    pass


class Secrets:
    """Secrets Manager, as far as it is asked; a secret with None has no value yet."""

    class exceptions:
        ResourceNotFoundException = Missing

    def __init__(self, **held: str | None) -> None:
        self.held: dict[str, str | None] = dict(held)
        self.puts: list[str] = []

    def client(self, service: Any, *, read_seconds_max: int = 60, attempts: int = 3) -> Any:
        return self

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        value = self.held.get(SecretId)
        if value is None:
            raise Missing
        return {"SecretString": value}

    def describe_secret(self, SecretId: str) -> dict[str, str]:
        if SecretId not in self.held:
            raise Missing
        return {}

    def put_secret_value(self, SecretId: str, SecretString: str) -> None:
        self.puts.append(SecretId)
        self.held[SecretId] = SecretString


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("till")
    Keys.made().write(folder / "keys.json")
    return folder


def test_Y1_a_stack_without_secrets_is_left_as_it_is(state: Path) -> None:
    secrets = Secrets()
    assert fill(secrets, "dev", state, GATEWAY) == []
    assert secrets.puts == []


def test_Y1_each_secret_that_is_there_is_filled_and_once(state: Path) -> None:
    names = [
        f"{PREFIX}/{provider}/{role}"
        for provider in ("wechatpay", "alipay", "stripe")
        for role in ("receive", "send")
    ]
    secrets = Secrets(**dict.fromkeys(names[:5], "{}"), **{names[5]: None})
    assert fill(secrets, "dev", state, GATEWAY) == names
    assert fill(secrets, "dev", state, GATEWAY) == []
    gateways = {name: json.loads(secrets.held[name] or "").get("gateway") for name in names}
    assert [gateways[name] for name in names] == [None, GATEWAY, None, f"{GATEWAY}/gateway.do", None, GATEWAY]
    assert fill(secrets, "dev", state, "http://127.0.0.1:8002") == names[1::2]  # the till has moved


def test_Y1_no_private_key_is_where_notifications_are_read(state: Path) -> None:
    secrets = Keys(json.loads((state / "keys.json").read_text())).secrets(GATEWAY)
    for (provider, role), value in secrets.items():
        assert ("PRIVATE KEY" in json.dumps(value)) == (role == "send" and provider != "stripe")
        assert ("sk_test" in json.dumps(value)) == ((provider, role) == ("stripe", "send"))


def test_Y1_of_each_kind_two_keys_hold_at_most_the_newest_first(state: Path) -> None:
    keys = Keys(json.loads((state / "keys.json").read_text()))
    for kind in KINDS:
        provider, place = kind.split(".")
        held = list(keys.values[provider][place])
        for _ in range(2):
            keys.rotate(kind)
            now = keys.values[provider][place]
            assert (len(now), now[1]) == (2, held[0])
            held = list(now)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("2m", 120), ("1h30m", 5_400), ("1d", 86_400)])
def test_how_late_is_told_as_a_step_of_the_clock_is(text: str, seconds: int) -> None:
    assert clock.lasting_seconds(text) == seconds


@pytest.mark.parametrize("text", ["90", "+90s", "s", "-1s"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) + "$"):
        clock.lasting_seconds(text)
