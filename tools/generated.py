"""Documents that are written from the code: written anew, or checked to say what the code says."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def write_or_check(document: Path, text: str) -> int:
    """Write a document; with ``--check`` on the command line return 1 if the committed one differs."""
    if "--check" not in sys.argv[1:]:
        document.parent.mkdir(exist_ok=True)
        document.write_text(text, encoding="utf-8")
        return 0
    if not document.exists() or document.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"{document.relative_to(ROOT)} is not what the code says: run `make docs`\n")
        return 1
    return 0
