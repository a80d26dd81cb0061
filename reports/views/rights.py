"""What staff do for a patient's rights on the page of a scan: code, restriction, a new case."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from dermalia.sealing.keys import UnlockedKey
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports.domain.cases import deadline, open_case
from reports.domain.codes import renew_code
from reports.domain.restriction import lift_restriction, restrict_report
from reports.models import Case, Report, Visit
from scans.models import Scan

VISITS = 20


class RestrictionForm(forms.Form):
    reason = forms.ChoiceField(choices=Report.Restriction.choices)


class CaseForm(forms.Form):
    kind = forms.ChoiceField(choices=Case.Kind.choices)


@require_POST
@practice_page(writes=True)
def scan_code(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Make a new access code for a released report."""
    report = _released_or_404(scan_id)
    refuse_restricted(report.scan)
    renew_code(report=report, who=staff(request.user))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_restrict(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Hide a released report from everybody, for one of the reasons there are."""
    report = _released_or_404(scan_id)
    form = RestrictionForm(request.POST)
    if form.is_valid():
        reason = Report.Restriction(form.cleaned_data["reason"])
        restrict_report(report=report, reason=reason, who=staff(request.user))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_lift(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Show a restricted report again."""
    lift_restriction(report=_released_or_404(scan_id), who=staff(request.user))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_case(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Note what a patient has asked for in person, by telephone or by letter."""
    report = _released_or_404(scan_id)
    form = CaseForm(request.POST)
    if not form.is_valid():
        return redirect("reports:scan_detail", scan_id)
    case = open_case(
        report=report, kind=Case.Kind(form.cleaned_data["kind"]), who=staff(request.user)
    )
    return redirect("reports:case_detail", case.pk)


def refuse_restricted(scan: Scan) -> None:
    """Raises ``PermissionDenied`` while the scan's report is restricted: nobody is shown it."""
    if Report.objects.filter(scan=scan).exclude(restricted_at=None).exists():
        raise PermissionDenied


def rights_context(
    request: StaffRequest,
    report: Report | None,
    key: UnlockedKey,
    cases: list[Case],
    *,
    visited: bool,
) -> dict[str, Any]:
    """What the parts of a scan's page need that deal with rights; nothing before its release.

    Args:
        cases: the report's, the first that was opened first.
        visited: whether looks at the report are on record.
    """
    if report is None or report.state != Report.State.RELEASED:
        return {}
    opened = {case.kind for case in cases if case.state == Case.State.OPEN}
    context = {
        "restricted": report.restricted_at is not None,
        "restrictions": Report.Restriction.choices,
        "cases": [(case, deadline(case)) for case in cases],
        "case_kinds": [choice for choice in Case.Kind.choices if choice[0] not in opened],
        "may_write": request.user.may_write,
    }
    return context if report.restricted_at else context | _shown(report, key, visited=visited)


def _shown(report: Report, key: UnlockedKey, *, visited: bool) -> dict[str, Any]:
    locked_until = report.code_locked_until
    visits = Visit.objects.filter(report=report).order_by("-at")[:VISITS] if visited else ()
    return {
        "offers_code": report.code is not None or report.practice.access_code,
        "code": report.code.open(key) if report.code is not None else "",
        "code_locked_until": locked_until
        if locked_until and locked_until > timezone.now()
        else None,
        "visits": list(visits),
        "visit_days": settings.VISIT_DAYS,
    }


def _released_or_404(scan_id: UUID) -> Report:
    report: Report = get_object_or_404(
        Report.objects.select_related("scan", "practice"), scan_id=scan_id
    )
    if report.state != Report.State.RELEASED:
        raise Http404
    return report
