"""Opening a report for an administrator: for minutes, with a reason, and the practice is told."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now, TruncDate

from audit.words import Action
from dermalia.mail import StaffMailKind
from dermalia.tenancy import practice_scope
from operators.domain.log import tell
from operators.domain.owners import tell_owners
from operators.models import Grant, Operator, Statement
from reports.domain.due import BERLIN
from reports.models import Report


class CannotBeOpened(Exception):
    """There is no such report, it is due, or it is restricted: shown to nobody."""


def grant(*, practice_id: int, report_id: UUID, by: Operator, why: Statement) -> Grant:
    """Let an operator read one report for ``ADMIN_GRANT_SECONDS``.

    In one transaction with the entry in the practice's log and the mails to its owners.

    Raises:
        CannotBeOpened: nobody may see this report now.
        NobodyToTell: the practice would not learn of it.
    """
    with practice_scope(practice_id):
        report = readable(report_id)
        made = Grant.objects.create(
            practice_id=practice_id,
            operator=by,
            statement=why,
            report_id=report.pk,
            scan_id=report.scan_id,
            expires_at=Now() + timedelta(seconds=settings.ADMIN_GRANT_SECONDS),
        )
        tell(Action.REPORT_GRANTED, who=by, why=why, object_id=report.pk)
        tell_owners(
            kind=StaffMailKind.ACCESS,
            page="service:access",
            once=f"access/{made.pk}",
            minutes=settings.ADMIN_GRANT_SECONDS // 60,
        )
    return made


def live_grant(*, who: Operator, report_id: UUID) -> Grant | None:
    """The operator's leave to read the report, if it lasts; in the practice's scope."""
    lasting = Grant.objects.filter(operator=who, report_id=report_id, expires_at__gt=Now())
    return lasting.select_related("statement").order_by("-expires_at").first()


def readable(report_id: UUID) -> Report:
    """The report, in the scope of its practice.

    Raises:
        CannotBeOpened: there is none, it is due, or it is restricted (Art. 18 GDPR).
    """
    report = (
        Report.objects.select_related("scan", "practice")
        .filter(pk=report_id, restricted_at=None)
        .filter(due_on__gt=TruncDate(Now(), tzinfo=BERLIN))
        .first()
    )
    if report is None:
        raise CannotBeOpened
    return report
