"""Several reports at once: look over what will happen to which, do it, see what came of each."""

from typing import Any

from django import forms
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from audit.access import record_access
from audit.chain import Who
from audit.words import Action
from dermalia.sealing.keys import unlock_many
from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from practices.models import Purpose
from reports.domain.bulk import (
    MOST,
    Act,
    Row,
    Stated,
    Treatment,
    attest_all,
    chosen,
    end_all,
    foresee,
    release_all,
    undo_token,
)
from reports.domain.bulk import undo as take_back
from reports.domain.initials import initial
from reports.domain.needs import today
from reports.models import Report
from reports.views.preparing import AttestationForm, TreatmentForm
from scans.models import Scan
from scans.queries import first_name


class ScansField(forms.Field):
    """The ids of at most a hundred scans, as the boxes of a list name them."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[Any]:
        each = forms.UUIDField()
        return [each.clean(text) for text in (value or [])[:MOST]]


class ChoiceForm(forms.Form):
    """Which scans, and what to do with them."""

    act = forms.ChoiceField(choices=[(act.value, act.value) for act in Act])
    scan = ScansField()


class EndForm(TreatmentForm):
    """The last day of treatment, which several reports cannot be without."""

    ended_on = forms.DateField(
        error_messages={
            "required": _("Please give the day."),
            "invalid": _("This is no date."),
        }
    )

    def stated(self) -> Treatment:
        return Treatment(self.cleaned_data["ended_on"])


@require_safe
@practice_page(writes=True)
def review(request: StaffRequest) -> HttpResponse:
    """What the chosen act would do to each of the chosen scans."""
    form = ChoiceForm(request.GET)
    if not form.is_valid():
        return redirect("reports:scan_list")
    act, scans = Act(form.cleaned_data["act"]), chosen(form.cleaned_data["scan"])
    return _review(request, act, scans, _form(act)())


@require_POST
@practice_page(writes=True)
def carry_out(request: StaffRequest) -> HttpResponse:
    """Do it; the answer says of each scan what came of it."""
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        return redirect("reports:scan_list")
    act, scans = Act(form.cleaned_data["act"]), chosen(form.cleaned_data["scan"])
    who = staff(request.user)
    if act == Act.RELEASE:
        return _results(request, act, release_all(scans, who=who))
    stating = _form(act)(request.POST)
    if not stating.is_valid():
        return _review(request, act, scans, stating)
    stated = stating.stated()
    rows = _state(scans, stated, who)
    return _results(request, act, rows, token=undo_token(rows, stated, who=who))


@require_POST
@practice_page(writes=True)
def undo(request: StaffRequest) -> HttpResponse:
    """Take back what was stated of several reports."""
    try:
        act, rows = take_back(request.POST.get("token", ""), who=staff(request.user))
    except signing.BadSignature:
        context = {"practice": request.user.practice, "too_late": True}
        return render(request, "reports/bulk_result.html", context, status=422)
    return _results(request, act, rows, undone=True)


def named(request: StaffRequest, rows: list[Row]) -> list[tuple[Row, str, str]]:
    """Each row with the person's name and the obstacle in words; the look is on record."""
    access = record_access(Action.SCANS_LISTED, who=staff(request.user))
    shown = [row.scan for row in rows if not (row.report and row.report.restricted_at)]
    keys = unlock_many([scan.key_id for scan in shown], access=access)
    names = {
        scan.pk: first_name(scan=scan, key=keys[scan.key_id])
        for scan in shown
        if scan.key_id in keys
    }
    if request.desk.initials:
        names = {pk: initial(name) for pk, name in names.items()}
    return [
        (row, names.get(row.scan.pk, ""), gettext(row.obstacle) if row.obstacle else "")
        for row in rows
    ]


def _form(act: Act) -> type[AttestationForm | EndForm]:
    """Where what an act states is typed in; releasing states nothing."""
    return EndForm if act == Act.TREATMENT else AttestationForm


def _state(scans: list[Scan], stated: Stated, who: Who) -> list[Row]:
    if isinstance(stated, Treatment):
        return end_all(scans, stated, who=who)
    return attest_all(scans, stated, who=who)


def _review(
    request: StaffRequest, act: Act, scans: list[Scan], form: AttestationForm | EndForm
) -> HttpResponse:
    rows = foresee(act, scans)
    context = {
        "practice": request.user.practice,
        "act": act,
        "rows": named(request, rows),
        "possible": sum(not row.obstacle for row in rows),
        "form": form,
        "purposes": Purpose.choices,
        "bases": Report.Basis.choices,
        "today": today(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "reports/bulk_review.html", context, status=status)


def _results(
    request: StaffRequest, act: Act, rows: list[Row], *, token: str = "", undone: bool = False
) -> HttpResponse:
    context = {
        "practice": request.user.practice,
        "act": act,
        "rows": named(request, rows),
        "done": sum(not row.obstacle for row in rows),
        "token": token,
        "undone": undone,
    }
    return render(request, "reports/bulk_result.html", context)
