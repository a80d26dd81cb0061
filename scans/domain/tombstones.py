"""Remembering that a scan was erased, without remembering which."""

import hashlib
import hmac
from collections.abc import Sequence

from django.conf import settings

from dermalia.tenancy import current_practice
from dermalia.tenancy.inserting import insert_all
from scans.models import Scan, Tombstone
from scans.signals import scans_erased


def bury(*, scan: Scan) -> None:
    """Leave a tombstone, in the transaction that erases the scan."""
    bury_all(scans=[scan])


def bury_all(*, scans: Sequence[Scan]) -> None:
    """The same of many scans of the practice in scope."""
    digests = {scan.key_id: _digest(scan.practice_id, scan.scan_identifier) for scan in scans}
    insert_all(
        [Tombstone(practice_id=scan.practice_id, digest=digests[scan.key_id]) for scan in scans]
    )
    scans_erased.send(sender=Scan, practice_id=current_practice(), digests=digests)


def unburied(*, practice_id: int, identifiers: list[str]) -> list[str]:
    """Those of the identifiers that were not erased before, in order."""
    digests = {name: _digest(practice_id, name) for name in identifiers}
    found = Tombstone.objects.filter(digest__in=list(digests.values()))
    buried = {bytes(digest) for digest in found.values_list("digest", flat=True)}
    return [name for name in identifiers if digests[name] not in buried]


def _digest(practice_id: int, scan_identifier: str) -> bytes:
    message = f"tombstone/{practice_id}/{scan_identifier}".encode()
    return hmac.digest(settings.LINK_PEPPER.encode(), message, hashlib.sha256)
