"""Where statements lie: a bucket, by provider and day, each in its provider's own form (Y8)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from functions.platform.bucket import Bucket


@dataclass(frozen=True, slots=True)
class Shelf:
    """The statements in their bucket."""

    bucket: Bucket

    def newest(self, provider: str, day: date) -> str | None:
        """Return the newest version of a day's statement, or None where there is none."""
        return self.bucket.newest(key(provider, day))

    def read(self, provider: str, day: date, version_id: str, offset: int) -> Iterator[bytes]:
        """Give the bytes of a version from an offset on, some at a time."""
        return self.bucket.read(key(provider, day), version_id, offset)

    def put(self, provider: str, day: date, chunks: Iterable[bytes]) -> str | None:
        """Put a statement unless there is one; return the version that is there then."""
        return self.bucket.put(key(provider, day), chunks)


def key(provider: str, day: date) -> str:
    """Return where a provider's statement of a day lies."""
    return f"statements/{provider}/{day.isoformat()}.csv"
