"""Secrets of providers are held five minutes, and read anew at most once a minute (Y1)."""

import json
import subprocess
import sys
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from functions.domain.errors import TryAgainError
from functions.payments.keys import Keys, KeysError
from functions.payments.providers import directory
from functions.platform import keyed_hash, secrets
from tests.support.stack import ROOT


class Vault:
    """Secrets that a test changes, and a clock that it moves."""

    def __init__(self) -> None:
        self.held = {f"memberday/dev/payments/stripe/{role}": '{"n": 1}' for role in ("receive", "send")}
        self.read: list[str] = []
        self.at = 1_000.0
        self.fault: Exception | None = None
        self.keys = Keys(self._read, "memberday/dev/payments", lambda: self.at)

    def put(self, content: str, role: str = "receive") -> None:
        """Put another content into a secret."""
        self.held[f"memberday/dev/payments/stripe/{role}"] = content

    def _read(self, name: str) -> str:
        self.read.append(name)
        if self.fault is not None:
            raise self.fault
        return self.held[name]


@pytest.fixture
def vault() -> Vault:
    return Vault()


def test_Y1_a_secret_is_read_once_and_held_for_five_minutes(vault: Vault) -> None:
    first = vault.keys.secret("stripe", "receive")
    vault.put('{"n": 2}')
    vault.at += 299.9
    assert vault.keys.secret("stripe", "receive") is first
    assert vault.read == ["memberday/dev/payments/stripe/receive"]
    vault.at += 0.1
    assert vault.keys.secret("stripe", "receive") == {"n": 2}
    assert len(vault.read) == 2


def test_Y1_the_two_roles_are_two_secrets(vault: Vault) -> None:
    vault.put('{"n": 3}', "send")
    assert (vault.keys.secret("stripe", "receive"), vault.keys.secret("stripe", "send")) == (
        {"n": 1},
        {"n": 3},
    )
    assert vault.read == [f"memberday/dev/payments/stripe/{role}" for role in ("receive", "send")]


def test_Y1_an_unknown_key_has_the_secret_read_anew_at_most_once_a_minute(vault: Vault) -> None:
    vault.keys.secret("stripe", "receive")
    vault.put('{"n": 2}')
    vault.at += 1
    assert vault.keys.reload("stripe", "receive")
    assert vault.keys.secret("stripe", "receive") == {"n": 2}
    vault.put('{"n": 3}')
    for seconds in (0.0, 30.0, 29.9):
        vault.at += seconds
        assert not vault.keys.reload("stripe", "receive")
    assert vault.keys.secret("stripe", "receive") == {"n": 2}
    assert len(vault.read) == 2
    vault.at += 0.1
    assert vault.keys.reload("stripe", "receive")
    assert vault.keys.secret("stripe", "receive") == {"n": 3}


def test_Y1_one_providers_unknown_keys_do_not_take_anothers_turn(vault: Vault) -> None:
    vault.held["memberday/dev/payments/alipay/receive"] = "{}"
    assert vault.keys.reload("stripe", "receive")
    assert vault.keys.reload("stripe", "send")
    assert vault.keys.reload("alipay", "receive")


def test_Y1_a_secret_that_was_read_anew_is_held_from_then_on(vault: Vault) -> None:
    vault.keys.secret("stripe", "receive")
    vault.at += 200
    vault.keys.reload("stripe", "receive")
    vault.at += 200
    vault.keys.secret("stripe", "receive")
    assert len(vault.read) == 2


def test_Y1_what_cannot_be_read_anew_is_held_on_and_not_asked_for_again_at_once(vault: Vault) -> None:
    first = vault.keys.secret("stripe", "receive")
    vault.fault = TryAgainError("try_again", "busy")
    with pytest.raises(TryAgainError):
        vault.keys.reload("stripe", "receive")
    assert not vault.keys.reload("stripe", "receive")
    assert vault.keys.secret("stripe", "receive") is first
    vault.at += 300
    with pytest.raises(TryAgainError):
        vault.keys.secret("stripe", "receive")


@pytest.mark.parametrize("content", ["", "sk_live_1", '"sk_live_1"', "[1]", "null", "[" * 100_000])
def test_Y1_a_broken_secret_is_named_and_not_repeated(vault: Vault, content: str) -> None:
    vault.put(content)
    with pytest.raises(KeysError, match=r"^keys of stripe: the secret for receive is no JSON") as refusal:
        vault.keys.secret("stripe", "receive")
    assert "sk_live" not in str(refusal.value)
    assert (refusal.value.provider, refusal.value.__cause__) == ("stripe", None)


def test_Y1_a_missing_secret_is_named(vault: Vault) -> None:
    with pytest.raises(KeysError, match=r"^keys of alipay: the secret for send is not there$"):
        vault.keys.secret("alipay", "send")


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Mock:
    """Have Secrets Manager answer this to whoever reads a secret."""
    client = Mock()
    client.get_secret_value.side_effect = [answer]
    monkeypatch.setattr(keyed_hash, "client", lambda: client)
    return client


def refused(code: str, status: int) -> ClientError:
    """Return what the SDK raises."""
    return ClientError(
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetSecretValue",
    )


def test_Y1_a_secret_is_read_from_secrets_manager_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    client = answering(monkeypatch, {"SecretString": json.dumps({"livemode": False})})
    assert Keys.of("memberday/dev/payments").secret("stripe", "receive") == {"livemode": False}
    client.get_secret_value.assert_called_once_with(SecretId="memberday/dev/payments/stripe/receive")


@pytest.mark.parametrize(
    "answer", [{}, refused("ResourceNotFoundException", 400), refused("InvalidRequestException", 400)]
)
def test_Y1_a_secret_that_is_gone_or_is_no_text_is_not_there(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(KeysError, match="is not there"):
        Keys(secrets.text, "p").secret("stripe", "send")


@pytest.mark.parametrize(
    "answer",
    [
        refused("ThrottlingException", 400),
        refused("InternalServiceError", 500),
        ConnectTimeoutError(endpoint_url=""),
    ],
)
def test_Y1_a_secret_that_cannot_be_had_now_is_to_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(TryAgainError):
        Keys(secrets.text, "p").secret("stripe", "send")


def test_Y1_a_secret_that_may_not_be_read_is_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, refused("AccessDeniedException", 400))
    with pytest.raises(ClientError):
        Keys(secrets.text, "p").secret("stripe", "send")


def test_Y1_the_directory_has_both_roles_of_every_provider_under_its_own_name() -> None:
    assert set(directory.NAMES) == {"wechatpay", "alipay", "stripe"}
    for name in directory.NAMES:
        sender, receiver = directory.sender(name), directory.receiver(name)
        assert sender.__module__ == receiver.__module__ == f"functions.payments.providers.{name}"
        assert "default" in sender.methods
        assert sender.payer_methods <= sender.methods
        assert sender.address_methods <= sender.payer_methods - sender.bound_methods
        least, most = sender.amounts_fen
        assert 0 < least < most


@pytest.mark.parametrize("name", ["paypal", "provider", "reading", ""])
def test_Y1_the_directory_has_nobody_else(name: str) -> None:
    for role in (directory.sender, directory.receiver):
        with pytest.raises(KeyError):
            role(name)


def test_Y1_who_reads_the_directory_imports_no_sdk() -> None:
    code = "import sys; from functions.payments.providers import directory; "
    code += "assert not {'stripe', 'alipay', 'wechatpayv3', 'requests', 'cryptography'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)  # noqa: S603 - our own command


def test_Y1_who_reads_what_wechat_pay_and_alipay_tell_carries_no_way_to_send() -> None:
    code = "import sys; from functions.payments.providers import alipay, wechatpay; "
    code += "assert 'requests' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)  # noqa: S603 - our own command
