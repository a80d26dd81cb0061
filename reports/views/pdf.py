"""The report as a file to keep, for the holder of its link and for the practice."""

import logging
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from audit.access import record_access
from audit.chain import PATIENT, Who
from audit.words import Action
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.domain.visits import count
from reports.models import Report, Tally
from reports.pdf import PdfError
from reports.pdf.cache import ReportGone, Wanted, look_up, obtain
from reports.pdf.document import Letterhead
from reports.queries import visible_report
from reports.views.files import authentic
from reports.views.holder import find_or_404, opened, secret_address
from reports.views.rights import refuse_restricted
from scans.models import Scan

logger = logging.getLogger(__name__)


@require_safe
@secret_address
def patient_pdf(request: HttpRequest, link: str) -> HttpResponseBase:
    """An opened report as a PDF, in the language of the address."""
    found = find_or_404(link)
    with practice_scope(found.practice_id):
        report = None if found.gone else visible_report(found.report_id)
        if report is None:
            return HttpResponse(status=410)
        if opened(request, link) is None:
            return HttpResponse(status=403)
        if report.practice.counts_use:
            count(Tally.What.PDF, practice_id=found.practice_id)
        wanted = _wanted(report.scan, report, who=PATIENT, language=str(get_language()))
    return _sent(request, wanted)


@require_safe
@practice_page(own_scope=True)
def scan_pdf(request: StaffRequest, scan_id: UUID) -> HttpResponseBase:
    """A report as a PDF, in its own language: what staff hand out is what the patient sees.

    It opens the scope itself, unlike other pages of a practice: typesetting is no part of it.
    """
    with practice_scope(request.user.practice_id):
        scan = get_object_or_404(
            Scan.objects.select_related("practice", "report"),
            pk=scan_id,
            state=Scan.State.READY,
            report__isnull=False,
        )
        refuse_restricted(scan)
        report: Report = scan.report
        wanted = _wanted(scan, report, who=staff(request.user), language=report.language)
    return _sent(request, wanted)


def _wanted(scan: Scan, report: Report, *, who: Who, language: str) -> Wanted:
    access = record_access(Action.FILE_VIEWED, who=who, object_id=report.pk)
    key = unlock(scan.key_id, access=access)
    practice = scan.practice
    letterhead = Letterhead(accent=practice.accent, logo=bytes(practice.logo or b""))
    return look_up(scan=scan, report=report, key=key, language=language, letterhead=letterhead)


def _sent(request: HttpRequest, wanted: Wanted) -> HttpResponseBase:
    try:
        asset = obtain(wanted)
    except ReportGone as error:
        raise Http404 from error
    except PdfError as error:
        logger.error("No PDF of scan %s: %s %s", wanted.scan.pk, error.code, error.where)
        return render(request, "500.html", status=503)
    response = StreamingHttpResponse(authentic(asset, wanted.key), content_type=asset.media_type)
    response.headers["Content-Length"] = str(asset.bytes)
    response.headers["Content-Disposition"] = str(
        content_disposition_header(as_attachment=True, filename=_file_name(wanted))
    )
    return response


def _file_name(wanted: Wanted) -> str:
    """Tells neither who nor what: it may be seen in a list of downloads."""
    at = wanted.scan.captured_at
    day = f"-{localtime(at):%Y-%m-%d}" if at else ""
    return f"{gettext('Document')}{day}.pdf"
