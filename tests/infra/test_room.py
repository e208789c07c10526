"""Room under every limit: of a stack, an API, a stream and a policy, with twice the contexts (H2)."""

import json
import math
import sys
from collections import Counter
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from functions import contexts
from functions.domain.policy import Policy
from functions.domain.timetable import Every, Scheduled, planned
from infra import assembly
from infra.constructs.table import grant_rows
from infra.room import JOB_TIMEOUT, Room, rows
from tests.infra.conftest import PAYMENTS, Template, resources, stacks

RESOURCES_MAX = 300
"""Three fifths of what CloudFormation takes: the suite's own stack has the routes of all contexts."""
ROUTES_MAX = 300
"""What a new account's API takes; of all limits here the only one that is raised on request."""
OUTPUTS_MAX, PARAMETERS_MAX = 200, 200
TEMPLATE_BYTES_MAX = 1_000_000
READERS_MAX = 2
INLINE_POLICY_CHARACTERS_MAX = 10_240
"""Of all policies of a role together."""
TOMORROW = ("notices", "growth", "mall", "paid", "channels", "figures")
HOMES = {
    "channels": "shop",
    "growth": "programme",
    "mall": "programme",
    "paid": "programme",
    "notices": "office",
    "figures": "office",
}
NAMES = json.loads((Path(__file__).parent / "names.json").read_text(encoding="utf-8"))
"""Logical ids of the one stack that there was before, by kind: of what stays there, since it holds data or is
known by its name, and of what leaves."""


def _today(template: Template) -> dict[str, int]:
    """Return how much a context of today has, in the mean, rounded up."""
    each = len(contexts.CONTEXTS) - 3  # the four of the shop share its function: they count as one
    count = Counter(resource["Type"] for resource in template["Resources"].values())
    queues = sum(
        "StartingPosition" not in mapping
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values()
    )
    readers = count["AWS::Lambda::EventSourceMapping"] - queues
    return {
        # Of all of them together: seven times a part of a route would be six routes that nobody has.
        "routes of all": math.ceil(sum(map(len, contexts.routes().values())) * len(TOMORROW) / each),
        "queues": math.ceil(queues / each),
        "readers": math.ceil(readers / each),
        "schedules": math.ceil(count["AWS::Scheduler::Schedule"] / each),
        "functions": math.ceil(count["AWS::Lambda::Function"] / each),
    }


def _share(name: str, size: dict[str, int]) -> int:
    """Return how many of all their routes a context of tomorrow has."""
    place, all_of_them = TOMORROW.index(name), size["routes of all"]
    return all_of_them * (place + 1) // len(TOMORROW) - all_of_them * place // len(TOMORROW)


def _declared(name: str, size: dict[str, int]) -> dict[str, ModuleType]:
    """Return the modules of a context that is as large as those of today are in the mean."""
    title = name.title()
    tables, routes, times, room = (
        ModuleType(f"functions.{name}.{each}") for each in ("tables", "routes", "timetable", "room")
    )
    table = contexts.tables()["Orders"]
    tables.__dict__["TABLES"] = {title: table}
    paths = tuple(
        f"{('GET', 'POST')[number % 2]} /{name}/{number}" for number in range(_share(name, size))
    )  # half of today's are read
    routes.__dict__["ROUTES"] = {f"{title}Api": paths}
    jobs = [f"{name}-{number}" for number in range(size["schedules"])]

    def timetable(_: Policy) -> tuple[Scheduled, ...]:
        return tuple(planned(job, Every(10), hours=1) for job in jobs)

    def build(room: Room) -> None:
        api = room.api(f"{title}Api", f"functions.{name}.api.handler")
        grant_rows(room.table(title), api, "GetItem", "PutItem", "Query", indexes=list(table.indexes))
        for number in range(size["readers"]):
            room.publisher(
                f"{title}Publisher{number}",
                f"functions.{name}.stream.handler",
                reader=f"{title}ToBus{number}",
                table=title,
                filters=[rows("ROW")],
            )
        for number in range(size["queues"]):
            starter, worker = room.tasks(f"{title}{number}", f"functions.{name}")
            grant_rows(room.table(title), worker, "GetItem", "PutItem")
            room.scheduled(starter)
        for number in range(size["functions"] - 1 - size["readers"] - 2 * size["queues"]):
            room.function(f"{title}Extra{number}", f"functions.{name}.extra.handler", JOB_TIMEOUT)

    times.__dict__["timetable"] = timetable
    # The same schedules, as many as there are, for each queue's starter.
    times.__dict__["STARTS"] = {f"{title}0Jobs": tuple(jobs)}
    room.__dict__["build"] = build
    return {
        f"functions.{name}.tables": tables,
        f"functions.{name}.routes": routes,
        f"functions.{name}.timetable": times,
        f"infra.contexts.{name}": room,
    }


@pytest.fixture(scope="module")
def twice(dev_whole: Template, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """The templates of a suite with six more contexts, each as large as today's are in the mean."""
    size = _today(dev_whole)
    made = {name: module for each in TOMORROW for name, module in _declared(each, size).items()}
    groups = {
        group: (*names, *(each for each in TOMORROW if HOMES[each] == group))
        for group, names in contexts.GROUPS.items()
    }
    real = util.find_spec
    gathered = (
        contexts.tables,
        contexts.routes,
        contexts.gateway,
        contexts.public_routes,
        contexts.events,
        contexts.starters,
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, module in made.items():
            patch.setitem(sys.modules, name, module)
        patch.setattr(
            util,
            "find_spec",
            lambda name: True if name in made else None if name.split(".")[1] in TOMORROW else real(name),
        )
        patch.setattr(contexts, "GROUPS", groups)
        patch.setattr(contexts, "CONTEXTS", tuple(each for names in groups.values() for each in names))
        for each in gathered:
            each.cache_clear()
        try:
            return stacks({"stage": "prod", **PAYMENTS}, tmp_path_factory.mktemp("twice"))
        finally:
            for each in gathered:
                each.cache_clear()


@pytest.fixture(scope="module")
def dev_whole(apart: dict[str, dict[str, Template]]) -> Template:
    """What all stacks of the stage dev are together."""
    return assembly.whole(apart["dev"])


def test_a_suite_of_twice_the_contexts_has_room_in_each_stack(twice: dict[str, Template]) -> None:
    assert len(twice) == 1 + len(contexts.GROUPS)
    for stack, template in twice.items():
        assert len(template["Resources"]) < RESOURCES_MAX, stack
        assert len(template.get("Outputs", {})) < OUTPUTS_MAX
        assert len(template.get("Parameters", {})) < PARAMETERS_MAX
        assert len(json.dumps(template)) < TEMPLATE_BYTES_MAX / 2, stack


def test_a_suite_of_twice_the_contexts_has_room_in_its_api_its_streams_and_its_policies(
    twice: dict[str, Template],
) -> None:
    together = assembly.whole(twice)
    assert len(resources(together, "AWS::ApiGatewayV2::Route")) < ROUTES_MAX * 2 / 3
    assert len(resources(together, "AWS::DynamoDB::Table")) == len(contexts.tables()) + len(TOMORROW)
    readers = Counter(
        json.dumps(mapping["EventSourceArn"])
        for mapping in resources(together, "AWS::Lambda::EventSourceMapping").values()
        if "StartingPosition" in mapping
    )
    assert max(readers.values()) <= READERS_MAX
    sizes: Counter[str] = Counter()
    for policy in resources(together, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            sizes[role["Ref"]] += len(json.dumps(policy["PolicyDocument"]))
    assert max(sizes.values()) < INLINE_POLICY_CHARACTERS_MAX / 2


def test_what_holds_data_or_a_name_is_in_the_suites_own_stack_under_the_ids_that_it_had(
    apart: dict[str, dict[str, Template]],
) -> None:
    own = apart["dev"]["memberday-dev"]
    for kind, names in NAMES["stay"].items():
        there = {name for name, each in own["Resources"].items() if each["Type"] == kind}
        assert set(names) <= there, f"{kind}: {set(names) - there} would be made anew"
    holding = {"AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::SecretsManager::Secret"}
    for stack, template in apart["dev"].items():
        kinds = {each["Type"] for each in template["Resources"].values()}
        assert (kinds & holding == holding) is (template is own), stack
        assert ("AWS::Lambda::Function" in kinds) is (template is not own), stack


def test_no_stack_holds_another_one_fast(apart: dict[str, dict[str, Template]]) -> None:
    for each in apart.values():
        for stack, template in each.items():
            text = json.dumps(template)
            assert "Fn::ImportValue" not in text, stack
            assert "Fn::GetStackOutput" not in text, stack
            assert not [out for out in template.get("Outputs", {}).values() if "Export" in out], stack
            assert not resources(template, "AWS::CloudFormation::Stack"), stack


def test_every_parameter_that_a_stack_reads_is_written_by_the_suites_own_and_every_one_is_read(
    apart: dict[str, dict[str, Template]],
) -> None:
    own = apart["dev"]["memberday-dev"]
    written = {each["Name"] for each in resources(own, "AWS::SSM::Parameter").values()}
    read = {
        each["Default"]
        for stack, template in apart["dev"].items()
        if stack != "memberday-dev"
        for each in template["Parameters"].values()
        if each["Default"].startswith(assembly.OURS)
    }
    assert read == written


def test_a_parameter_that_nobody_writes_and_a_second_resource_of_a_name_are_found(
    apart: dict[str, dict[str, Template]],
) -> None:
    own, shop = apart["dev"]["memberday-dev"], apart["dev"]["memberday-dev-shop"]
    less = {name: each for name, each in own["Resources"].items() if not name.startswith("Where")}
    with pytest.raises(assembly.AssemblyError, match="nobody writes"):
        assembly.whole({"memberday-dev": own | {"Resources": less}, "memberday-dev-shop": shop})
    with pytest.raises(assembly.AssemblyError, match="second"):
        assembly.whole({"memberday-dev": own, "again": own})


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """The templates of the deployment in between: the contexts are in both places."""
    return stacks({"stage": "dev", "moving": "yes", **PAYMENTS}, tmp_path_factory.mktemp("moving"))


def test_while_contexts_move_the_suites_stack_serves_and_works_off_but_reads_and_starts_nothing(
    moving: dict[str, Template], apart: dict[str, dict[str, Template]]
) -> None:
    own, after = moving["memberday-dev"], apart["dev"]["memberday-dev"]
    functions = resources(own, "AWS::Lambda::Function")
    assert not [each for each in functions.values() if "FunctionName" in each]
    assert not resources(own, "AWS::Scheduler::Schedule")
    mappings = resources(own, "AWS::Lambda::EventSourceMapping").values()
    assert [each for each in mappings if "StartingPosition" not in each]
    assert not [each for each in mappings if "StartingPosition" in each]
    for kind, names in (*NAMES["stay"].items(), *NAMES["leave"].items()):
        assert set(names) <= resources(own, kind).keys()
    served = resources(own, "AWS::ApiGatewayV2::Integration")
    for name, integration in resources(after, "AWS::ApiGatewayV2::Integration").items():
        leads_to: Any = served[name]["IntegrationUri"]
        assert leads_to["Fn::GetAtt"][0] in functions
        assert ":function:memberday-dev-" in json.dumps(integration["IntegrationUri"])
    contexts_before = {stack: each for stack, each in moving.items() if stack != "memberday-dev"}
    contexts_after = {stack: each for stack, each in apart["dev"].items() if stack != "memberday-dev"}
    kept = sum(len(resources(each, "AWS::Lambda::Function")) for each in contexts_after.values())
    assert len(functions) == kept
    assert contexts_before == contexts_after  # the second deployment changes the suite's own stack only
