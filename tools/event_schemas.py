"""Writes docs/events, a JSON Schema of each event's detail, from its fields; or checks that they agree.

python -m tools.event_schemas [--check]
"""

import json
import sys
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, get_type_hints

from pydantic import ConfigDict, Field, create_model

from functions import contexts
from functions.platform.bus import TOLD_AS, Event
from functions.platform.shapes import StoreTime
from tools.generated import DOCS, asked_to_check, write_or_check

FOLDER = DOCS / "events"


def schema(event: type[Event]) -> dict[str, Any]:
    """Return the schema of an event's detail as it goes over the bus."""
    hints = get_type_hints(event)
    told: dict[str, Any] = {}
    for each in fields(event):
        kind = StoreTime if hints[each.name] is datetime else hints[each.name]
        default = ... if each.default is MISSING else each.default
        described_as = each.metadata.get("description")
        told[each.name] = kind, Field(default, alias=each.metadata.get(TOLD_AS), description=described_as)
    model = create_model(event.__name__, __config__=ConfigDict(extra="forbid"), __doc__=event.__doc__, **told)
    described = model.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def main() -> int:
    """Write the schemas, or check them."""
    failed = 0
    for event in contexts.events().values():
        text = json.dumps(schema(event), indent=2, ensure_ascii=False) + "\n"
        failed |= write_or_check(FOLDER / f"{event.__name__}.json", text, check=asked_to_check())
    return failed


if __name__ == "__main__":
    sys.exit(main())
