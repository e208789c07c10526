"""Draws what a deployment consists of, from the templates that CDK synthesises: docs/pictures/stack.svg.
The last line of it says how much there is.

python -m tools.diagram FOLDER SUITE [--check]

Who calls what, what starts what, and which tables are written (solid) or only read (dotted): all from routes,
event sources, schedules and rights, so that the picture says what is deployed. Graphviz lays it out.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra import assembly
from tools.generated import DOCS, ROOT, write_or_check

FILE = DOCS / "pictures" / "stack.svg"
FUNCTION, TABLE, QUEUE = "AWS::Lambda::Function", "AWS::DynamoDB::Table", "AWS::SQS::Queue"
INTEGRATION = "AWS::ApiGatewayV2::Integration"
COUNTED = {
    FUNCTION: "functions",
    "AWS::ApiGatewayV2::Route": "routes",
    TABLE: "tables",
    QUEUE: "queues",
    "AWS::Scheduler::Schedule": "schedules",
    "AWS::CloudWatch::Alarm": "alarms",
    "AWS::IAM::Role": "roles",
}
NODE = ROOT / ".venv" / "bin" / "node"
LAYOUT_SECONDS_MAX = 60
_HASH = re.compile(r"[0-9A-F]{8}$")
"""What CDK adds to a construct's name."""
_WRITES = frozenset({"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"})
_READS = frozenset({"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"})
_LAYOUT = """
const { instance } = require("@viz-js/viz");
let dot = "";
process.stdin.on("data", (part) => (dot += part)).on("end", async () => {
  process.stdout.write((await instance()).renderString(dot, { format: "svg" }));
});
"""

_STYLE = (
    "  graph [rankdir=LR, bgcolor=white, nodesep=0.16, ranksep=0.7, pad=0.2]",
    '  node [fontname="Helvetica", fontsize=11, shape=box, style="filled,rounded", penwidth=0.8]',
    '  node [margin="0.1,0.05", height=0.35]',
    '  edge [fontname="Helvetica", fontsize=9, color="#64748b", fontcolor="#475569", arrowsize=0.6]',
)

Template = Mapping[str, Any]
Resource = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Edge:
    """One thing starts or writes another; ``label`` says how."""

    tail: str
    head: str
    label: str = ""
    style: str = "solid"


@dataclass
class Picture:
    """Functions with their modules, tables, queues, schedules by the function they start, and the edges."""

    functions: dict[str, str] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)
    schedules: dict[str, list[str]] = field(default_factory=dict)
    edges: set[Edge] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def name_of(logical_id: str) -> str:
    """Return the name of a construct as the code has it: ``ShopApi`` for ``ShopApi00D66BBD``."""
    return _HASH.sub("", logical_id)


def _ids(value: Any) -> Iterator[str]:
    """Give the logical ids that a value of a template refers to."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            else:
                yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)


@dataclass(frozen=True)
class Resources:
    """What a template is made of."""

    all: Mapping[str, Resource]

    def of(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give the resources of a kind by their ids, with their properties."""
        return ((name, each["Properties"]) for name, each in self.all.items() if each["Type"] == kind)

    def kind_of(self, name: str) -> str:
        """Return the kind of a resource, or nothing for what is none: a parameter, a region."""
        return self.all[name]["Type"] if name in self.all else ""

    def named(self, value: Any, kind: str) -> str | None:
        """Return the name of the first resource of a kind that a value refers to."""
        return next((name_of(each) for each in _ids(value) if self.kind_of(each) == kind), None)

    def function(self, value: Any) -> str:
        """Return the name of the function that a value refers to.

        Raises
        ------
        ValueError
            It refers to none.
        """
        name = self.named(value, FUNCTION)
        if name is None:
            raise ValueError(f"no function in {value}")
        return name


def picture_of(template: Template) -> Picture:
    """Return what a template deploys, as far as it is drawn.

    Queues of what failed, logs, alarms and roles are left out; they are counted.
    """
    resources = Resources(template["Resources"])
    picture = Picture(counts=Counter(each["Type"] for each in resources.all.values()))
    for name, properties in resources.of(FUNCTION):
        picture.functions[name_of(name)] = properties["Handler"].removeprefix("functions.").rpartition(".")[0]
    picture.tables = [name_of(name) for name, _ in resources.of(TABLE)]
    _routes(picture, resources)
    _sources(picture, resources)
    _schedules(picture, resources)
    _rights(picture, resources)
    return picture


def _routes(picture: Picture, resources: Resources) -> None:
    """Say how many routes the gateway takes to each function."""
    behind = {name: resources.function(its["IntegrationUri"]) for name, its in resources.of(INTEGRATION)}
    routes = Counter(
        behind[next(_ids(its["Target"]))]
        for _, its in resources.of("AWS::ApiGatewayV2::Route")
        if its["RouteKey"] != "$default"
    )
    for function, count in routes.items():
        picture.edges.add(Edge("api", function, f"{count} route{'s' * (count > 1)}"))


def _sources(picture: Picture, resources: Resources) -> None:
    """Say which function a stream or a queue starts."""
    for _, its in resources.of("AWS::Lambda::EventSourceMapping"):
        function, source = resources.function(its["FunctionName"]), its["EventSourceArn"]
        if table := resources.named(source, TABLE):
            picture.edges.add(Edge(table, function, "stream", "dashed"))
        if queue := resources.named(source, QUEUE):
            picture.queues.append(queue)
            picture.edges.add(Edge(queue, function))


def _schedules(picture: Picture, resources: Resources) -> None:
    """Say which jobs start a function; the second run of one is no job of its own."""
    for _, its in resources.of("AWS::Scheduler::Schedule"):
        job = json.loads(its["Target"]["Input"])["job"]
        jobs = picture.schedules.setdefault(resources.function(its["Target"]["Arn"]), [])
        if job not in jobs:
            jobs.append(job)


def _rights(picture: Picture, resources: Resources) -> None:
    """Say which tables each function may write or only read, and where it may send to."""
    roles = {next(_ids(its["Role"])): name_of(name) for name, its in resources.of(FUNCTION)}
    for _, its in resources.of("AWS::IAM::Policy"):
        function = roles.get(next(_ids(its["Roles"])))
        if function is None:
            continue
        for statement in its["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            allowed = {actions} if isinstance(actions, str) else set(actions)
            for target in _ids(statement["Resource"]):
                edge = _edge(function, target, resources.kind_of(target), allowed, picture.queues)
                if edge is not None:
                    picture.edges.add(edge)
    picture.edges -= {
        edge
        for edge in picture.edges
        if edge.style == "dotted" and Edge(edge.tail, edge.head) in picture.edges
    }


def _edge(function: str, target: str, kind: str, allowed: set[str], queues: list[str]) -> Edge | None:
    name = name_of(target)
    if kind == TABLE and allowed & _WRITES:
        return Edge(function, name)
    if kind == TABLE and allowed & _READS:
        return Edge(function, name, style="dotted")
    if kind == QUEUE and "sqs:SendMessage" in allowed and name in queues:
        took = "sqs:ReceiveMessage" in allowed  # a worker that hands on what it has no time for
        return None if took else Edge(function, name)
    if kind == "AWS::Events::EventBus":
        return Edge(function, "bus")
    return None


def dot(picture: Picture) -> str:
    """Write the picture in Graphviz's language: callers and schedules at the left, the bus at the right."""
    lines = [
        "digraph memberday {",
        *_STYLE,
        f'  graph [fontname="Helvetica", fontsize=12, label="{counts(picture)}"]',
        _node("shop", "storefront,\\nstaff, services", shape="ellipse", fillcolor="#ffffff"),
        _node("api", "HTTP API,\\ntokens of Cognito", fillcolor="#ede9fe"),
        _node("bus", "EventBridge\\nbus", fillcolor="#fce7f3"),
        _node("others", "who listens", shape="ellipse", fillcolor="#ffffff"),
        '  "shop" -> "api"',
        '  "bus" -> "others"',
    ]
    for function, module in picture.functions.items():
        lines.append(_node(function, f"{function}\\n{module}", fillcolor="#ffedd5"))
    for table in picture.tables:
        lines.append(_node(table, table, shape="cylinder", style="filled", fillcolor="#dbeafe"))
    for queue in picture.queues:
        lines.append(_node(queue, queue, style="filled", fillcolor="#dcfce7"))
    for function, jobs in picture.schedules.items():
        lines.append(_node(f"jobs of {function}", "\\n".join(jobs), style="filled", fillcolor="#fef9c3"))
        lines.append(f'  "jobs of {function}" -> "{function}"')
    for column in _columns(picture):
        lines.append("  { rank=same; " + "; ".join(f'"{name}"' for name in column) + " }")
    streamed = {edge.head for edge in picture.edges if edge.label == "stream"}
    for edge in sorted(picture.edges):
        back = edge.tail in streamed and edge.head in picture.tables
        how = f'style={edge.style}, label="{edge.label}", constraint={str(not back).lower()}'
        lines.append(f'  "{edge.tail}" -> "{edge.head}" [{how}]')
    return "\n".join([*lines, "}", ""])


def _columns(picture: Picture) -> Iterator[list[str]]:
    """Give what stands below one another, from the left."""
    heads: dict[str, list[str]] = {"asked": [], "worker": [], "stream": []}
    starts = {edge.head: edge for edge in sorted(picture.edges)}
    for function in picture.functions:
        edge = starts.get(function)
        kind = "asked" if edge is None or edge.tail == "api" else "stream" if edge.label else "worker"
        heads[kind].append(function)
    yield ["api", *(f"jobs of {function}" for function in picture.schedules)]
    yield heads["asked"]
    yield picture.queues
    yield heads["worker"]
    yield picture.tables
    yield heads["stream"]


def _node(name: str, label: str, **how: str) -> str:
    said = ", ".join(f'{key}="{value}"' for key, value in how.items())
    return f'  "{name}" [label="{label}", {said}]'


def svg(text: str) -> str:
    """Lay a picture out.

    Raises
    ------
    subprocess.CalledProcessError
        Graphviz does not take it.
    """
    done = subprocess.run(  # noqa: S603 - our own Node
        [str(NODE), "-e", _LAYOUT],
        input=text,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=LAYOUT_SECONDS_MAX,
    )
    return done.stdout


def counts(picture: Picture) -> str:
    """Return how much of what there is."""
    return ", ".join(f"{picture.counts[kind]} {word}" for kind, word in COUNTED.items())


def main() -> int:
    """Draw what a folder of the CDK's deploys, or check that the picture is of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suite")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    picture = picture_of(assembly.read(asked.folder, asked.suite))
    return write_or_check(FILE, svg(dot(picture)), check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
