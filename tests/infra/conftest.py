"""The template as CDK writes it, for an AWS account and for the local cloud."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from infra.app import build

ROOT = Path(__file__).parent.parent.parent
Template = dict[str, Any]
CONTEXTS = {
    "dev": {"stage": "dev"},
    "prod": {"stage": "prod"},
    "local": {"stage": "dev", "target": "local", "endpoint": "http://127.0.0.1:4566"},
}


def synthesise(context: dict[str, str], folder: Path) -> Template:
    """Return the template for a context."""
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context={**flags, **context})
    stack = build(app)
    template: Template = app.synth().get_stack_by_name(stack.stack_name).template
    return template


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """All templates, by the name of their context."""
    return {name: synthesise(context, tmp_path_factory.mktemp(name)) for name, context in CONTEXTS.items()}


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
