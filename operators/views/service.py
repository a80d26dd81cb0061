"""The dashboard's pages about Dermalia itself: what it opened and why, and what went wrong."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from audit.chain import record
from audit.words import Action
from operators.domain.incidents import note_read
from operators.models import Account, Grant, Incident, Notice
from operators.models.incidents import PRACTICE_TELLS
from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from scans.models import Scan

NEWEST = 100


@require_safe
@practice_page()
def access(request: StaffRequest) -> HttpResponse:
    """Reports that administrators opened, newest first, and notices of incidents."""
    grants = list(Grant.objects.select_related("statement").order_by("-granted_at")[:NEWEST])
    scans = Scan.objects.in_bulk([grant.scan_id for grant in grants])
    context = {
        "practice": request.user.practice,
        "grants": [(grant, scans.get(grant.scan_id)) for grant in grants],
        "notices": Notice.objects.exclude(told_at=None)
        .select_related("incident")
        .order_by("-told_at"),
    }
    return render(request, "operators/service.html", context)


@require_safe
@practice_page(owners=True)
def notice(request: StaffRequest, notice_id: UUID) -> HttpResponse:
    """A notice under Art. 33(2) GDPR, whole. That an owner has opened it is the proof of it."""
    told = Notice.objects.exclude(told_at=None).select_related("incident")
    found = get_object_or_404(told, pk=notice_id)
    if found.read_at is None:
        note_read(notice=found, by=request.user)
        record(Action.INCIDENT_READ, who=staff(request.user), object_id=found.incident_id)
    accounts = {each.language: each for each in Account.objects.filter(incident=found.incident)}
    context = {
        "practice": request.user.practice,
        "notice": found,
        "incident": found.incident,
        "natures": [Incident.Nature(each).label for each in found.incident.natures],
        "data": [Incident.DataClass(each).label for each in found.incident.data_classes],
        "account": accounts.get(str(get_language())) or accounts.get(found.practice.language),
        "answer_by": found.told_at and found.told_at + PRACTICE_TELLS,
    }
    return render(request, "operators/notice.html", context)
