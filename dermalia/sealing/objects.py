"""Sealed objects in storage: clear bytes exist in memory only."""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain
from typing import Any, cast

from boto3.s3.transfer import TransferConfig
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from dermalia.sealing import chunks
from dermalia.sealing.keys import UnlockedKey
from dermalia.sealing.streams import Pieces
from dermalia.sealing.versions import Versions

READ_PIECE = 1024 * 1024
SMALL = 4 * 1024 * 1024
# What is being put may write to the database: its connection belongs to the caller's thread.
IN_THIS_THREAD = TransferConfig(use_threads=False)
# Files on their way together: each waits for storage far longer than it works.
AT_ONCE = 4
LISTINGS_AT_ONCE = 8
MOST_AT_ONCE = 1000  # names in one request to delete
DAMAGED = frozenset({"BadDigest", "IncompleteBody"})


class StorageDisagrees(Exception):
    """Storage says it got something else than what was put."""


def new_prefix() -> str:
    """A folder name that tells nothing; all objects of one scan live under one."""
    return secrets.token_hex(16)


def new_name(prefix: str) -> str:
    """An object name under ``prefix`` that tells nothing."""
    return f"{prefix}/{secrets.token_hex(16)}"


def put(key: UnlockedKey, name: str, plaintext: Iterable[bytes], *, length: int) -> int:
    """Seal a stream into storage without it ever being whole in memory or clear on a disk.

    Args:
        plaintext: pieces that sum up to ``length`` bytes.

    Returns:
        Bytes stored.

    Raises:
        ValueError: the stream is longer or shorter than ``length``; nothing is stored.
        StorageDisagrees: storage says it got something else than was sent.
    """
    sealed = chunks.seal(key.secret, name, plaintext, length)
    if length <= SMALL:
        _put_small(_client(), name, b"".join(sealed))
    else:
        _storage().bucket.upload_fileobj(Pieces(sealed), name, Config=IN_THIS_THREAD)
    size = chunks.sealed_size(length)
    _require(_held(name), {name: size})
    return size


def put_all(key: UnlockedKey, prefix: str, files: Mapping[str, bytes]) -> Iterator[int]:
    """Seal files that lie in memory into storage, several at once.

    Args:
        files: plaintext by object name; all names under ``prefix``.

    Yields:
        The plaintext bytes of each file once storage has it, in the order of ``files``.

    Raises:
        StorageDisagrees: storage says it got something else than was sent, or, at the end, that it
            does not hold all of it.
    """
    client = _client()

    def put_one(file: tuple[str, bytes]) -> int:
        name, data = file
        _put_small(client, name, b"".join(chunks.seal(key.secret, name, [data], len(data))))
        return len(data)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(put_one, files.items())
    # A success is not believed: one listing tells of all that is there.
    sizes = {name: chunks.sealed_size(len(data)) for name, data in files.items()}
    _require(_held(f"{prefix}/"), sizes)


def _held(prefix: str) -> dict[str, int]:
    """Names that begin so, with their bytes, as storage tells them now."""
    return {entry["Key"]: entry["Size"] for entry in _listed(prefix)}


def _require(held: Mapping[str, int], sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if held.get(name) != size:
            raise StorageDisagrees(f"{name}: {held.get(name, 'no')} bytes")


def _put_small(client: Any, name: str, sealed: bytes) -> None:
    """One request; storage itself checks what arrived."""
    digest = b64encode(hashlib.md5(sealed, usedforsecurity=False).digest()).decode()
    try:
        client.put_object(Bucket=_storage().bucket_name, Key=name, Body=sealed, ContentMD5=digest)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in DAMAGED:
            raise StorageDisagrees(name) from error
        raise


def read(
    key: UnlockedKey, name: str, *, start: int = 0, stop: int | None = None
) -> Iterator[memoryview]:
    """Plaintext ``[start, stop)`` of an object, authenticated piece by piece.

    Raises:
        SealBroken: the bytes in storage are not what was sealed.
        FileNotFoundError: storage has no such object.
    """
    if start == 0 and stop is None:
        yield from _read_whole(key, name)
        return
    header = _header(name)
    length = chunks.plaintext_length(header)
    stop = length if stop is None else stop
    wanted = chunks.span(length, start, stop)
    body = _fetch(name, wanted.start, wanted.stop)
    yield from chunks.unseal(key.secret, name, header, _pieces(body), start=start, stop=stop)


def length_of(name: str) -> int:
    """Bytes of plaintext, as the object's header states them: true once a chunk was opened.

    Raises:
        SealBroken: it is not a sealed object.
        FileNotFoundError: storage has no such object.
    """
    return chunks.plaintext_length(_header(name))


def read_all(key: UnlockedKey, name: str) -> bytes:
    """The whole plaintext of an object; for objects known to fit in memory."""
    return b"".join(read(key, name))


def delete_prefix(prefix: str) -> int:
    """Delete every object under a scan's prefix, in all its versions, and unfinished uploads.

    Returns:
        How many objects were there.
    """
    return delete_prefixes([prefix])[prefix]


def delete_prefixes(prefixes: Sequence[str]) -> dict[str, int]:
    """The same of many scans, by few requests: the names of all of them go together.

    Returns:
        By prefix how many objects were there.
    """
    client, bucket = _client(), _storage().bucket_name
    for upload in _unfinished_uploads(prefixes):
        client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    found = _everything_below(prefixes)
    versions = list(chain.from_iterable(found.values()))
    for at in range(0, len(versions), MOST_AT_ONCE):
        batch = {"Objects": versions[at : at + MOST_AT_ONCE], "Quiet": True}
        client.delete_objects(Bucket=bucket, Delete=batch)
    return {prefix: len({one["Key"] for one in below}) for prefix, below in found.items()}


def delete_names(names: Iterable[str]) -> None:
    """Delete single objects, in all their versions."""
    client, bucket = _client(), _storage().bucket_name
    for name in names:
        for version in _everything(name):
            if version["Key"] == name:
                client.delete_object(Bucket=bucket, **version)


def list_prefix(prefix: str) -> list[str]:
    """Names of the objects under a prefix, as storage tells them now."""
    return list(_held(f"{prefix}/"))


def is_empty(prefix: str) -> bool:
    """Whether storage holds no version of any object, and no unfinished upload, under a prefix."""
    return not not_empty([prefix])


def not_empty(prefixes: Sequence[str]) -> set[str]:
    """Those of the prefixes under which storage still holds anything of that kind."""
    left = {prefix for prefix, below in _everything_below(prefixes).items() if below}
    return left | {upload["Key"].partition("/")[0] for upload in _unfinished_uploads(prefixes)}


def exists(name: str) -> bool:
    """Whether storage has the object now."""
    return any(entry["Key"] == name for entry in _listed(name))


def list_aged(beginning: str) -> Iterator[tuple[str, datetime]]:
    """Names that begin so, in any folder, each with the time it was last written."""
    for entry in _listed(beginning):
        yield entry["Key"], entry["LastModified"]


def _listed(beginning: str) -> Iterator[dict[str, Any]]:
    """What storage holds of names that begin so. The client's words: boto's resources build
    their classes anew for each listing, which takes longer than storage does."""
    pages = (
        _client()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=_storage().bucket_name, Prefix=beginning)
    )
    for page in pages:
        yield from page.get("Contents", [])


def _everything_below(prefixes: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """``_everything`` of each prefix, several at once: each listing waits far longer than it
    works."""
    # The caller's client: other threads' own would each begin with a connection.
    versions = Versions(_client(), _storage().bucket_name)
    if len(prefixes) == 1:
        return {prefix: versions.of(f"{prefix}/") for prefix in prefixes}
    with ThreadPoolExecutor(LISTINGS_AT_ONCE) as pool:
        found = pool.map(lambda prefix: versions.of(f"{prefix}/"), prefixes)
        return dict(zip(prefixes, found, strict=True))


def _everything(beginning: str) -> list[dict[str, str]]:
    """Each version and delete marker of each object, in the words in which it is deleted."""
    return Versions(_client(), _storage().bucket_name).of(beginning)


def _unfinished_uploads(prefixes: Sequence[str]) -> list[dict[str, Any]]:
    """Of one prefix by asking for it; of more by looking through all there are, which are few."""
    narrowed = {"Prefix": f"{prefixes[0]}/"} if len(prefixes) == 1 else {}
    client, wanted = _client(), set(prefixes)
    pages = client.get_paginator("list_multipart_uploads").paginate(
        Bucket=_storage().bucket_name, **narrowed
    )
    try:
        uploads = [upload for page in pages for upload in page.get("Uploads", [])]
    except client.exceptions.NoSuchUpload:
        # Some servers say so where no upload was ever begun.
        return []
    return [upload for upload in uploads if upload["Key"].partition("/")[0] in wanted]


def _read_whole(key: UnlockedKey, name: str) -> Iterator[memoryview]:
    """One request: the header comes first in the same body."""
    body = _fetch(name)
    header = body.read(chunks.HEADER.size)
    length = chunks.plaintext_length(header)
    yield from chunks.unseal(key.secret, name, header, _pieces(body), start=0, stop=length)


def _header(name: str) -> bytes:
    header: bytes = _fetch(name, 0, chunks.HEADER.size).read()
    return header


def _pieces(body: Any) -> Iterator[bytes]:
    return iter(lambda: body.read(READ_PIECE), b"")


def _fetch(name: str, start: int | None = None, stop: int | None = None) -> Any:
    client = _client()
    wanted = {} if start is None or stop is None else {"Range": f"bytes={start}-{stop - 1}"}
    try:
        answer = client.get_object(Bucket=_storage().bucket_name, Key=name, **wanted)
    except client.exceptions.NoSuchKey as error:
        raise FileNotFoundError(name) from error
    return answer["Body"]


def _client() -> Any:
    """S3 of this thread's own session; other threads may use it as well."""
    return _storage().connection.meta.client


def _storage() -> S3Storage:
    return cast(S3Storage, storages["objects"])
