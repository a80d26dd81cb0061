"""The practice's list of requests and the page of one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from audit.access import Look, record_access
from audit.models import Entry
from audit.words import Action
from dermalia.residency.register import companies
from dermalia.sealing.keys import unlock
from practices.access import StaffRequest, practice_page
from practices.domain.sign_in import staff
from reports import wording
from reports.domain.cases import (
    AlreadyClosed,
    Evidence,
    NotExtendable,
    close_case,
    deadline,
    extend_case,
    may_extend,
)
from reports.models import Case, Report
from scans.queries import person

ANSWERED = 100


class AnswerForm(forms.Form):
    """Done, or refused for a reason."""

    outcome = forms.ChoiceField(choices=[("done", "done"), ("refused", "refused")])
    reason = forms.ChoiceField(choices=[("", ""), *Case.Reason.choices], required=False)
    identified = forms.ChoiceField(choices=[("", ""), *Case.Identified.choices], required=False)
    channel = forms.ChoiceField(choices=[("", ""), *Case.Channel.choices], required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("outcome") == "refused" and not data.get("reason"):
            self.add_error("reason", _("Please choose why."))
        return data


class ExtensionForm(forms.Form):
    extension = forms.ChoiceField(choices=Case.Extension.choices)


@require_safe
@practice_page()
def case_list(request: StaffRequest) -> HttpResponse:
    """What is open, the earliest deadline first; then what was answered, the latest first."""
    cases = Case.objects.select_related("report__scan")
    waiting = cases.filter(state=Case.State.OPEN).order_by("due_on", "opened_at")
    answered = cases.exclude(state=Case.State.OPEN).order_by("-closed_at")[:ANSWERED]
    context = {
        "practice": request.user.practice,
        "waiting": [(case, deadline(case)) for case in waiting],
        "answered": answered,
    }
    return render(request, "reports/case_list.html", context)


@require_safe
@practice_page()
def case_detail(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """One request: what was asked, until when, and what can be done about it."""
    return _detail(request, _case_or_404(case_id), AnswerForm())


@require_POST
@practice_page(writes=True)
def case_answer(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """Close a request as done or refused."""
    case = _case_or_404(case_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _detail(request, case, form)
    refused = form.cleaned_data["outcome"] == "refused"
    reason = Case.Reason(form.cleaned_data["reason"]) if refused else None
    try:
        close_case(
            case=case,
            who=staff(request.user),
            reason=reason,
            evidence=Evidence(form.cleaned_data["identified"], form.cleaned_data["channel"]),
        )
    except AlreadyClosed:
        return redirect("reports:case_detail", case.pk)  # where it says so
    return redirect("reports:case_list")


@require_POST
@practice_page(writes=True)
def case_extend(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """Take two months more for a reason that the person is told."""
    case, form = _case_or_404(case_id), ExtensionForm(request.POST)
    if form.is_valid():
        reason = Case.Extension(form.cleaned_data["extension"])
        try:
            extend_case(case=case, reason=reason, who=staff(request.user))
        except NotExtendable:
            messages.error(request, gettext("This request cannot be extended any more."))
    return redirect("reports:case_detail", case.pk)


@require_safe
@practice_page(writes=True)
def case_letter(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """A draft of what the person is told: more time, a refusal, or what comes with the files.

    For the practice to sign and send: Dermalia writes to nobody about a request (R73).
    """
    case = _case_or_404(case_id)
    report: Report | None = case.report
    language = report.language if report else request.user.practice.language
    first_name = ""
    if report is not None and not report.restricted_at:
        access = record_access(Action.LETTER_PRINTED, who=staff(request.user), object_id=report.pk)
        key = unlock(report.scan.key_id, access=access)
        first_name = person(scan=report.scan, key=key).first_name
    context = {
        "practice": request.user.practice,
        "case": case,
        "report": report,
        "first_name": first_name,
        "today": timezone.localdate(),
        "LANGUAGE_CODE": language,
        "processors": companies(),
    }
    with override(language):  # in the person's language, not in the reader's
        return render(request, "reports/letter_case.html", context)


def _case_or_404(case_id: UUID) -> Case:
    return get_object_or_404(
        Case.objects.select_related("report__scan", "report__practice"), pk=case_id
    )


def _detail(request: StaffRequest, case: Case, form: AnswerForm) -> HttpResponse:
    access = record_access(
        Action.CASE_VIEWED,
        who=staff(request.user),
        object_id=case.pk,
        part_of=Look(Action.CASE_VIEWED, case.pk),
    )
    message = first_name = ""
    report: Report | None = case.report
    if report is not None:  # else it was erased, and its key with it
        key = unlock(report.scan.key_id, access=access)
        message = case.message.open(key) if case.message is not None else ""
        first_name = "" if report.restricted_at else person(scan=report.scan, key=key).first_name
    context = {
        "practice": request.user.practice,
        "case": case,
        "report": report,
        "message": message,
        "first_name": first_name,
        "deadline": deadline(case),
        "form": form,
        "reasons": Case.Reason.choices,
        "identified": Case.Identified.choices,
        "channels": Case.Channel.choices,
        "extensions": Case.Extension.choices if may_extend(case) else [],
        "restrictions": Report.Restriction.choices,
        "may_write": request.user.may_write,
        "log": _entries(case),
    }
    status = 422 if form.is_bound else 200
    return render(request, "reports/case_detail.html", context, status=status)


def _entries(case: Case) -> list[tuple[Any, str, str]]:
    return [
        (
            entry.at,
            str(wording.ACTIONS.get(entry.action, entry.action)),
            str(wording.ACTORS[entry.actor]),
        )
        for entry in Entry.objects.filter(object_id=case.pk).order_by("-sequence")
    ]
