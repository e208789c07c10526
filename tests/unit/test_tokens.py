"""The forged tokens: each is another one, whatever the good one is like."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.tokens import KEY_BITS, Forger, encoded, unsigned

KID = "the pool's"


@pytest.fixture(scope="module")
def jwk() -> dict[str, str]:
    """A pool's public key."""
    numbers = (
        rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS).public_key().public_numbers()
    )
    return {
        "kty": "RSA",
        "kid": KID,
        "n": encoded(numbers.n.to_bytes(KEY_BITS // 8, "big")),
        "e": encoded(numbers.e.to_bytes(3, "big")),
    }


@pytest.mark.parametrize("last", ["A", "B", "x", "0"])
def test_each_forged_token_is_another_one(jwk: dict[str, str], last: str) -> None:
    claims = {
        "sub": "member",
        "iss": f"http://127.0.0.1/eu-central-1_{last}",
        "client_id": "own",
        "iat": 1_795_000_000,
        "exp": 1_795_003_600,
    }
    signed = unsigned({"alg": "RS256", "kid": KID}, claims)
    good = f"{signed}.{encoded(last.encode() * (KEY_BITS // 8))}"
    forged = [token for _, token in Forger(good, [jwk]).tokens()]
    assert len({*forged, good}) == len(forged) + 1
