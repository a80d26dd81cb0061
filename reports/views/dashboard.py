"""The practice's list of scans and the page of one scan."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.access import Look, record_access
from audit.models import Entry
from audit.words import Action
from dermalia.sealing.keys import UnlockedKey, unlock, unlock_many
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports import wording
from reports.domain.page import Page, build_page
from reports.domain.status import status_of, timeline
from reports.models import Delivery, Report
from reports.views.detail import detail_context
from reports.views.files import derived_asset, send_file
from scans.domain.progress import Shown, in_progress
from scans.models import Asset, Scan
from scans.queries import connection_problems, first_name

ROWS = 100
ENTRIES = 50


@require_safe
@practice_page()
def scan_list(request: StaffRequest) -> HttpResponse:
    """The newest scans; the page fetches its rows again by itself."""
    polls = bool(request.htmx)
    scans = list(
        Scan.objects.select_related("report", "identity")
        .prefetch_related("report__deliveries")
        .order_by("-discovered_at")[:ROWS]
    )
    access = record_access(
        Action.SCANS_LISTED,
        who=staff(request.user),
        part_of=Look(Action.SCANS_LISTED, None) if polls else None,
    )
    keys = unlock_many([scan.key_id for scan in scans], access=access)
    progress = in_progress(scans)
    context = {
        "rows": [_row(scan, keys[scan.key_id], progress.get(scan.pk)) for scan in scans],
        "practice": request.user.practice,
        "connection_problems": connection_problems(),
    }
    template = "reports/_scan_rows.html" if polls else "reports/scan_list.html"
    return render(request, template, context)


@require_safe
@practice_page()
def scan_detail(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """One scan: where it is, what is stored, who did what, and what the patient sees."""
    scan = get_object_or_404(Scan.objects.select_related("practice"), pk=scan_id)
    report = Report.objects.filter(scan=scan).first()
    deliveries = list(Delivery.objects.filter(report=report)) if report else []
    access = record_access(Action.SCAN_VIEWED, who=staff(request.user), object_id=scan.pk)
    status = status_of(scan, report, deliveries)
    progress = in_progress([scan]).get(scan.pk)
    context = {
        "practice": request.user.practice,
        "scan": scan,
        "scan_identifier": scan.scan_identifier,
        "report": report,
        "state_label": progress.label if progress else status.label,
        "state_slug": status.slug,
        "problem": status.problem,
        "progress": progress,
        "timeline": timeline(scan, report, deliveries),
        "files": _files(scan),
        "audit": _entries(scan, report),
        "page": _page(request, scan, report, unlock(scan.key_id, access=access)),
        **detail_context(request, scan),
        "erase_url": f"{request.path}erase/" if request.user.may_write else "",
    }
    return render(request, "reports/scan_detail.html", context)


@require_safe
@practice_page()
def scan_file(request: StaffRequest, scan_id: UUID, asset_id: UUID) -> HttpResponseBase:
    scan = get_object_or_404(Scan, pk=scan_id)
    asset = derived_asset(scan=scan, asset_id=asset_id)
    look = Look(Action.SCAN_VIEWED, scan.pk)
    return send_file(request, asset, key_id=scan.key_id, who=staff(request.user), part_of=look)


def _row(scan: Scan, key: UnlockedKey, progress: Shown | None) -> dict[str, Any]:
    report: Report | None = getattr(scan, "report", None)
    deliveries = list(report.deliveries.all()) if report else []
    status = status_of(scan, report, deliveries)
    return {
        "scan": scan,
        "report": report,
        "first_name": first_name(scan=scan, key=key),
        "state_label": progress.label if progress else status.label,
        "state_slug": status.slug,
        "problem": status.problem,
        "progress": progress,
        "captured_at": scan.captured_at or scan.discovered_at,
        "detail_url": reverse("reports:scan_detail", args=[scan.pk]),
        "erases_on": report.due_on if report else None,
        "opened_at": report.opened_at if report else None,
        "sent_at": max((d.sent_at for d in deliveries if d.sent_at), default=None),
    }


def _page(
    request: StaffRequest, scan: Scan, report: Report | None, key: UnlockedKey
) -> Page | None:
    if scan.state != Scan.State.READY:
        return None
    return build_page(
        scan=scan,
        report=report,
        key=key,
        file_url=lambda asset: reverse("reports:scan_file", args=[scan.pk, asset.pk]),
        in_detail=request.GET.get("model") == "detail",
    )


def _files(scan: Scan) -> list[tuple[str, str, int]]:
    files = Asset.objects.filter(scan=scan, stored_at__isnull=False).order_by("origin", "name")
    return [(file.name, str(file.get_kind_display()), file.bytes) for file in files]


def _entries(scan: Scan, report: Report | None) -> list[tuple[Any, str, str]]:
    told = [scan.pk, report.pk] if report else [scan.pk]
    entries = Entry.objects.filter(object_id__in=told).order_by("-sequence")[:ENTRIES]
    return [
        (
            entry.at,
            str(wording.ACTIONS.get(entry.action, entry.action)),
            str(wording.ACTORS[entry.actor]),
        )
        for entry in entries
    ]
