"""A bucket of S3 whose objects have versions: read by version, in parts, and put in parts, once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from functions.platform import sdk

S3Client = Any
"""The SDK's client, of which this module alone knows the calls."""
CHUNK_BYTES = 256 * 1024
PART_BYTES = 8 * 1024 * 1024
"""What is held of an object while it is put: S3 takes ten thousand parts, each of five MiB or more."""
READ_SECONDS_MAX = 5.0
_NOT_THERE = frozenset({"404", "NoSuchKey", "NotFound"})
_BEYOND = "InvalidRange"
_WRITTEN_ALREADY = frozenset({"412", "PreconditionFailed"})
_THERE_ALREADY = _WRITTEN_ALREADY | {"ConditionalRequestConflict"}


def client(endpoint_url: str | None = None) -> S3Client:
    """Return the client of a function that reads objects and puts them."""
    made: S3Client = sdk.client("s3", endpoint_url, read_timeout=READ_SECONDS_MAX)
    return made


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, by its name."""

    client: S3Client
    name: str

    def newest(self, key: str) -> str | None:
        """Return the newest version of an object, or None where there is none."""
        try:
            answer = self.client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise
        return str(answer["VersionId"])

    def read(self, key: str, version_id: str, offset: int) -> Iterator[bytes]:
        """Give the bytes of a version from an offset on, some at a time."""
        wanted: dict[str, Any] = {"Range": f"bytes={offset}-"} if offset else {}
        try:
            answer = self.client.get_object(Bucket=self.name, Key=key, VersionId=version_id, **wanted)
        except ClientError as error:
            if error.response["Error"]["Code"] == _BEYOND:
                return
            raise
        body = answer["Body"]
        try:
            yield from body.iter_chunks(CHUNK_BYTES)
        finally:
            body.close()

    def put(self, key: str, chunks: Iterable[bytes]) -> str | None:
        """Put an object unless there is one; return the version that is there then.

        Whatever the giving of its bytes raises leaves nothing behind that could be taken for one.
        """
        at: dict[str, Any] = {"Bucket": self.name, "Key": key}
        parts = _parts(chunks)
        first, second = next(parts, b""), next(parts, None)
        try:
            if second is None:
                self.client.put_object(**at, Body=first, IfNoneMatch="*", ContentType="text/csv")
            else:
                self._put_in_parts(at, (part for some in ((first, second), parts) for part in some))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _THERE_ALREADY:
                raise
        return self.newest(key)

    def put_once(self, key: str, body: bytes, kind: str) -> None:
        """Put an object of a kind unless there is one, which then says the same."""
        try:
            self.client.put_object(
                Bucket=self.name,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                ContentType=kind,
                ChecksumAlgorithm="SHA256",  # a bucket with a lock takes nothing without one
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _WRITTEN_ALREADY:
                raise

    def _put_in_parts(self, at: dict[str, Any], parts: Iterable[bytes]) -> None:
        upload = self.client.create_multipart_upload(**at, ContentType="text/csv")["UploadId"]
        done: list[Any] = []
        try:
            for number, part in enumerate(parts, 1):
                answer = self.client.upload_part(**at, UploadId=upload, PartNumber=number, Body=part)
                done.append({"PartNumber": number, "ETag": answer["ETag"]})
            self.client.complete_multipart_upload(
                **at, UploadId=upload, MultipartUpload={"Parts": done}, IfNoneMatch="*"
            )
        except BaseException:
            self.client.abort_multipart_upload(**at, UploadId=upload)
            raise


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)
