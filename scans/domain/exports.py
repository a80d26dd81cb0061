"""What becomes of exports in a watched folder once they were looked at."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import override

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing import objects
from dermalia.sealing.chunks import SealBroken
from dermalia.sealing.keys import UnlockedKey, unlock
from dermalia.tenancy import practice_scope
from scans.domain.tombstones import unburied
from scans.folder import Finding, FolderSource, Found, NeverFinished, aside
from scans.isemeco import ScanManifest
from scans.models import Asset, Connection, Scan

logger = logging.getLogger(__name__)


def tidy(*, connection: Connection, source: FolderSource) -> None:
    """Move aside, or delete, every export that is done with; leave alone what is not.

    An export counts as taken in when each of its files is stored with the checksum its manifest
    gives: that holds as well after a crash, and for a second export of the same scan. One that
    cannot be taken in goes to ``failed/`` with a sentence in the practice's language.

    Raises:
        FolderUnavailable: the folder cannot be written to.
        NeverFinished: what could be done is done, and an export is left that does not grow.
    """
    aside.finish_removals(source.path)
    stale = False
    for finding in list(source.findings()):
        stale = stale or finding.found is Found.STALE
        with practice_scope(connection.practice_id):
            # Two at a time would move each other's exports.
            held = Connection.objects.select_for_update().select_related("practice")
            _settle(held.get(pk=connection.pk), finding)
    if stale:
        raise NeverFinished


def _settle(connection: Connection, finding: Finding) -> None:
    act = _action_for(connection, finding)
    if act is None:
        return
    try:
        with override(connection.practice.language):
            act()
    except FileNotFoundError:
        return  # somebody has moved it meanwhile


def _action_for(connection: Connection, finding: Finding) -> Callable[[], object] | None:
    path, manifest = finding.path, finding.manifest
    if finding.found is Found.REFUSED:
        return lambda: aside.set_aside(path, _(finding.reason))
    if finding.found is not Found.COMPLETE or manifest is None:
        return None
    scan = Scan.objects.filter(scan_identifier=manifest.scan_id).first()
    if scan is None:
        return None if _may_come(connection, manifest) else lambda: aside.set_aside(path, _erased())
    if scan.stored_at is None:
        return None
    if not _holds(scan, manifest):
        return lambda: aside.set_aside(path, _another())
    keeps = connection.exports == Connection.Exports.KEEP
    if keeps or finding.holds_more or not _opens(scan, manifest):
        return lambda: aside.keep(path)
    return lambda: aside.remove(path)


def _may_come(connection: Connection, manifest: ScanManifest) -> bool:
    names = [manifest.scan_id]
    return bool(unburied(practice_id=connection.practice_id, identifiers=names))


def _holds(scan: Scan, manifest: ScanManifest) -> bool:
    """Whether every file of the manifest is stored, byte for byte."""
    stored = Asset.objects.filter(scan=scan, origin=Asset.Origin.RAW, stored_at__isnull=False)
    digests = Counter(
        bytes(digest or b"").hex() for digest in stored.values_list("sha256", flat=True)
    )
    return Counter(asset.sha256 for asset in manifest.assets) <= digests


def _opens(scan: Scan, manifest: ScanManifest) -> bool:
    """Whether what storage holds opens to the very files: asked before the only other copy goes."""
    access = record_access(Action.COPY_VERIFIED, who=SYSTEM, object_id=scan.pk)
    key = unlock(scan.key_id, access=access)
    raw = Asset.objects.filter(scan=scan, origin=Asset.Origin.RAW)
    try:
        opened = Counter(_digest(key, asset.object_name) for asset in raw)
        return Counter(asset.sha256 for asset in manifest.assets) <= opened
    except (SealBroken, FileNotFoundError):
        logger.exception("scan %s: the sealed copy does not open; its export is kept", scan.pk)
        return False


def _digest(key: UnlockedKey, name: str) -> str:
    digest = hashlib.sha256()
    for piece in objects.read(key, name):
        digest.update(piece)
    return digest.hexdigest()


def _erased() -> str:
    return _(
        "This scan was erased in Dermalia and is not taken in again. You can delete the export."
    )


def _another() -> str:
    return _(
        "Another scan of the same number was taken in before. Export this one under a new number."
    )
