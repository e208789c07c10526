"""The house: which part may know which. Arrows run one way, and handlers are known by nobody."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from functions.contexts import CONTEXTS
from tests import contexts

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = ROOT / "functions"
MODULES = sorted(FUNCTIONS.rglob("*.py"))

HANDLERS = {"api", "stream", "schedule", "queue", "deployment", "sign_in"}
"""Files named after their trigger: AWS enters there, and so they may know every other part."""
FACE = "face"
"""How the files end whose methods HTTP handlers serve: they may know as much; `api.py` alone knows them."""
MAY_KNOW = {
    "domain": frozenset[str](),
    "platform": frozenset({"domain"}),
    "contexts": frozenset({"domain", "platform"}),
    **contexts.MAY_KNOW,
}
DECLARATIONS = {"tables", "routes", "events", "timetable"}
"""Files that all of the house hears of, by the list of contexts."""
OUTSIDE = {"benchmarks", "infra", "local", "ops", "reach", "tests", "tools"}
"""What is never deployed."""
OUTSIDE_MAY_KNOW = {"reach": set(), "ops": {"reach"}, "local": {"reach", "ops", "infra"}, "infra": set()}
"""Of what is never deployed, the operator's and the developer's commands, and the stack that they reach."""
DOMAIN_LIBRARIES = {"borax"}
MAY_KNOW_PYDANTIC = {
    "shapes",
    "scopes",
    "parameters",
    "http",
    "schema",
    "office_schema",
    "campaign_schema",
    "campaign_answers_schema",
    "template_schema",
}
"""What requests and answers are made of; faces know it besides."""
STANDARD_LIBRARY_KEPT_OUT_OF_DOMAIN = {"os", "time", "boto3", "socket", "random", "uuid"}


def imports(file: Path) -> set[str]:
    """Return the full names of all modules that a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            module = node.module or ""
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return names


def place(file: Path) -> tuple[str, str]:
    """Return the part of the house that a file stands in, and its name."""
    parts = file.relative_to(FUNCTIONS).with_suffix("").parts
    return parts[0], parts[-1]


def is_face(name: str) -> bool:
    """Tell whether a file of this name is one that requests and records come to."""
    return name in HANDLERS or name.endswith(FACE)


def test_every_part_stands_above_all_that_it_may_know() -> None:
    from_below = [*TopologicalSorter(MAY_KNOW).static_order()]  # raises where arrows go round
    packages = {each.parent.name for each in FUNCTIONS.glob("*/__init__.py")}
    assert set(from_below) == packages | {"contexts"}  # the one list, a file


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_arrows_between_parts_run_one_way(file: Path) -> None:
    part, name = place(file)
    known = {each.split(".")[1] for each in imports(file) if each.startswith("functions.")}
    allowed = set(MAY_KNOW) if is_face(name) else MAY_KNOW.get(part, set()) | {part}
    assert known <= allowed, f"{part}/{name} knows {known - allowed}"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_part_knows_a_handler(file: Path) -> None:
    modules = {each for each in imports(file) if each.startswith("functions.") and each.count(".") == 2}
    assert not {each for each in modules if each.rsplit(".", 1)[-1] in HANDLERS}
    assert place(file)[1] == "api" or not {each for each in modules if each.endswith(FACE)}


def test_each_context_of_the_list_has_its_package_its_room_and_its_table_and_there_are_no_others() -> None:
    packages = {each.parent.name for each in FUNCTIONS.glob("*/__init__.py")} - {"domain", "platform"}
    rooms, tables = (
        {each.stem for each in (ROOT / of / "contexts").glob("*.py")} - {"__init__"}
        for of in ("infra", "tests")
    )
    assert set(CONTEXTS) == packages == rooms == tables
    assert len(CONTEXTS) == len(set(CONTEXTS))


@pytest.mark.parametrize(
    "file",
    [each for each in MODULES if each.stem in DECLARATIONS],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_what_a_context_declares_brings_no_other_context_with_it(file: Path) -> None:
    """Whoever reads the list imports all declarations: the start of a function would import the house."""
    part, name = place(file)
    known = {each.split(".")[1] for each in imports(file) if each.startswith("functions.")}
    assert known <= {"domain", "platform", part, *(MAY_KNOW[part] if name == "events" else ())}


def test_the_list_of_contexts_is_known_to_handlers_only() -> None:
    knows = {file for file in MODULES if any(each.startswith("functions.contexts") for each in imports(file))}
    assert {place(file)[1] for file in knows} <= HANDLERS


@pytest.mark.parametrize("file", sorted((FUNCTIONS / "domain").rglob("*.py")), ids=lambda file: file.name)
def test_domain_knows_no_aws_no_clock_and_no_environment(file: Path) -> None:
    roots = {each.split(".")[0] for each in imports(file)}
    assert not roots & STANDARD_LIBRARY_KEPT_OUT_OF_DOMAIN
    third_party = {root for root in roots if not _is_standard(root)} - {"functions"}
    assert third_party <= DOMAIN_LIBRARIES


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_aws_libraries_are_known_to_platform_and_handlers_only(file: Path) -> None:
    part, name = place(file)
    if part == "platform" or is_face(name):
        return
    roots = {each.split(".")[0] for each in imports(file)}
    assert not roots & {"boto3", "botocore", "aws_lambda_powertools"}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_Z6_only_what_serves_requests_knows_pydantic_and_nothing_powertools_resolver(file: Path) -> None:
    name = place(file)[1]
    known = imports(file)
    assert not {each for each in known if each.startswith("aws_lambda_powertools.event_handler")}
    if name not in MAY_KNOW_PYDANTIC and not name.endswith(FACE):
        assert "pydantic" not in {each.split(".")[0] for each in known}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_time_is_read_in_one_place(file: Path) -> None:
    if place(file) == ("platform", "clock"):
        return
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"utcnow", "today", "now"}, "read the time in platform/clock.py"


def test_nothing_deployed_knows_what_is_not() -> None:
    for file in MODULES:
        assert not {each.split(".")[0] for each in imports(file)} & OUTSIDE


@pytest.mark.parametrize("room", OUTSIDE_MAY_KNOW)
def test_arrows_between_the_commands_run_one_way(room: str) -> None:
    for file in (ROOT / room).rglob("*.py"):
        known = {each.split(".")[0] for each in imports(file)} & OUTSIDE
        assert known <= OUTSIDE_MAY_KNOW[room] | {room}, f"{file.relative_to(ROOT)} knows {known}"


def test_a_stage_and_a_listener_are_one_thing_each() -> None:
    for word, room in {"Stage": "infra/stage.py", "Listener": "local/listener.py"}.items():
        found = [
            str(file.relative_to(ROOT))
            for folder in ("functions", *OUTSIDE)
            for file in sorted((ROOT / folder).rglob("*.py"))
            if re.search(rf"^class {word}\b", file.read_text(encoding="utf-8"), re.MULTILINE)
        ]
        assert found == [room]


def _is_standard(root: str) -> bool:
    import sys

    return root in sys.stdlib_module_names
