"""Builds and checks the pages of ``web/`` with the Node that stands in the virtual environment (K4).

python -m tools.web [build | check | test]

``build`` does nothing where nothing has changed since it last came to its end.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.alone import alone
from tools.generated import DOCS, ROOT

WEB = ROOT / "web"
APPS = ("console", "storefront")
DOCUMENT = DOCS / "openapi.json"
MADE_FROM = ROOT / ".build" / "web.txt"
"""The file that says what the pages were built from."""
COMMANDS = ("build", "check", "test")
NOT_SOURCES = {"node_modules", "dist"}
GENERATED = {"codes.ts", "rights.ts", "schema.d.ts"}
SECONDS_MAX = 600


class WebError(Exception):
    """The pages cannot be built, or are not as they have to be; the message is what the tools say."""


def build() -> bool:
    """Build both apps, unless they are built from just this; tell whether anything was done.

    Many processes may do so at the same time.

    Raises
    ------
    WebError
        They cannot be built, or an app's first page is larger than it may be.
    """
    with alone(MADE_FROM.with_suffix(".lock")):
        made_from = _made_from()
        if _built() and MADE_FROM.exists() and MADE_FROM.read_text(encoding="utf-8") == made_from:
            return False
        MADE_FROM.unlink(missing_ok=True)
        run("build")
        MADE_FROM.write_text(made_from, encoding="utf-8")
        return True


def run(script: str) -> str:
    """Run a script of ``web/package.json``, and return what it says.

    Raises
    ------
    WebError
        It fails.
    """
    beside = Path(sys.executable).parent  # where Node and npm are
    result = subprocess.run(  # noqa: S603 - our own script
        [str(beside / "npm"), "run", "--silent", script],
        cwd=WEB,
        env={
            **os.environ,
            "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )
    said = f"{result.stdout}{result.stderr}".strip()
    if result.returncode:
        raise WebError(said)
    return said


def sources() -> Iterator[Path]:
    """Give the files that the pages follow from."""
    yield DOCUMENT
    for folder, folders, files in os.walk(WEB):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(files) if name not in GENERATED)


def _built() -> bool:
    return all((WEB / app / "dist" / "index.html").is_file() for app in APPS)


def _made_from() -> str:
    digest = hashlib.sha256()
    for file in sources():
        digest.update(f"{file.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{digest.hexdigest()}\n"


def main() -> int:
    """Do what the command line asks."""
    command = sys.argv[1] if len(sys.argv) > 1 else "build"
    if command not in COMMANDS:
        sys.stderr.write(f"usage: python -m tools.web [{' | '.join(COMMANDS)}]\n")
        return 2
    try:
        if command == "build":
            sys.stdout.write("web: built\n" if build() else "web: built already\n")
        else:
            run(command)
    except WebError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
