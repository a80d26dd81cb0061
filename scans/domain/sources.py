"""Opening the way to a practice's scans."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext_noop as _

from dermalia.residency import egress
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock_secrets
from dermalia.work.lease import WorkFailed
from practices.models import Practice
from scans.errors import SourceError
from scans.folder import FolderSource, FolderUnavailable
from scans.folder.names import is_plain
from scans.isemeco import AssetFile, IsemecoClient, ScanManifest, ScanPage
from scans.isemeco.errors import AddressRefused, Busy
from scans.models import Connection


class Source(Protocol):
    """Where scans come from. Every method may raise ``SourceError``."""

    def list_scans(self, cursor: str | None = None, limit: int = 100) -> ScanPage:
        """What is new behind ``cursor``."""

    def manifest(self, scan_identifier: str) -> tuple[ScanManifest, int]:
        """What belongs to the scan, and how many keys outside the allow-list were dropped."""

    def open_asset(
        self, scan_identifier: str, asset: AssetFile
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Exactly ``asset.bytes`` bytes in pieces; their hash is the caller's to check."""


def connect(*, practice: Practice, base_url: str, client_id: str, client_secret: str) -> Connection:
    """Store a practice's account in the cluster, its secret sealed (in the practice's scope)."""
    return Connection.objects.create(
        practice=practice,
        base_url=base_url,
        client_id=client_id,
        client_secret=Sealing(unlock_secrets(), client_secret),
    )


def watch(*, practice: Practice, folder: str, exports: Connection.Exports) -> Connection:
    """Watch a folder that the scanner exports to (in the practice's scope).

    Args:
        folder: a name right below ``settings.SCAN_FOLDERS``, and no other practice's.
        exports: what becomes of an export once its sealed copy is there. The practice decides:
            what it keeps is clear, on its own disk, and outlives our erasure.

    Raises:
        ValueError: it is not a plain name.
    """
    if not is_plain(folder):
        raise ValueError("a watched folder is a plain name below the folder of all exports")
    return Connection.objects.create(practice=practice, folder=folder, exports=exports)


def open_source(connection: Connection) -> Source:
    """The connection's source (in the practice's scope).

    Raises:
        SourceError: what the connection says leads nowhere.
    """
    if connection.folder:
        return open_folder(connection)
    return open_cluster(connection)


def open_cluster(connection: Connection) -> IsemecoClient:
    """A client for the cluster, behind the egress guard. Raises AddressRefused."""
    secret = connection.client_secret
    try:
        return IsemecoClient(
            base_url=connection.base_url,
            client_id=connection.client_id,
            client_secret=secret.open(unlock_secrets()) if secret else "",
            session=egress.session(),
        )
    except ValueError as error:
        raise AddressRefused(str(error)) from error


def open_folder(connection: Connection) -> FolderSource:
    """The watched folder. Raises FolderUnavailable where this machine watches none."""
    root = settings.SCAN_FOLDERS
    if root is None or not is_plain(connection.folder):
        raise FolderUnavailable(_("This machine watches no folder for scans."))
    return FolderSource(Path(root) / connection.folder)


def as_work_failure(error: SourceError) -> WorkFailed:
    """What a row says about an error of its source: when and whether to try again."""
    if isinstance(error, Busy):
        return WorkFailed(str(error), after=error.retry_after)
    return WorkFailed(str(error), retry=error.worth_retrying)
