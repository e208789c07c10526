#!/bin/sh
# openapi-python-client: an operation whose body may be sent as two media types of one schema cannot be imported.
#
# Good guess: what the generator writes without a warning, under --fail-on-warning, is Python that runs.
# What happens: for a request body with application/json and application/merge-patch+json of one schema, it ends with 0 and
# says nothing; the module names `Unset`, which it does not import, and importing it raises NameError. One media type is fine.
# What we do: PATCH /members/me takes both, and the document names application/json only.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   openapi-python-client 0.29.1
#   one media type: generated, imported
#   two media types: generated, NameError: name 'Unset' is not defined
set -eu

packages="openapi-python-client==0.29.1 ruff==0.17.5"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
PATH="$folder/venv/bin:$PATH"
venv/bin/python - >seen <<'PYTHON'
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

print("openapi-python-client", version("openapi-python-client"))
schema = {"type": "object", "properties": {"name": {"type": "string"}}, "title": "Patch"}
content = {"schema": {"$ref": "#/components/schemas/Patch"}}
for says, types in (
    ("one media type", ["application/json"]),
    ("two media types", ["application/json", "application/merge-patch+json"]),
):
    patch = {
        "operationId": "change",
        "tags": ["things"],
        "requestBody": {"required": True, "content": {each: content for each in types}},
        "responses": {"204": {"description": "changed"}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": says, "version": "1"},
        "paths": {"/thing": {"patch": patch}},
        "components": {"schemas": {"Patch": schema}},
    }
    Path("document.json").write_text(json.dumps(document))
    made = says.replace(" ", "-")
    command = ["openapi-python-client", "generate", "--fail-on-warning", "--path", "document.json"]
    subprocess.run([*command, "--meta", "none", "--output-path", made.replace("-", "_")], check=True, stdout=subprocess.DEVNULL)
    code = f"import {made.replace('-', '_')}.api.things.change"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = ran.stderr.strip().splitlines()[-1].partition(". Did")[0] if ran.returncode else "imported"
    print(f"{says}: generated, {last}")
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
