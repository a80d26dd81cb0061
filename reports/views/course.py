"""How far a scan is: the part of its page that fetches itself again, and trying again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from reports.domain.status import Step, status_of, timeline
from reports.models import Delivery, Report
from reports.views.moments import Moment, day, moment
from scans.domain.again import rests, take_up_again
from scans.domain.progress import in_progress
from scans.models import Scan


@require_safe
@practice_page()
def scan_course(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """State, steps and progress alone. No name, no value: nothing is unsealed for it."""
    scan = get_object_or_404(Scan, pk=scan_id)
    report = Report.objects.filter(scan=scan).first()
    deliveries = list(Delivery.objects.filter(report=report)) if report else []
    context = course_context(request, scan, report, deliveries)
    return render(request, "reports/_course.html", {**context, "again": True})


@require_POST
@practice_page(writes=True)
def scan_retry(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Have a scan copied or converted at once that could not be; pressed twice it is once."""
    scan = get_object_or_404(Scan, pk=scan_id)
    take_up_again(scan=scan, who=staff(request.user))
    return redirect("reports:scan_detail", scan_id)


def course_context(
    request: StaffRequest, scan: Scan, report: Report | None, deliveries: list[Delivery]
) -> dict[str, Any]:
    """What ``_course.html`` needs (in the practice's scope)."""
    status = status_of(scan, report, deliveries)
    progress = in_progress([scan]).get(scan.pk)
    return {
        "scan": scan,
        "state_label": progress.label if progress else status.label,
        "state_slug": status.slug,
        "problem": status.problem,
        "progress": progress,
        "timeline": [
            (step.label, _moment(step), step.done) for step in timeline(scan, report, deliveries)
        ],
        "moves": scan.state != Scan.State.READY and scan.quarantined_at is None,
        "may_retry": request.user.may_write and rests(scan),
    }


def _moment(step: Step) -> Moment | None:
    """When it was taken, or the day it is due; None while nobody knows."""
    if step.at is None:
        return None
    return moment(step.at) if isinstance(step.at, datetime) else day(step.at)
