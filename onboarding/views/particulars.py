"""What a practice states about itself: one short page for each task."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from onboarding.domain.authorities import OFFICES
from onboarding.domain.evidence import attestations
from onboarding.domain.instructions import rules
from onboarding.domain.particulars import (
    ADDRESS,
    change_practice,
    particulars_of,
    state,
)
from onboarding.forms import BillingForm, OversightForm, PracticeForm, ReleaseForm
from onboarding.models import Authority, Billing, Oversight
from practices.access import StaffRequest, fresh_factor, practice_page
from practices.models import Basis, Practice, Purpose

Values = dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
def practice(request: StaffRequest) -> HttpResponse:
    """Who the controller is, and who may sign for it."""
    shown, stated = request.user.practice, particulars_of(request.user.practice)
    initial = {name: getattr(shown, name) for name in ADDRESS} | {
        name: getattr(stated, name) for name in PracticeForm.STATED
    }

    def keep(values: Values) -> None:
        change_practice(request.user, {name: values[name] for name in ADDRESS})
        state(request.user, **{name: values[name] for name in PracticeForm.STATED})

    return _form(request, PracticeForm, initial, keep, "onboarding/practice.html")


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
def billing(request: StaffRequest) -> HttpResponse:
    """Whether § 393 SGB V applies, and what there is to show for it."""
    stated = particulars_of(request.user.practice)
    more = {"choices": Billing.choices, "attestations": attestations()}
    return _form(
        request,
        BillingForm,
        {"billing": stated.billing},
        lambda values: _state(request, values),
        "onboarding/billing.html",
        more,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
def oversight(request: StaffRequest) -> HttpResponse:
    """Data protection officer or the reason why there is none, and the authority."""
    stated = particulars_of(request.user.practice)
    more = {
        "choices": Oversight.choices,
        "offices": [(land.value, land.label, OFFICES[land]) for land in Authority],
        "office": OFFICES.get(Authority(stated.authority)) if stated.authority else None,
    }
    return _form(
        request,
        OversightForm,
        {name: getattr(stated, name) for name in OversightForm.base_fields},
        lambda values: _state(request, values),
        "onboarding/oversight.html",
        more,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
@fresh_factor
def release(request: StaffRequest) -> HttpResponse:
    """The periods that hold, and how reports are released."""
    shown = request.user.practice

    def keep(values: Values) -> None:
        change_practice(request.user, values)
        state(request.user, retention_settled_at=timezone.now())

    more = {"rules": rules(), **release_choices()}
    initial = {name: getattr(shown, name) for name in ReleaseForm.base_fields}
    return _form(request, ReleaseForm, initial, keep, "onboarding/retention.html", more)


class DutiesForm(forms.Form):
    """One tick for each duty that nobody can take off the practice (R82)."""

    inform = forms.BooleanField()
    consent = forms.BooleanField()
    assess = forms.BooleanField()
    record = forms.BooleanField()
    answer = forms.BooleanField()


@require_http_methods(["GET", "HEAD", "POST"])
@practice_page(owners=True)
def duties(request: StaffRequest) -> HttpResponse:
    """Information, consent, assessment, record and answers stay with the practice."""
    seen = particulars_of(request.user.practice).duties_seen_at is not None

    def keep(_values: Values) -> None:
        state(request.user, duties_seen_at=timezone.now())

    initial = dict.fromkeys(DutiesForm.base_fields, seen)
    return _form(request, DutiesForm, initial, keep, "onboarding/documents.html")


def release_choices() -> Values:
    """What ``_release.html`` offers."""
    return {
        "choices": Practice.Release.choices,
        "purposes": Purpose.choices,
        "bases": Basis.choices,
        "today": timezone.localdate(),
    }


def _state(request: StaffRequest, values: Values) -> None:
    state(request.user, **values)


def _form(
    request: StaffRequest,
    kind: type[forms.Form],
    initial: Values,
    keep: Callable[[Values], None],
    template: str,
    more: Values | None = None,
) -> HttpResponse:
    """The page of a task: shows what is kept, keeps what is valid, goes back to the list."""
    form = kind(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        keep(form.cleaned_data)
        messages.success(request, gettext("Saved."))
        return redirect("onboarding:tasks")
    context = {"practice": request.user.practice, "form": form, **(more or {})}
    return render(request, template, context, status=422 if form.is_bound else 200)
