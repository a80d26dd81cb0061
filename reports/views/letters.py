"""Sheets to hand over: the link with its QR code, and the access code apart from it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_safe

from audit.access import record_access
from audit.words import Action
from dermalia.qr import qr_svg
from dermalia.sealing.keys import unlock
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.domain.links import is_live
from reports.mail.message import link_url
from reports.models import Report
from reports.views.delivery import released_or_404
from reports.views.rights import refuse_restricted
from scans.queries import person


@require_safe
@practice_page()
def scan_letter(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """The link on paper, with a QR code: for whoever has no e-mail."""
    report = released_or_404(scan_id)
    refuse_restricted(report.scan)
    access = record_access(Action.LETTER_PRINTED, who=staff(request.user), object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    link = report.link.open(key) if report.link is not None else ""
    if not is_live(link):
        raise Http404
    url = link_url(link, language=report.language)
    return _letter(
        request,
        report,
        "reports/letter_link.html",
        {
            "first_name": person(scan=report.scan, key=key).first_name,
            "link_url": url,
            "qr": qr_svg(url),
            "needs_code": report.code is not None,
        },
    )


@require_safe
@practice_page()
def scan_code_letter(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """The access code on a sheet of its own, to be handed over apart from the link."""
    report = released_or_404(scan_id)
    refuse_restricted(report.scan)
    if report.code is None:
        raise Http404
    access = record_access(Action.LETTER_PRINTED, who=staff(request.user), object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    context = {
        "first_name": person(scan=report.scan, key=key).first_name,
        "code": report.code.open(key),
    }
    return _letter(request, report, "reports/letter_code.html", context)


def _letter(
    request: StaffRequest, report: Report, template: str, context: dict[str, Any]
) -> HttpResponse:
    shared = {
        "practice": report.practice,
        "valid_until": report.due_on,
        "today": timezone.localdate(),
        "LANGUAGE_CODE": report.language,
    }
    with override(report.language):  # a letter is in the patient's language, not in the reader's
        return render(request, template, shared | context)
