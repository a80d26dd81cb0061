"""What an erasure drill looks at, from within a database of its own.

The erasure says itself that it is verified; here it is not asked but looked after.
"""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from audit.access import record_access
from audit.chain import SYSTEM, first_broken
from audit.words import Action
from backups.domain.proof import NotProved
from backups.domain.synthetic import FIRST_NAME, Synthetic, make_up, store
from backups.models import LedgerNote
from dermalia.sealing import objects
from dermalia.sealing.keys import KeyDestroyed, unlock
from dermalia.sealing.models import LedgerEntry, ReportKey
from dermalia.tenancy import practice_scope
from reports.domain.links import is_live
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Asset, Identity, Scan, Tombstone


@dataclass(slots=True)
class Findings:
    """What came of an erasure drill; the fields of ``ErasureDrill``."""

    problem: str = ""
    rows: int = 0
    objects_erased: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def prove() -> Findings:
    """Make up a scan, erase it as any other is erased, and look whether anything is left.

    Whatever comes of it, storage is left without it.
    """
    found, made = Findings(), make_up()
    try:
        store(made)
        _require_there(made)
        erasure = _request(made)
        _require_unreadable(made)
        complete_erasure(practice_id=made.practice_id, erasure_id=erasure.pk)
        _read_receipt(made, found)
        _require_gone(made)
    except NotProved as problem:
        found.problem = str(problem)
    finally:
        objects.delete_prefix(made.prefix)
    return found


def _require_there(made: Synthetic) -> None:
    """Raises ``NotProved`` unless all of it opens: else its absence would prove nothing."""
    with practice_scope(made.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM, object_id=made.scan_id)
        key = unlock(made.key_id, access=access)
        first_name = Identity.objects.get(scan=made.scan_id).first_name
    if first_name is None or first_name.open(key) != FIRST_NAME or not is_live(made.link):
        raise NotProved("Before the erasure a name or the link did not open.")
    for name, content in made.files.items():
        if objects.read_all(key, name) != content:
            raise NotProved("Before the erasure a file did not open.")


def _request(made: Synthetic) -> Erasure:
    with practice_scope(made.practice_id):
        scan = Scan.objects.get(pk=made.scan_id)
        return request_erasure(scan=scan, reason=Erasure.Reason.OPERATOR, who=SYSTEM)


def _require_unreadable(made: Synthetic) -> None:
    """Raises ``NotProved`` if from the request on anything could still be opened."""
    with practice_scope(made.practice_id):
        access = record_access(Action.SCAN_VIEWED, who=SYSTEM, object_id=made.scan_id)
        try:
            unlock(made.key_id, access=access)
        except KeyDestroyed:
            pass
        else:
            raise NotProved("After the request the key still opens.")
    if is_live(made.link):
        raise NotProved("After the request the link still leads to the report.")


def _read_receipt(made: Synthetic, found: Findings) -> None:
    """Raises ``NotProved`` unless the receipt says "verified", in the time that is promised."""
    with practice_scope(made.practice_id):
        erasure = Erasure.objects.get(scan_id=made.scan_id)
    found.rows, found.objects_erased = erasure.rows, erasure.objects_erased
    if erasure.seconds is None:
        raise NotProved(f"The erasure is not verified. {erasure.last_error}".strip())
    found.seconds = erasure.seconds
    if found.seconds > settings.ERASURE_LIMIT_SECONDS:
        raise NotProved(f"The erasure took {found.seconds:.0f} s, more than is promised.")


def _require_gone(made: Synthetic) -> None:
    """Raises ``NotProved`` if a key, row, object or version is left, or a trace is missing."""
    with practice_scope(made.practice_id):
        left = {
            "the key": ReportKey.objects.filter(pk=made.key_id),
            "the scan": Scan.objects.filter(pk=made.scan_id),
            "the name": Identity.objects.filter(scan_id=made.scan_id),
            "a file": Asset.objects.filter(scan_id=made.scan_id),
            "the report": Report.objects.filter(scan_id=made.scan_id),
        }
        traces = {
            "the ledger": LedgerEntry.objects.filter(key_id=made.key_id),
            "the note for the ledger outside": LedgerNote.objects.filter(key_id=made.key_id),
            "the tombstone": Tombstone.objects.all(),
        }
        for what, rows in left.items():
            if rows.exists():
                raise NotProved(f"After the erasure the row of {what} is still there.")
        for what, rows in traces.items():
            if not rows.exists():
                raise NotProved(f"The erasure is missing in {what}.")
        if first_broken() is not None:
            raise NotProved("After the erasure the log does not verify.")
    if not objects.is_empty(made.prefix):
        raise NotProved("After the erasure storage still has an object or a version of one.")
    # By whoever had kept the key and the names.
    for name in made.files:
        if _opens(made, name):
            raise NotProved("After the erasure a file still opens.")


def _opens(made: Synthetic, name: str) -> bool:
    try:
        objects.read_all(made.key, name)
    except FileNotFoundError:
        return False
    return True
