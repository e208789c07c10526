"""The functions' code as Lambda gets it: the project's functions and the locked runtime dependencies.

The dependencies come from the hash lock for the target's platform, once per lock, without Docker: for Lambda
pip installs them, for this machine they are copied from the environment, which has them already. Of these a
bundle carries what functions use (:mod:`infra.carried`).

The policy is checked when a bundle is built, and carried as plain data with its checksum: one that is wrong,
or another one, starts nowhere. The file itself is there to be shown, where somebody may ask for it.

Bytecode is compiled ahead where an interpreter of the runtime's version is at hand: CDK's archive dates files
1980, which makes Python throw timestamped bytecode away and compile at every cold start.

The function that copies records of what staff did has one of its own, too: the same, and what asks S3, which
would be a twelfth of all others.

Functions of payments have a bundle of their own, made alike from a lock of their own: the providers' SDKs are
twice what all others carry, who have nothing in reach that signs or reads a key (Y1). Our own code is in
both, but for what asks providers and reads their statements.

The function that shows the API's document has a bundle of its own, too: its code without dependencies, and
what it serves, compressed ahead.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from functions.domain import policy as policies
from infra import carried
from infra.alone import alone

ROOT = Path(__file__).parent.parent
LOCKS = ROOT / "requirements"
SOURCES = ROOT / "functions"
BUILD = ROOT / ".build"
KEPT_SECONDS = 2 * 60 * 60
"""How long a bundle stays that is asked for no more: longer than the whole suite, which deploys several."""
DRAFTS = ".draft-"
LOCK = "bundles.lock"
"""Held by who looks for what is built, and by who removes it."""
DOCUMENT = ROOT / "docs" / "openapi.json"
DOCUMENTS = SOURCES / "documents"
PAGE = ("page.html", "page.js")
SWAGGER_UI = "aws_lambda_powertools/event_handler/openapi/swagger_ui"
"""Where Powertools, which the lock pins by its hash, carries Swagger UI."""
FROM_SOURCE = ("python-alipay-sdk",)
"""Packages that are published as source only, which is Python alone: what is made of it fits any platform."""
LOCKED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)
CARRIED = Path(carried.__file__)
POLICY = policies.FILE.relative_to(ROOT)
_DIGEST_CHARACTERS = 16
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


class BundleError(Exception):
    """The bundle could not be built; the message says what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What a bundle is built for."""

    name: str
    python: str
    """``3.14``: the minor version that runs the code."""
    wheels: tuple[str, ...]
    """pip's platform tags, or none for the interpreter that builds."""


LAMBDA_ARM64 = Platform(
    name="lambda-arm64",
    python="3.14",
    wheels=(
        "manylinux2014_aarch64",
        "manylinux_2_17_aarch64",
        "manylinux_2_28_aarch64",
        "manylinux_2_34_aarch64",
    ),
)
HOST = Platform(name="host", python=f"{sys.version_info.major}.{sys.version_info.minor}", wheels=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of bundle: the lock of what it carries, and what its folders' names begin with."""

    lock: Path
    prefix: str = ""
    libraries: str = ""
    """What folders of what its lock installs begin with: kinds with one lock have them together."""
    services: tuple[str, ...] = carried.SERVICES
    left_out: tuple[str, ...] = ()
    """Parts of our own code that none of its functions imports."""


MAIN = Kind(
    lock=LOCKS / "runtime.txt",
    left_out=(
        "audit/stream.py",
        "payments/providers/alipay.py",
        "payments/providers/stripe.py",
        "payments/providers/wechatpay.py",
        "payments/reconciling.py",
        "payments/statements",
        "platform/bucket.py",
    ),
)
PAYMENTS = Kind(
    lock=LOCKS / "payments.txt",
    prefix="payments-",
    libraries="payments-",
    services=carried.PAYMENTS_SERVICES,
    left_out=("domain/policy.toml",),
)
ARCHIVE = Kind(lock=LOCKS / "runtime.txt", prefix="archive-", services=carried.ARCHIVE_SERVICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A built bundle: its folder, and the digest of all that went into it."""

    folder: Path
    digest: str
    compiled: bool


def build(platform: Platform) -> Bundle:
    """Build the bundle of all functions but those of payments for a platform, or find it built.

    Raises
    ------
    BundleError
        The dependencies could not be installed.
    PolicyError
        The policy breaks a rule; the message names the field.
    """
    return _code(MAIN, platform)


def payments(platform: Platform) -> Bundle:
    """Build the bundle of the functions of payments for a platform, or find it built: as :func:`build`."""
    return _code(PAYMENTS, platform)


def archive(platform: Platform) -> Bundle:
    """Build the bundle of what copies records of staff (K7), or find it built: as :func:`build`."""
    return _code(ARCHIVE, platform)


def _code(kind: Kind, platform: Platform) -> Bundle:
    compiler = _interpreter(platform.python)
    policy = policies.packed(policies.load(policies.FILE))
    libraries = _carried_libraries(kind, platform, compiler)
    digest = _digest(libraries.name, *kind.left_out, *_sources())
    folder = BUILD / f"{kind.prefix}{platform.name}-{digest}"
    if not _found(folder):
        with _draft_of(folder) as draft:
            shutil.copytree(libraries, draft, symlinks=True, dirs_exist_ok=True)
            shutil.copytree(SOURCES, draft / SOURCES.name, ignore=_LEFT_OUT)
            for part in kind.left_out:
                _remove(draft / SOURCES.name / part)
            (draft / POLICY).with_name(policies.PACKED.name).write_text(policy, encoding="utf-8")
            _compile(compiler, draft / SOURCES.name)
    return Bundle(folder=folder, digest=digest, compiled=compiler is not None)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def libraries(platform: Platform, kind: Kind = MAIN) -> Path:
    """Return the folder with all installed dependencies: what a bundle carries is a part of them.

    Raises
    ------
    BundleError
        They could not be installed.
    """
    return _libraries(kind, platform)


def documents(platform: Platform) -> Bundle:
    """Build the bundle that serves the API's document for a platform, or find it built.

    Raises
    ------
    BundleError
        The dependencies, which Swagger UI comes with, could not be installed.
    """
    compiler = _interpreter(platform.python)
    libraries = _libraries(MAIN, platform)
    code = [SOURCES / "__init__.py", *sorted(DOCUMENTS.glob("*.py"))]
    served = _served(libraries)
    digest = _digest(
        platform.python,
        str(compiler is not None),
        *(each.read_text() for each in code),
        *(f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in served.items()),
    )
    folder = BUILD / f"documents-{platform.name}-{digest}"
    if not _found(folder):
        with _draft_of(folder) as draft:
            files = draft / DOCUMENTS.relative_to(ROOT) / "files"
            files.mkdir(parents=True)
            for each in code:
                shutil.copyfile(each, draft / each.relative_to(ROOT))
            for name, content in served.items():
                (files / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
            _compile(compiler, draft)
    return Bundle(folder=folder, digest=digest, compiled=compiler is not None)


def _served(libraries: Path) -> dict[str, bytes]:
    """Return what the page of the document is made of, by the names under which it is served."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    # Relative to where the document is served: the API that serves it, whatever prefix it stands under.
    document["servers"] = [{"url": "..", "description": "This deployment"}]
    swagger_ui = libraries / SWAGGER_UI
    return {
        **{name: (DOCUMENTS / name).read_bytes() for name in PAGE},
        "swagger-ui.js": (swagger_ui / "swagger-ui-bundle.min.js").read_bytes(),
        "swagger-ui.css": (swagger_ui / "swagger-ui.min.css").read_bytes(),
        "openapi.json": json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
    }


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which takes the final name when it is complete and replaces older ones.

    One that somebody asked for a short while ago stays: another process may be deploying it.
    """
    draft = _draft()
    try:
        yield draft
        draft.chmod(0o755)
        with suppress(OSError):  # another process was faster with the same contents
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _remove_older(folder)


def _draft() -> Path:
    return Path(tempfile.mkdtemp(prefix=DRAFTS, dir=BUILD))


def _found(folder: Path) -> bool:
    """Tell whether a folder is built; one that is stays for another while."""
    with alone(BUILD / LOCK):
        try:
            os.utime(folder)
        except FileNotFoundError:
            return False
        return True


def _remove_older(folder: Path) -> None:
    """Remove what nobody has asked for since long: older ones of a folder's kind, and drafts of the killed.

    All times are those of the file system: the CDK of a local cloud lives at the cloud's time, weeks ahead.
    """
    kind, _, _ = folder.name.rpartition("-")
    gone = _draft()
    try:
        now = gone.stat().st_mtime
        with alone(BUILD / LOCK):
            for older in (*BUILD.glob(f"{kind}-*"), *BUILD.glob(f"{DRAFTS}*")):
                with suppress(FileNotFoundError):  # a draft that its process has just completed
                    if now - older.stat().st_mtime > KEPT_SECONDS:
                        older.rename(gone / older.name)  # never half of one under its name, whatever happens
    finally:
        shutil.rmtree(gone, ignore_errors=True)


def _sources() -> list[str]:
    parts: list[str] = []
    for file in sorted(SOURCES.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            parts += [str(file.relative_to(ROOT)), hashlib.sha256(file.read_bytes()).hexdigest()]
    return parts


def _libraries(kind: Kind, platform: Platform) -> Path:
    """Return the folder with the installed dependencies, made if the lock is new; none of it is compiled."""
    digest = _digest(kind.lock.read_text(), platform.python, *platform.wheels)
    folder = BUILD / f"libraries-{kind.libraries}{platform.name}-{digest}"
    if _found(folder):
        return folder
    with _draft_of(folder) as draft:
        if platform.wheels or not _copy_installed(kind.lock, draft):
            _install(kind.lock, platform, draft)
    return folder


def _carried_libraries(kind: Kind, platform: Platform, compiler: str | None) -> Path:
    """Return the folder with what a bundle carries of the dependencies, made if lock or choice are new."""
    libraries = _libraries(kind, platform)
    names = carried.called(SOURCES.rglob("*.py"))
    compiled = str(compiler is not None)
    digest = _digest(libraries.name, compiled, CARRIED.read_text(encoding="utf-8"), *sorted(names))
    folder = BUILD / f"carried-{kind.prefix}{platform.name}-{digest}"
    if not _found(folder):
        with _draft_of(folder) as draft:
            carried.carry(libraries, draft, names, kind.services)
            _compile(compiler, draft)
    return folder


def _copy_installed(lock: Path, into: Path) -> bool:
    """Copy the locked packages from this environment, which has them from locks with the same hashes.

    Returns
    -------
    bool
        Whether they were all there, at the locked versions; if not, they must be installed.
    """
    found = []
    for name, version in LOCKED.findall(lock.read_text()):
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            return False
        if package.version != version or package.files is None:
            return False
        found.append(package)
    for package in found:
        for file in package.files or ():
            if ".." in file.parts or "__pycache__" in file.parts:  # what pip makes of it on this machine
                continue
            place = into / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(package.locate_file(file)), place)
    return True


def _install(lock: Path, platform: Platform, into: Path) -> None:
    """Install the locked packages for a platform with pip."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
        "--require-hashes",
        "--upgrade",
        "--target",
        str(into),
        "--requirement",
        str(lock),
    ]
    if platform.wheels:
        command += ["--only-binary=:all:", *(f"--no-binary={name}" for name in FROM_SOURCE)]
        command += ["--implementation", "cp", "--python-version", platform.python]
        command += [f"--platform={tag}" for tag in platform.wheels]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if result.returncode:
        raise BundleError(f"dependencies for {platform.name}: {result.stderr.strip()[-2000:]}")


def _interpreter(version: str) -> str | None:
    """Return an interpreter of this minor version, or None."""
    if version == HOST.python:
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        return None
    probe = subprocess.run([found, "-c", ""], capture_output=True, check=False)  # noqa: S603 - found on PATH
    return found if probe.returncode == 0 else None


def _compile(interpreter: str | None, folder: Path) -> None:
    """Compile a folder's code for good: the bytecode is used whatever date the source has."""
    if interpreter is None:
        return
    command = [interpreter, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(folder)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:_DIGEST_CHARACTERS]
