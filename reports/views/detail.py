"""The 3D model in full detail, for a practice that wants to look closely."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from dermalia.work.lease import retry_now
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.views.rights import refuse_restricted
from scans.domain.detail import want_detail
from scans.models import Detail, Scan


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page()
def scan_model(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """How far the detailed model is; POST has it made, or tries again what failed."""
    scan = get_object_or_404(Scan, pk=scan_id, state=Scan.State.READY)
    refuse_restricted(scan)
    if request.method == "POST":
        if not request.user.may_write:
            raise PermissionDenied
        wanted = want_detail(scan=scan, who=staff(request.user))
        if wanted.quarantined_at is not None:
            retry_now(wanted)
        if not request.htmx:
            return redirect("reports:scan_detail", scan.pk)
    detail = Detail.objects.filter(scan=scan).first()
    return render(request, "reports/_detail.html", detail_context(request, scan, detail))


def detail_context(request: StaffRequest, scan: Scan, detail: Detail | None) -> dict[str, Any]:
    """What the part of a page needs that shows it."""
    return {
        "scan": scan,
        "detail": detail,
        "detail_problem": gettext(detail.last_error) if detail and detail.last_error else "",
        "may_write": request.user.may_write,
    }
