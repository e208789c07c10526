"""Plays the story on a new local cloud and writes ``docs/examples.json`` anew, then the document with it.

python -m tools.examples
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.support.stack import Stack
from tools import openapi
from tools.examples.play import Play


def main() -> int:
    """Record the examples."""
    with tempfile.TemporaryDirectory(prefix="memberday-") as folder:
        stack = Stack(Path(folder))
        try:
            stack.up()
            play = Play(stack)
            found: dict[str, dict[str, object]] = {}
            for call, played in play.run():
                found.setdefault(call.operation, {})[str(call.name)] = played.written()
        finally:
            stack.try_local("reset")
    recorded = {"year": play.year, "examples": found}
    openapi.EXAMPLES.write_text(json.dumps(recorded, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return openapi.main(check=False)


if __name__ == "__main__":
    sys.exit(main())
