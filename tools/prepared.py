"""Writes the stacks that the local cloud is given, as the CDK synthesises them; or checks that they hold.

python -m tools.prepared [--check]

The check synthesises nothing: it compares the files that the stacks follow from. That these make the kept
stacks is asked by ``tests/infra/test_prepared.py``.
"""

import ast
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from local.prepared import CODE, DOCUMENTS, ENDPOINT, KEPT, PAYMENTS, KeptStack, Prepared, digest
from tools.generated import ROOT, asked_to_check, write_or_check

MARKS = {DOCUMENTS: Path("functions") / "documents" / "files", PAYMENTS: Path("stripe")}
"""What a bundle is told by: only that of the documents has what is served, only that of payments an SDK."""
FOLLOWED = ("infra", "cdk.json", "functions/domain/policy.toml")
"""What the stacks follow from, beside the files of the functions that the infrastructure takes names from."""
DECLARED = ("tables", "routes", "events", "timetable")
"""Files in which a context declares what the infrastructure gathers (:mod:`functions.contexts`)."""


def synthesise(folder: Path) -> Prepared:
    """Return the stacks as the code says; the app is written to a folder."""
    from aws_cdk import App

    from infra.app import build

    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context={**flags, "target": "local", "endpoint": ENDPOINT})
    build(app)
    assembly = app.synth()
    names: dict[str, str] = {}
    for manifest in folder.glob("*.assets.json"):
        for key, asset in json.loads(manifest.read_text())["files"].items():
            if asset["source"]["packaging"] == "zip":
                built = folder / asset["source"]["path"]
                marked = (name for name, mark in MARKS.items() if (built / mark).exists())
                names[f"{key}.zip"] = next(marked, CODE)
    stacks = tuple(_kept(each, names) for each in assembly.stacks)
    sources = (*FOLLOWED, *imported())
    return Prepared(stacks=stacks, sources=sources, digest=digest(ROOT, sources))


def _kept(stack: Any, names: dict[str, str]) -> KeptStack:
    text = json.dumps(stack.template)
    for key, name in names.items():
        text = text.replace(key, name)
    return KeptStack(name=stack.stack_name, tags=dict(stack.tags), template=json.loads(text))


def imported() -> list[str]:
    """Return the files of the functions that the infrastructure takes names and values from."""
    functions = ROOT / "functions"
    found = {each for name in DECLARED for each in functions.glob(f"*/{name}.py")}
    for file in [functions / "contexts.py", *sorted((ROOT / "infra").rglob("*.py"))]:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "functions":
                package = ROOT.joinpath(*str(node.module).split("."))
                found |= {package / f"{each.name}.py" for each in node.names} | {package.with_suffix(".py")}
    return sorted(each.relative_to(ROOT).as_posix() for each in found if each.exists())


def main() -> int:
    """Write the stacks, or check that nothing has changed which they follow from."""
    if asked_to_check():
        kept = Prepared.of(ROOT)
        if kept is None or not kept.holds(ROOT):
            sys.stderr.write(f"{KEPT} is not what the infrastructure says: run `make docs`\n")
            return 1
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return write_or_check(ROOT / KEPT, synthesise(Path(folder)).text(), check=False)


if __name__ == "__main__":
    sys.exit(main())
