"""Tokens that nobody should believe, made from one that is good."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

DAY_SECONDS = 86_400
KEY_BITS = 2_048
Part = dict[str, Any]


def encoded(raw: bytes) -> str:
    """Write bytes as a part of a token."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """Read a part of a token."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unsigned(header: Part, claims: Part) -> str:
    """Return what is signed of a token."""
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"


def _another(letter: str) -> str:
    """Return a letter that is not this one."""
    return "A" if letter != "A" else "B"


@dataclass(frozen=True)
class Forger:
    """Somebody who holds a good token, the pool's public keys and a key of their own."""

    good: str
    keys: list[Part]
    """As the pool publishes them."""

    @property
    def header(self) -> Part:
        """The good token's header."""
        read: Part = json.loads(decoded(self.good.split(".")[0]))
        return read

    @property
    def claims(self) -> Part:
        """The good token's claims."""
        read: Part = json.loads(decoded(self.good.split(".")[1]))
        return read

    @cached_property
    def own_key(self) -> rsa.RSAPrivateKey:
        """A key that is not the pool's."""
        return rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)

    def signed(self, *, header: Part | None = None, claims: Part | None = None) -> str:
        """Return a token that is signed with the forger's own key, with these things said otherwise."""
        text = unsigned(self.header | (header or {}), self.claims | (claims or {}))
        signature = self.own_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{encoded(signature)}"

    def patched(self, *, header: Part | None = None, claims: Part | None = None) -> str:
        """Return a token that keeps the good one's signature, with these things said otherwise."""
        text = unsigned(self.header | (header or {}), self.claims | (claims or {}))
        return f"{text}.{self.good.split('.')[2]}"

    def tokens(self) -> Iterator[tuple[str, str]]:
        """Give forged tokens, each by what is wrong with it."""
        yield from self._without_signature()
        yield from self._with_the_public_key()
        yield from self._with_their_own_key()
        yield from self._with_another_payload()
        yield from self._in_pieces()

    def _without_signature(self) -> Iterator[tuple[str, str]]:
        for name in ("none", "None", "NONE", "nOnE", "", None):
            text = unsigned(self.header | {"alg": name}, self.claims)
            yield f"alg {name!r}", f"{text}."
            yield f"alg {name!r} with the signature", f"{text}.{self.good.split('.')[2]}"
        yield "alg none, no kid", f"{unsigned({'alg': 'none'}, self.claims)}."
        yield "no signature", f"{self.good.rpartition('.')[0]}."

    def _with_the_public_key(self) -> Iterator[tuple[str, str]]:
        """Sign by HMAC with the public key, which a verifier that believes ``alg`` takes for the secret."""
        (jwk,) = [key for key in self.keys if key["kid"] == self.header["kid"]]
        numbers = rsa.RSAPublicNumbers(
            int.from_bytes(decoded(jwk["e"]), "big"), int.from_bytes(decoded(jwk["n"]), "big")
        )
        key = numbers.public_key()
        secrets = {
            "PEM": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "PEM without its end": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
            "PKCS1": key.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
            "DER": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "SSH": key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
            "modulus": decoded(jwk["n"]),
            "JWK": json.dumps(jwk).encode(),
            "kid": jwk["kid"].encode(),
            "nothing": b"",
        }
        for name, secret in secrets.items():
            for bits in ("256", "512"):
                text = unsigned(self.header | {"alg": f"HS{bits}"}, self.claims)
                made = hmac.new(secret, text.encode(), getattr(hashlib, f"sha{bits}"))
                yield f"HS{bits} with the {name}", f"{text}.{encoded(made.digest())}"

    def _with_their_own_key(self) -> Iterator[tuple[str, str]]:
        now, issuer = self.claims["iat"], self.claims["iss"]
        public = self.own_key.public_key().public_numbers()
        size = KEY_BITS // 8
        jwk = {
            "kty": "RSA",
            "kid": self.header["kid"],
            "n": encoded(public.n.to_bytes(size, "big")),
            "e": encoded(public.e.to_bytes(3, "big")),
        }
        der = self.own_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        yield "foreign key", self.signed()
        headers: dict[str, Part] = {
            "unknown kid": {"kid": "unknown"},
            "empty kid": {"kid": ""},
            "kid of a path": {"kid": "../../../dev/null"},
            "kid of SQL": {"kid": "x' UNION SELECT 'secret"},
            "key in the header": {"jwk": jwk},
            "key elsewhere": {"jku": "https://attacker.example/jwks.json"},
            "certificate": {"x5c": [base64.b64encode(der).decode()]},
            "certificate elsewhere": {"x5u": "https://attacker.example/key.pem"},
            "critical": {"crit": ["exp"], "b64": False},
        }
        for name, header in headers.items():
            yield name, self.signed(header=header)
        claims: dict[str, Part] = {
            "expired": {"exp": now - 1, "iat": now - DAY_SECONDS},
            "for ever": {"exp": 2**40},
            "not yet": {"nbf": now + DAY_SECONDS},
            "another issuer": {"iss": "https://attacker.example"},
            "another pool": {"iss": issuer[:-1] + _another(issuer[-1])},
            "another client": {"client_id": "attacker"},
            "another audience": {"aud": "attacker", "client_id": None},
            "staff": {"cognito:groups": ["staff"]},
            "staff by scope": {"scope": "membership/staff"},
        }
        for name, claim in claims.items():
            yield f"{name}, foreign key", self.signed(claims=claim)

    def _with_another_payload(self) -> Iterator[tuple[str, str]]:
        claims: dict[str, Part] = {
            "another member": {"sub": "somebody-else"},
            "staff": {"cognito:groups": ["staff", "vip"]},
            "staff by scope": {"scope": "membership/staff"},
            "longer": {"exp": self.claims["exp"] + DAY_SECONDS},
            "expired": {"exp": self.claims["iat"] - DAY_SECONDS},
            "another issuer": {"iss": "https://attacker.example"},
            "another client": {"client_id": "attacker"},
        }
        for name, claim in claims.items():
            yield f"tampered: {name}", self.patched(claims=claim)
        for alg in ("HS256", "ES256", "PS256", "RS384", "RS1", "rs256"):
            yield f"tampered: {alg}", self.patched(header={"alg": alg})
        yield "tampered: kid", self.patched(header={"kid": "unknown"})
        yield "tampered: another key of the pool's", self.patched(header={"kid": self._other_kid()})

    def _in_pieces(self) -> Iterator[tuple[str, str]]:
        header, claims, signature = self.good.split(".")
        yield "one part", header
        yield "two parts", f"{header}.{claims}"
        yield "four parts", f"{self.good}.{signature}"
        yield "five parts", f"{self.good}.."
        yield "half a signature", self.good[: -len(signature) // 2]
        yield "no beginning", self.good[1:]
        yield "no header", f".{claims}.{signature}"
        yield "no claims", f"{header}..{signature}"
        yield "the other way round", f"{claims}.{header}.{signature}"
        yield "another signature", f"{header}.{claims}.{_another(signature[0])}{signature[1:]}"
        yield "upper case", self.good.upper()
        yield "twice", self.good * 2
        yield "a list", f"{self.good},{self.good}"
        for name in ("null", "undefined", "rubbish", "...", "..", "{}", "a.b.c", "e30.e30.e30", "%00"):
            yield name, name
        yield "huge", f"{header}.{encoded(b'x' * 4_000)}.{signature}"

    def _other_kid(self) -> str:
        return next((key["kid"] for key in self.keys if key["kid"] != self.header["kid"]), "other")
