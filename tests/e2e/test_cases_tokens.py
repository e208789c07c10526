"""Tokens that were good once: what the pool gave for this API counts for its hour and no longer."""

import base64
import json

from tests.support.shopper import Shopper
from tests.support.stack import Stack


def lifetime_seconds(token: str) -> int:
    """Return how long a token says that it counts."""
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return int(claims["exp"]) - int(claims["iat"])


def test_case_39_a_token_of_the_pool_itself_is_refused_once_it_has_expired(deployed: Stack) -> None:
    shopper = Shopper(deployed)
    shopper.register()
    member, clerk = deployed.token(shopper.name), deployed.token("clerk", staff=True)
    product = {"name": "Tea", "price_fen": 1, "member_zone": False}
    requests = (
        ("GET", "/members/me", None, member),
        ("PUT", "/members/me", {"name": "Alice"}, member),
        ("PUT", f"/products/{shopper.sku}", product, clerk),
    )
    for method, path, body, token in requests:
        assert deployed.call(method, path, body, token=token).status < 300
    assert {lifetime_seconds(member), lifetime_seconds(clerk)} == {3_600}
    deployed.clock("+61m")
    for method, path, body, token in requests:
        assert deployed.call(method, path, body, token=token).status == 401
    assert deployed.call("GET", "/members/me", who=shopper.name).status == 200
