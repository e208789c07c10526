"""Documents that are written from the code: written anew, or checked to say what the code says."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def asked_to_check() -> bool:
    """Tell whether the command line asks to check, and not to write."""
    return "--check" in sys.argv[1:]


def write_or_check(document: Path, text: str, *, check: bool) -> int:
    """Write a document, or return 1 if the committed one differs and say so."""
    if not check:
        document.parent.mkdir(exist_ok=True)
        document.write_text(text, encoding="utf-8")
        return 0
    if not document.exists() or document.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"{document.relative_to(ROOT)} is not what the code says: run `make docs`\n")
        return 1
    return 0
