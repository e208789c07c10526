"""What holds for all tests: none sees the caller's AWS settings; which a run takes, and who runs them."""

import ast
import os
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
FUNCTIONS = HERE.parent / "functions"
NEAR = ("unit", "handlers", "stores")
"""The folders of tests that need no deployment, of which a context has its own."""
WORKERS_A_CORE = 2
UNDER_ALL = {"domain", "platform"}
TOGETHER = (
    "tests/infra",
    "tests/web",
    "tests/simulation/test_simulation.py",
    *(
        f"tests/e2e/test_{name}.py"
        for name in ("browser", "examples", "fuzz", "recovery", "sign_in", "staff")
    ),
)
"""Tests that share what takes long to make (templates, a browser, a scene, a cloud, worlds): for a worker."""

# What is compiled is kept, whoever asks for the opposite, as `make` does: else a worker compiles all tests,
# and a process that a test starts all functions.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Handlers read their settings when they are imported, so these are set before any test module is.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - opens nothing
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    ORDERS_TABLE="unused",
    MEMBERS_TABLE="unused",
    CATALOG_TABLE="unused",
    REPORTS_TABLE="unused",
    PAYMENTS_TABLE="unused",
    CASES_TABLE="unused",
    AUDIT_TABLE="unused",
    AUDIT_ARCHIVE="unused",
    PAYMENT_PROVIDERS="wechatpay,alipay,stripe",
    PAYMENT_SECRETS="unused",
    PAYMENTS_URL="unused",
    PAYMENTS_RETURN_URL="",
    STATEMENTS_BUCKET="unused",
    WORK_QUEUE_URL="unused",
    STACK_NAME="unused",
    POWERTOOLS_METRICS_NAMESPACE="memberday",
    EVENT_BUS_NAME="unused",
    USER_POOL_ID="unused",
    PHONE_KEY_SECRET="unused",  # noqa: S106 - the name of one
    JSII_NODE=str(Path(sys.executable).with_name("node")),  # the CDK needs no Node but ours
)


def contexts() -> list[str]:
    """Return the names that ``--only`` takes: the functions' packages, without those that all stand on."""
    return sorted({each.parent.name for each in FUNCTIONS.glob("*/__init__.py")} - UNDER_ALL)


def of_context(file: Path, context: str) -> bool:
    """Whether a file holds tests of a context: it is named after it, or imports as much of it as of any."""
    if file.relative_to(HERE).parts[0] not in NEAR:
        return False
    if context in file.stem.split("_"):
        return True
    imported = _imported(file)
    return imported[context] > 0 and imported[context] == max(imported[each] for each in contexts())


@cache
def _imported(file: Path) -> Counter[str]:
    """Return how many names a file imports from each of the functions' packages."""
    return Counter(_packages(file))


def _packages(file: Path) -> Iterator[str]:
    """Give the functions' package of each name that a file imports."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == FUNCTIONS.name:
            _, *package = str(node.module).split(".")
            yield from (package[0] if package else each.name for each in node.names)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--only``."""
    parser.addoption(
        "--only", metavar="CONTEXT", help="a context's unit, handler and store tests, for example: points"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a context that is none."""
    only = config.getoption("--only")
    if only is not None and only not in contexts():
        raise pytest.UsageError(f"--only {only}: there is no such context; there are {', '.join(contexts())}")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Let two workers share each core: a test waits for a deployment or a database half of its time."""
    return (
        WORKERS_A_CORE * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else WORKERS_A_CORE
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what is not of the context that is asked for."""
    only = config.getoption("--only")
    if only is None or collection_path.is_dir() or not collection_path.name.startswith("test_"):
        return None
    return None if of_context(collection_path, only) else True


class Handing(LoadScopeScheduling):  # type: ignore[misc]
    """Hands the tests out one by one, but for those that go together; the largest of these first.

    By their addresses: the groups of pytest-xdist 3.8 (``xdist_group``) are without effect on pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Return what a test is handed out with: itself, or those that go together."""
    file = nodeid.split("::", 1)[0]
    return next((part for part in TOGETHER if file == part or file.startswith(f"{part}/")), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Hand the tests out in our way."""
    return Handing(config, log)
