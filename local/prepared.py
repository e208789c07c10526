"""The stacks as the CDK has synthesised them for the local cloud, kept so that a first start needs no CDK.

``make docs`` writes them, with the files that they follow from (:mod:`tools.prepared`). As long as those are
what they were, a deployment asks CloudFormation itself, as ``cdk deploy`` would; otherwise it is the CDK's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import LocalError
from reach.aws import Aws
from reach.folder import write_atomically

KEPT = Path("local") / "stacks.json"
ENDPOINT = "http://endpoint.invalid"
"""What stands in a kept template for the cloud's endpoint, which is known when it is deployed."""
CODE = "functions.zip"
DOCUMENTS = "documents.zip"
PAYMENTS = "payments.zip"
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
UNSEEN = {"__pycache__"}
STACK_SECONDS_MAX = 600.0
POLL_SECONDS = 0.2
GONE = ("DELETE_COMPLETE",)
FAILED_AT_BIRTH = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED")
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
EPOCH = (1980, 1, 1, 0, 0, 0)
FAILURES_SHOWN = 5


def digest(root: Path, sources: Iterable[str], *extra: str) -> str:
    """A fingerprint of the names and contents of all sources, and of whatever else decides."""
    total = hashlib.sha256()
    for text in extra:
        total.update(f"{text}\n".encode())
    for source in sources:
        path = root / source
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            if UNSEEN.isdisjoint(file.parts):
                content = hashlib.sha256(file.read_bytes()).hexdigest()
                total.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStack:
    """One stack, without the cloud's endpoint and the names of its code."""

    name: str
    tags: Mapping[str, str]
    template: Mapping[str, Any]

    def deployable(self, names: Mapping[str, str]) -> str:
        """Return the template with what stands for something replaced by it."""
        text = json.dumps(self.template)
        for placeholder, name in names.items():
            text = text.replace(placeholder, name)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The kept stacks in the order in which they are deployed, and what they follow from."""

    stacks: tuple[KeptStack, ...]
    sources: tuple[str, ...]
    digest: str

    @classmethod
    def of(cls, root: Path) -> Prepared | None:
        """Return the stacks kept in a project; None where there are none."""
        try:
            kept = json.loads((root / KEPT).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(
            stacks=tuple(KeptStack(**each) for each in kept["stacks"]),
            sources=tuple(kept["sources"]),
            digest=kept["digest"],
        )

    def holds(self, root: Path) -> bool:
        """Whether all that the stacks follow from is as it was when they were synthesised."""
        return digest(root, self.sources) == self.digest

    def text(self) -> str:
        """Return what is kept, a resource a line, so that a change can be read."""
        stacks = ",\n".join(_stack_text(each) for each in self.stacks)
        head = f'"digest": "{self.digest}",\n"sources": {json.dumps(self.sources)}'
        return f'{{\n{head},\n"stacks": [\n{stacks}\n]\n}}\n'


def _stack_text(stack: KeptStack) -> str:
    sections = []
    for name, section in stack.template.items():
        if isinstance(section, Mapping):
            entries = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in section.items())
            sections.append(f"{json.dumps(name)}: {{\n{entries}\n}}")
        else:
            sections.append(f"{json.dumps(name)}: {json.dumps(section)}")
    template = ",\n".join(sections)
    return (
        f'{{"name": "{stack.name}", "tags": {json.dumps(dict(stack.tags))}, "template": {{\n{template}\n}}}}'
    )


class Deployer:
    """Brings kept stacks to a local cloud."""

    def __init__(self, aws: Aws, bucket: str, log: Path) -> None:
        self._aws = aws
        self._bucket = bucket
        self._log = log
        self._stacks = aws.client("cloudformation")
        self._objects = aws.client("s3")

    def deploy(self, prepared: Prepared, say: Callable[[str], None]) -> None:
        """Publish the code and deploy stack after stack.

        Raises
        ------
        LocalError
            A stack was not deployed; the message has the resources that failed, and why.
        """
        begun = time.monotonic()
        names = {ENDPOINT: self._aws.endpoint, **self._publish()}
        say(f"published the code ({time.monotonic() - begun:.1f} s)")
        begun = time.monotonic()
        write_atomically(self._log, "")
        for stack in prepared.stacks:
            self._deploy(stack, stack.deployable(names))
        say(f"deployed ({time.monotonic() - begun:.1f} s)")

    def _publish(self) -> dict[str, str]:
        """Upload the functions' bundles under names that follow from their contents."""
        from infra import bundle

        names = {}
        for placeholder, built in (
            (CODE, bundle.build(bundle.HOST)),
            (DOCUMENTS, bundle.documents(bundle.HOST)),
            (PAYMENTS, bundle.payments(bundle.HOST)),
        ):
            names[placeholder] = f"{built.digest}.zip"
            with tempfile.TemporaryFile() as archive:
                _pack(built.folder, archive)
                archive.seek(0)
                self._objects.put_object(Bucket=self._bucket, Key=names[placeholder], Body=archive)
        return names

    def _deploy(self, stack: KeptStack, template: str) -> None:
        from botocore.exceptions import ClientError

        key = f"{hashlib.sha256(template.encode()).hexdigest()}.json"
        self._objects.put_object(Bucket=self._bucket, Key=key, Body=template.encode())
        asked = {
            "StackName": stack.name,
            "TemplateURL": f"{self._aws.endpoint}/{self._bucket}/{key}",
            "Capabilities": list(CAPABILITIES),
            "Tags": [{"Key": name, "Value": value} for name, value in stack.tags.items()],
        }
        status = self._status(stack.name)
        if status in FAILED_AT_BIRTH:  # nothing came of it, and nothing else can be done with it
            self._stacks.delete_stack(StackName=stack.name)
            status = self._settled(stack.name)
        try:
            if status is None or status in GONE:
                self._stacks.create_stack(**asked)
            else:
                self._stacks.update_stack(**asked)
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return
            raise
        status = self._settled(stack.name)
        if status not in DONE:
            raise LocalError(f"the stack {stack.name} ended as {status}: {self._why(stack.name)}")

    def _status(self, name: str) -> str | None:
        from botocore.exceptions import ClientError

        try:
            (found,) = self._stacks.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return str(found["StackStatus"])

    def _settled(self, name: str) -> str | None:
        end = time.monotonic() + STACK_SECONDS_MAX
        while (status := self._status(name)) is not None and status.endswith("IN_PROGRESS"):
            if time.monotonic() > end:
                raise LocalError(f"the stack {name} is still {status} after {STACK_SECONDS_MAX:.0f} s")
            time.sleep(POLL_SECONDS)
        return status

    def _why(self, name: str) -> str:
        """Write the stack's events down, and return what failed."""
        events = self._stacks.describe_stack_events(StackName=name)["StackEvents"]
        lines = [
            f"{each['LogicalResourceId']} {each['ResourceStatus']} {each.get('ResourceStatusReason', '')}"
            for each in reversed(events)
        ]
        write_atomically(self._log, "".join(f"{line}\n" for line in lines))
        failed = [line for line in lines if "_FAILED " in line][:FAILURES_SHOWN]
        return "\n".join([f"see {self._log}", *failed])


def _pack(folder: Path, into: Any) -> None:
    """Pack a folder, the same bytes for the same contents; uncompressed: it goes to the next process."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            with file.open("rb") as content, archive.open(entry, "w") as packed:
                shutil.copyfileobj(content, packed)


def main() -> int:
    """Tell whether the stacks that are kept hold: the CDK is needed where they do not."""
    root = Path(__file__).resolve().parent.parent
    kept = Prepared.of(root)
    return 0 if kept is not None and kept.holds(root) else 1


if __name__ == "__main__":
    sys.exit(main())
