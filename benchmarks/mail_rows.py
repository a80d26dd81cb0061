"""Released reports whose mails wait, and scans to be erased meanwhile, spread over practices."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

PRACTICES = 20


def fill(mails: int, erasures: int) -> tuple[list[int], list[tuple[int, UUID]]]:
    """Deliveries in the outbox, each with a key, a link and an address of its own.

    Returns:
        Ids of the practices; (practice id, scan id) of scans without a report.
    """
    from practices.domain.tenants import create_practice

    practices = [
        create_practice(name=f"Benchmark {number}", email="b@example.org").pk
        for number in range(PRACTICES)
    ]
    bare: list[tuple[int, UUID]] = []
    for place, practice_id in enumerate(practices):
        queue(practice_id, _share(mails, place))
        bare += [(practice_id, scan.pk) for scan in _scans(practice_id, _share(erasures, place))]
    return practices, bare


def _share(number: int, place: int) -> int:
    return number // PRACTICES + (place < number % PRACTICES)


def queue(practice_id: int, number: int) -> None:
    """So many released reports of the practice without any file, with their mails waiting."""
    from dermalia.tenancy import practice_scope
    from reports.models import Delivery, Link, Report
    from scans.models import Identity

    scans = _scans(practice_id, number)
    with practice_scope(practice_id):
        rows = [_released(scan) for scan in scans]
        Report.objects.bulk_create([report for report, _, _ in rows])
        Identity.objects.bulk_create([identity for _, identity, _ in rows])
        Link.objects.bulk_create([link for _, _, link in rows])
        Delivery.objects.bulk_create(
            [Delivery(practice_id=practice_id, report=report) for report, _, _ in rows]
        )


def _scans(practice_id: int, number: int) -> list[Any]:
    from dermalia.sealing.fields import Sealing
    from dermalia.sealing.keys import create_report_key, unlock_secrets
    from dermalia.tenancy import practice_scope
    from scans.models import Connection, Scan

    with practice_scope(practice_id):
        account, _ = Connection.objects.get_or_create(
            practice_id=practice_id,
            base_url="https://example.org",
            client_id="x",
            defaults={"client_secret": Sealing(unlock_secrets(), "x")},
        )
        scans = [Scan(practice_id=practice_id, connection=account) for _ in range(number)]
        for scan in scans:
            scan.scan_identifier = scan.prefix = scan.pk.hex
            scan.key_id, scan.state = create_report_key(), Scan.State.READY
        return Scan.objects.bulk_create(scans)


def _released(scan: Any) -> tuple[Any, Any, Any]:
    """The rows that make a scan one whose link is to be mailed."""
    from django.utils import timezone

    from audit.access import record_access
    from audit.chain import OPERATOR
    from audit.words import Action
    from dermalia.sealing.fields import Sealing
    from dermalia.sealing.keys import unlock
    from reports.domain.links import digest
    from reports.models import Link, Report
    from scans.models import Identity

    access = record_access(Action.MAIL_PREPARED, who=OPERATOR, object_id=scan.pk)
    key, link = unlock(scan.key_id, access=access), secrets.token_hex(12) + "A"
    report = Report(
        practice_id=scan.practice_id,
        scan=scan,
        state=Report.State.RELEASED,
        purpose="medical",
        language="de",
        due_on=timezone.localdate() + timedelta(days=300),
        link=Sealing(key, link),
    )
    address = Sealing(key, f"patient+{scan.pk.hex}@example.org")
    identity = Identity(practice_id=scan.practice_id, scan=scan, email=address)
    found = Link(digest=digest(link), practice_id=scan.practice_id, report_id=report.pk)
    return report, identity, found
