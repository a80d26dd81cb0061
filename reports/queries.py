"""Reads over reports."""

from uuid import UUID

from django.db.models.functions import Now, TruncDate

from reports.domain.due import BERLIN
from reports.models import Report


def visible_report(report_id: UUID) -> Report | None:
    """The report if a link may show it now: released and, by the database's clock, not due."""
    return (
        Report.objects.select_related("scan", "practice")
        .filter(pk=report_id, state=Report.State.RELEASED)
        .filter(due_on__gt=TruncDate(Now(), tzinfo=BERLIN))
        .first()
    )
