"""The picture of the stack says what the template deploys, and changes when the template does."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import diagram
from tools.diagram import Edge, Picture, dot, name_of, picture_of


@pytest.fixture
def picture(templates: dict[str, Any]) -> Picture:
    """What is drawn of the stage `dev`."""
    return picture_of(templates["dev"])


def test_every_function_table_and_job_is_drawn(templates: dict[str, Any], picture: Picture) -> None:
    resources = templates["dev"]["Resources"]
    drawn = dot(picture)
    for name, resource in resources.items():
        if resource["Type"] in ("AWS::Lambda::Function", "AWS::DynamoDB::Table"):
            assert f'"{name_of(name)}" [label=' in drawn
        if resource["Type"] == "AWS::Scheduler::Schedule":
            assert json.loads(resource["Properties"]["Target"]["Input"])["job"] in drawn
    assert len(picture.functions) > 15
    assert len(picture.tables) == 7


def test_no_function_stands_alone(picture: Picture) -> None:
    started = {edge.head for edge in picture.edges} | set(picture.schedules)
    by_an_operator, by_a_deployment = {"MembersJobs"}, {"PagesOpening"}
    assert set(picture.functions) - started == by_an_operator | by_a_deployment


def test_the_edges_are_routes_streams_queues_and_rights(picture: Picture) -> None:
    assert {
        Edge("api", "CouponsApi", "15 routes"),
        Edge("Orders", "PointsPosting", "stream", "dashed"),
        Edge("PointsPosting", "Members"),
        Edge("PointsJobs", "PointsWorkTasks"),
        Edge("PointsWorkTasks", "PointsWorker"),
        Edge("CouponsApi", "Members"),
        Edge("PrivacyApi", "Catalog", style="dotted"),
        Edge("OrdersPublisher", "bus"),
        Edge("api", "PaymentsNotifications", "1 route"),
        Edge("PaymentsNotifications", "Payments"),
        Edge("Payments", "PaymentsHeard", "stream", "dashed"),
        Edge("PaymentsHeard", "Orders"),
    } <= picture.edges
    assert Edge("PointsWorker", "PointsWorkTasks") not in picture.edges
    assert Edge("PrivacyApi", "Catalog") not in picture.edges


def test_a_right_that_goes_takes_its_edge_with_it(templates: dict[str, Any], picture: Picture) -> None:
    template = copy.deepcopy(templates["dev"])
    (policy,) = (
        resource["Properties"]["PolicyDocument"]
        for name, resource in template["Resources"].items()
        if name.startswith("PointsPostingRoleDefaultPolicy")
    )
    policy["Statement"] = [one for one in policy["Statement"] if "dynamodb:PutItem" not in one["Action"]]
    assert picture.edges - picture_of(template).edges == {Edge("PointsPosting", "Members")}


def test_the_committed_picture_is_compared(
    tmp_path: Path,
    apart: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for stack, template in apart["dev"].items():
        (tmp_path / f"{stack}.template.json").write_text(json.dumps(template), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["diagram", "--check", str(tmp_path), "memberday-dev"])
    assert diagram.main() == 0
    shop = copy.deepcopy(apart["dev"]["memberday-dev-shop"])
    shop["Resources"] = {
        name: each
        for name, each in shop["Resources"].items()
        if each["Type"] not in ("AWS::Scheduler::Schedule", "AWS::IAM::Policy")
    }
    (tmp_path / "memberday-dev-shop.template.json").write_text(json.dumps(shop), encoding="utf-8")
    assert diagram.main() == 1
    assert "docs/pictures/stack.svg" in capsys.readouterr().err
