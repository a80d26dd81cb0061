"""Which rows are due: one condition for hiding, erasing, planning and counting."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now, TruncDate

from reports.domain.due import BERLIN
from reports.models import Report
from scans.models import Scan

# Restricted on a wish that erasing fulfils (Art. 17, 21); any other restriction makes it wait.
NOT_WANTED = (Report.Restriction.ERASURE, Report.Restriction.OBJECTION)


def today() -> TruncDate:
    """The day in Berlin, by the database's clock."""
    return TruncDate(Now(), tzinfo=BERLIN)


def due_reports() -> QuerySet[Report]:
    """Reports whose day has come, released or not.

    A restricted one waits until that is lifted, because somebody may need it; not so where its
    person asked for nothing but that it goes, or is not used.
    """
    free = Q(restricted_at=None) | Q(restriction__in=NOT_WANTED)
    return Report.objects.filter(free, due_on__lte=today())


def due_scans() -> QuerySet[Scan]:
    """Scans whose day has come without their ever having become a report."""
    reported = Exists(Report.objects.filter(scan=OuterRef("pk")))
    return Scan.objects.filter(~reported, ~Q(state=Scan.State.READY), due_on__lte=today())
