"""Rows of work for the tests, seen and changed in their practice's scope."""

from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from audit.chain import SYSTEM
from audit.models import Entry
from audit.words import Action
from dermalia.tenancy import practice_scope
from dermalia.work.lease import claim
from practices.domain.tenants import create_practice
from practices.models import Practice
from retention.domain.erase import request_erasure
from retention.models import Erasure
from scans.models import Scan
from tests.tenancy.test_scope import make_scan

__all__ = [
    "change",
    "erasure",
    "expire",
    "fresh",
    "make_scan",
    "recorded",
    "scan_of",
    "take",
    "tenant",
]


def tenant(name: str = "Demo practice") -> Practice:
    return create_practice(name=name, email="practice@example.org")


def scan_of(practice: Practice, identifier: str = "S-1") -> Scan:
    with practice_scope(practice.pk):
        return make_scan(practice, identifier)


def fresh(scan: Scan) -> Scan:
    with practice_scope(scan.practice_id):
        return Scan.objects.get(pk=scan.pk)


def change(scan: Scan, **columns: object) -> None:
    with practice_scope(scan.practice_id):
        Scan.objects.filter(pk=scan.pk).update(**columns)


def take(scan: Scan) -> bool:
    """Claim the row and never come back, as a worker does that is killed."""
    return claim(Scan, scan.pk, practice_id=scan.practice_id, state=scan.state) is not None


def expire(scan: Scan) -> None:
    """Whoever holds the row has been silent for as long as its lease was."""
    with practice_scope(scan.practice_id):
        held = Scan.objects.filter(pk=scan.pk, leased_until__isnull=False)
        held.update(leased_until=Now() - timedelta(seconds=1))


def recorded(scan: Scan, action: Action) -> int:
    """How often the log says that this was done to the scan."""
    with practice_scope(scan.practice_id):
        return Entry.objects.filter(object_id=str(scan.pk), action=action).count()


def erasure(practice: Practice, identifier: str = "S-1") -> UUID:
    """Ask for the erasure of a new scan; the id of the row that a worker must finish."""
    with practice_scope(practice.pk):
        scan = make_scan(practice, identifier)
        return request_erasure(scan=scan, reason=Erasure.Reason.STAFF, who=SYSTEM).pk
