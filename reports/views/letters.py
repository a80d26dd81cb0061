"""Sheets to hand over: the link with its QR code, and the access code apart from it."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import override
from django.views.decorators.http import require_safe

from audit.access import record_access
from audit.words import Action
from dermalia.qr import qr_svg
from dermalia.sealing.keys import unlock
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.domain.bulk import chosen
from reports.domain.links import is_live
from reports.mail.message import link_url
from reports.models import Report
from reports.views.bulk import ScansField
from reports.views.delivery import released_or_404
from reports.views.rights import refuse_restricted
from scans.models import Scan
from scans.queries import person


class SheetsForm(forms.Form):
    """Whose links are printed."""

    scan = ScansField()


@require_safe
@practice_page()
def scan_letter(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """The link on paper, with a QR code: for whoever has no e-mail."""
    report = released_or_404(scan_id)
    refuse_restricted(report.scan)
    context = _sheet(request, report)
    if context is None:
        raise Http404
    return _letter(request, report, "reports/letter_link.html", context)


@require_safe
@practice_page()
def letters(request: StaffRequest) -> HttpResponse:
    """The links of several on paper, a sheet each in its patient's language."""
    form = SheetsForm(request.GET)
    if not form.is_valid():
        return redirect("reports:scan_list")
    sheets, without = [], []
    for scan in chosen(form.cleaned_data["scan"]):
        sheet = _sheet_of(request, scan)
        if sheet is None:
            without.append(scan.scan_identifier)
        else:
            sheets.append(sheet)
    context = {"practice": request.user.practice, "sheets": sheets, "without": without}
    return render(request, "reports/letters.html", context)


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


def _sheet_of(request: StaffRequest, scan: Scan) -> SafeString | None:
    """A scan's sheet; None where there is no report to be shown or no link that works."""
    report: Report | None = getattr(scan, "report", None)
    if report is None or report.state != Report.State.RELEASED or report.restricted_at is not None:
        return None
    context = _sheet(request, report)
    if context is None:
        return None
    with override(report.language):
        return render_to_string("reports/_sheet_link.html", _shared(report) | context)


def _sheet(request: StaffRequest, report: Report) -> dict[str, Any] | None:
    """What stands on the sheet with the link; None where the link is off."""
    access = record_access(Action.LETTER_PRINTED, who=staff(request.user), object_id=report.pk)
    key = unlock(report.scan.key_id, access=access)
    link = report.link.open(key) if report.link is not None else ""
    if not is_live(link):
        return None
    url = link_url(link, language=report.language)
    return {
        "first_name": person(scan=report.scan, key=key).first_name,
        "link_url": url,
        "qr": qr_svg(url),
        "needs_code": report.code is not None,
    }


def _shared(report: Report) -> dict[str, Any]:
    """What every sheet of a report says."""
    return {
        "practice": report.practice,
        "valid_until": report.due_on,
        "today": timezone.localdate(),
        "language": report.language,
    }


def _letter(
    request: StaffRequest, report: Report, template: str, context: dict[str, Any]
) -> HttpResponse:
    shared = _shared(report) | {"scan": report.scan, "LANGUAGE_CODE": report.language}
    with override(report.language):  # a letter is in the patient's language, not in the reader's
        return render(request, template, shared | context)
