"""The templates as CDK writes them, for an AWS account and for the local cloud: all together as one."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra import assembly
from infra.app import build

ROOT = Path(__file__).parent.parent.parent
Template = dict[str, Any]
CONTEXTS = {
    "dev": {"stage": "dev"},
    "prod": {"stage": "prod"},
    "local": {"stage": "dev", "target": "local", "endpoint": "http://127.0.0.1:4566"},
}


def stacks(context: dict[str, str], folder: Path) -> dict[str, Template]:
    """Return the template of each stack for a context, by the stacks' names."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context={**flags, **context})
    suite = build(app)
    app.synth()
    return assembly.templates(folder, suite.stack_name)


def synthesise(context: dict[str, str], folder: Path) -> Template:
    """Return what all stacks are together for a context."""
    return assembly.whole(stacks(context, folder))


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Template]]:
    """The templates of all stacks, by the name of their context."""
    return {name: stacks(context, tmp_path_factory.mktemp(name)) for name, context in CONTEXTS.items()}


@pytest.fixture(scope="session")
def templates(apart: dict[str, dict[str, Template]]) -> dict[str, Template]:
    """What all stacks are together, by the name of their context."""
    return {name: assembly.whole(each) for name, each in apart.items()}


@pytest.fixture(params=list(CONTEXTS))
def template(request: pytest.FixtureRequest, templates: dict[str, Template]) -> Template:
    """Each template in turn."""
    return templates[request.param]


@pytest.fixture
def dev(templates: dict[str, Template]) -> Template:
    """The template of the stage dev on AWS."""
    return templates["dev"]


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a kind, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
