"""The keys of both sides: the provider's, which the till signs with, and the shop's, which it checks by.

Each kind of key is a list of one or two, the newest first: the till signs with the newest and takes both.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from reach.folder import read_json, write_atomically

WECHATPAY, ALIPAY, STRIPE = "wechatpay", "alipay", "stripe"
PROVIDERS = (WECHATPAY, ALIPAY, STRIPE)
RECEIVE, SEND = "receive", "send"
KEPT = 2
RSA_BITS = 2048
APIV3_LENGTH = 32
ALPHANUMERIC = string.ascii_letters + string.digits
Json = dict[str, Any]


class Keys:
    """All keys, as JSON values that a file keeps."""

    def __init__(self, values: Json) -> None:
        self.values = values

    @classmethod
    def made(cls) -> Keys:
        """New keys and numbers for a shop with all providers."""
        values: Json = {
            WECHATPAY: {"mchid": f"19{_digits(8)}", "appid": f"wx{secrets.token_hex(8)}"},
            ALIPAY: {"app_id": f"2021{_digits(12)}", "seller_id": f"2088{_digits(12)}"},
            STRIPE: {
                "account": f"acct_{_word(16)}",
                "publishable": f"pk_test_{_word(24)}",
            },
        }
        for kind, (provider, place, make) in _KINDS.items():
            values[provider][place] = [make(kind)]
        return cls(values)

    @classmethod
    def read_or_made(cls, path: Path) -> Keys:
        """The keys of a file, which is written if it is not there."""
        values = read_json(path)
        if values:
            return cls(values)
        keys = cls.made()
        keys.write(path)
        return keys

    def write(self, path: Path) -> None:
        """Keep the keys; nobody else may read them."""
        write_atomically(path, json.dumps(self.values), mode=0o600)

    def rotate(self, kind: str) -> None:
        """Make a new key of a kind; the one before it holds on.

        Raises
        ------
        KeyError
            There is no such kind.
        """
        provider, place, make = _KINDS[kind]
        held = self.values[provider][place]
        self.values[provider][place] = [make(kind), *held][:KEPT]

    def secrets(self, gateway: str) -> dict[tuple[str, str], Json]:
        """What the shop's secrets hold, by provider and role, for a till at the address ``gateway``."""
        wechatpay, alipay, stripe = (self.values[provider] for provider in PROVIDERS)
        wechatpay_keys = [{"id": key["id"], "pem": public_pem(key["pem"])} for key in wechatpay["platform"]]
        alipay_keys = [public_pem(pem) for pem in alipay["platform"]]
        shop = {"mchid": wechatpay["mchid"], "appid": wechatpay["appid"], "public_keys": wechatpay_keys}
        seller = {
            "app_id": alipay["app_id"],
            "seller_id": alipay["seller_id"],
            "public_keys": alipay_keys,
        }
        return {
            (WECHATPAY, RECEIVE): {**shop, "apiv3_keys": wechatpay["apiv3"]},
            (WECHATPAY, SEND): {**shop, "gateway": gateway, "private_keys": wechatpay["merchant"]},
            (ALIPAY, RECEIVE): seller,
            (ALIPAY, SEND): {
                **seller,
                "gateway": f"{gateway}/gateway.do",
                "private_keys": alipay["merchant"],
            },
            (STRIPE, RECEIVE): {
                "account": stripe["account"],
                "livemode": False,
                "webhook_secrets": stripe["webhook"],
            },
            (STRIPE, SEND): {"gateway": gateway, "api_keys": stripe["api"]},
        }


KINDS = (
    "wechatpay.platform",
    "wechatpay.merchant",
    "wechatpay.apiv3",
    "alipay.platform",
    "alipay.merchant",
    "stripe.api",
    "stripe.webhook",
)
"""What can be made anew: the provider, and what the key is for."""


def signature(pem: str, text: str) -> str:
    """RSA with SHA-256 over a text, in base64."""
    signed = _private(pem).sign(text.encode(), padding.PKCS1v15(), SHA256())
    return base64.b64encode(signed).decode()


def is_signed(pems: Sequence[str], text: bytes, signed: str) -> bool:
    """Whether a signature over a text is by one of these public keys."""
    try:
        raw = base64.b64decode(signed, validate=True)
    except ValueError:
        return False
    return any(_is_signed(pem, text, raw) for pem in pems)


def _is_signed(pem: str, text: bytes, raw: bytes) -> bool:
    try:
        _public(pem).verify(raw, text, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def encrypted(key: str, text: str, associated: str, nonce: str) -> str:
    """AES-256-GCM, as WeChat Pay hides a notification's resource, in base64."""
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), text.encode(), associated.encode())
    return base64.b64encode(sealed).decode()


def hmac_hex(key: str, text: bytes) -> str:
    """HMAC with SHA-256, as Stripe signs an event."""
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


@functools.lru_cache(maxsize=32)
def public_pem(pem: str) -> str:
    """The public half of a private key."""
    public = _private(pem).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@functools.cache
def stranger() -> str:
    """A private key that nobody trusts."""
    return _rsa("")


@functools.lru_cache(maxsize=32)
def _private(pem: str) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - made below
    return key


@functools.lru_cache(maxsize=32)
def _public(pem: str) -> rsa.RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101 - made above
    return key


def _rsa(_kind: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _digits(count: int) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(count))


def _word(count: int) -> str:
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(count))


Make = Callable[[str], Any]
_KINDS: dict[str, tuple[str, str, Make]] = {
    "wechatpay.platform": (
        WECHATPAY,
        "platform",
        lambda kind: {"id": f"PUB_KEY_ID_{_digits(32)}", "pem": _rsa(kind)},
    ),
    "wechatpay.merchant": (
        WECHATPAY,
        "merchant",
        lambda kind: {"serial": secrets.token_hex(20).upper(), "pem": _rsa(kind)},
    ),
    "wechatpay.apiv3": (WECHATPAY, "apiv3", lambda _kind: _word(APIV3_LENGTH)),
    "alipay.platform": (ALIPAY, "platform", _rsa),
    "alipay.merchant": (ALIPAY, "merchant", _rsa),
    "stripe.api": (STRIPE, "api", lambda _kind: f"sk_test_{_word(24)}"),
    "stripe.webhook": (STRIPE, "webhook", lambda _kind: f"whsec_{_word(32)}"),
}
