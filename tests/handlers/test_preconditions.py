"""K1: what is only to be made replaces nothing, and of two who change it neither loses what they wrote."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.conftest import TEA, Suite
from tests.handlers.test_campaigns import told
from tests.support.coupons import TEMPLATE
from tests.support.events import Answer, Call, staff

MADE_ONLY = {"if-none-match": "*"}
THINGS: dict[str, tuple[str, Callable[[Suite], dict[str, Any]]]] = {
    "product": ("/products/new", lambda _: dict(TEA)),
    "campaign": ("/campaigns/new", lambda suite: told(suite, "discount")),
    "template": ("/coupon-templates/new", lambda _: dict(TEMPLATE)),
}


@pytest.fixture(params=sorted(THINGS))
def thing(request: pytest.FixtureRequest) -> str:
    """What is put."""
    return str(request.param)


def put(suite: Suite, thing: str, headers: dict[str, str] | None = None, **change: Any) -> Answer:
    """Let staff put a thing of the kind, under one id."""
    path, body = THINGS[thing]
    return suite.call(Call("PUT", path, {**body(suite), **change}, staff(), headers or {}))


def stands(suite: Suite, thing: str) -> tuple[str, int]:
    """Return how it is called and which version it has."""
    body = suite.call(Call("GET", THINGS[thing][0], None, staff())).body
    return body["name"], body["version"]


def test_K1_what_is_only_to_be_made_is_made_once_and_replaces_nothing(suite: Suite, thing: str) -> None:
    made = put(suite, thing, MADE_ONLY, name="First")
    assert (made.status, made.body["version"]) == (201, 1)
    second = put(suite, thing, MADE_ONLY, name="Second")
    assert (second.status, second.body["code"]) == (412, "exists_already")
    assert stands(suite, thing) == ("First", 1)


def test_R1_the_same_making_again_is_answered_as_before_until_it_has_changed(
    suite: Suite, thing: str
) -> None:
    made = put(suite, thing, MADE_ONLY, name="First")
    assert put(suite, thing, MADE_ONLY, name="First") == made
    put(suite, thing, name="Second")
    put(suite, thing, name="First")
    assert put(suite, thing, MADE_ONLY, name="First").body["code"] == "exists_already"
    assert stands(suite, thing) == ("First", 3)


def test_K1_a_change_of_what_was_changed_meanwhile_is_refused(suite: Suite, thing: str) -> None:
    put(suite, thing, name="First")
    of_first = {"if-match": '"1"'}
    mine = put(suite, thing, of_first, name="Mine")
    assert (mine.status, mine.body["version"]) == (200, 2)
    theirs = put(suite, thing, of_first, name="Theirs")
    assert (theirs.status, theirs.body["code"]) == (412, "changed_meanwhile")
    assert stands(suite, thing) == ("Mine", 2)


def test_R1_the_same_change_again_is_answered_as_before(suite: Suite, thing: str) -> None:
    put(suite, thing, name="First")
    mine = put(suite, thing, {"if-match": '"1"'}, name="Mine")
    assert put(suite, thing, {"if-match": '"1"'}, name="Mine") == mine
    assert stands(suite, thing) == ("Mine", 2)


def test_K1_what_is_not_there_cannot_be_changed(suite: Suite, thing: str) -> None:
    assert put(suite, thing, {"if-match": '"1"'}).body["code"] == "changed_meanwhile"
    assert suite.call(Call("GET", THINGS[thing][0], None, staff())).status == 404


def test_K1_without_either_header_a_put_makes_or_replaces_as_ever(suite: Suite, thing: str) -> None:
    assert (put(suite, thing, name="First").status, put(suite, thing, name="Second").status) == (201, 200)


@pytest.mark.parametrize(
    ("headers", "field", "message"),
    [
        ({"if-none-match": '"1"'}, "If-None-Match", "must be *"),
        ({"if-match": "1"}, "If-Match", 'must be a version in double quotes, such as "3"'),
        ({"if-match": '"0"'}, "If-Match", 'must be a version in double quotes, such as "3"'),
        ({"if-match": '"1"', **MADE_ONLY}, "If-Match", "cannot stand beside If-None-Match"),
    ],
)
def test_K1_a_header_that_says_no_such_thing_is_named(
    suite: Suite, thing: str, headers: dict[str, str], field: str, message: str
) -> None:
    refused = put(suite, thing, headers)
    assert refused.status == 422
    assert refused.body["errors"] == [{"field": field, "message": message}]


def test_K1_a_preview_names_the_products_that_there_are_not(suite: Suite) -> None:
    suite.call(Call("PUT", "/products/tea", dict(TEA), staff()))
    campaign = told(suite, "discount", scope={"skus": ["tea", "no-such-tea"]})
    body = {"campaign": campaign, "lines": [{"sku": "tea", "quantity": 1}]}
    refused = suite.call(Call("POST", "/campaigns/new/preview", body, staff()))
    assert (refused.status, refused.body["code"]) == (422, "unknown_sku")
    assert refused.body["skus"] == ["no-such-tea"]


def test_V2_staff_see_what_is_set_aside_of_a_product_and_what_is_left_of_a_sale(suite: Suite) -> None:
    suite.call(Call("PUT", "/products/tea", dict(TEA), staff()))
    delivery = {"movement_id": "m1", "delta": 10, "reason": "delivery"}
    suite.call(Call("POST", "/products/tea/stock", delivery, staff()))
    assert "set_aside" not in suite.call(Call("GET", "/products/tea", None, staff())).body
    put(suite, "campaign")
    suite.call(Call("PUT", "/campaigns/sale", told(suite, "flash"), staff()))
    seen = suite.call(Call("GET", "/products/tea", None, staff())).body
    assert (seen["stock"], seen["set_aside"]) == (6, {"sale": 4})
    assert suite.call(Call("GET", "/campaigns/sale", None, staff())).body["units_left"] == {"tea": 4}
    assert "units_left" not in suite.call(Call("GET", "/campaigns/new", None, staff())).body
    assert "set_aside" not in suite.call(Call("GET", "/products/tea", None, suite.member("alice"))).body
