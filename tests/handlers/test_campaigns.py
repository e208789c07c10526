"""Campaigns as staff put them and see them, and what members see of them (V1-V16)."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from functions import contexts
from functions.domain import calendar
from functions.offers.routes import CAMPAIGNS
from functions.offers.schedule import CampaignsJob
from functions.platform.http import Api, Who, route
from functions.platform.roles import Role
from functions.platform.shapes import Answer as ShapedAnswer
from tests.handlers.conftest import Suite
from tests.support.events import Answer, Call, Context, claims, staff

FLASH = {"items": {"tea": {"price_fen": 990, "units": 4}}, "per_member": 2}
TERMS: dict[str, dict[str, Any]] = {
    "discount": {"rate": "0.85"},
    "flash": FLASH,
    "spend_save": {"steps": [{"from_fen": 30_000, "off_fen": 5_000}]},
    "gift": {"from_fen": 29_900, "sku": "tea", "quantity": 1},
}
"""Of each kind."""


class Answered(ShapedAnswer):
    """What a face answers that is there for a test."""

    word: str


def told(suite: Suite, kind: str = "spend_save", **change: Any) -> dict[str, Any]:
    """Return a campaign of a kind that began an hour ago and ends tomorrow; None leaves a field out."""
    body: dict[str, Any] = {
        "name": "A campaign",
        "kind": kind,
        "starts_at": (suite.now - timedelta(hours=1)).isoformat(),
        "ends_at": (suite.now + timedelta(days=1)).isoformat(),
        "terms": TERMS[kind],
        "status": "active",
        **({} if kind == "flash" else {"scope": {"all": True}}),
        **change,
    }
    return {name: value for name, value in body.items() if value is not None}


def put(suite: Suite, campaign_id: str = "may", kind: str = "spend_save", **change: Any) -> Answer:
    """Let staff put a campaign."""
    return suite.call(Call("PUT", f"/campaigns/{campaign_id}", told(suite, kind, **change), staff()))


def must_put(
    suite: Suite, campaign_id: str = "may", kind: str = "spend_save", **change: Any
) -> dict[str, Any]:
    """Let staff put a campaign, and return what is answered."""
    answer = put(suite, campaign_id, kind, **change)
    assert answer.status in (200, 201), answer.body
    return answer.body


def seen(suite: Suite, campaign_id: str = "may") -> dict[str, Any]:
    """Return a campaign as staff see it."""
    answer = suite.call(Call("GET", f"/campaigns/{campaign_id}", who=staff()))
    assert answer.status == 200, answer.body
    return answer.body


def listed(suite: Suite, **query: str) -> list[str]:
    """Return the ids of a list of campaigns."""
    answer = suite.call(Call("GET", "/campaigns", who=staff(), query=query))
    assert answer.status == 200, answer.body
    return [each["campaign_id"] for each in answer.body["items"]]


def stock(suite: Suite, sku: str = "tea") -> int:
    """Return what is on the shelf."""
    return int(suite.call(Call("GET", f"/products/{sku}", who=staff())).body["stock"])


def faults(answer: Answer) -> dict[str, str]:
    """Return what is wrong with which fields."""
    assert (answer.status, answer.code) == (422, "invalid_request"), answer.body
    return {each["field"]: each["message"] for each in answer.body["errors"]}


@pytest.mark.parametrize("kind", TERMS)
def test_a_campaign_of_each_kind_is_put_and_seen(suite: Suite, kind: str) -> None:
    suite.stocked(10)
    answer = put(suite, kind=kind)
    assert (answer.status, answer.body["version"], answer.body["state"]) == (201, 1, "running"), answer.body
    assert seen(suite) == answer.body
    assert put(suite, kind=kind).status == 200
    assert put(suite, kind=kind).body["version"] == 1
    assert must_put(suite, kind=kind, name="Another name")["version"] == 2
    assert set(answer.body["used"].values()) == {0}


def test_what_is_not_said_is_said_in_the_answer(suite: Suite) -> None:
    body = must_put(suite)
    assert (body["group"], body["with_coupons"], body["with_points"]) == ("spend_save", True, True)
    assert body["limits"] == {"orders": None, "per_member": None, "budget_fen": None}
    assert body["starts_at"].endswith("+08:00")
    assert "stacks" not in body
    assert must_put(suite, "d", "discount")["stacks"] is True


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("discount", {"group": "x"}, "group"),
        ("discount", {"with_coupons": True}, "with_coupons"),
        ("flash", {"with_points": False}, "with_points"),
        ("spend_save", {"stacks": True}, "stacks"),
        ("gift", {"stacks": False}, "stacks"),
        ("flash", {"scope": {"all": True}}, "scope"),
        ("flash", {"except_skus": ["tea"]}, "except_skus"),
        ("gift", {"scope": None}, "scope"),
        ("gift", {"scope": {"zone": False}}, "scope.zone"),
        ("gift", {"scope": {"skus": []}}, "scope.skus"),
        ("gift", {"scope": {"skus": ["a", "a"]}}, "scope.skus"),
        ("gift", {"scope": {"zone": True, "all": True}}, "scope.all"),
        ("gift", {"kind": "raffle"}, "kind"),
        ("gift", {"status": "ended"}, "status"),
        ("gift", {"tiers": ["J9"]}, "tiers"),
        ("gift", {"tiers": []}, "tiers"),
        ("gift", {"starts_at": "2026-05-01T12:00:00"}, "starts_at"),
        ("gift", {"starts_at": "2026-02-30T12:00:00Z"}, "starts_at"),
        ("gift", {"starts_at": 1}, "starts_at"),
        ("gift", {"ends_at": "2026-05-01T09:00:00+08:00"}, "ends_at"),
        ("gift", {"starts_at": "2025-05-01T09:00:00Z", "ends_at": "2026-04-01T09:00:00Z"}, "ends_at"),
        ("gift", {"limits": {"orders": 0}}, "limits.orders"),
        ("gift", {"limits": {"total": 1}}, "limits.total"),
        ("gift", {"kind": "raffle", "terms": {"rate": "0.85"}}, "kind"),
        ("gift", {"terms": "0.85"}, "terms"),
        ("gift", {"terms": {"from_fen": 1, "sku": "tea", "quantity": 1, "rate": "0.85"}}, "terms.rate"),
        ("gift", {"terms": {"from_fen": 1, "sku": "tea", "quantity": 0}}, "terms.quantity"),
        ("discount", {"terms": {"rate": "1.0"}}, "terms.rate"),
        ("discount", {"terms": {"rate": "0.0000"}}, "terms.rate"),
        ("discount", {"terms": {"rate": "0.12345"}}, "terms.rate"),
        ("discount", {"terms": {"rate": 0.5}}, "terms.rate"),
        ("flash", {"terms": {"items": {}, "per_member": 1}}, "terms.items"),
        (
            "flash",
            {"terms": {"items": {"tea": {"price_fen": 0, "units": 1}}, "per_member": 1}},
            "terms.items.tea.price_fen",
        ),
        ("spend_save", {"terms": {"steps": []}}, "terms.steps"),
        ("spend_save", {"terms": {"steps": [{"from_fen": 1, "off_fen": 2}]}}, "terms.steps"),
        (
            "spend_save",
            {"terms": {"steps": [{"from_fen": 5, "off_fen": 2}, {"from_fen": 6, "off_fen": 2}]}},
            "terms.steps",
        ),
        (
            "spend_save",
            {
                "terms": {
                    "steps": [{"from_fen": 5, "off_fen": 2}, {"from_fen": 6, "off_fen": 3}],
                    "repeat": True,
                }
            },
            "terms.repeat",
        ),
        (
            "spend_save",
            {"terms": {"steps": [{"from_fen": 5, "off_fen": 2}], "max_off_fen": 9}},
            "terms.max_off_fen",
        ),
    ],
)
def test_what_a_campaign_cannot_be_is_refused_by_its_field(
    suite: Suite, kind: str, change: dict[str, Any], field: str
) -> None:
    suite.stocked(10)
    body = told(suite, kind) | change
    body = {name: value for name, value in body.items() if value is not None}
    assert [*faults(suite.call(Call("PUT", "/campaigns/may", body, staff())))] == [field]


@pytest.mark.parametrize("campaign_id", ["list", "member_day"])
def test_V1_what_a_price_may_be_of_besides_is_no_campaigns_id(suite: Suite, campaign_id: str) -> None:
    assert [*faults(put(suite, campaign_id))] == ["campaign_id"]


def test_only_staff_put_and_see_campaigns(suite: Suite) -> None:
    who = suite.member()
    for call in (
        Call("PUT", "/campaigns/may", {}, who),
        Call("GET", "/campaigns/may", who=who),
        Call("GET", "/campaigns", who=who),
    ):
        assert (suite.call(call).status, suite.call(call).code) == (403, "forbidden")
    missing = suite.call(Call("GET", "/campaigns/may", who=staff()))
    assert (missing.status, missing.code) == (404, "campaign_not_found")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("flash", {}),
        ("gift", {}),
        ("discount", {"scope": {"skus": ["tea"]}}),
    ],
)
def test_products_that_do_not_exist_are_named(suite: Suite, kind: str, change: dict[str, Any]) -> None:
    answer = put(suite, kind=kind, **change)
    assert (answer.status, answer.code, answer.body["skus"]) == (422, "unknown_sku", ["tea"])


def test_V2_units_of_a_flash_are_set_aside_from_the_stock(suite: Suite) -> None:
    suite.stocked(5)
    must_put(suite, kind="flash")
    assert stock(suite) == 1
    more = FLASH | {"items": {"tea": {"price_fen": 990, "units": 6}}}
    answer = put(suite, kind="flash", terms=more)
    assert (answer.status, answer.code, answer.body["skus"]) == (409, "insufficient_stock", ["tea"])
    must_put(suite, kind="flash", terms=FLASH | {"items": {"tea": {"price_fen": 990, "units": 5}}})
    assert stock(suite) == 0
    must_put(suite, kind="flash", terms=FLASH | {"items": {"tea": {"price_fen": 990, "units": 1}}})
    assert stock(suite) == 4


def test_V2_a_sku_that_leaves_a_flash_gives_its_units_back_and_may_come_again(suite: Suite) -> None:
    suite.stocked(5)
    suite.call(Call("PUT", "/products/cup", {"name": "Cup", "price_fen": 500, "member_zone": False}, staff()))
    movement = {"movement_id": "m2", "delta": 5, "reason": "delivery"}
    suite.call(Call("POST", "/products/cup/stock", movement, staff()))
    cup = FLASH | {"items": {"cup": {"price_fen": 100, "units": 3}}}
    both = FLASH | {"items": FLASH["items"] | cup["items"]}  # type: ignore[operator]
    for terms, left in ((FLASH, (1, 5)), (both, (1, 2)), (cup, (5, 2)), (both, (1, 2))):
        must_put(suite, kind="flash", terms=terms)
        assert (stock(suite), stock(suite, "cup")) == left


def test_V2_the_job_puts_back_what_is_left_a_minute_after_the_end(suite: Suite) -> None:
    suite.stocked(5)
    must_put(suite, kind="flash")
    must_put(suite, kind="flash", ends_at=suite.now.isoformat())
    assert end_campaigns(suite) == {"ended": 0, "left": 0}
    assert stock(suite) == 1
    suite.pass_time(minutes=1)
    assert end_campaigns(suite) == {"ended": 1, "left": 0}
    assert stock(suite) == 5
    assert end_campaigns(suite) == {"ended": 0, "left": 0}
    assert seen(suite)["state"] == "ended"


def end_campaigns(suite: Suite) -> dict[str, int]:
    """Run the job."""
    return CampaignsJob(suite.tables, suite.settings, lambda: suite.now)({"job": "end-campaigns"}, Context())


def test_V16_the_kind_stays_and_what_has_ended_is_over(suite: Suite) -> None:
    suite.stocked(5)
    must_put(suite)
    assert put(suite, kind="gift").code == "campaign_kind_fixed"
    over = {"ends_at": suite.now.isoformat()}
    must_put(suite, **over)
    assert put(suite, **over).status == 200
    assert put(suite).code == "campaign_ended"
    suite.pass_time(days=3)
    end_campaigns(suite)
    assert put(suite).code == "campaign_ended"


def test_campaigns_are_listed_by_start_and_by_how_they_stand(suite: Suite) -> None:
    def at(hours: int) -> str:
        return calendar.to_row(suite.now + timedelta(hours=hours))

    must_put(suite, "a", starts_at=at(-3))
    must_put(suite, "b", starts_at=at(-2), status="paused")
    must_put(suite, "c", starts_at=at(2))
    must_put(suite, "d", starts_at=at(-4), ends_at=at(1))
    must_put(suite, "d", starts_at=at(-4), ends_at=at(0))
    assert listed(suite) == ["c", "b", "a", "d"]
    assert listed(suite, status="scheduled") == ["c"]
    assert listed(suite, status="running") == ["a"]
    assert listed(suite, status="paused") == ["b"]
    assert listed(suite, status="ended") == ["d"]
    query = {"limit": "1"}
    found = []
    for _ in range(4):
        page = suite.call(Call("GET", "/campaigns", who=staff(), query=query)).body
        found += [each["campaign_id"] for each in page["items"]]
        query["cursor"] = page["next_cursor"] or ""
    assert (found, page["next_cursor"]) == (["c", "b", "a", "d"], None)


def test_V3_staff_are_warned_of_an_order_offer_that_loses_lines(suite: Suite) -> None:
    suite.stocked(5)
    must_put(suite, "m50")
    assert "warning" not in must_put(suite, "all-off", "discount", scope={"skus": ["tea"]})
    assert "m50" in must_put(suite, "all-off", "discount", scope={"skus": ["tea"]}, stacks=False)["warning"]
    must_put(suite, "m50", except_skus=["tea"])
    assert "warning" not in must_put(suite, "all-off", "discount", scope={"skus": ["tea"]}, stacks=False)


def test_no_more_than_four_groups_overlap(suite: Suite) -> None:
    for number in range(4):
        must_put(suite, f"c{number}", group=f"g{number}")
    assert put(suite, "c4", group="g4").code == "too_many_campaigns"
    must_put(suite, "c4", group="g3")
    later = {"starts_at": (suite.now + timedelta(days=1)).isoformat()}
    must_put(suite, "c5", group="g4", **later, ends_at=(suite.now + timedelta(days=2)).isoformat())


def test_members_see_what_runs_for_them_and_what_comes_next_and_no_budgets(suite: Suite) -> None:
    suite.stocked(5)
    who = suite.member()
    must_put(suite, "flash", "flash", limits={"per_member": 3, "orders": 7, "budget_fen": 123_457})
    must_put(suite, "j5", tiers=["J5"])
    must_put(suite, "soon", starts_at=(suite.now + timedelta(hours=1)).isoformat())
    must_put(suite, "paused", status="paused")
    answer = suite.call(Call("GET", "/offers", who=who))
    assert answer.status == 200, answer.body
    assert [each["campaign_id"] for each in answer.body["running"]] == ["flash"]
    assert [each["campaign_id"] for each in answer.body["next"]] == ["soon"]
    assert answer.body["running"][0]["your"] == {"orders_left": 3, "units_left": {"tea": 2}}
    assert answer.body["running"][0]["terms"] == {"items": {"tea": {"price_fen": 990}}, "per_member": 2}
    assert not {"123457", "limits", "budget_fen"} & set(
        answer.raw.replace('"', " ").replace(":", " ").split()
    )
    assert suite.call(Call("GET", "/offers", who=claims("nobody"))).code == "not_registered"


def test_Z6_the_face_of_campaigns_is_made_when_it_is_first_asked_for(suite: Suite) -> None:
    made = []
    api = Api(contexts.gateway)

    class Face:
        """Serves one route."""

        @route("GET", "/campaigns/<campaign_id>", summary="See", who=Who.STAFF, roles=Role.STAFF, refuses={})
        def get(self) -> Answered:
            """Answer."""
            return Answered(word="here")

    def make() -> Face:
        made.append(1)
        return Face()

    api.add_when_asked(("GET /campaigns/{campaign_id}",), make, tag="Offers")
    assert Call("GET", "/offers", who=staff()).to(api).status == 404
    assert made == []
    assert Call("HEAD", "/campaigns/may", who=staff()).to(api).status == 200
    assert Call("GET", "/campaigns/may", who=staff()).to(api).body == {"word": "here"}
    assert made == [1]
    assert [each.name for each in api.routes] == ["GET /campaigns/<campaign_id>"]


def test_the_routes_that_are_served_when_asked_are_those_of_the_face(suite: Suite) -> None:
    served = {
        each.name.replace("<", "{").replace(">", "}") for each in suite.shop.routes if each.tag == "Offers"
    }
    assert served == set(CAMPAIGNS)


def test_Z6_no_module_of_the_face_is_imported_when_the_shop_starts() -> None:
    script = "import sys; import functions.checkout.api; print([m for m in sys.modules if 'campaign' in m])"
    environment = os.environ | dict.fromkeys(
        ("ORDERS_TABLE", "MEMBERS_TABLE", "CATALOG_TABLE", "REPORTS_TABLE", "PAYMENTS_TABLE", "CASES_TABLE"),
        "unused",
    )
    environment["AWS_DEFAULT_REGION"] = "us-east-1"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert "campaigns_face" not in done.stdout
    assert "schema" not in done.stdout
