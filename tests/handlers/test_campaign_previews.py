"""What a campaign would make of a cart, before staff put it (K1)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.handlers.test_campaigns import TERMS, must_put, told
from tests.support.events import Answer, Call, claims, role, staff

LINES = [{"sku": "tea", "quantity": 2}, {"sku": "cup", "quantity": 1}]
GIFT = {"from_fen": 20_000, "sku": "pin", "quantity": 1}


@pytest.fixture
def shop(suite: Suite) -> Suite:
    """A shop of three products, with a member."""
    for sku, price_fen in (("tea", 9_950), ("cup", 5_000), ("pin", 500)):
        body = {"name": sku, "price_fen": price_fen, "member_zone": sku == "cup"}
        assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status == 201
        movement = {"movement_id": "m", "delta": 100, "reason": "new"}
        assert suite.call(Call("POST", f"/products/{sku}/stock", movement, staff())).status == 200
    assert suite.call(Call("PUT", "/members/me", {"name": "Alice"}, claims("alice"))).status == 201
    return suite


def ask(suite: Suite, campaign: dict[str, Any], campaign_id: str = "may", **said: Any) -> Answer:
    """Let a marketer try a campaign on a cart."""
    body = {"campaign": campaign, "lines": LINES, **said}
    return suite.call(Call("POST", f"/campaigns/{campaign_id}/preview", body, role("marketing")))


def shown(suite: Suite, campaign: dict[str, Any], campaign_id: str = "may", **said: Any) -> dict[str, Any]:
    """Return the preview of a campaign."""
    answer = ask(suite, campaign, campaign_id, **said)
    assert answer.status == 200, answer.body
    return answer.body


def quote(suite: Suite) -> dict[str, Any]:
    """Return what the cart costs the member; what is missing for free shipping is for carts alone."""
    answer = suite.call(Call("POST", "/quotes", {"lines": LINES}, claims("alice")))
    assert answer.status == 200, answer.body
    return {name: value for name, value in answer.body.items() if name != "free_shipping"}


def without_version(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a quote as it is whatever version its campaigns have: one that was never put has none."""
    uses = [{**each, "version": None} for each in answer["campaigns"]]
    return {**answer, "campaigns": uses}


@pytest.mark.parametrize("kind", TERMS)
def test_K1_a_preview_is_the_quote_from_before_the_put_and_the_one_from_after_it(
    shop: Suite, kind: str
) -> None:
    must_put(shop, "always", "spend_save", group="other", terms={"steps": [{"from_fen": 100, "off_fen": 50}]})
    terms = {"spend_save": {"steps": [{"from_fen": 20_000, "off_fen": 3_000}]}, "gift": GIFT}
    campaign = told(shop, kind, terms=terms.get(kind, TERMS[kind]))
    before = quote(shop)
    preview = shown(shop, campaign)
    assert preview["before"] == before == quote(shop)
    must_put(shop, "may", kind, terms=campaign["terms"])
    shop.pass_time(seconds=6)
    after = quote(shop)
    assert without_version(preview["after"]) == without_version(after)
    assert after != before
    assert preview["tier"] == "J0"
    assert datetime.fromisoformat(preview["at"]) == shop.now - timedelta(seconds=6)


def test_K1_a_preview_writes_nothing(shop: Suite) -> None:
    tables = vars(shop.settings).values()

    def rows() -> list[Any]:
        return [shop.tables.client.scan(TableName=name)["Items"] for name in tables]

    before = rows()
    shown(shop, told(shop))
    assert rows() == before
    assert shop.call(Call("GET", "/campaigns/may", who=staff())).code == "campaign_not_found"


@pytest.mark.parametrize("takes", [(100, 700), (700, 100)], ids=str)
def test_K1_what_a_campaign_would_replace_counts_before_and_not_after(
    shop: Suite, takes: tuple[int, int]
) -> None:
    one, two = ({"steps": [{"from_fen": 1_000, "off_fen": off}]} for off in takes)
    must_put(shop, "may", terms=one)
    shop.pass_time(seconds=6)
    preview = shown(shop, told(shop, terms=two))
    offs = [[use["amount_fen"] for use in preview[when]["campaigns"]] for when in ("before", "after")]
    assert offs == [[off] for off in takes]


def test_K1_a_paused_one_is_priced_as_if_it_ran_and_a_later_one_from_its_start_on(shop: Suite) -> None:
    starts = shop.now + timedelta(days=3)
    campaign = told(
        shop,
        "discount",
        status="paused",
        starts_at=starts.isoformat(),
        ends_at=(starts + timedelta(days=1)).isoformat(),
    )
    preview = shown(shop, campaign)
    assert datetime.fromisoformat(preview["at"]) == starts
    assert preview["after"]["goods_fen"] < preview["before"]["goods_fen"]
    early = shown(shop, campaign, at=shop.now.isoformat())
    assert early["after"] == early["before"]


def test_K1_a_preview_is_for_the_tier_and_the_moment_that_are_asked_for(shop: Suite) -> None:
    tenth = (shop.now.replace(day=10, hour=4)).isoformat()
    campaign = told(shop, "discount", tiers=["J2"], ends_at=(shop.now + timedelta(days=30)).isoformat())
    other, theirs = (shown(shop, campaign, tier=tier, at=tenth) for tier in ("J1", "J2"))
    assert other["after"]["paid_fen"] == other["before"]["paid_fen"]
    assert "tier" in {each["code"] for each in other["after"]["not_applied"]}
    assert other["before"]["member_day"]
    assert theirs["after"]["paid_fen"] < theirs["before"]["paid_fen"]
    assert (theirs["tier"], theirs["after"]["tier"]) == ("J2", "J2")


def test_K1_limits_hold_in_a_preview_as_if_nothing_had_been_used(shop: Suite) -> None:
    flash = {"items": {"tea": {"price_fen": 990, "units": 1}}, "per_member": 5}
    preview = shown(shop, told(shop, "flash", terms=flash))
    (refused,) = [each for each in preview["after"]["not_applied"] if each.get("campaign_id") == "may"]
    assert refused["sku"] == "tea"
    budget = told(shop, terms={"steps": [{"from_fen": 1_000, "off_fen": 800}]}, limits={"budget_fen": 799})
    assert shown(shop, budget)["after"]["campaigns"] == []


@pytest.mark.parametrize(
    ("change", "said", "code", "field"),
    [
        ({}, {"tier": "J9"}, "invalid_request", "tier"),
        ({}, {"lines": []}, "invalid_request", "lines"),
        ({}, {"coupon": "best"}, "invalid_request", "coupon"),
        ({"tiers": ["J9"]}, {}, "invalid_request", "tiers"),
        ({"terms": {"rate": "1.5"}}, {}, "invalid_request", "campaign.terms"),
        ({}, {"lines": [{"sku": "nothing", "quantity": 1}]}, "unknown_sku", None),
    ],
    ids=str,
)
def test_K1_what_cannot_be_put_or_ordered_is_not_tried(
    shop: Suite, change: dict[str, Any], said: dict[str, Any], code: str, field: str | None
) -> None:
    answer = ask(shop, told(shop, "discount", **change), **said)
    assert (answer.status, answer.code) == (422, code)
    if field is not None:
        assert answer.body["errors"][0]["field"].startswith(field)


def test_K1_the_ids_that_no_campaign_may_have_are_not_tried(shop: Suite) -> None:
    assert ask(shop, told(shop), "member_day").code == "invalid_request"
