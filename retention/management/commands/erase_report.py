from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.chain import OPERATOR
from dermalia.tenancy import practice_scope
from practices.models import Practice
from reports.models import Report
from retention.domain.erase import complete_erasure, request_erasure
from retention.models import Erasure


class Command(BaseCommand):
    help = "Erases one report of a practice for good and waits until that is verified."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("practice", type=int, help="number of the practice")
        parser.add_argument("scan", help="scan identifier, or the report's id")

    def handle(self, *args: Any, **options: Any) -> None:
        practice = Practice.objects.filter(pk=options["practice"]).first()
        if practice is None:
            raise CommandError(f"There is no practice {options['practice']}.")
        with practice_scope(practice.pk):
            report = _find(options["scan"])
            if report is None:
                raise CommandError(f"{practice} has no report {options['scan']}.")
            erasure = request_erasure(report=report, reason=Erasure.Reason.OPERATOR, who=OPERATOR)
        complete_erasure(practice_id=practice.pk, erasure_id=erasure.pk)
        with practice_scope(practice.pk):
            erasure.refresh_from_db()
        if erasure.state != Erasure.State.VERIFIED:
            raise CommandError(
                f"Unreadable already, but not verified gone yet: {erasure.last_error}"
                f" The workers go on with erasure {erasure.pk}."
            )
        self.stdout.write(
            f"erased and verified in {erasure.seconds:.1f} s:"
            f" {erasure.rows} rows, {erasure.objects_erased} objects, receipt {erasure.pk}"
        )


def _find(name: str) -> Report | None:
    report = Report.objects.filter(scan__scan_identifier=name).first()
    if report is not None:
        return report
    try:
        return Report.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return None
