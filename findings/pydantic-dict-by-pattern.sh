#!/bin/sh
# pydantic: a dict whose keys have a pattern refuses other keys, and its JSON Schema allows them, with anything.
#
# Good guess: the schema that a model writes of itself admits what the model takes, as it does for keys without a pattern.
# What happens: the pattern makes `patternProperties`, which says nothing of names that do not match, and nothing else does:
# a validator takes {"two words": null}, pydantic refuses it. What reads the schema to make code sees no type at all:
# openapi-python-client 0.29.1 writes `dict[str, Any]`. With `additionalProperties` and the pattern at `propertyNames`, which
# say all, both agree with the model, and the generated code is typed.
# What we do: `functions/offers/campaign_schema.py` writes the two for a flash's items.
#
# Seen on 2026-11-30, with Python 3.11, twice:
#   pydantic 2.14.3, jsonschema 4.26.0
#   keys without a pattern: additionalProperties; a wrong value: pydantic refuses, the schema refuses
#   keys with a pattern: patternProperties; a wrong key and value: pydantic refuses, the schema takes it
#   keys with a pattern, said by propertyNames: a wrong key: the schema refuses
set -eu

packages="pydantic==2.14.3 jsonschema==4.26.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
from importlib.metadata import version
from typing import Annotated

from jsonschema import Draft202012Validator
from pydantic import Field, TypeAdapter, ValidationError

print(f"pydantic {version('pydantic')}, jsonschema {version('jsonschema')}")
Sku = Annotated[str, Field(pattern="^[a-z-]+$")]
kinds = ("additionalProperties", "patternProperties")


def answer(adapter, value):
    try:
        adapter.validate_python(value)
    except ValidationError:
        return "pydantic refuses"
    return "pydantic takes it"


def of(schema, value):
    return "the schema takes it" if Draft202012Validator(schema).is_valid(value) else "the schema refuses"


units, by_sku = TypeAdapter(dict[str, int]), TypeAdapter(dict[Sku, int])
assert answer(by_sku, {"tea": 1}) == "pydantic takes it"
for says, adapter, asked, value in (
    ("keys without a pattern", units, "a wrong value", {"tea": None}),
    ("keys with a pattern", by_sku, "a wrong key and value", {"two words": None}),
):
    schema = adapter.json_schema()
    (kind,) = [each for each in kinds if each in schema]
    print(f"{says}: {kind}; {asked}: {answer(adapter, value)}, {of(schema, value)}")
((pattern, item),) = by_sku.json_schema()["patternProperties"].items()
said = {"type": "object", "propertyNames": {"pattern": pattern}, "additionalProperties": item}
print(f"keys with a pattern, said by propertyNames: a wrong key: {of(said, {'two words': 1})}")
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
