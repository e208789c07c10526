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


class Templates(dict[str, Template]):
    """The templates by the names of their contexts, each synthesised when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, name: str) -> Template:
        self[name] = synthesise(CONTEXTS[name], self._folder / name)
        return self[name]


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """All templates, by the name of their context."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture(params=list(CONTEXTS))
def template(request: pytest.FixtureRequest, templates: Templates) -> Template:
    """Each template in turn."""
    return templates[request.param]


@pytest.fixture
def dev(templates: Templates) -> Template:
    """The template of the stage dev on AWS."""
    return templates["dev"]


def resources(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a kind, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
