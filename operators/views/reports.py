"""One report, sealed until its practice was told who opens it and why."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from audit.access import Look
from audit.words import Action
from dermalia.sealing.keys import unlock
from dermalia.tenancy import practice_scope
from operators.access import OperatorRequest, operator_page
from operators.domain.grants import CannotBeOpened, grant, live_grant, readable
from operators.domain.log import operator, tell_access
from operators.domain.owners import NobodyToTell
from operators.models import Statement
from operators.site import site
from operators.views.acts import Doing, Refused, act_page
from practices.models import Practice
from reports.domain.page import build_page
from reports.views.files import derived_asset, send_file


@require_http_methods(["GET", "HEAD", "POST"])
@operator_page
def open_report(request: OperatorRequest, practice_id: int, report_id: UUID) -> HttpResponse:
    """Reason and passkey; then the report, for half an hour."""
    practice = get_object_or_404(Practice, pk=practice_id)

    def do(_typed: dict[str, Any], why: Statement) -> None:
        try:
            grant(practice_id=practice_id, report_id=report_id, by=request.user, why=why)
        except CannotBeOpened as refused:
            said = gettext("There is no such report, or it is due or restricted.")
            raise Refused(said) from refused
        except NobodyToTell as refused:
            said = gettext("Nobody in the practice can be told, so it stays closed.")
            raise Refused(said) from refused

    doing = Doing(
        act="report.open",
        object=f"{practice_id}/{report_id}",
        title=gettext("Open a report of %(practice)s") % {"practice": practice.name},
        lead=gettext(
            "This shows pictures and values of a patient's face. The owners of the practice get a"
            " mail now, and read your reason in their dashboard."
        ),
        button=gettext("Open with passkey"),
        do=do,
        done=gettext("Open for you alone, and not for long."),
        back=reverse("report", args=[practice_id, report_id]),
        grave=True,
    )
    return act_page(request, doing)


@require_safe
@operator_page
def report(request: OperatorRequest, practice_id: int, report_id: UUID) -> HttpResponseBase:
    """What the patient sees, read-only, while the grant lasts."""
    with practice_scope(practice_id):
        leave = live_grant(who=request.user, report_id=report_id)
        if leave is None:
            return redirect("open_report", practice_id, report_id)
        try:
            found = readable(report_id)
        except CannotBeOpened as gone:
            raise Http404 from gone
        access = tell_access(
            Action.REPORT_INSPECTED, who=request.user, why=leave.statement, object_id=found.pk
        )
        page = build_page(
            scan=found.scan,
            report=found,
            key=unlock(found.scan.key_id, access=access),
            file_url=lambda file: reverse("report_file", args=[practice_id, found.pk, file.pk]),
        )
        context = {
            **site.each_context(request),
            "title": gettext("A report of %(practice)s") % {"practice": found.practice.name},
            "page": page,
            "leave": leave,
        }
        return render(request, "operators/report.html", context)


@require_safe
@operator_page
def report_file(
    request: OperatorRequest, practice_id: int, report_id: UUID, asset_id: UUID
) -> HttpResponseBase:
    with practice_scope(practice_id):
        if live_grant(who=request.user, report_id=report_id) is None:
            return HttpResponse(status=403)
        try:
            found = readable(report_id)
        except CannotBeOpened as gone:
            raise Http404 from gone
        return send_file(
            request,
            derived_asset(scan=found.scan, asset_id=asset_id),
            key_id=found.scan.key_id,
            who=operator(request.user),
            part_of=Look(Action.REPORT_INSPECTED, found.pk),
        )
