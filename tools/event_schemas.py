"""Writes docs/events, a JSON Schema of each event's detail, from the models; or checks that they agree.

python -m tools.event_schemas [--check]
"""

import json
import sys
from typing import Any

from functions import contexts
from functions.platform.bus import Event
from tools.generated import DOCS, asked_to_check, write_or_check

FOLDER = DOCS / "events"


def schema(event: type[Event]) -> dict[str, Any]:
    """Return the schema of an event's detail as it goes over the bus."""
    described = event.model_json_schema(mode="serialization")
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
