"""The suite as one template: what its stacks are together, with their references led home.

For whoever looks at all that is deployed: the tests of the template, the picture. Nobody deploys it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Template = dict[str, Any]

OURS = "/memberday/"
"""What the names of the suite's parameters begin with; the CDK has one of its own."""
_FUNCTION = re.compile(r"(?:^|:)function:([A-Za-z0-9-]+)$")


class AssemblyError(Exception):
    """Two stacks have something under one name, or one refers to what is not there."""


def templates(folder: Path, suite: str) -> dict[str, Template]:
    """Return the templates of a folder of the CDK's, by stack, the suite's own first."""
    found = {each.name.partition(".")[0]: each for each in sorted(folder.glob(f"{suite}*.template.json"))}
    return {
        name: json.loads(found[name].read_text(encoding="utf-8"))
        for name in sorted(found)
        if name == suite or name.startswith(f"{suite}-")
    }


def whole(stacks: Mapping[str, Template]) -> Template:
    """Return the stacks as one: parameters are what was written to them, names of functions the functions.

    Raises
    ------
    AssemblyError
        Two stacks have a resource of the same id, or one reads a parameter that none writes.
    """
    written = {
        each["Properties"]["Name"]: each["Properties"]["Value"]
        for template in stacks.values()
        for each in template["Resources"].values()
        if each["Type"] == "AWS::SSM::Parameter"
    }
    functions = {
        each["Properties"]["FunctionName"]: name
        for template in stacks.values()
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Lambda::Function" and "FunctionName" in each["Properties"]
    }
    together: Template = {"Resources": {}, "Outputs": {}}
    for stack, template in stacks.items():
        read = {name: each["Default"] for name, each in template.get("Parameters", {}).items()}
        if unknown := {default for default in read.values() if default.startswith(OURS)} - written.keys():
            raise AssemblyError(f"{stack} reads {', '.join(sorted(unknown))}, which nobody writes")
        meant = {name: written[default] for name, default in read.items() if default in written}
        for part in together:
            for name, each in template.get(part, {}).items():
                if name in together[part]:
                    raise AssemblyError(f"{stack} has a second {name}")
                together[part][name] = _led_home(each, meant, functions)
    return together


def _led_home(value: Any, meant: Mapping[str, Any], functions: Mapping[str, str]) -> Any:
    match value:
        case {"Ref": str(name)} if name in meant:
            return meant[name]
        case {"Fn::Join": [_, [*_, str(last)]]} if (function := _named(last, functions)) is not None:
            return {"Fn::GetAtt": [function, "Arn"]}
        case dict():
            return _as_attribute({key: _led_home(inner, meant, functions) for key, inner in value.items()})
        case list():
            return [_led_home(inner, meant, functions) for inner in value]
        case _:
            return value


def _as_attribute(value: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the name of a table's stream as what it is of the table: its name, or its own ARN."""
    match value:
        case {"Fn::Select": [1, {"Fn::Split": ["/", {"Fn::GetAtt": [table, "StreamArn"]}]}]}:
            return {"Ref": table}
        case {"Fn::Select": [0, {"Fn::Split": ["/stream/", {"Fn::GetAtt": [table, "StreamArn"]}]}]}:
            return {"Fn::GetAtt": [table, "Arn"]}
        case _:
            return value


def _named(text: str, functions: Mapping[str, str]) -> str | None:
    found = _FUNCTION.search(text)
    return functions.get(found[1]) if found else None


def read(folder: Path, suite: str) -> Template:
    """Return the suite of a folder of the CDK's as one template."""
    return whole(templates(folder, suite))
