"""What staff say about a report before its release, and correct afterwards."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.access import record_access
from audit.words import Action
from dermalia.mail import AddressRefused, clean_address
from dermalia.sealing.keys import UnlockedKey
from practices.access import StaffRequest, practice_page
from practices.domain.staff import staff
from practices.models import Purpose
from reports.domain.attestation import Attestation, attest, end_treatment, release_attested
from reports.domain.creation import NotReleasable
from reports.domain.needs import today
from reports.models import Report
from reports.views.rights import refuse_restricted
from scans.domain.identity import NAME_CHARACTERS, correct_identity, history
from scans.models import Scan
from scans.queries import Person

EMAIL_CHARACTERS = 320
FUTURE = _("This day is yet to come.")


class AttestationForm(forms.Form):
    """Purpose, ground and papers; whether that is enough is for the domain to say."""

    purpose = forms.ChoiceField(
        choices=Purpose.choices,
        error_messages={"required": _("Please choose one.")},
    )
    basis = forms.ChoiceField(
        choices=Report.Basis.choices,
        error_messages={"required": _("Please choose one.")},
    )
    basis_on = forms.DateField(
        error_messages={
            "required": _("Please give the day on which it was signed or agreed."),
            "invalid": _("This is no date."),
        },
    )
    basis_version = forms.CharField(
        max_length=24,
        error_messages={"required": _("Please say which version of the form it was.")},
    )
    informed_on = forms.DateField(
        required=False,
        error_messages={"invalid": _("This is no date.")},
    )

    def clean_basis_on(self) -> Any:
        return _not_to_come(self.cleaned_data["basis_on"])

    def clean_informed_on(self) -> Any:
        return _not_to_come(self.cleaned_data["informed_on"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and (problem := self.attestation().problem):
            self.add_error("basis", gettext(problem))
        return data

    def attestation(self) -> Attestation:
        return Attestation(**self.cleaned_data)

    def stated(self) -> Attestation:
        """The same, by the name that every form for several reports has."""
        return self.attestation()


class PersonForm(forms.Form):
    first_name = forms.CharField(max_length=NAME_CHARACTERS, required=False)
    email = forms.CharField(max_length=EMAIL_CHARACTERS, required=False)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        try:
            if email:
                clean_address(email)
        except AddressRefused as reason:
            raise forms.ValidationError(gettext(str(reason))) from reason
        return email


class TreatmentForm(forms.Form):
    ended_on = forms.DateField(required=False, error_messages={"invalid": _("This is no date.")})

    def clean_ended_on(self) -> Any:
        return _not_to_come(self.cleaned_data["ended_on"])


@require_POST
@practice_page(writes=True)
def scan_attest(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Write purpose and ground into the report; ``release`` in the form releases it, too."""
    report = _report_or_404(scan_id)
    refuse_restricted(report.scan)
    form = AttestationForm(request.POST)
    if not form.is_valid():
        _tell(request, form)
        return redirect("reports:scan_detail", scan_id)
    try:
        attest(report=report, attestation=form.attestation(), who=staff(request.user))
        if "release" in request.POST and report.state == Report.State.DRAFT:
            release_attested(report=report, who=staff(request.user))
    except NotReleasable as reason:
        messages.error(request, gettext(str(reason)))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_release(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Release a report that everything was said about."""
    report = _report_or_404(scan_id)
    try:
        release_attested(report=report, who=staff(request.user))
    except NotReleasable as reason:
        messages.error(request, gettext(str(reason)))
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_person(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Correct first name and address; both may be empty."""
    scan = get_object_or_404(Scan, pk=scan_id)
    refuse_restricted(scan)
    form = PersonForm(request.POST)
    if not form.is_valid():
        _tell(request, form)
        return redirect("reports:scan_detail", scan_id)
    who = staff(request.user)
    access = record_access(Action.SCAN_VIEWED, who=who, object_id=scan.pk)
    correct_identity(scan=scan, who=who, access=access, **form.cleaned_data)
    return redirect("reports:scan_detail", scan_id)


@require_POST
@practice_page(writes=True)
def scan_treatment(request: StaffRequest, scan_id: UUID) -> HttpResponse:
    """Note the end of the treatment, or take it back; the due date follows."""
    report = _report_or_404(scan_id)
    form = TreatmentForm(request.POST)
    if not form.is_valid():
        _tell(request, form)
        return redirect("reports:scan_detail", scan_id)
    try:
        end_treatment(report=report, on=form.cleaned_data["ended_on"], who=staff(request.user))
    except NotReleasable as reason:
        messages.error(request, gettext(str(reason)))
    return redirect("reports:scan_detail", scan_id)


def preparing_context(
    request: StaffRequest,
    scan: Scan,
    report: Report | None,
    key: UnlockedKey,
    known: Person,
    *,
    corrected: bool,
) -> dict[str, Any]:
    """What ``_release.html`` and ``_person.html`` need; nothing of a restricted report.

    Args:
        corrected: whether name or address were ever corrected.
    """
    restricted = report is not None and report.restricted_at is not None
    shows_history = corrected and not restricted
    context: dict[str, Any] = {
        "person": None if restricted else known,
        "person_history": history(scan=scan, key=key) if shows_history else [],
        "today": today(),
        "may_write": request.user.may_write,
    }
    if report is None or restricted:
        return context
    attestation = Attestation.of(report)
    return context | {
        "attestation": attestation,
        "attestation_problem": gettext(attestation.problem) if attestation.problem else "",
        "purposes": Purpose.choices,
        "bases": Report.Basis.choices,
        "is_draft": report.state == Report.State.DRAFT,
        "is_medical": report.purpose == Purpose.MEDICAL,
        "will_be_mailed": bool(known.email),
    }


def _not_to_come(day: Any) -> Any:
    if day is not None and day > today():
        raise forms.ValidationError(FUTURE)
    return day


def _tell(request: StaffRequest, form: forms.Form) -> None:
    for mistakes in form.errors.values():
        for mistake in mistakes:
            messages.error(request, str(mistake))


def _report_or_404(scan_id: UUID) -> Report:
    rows = Report.objects.select_related("scan", "practice")
    report: Report = get_object_or_404(rows, scan_id=scan_id)
    return report
