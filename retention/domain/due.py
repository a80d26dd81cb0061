"""Erasing what is due."""

from django.db.models.functions import Now, TruncDate

from audit.chain import SYSTEM
from dermalia.tenancy import practice_scope
from reports.domain.due import BERLIN
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure


def erase_due_reports(*, practice_id: int) -> int:
    """Request the erasure of every report of the practice whose day has come.

    The day is the database's, in Berlin. Each report is a transaction of its own.

    Returns:
        How many erasures were requested.
    """
    today = TruncDate(Now(), tzinfo=BERLIN)
    with practice_scope(practice_id):
        due = list(Report.objects.filter(due_on__lte=today).values_list("pk", flat=True))
    for pk in due:
        with practice_scope(practice_id):
            report = Report.objects.filter(pk=pk, due_on__lte=today).select_related("scan").first()
            if report is not None:
                request_erasure(scan=report.scan, reason=Erasure.Reason.DUE, who=SYSTEM)
    return len(due)
