"""Settings: everything the practice has, as one file. For owners, after showing a factor."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Sum
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from dermalia.tenancy import practice_scope
from exports.domain.expiry import end_export
from exports.domain.prepare import want_export
from exports.domain.serve import may_resume, send
from exports.models import Export
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.domain.staff import staff
from reports.views.files import byte_range
from scans.models import Asset, Scan

GRANTED_UNTIL = "export_granted_until"
# What a scan's folder holds besides files: about as much as a typical document and its texts.
DOCUMENT_BYTES = 600_000


@require_safe
@practice_page(owners=True)
def export(request: StaffRequest) -> HttpResponseBase:
    """What is in it and how much, how far it is prepared, and the way to take it.

    The factor shown for it holds for a while: the page looks again by itself while the export is
    prepared, and a download that broke off goes on.
    """
    return _page(request) if _granted(request) else _enter(request)


@fresh_factor
def _enter(request: StaffRequest) -> HttpResponse:
    until = timezone.now() + timedelta(seconds=settings.EXPORT_GRANT_SECONDS)
    request.session[GRANTED_UNTIL] = until.isoformat()
    return _page(request)


@require_POST
@practice_page(owners=True)
@fresh_factor
def start(request: StaffRequest) -> HttpResponse:
    """Prepare an export of what there is now; one from before is dropped."""
    want_export(practice_id=request.user.practice_id, user=request.user)
    return redirect("exports:export")


@require_POST
@practice_page(owners=True)
def end(request: StaffRequest, export_id: UUID) -> HttpResponse:
    """Drop an export."""
    found = Export.objects.filter(pk=export_id).first()
    if found is not None:
        end_export(export=found, who=staff(request.user))
    return redirect("exports:export")


@require_safe
@practice_page(owners=True, own_scope=True)
def download(request: StaffRequest, export_id: UUID) -> HttpResponseBase:
    """The file, whole or from any byte on.

    A range is given only to who holds its beginning (``If-Range``), as RFC 9110, 13.1.5 has it.
    """
    with practice_scope(request.user.practice_id):
        found = get_object_or_404(Export, pk=export_id, state=Export.State.READY)
        if not _granted(request):
            return redirect("exports:export")
        part = _part(request, found)
    if part is None:
        response: HttpResponseBase = HttpResponse(status=416)
        response.headers["Content-Range"] = f"bytes */{found.length}"
        return response
    return _sent(request, found, *part)


def _part(request: StaffRequest, found: Export) -> tuple[int, int] | None:
    """The half-open range to send; everything where what came before would not fit."""
    whole = 0, found.length
    condition = request.headers.get("If-Range", "")
    if condition and condition != _tag(found):
        return whole
    part = byte_range(request.headers.get("Range", ""), found.length)
    if part is not None and not may_resume(found, part[0]):
        return whole
    return part


def _sent(request: StaffRequest, found: Export, start: int, stop: int) -> HttpResponseBase:
    whole = (start, stop) == (0, found.length)
    content: Any = (
        []
        if request.method == "HEAD"
        else send(found, who=staff(request.user), start=start, stop=stop)
    )
    response = StreamingHttpResponse(
        content, status=200 if whole else 206, content_type="application/zip"
    )
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = _tag(found)
    response.headers["Content-Disposition"] = str(
        content_disposition_header(
            as_attachment=True, filename=f"dermalia-{timezone.localtime(found.as_of):%Y-%m-%d}.zip"
        )
    )
    if not whole:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.length}"
    return response


def _tag(found: Export) -> str:
    return f'"{found.pk}"'


def _granted(request: StaffRequest) -> bool:
    until = parse_datetime(str(request.session.get(GRANTED_UNTIL, "")))
    return until is not None and timezone.now() < until


def _page(request: StaffRequest) -> HttpResponse:
    found = Export.objects.filter(practice_id=request.user.practice_id).first()
    files = Asset.objects.filter(stored_at__isnull=False)
    facts = files.exclude(kind=Asset.Kind.PDF).aggregate(
        bytes=Sum("bytes"), scans=Count("scan", distinct=True)
    )
    context = {
        "practice": request.user.practice,
        "export": found,
        "scans": facts["scans"],
        "bytes": (facts["bytes"] or 0) + DOCUMENT_BYTES * facts["scans"],
        "waiting": Scan.objects.exclude(state=Scan.State.READY).count(),
        "days": settings.EXPORT_DAYS,
    }
    return render(request, "exports/export.html", context)
