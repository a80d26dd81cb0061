"""A scan and its report that nobody is on, for an erasure drill, in a database of the drill's own.

Only what is needed to erase: a face would prove no more than bytes do.
"""

import hashlib
import os
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from audit.access import record_access
from audit.chain import SYSTEM
from audit.words import Action
from dermalia.sealing import objects
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import UnlockedKey, create_report_key, unlock
from dermalia.tenancy import practice_scope
from practices.domain.tenants import create_practice
from practices.models import Practice
from reports.domain.creation import create_report
from reports.domain.links import new_link
from scans.models import Asset, Connection, Identity, Scan

NAME = "Drill"
FIRST_NAME, EMAIL = "Testperson", "drill@example.org"
# One that lies in memory, and one that is sealed in many chunks.
FILE_BYTES = (1_000, 300_000)
# Each is written twice: where storage keeps versions, older ones have to go as well.
WRITTEN = 2


@dataclass(frozen=True, slots=True)
class Synthetic:
    """What was made up.

    Attributes:
        key: in memory, as a worker that was looking would have had it.
        link: the 25 characters that led to the report.
        files: plaintext by object name.
    """

    practice_id: int
    scan_id: UUID
    key_id: UUID
    prefix: str
    key: UnlockedKey = field(repr=False)
    link: str = field(repr=False)
    files: dict[str, bytes] = field(repr=False)


def make_up() -> Synthetic:
    """Rows, sealed texts and a link of one scan and its report; storage has nothing of it yet."""
    practice = create_practice(name=NAME, email=EMAIL)
    with practice_scope(practice.pk):
        scan = _add_scan(practice)
        access = record_access(Action.SCAN_PULLED, who=SYSTEM, object_id=scan.pk)
        key = unlock(scan.key_id, access=access)
        Identity.objects.create(
            practice=practice,
            scan=scan,
            first_name=Sealing(key, FIRST_NAME),
            email=Sealing(key, EMAIL),
        )
        files = {objects.new_name(scan.prefix): os.urandom(size) for size in FILE_BYTES}
        for number, (name, content) in enumerate(files.items()):
            _add_asset(scan, f"drill-{number}", name, content)
        report = create_report(scan=scan)
        link = new_link(report=report)
        report.link = Sealing(key, link)
        report.save(update_fields=["link"])
    return Synthetic(practice.pk, scan.pk, scan.key_id, scan.prefix, key, link, files)


def store(made: Synthetic) -> None:
    """Seal its files into storage.

    Raises:
        StorageDisagrees: storage does not hold what it was given.
    """
    for name, content in made.files.items():
        for _ in range(WRITTEN):
            objects.put(made.key, name, [content], length=len(content))


def _add_scan(practice: Practice) -> Scan:
    connection = Connection.objects.create(practice=practice, folder="drill")
    return Scan.objects.create(
        practice=practice,
        connection=connection,
        scan_identifier=NAME,
        state=Scan.State.READY,
        key_id=create_report_key(),
        prefix=objects.new_prefix(),
        captured_at=timezone.now(),
    )


def _add_asset(scan: Scan, name: str, object_name: str, content: bytes) -> None:
    Asset.objects.create(
        practice_id=scan.practice_id,
        scan=scan,
        origin=Asset.Origin.DERIVED,
        kind=Asset.Kind.MODEL,
        name=name,
        media_type="application/octet-stream",
        bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        object_name=object_name,
        stored_at=timezone.now(),
    )
