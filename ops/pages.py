"""Putting the console and the storefront where browsers get them, and telling them where everything is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.errors import OpsError
from ops.stack import Stack

APPS = ("console", "storefront")
INDEX = "index.html"
CONFIG = "config.json"
RELEASES = "releases.json"
"""Which files this release has, and which the one before: who still has that one open loads parts of it."""
ASSETS = "assets/"
"""What has its own contents in its name, and so is never another one."""
FOR_A_YEAR = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
KINDS: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By what a name ends with; what a machine says by itself differs from the next one's."""
LEFT_HERE = frozenset({".map"})
"""What tells a developer where a script came from."""
FILES_MAX = 2_000
DELETED_AT_ONCE = 1_000
"""As many as S3 takes in one call."""


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing an app has brought about."""

    app: str
    url: str
    put: tuple[str, ...]
    deleted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _File:
    contents: bytes

    @property
    def tag(self) -> str:
        """What S3 calls contents that were put at once."""
        return hashlib.md5(self.contents, usedforsecurity=False).hexdigest()


def built(folder: Path) -> bool:
    """Whether an app has been built into a folder."""
    return (folder / INDEX).is_file()


def dist_of(root: Path, app: str) -> Path:
    """Where an app is built to, in a project."""
    return root / "web" / app / "dist"


def config(stack: Stack, app: str, zone: str, tiers: Sequence[str] = ()) -> dict[str, str | list[str]]:
    """What an app has to know of the deployment, which it asks for when it starts.

    ``zone`` and ``tiers``, the codes from the first tier up, are the policy's: who runs campaigns chooses
    among tiers, and may not read the policy.

    Raises
    ------
    OpsError
        The stack does not say so: it is of before there were pages.
    """
    outputs = stack.outputs()
    try:
        return {
            "api": outputs["ApiUrl"],
            "sign_in": outputs["SignInUrl"],
            "issuer": outputs["TokenIssuer"],
            "client_id": outputs[f"{app.title()}ClientId"],
            "region": outputs["UserPoolId"].partition("_")[0],
            "stage": stack.name.partition("-")[2],
            "zone": zone,
            "tiers": list(tiers),
        }
    except KeyError as error:
        raise OpsError(f"{stack.name} tells no {error.args[0]}: deploy it first") from None


def publish(
    stack: Stack,
    app: str,
    folder: Path,
    zone: str,
    tiers: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> Published:
    """Bring an app's files to its bucket: what is new first, the page that loads them then.

    A repeat puts nothing that is there already. What neither this release has nor the one before goes last.
    ``more`` is what the app is told beside what every deployment tells it.

    Raises
    ------
    OpsError
        Nothing has been built there, or something that no browser would be told the kind of; nothing has
        been put then.
    """
    files = _files(folder)
    files[CONFIG] = _File(_text({**config(stack, app, zone, tiers), **(more or {})}))
    bucket = stack.outputs()[f"{app.title()}BucketName"]
    s3 = stack.aws.client("s3")
    there = dict(_there(s3, bucket))
    releases = _releases(s3, bucket, there, files)
    files[RELEASES] = _File(_text(releases))
    put = [name for name in _in_order(files) if there.get(name) != files[name].tag]
    for name in put:
        s3.put_object(
            Bucket=bucket,
            Key=name,
            Body=files[name].contents,
            ContentType=KINDS[Path(name).suffix],
            CacheControl=FOR_A_YEAR if name.startswith(ASSETS) else ASK_EACH_TIME,
        )
    wanted = {*releases["now"], *releases["before"], RELEASES}
    gone = sorted(there.keys() - wanted)
    for start in range(0, len(gone), DELETED_AT_ONCE):
        some = [{"Key": name} for name in gone[start : start + DELETED_AT_ONCE]]
        failed = s3.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True}).get("Errors", [])
        if failed:
            raise OpsError(f"{app} is published, but {failed[0]['Key']} of before stays: {failed[0]['Code']}")
    return Published(app, stack.outputs()[f"{app.title()}Url"], tuple(put), tuple(gone))


def _files(folder: Path) -> dict[str, _File]:
    if not built(folder):
        raise OpsError(f"{folder} has no {INDEX}: build the pages first, by `make web`")
    found: dict[str, _File] = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if not file.is_file() or file.suffix in LEFT_HERE or name in (CONFIG, RELEASES):
            continue
        if file.suffix not in KINDS:
            raise OpsError(f"{file}: no browser would be told what it is; there are {', '.join(KINDS)}")
        found[name] = _File(file.read_bytes())
    if len(found) > FILES_MAX:
        raise OpsError(f"{folder} has {len(found)} files, and no app has more than {FILES_MAX}")
    return found


def _in_order(files: Mapping[str, _File]) -> list[str]:
    """Return what to put when: a page is there after all that it loads, and what is known of it at last."""
    last = (CONFIG, INDEX, RELEASES)
    return [*sorted(name for name in files if name not in last), *last]


def _there(s3: Any, bucket: str) -> Iterator[tuple[str, str]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", []):
            yield each["Key"], each["ETag"].strip('"')


def _releases(
    s3: Any, bucket: str, there: Mapping[str, str], files: Mapping[str, _File]
) -> dict[str, list[str]]:
    """Return the files of this release and of the one before; the same release again is no new one."""
    now = sorted(files)
    if RELEASES not in there:
        return {"now": now, "before": []}
    known = json.loads(s3.get_object(Bucket=bucket, Key=RELEASES)["Body"].read())
    return {"now": now, "before": known["before"] if known["now"] == now else known["now"]}


def _text(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()
