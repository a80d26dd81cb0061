"""Where checkpoints are kept: a bucket of their own, every object written once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import cast

from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

_AT_ONCE = 16


def names() -> list[str]:
    """The names of all objects, oldest first."""
    return sorted(entry.key for entry in _storage().bucket.objects.all())


def newest(at: datetime) -> str | None:
    """The last name of the month of ``at`` or of the one before, by one listing or two; None if
    there is none, which after so long is all there is to say."""
    first = at.replace(day=1)
    for month in (first, first - timedelta(days=1)):
        entries = _storage().bucket.objects.filter(Prefix=f"{month:%Y/%m}/")
        if found := sorted(entry.key for entry in entries):
            return str(found[-1])
    return None


def fetch(name: str) -> bytes:
    body: bytes = _storage().bucket.Object(name).get()["Body"].read()
    return body


def fetch_all(wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Names with their contents, in the order wanted, a few requests ahead of the reader."""
    _storage()  # opened here, for all threads
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            yield from zip(some, pool.map(fetch, some), strict=True)


def store(name: str, content: bytes) -> None:
    """Write an object that must not be there yet.

    Raises:
        FileExistsError: it is; nothing was written.
    """
    storage = _storage()
    if storage.exists(name):
        raise FileExistsError(name)
    # Storage that knows the condition keeps it even against somebody without our lock.
    storage.bucket.put_object(
        Key=name, Body=content, ContentType="application/json", IfNoneMatch="*"
    )


def _storage() -> S3Storage:
    return cast(S3Storage, storages["checkpoints"])
