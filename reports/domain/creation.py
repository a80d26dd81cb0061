"""A report comes into being when its scan is ready, and is released by staff or at once."""

from django.db.models.functions import Now
from django.utils.translation import gettext_noop as _

from audit.access import record_access
from audit.chain import SYSTEM, Who, record
from audit.words import Action
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock
from dermalia.work.nudge import nudge
from practices.domain.standing import standing
from practices.models import Practice, Purpose
from reports.domain.codes import new_code
from reports.domain.due import record_move, set_due
from reports.domain.links import new_link
from reports.models import Delivery, Report
from scans.models import Scan
from scans.queries import person


class NotReleasable(Exception):
    """The report cannot be released like this; ``str()`` tells staff why."""


def create_report(*, scan: Scan, **_more: object) -> Report:
    """A draft for the scan, released on the spot where the practice decided so."""
    practice = scan.practice
    report = Report.objects.create(
        practice=practice, scan=scan, language=practice.language, purpose=practice.default_purpose
    )
    report.save(update_fields=set_due(report))
    record(Action.REPORT_CREATED, who=SYSTEM, object_id=report.pk)
    if practice.release == Practice.Release.AT_ONCE and standing().is_live():
        _vouch(report, practice)
        release_report(report=report, purpose=Purpose(practice.default_purpose), who=SYSTEM)
    return report


def _vouch(report: Report, practice: Practice) -> None:
    """Write into the report what the practice attested once for all that is released at once."""
    report.basis = practice.standing_basis
    report.basis_on = practice.standing_basis_on
    report.basis_version = practice.standing_basis_version
    report.save(update_fields=["basis", "basis_on", "basis_version"])
    record(Action.BASIS_ATTESTED, who=SYSTEM, object_id=report.pk)


def release_report(*, report: Report, purpose: Purpose, who: Who) -> None:
    """Give the report its due date and link, and queue the mail if there is an address.

    Raises:
        NotReleasable: it was released before, its capture time is not known, or the practice
            does not work with patients yet and this is not its test.
    """
    if not (standing().is_live() or standing().is_test(report.scan_id)):
        raise NotReleasable(
            _("The practice does not work with patients yet: see its list of tasks.")
        )
    report = Report.objects.select_for_update().select_related("scan").get(pk=report.pk)
    if report.state != Report.State.DRAFT or report.scan.captured_at is None:
        raise NotReleasable("This report is released already, or not ready yet.")
    access = record_access(Action.REPORT_RELEASED, who=who, object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    due_before, report.purpose = report.due_on, purpose
    set_due(report)
    report.link = Sealing(key, new_link(report=report))
    if report.practice.access_code:
        new_code(report=report, key=key)
    report.state = Report.State.RELEASED
    report.save()
    Report.objects.filter(pk=report.pk).update(released_at=Now())
    record_move(report_id=report.pk, before=due_before, after=report.due_on, who=who)
    if person(scan=report.scan, key=key).email:
        delivery = Delivery.objects.create(practice_id=report.practice_id, report=report)
        nudge(Delivery, delivery.pk, state=delivery.state)
