"""Erasing what is due."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now, TruncDate

from audit.chain import SYSTEM
from dermalia.tenancy import practice_scope
from reports.domain.due import BERLIN
from reports.models import Report
from retention.domain.erase import request_erasure
from retention.models import Erasure

NOT_WANTED = (Report.Restriction.ERASURE, Report.Restriction.OBJECTION)


def erase_due_reports(*, practice_id: int) -> int:
    """Request the erasure of every report of the practice whose day has come.

    The day is the database's, in Berlin. Each report is a transaction of its own. A restricted one
    waits until that is lifted, because somebody may need it; not so where its person asked for
    nothing but that it goes, or is not used.

    Returns:
        How many erasures were requested.
    """
    today = TruncDate(Now(), tzinfo=BERLIN)
    with practice_scope(practice_id):
        due = list(_due(today).values_list("pk", flat=True))
    for pk in due:
        with practice_scope(practice_id):
            report = _due(today).filter(pk=pk).select_related("scan").first()
            if report is not None:
                request_erasure(scan=report.scan, reason=Erasure.Reason.DUE, who=SYSTEM)
    return len(due)


def _due(today: TruncDate) -> QuerySet[Report]:
    free = Q(restricted_at=None) | Q(restriction__in=NOT_WANTED)
    return Report.objects.filter(free, due_on__lte=today)
