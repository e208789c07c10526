"""Generates a typed Python client from docs/openapi.json into .build/client, where it is not there yet.

python -m tools.client [--quiet]
"""

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from infra.alone import alone
from tools.generated import DOCS

DOCUMENT = DOCS / "openapi.json"
FOLDER = DOCS.parent / ".build" / "client"
CONFIG = Path(__file__).with_name("client.json")
GENERATOR = "openapi-python-client"
MADE_FROM = "made-from.txt"
"""The file that says what a client was generated from."""


class ClientError(Exception):
    """No client can be generated from the document; the message is what the generator says."""


def write(document: Path = DOCUMENT, folder: Path = FOLDER) -> None:
    """Generate the client, unless it is there, made from the same document by the same generator.

    Many processes may do so at the same time; a folder that is there is whole.

    Raises
    ------
    ClientError
        Something in the document cannot be generated, or only in part. The folder stays as it was.
    """
    with alone(folder.with_name(f"{folder.name}.lock")):
        made_from, mark = _made_from(document), folder / MADE_FROM
        if not mark.exists() or mark.read_text(encoding="utf-8") != made_from:
            _replace(document, folder, made_from)
    importlib.invalidate_caches()  # whoever looked for it before has remembered that it was not there


def _replace(document: Path, folder: Path, made_from: str) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        new = Path(made) / folder.name
        _generate(document, new)
        (new / MADE_FROM).write_text(made_from, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)


def _made_from(document: Path) -> str:
    digest = hashlib.sha256(document.read_bytes() + CONFIG.read_bytes()).hexdigest()
    return f"{GENERATOR} {version(GENERATOR)} {digest}\n"


def _generate(document: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    files = ["--path", str(document), "--config", str(CONFIG), "--output-path", str(folder)]
    beside = Path(sys.executable).parent  # the generator formats with ruff, which it looks for on the path
    result = subprocess.run(  # noqa: S603 - our own generator
        [*command, "--meta", "setup", *files],
        env={**os.environ, "PATH": f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise ClientError(f"{result.stdout}{result.stderr}".strip())


def main() -> int:
    """Generate the client, and say where it is."""
    try:
        write()
    except ClientError as error:
        sys.stderr.write(f"{error}\nno client can be generated from docs/openapi.json\n")
        return 1
    if "--quiet" not in sys.argv[1:]:
        print(f"client: {FOLDER.relative_to(DOCS.parent)}, for a shop: pip install {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
