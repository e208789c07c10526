"""What a bundle carries of the locked dependencies: what functions import, and what they call of AWS.

The SDK describes all of AWS, in data that it reads when a client is made. That was more than half of a bundle
of 33 MiB, and the list of every service's places, 1.2 MB of JSON, a tenth of a cold start. A bundle keeps the
models of the services that functions have clients of, and of these the operations that they call, without
what is told to people. Licences stay with what is carried.
"""

import ast
import gzip
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore import xform_name

SERVICES = (
    "apigatewayv2",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "events",
    "lambda",
    "secretsmanager",
    "sqs",
)
"""What functions make clients of (:mod:`functions.platform.sdk`)."""
ARCHIVE_SERVICES = ("s3",)
"""What the one does that copies records of what staff did (K7)."""
PAYMENTS_SERVICES = (*SERVICES, "s3")
"""What those of payments do: no other one has statements to read (Y8)."""
NOT_IMPORTED = ("boto3", "pycparser", "s3transfer")
"""Packages of a lock that no function imports: clients are botocore's, which is pinned by boto3, and what is
called of C is compiled."""
PARTS_LEFT_OUT = (
    "Cryptodome/SelfTest",
    "aws_lambda_powertools/event_handler",  # only where the document is written
    "bin",
    "borax/capp",  # programs with windows
    "borax/ui",
    *(f"borax/calendars/{part}" for part in ("dataset", "datepicker.py", "festivals2.py", "ui.py")),  # feasts
    "cffi",  # reads C; `cryptography` needs its compiled part only, and `Cryptodome` starts faster without
    "dateutil/rrule.py",  # what recurs, as calendars say it
    "dateutil/zoneinfo",  # a second copy of the time zones
    *(f"phonenumbers/{part}" for part in ("geodata", "carrierdata", "tzdata")),  # where, whose, at what time
    "pydantic/mypy.py",
    "pydantic/v1",
    "urllib3/contrib/emscripten",  # in a browser
    *(f"stripe/{part}" for part in ("events", "params", "test_helpers")),  # types, and what we never ask for
    "wechatpayv3/async_",
)
"""What no function imports. Of Stripe's SDK all classes stay: it imports those that an answer names."""
FILES_LEFT_OUT = (
    "phonenumbers/shortdata/region_",  # short numbers of each region
    "tzdata/zoneinfo/tzdata.zi",  # what the zones were compiled from, and where on a map they are
    "tzdata/zoneinfo/zone",
)
"""What the names begin with of files that nobody imports or reads whose package is."""
UTILITIES = "aws_lambda_powertools/utilities"
UTILITIES_KEPT = frozenset({"__init__.py", "jmespath_utils"})
"""What Powertools' logger imports of its utilities."""
_DATA = Path("botocore", "data")
_GENERAL_DATA = frozenset({"_retry.json", "partitions.json", "sdk-default-configuration.json"})
_ENDPOINTS = "endpoints.json"
_MODEL = "service-2.json"
_MODEL_PARTS = (_MODEL, "endpoint-rule-set-1.json", "service-2.sdk-extras.json")
_RECORDS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "WHEEL", "top_level.txt"})
"""What an installer notes of a package; what it is and under which licence stays."""


def called(sources: Iterable[Path]) -> frozenset[str]:
    """Return every name that code asks something for: among them the operations of AWS that it calls."""
    return frozenset(
        node.attr
        for file in sources
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    )


def carry(libraries: Path, into: Path, names: frozenset[str], services: Sequence[str] = SERVICES) -> None:
    """Copy of installed libraries what a bundle carries into a folder that is there.

    Parameters
    ----------
    names
        What the code asks for, as :func:`called` finds it: no other operation of AWS is carried.
    services
        What clients are made of.
    """
    for file in _carried(libraries):
        place = into / file
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.name == "METADATA":
            place.write_bytes(_without_its_page((libraries / file).read_bytes()))
        else:
            shutil.copyfile(libraries / file, place)
    _carry_endpoints(libraries, into, services)
    for service in services:
        _carry_model(libraries, into, service, names)


def _carried(libraries: Path) -> Iterator[Path]:
    """Give the files that are carried as they are, by their place in the libraries."""
    for path in sorted(libraries.rglob("*")):
        file = path.relative_to(libraries)
        if path.is_file() and not _is_left_out(file):
            yield file


def _is_left_out(file: Path) -> bool:
    name = file.as_posix()
    package = file.parts[0].partition("-")[0]
    return (
        "__pycache__" in file.parts
        or file.suffix == ".pyi"
        or package in NOT_IMPORTED
        or any(name == part or name.startswith(f"{part}/") for part in PARTS_LEFT_OUT)
        or name.startswith(FILES_LEFT_OUT)
        or (name.startswith(f"{UTILITIES}/") and file.parts[2] not in UTILITIES_KEPT)
        or (file.is_relative_to(_DATA) and file.name not in _GENERAL_DATA)
        or (file.parts[0].endswith(".dist-info") and (file.name in _RECORDS or "sboms" in file.parts))
    )


def _without_its_page(metadata: bytes) -> bytes:
    """Return what a package says of itself, without the page that its registry shows."""
    return metadata.partition(b"\n\n")[0] + b"\n"


def _carry_endpoints(libraries: Path, into: Path, wanted: Sequence[str]) -> None:
    """Carry where the services are that functions call, in each partition of AWS."""
    places = json.loads((libraries / _DATA / _ENDPOINTS).read_bytes())
    for partition in places["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in wanted if name in services}
    _write(into / _DATA / _ENDPOINTS, places)


def _carry_model(libraries: Path, into: Path, service: str, names: frozenset[str]) -> None:
    """Carry a service's newest model, by which the SDK makes a client of it."""
    newest = max((libraries / _DATA / service).iterdir())
    for part in _MODEL_PARTS:
        packed, plain = newest / f"{part}.gz", newest / part
        if packed.exists():
            described = json.loads(gzip.decompress(packed.read_bytes()))
        elif plain.exists():
            described = json.loads(plain.read_bytes())
        else:
            continue
        if part == _MODEL:
            described = _of_called(described, names)
        plain_model = _undocumented(described)
        for setting in plain_model.get("clientContextParams", {}).values():
            setting["documentation"] = ""  # which the SDK wants to be there, of S3's
        _write(into / _DATA / service / newest.name / part, plain_model)


def _of_called(model: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Return a service's model with the operations that are called, and the shapes that these reach."""
    operations = {
        name: operation for name, operation in model["operations"].items() if xform_name(name) in names
    }
    shapes: dict[str, Any] = {}
    wanted = list(_referenced(list(operations.values())))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            wanted += _referenced(shapes[name])
    return {**model, "operations": operations, "shapes": {name: shapes[name] for name in sorted(shapes)}}


def _referenced(described: Any) -> Iterator[str]:
    """Give the names of the shapes that a part of a model names."""
    if isinstance(described, dict):
        if isinstance(described.get("shape"), str):
            yield described["shape"]
        for value in described.values():
            yield from _referenced(value)
    elif isinstance(described, list):
        for each in described:
            yield from _referenced(each)


def _undocumented(described: Any) -> Any:
    """Return a model without what it tells people; a field that is called so is no text, and stays."""
    if isinstance(described, dict):
        return {
            name: _undocumented(value)
            for name, value in described.items()
            if name != "documentation" or not isinstance(value, str)
        }
    if isinstance(described, list):
        return [_undocumented(each) for each in described]
    return described


def _write(file: Path, described: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(described, separators=(",", ":")), encoding="utf-8")
