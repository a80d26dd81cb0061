"""Where backups lie: a bucket of their own, each a sealed file and a manifest written last."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, cast

from boto3.s3.transfer import TransferConfig
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from audit.signing import signing_keys
from backups.kinds import Kind
from backups.manifest import Manifest, ManifestRefused, read
from backups.stream import BackupDamaged
from dermalia.sealing.streams import Pieces

PIECE = 1024 * 1024
# Parts of 64 MiB, of which storage takes 10,000: 625 GiB. The caller's thread reads the database.
IN_PARTS = TransferConfig(multipart_chunksize=64 * PIECE, use_threads=False)
# Longer than any backup takes: what has no manifest by then was broken off.
ABANDONED_AFTER = timedelta(days=1)


class NoSuchBackup(Exception):
    """There is no backup like the one that was asked for."""


class Counted:
    """A stream on its way to storage: how long it was and its SHA-256."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._digest = hashlib.sha256()
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._digest.update(piece)
            self.bytes += len(piece)
            yield piece

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def upload(name: str, pieces: Iterable[bytes]) -> Counted:
    """Store a stream of unknown length; whatever ``pieces`` raises leaves no object.

    Raises:
        BackupDamaged: storage has another number of bytes than it was sent.
    """
    counted = Counted(pieces)
    bucket = _storage().bucket
    bucket.upload_fileobj(Pieces(iter(counted)), name, Config=IN_PARTS)
    stored = bucket.Object(name).content_length
    if stored != counted.bytes:
        raise BackupDamaged(f"storage has {stored} of the {counted.bytes} bytes of {name}")
    return counted


def finish(manifest: Manifest) -> None:
    """From here on the backup exists."""
    _storage().bucket.put_object(
        Key=manifest.name,
        Body=manifest.to_bytes(signing_keys()),
        ContentType="application/json",
    )


def manifests(kind: Kind) -> list[Manifest]:
    """All finished backups of a kind, oldest first.

    Raises:
        ManifestRefused: one of them is not signed by this installation, or lies under a name
            that is not its own.
    """
    names = [name for name, _ in _objects(f"{kind}/") if name.endswith(".json")]
    return sorted((_manifest(name) for name in names), key=lambda one: one.made_at)


def find(kind: Kind, wanted: str = "newest") -> Manifest:
    """The newest backup of a kind, or the one whose id begins so.

    Raises:
        NoSuchBackup: there is none, or several.
        ManifestRefused: see ``manifests``.
    """
    found = manifests(kind)
    if wanted == "newest":
        found = found[-1:]
    else:
        found = [one for one in found if str(one.id).startswith(wanted)]
    if len(found) != 1:
        raise NoSuchBackup(f"{len(found) or 'No'} backups of the {kind} go by {wanted!r}.")
    return found[0]


def download(manifest: Manifest) -> Iterator[bytes]:
    """The sealed bytes; at their end they are compared with the manifest.

    Raises:
        BackupDamaged: they are missing, or not those that the manifest states.
    """
    client = _storage().connection.meta.client
    try:
        body = client.get_object(Bucket=_storage().bucket_name, Key=manifest.payload)["Body"]
    except client.exceptions.NoSuchKey as error:
        raise BackupDamaged(f"{manifest.payload} is missing in storage") from error
    counted = Counted(iter(lambda: body.read(PIECE), b""))
    yield from counted
    if (counted.bytes, counted.sha256) != (manifest.size, manifest.sha256):
        raise BackupDamaged(f"{manifest.payload} is not what its manifest states")


def delete(manifest: Manifest) -> None:
    """Delete every version of a backup, its manifest last, and look whether they are gone.

    Raises:
        BackupDamaged: storage still has some of it.
    """
    for name in (manifest.payload, manifest.name):
        _delete_versions(name)
        if any(found == name for found, _ in _objects(name)):
            raise BackupDamaged(f"storage still has {name} after it was deleted")


def clear_abandoned(*, now: datetime) -> int:
    """Delete what backups left that were broken off: files without manifest, unfinished uploads.

    Returns:
        How many there were.
    """
    names = dict(_objects(""))
    left = [
        name
        for name, written in names.items()
        if name.endswith(".sealed")
        and name.removesuffix(".sealed") + ".json" not in names
        and written < now - ABANDONED_AFTER
    ]
    for name in left:
        _delete_versions(name)
    return len(left) + _abort_uploads(now - ABANDONED_AFTER)


def clock() -> datetime:
    """What time storage says it is."""
    client = _storage().connection.meta.client
    headers = client.head_bucket(Bucket=_storage().bucket_name)["ResponseMetadata"]["HTTPHeaders"]
    return parsedate_to_datetime(headers["date"]).astimezone(UTC)


def _manifest(name: str) -> Manifest:
    stored = _storage().bucket.Object(name).get()["Body"].read()
    try:
        manifest = read(stored, keys=signing_keys())
    except ManifestRefused as error:
        raise ManifestRefused(f"The manifest {name} is refused: {error}.") from error
    if manifest.name != name:
        raise ManifestRefused(f"The manifest {name} is another one's.")
    return manifest


def _objects(beginning: str) -> list[tuple[str, datetime]]:
    found = _storage().bucket.objects.filter(Prefix=beginning)
    return [(entry.key, entry.last_modified) for entry in found]


def _delete_versions(name: str) -> None:
    client, bucket = _storage().connection.meta.client, _storage().bucket_name
    try:
        listed = client.list_object_versions(Bucket=bucket, Prefix=name)
        for entry in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NotImplemented":
            raise
        client.delete_object(Bucket=bucket, Key=name)  # it keeps no versions


def _abort_uploads(before: datetime) -> int:
    client, bucket = _storage().connection.meta.client, _storage().bucket_name
    try:
        listed: list[dict[str, Any]] = client.list_multipart_uploads(Bucket=bucket).get(
            "Uploads", []
        )
    except client.exceptions.NoSuchUpload:
        return 0  # some servers say so where no upload was ever begun
    old = [upload for upload in listed if upload["Initiated"] < before]
    for one in old:
        client.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
    return len(old)


def _storage() -> S3Storage:
    return cast(S3Storage, storages["backup"])
