"""Restricting a report (Art. 18): kept and shown to nobody, until the practice lifts it."""

from django.db.models.functions import Now

from audit.chain import Who, record
from audit.words import Action
from reports.models import Report


def restrict_report(*, report: Report, reason: Report.Restriction, who: Who) -> bool:
    """From this transaction on the report's link answers that it is gone, and nobody is shown it.

    Returns:
        False if it was restricted before; the first reason stands.
    """
    changed = Report.objects.filter(pk=report.pk, restricted_at=None).update(
        restricted_at=Now(), restriction=reason
    )
    if changed:
        record(Action.REPORT_RESTRICTED, who=who, object_id=report.pk)
    return bool(changed)


def lift_restriction(*, report: Report, who: Who) -> bool:
    """The report's link works again, until the report is due.

    Returns:
        False if it was not restricted.
    """
    changed = (
        Report.objects.filter(pk=report.pk)
        .exclude(restricted_at=None)
        .update(restricted_at=None, restriction="")
    )
    if changed:
        record(Action.REPORT_UNRESTRICTED, who=who, object_id=report.pk)
    return bool(changed)
