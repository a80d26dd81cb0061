import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.models import Practice
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure
from scans.models import Scan

PAUSE_SECONDS = 0.25


class Command(BaseCommand):
    help = (
        "Erases one scan of a practice, with its report, for good and waits until that is verified."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("practice", type=int, help="number of the practice")
        parser.add_argument("scan", help="scan identifier, or the id in its page's address")

    def handle(self, *args: Any, **options: Any) -> None:
        practice = Practice.objects.filter(pk=options["practice"]).first()
        if practice is None:
            raise CommandError(f"There is no practice {options['practice']}.")
        with practice_scope(practice.pk):
            scan = _find(options["scan"])
            if scan is None:
                raise CommandError(f"{practice} has no scan {options['scan']}.")
            erasure = request_erasure(scan=scan, reason=Erasure.Reason.OPERATOR, who=OPERATOR)
        complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
        _await_workers(practice.pk, erasure)
        if erasure.state != Erasure.State.VERIFIED:
            raise CommandError(
                f"Unreadable already, but not verified gone yet: {erasure.last_error}"
                f" The workers go on with erasure {erasure.pk}."
            )
        self.stdout.write(
            f"erased and verified in {erasure.seconds:.1f} s:"
            f" {erasure.rows} rows, {erasure.objects_erased} objects, receipt {erasure.pk}"
        )


def _find(name: str) -> Scan | None:
    scan = Scan.objects.filter(scan_identifier=name).first()
    if scan is not None:
        return scan
    try:
        return Scan.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return None


def _await_workers(practice_id: int, erasure: Erasure) -> None:
    """A worker may have been quicker to take it up: give it the time that is promised."""
    until = time.monotonic() + settings.ERASURE_LIMIT_SECONDS
    while True:
        with practice_scope(practice_id):
            erasure.refresh_from_db()
        held = erasure.leased_until is not None
        if erasure.state == Erasure.State.VERIFIED or not held or time.monotonic() > until:
            return
        time.sleep(PAUSE_SECONDS)
