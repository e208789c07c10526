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
NOTIFICATIONS = "POST /payments/{provider}/notifications"
PREFLIGHT = "OPTIONS /{proxy+}"
PAYMENTS = {"payments": "wechatpay,alipay,stripe"}
CONTEXTS = {
    "dev": {"stage": "dev", **PAYMENTS},
    "prod": {"stage": "prod", **PAYMENTS},
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


class Apart(dict[str, dict[str, Template]]):
    """The templates of all stacks by the names of their contexts, synthesised when one is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def __missing__(self, name: str) -> dict[str, Template]:
        self[name] = stacks(CONTEXTS[name], self._folder / name)
        return self[name]


class Templates(dict[str, Template]):
    """What all stacks are together, by the names of their contexts."""

    def __init__(self, apart: Apart) -> None:
        super().__init__()
        self._apart = apart

    def __missing__(self, name: str) -> Template:
        self[name] = assembly.whole(self._apart[name])
        return self[name]


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Apart:
    """The templates of all stacks, by the name of their context."""
    return Apart(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def templates(apart: Apart) -> Templates:
    """What all stacks are together, by the name of their context."""
    return Templates(apart)


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


def only(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of the one resource of a kind."""
    (found,) = resources(template, kind).values()
    return found


def service(function: dict[str, Any]) -> str:
    """Return what a function calls itself in logs and figures."""
    name: str = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    return name
